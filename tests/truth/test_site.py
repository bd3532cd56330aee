"""The documentation: built with warnings as errors, all code on it run."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

DOCS = Path(__file__).parents[2] / "docs"


class Page(HTMLParser):
    """A page's links, what it loads, and the places that can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.places = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        held = self.links if tag == "a" else self.loaded
        held += [given[key] for key in ("href", "src") if given.get(key)]
        self.places.add(given.get("id"))


def broken(folder):
    """Return (page, link) where a link to a page or a place of the site leads nowhere."""
    folder = folder.resolve()
    pages = {path: Page(path) for path in folder.rglob("*.html")}
    lost = []
    for path, page in pages.items():
        for link in (*page.links, *page.loaded):
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            places = pages[target].places if target in pages else {unquote(url.fragment)}
            if not target.exists() or (url.fragment and unquote(url.fragment) not in places):
                lost.append((str(path.relative_to(folder)), link))
    return lost


def test_the_site_builds_without_warnings_and_its_code_runs(tmp_path):
    pytest.importorskip("myst_nb", reason="not run: needs the extra docs")
    pytest.importorskip("furo", reason="not run: needs the extra docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", DOCS, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    tutorial = (tmp_path / "tutorial.html").read_text(encoding="utf-8")
    assert "Rejected" in tutorial  # the forged certificate of the page is refused
    assert "<svg" in tutorial or ".png" in tutorial  # the figure
    for page in ("gallery.html", "reference.html", "howto/check-my-protocol.html"):
        assert (tmp_path / page).is_file()
    assert broken(tmp_path) == []
    for path in tmp_path.rglob("*.html"):  # without a network: browsers set formulas by themselves
        assert not [link for link in Page(path).loaded if urlsplit(link).netloc], path
        assert r"\(" not in path.read_text(encoding="utf-8"), path
    assert "<math" in (tmp_path / "proofs/ratios.html").read_text(encoding="utf-8")


def test_every_proof_is_on_the_site():
    words = (DOCS / "explanation.md").read_text(encoding="utf-8")
    assert {f"proofs/{path.stem}" for path in (DOCS / "proofs").glob("*.md")} <= set(words.split())


def documented():
    """Return {module: names} that the reference documents from docstrings; None stands for all."""
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    found = {}
    for module, options in re.findall(r"automodule:: (\S+)\n((?:   :.*\n)*)", page):
        members = re.search(r":members:(.*)", options)
        names = None if members is None else {name.strip() for name in members[1].split(",") if name.strip()}
        found[module] = {None} if names == set() else names or set()
    return found


def test_the_reference_has_every_public_name_and_every_error_class():
    import freerand_opt
    from freerand_opt import errors
    from freerand_opt.checker import failures

    page, held = (DOCS / "reference.md").read_text(encoding="utf-8"), documented()
    for name in freerand_opt.__all__:
        public = getattr(freerand_opt, name)
        assert f"`{name}`" in page, name
        if not isinstance(public, types.ModuleType):
            names = held.get(public.__module__, set())
            assert names == {None} or public.__name__ in names, name
    for module in (errors, failures):
        names = held[module.__name__]
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, Exception) and cls.__module__ == module.__name__:
                assert names == {None} or cls.__name__ in names, cls


def test_the_page_of_fields_has_every_field_of_every_table():
    from freerand_opt.model.files.reference import field_reference
    from freerand_opt.model.files.schema import reachable
    from freerand_opt.model.question import Question
    from freerand_opt.model.tables.table import fields

    page = field_reference()
    for cls in reachable(Question):
        assert f"## {cls.__name__}" in page
        for field in fields(cls):
            assert field.spread or f"| `{field.key}` |" in page, (cls, field.key)


def test_every_figure_of_the_gallery_has_its_command():
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    for part in page.split("\n## ")[1:]:
        (figure,) = re.findall(r"figures/([\w-]+)\.svg", part)
        assert f"freerand plot {figure} " in part or f"freerand bound {figure}" in part, part


def test_every_figure_of_two_columns_is_moved_and_not_shrunk_on_a_phone():
    moved = re.findall(r'img\[src\$="([\w.]+)"\]', (DOCS / "_static/wide.css").read_text())
    widths = {
        path.name: float(re.search(r'<svg[^>]*? width="([\d.]+)pt"', path.read_text())[1])
        for path in (DOCS / "figures").glob("*.svg")
    }
    assert sorted(moved) == sorted(name for name, points in widths.items() if points > 300)


def test_every_claim_that_the_page_of_claims_names_is_in_the_catalogue():
    named = re.findall(r"`([\w*]+)`", (DOCS / "claims.md").read_text())
    stems = [path.stem for folder in ("lps", "sdps") for path in (DOCS.parent / folder).glob("*.toml")]
    assert len(named) > 80
    assert [name for name in named if "_" in name and not any(fnmatch(stem, name) for stem in stems)] == [
        "rests_on"
    ]
