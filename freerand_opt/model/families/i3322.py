r"""I3322: two parties with three settings and two outcomes each.

.. math:: I = -P_A(0|0) - 2 P_B(0|0) - P_B(0|1) + \sum_{ab} M_{ab} P(00|ab), \qquad
   M = \begin{pmatrix} 1 & 1 & 1 \\ 1 & 1 & -1 \\ 1 & -1 & 0 \end{pmatrix}

(Collins and Gisin, arXiv:quant-ph/0306129; equation not looked up, up to exchange of the parties); local at
most 0, two qubits 1/4, no-signalling 1.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import AnyScenario, Cells, Family

#: Coefficients of P(0|a) of each party, and of P(00|ab).
ALONE = ((-1, 0, 0), (-2, -1, 0))
BOTH = ((1, 1, 1), (1, 1, -1), (1, -1, 0))


class I3322(Family, tag="i3322"):
    """Two parties with three settings and two outcomes each."""

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (3, 3), (2, 2)


def i3322(scenario: AnyScenario) -> Cells:
    """Return I3322; P(0|a) of one party is averaged over the settings of the other."""
    if scenario.sizes != ((3, 3), (2, 2)):
        raise ValueError("the I3322 functional needs two parties with three settings and two outcomes")
    return {
        (3 * a + b, 2 * x + y): Fraction(ALONE[0][a] * (x == 0) + ALONE[1][b] * (y == 0), 3)
        + BOTH[a][b] * (x == y == 0)
        for a, b, x, y in product(range(3), range(3), range(2), range(2))
    }


FUNCTIONALS = {"i3322": i3322}
