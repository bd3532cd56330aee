r"""Collins, Gisin, Linden, Massar and Popescu: two parties, two settings, d outcomes each.

.. math:: I_d = \sum_{k < \lfloor d/2 \rfloor} \Bigl(1 - \frac{2k}{d-1}\Bigr)
    \bigl[ p_{00}(k) + p_{10}(-k-1) + p_{11}(k) + p_{01}(-k) - p_{00}(-k-1) - p_{10}(k) - p_{11}(-k-1)
    - p_{01}(k+1) \bigr]

with p_ab(k) the probability of A = B + k modulo d (arXiv:quant-ph/0106024; equation not looked up); local
at most 2, no-signalling 4; quantum 2 sqrt 2 for d = 2, 1 + sqrt(11/3) for d = 3 (arXiv:quant-ph/0111143).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Annotated

from freerand_opt.model.scenario import AnyScenario, Cells, Family
from freerand_opt.model.tables.kinds import number


class Cglmp(Family, tag="cglmp"):
    """Two parties with two settings and d outcomes each."""

    d: Annotated[int, number(2, 32, whole=True), "number of outcomes of each party"]

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (2, 2), (self.d, self.d)


def cglmp(scenario: AnyScenario) -> Cells:
    """Return I_d."""
    d = scenario.outcomes[0]
    if scenario.sizes != ((2, 2), (d, d)) or d < 2:
        raise ValueError("the CGLMP functional needs two parties with two settings and d >= 2 outcomes")
    cells: dict[tuple[int, int], Fraction] = {}
    for k in range(d // 2):
        weight = 1 - Fraction(2 * k, d - 1)
        # for each pair of settings the difference A - B that counts for, and the one that counts against
        for s, good, bad in ((0, k, -k - 1), (2, -k - 1, k), (3, k, -k - 1), (1, -k, k + 1)):
            for y, (difference, sign) in product(range(d), ((good, 1), (bad, -1))):
                key = (s, (y + difference) % d * d + y)
                cells[key] = cells.get(key, Fraction(0)) + sign * weight
    return cells


FUNCTIONALS = {"cglmp": cglmp}
