r"""Clauser, Horne, Shimony and Holt: two parties with two settings and two outcomes each.

.. math:: S = E_{00} + E_{01} + E_{10} - E_{11}, \qquad |S| \le 2 \text{ local},\; 2\sqrt2 \text{ quantum},\;
   4 \text{ no-signalling}

(Phys. Rev. Lett. 23, 880 (1969); Tsirelson, Lett. Math. Phys. 4, 93 (1980)).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import ClassVar

from freerand_opt.model.families.chained import pr_box
from freerand_opt.model.scenario import AnyScenario, Cells, Family, Rows
from freerand_opt.numbers.exact import sqrt


def quantum(scenario: AnyScenario) -> Rows:
    """Return the behaviour with S = 2 sqrt 2: four correlators of size 1/sqrt 2, uniform outcomes."""
    root = sqrt(Fraction(1, 2))
    more, less = (1 + root) / 4, (1 - root) / 4
    return lambda s: (less, more, more, less) if s == 3 else (more, less, less, more)


class Chsh(Family, tag="chsh"):
    """Two parties with two settings and two outcomes each; outcomes should differ at settings (1, 1) only."""

    behaviours: ClassVar = {"quantum": quantum, "pr-box": pr_box}
    symmetries: ClassVar = ("A -> B, B -> A", "A0 -> A1, A1 -> A0, B1 -> -B1")

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (2, 2), (2, 2)

    @property
    def edges(self) -> tuple[tuple[int, int, int], ...]:
        """Return the four pairs of settings, with parity 1 at (1, 1)."""
        return tuple((a, b, a & b) for a, b in product(range(2), repeat=2))


def chsh(scenario: AnyScenario) -> Cells:
    """Return S = E00 + E01 + E10 - E11."""
    if scenario.sizes != ((2, 2), (2, 2)):
        raise ValueError("the CHSH functional needs two parties with two settings and two outcomes")
    return {
        (2 * a + b, 2 * x + y): Fraction((-1) ** (a * b + x + y))
        for a, b, x, y in product(range(2), repeat=4)
    }


FUNCTIONALS = {"chsh": chsh}
