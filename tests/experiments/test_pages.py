"""Pages with figures: what they draw, and that browsers and pdflatex can read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
from players import steady

from freerand_opt.data import Counts, Trials
from freerand_opt.experiments import figures
from freerand_opt.experiments.bits import bits
from freerand_opt.experiments.forms import Page, Section, chart, rendered
from freerand_opt.experiments.games import wins
from freerand_opt.experiments.pvalue import p_value
from freerand_opt.experiments.report import render
from freerand_opt.experiments.setup import setup
from freerand_opt.model import SanthaVazirani, Scenario, chsh

from .shared import DELFT, noisy

HARD = 'Run <1>, 50% & $x_1$ #2 {a} ~ ^ \\ | -- "quoted"'


@pytest.fixture(scope="module")
def ordered():
    """Bits of 20,000 ordered trials after a first tenth."""
    cells = steady(noisy(0.97))(np.random.default_rng(1), 1, 20_000)[0]
    held = setup(chsh(), SanthaVazirani("1/100"), "no-signalling")
    return bits(Trials.from_array(cells, chsh()), held, training="1/10", error="1/1000"), cells


def test_the_course_is_that_of_the_trials(ordered):
    found, cells = ordered
    path = np.cumsum(found.factor.logs()[cells[2000:]])
    assert found.running.last == pytest.approx(path[-1]) == pytest.approx(float(found.product), abs=1e-6)
    assert found.running.trace[-1][0] == 18_000
    page = render(found)
    assert "Course" in page and f"{path[-1]:.5g} |" in page
    assert f"at most {path.max():.5g}, after trial {int(path.argmax()) + 1}" in " ".join(page.split())


def test_a_long_course_has_its_end_and_few_points():
    """Blocks far longer than the number of points: every point is right, and the last one is the end."""
    block = np.arange(16).repeat(1000)
    trials = Trials(chsh(), lambda: iter([block] * 40))
    found = trials.running(np.ones(16), points=50)
    assert found.trace[0] == (0, 0.0) and found.trace[-1] == (640_000, 640_000.0)
    assert 50 <= len(found.trace) <= 102 and all(n == level for n, level in found.trace)
    steps = np.diff([n for n, _ in found.trace])[:-1]
    assert len(set(steps)) == 1


def test_a_chart():
    assert chart([]) == ()
    rows = chart([(0, 0.0), (5, -np.inf), (10, -4.0)], width=11, height=5)
    assert [row.find("*") for row in rows[:5]] == [4, -1, -1, -1, 14]


def test_settings_beside_the_source():
    """Bits within eps: joint settings 00 and 11 between (1/2 - eps)^2 and (1/2 + eps)^2."""
    drawn = figures.settings(setup(chsh(), SanthaVazirani("1/10"), "local"), Counts(chsh(), DELFT))
    for bar in drawn.patches:
        assert bar.get_y() == pytest.approx(0.4**2 - 0.25)
        assert bar.get_y() + bar.get_height() == pytest.approx(0.6**2 - 0.25)
    seen = drawn.lines[0].get_ydata()
    assert list(seen) == pytest.approx([n / 245 - 0.25 for n in (53, 79, 62, 51)])


def test_marginals_of_a_device_that_signals():
    """B shows A's setting: its two marginals lie one half to either side of their mean."""
    values = [0] * 16
    for z in range(4):
        values[4 * z + (z >> 1)] = 100
    drawn = figures.marginals(Counts(chsh(), tuple(values)))
    assert list(drawn.lines[0].get_ydata()) == pytest.approx([0, 0, 0, 0, 0.5, -0.5, 0.5, -0.5])
    one = [text.get_text() for text in drawn.get_xticklabels()]
    assert one[:2] == ["A=0 | 00", "A=0 | 01"] and one[4:6] == ["B=0 | 00", "B=0 | 10"]
    wide = Scenario((4, 4), (3, 2))
    assert not figures.marginals(Counts(wide, (1,) * 96)).get_xticklabels()[0].get_text().startswith("A")


def test_html_and_markdown_with_figures(ordered, tmp_path):
    from freerand_opt.experiments.pages import write_page

    local = setup(chsh(), SanthaVazirani("0"), "local")
    game = p_value(Counts(chsh(), DELFT), local, game=wins(chsh(), "chsh"))
    answers = [(ordered[0], HARD), (game, "Events")]
    assert write_page(answers, tmp_path / "p.html") == [tmp_path / "p.html"]
    text = (tmp_path / "p.html").read_text()
    tree = ElementTree.fromstring(re.sub("<!doctype html>|<meta [^>]*>", "", text))
    assert len(tree.findall(".//{http://www.w3.org/2000/svg}svg")) == 2
    assert [head.text for head in tree.iter("h1")] == [HARD, "Events"]
    made = write_page(answers, tmp_path / "p.md")
    assert [path.name for path in made] == ["p.md", "p-0.svg", "p-1.svg"]
    assert all(path.exists() and f"(<{path.name}>)" in made[0].read_text() for path in made[1:])


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not here")
def test_latex_is_compiled(ordered, tmp_path):
    from freerand_opt.experiments.pages import write_page

    write_page([(ordered[0], HARD)], tmp_path / "a_page.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a_page.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0 and (tmp_path / "a_page.pdf").stat().st_size > 10_000, run.stdout[-2000:]
    assert "Overfull" not in run.stdout and "Missing character" not in run.stdout


def test_latex_for_input_has_no_preamble():
    page = Page(HARD, (Section("One", ("a <= b",)),))
    text = rendered([page], "latex", whole=False)
    assert text.startswith(r"\section*{Run \textless{}1\textgreater{}, 50\% \& \$x\_1\$ \#2 \{a\}")
    assert r"a $\leq$ b" in text and "documentclass" not in text


def test_factors_from_guesses_name_their_theorem(ordered):
    """docs/proofs/experiments.md, section 0: section 9 stands beside the theorem that it feeds."""
    held = setup(chsh(), SanthaVazirani("1/100"), "no-signalling").by_guesses("chsh")
    found = bits(Counts(chsh(), DELFT), held, training=noisy(0.9), error=Fraction(1, 2))
    assert "section 9 (factors from guesses): derived there, its proof read by a second reader" in " ".join(
        render(found).split()
    )
    assert "section 9" not in render(ordered[0])
