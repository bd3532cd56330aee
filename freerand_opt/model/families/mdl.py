r"""Measurement-dependent locality: an inequality of joint probabilities.

.. math:: l P(00, 00) - h \left[ P(01, 01) + P(10, 10) + P(00, 11) \right] \le 0

for local devices and settings with :math:`l \le P(xy|w) \le h` for every w (outcomes before settings; Putz,
Rosset, Barnea, Liang, Gisin, arXiv:1407.5634). It is a functional with ``on = "joint"``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from freerand_opt.model.scenario import AnyScenario, Cells, Family
from freerand_opt.model.tables.kinds import number


class Mdl(Family, tag="mdl"):
    """Two parties with two settings and two outcomes each, and the limits of the settings."""

    lower: Annotated[Fraction, number(0, Fraction(1, 4)), "l, the least P(xy|w)"]
    upper: Annotated[Fraction, number(Fraction(1, 4), 1), "h, the largest P(xy|w)"]

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (2, 2), (2, 2)


def mdl(scenario: AnyScenario) -> Cells:
    """Return l P(00,00) - h [P(01,01) + P(10,10) + P(00,11)]."""
    if not isinstance(scenario, Mdl):
        raise ValueError("mdl needs the family mdl, which has its numbers lower and upper")
    return {(0, 0): scenario.lower, (1, 1): -scenario.upper, (2, 2): -scenario.upper, (3, 0): -scenario.upper}


FUNCTIONALS = {"mdl": mdl}
