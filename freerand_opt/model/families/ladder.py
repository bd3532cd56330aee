r"""Hardy's ladder: two parties with settings 0..K and two outcomes each.

Zeros: :math:`P(A_k = 1, B_{k-1} = 0) = P(A_{k-1} = 0, B_k = 1) = 0` for k = 1..K, and
:math:`P(A_0 = B_0 = 1) = 0`. The state :math:`s^2 |00\rangle - |11\rangle` with outcome 1 of setting k along
:math:`(1, (-1)^k s^{2k+1})` keeps them, and

.. math:: h = P(A_K = B_K = 1) = \frac{s^4 (1 - s^{4K})^2}{(1 + s^4)(1 + s^{4K+2})^2} .

K = 1 is Hardy's test. Boschi, Branca, De Martini, Hardy, Phys. Rev. Lett. 79, 2755 (1997), from memory; h by
substitution (tests/truth/test_ladder.py).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.model.scenario import AnyScenario, Cells, Family, Rows
from freerand_opt.model.tables.kinds import number


def quantum(scenario: AnyScenario) -> Rows:
    """Return the probabilities of the ladder's state, rational for rational s."""
    s: Fraction = scenario.s  # type: ignore[attr-defined]
    count = scenario.settings[0]
    directions = []
    for k in range(count):
        slope = (-1) ** k * s ** (2 * k + 1)
        one = (Fraction(1), slope)
        directions.append(((-slope, Fraction(1)), one))  # outcomes 0 and 1
    norms = [1 + own[1][1] ** 2 for own in directions]

    def row(place: int) -> tuple[Fraction, ...]:
        a, b = divmod(place, count)
        found = []
        for x in range(2):
            for y in range(2):
                u, v = directions[a][x], directions[b][y]
                found.append((s * s * u[0] * v[0] - u[1] * v[1]) ** 2 / ((1 + s**4) * norms[a] * norms[b]))
        return tuple(found)

    return row


class Ladder(Family, tag="ladder"):
    """Two parties with K + 1 settings and two outcomes each, and the state's parameter."""

    K: Annotated[int, number(1, 1023, whole=True), "the last setting; there are K + 1 of each party"]
    s: Annotated[Fraction, number(above=Fraction(0), below=Fraction(1)), "parameter of the honest state"]
    behaviours: ClassVar = {"quantum": quantum}

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (self.K + 1, self.K + 1), (2, 2)


def _places(scenario: AnyScenario) -> list[tuple[int, int]]:
    """Return (joint setting, outcome) of the zeros."""
    if scenario.__struct_config__.tag != "ladder":
        raise ValueError("the functionals of the ladder need the family ladder")
    last = scenario.settings[0]
    found = [(0, 3)]
    for k in range(1, last):
        found += [(k * last + k - 1, 2), ((k - 1) * last + k, 1)]
    return found


def zeros(scenario: AnyScenario) -> Cells:
    """Return the sum of the probabilities that the honest state has not."""
    return dict.fromkeys(_places(scenario), Fraction(1))


def top(scenario: AnyScenario) -> Cells:
    """Return h, the probability of outcomes 1, 1 at the last settings."""
    _places(scenario)
    return {(scenario.shape[0] - 1, 3): Fraction(1)}


FUNCTIONALS = {"ladder-zeros": zeros, "ladder": top}
