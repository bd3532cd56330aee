"""Figures: only what is proved is drawn as proved, tables come back as they went, errors are said."""

from __future__ import annotations

import math
import shutil
import subprocess
from fractions import Fraction as F
from pathlib import Path
from xml.etree import ElementTree

import pytest
from asking import asking

from freerand_opt.errors import FreerandError, InputError
from freerand_opt.model.files.file import in_memory
from freerand_opt.reporting.figures import (
    adversaries,
    amplification,
    biases,
    critical,
    entropy,
    grid,
    leakage,
    scores,
    selection,
)
from freerand_opt.reporting.figures.draw import STYLE, figure, points_id
from freerand_opt.reporting.figures.frame import INCHES, Frame, Panel
from freerand_opt.reporting.figures.gallery import ANSWERED, MEASURED, NAMES, drawing, table
from freerand_opt.reporting.figures.row import Row, as_csv, formula, from_csv, mark
from freerand_opt.reporting.figures.save import require_suffix, save

REPORTS = Path(__file__).parents[2] / "reports"
FRAME = Frame("own", "Own", "Words.", (Panel("", "x", "y", between="rises"),))
PROVED = [Row("bracket", "s", F(k), F(k, 3), F(k + 1, 3), f"sha256:{k}") for k in range(3)]


@pytest.fixture
def ask():
    return asking()


# ------------------------------------------------------------------ rows


def test_a_table_comes_back_as_it_went():
    rows = [*PROVED, formula("f", F(1, 7), F(22, 7), "a"), mark("$x$, or so", F(1, 2))]
    rows.append(Row("bracket", "open", "in words", None, F(1, 3), "sha256:4"))
    assert from_csv(as_csv(rows), "here") == rows


def test_decimals_of_a_table_are_rounded_outward():
    line = as_csv([Row("bracket", "s", F(0), F(1, 3), F(2, 3), "sha256:1")]).splitlines()[1].split(",")
    assert F(line[4]) < F(1, 3) < F(2, 3) < F(line[5])
    assert (line[6], line[7]) == ("1/3", "2/3")


@pytest.mark.parametrize("body", ["", "a,b\n1,2\n", as_csv(PROVED).replace("bracket", "guess", 1)])
def test_other_tables_are_refused(body):
    with pytest.raises(InputError, match="here"):
        from_csv(body, "here")


# ------------------------------------------------------------------ drawing


def test_a_bracket_without_a_certificate_is_not_drawn():
    with pytest.raises(FreerandError, match="has no certificate"):
        figure(FRAME, [Row("bracket", "s", F(1), F(0), F(1))])


def test_bands_cover_exactly_what_neighbours_prove_of_a_rising_value():
    """Between x = 0 and 1 a rising value is at least the lower end at 0 and at most the upper at 1."""
    made = figure(FRAME, PROVED)
    (first, second) = made.axes[0].collections[:2]
    for band, (left, low, right, high) in ((first, (0, 0, 1, 2 / 3)), (second, (1, 1 / 3, 2, 1))):
        (path,) = band.get_paths()
        xs, ys = path.vertices.T
        assert (min(xs), max(xs)) == (left, right)
        assert (min(ys), max(ys)) == pytest.approx((low, high), abs=1e-15)


def test_without_monotony_no_band_is_drawn():
    frame = Frame("own", "Own", "Words.", (Panel("", "x", "y"),))
    made = figure(frame, PROVED)
    assert not [c for c in made.axes[0].collections if len(c.get_paths()) and len(c.get_paths()[0]) > 3]


def test_widths_are_those_of_a_column_and_of_a_page():
    for width, inches in INCHES.items():
        assert figure(FRAME, PROVED, width=width).get_figwidth() == inches
    assert (INCHES["one-column"], INCHES["two-column"]) == pytest.approx((246 / 72.27, 510 / 72.27), abs=0.01)


def test_the_style_is_for_everybody():
    import matplotlib.style

    with matplotlib.style.context("freerand_opt.reporting.figures.freerand"):
        assert matplotlib.rcParams["mathtext.fontset"] == "stix"
    assert STYLE.suffix == ".mplstyle"


# ------------------------------------------------------------------ the gallery


