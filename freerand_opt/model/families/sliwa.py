r"""Sliwa's 46 inequalities: facets for three parties with two settings and two outcomes each.

.. math:: -\sum_{ijk} c_{ijk} \langle A_i B_j C_k \rangle \le c_{111}, \qquad A_0 = B_0 = C_0 = 1

(Sliwa, Phys. Lett. A 317, 165 (2003), arXiv:quant-ph/0305190: seen as the data of a program, not in print;
that each is a facet with this local bound is checked in tests/truth/test_functionals.py). ``sliwa-1`` to
``sliwa-46``; the first is a positivity of probabilities, the second Mermin's.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import AnyScenario, Cells

#: The local bound, then c by i + 3 j + 9 k, without the constant.
ROWS = (
    "1 -1 0 -1 1 0 0 0 0 -1 1 0 1 -1 0 0 0 0 0 0 0 0 0 0 0 0 0",
    "2 0 0 0 0 0 0 0 0 0 0 0 0 -1 0 0 0 -1 0 0 0 0 0 -1 0 1 0",
    "2 0 0 0 0 0 0 0 0 0 0 0 0 -1 -1 0 0 0 0 0 0 0 0 0 0 -1 1",
    "2 -2 0 0 0 0 0 0 0 0 0 0 -1 1 0 -1 1 0 0 0 0 -1 1 0 1 -1 0",
    "3 -1 0 -1 0 -1 0 -1 1 -1 0 -1 0 1 1 -1 1 0 0 -1 1 -1 1 0 1 0 -1",
    "3 -1 0 -1 -1 0 0 0 0 -1 0 -1 0 1 1 -1 1 0 0 -1 1 1 0 -1 -1 1 0",
    "4 0 0 0 0 0 0 0 0 0 0 0 0 -3 -1 0 -1 1 0 0 0 0 -1 1 0 1 -1",
    "4 0 0 0 -1 -1 0 -1 -1 0 0 0 0 -2 0 0 0 2 0 0 0 0 -1 1 0 1 -1",
    "4 0 0 0 -1 -1 0 -1 -1 0 0 0 0 -2 0 0 2 0 0 0 0 0 -1 1 0 -1 1",
    "4 0 0 0 -1 -1 0 -1 -1 0 -1 1 -1 -1 0 1 0 1 0 -1 1 1 0 -1 -1 1 0",
    "4 0 0 0 -2 0 0 0 -2 0 0 0 0 -1 -1 0 1 1 0 0 0 0 -1 1 0 -1 1",
    "4 0 0 0 -2 0 0 0 -2 0 -1 -1 1 0 -1 1 1 0 0 -1 -1 1 0 1 1 -1 0",
    "4 0 0 0 -2 -2 0 0 0 0 0 0 0 -1 1 0 -1 1 0 0 0 0 -1 1 0 1 -1",
    "4 0 0 0 -2 -2 0 0 0 0 -1 1 0 0 0 0 -1 1 0 -1 1 0 0 0 0 1 -1",
    "4 0 0 0 -2 -2 0 0 0 0 -1 -1 2 0 0 0 -1 1 0 -1 -1 2 0 0 0 1 -1",
    "4 -1 -1 0 -1 -1 0 0 0 0 -1 -1 0 0 2 0 -1 1 0 0 0 0 -1 1 0 1 -1",
    "4 -1 -1 0 -1 -1 0 0 0 0 -1 -1 0 1 1 0 0 0 0 0 0 0 0 0 0 -2 2",
    "4 -1 -1 0 -1 -1 0 0 0 0 -1 -1 2 0 0 0 -1 1 0 0 0 0 -1 1 -2 1 1",
    "4 -1 -1 0 -1 -1 0 0 0 0 -1 -1 2 0 0 -2 1 1 0 0 0 0 -1 1 0 -1 1",
    "4 -1 -1 0 -1 1 0 -1 1 0 -1 1 1 -1 -1 1 -1 -1 0 0 0 -1 1 1 1 -1 -1",
    "4 -1 -1 -1 -1 0 -1 0 1 0 -1 -1 -1 2 1 -1 1 0 0 0 0 0 -1 1 0 1 -1",
    "4 -1 -1 -1 -1 0 -1 0 1 -1 -1 0 -1 2 1 0 1 -1 -1 0 1 0 1 -1 1 -1 0",
    "4 -1 -1 -1 1 1 -1 1 1 0 -1 1 0 1 -1 0 1 -1 0 0 0 -1 1 1 1 -1 -1",
    "5 -1 0 -1 0 -1 0 -1 -1 -1 0 -1 1 -2 1 0 0 2 0 -1 -1 0 0 2 0 1 -1",
    "5 -1 0 -1 0 -1 0 -1 -1 -1 0 -1 1 -2 1 0 0 2 0 -1 -1 0 2 0 0 -1 1",
    "5 -1 0 -1 -1 0 0 0 -2 -1 -1 0 -1 1 0 0 0 2 0 0 -2 0 0 2 2 -2 0",
    "5 -2 -1 -1 1 0 0 -1 -1 -1 1 0 0 -2 2 -1 1 0 0 -1 -1 -1 1 0 -1 2 1",
    "6 -1 -1 0 -1 1 0 0 0 0 -1 1 1 -2 -1 -1 1 2 0 0 0 -1 1 2 -1 3 0",
    "6 -1 -1 0 -1 1 0 0 0 0 -1 1 1 -2 -1 -1 1 2 0 0 0 -1 3 0 -1 1 2",
    "6 -1 -1 0 -2 2 0 -1 1 0 -1 1 1 -2 -1 1 -1 -2 0 0 0 -1 2 1 1 -2 -1",
    "6 -1 -1 -1 0 1 -1 1 0 0 -1 1 0 0 -2 0 1 -3 0 0 0 -1 2 1 1 -2 -1",
    "6 -1 -1 -1 0 1 -1 1 0 0 -2 2 0 0 -2 0 0 -2 0 -1 1 1 -2 -1 -1 1 2",
    "6 -1 -1 -1 0 1 -1 1 0 -1 0 1 0 0 -2 1 -2 -1 -1 1 0 1 -2 -1 0 -1 3",
    "6 -1 -1 -1 0 1 -1 1 0 -1 0 1 1 2 -1 2 -2 -2 -1 1 0 2 0 0 1 -1 2",
    "6 -1 -1 -1 1 2 -1 2 1 0 -1 1 0 1 -1 0 2 -2 0 0 0 -1 2 1 1 -2 -1",
    "6 -2 0 0 -1 -1 0 -1 -1 0 -1 -1 -1 2 -1 1 -1 2 0 -1 -1 1 -1 2 1 -2 1",
    "6 -2 0 0 -1 -1 0 -1 -1 0 -1 -1 -1 3 0 1 -2 1 0 -1 -1 1 -2 1 1 -1 2",
    "6 -2 0 0 -2 -2 0 0 0 0 -1 -1 1 -1 2 -1 2 -1 0 -1 -1 1 -1 2 1 -2 1",
    "6 -2 0 -2 1 -1 0 -1 -1 -2 1 -1 1 -2 1 -1 1 2 0 -1 -1 -1 1 2 -1 2 -1",
    "6 -2 -2 -2 1 1 0 -1 -1 0 -1 -1 -2 1 1 -2 2 2 0 -1 1 0 2 -2 0 -1 1",
    "7 -1 0 -1 -1 0 0 0 0 -1 0 -1 0 3 1 -1 1 2 0 -1 1 -1 4 -1 1 -1 -2",
    "8 -1 -1 -1 -1 0 -1 0 1 0 -1 1 -1 2 1 1 1 -4 0 0 -2 0 1 3 -2 3 1",
    "8 -2 0 -2 1 -1 0 -1 1 0 -1 -1 -1 2 3 1 -1 -2 0 -1 1 -1 3 0 -1 4 -1",
    "8 -2 -2 0 -2 2 0 0 0 0 -1 1 2 -2 -2 -2 1 3 0 -1 1 2 -2 -2 2 -3 -1",
    "8 -3 -1 0 -2 2 0 -1 1 0 -2 2 2 -2 -2 2 -2 -2 0 -1 1 2 -2 -2 -2 3 1",
    "10 -3 -1 -3 2 1 -1 1 2 0 -2 2 -1 3 -4 -1 1 -2 0 -1 -1 -2 3 1 2 -4 -2",
)


def bound(number: int) -> int:
    """Return the local bound of an inequality, 1 to 46."""
    return int(ROWS[number - 1].split()[0])


def _functional(number: int) -> Callable[[AnyScenario], Cells]:
    def cells(scenario: AnyScenario) -> Cells:
        if scenario.sizes != ((2, 2, 2), (2, 2, 2)):
            raise ValueError(f"sliwa-{number} needs three parties with two settings and two outcomes each")
        factors = [0, *map(int, ROWS[number - 1].split()[1:])]
        found: dict[tuple[int, int], Fraction] = {}
        for settings in product(range(2), repeat=3):
            for outcomes in product(range(2), repeat=3):
                total = Fraction(0)
                for k, j, i in product(range(3), repeat=3):
                    used = [(x, p) for p, x in enumerate((i, j, k)) if x]
                    if factors[i + 3 * j + 9 * k] and all(settings[p] == x - 1 for x, p in used):
                        # means of few parties are averaged over the settings of the others
                        share = Fraction(1, 2 ** (3 - len(used)))
                        total -= (
                            factors[i + 3 * j + 9 * k] * share * (-1) ** sum(outcomes[p] for _, p in used)
                        )
                s = 4 * settings[0] + 2 * settings[1] + settings[2]
                o = 4 * outcomes[0] + 2 * outcomes[1] + outcomes[2]
                if total:
                    found[s, o] = total
        return found

    cells.__doc__ = f"Return Sliwa's inequality {number}; local at most {bound(number)}."
    return cells


FUNCTIONALS = {f"sliwa-{number}": _functional(number) for number in range(1, 47)}
