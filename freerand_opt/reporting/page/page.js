"use strict";
const claims = [...document.querySelectorAll("details.claim")];
const search = document.getElementById("search");
const count = document.getElementById("count");
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const claim of claims) {
    const text = claim.dataset.words;
    claim.hidden = !words.every((word) => text.includes(word));
    shown += !claim.hidden;
  }
  count.textContent = `${shown} of ${claims.length} ${document.querySelector("#claims h2").textContent.toLowerCase()}`;
}
search.addEventListener("input", filter);
filter();

const says = document.getElementById("says");
function tell(point) {
  const box = point.getBoundingClientRect();
  says.textContent = point.getAttribute("aria-label");
  says.hidden = false;
  const wide = says.offsetWidth, high = says.offsetHeight;
  says.style.left = `${Math.max(4, Math.min(box.left + 12, innerWidth - wide - 4))}px`;
  says.style.top = `${box.top - high - 8 < 0 ? box.bottom + 8 : box.top - high - 8}px`;
}
function hush() { says.hidden = true; }
for (const point of document.querySelectorAll(".point")) {
  point.querySelector("title")?.remove();
  point.addEventListener("mouseenter", () => tell(point));
  point.addEventListener("mouseleave", hush);
  point.addEventListener("focus", () => tell(point));
  point.addEventListener("blur", hush);
  point.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") hush();
    if (step === undefined) return;
    const series = [...point.parentNode.querySelectorAll(".point")];
    const next = series[series.indexOf(point) + step];
    if (next) { event.preventDefault(); point.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  });
}

function reveal() {
  const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (claim instanceof HTMLDetailsElement) { claim.open = true; claim.scrollIntoView(); }
}
addEventListener("hashchange", reveal);
reveal();
let opened = [];
addEventListener("beforeprint", () => { opened = claims.filter((claim) => !claim.open && !claim.hidden); opened.forEach((claim) => { claim.open = true; }); });
addEventListener("afterprint", () => opened.forEach((claim) => { claim.open = false; }));
