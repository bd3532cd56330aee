r"""I3322 and I_NN22: two parties with N settings and two outcomes each.

.. math:: I = -P_A(0|0) - 2 P_B(0|0) - P_B(0|1) + \sum_{ab} M_{ab} P(00|ab), \qquad
   M = \begin{pmatrix} 1 & 1 & 1 \\ 1 & 1 & -1 \\ 1 & -1 & 0 \end{pmatrix}

is I3322 (Collins and Gisin, arXiv:quant-ph/0306129; equation not looked up, up to exchange of the parties);
local at most 0, two qubits 1/4, no-signalling 1. In general (the pattern from memory), local at most 0,

.. math:: I = -P_A(0|0) - \sum_{b < N} (N - 1 - b) P_B(0|b)
   + \sum_{a + b < N} P(00|ab) - \sum_{a + b = N} P(00|ab) .

That it is a facet for N = 2 to 5 is checked in tests/truth/test_functionals.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import AnyScenario, Cells, Family

#: Coefficients of P(00|ab).
BOTH = ((1, 1, 1), (1, 1, -1), (1, -1, 0))


class I3322(Family, tag="i3322"):
    """Two parties with three settings and two outcomes each."""

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (3, 3), (2, 2)


def of_two(
    a: Sequence[int],
    b: Sequence[int],
    both: Sequence[Sequence[int]],
    value: Callable[[int], int] = lambda outcome: int(outcome == 0),
) -> Cells:
    """Return the sum of coefficients times means of outcomes' values: of A by x, of B by y, of products.

    The value is 1 for outcome 0, so that a mean is P(0|x), or another one. Means of one party are averaged
    over the settings of the other.
    """
    n, m = len(a), len(b)
    return {
        (m * x + y, 2 * p + q): Fraction(a[x] * value(p), m)
        + Fraction(b[y] * value(q), n)
        + both[x][y] * value(p) * value(q)
        for x, y, p, q in product(range(n), range(m), range(2), range(2))
    }


def i3322(scenario: AnyScenario) -> Cells:
    """Return I3322; P(0|a) of one party is averaged over the settings of the other."""
    if scenario.sizes != ((3, 3), (2, 2)):
        raise ValueError("the I3322 functional needs two parties with three settings and two outcomes")
    return of_two((-1, 0, 0), (-2, -1, 0), BOTH)


def inn22(scenario: AnyScenario) -> Cells:
    """Return I_NN22; P(0|a) of one party is averaged over the settings of the other."""
    settings, outcomes = scenario.sizes
    if len(settings) != 2 or settings[0] != settings[1] or outcomes != (2, 2) or settings[0] < 2:
        raise ValueError("inn22 needs two parties with as many settings, and two outcomes each")
    n = settings[0]
    both = [[(a + b < n) - (a + b == n) for b in range(n)] for a in range(n)]
    return of_two([-(a == 0) for a in range(n)], [b + 1 - n for b in range(n)], both)


def i4422(scenario: AnyScenario) -> Cells:
    """Return I_NN22 for N = 4."""
    if scenario.sizes != ((4, 4), (2, 2)):
        raise ValueError("i4422 needs two parties with four settings and two outcomes each")
    return inn22(scenario)


FUNCTIONALS = {"i3322": i3322, "inn22": inn22, "i4422": i4422}