def test_leakage_agrees_with_the_lemmas(monkeypatch):
    """Averaged, the lemma is attained; at fixed settings Lemma 1 bounds the leakage from above."""
    monkeypatch.setattr(leakage, "SIZES", "2,64")
    monkeypatch.setattr(leakage, "GRID", "0:1/20:1/40")
    rows = leakage.rows(lambda *_: iter(()))
    lemma = {(r.panel, r.series, r.x): r for r in rows if r.kind == "formula"}
    drawn = [r for r in rows if r.kind == "curve" and (r.panel, r.series, r.x) in lemma]
    assert {(r.panel, r.series) for r in drawn} == {(p, f"$N={n}$") for p in "ab" for n in (2, 64)}
    assert not any(r.kind == "bracket" for r in rows)
    for row in drawn:
        bound = lemma[row.panel, row.series, row.x]
        assert row.low <= bound.high
        if row.panel == "b":
            assert bound.low <= row.high
    # at N = 2 the second formula, 1/2, is the least from the root of 2 e (1 - e) = (sqrt(2) - 1)/2 on
    (mark,) = (r for r in rows if (r.panel, r.kind, r.series) == ("a", "break", "$N=2$"))
    assert float(mark.x) == pytest.approx((1 - (2 - 2**0.5) ** 0.5) / 2, abs=1e-8)


def test_critical_epsilons_are_roots_of_curves():
    """(1 - I_N^(1/2r))/2, I_N = N (1 - cos(pi/2N)), without any question asked."""
    rows = [r for r in critical.rows(lambda *_: iter(())) if r.kind == "bracket"]
    assert [r.x for r in rows] == [2, 4, 8, 16, 32, 64, 128]
    for row in rows:
        n, bits = int(row.x), 2 * (int(row.x).bit_length() - 1)
        wanted = (1 - (n * (1 - math.cos(math.pi / (2 * n)))) ** (1 / bits)) / 2
        assert row.low <= wanted <= row.high < row.low + 1e-8


def test_selection_has_the_closed_forms_of_one_and_two_bits(ask):
    rows = [r for r in selection.rows(ask) if r.kind == "bracket"]
    assert len(rows) == 80
    for row in rows:
        factor = {"$n=1$": F(1, 2), "$n=2$": F(7, 8)}.get(row.series)
        if factor is not None:
            assert row.lower == row.upper == factor * row.x


def test_biases_are_the_exact_values_of_the_report(ask, monkeypatch):
    """reports/conjecture-1.md: 15/11 at M = 5, 22/17 at M = 6; 3/2 at odd inputs of M = 3."""
    monkeypatch.setattr(biases, "MOST", 6)
    rows = {(r.series, r.x): r.upper for r in biases.rows(ask) if r.kind == "bracket"}
    assert rows["even inputs, second class", F(5)] == F(15, 11)
    assert rows["even inputs, second class", F(6)] == F(22, 17)
    assert rows["odd inputs", F(3)] == F(3, 2)


def test_amplification_crosses_the_diagonal_where_it_should(ask, monkeypatch):
    """M = 16: (1/2 + eps)^4 B/2 with B about 1.311 is above eps = 0.05 and below eps = 0.1."""
    monkeypatch.setattr(amplification, "PARTIES", (16,))
    curve = {r.x: r.upper for r in amplification.rows(ask) if r.series == "$M=16$"}
    assert curve[F(4, 80)] > F(4, 80)
    assert curve[F(8, 80)] < F(8, 80)


def test_adversaries_are_ordered(ask, monkeypatch):
    """What local devices do quantum ones do, and what these do no-signalling ones do."""
    monkeypatch.setattr(adversaries, "EVERY", "0,3/25")
    monkeypatch.setattr(adversaries, "LOCAL", "3/25")
    rows = {(r.series, r.x): r for r in adversaries.rows(ask)}
    for x in (F(0), F(3, 25)):
        assert rows["quantum devices", x].low <= rows["no-signalling devices", x].high
    assert rows["local devices", F(3, 25)].low <= rows["quantum devices", F(3, 25)].high


@pytest.mark.parametrize(("name", "data"), [("simulation", "simulation_bounds.csv"), ("cost", "cost.csv")])
def test_measurements_are_drawn_from_their_tables_and_prove_nothing(name, data):
    chosen = drawing(name)
    rows = table(chosen, REPORTS / data)
    assert {row.kind for row in rows} <= {"measured", "formula"}
    assert not any(row.proof for row in rows)
    figure(chosen.frame, rows)


def test_simulated_intervals_hold_the_recursion():
    """99% intervals of independent runs: at most one in eighteen should miss."""
    rows = table(drawing("simulation"), REPORTS / "simulation_bounds.csv")
    computed = {(r.series, r.x): r.lower for r in rows if r.kind == "formula"}
    missed = [r for r in rows if r.kind == "measured" and not r.lower <= computed[r.series, r.x] <= r.upper]
    assert len(missed) <= 1


# ------------------------------------------------------------------ files


