r"""Bias of an output that eps-free bits pick among fair outcomes, by causal model.

.. math:: V(\text{leaf}) = [x_\text{leaf} = 0], \qquad
          V(\text{node}) = (\tfrac12+\epsilon) \max(V_0, V_1) + (\tfrac12-\epsilon) \min(V_0, V_1).

Where the picking bits may lean on the outcomes, the bias is :math:`E[V] - 1/2`; under a common cause
a picked fair outcome stays fair. Epsilon is Colbeck and Renner's (arXiv:1105.3195, Theorem 2, step 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from freerand_opt.claims.conjecture.file import ComputationFile, Instance
from freerand_opt.claims.conjecture.values import SelectionBias
from freerand_opt.reporting.figures.answers import Ask, bracket
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, guide

SOURCE = "the source's own bias"
COMMON = "common cause"

FRAME = Frame(
    "selection",
    "Bias of the picked output, by causal model",
    r"Step 4 of the protocol of Theorem~2 with ideal devices: one of $2^n$ fair outcomes is picked by $n$"
    r" bits that are $\epsilon$-free. If the bits are independent of the outcomes given $W$ and the settings"
    r" (common cause), the output is fair. If they may depend on the outcomes, the bias grows with $n$ and,"
    r" from $n=3$ on and for small $\epsilon$, exceeds $\epsilon$: the output is worse than a bit of the"
    r" source. Dots: exact values.",
    (
        Panel("", r"$\epsilon$", "bias of the output", limits=(0, 0.5), heights=(-0.012, 0.5),
              legend="upper left"),
    ),
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return exact biases for n = 1, 2, 3, 4 bits, beside those of the source and of a common cause."""
    found: list[Row] = []
    cells = [(n, Fraction(k, 40)) for n in (1, 2, 3, 4) for k in range(20)]
    for answer, (n, epsilon) in zip(ask(_questions(cells), {}), cells, strict=True):
        found += bracket(answer, f"$n={n}$", epsilon)
    ends = (Fraction(0), Fraction(1, 2))
    found += [guide(SOURCE, epsilon, epsilon) for epsilon in ends]
    return found + [guide(COMMON, epsilon, Fraction(0)) for epsilon in ends]


def _questions(cells: Iterable[tuple[int, Fraction]]) -> ComputationFile:
    made = [
        Instance(name=f"n={n} epsilon={epsilon}", computation=SelectionBias(n=n, epsilon=epsilon))
        for n, epsilon in cells
    ]
    path = Path("selection-bias")
    return ComputationFile(path, path.stem, FRAME.title, "", "", "core", tuple(made))
