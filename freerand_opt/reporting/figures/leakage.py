r"""Leakage against epsilon: the exact answers, Lemma 1, the averaged lemma and the local limit.

.. math:: \tfrac12 I_N \left(\frac{1+2\epsilon}{1-2\epsilon}\right)^{2r}, \qquad
          \min\left(\tfrac12, \frac{I_N}{2 (1-2\epsilon)^{2r}}\right), \qquad N = 2^r.

Epsilon is Colbeck and Renner's (arXiv:1105.3195, Eq. 1).
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.chained import averaged_leakage, lemma_1
from freerand_opt.model.question import Question
from freerand_opt.model.sources import SanthaVazirani
from freerand_opt.model.tables.number import place_of
from freerand_opt.model.tables.values import values_of
from freerand_opt.numbers.exact import Exact, compare, sqrt
from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.reporting.figures.curve import committed, rows_of
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula, mark

HALF = Fraction(1, 2)
SIZES = "2,4,8,16,32,64"
GRID = "0:3/20:1/200"

FRAME = Frame(
    "leakage",
    "Leakage of one outcome against epsilon",
    r"Trace distance $D$ of the outcome $X$ from uniform, given the adversary's $W$, for chained quantum"
    r" correlations with $N=2^r$ settings a party and settings from a Santha--Vazirani source"
    r" ($\epsilon=0$ is perfect). Curves: the certified answer at every $\epsilon$, a few rational functions;"
    r" strokes: where another one begins. (a) At fixed"
    r" settings $(0,0)$; lines: Lemma~1,"
    r" $\frac12 I_N\left(\frac{1+2\epsilon}{1-2\epsilon}\right)^{2r}$, attained up to $(1+2\epsilon)/4$;"
    r" for $\epsilon$ below $(\sqrt2-1)^2/2$ it vanishes with $N$. (b) Averaged over the settings, which"
    r" the adversary is told; lines: $I_N/\left(2(1-2\epsilon)^{2r}\right)$; below $(1-1/\sqrt2)/2$ it"
    r" vanishes with $N$, above it local models reproduce the chained value.",
    (
        Panel("a", r"$\epsilon$", r"leakage $D$", "(a) at fixed settings", y_scale="log",
              limits=(0, 0.122), heights=(0.009, 0.6), legend="lower right", ordered=True),
        Panel("b", r"$\epsilon$", "", "(b) averaged, settings told", y_scale="log",
              limits=(0, 0.152), heights=(0.009, 0.6), legend=None, ordered=True),
    ),
    width="two-column",
    height=2.7,
)  # fmt: skip


def rows(_: Ask) -> list[Row]:
    """Return certified leakages for N = 2, .., 64, with the two lemmas and their thresholds."""
    found: list[Row] = []
    for panel, name, most, lemma in (
        ("a", "chained_leakage_fixed_sv", "3/25", lemma_1),
        ("b", "chained_leakage_average_sv", "3/20", averaged_leakage),
    ):
        for size, curve in committed(name, "source.epsilon", ("0", most), SIZES):
            series = f"$N={size}$"
            found += rows_of(curve, series, panel)
            for x in values_of(GRID, "source.epsilon"):
                question = curve.question.varied("source.epsilon", place_of(x, "source.epsilon"))
                found += _lemma(question, series, panel, lemma(question))
    root = sqrt(Fraction(2))
    found.append(mark(r"$(\sqrt{2}-1)^2/2$", (root - 1) ** 2 / 2, "a"))
    found.append(mark(r"$(1-1/\sqrt{2})/2$", (1 - 1 / root) / 2, "b"))
    return found


def _lemma(question: Question, series: str, panel: str, value: Exact) -> list[Row]:
    assert isinstance(question.source, SanthaVazirani)
    if compare(value, HALF) > 0:
        return []
    return [formula(series, question.source.epsilon, value, panel)]
