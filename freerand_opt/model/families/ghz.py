r"""GHZ correlations of M parties: two settings (x and y) and two outcomes each.

.. math:: (|0 \ldots 0\rangle + |1 \ldots 1\rangle)/\sqrt2, \qquad
   \prod_i (-1)^{o_i} = \text{sign}(k) \text{ at } k \text{ settings y, } k \text{ even}

(Greenberger, Horne, Zeilinger 1989; Mermin, Phys. Rev. Lett. 65, 1838 (1990); signs as in arXiv:1105.3195).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.model.scenario import AnyScenario, Cells, Family, Rows
from freerand_opt.model.tables.kinds import number
from freerand_opt.numbers.exact import Exact


def mermin_sign(ones: int) -> int:
    """Return the product of outcomes that the relations demand with so many settings y, 0 if none.

    -1 if the number is 0 mod 4, +1 if it is 2 mod 4, none if it is odd (arXiv:1105.3195).
    """
    return 0 if ones % 2 else (-1 if ones % 4 == 0 else 1)


def quantum(scenario: AnyScenario) -> Rows:
    """Return the behaviour of the GHZ state: uniform outcomes of the product that the relations demand."""
    parties = len(scenario.settings)
    odd = [sum(outcomes) % 2 for outcomes in scenario.joint_outcomes]
    share = Fraction(1, 2**parties)
    known: dict[int, tuple[Exact, ...]] = {}
    for sign in (-1, 0, 1):
        by_parity = (share * (1 + sign), share * (1 - sign))
        known[sign] = tuple(by_parity[bit] for bit in odd)
    return lambda s: known[mermin_sign(s.bit_count())]


class Ghz(Family, tag="ghz"):
    """M parties with two settings (0: x, 1: y) and two outcomes each."""

    M: Annotated[int, number(3, 64, whole=True), "number of parties"]
    behaviours: ClassVar = {"quantum": quantum}
    largest: ClassVar[int] = 4**8

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (2,) * self.M, (2,) * self.M


def _need_ghz(scenario: AnyScenario) -> None:
    settings, outcomes = scenario.sizes
    if len(settings) < 3 or {*settings, *outcomes} != {2}:
        raise ValueError("the Mermin relations need three or more parties with two settings and two outcomes")


def mermin(scenario: AnyScenario) -> Cells:
    """Return the sum over even settings of sign(s) E(s); local 2^floor(M/2), the GHZ state 2^(M-1)."""
    demanded = _demanded(scenario)
    rows = {sign: [Fraction(sign * (-1) ** odd) for odd in _parities(scenario)] for sign in (-1, 1)}
    return {(s, o): x for s, sign in demanded for o, x in enumerate(rows[sign])}


def mermin_errors(scenario: AnyScenario) -> Cells:
    """Return the total weight of the outcomes that break a relation."""
    demanded, one = _demanded(scenario), Fraction(1)
    wrong = {
        sign: [o for o, odd in enumerate(_parities(scenario)) if (-1) ** odd != sign] for sign in (-1, 1)
    }
    return {(s, o): one for s, sign in demanded for o in wrong[sign]}


def _parities(scenario: AnyScenario) -> list[int]:
    """Return whether the sum of each joint outcome is odd."""
    return [sum(outcomes) % 2 for outcomes in scenario.joint_outcomes]


def _demanded(scenario: AnyScenario) -> list[tuple[int, int]]:
    """Return the joint settings of a relation, with the product of outcomes that it demands."""
    _need_ghz(scenario)
    signs = ((s, mermin_sign(sum(settings))) for s, settings in enumerate(scenario.joint_settings))
    return [(s, sign) for s, sign in signs if sign]


FUNCTIONALS = {"mermin": mermin, "mermin-errors": mermin_errors}
