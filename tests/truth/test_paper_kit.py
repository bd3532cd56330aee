"""The folder for a paper: values by a closed form, an attack that plays what it says, pages LaTeX sets."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from math import log2, sqrt

import pytest

pytest.importorskip("matplotlib", reason="not run: needs the extra plot")

TITLE = r"50% of a_b & {x} ~ 2^n $5 #1 \\ <end>"
MINE = f"""
title = '{TITLE}'
[scenario]
family = "chsh"
[source]
kind    = "santha-vazirani"
epsilon = "1/50"
[observed]
behaviour  = "quantum"
visibility = "99/100"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chsh"
relation   = ">="
score      = "observed"
[ask]
quantity = "min-entropy"
of       = "A"
at       = "average"
"""
SCORE = 99 * sqrt(2) / 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("matplotlib")
    place = tmp_path_factory.mktemp("kit")
    (place / "a_b.toml").write_text(MINE, encoding="utf-8")
    command = [sys.executable, "-m", "freerand_opt", "paper", "a_b.toml", "source.epsilon=0:1/10:1/20"]
    run = subprocess.run(
        [*command, "-o", "paper", "-q", "--store", "s"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    for line in run.stdout.splitlines():
        assert (place / line.partition(" (")[0]).exists()
    return place / "paper"


def test_the_table_holds_the_closed_form_at_perfect_settings(folder):
    """No-signalling devices, perfect settings: guessing probability 3/2 - S/4 of CHSH (arXiv:0911.3427)."""
    rows = re.findall(r"^\$(\S+)\$ & \$([0-9.]+)\$ & \$([0-9.]+)\$", (folder / "table.tex").read_text(), re.M)
    assert [row[0] for row in rows] == ["0", "1/20", "1/10"]
    low, high = map(float, rows[0][1:])
    assert low <= -log2(3 / 2 - SCORE / 4) <= high <= low + 1e-9
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)


def test_the_attack_shows_what_is_tested_and_guesses_as_well_as_the_table_says(folder):
    """The printed strategies, played: settings uniform, the score of CHSH, and the guess of A."""
    text = (folder / "attack.tex").read_text()
    assert r"Attack at $\epsilon = 1/20$" in text
    z, guessed, weight = {}, 0.0, 0.0
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.removesuffix(r"\\").split("&")]
        if len(cells) != 7 or not re.fullmatch("[01]{2}", cells[1]):
            continue
        weight = float(Fraction(cells[0].rstrip("."))) if cells[0] else weight
        mass = weight * float(Fraction(cells[2]))
        box = [mass * float(Fraction(cell)) for cell in cells[3:]]
        guessed += max(box[0] + box[1], box[2] + box[3])
        for o, chance in enumerate(box):
            z[cells[1], o] = z.get((cells[1], o), 0.0) + chance
    shares = {s: sum(z[s, o] for o in range(4)) for s in ("00", "01", "10", "11")}
    assert shares == pytest.approx(dict.fromkeys(shares, 0.25), abs=1e-5)
    score = sum(
        (-1) ** (s == "11") * (1, -1, -1, 1)[o] * z[s, o] / shares[s] for s in shares for o in range(4)
    )
    assert score == pytest.approx(SCORE, abs=1e-4)
    table = (folder / "table.tex").read_text()
    said = float(re.search(r"^\$1/20\$ & \$([0-9.]+)\$", table, re.M)[1])
    assert -log2(guessed) == pytest.approx(said, abs=1e-4)


def test_the_referee_checks_with_python_alone_and_a_forgery_is_refused(folder, tmp_path):
    place = folder / "certificates"
    shutil.copy(place / "check.py", tmp_path)
    files = sorted(place.rglob("*.json"))
    assert len(files) == 3
    page = (place / "README.md").read_text()
    assert all(path.relative_to(place).as_posix() in page for path in files)
    assert "the min-entropy is -log2 p" in page  # certificates prove p
    alone = [sys.executable, "-I", "check.py"]
    for path in files:
        done = subprocess.run([*alone, path], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout[:2]) == (0, "OK"), done.stdout
        forged = json.loads(path.read_text())
        forged["question"]["tests"][0]["score"] = "29/10"
        (tmp_path / "forged.json").write_text(json.dumps(forged))
        done = subprocess.run(
            [*alone, "forged.json"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="not run: no LaTeX here")
def test_latex_sets_all_of_it_at_the_width_of_a_column(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "paper")
    for program in ("pdflatex", "bibtex", "pdflatex", "pdflatex"):
        command = [program, *(["-interaction=nonstopmode", "-halt-on-error"] if program != "bibtex" else [])]
        done = subprocess.run(
            [*command, "main"], cwd=tmp_path / "paper", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-1500:]
        assert "Warning--" not in done.stdout  # BibTeX's
    log = (tmp_path / "paper" / "main.log").read_text(errors="replace")
    assert "undefined" not in log
    assert "Overfull" not in log
    assert "figure.pgf" in log  # with the letters of the document


def test_forms_of_the_figure(folder):
    assert (folder / "figure.pdf").read_bytes().startswith(b"%PDF")
    width = re.search(r'<svg[^>]* width="([0-9.]+)pt"', (folder / "figure.svg").read_text())
    assert float(width[1]) == pytest.approx(246 * 72 / 72.27, abs=1)  # a column of RevTeX


def test_what_is_no_question_has_no_paper(freerand, tmp_path):
    for arguments, words in (
        (("a.toml", "b.toml"), "one question file or claim is needed"),
        (("chained_averaged_limit",), "is a computation"),
    ):
        run = freerand("paper", *arguments, "-o", tmp_path / "out")
        assert (run.code, (tmp_path / "out").exists()) == (2, False)
        assert words in run.err
