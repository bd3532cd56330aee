r"""I_NN22: two parties with N settings and two outcomes each.

.. math:: I = -P_A(0|0) - \sum_{b < N} (N - 1 - b) P_B(0|b)
   + \sum_{a + b < N} P(00|ab) - \sum_{a + b = N} P(00|ab)

(Collins and Gisin, arXiv:quant-ph/0306129; the pattern from memory, for N = 3 it is I3322); local at most 0.
That it is a facet for N = 2 to 5 is checked in tests/truth/test_functionals.py.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import AnyScenario, Cells


def inn22(scenario: AnyScenario) -> Cells:
    """Return I_NN22; P(0|a) of one party is averaged over the settings of the other."""
    settings, outcomes = scenario.sizes
    if len(settings) != 2 or settings[0] != settings[1] or outcomes != (2, 2) or settings[0] < 2:
        raise ValueError("inn22 needs two parties with as many settings, and two outcomes each")
    n = settings[0]
    return {
        (n * a + b, 2 * x + y): Fraction(-(a == 0) * (x == 0) - (n - 1 - b) * (y == 0), n)
        + ((a + b < n) - (a + b == n)) * (x == y == 0)
        for a, b, x, y in product(range(n), range(n), range(2), range(2))
    }


def i4422(scenario: AnyScenario) -> Cells:
    """Return I_NN22 for N = 4."""
    if scenario.sizes != ((4, 4), (2, 2)):
        raise ValueError("i4422 needs two parties with four settings and two outcomes each")
    return inn22(scenario)


FUNCTIONALS = {"inn22": inn22, "i4422": i4422}
