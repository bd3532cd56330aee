"""Protocol Pi_N run against devices that are deterministic in some rounds: simulated, computed, bounded.

The data are those of ``freerand simulate docs/protocols/cheating.toml --csv FILE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row

QUANTITY = "no abort and f deterministic"
SOURCE = "freerand simulate docs/protocols/cheating.toml --csv reports/simulation_bounds.csv"

FRAME = Frame(
    "simulation",
    "Protocol Pi_N: simulation, recursion and the analysed bound",
    r"Probability that protocol $\Pi_N$ does not abort and picks a round with a deterministic outcome,"
    r" against the number $k$ of tested rounds that cheating devices answer deterministically;"
    r" $\epsilon=1/100$, $M=N^{2.99}$. Dots with bars: 20\,000 runs, 99\% Clopper--Pearson intervals; lines"
    r" through them: exact recursion, in floating point; dashed: the bound of the paper's analysis."
    r" Dots at one $k$ stand beside each other.",
    (
        Panel("", "deterministic rounds $k$", "no abort, deterministic round picked", x_scale="log",
              y_scale="log", heights=(2e-7, 1.5), legend="outside", ordered=True,
              lines="recursion"),
    ),
    height=2.9,
)  # fmt: skip


def rows(table: Iterable[Mapping[str, str]]) -> list[Row]:
    """Return measured intervals, recursions and bounds from the rows of a simulation's CSV."""
    found: list[Row] = []
    for line in table:
        if line["quantity"] != QUANTITY:
            continue
        series, first = f"$N={line['N']}$", Fraction(line["first"])
        interval = (Fraction(line["lower"]), Fraction(line["upper"]))
        computed = Fraction(line["computed_lower"])
        found.append(Row("measured", series, first, *interval))
        found.append(Row("formula", series, first, computed, computed))
        if line["bound"]:
            bound = Fraction(line["bound"])
            found.append(Row("formula", f"bound, {series}", first, bound, bound))
    return found
