r"""Largest sum of the biases of all parties under perfect GHZ relations, against the number of parties.

.. math:: B_M \le K \frac{M}{M-1}, \qquad K = \int_0^1 \frac{dt}{\sqrt{1-t^4}} = 1.3110287771...
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.conjecture.lemniscate import half_constant
from freerand_opt.claims.conjecture.relations import Relations
from freerand_opt.claims.formulas.ghz import ghz_monogamy
from freerand_opt.reporting.figures.answers import Ask, bracket
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, guide

#: Class of inputs -> the claim about it.
CLASSES = {
    "even inputs, first class": "ghz_biases_even",
    "even inputs, second class": "ghz_biases_opposite",
    "odd inputs": "ghz_biases_odd",
}
MOST = 40
LIMIT = "limit $K$"
BOUND = "$K\\,M/(M-1)$"

FRAME = Frame(
    "biases",
    "Sum of biases under perfect GHZ relations",
    r"Largest sum of the biases $|P(x_i{=}{+}|a,w)-P(x_i{=}{-}|a,w)|$ of all $M$ parties at one input, over"
    r" no-signalling boxes that obey every GHZ relation. Three classes of inputs and signs exhaust all cases."
    r" Dots: exact fractions with certificates. Dashed: the proved bound $KM/(M-1)$; dotted: its limit"
    r" $K=\int_0^1 dt/\sqrt{1-t^4}=1.3110\ldots$, half the lemniscate constant.",
    (Panel("", "parties, $M$", "largest sum of biases", heights=(0.95, 1.72), legend="upper right"),),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return exact sums of biases for M = 3, .., 40, beside the bound and its limit."""
    found: list[Row] = []
    for series, name in CLASSES.items():
        for answer in ask(name, {"computation.M": f"3:{MOST}:1"}):
            asked = getattr(answer.instance, "computation", None)
            if answer.instance.variant == 0 and isinstance(asked, Relations):
                found += bracket(answer, series, Fraction(asked.M))
    found += [guide(BOUND, Fraction(m), ghz_monogamy(m)) for m in range(4, MOST + 1)]
    limit = half_constant(64)[0]
    return found + [guide(LIMIT, Fraction(m), limit) for m in (3, MOST)]
