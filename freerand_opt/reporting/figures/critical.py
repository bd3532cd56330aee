r"""Critical epsilon against the number of settings.

.. math:: \epsilon(N) = \tfrac12 \left(1 - I_N^{1/2r}\right), \qquad N = 2^r.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.chained import chained_local_threshold
from freerand_opt.numbers.exact import cos_pi, root, sqrt
from freerand_opt.reporting.figures.answers import Ask, bracket, question_of
from freerand_opt.reporting.figures.curve import committed
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula, guide

LOCAL = "local models reach $I_N$"
LIMIT = r"limit $(1-1/\sqrt{2})/2$"

#: Sizes whose thresholds are roots of curves, and those that are bracketed one by one.
CURVED, BEYOND = "2,4,8,16,32,64,128", "256,512,1024"

FRAME = Frame(
    "critical",
    "Critical epsilon against N",
    r"From which $\epsilon$ on chained quantum correlations with $N$ settings a party have a local model,"
    r" for settings from a Santha--Vazirani source and uniform observed settings. Dots: certified brackets;"
    r" the line through them is $\frac12\left(1-I_N^{1/2r}\right)$, $N=2^r$.",
    (
        Panel("", "settings a party, $N$", r"critical $\epsilon$", x_scale="log", heights=(0.11, 0.16),
              legend="lower right"),
    ),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return certified thresholds for N = 2, .., 1024 beside the closed form and its limit.

    Up to N = 128 (a curve has at most 2^14 strings of bits) they are where the curve of the least local
    score passes the quantum score.
    """
    found: list[Row] = []
    for count, curve in committed("chained_local_score_sv", "source.epsilon", ("0", "3/20"), CURVED):
        quantum = count * (1 - cos_pi(Fraction(1, 2 * count)))
        passed, size = curve.root(quantum), Fraction(count)
        found.append(Row("bracket", LOCAL, size, passed.lower, passed.upper, curve.digest))
        found.append(formula(LOCAL, size, (1 - root(quantum, 2 * (count.bit_length() - 1))) / 2))
    for answer in ask("chained_local_threshold_large", {"scenario.N": BEYOND}):
        settings = Fraction(question_of(answer).scenario.settings[0])
        found += bracket(answer, LOCAL, settings)
        found.append(formula(LOCAL, settings, chained_local_threshold(question_of(answer))))
    limit = (1 - 1 / sqrt(Fraction(2))) / 2
    return [*found, *(guide(LIMIT, Fraction(2**r), limit) for r in (1, 10))]
