"""The report: a page that needs nothing else, tables that LaTeX takes; in a browser, if one is here."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction as F
from html.parser import HTMLParser
from pathlib import Path

import pytest
from asking import asking

from freerand_opt.claims.verify import read, verify
from freerand_opt.model.files import catalogue
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import text
from freerand_opt.reporting import latex, tables
from freerand_opt.reporting.cell import Cell
from freerand_opt.reporting.figures import gallery, selection
from freerand_opt.reporting.figures.row import Row
from freerand_opt.reporting.page import html
from freerand_opt.reporting.page.html import page, plain
from freerand_opt.reporting.page.vector import described
from freerand_opt.reporting.paper.caption import sentences

CLAIMS = ("chsh_local_score_sv", "selection_common_cause")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
VOID = {"meta", "link", "br", "input"}


@pytest.fixture(scope="module")
def found():
    """The answers to two claims."""
    files = [read(catalogue.find(name)) for name in CLAIMS]
    return [verify(file, instance) for file in files for instance in file.instances]


@pytest.fixture(scope="module")
def report(tmp_path_factory, found):
    """A report about two claims, with a figure."""
    folder = tmp_path_factory.mktemp("report")
    links = {}
    for k, one in enumerate(found):
        links[k] = f"{one.result.digest}.json"
        one.result.save(folder / links[k])
    drawn = [(selection.FRAME, selection.rows(asking()))]
    (folder / "index.html").write_text(page(found, drawn, links), encoding="utf-8")
    (folder / "claims.tex").write_text(latex.claims(found), encoding="utf-8")
    return folder


class Reader(HTMLParser):
    """Read a page: its ids, links, points, and whether its elements are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.points, self.claims = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[key] for key in ("href", "src", "xlink:href") if key in given]
        if given.get("class") == "point":
            self.points.append(given)
        if tag == "details":
            self.claims.append(given["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def reader(report):
    found = Reader()
    found.feed((report / "index.html").read_text(encoding="utf-8"))
    return found


def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(report, reader):
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    inside = [link for link in reader.links if link.startswith("#")]
    assert {link[1:] for link in inside} <= set(reader.ids)
    others = [link for link in reader.links if not link.startswith(("#", "data:"))]
    assert others
    assert all((report / link).is_file() for link in others)
    assert not re.search(r"@import|url\((?!#)", (report / "index.html").read_text(encoding="utf-8"))


def test_every_claim_and_instance_is_on_the_page(report, reader, found):
    assert reader.claims == list(CLAIMS)
    body = (report / "index.html").read_text(encoding="utf-8")
    for one in found:
        assert one.result.digest in body
        if one.result.bracket.exact is not None:
            assert text(one.result.bracket.exact) in body


def test_points_say_the_exact_values(reader):
    """One bit: eps/2; the point at eps = 1/40 says 1/80, its bracket and its certificate."""
    said = [point["aria-label"] for point in reader.points]
    assert len(said) == 80
    (first,) = [words for words in said if words.startswith("n=1, at 1/40:")]
    assert "[0.0125000000, 0.0125000000]; exactly 1/80; certificate " in first
    assert sum(point["tabindex"] == "0" for point in reader.points) == 4  # one a series; keys do the rest


def test_long_fractions_are_given_by_decimals_rounded_outward():
    row = Row("bracket", "$N=2$", F(1, 2), F(1, 3**150), F(1, 3), "0" * 16)
    assert described(row) == "N=2, at 1/2: [0.0000000000, 0.3333333334]; certificate 0000000000000000"


def test_ones_own_question_is_stated_found_and_asked_again_by_a_command_that_works(tmp_path, freerand):
    (tmp_path / "mine.toml").write_text(
        """[scenario]
family = "chsh"
[source]
kind = "santha-vazirani"
epsilon = "1/50"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chsh"
relation = ">="
score = "27/10"
[ask]
quantity = "min-entropy"
of = "A"
at = "average"
"""
    )
    given = [str(tmp_path / "mine.toml"), "source.epsilon=0,1/20"]
    run = freerand("report", *given, "-o", tmp_path / "out", "-q")
    assert (run.code, run.err) == (0, "")
    body = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(body)
    assert reader.open == []
    assert len(reader.points) == 2  # its own figure, and no other
    (words,) = re.findall(r'id="mine" data-words="([^"]*)"', body)
    assert "chsh" in words and "min-entropy" in words
    shown = re.sub(r"<[^>]*>", "", body)
    assert "E₀₀ + E₀₁ + E₁₀ - E₁₁ ≥ 27/10" in shown
    assert "bits within ε of fair" in shown and "min-entropy (bits) of the outcome of A" in shown
    assert "2 answers" in shown and "without a claim" not in shown
    assert "no reference" not in body and "<p></p>" not in body and "expected" not in shown
    (again,) = re.findall(r"<code>freerand (bound [^<]*)</code>", body)
    assert again.split()[1:] == given
    assert freerand(*again.split(), "-q").code == 0


def test_what_the_catalogue_has_certificates_of_is_checked_and_not_found_anew(
    tmp_path, freerand, monkeypatch
):
    def solved(*asked, **options):
        raise AssertionError("solved")

    monkeypatch.setattr("freerand_opt.runner.job.bound", solved)
    given = ("-o", tmp_path / "out", "--store", tmp_path / "s", "--no-figures", "--jobs", "1", "-q")
    run = freerand("report", "chsh_local_score_sv", *given)
    assert (run.code, run.err) == (0, "")
    name = "chsh_local_score_sv/epsilon=1_10.json"
    kept = (catalogue.find("chsh_local_score_sv").parent / "certificates" / name).read_bytes()
    assert (tmp_path / "out" / "certificates" / name).read_bytes() == kept
    # what it has none of is asked
    assert freerand("report", "chsh_local_score_sv", "source.epsilon=1/30", *given).code != 0


@pytest.mark.parametrize(
    ("name", "scenario", "words"),
    [
        ("chained", {"family": "chained", "N": 4}, "chained (I_N, the sum of the error probabilities"),
        ("hardy", {"family": "chsh"}, "hardy (P(00|00) - P(01|01)"),
        ("cglmp", {"family": "cglmp", "d": 3}, "cglmp (I_d)"),
        ("chsh", {"family": "chsh"}, "E₀₀ + E₀₁ + E₁₀ - E₁₁"),
    ],
)
def test_a_test_is_told_by_its_correlators_or_its_name(name, scenario, words):
    """A functional that is no sum of correlators is not 0."""
    question = Question.from_dict(
        {
            "scenario": scenario,
            "source": {"kind": "uniform"},
            "adversary": {"devices": "no-signalling"},
            "test": [{"functional": name, "relation": ">=", "score": "1/4"}],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": "average"},
        }
    )
    assert f"Tested: {words}" in plain(" ".join(sentences(question)))


def test_sizes_that_vary_are_not_those_of_the_first_instance():
    question = read(catalogue.find("chained_leakage_average_sv")).instances[0].question
    said = plain(" ".join(sentences(question, ["scenario.N", "source.epsilon"])))
    assert said.startswith(
        "Two parties with N settings and two outcomes each, on a closed chain of 2N edges."
    )
    assert "2 settings" not in said and "Tested: chained (" in said
    question = read(catalogue.find("mermin_local_score_sources")).instances[0].question
    said = plain(" ".join(sentences(question, ["scenario.M"])))
    assert said.startswith("M parties with two settings") and "E₀" not in said


def test_captions_are_read_without_latex():
    assert plain(r"$\frac12 I_N\left(\frac{1+2\epsilon}{1-2\epsilon}\right)^{2r}$") == (
        "1/2 I_N((1+2ε)/(1-2ε))^(2r)"
    )
    assert plain(r"$S\ge2.7$, $\frac12\sqrt{S^2/4-1}$, $10^{-6}$, $2\sqrt2$") == (
        "S≥2.7, 1/2√(S^2/4-1), 10^-6, 2√2"
    )


@pytest.mark.parametrize("name", gallery.NAMES)
def test_no_sign_of_a_caption_is_lost(name):
    """A command that is not known is left out; only accents and marks of size may be."""
    frame = gallery.drawing(name).frame
    for words in (frame.title, frame.caption):
        known = {command for before, _ in html._WORDS for command in re.findall(r"\\[a-zA-Z]+", before)}
        assert set(re.findall(r"\\[a-zA-Z]+", words)) <= known | {r"\frac", r"\sqrt", r"\cite"}


def test_the_search_finds_claims_by_their_words(report):
    body = (report / "index.html").read_text(encoding="utf-8")
    for name in CLAIMS:
        (words,) = re.findall(rf'id="{name}" data-words="([^"]*)"', body)
        assert name in words


def test_latex_tables_have_balanced_braces_and_no_bare_special_characters(report):
    body = (report / "claims.tex").read_text(encoding="utf-8")
    bare = re.sub(r"\\[\\{}&%$#_]|\\[a-zA-Z]+\*?|\\ensuremath\{[<>]\}", "", body)
    assert bare.count("{") == bare.count("}")
    assert not set("#$_^~\\") & set(re.sub(r"^%.*$", "", bare, flags=re.M))
    for line in body.splitlines():
        if line.endswith(r"\\") and r"\multicolumn" not in line:
            assert len(re.findall(r"(?<!\\)&", line)) == 3


def test_latex_takes_the_tables_where_it_is_here(report, tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("not run: no LaTeX here")
    shutil.copy(report / "claims.tex", tmp_path)
    head = r"\documentclass{article}\usepackage{booktabs,longtable}\begin{document}"
    (tmp_path / "t.tex").write_text(head + r"\input{claims}\end{document}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:]


def test_what_latex_would_stumble_over_is_escaped():
    assert latex.escaped("50% of a_b & {x} ~ 2^n $5 #1 \\") == (
        r"50\% of a\_b \& \{x\} \textasciitilde{} 2\textasciicircum{}n \$5 \#1 \textbackslash{}"
    )


def test_what_has_no_answer_is_said_in_every_table(found):
    one = found[0]
    cells = [one, Cell(one.file, one.instance, None, "UNDECIDED", False, "too large")]
    assert "| too large | UNDECIDED |" in tables.markdown(cells)
    assert "too large & UNDECIDED" in latex.claims(cells)
    assert "<td>too large</td>" in page(cells, [], {})
    assert tables.summary(cells) == "2 instances: 1 PROVED, 1 UNDECIDED (not as expected)"


# ------------------------------------------------------------------ in a browser


@pytest.fixture(scope="module")
def opened(report):
    if BROWSER is None:
        pytest.skip("not run: no Chromium here")
    api = pytest.importorskip("playwright.sync_api", reason="not run: needs playwright")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(color_scheme="dark", reduced_motion="reduce")
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto((report / "index.html").as_uri())
        yield page
        browser.close()


def test_in_a_browser_the_page_fetches_nothing_and_has_no_errors(opened, report):
    assert opened.said == []
    assert {Path(url).name for url in opened.asked if not url.startswith("data:")} == {"index.html"}


def test_in_a_browser_search_and_claims_work_by_keys(opened):
    opened.fill("#search", "CHSH local")
    assert opened.inner_text("#count") == "1 of 2 claims"
    assert opened.locator("details.claim:not([hidden])").count() == 1
    opened.locator("details.claim:not([hidden]) > summary").focus()
    opened.keyboard.press("Enter")
    assert opened.locator("details.claim[open] td").first.is_visible()
    opened.fill("#search", "")
    assert opened.locator("details.claim[hidden]").count() == 0


def test_in_a_browser_points_tell_their_values_by_mouse_and_by_keys(opened):
    point = opened.locator(".point").nth(3)
    point.hover()
    words = opened.inner_text("#says")
    assert words == point.get_attribute("aria-label")
    point.focus()
    opened.keyboard.press("ArrowRight")
    assert opened.inner_text("#says") == opened.locator(".point").nth(4).get_attribute("aria-label") != words
    opened.keyboard.press("Escape")
    assert not opened.locator("#says").is_visible()


def test_in_a_browser_a_claim_is_opened_by_its_address(opened):
    assert not opened.locator("#selection_common_cause[open]").count()
    opened.evaluate("location.hash = 'selection_common_cause'")
    opened.wait_for_selector("#selection_common_cause[open]")
    assert opened.locator("#selection_common_cause").get_attribute("open") is not None


def test_in_a_browser_dark_means_dark(opened):
    colour = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", colour)) < 64