def test_a_figure_is_drawn_again_from_its_table(tmp_path, ask):
    rows = selection.rows(ask)
    made = save(figure(selection.FRAME, rows), selection.FRAME, rows, tmp_path / "a.svg", "made so")
    assert [path.name for path in made] == ["a.svg", "a.csv", "a.caption.tex"]
    assert "% made by: made so" in (tmp_path / "a.caption.tex").read_text()
    again = table(drawing("selection"), tmp_path / "a.csv")
    assert again == rows
    save(figure(selection.FRAME, again), selection.FRAME, again, tmp_path / "b.svg", "made so")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    ids = {node.get("id") for node in ElementTree.parse(tmp_path / "a.svg").iter()}
    assert points_id("", "$n=1$") in ids


def test_ones_own_question_is_drawn(tmp_path, ask):
    fields = {"scenario.N": "2", "source.epsilon": "0:1/10:1/20"}
    frame, rows = grid.frame_and_rows(list(ask("chained_leakage_fixed_sv", fields)))
    assert [row.kind for row in rows].count("bracket") == 3
    save(figure(frame, rows), frame, rows, tmp_path / "mine.pdf", "")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")


def test_guesses_against_a_score_lie_on_the_closed_forms(ask, monkeypatch):
    """CHSH: 3/2 - S/4, and (1 + sqrt(2 - S^2/4))/2 for quantum devices (arXiv:0911.3427)."""
    monkeypatch.setattr(scores, "GAMES", [(*scores.GAMES[0][:3], {"": "2,3,4", "1 + A B": "12/5,14/5"})])
    monkeypatch.setattr(scores, "STEPS", 2)
    rows = scores.rows(ask)
    lines = {(row.series, row.x): row for row in rows if row.kind == "formula"}
    drawn = [row for row in rows if row.kind == "bracket"]
    assert len(drawn) == 5
    for row in drawn:
        line = lines[row.series, row.x]
        assert line.low - 1e-9 <= row.low <= row.high <= line.high + 1e-9
    assert lines["quantum devices", F(14, 5)].middle == pytest.approx(0.6)


def test_entropies_are_asked_without_noise_at_every_place_once():
    """The claim has an instance with noise, whose entropy is another."""
    asked = []

    def ask(question, fields):
        asked.extend(one.question for one in in_memory(question.to_dict(), fields).instances)
        return []

    rows = entropy.rows(ask)
    assert {row.kind for row in rows} == {"formula"}
    assert len(asked) == len({str(question.to_dict()) for question in asked}) == 20
    assert {question.ask.noise for question in asked} == {0}


def test_instances_that_a_score_on_the_axis_makes_equal_are_drawn_once(ask):
    """The claim has instances that differ in their score alone; bands fall with it."""
    fields = {"test.score": "2,3", "adversary": '{devices = "no-signalling"}', "expect": "{}"}
    frame, rows = grid.frame_and_rows(list(ask("chsh_quantum_guess", fields)))
    assert [(row.series, row.x, row.middle) for row in rows] == [
        ("guessing-probability", 2, 1.0),
        ("guessing-probability", 3, 0.75),
    ]
    assert (frame.panels[0].x_label, frame.panels[0].between) == ("score of chsh", "falls")


def test_figures_that_do_not_exist_are_named():
    with pytest.raises(InputError, match="did you mean 'leakage'"):
        drawing("leekage")
    with pytest.raises(InputError, match="ends in none of"):
        require_suffix(Path("a.jpg"))
    with pytest.raises(InputError, match="cannot be read"):
        table(drawing("simulation"), Path("none.csv"))
    assert set(NAMES) == {*ANSWERED, *MEASURED}


def test_letters_are_the_document_s_where_latex_is_here(tmp_path, ask):
    if shutil.which("pdflatex") is None:
        with pytest.raises(InputError, match="needs pdflatex"):
            require_suffix(tmp_path / "a.pgf")
        return
    rows = selection.rows(ask)
    save(figure(selection.FRAME, rows), selection.FRAME, rows, tmp_path / "a.pgf", "")
    head = r"\documentclass{article}\usepackage{pgf}\def\mathdefault#1{#1}\begin{document}\begin{figure}"
    tail = r"\input{a.pgf}\caption{\protect\input{a.caption.tex}}\end{figure}\end{document}"
    (tmp_path / "t.tex").write_text(head + tail)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:]


def test_a_caption_leaves_the_devices_to_the_figure_where_they_differ(ask):
    fields = {"adversary": '{devices = "no-signalling"}', "test.score": "2,3", "expect": "{}"}
    file = list(ask("chsh_quantum_guess", fields | {"adversary.devices": "local,no-signalling"}))
    caption = grid.frame_and_rows(file)[0].caption
    assert "devices as named in the figure" in caption
    assert "any no-signalling" not in caption
