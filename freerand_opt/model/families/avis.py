r"""Facets of two parties with three or four settings and two outcomes: A4 to A7, and Froissart's.

.. math:: I = \sum_x c_x P_A(0|x) + \sum_y c_y P_B(0|y) + \sum_{xy} c_{xy} P(00|xy) \le 0

Numbers of the list of Avis, Imai, Ito and Sasaki (arXiv:quant-ph/0505060; seen as the data of another
program, not in print), whose A2 is CHSH and whose A3 is I3322. ``froissart`` is A3 in means (Froissart,
Nuovo Cimento B 64, 241 (1981)), for no-signalling behaviours 4 I3322 + 4, with M of I3322:

.. math:: \Bigl\langle A_0 + A_1 - B_0 - B_1 + \sum_{xy} M_{xy} A_x B_y \Bigr\rangle \le 4

That each is a facet is checked in tests/truth/test_functionals.py.
"""

from __future__ import annotations

from collections.abc import Callable

from freerand_opt.model.families.i3322 import BOTH, of_two
from freerand_opt.model.scenario import AnyScenario, Cells

#: Coefficients of P(0|x) of A, of P(0|y) of B, and of P(00|xy) by rows of A.
FACETS = {
    "a4": ((0, -1, -1), (-1, 0, -1, -1), ((1, -1, 1, 0), (1, 1, 0, 1), (-1, 0, 1, 1))),
    "a5": (
        (0, 0, -1, -1),
        (-2, -1, -1, 0),
        ((1, 1, -1, 0), (1, -1, 1, -1), (1, 0, 1, 1), (0, 1, 1, 0)),
    ),
    "a6": (
        (0, 0, -1, -1),
        (0, -1, 0, -1),
        ((-1, -1, -1, 1), (-1, 1, -1, 0), (-1, 0, 1, 1), (1, 1, 0, 1)),
    ),
    "a7": (
        (0, -1, -1, 0),
        (0, -1, -1, 0),
        ((-1, -1, 1, -1), (-1, -1, 1, 1), (1, 1, 1, 0), (-1, 1, 0, 0)),
    ),
}


def _facet(name: str) -> Callable[[AnyScenario], Cells]:
    a, b, both = FACETS[name]
    n, m = len(a), len(b)

    def cells(scenario: AnyScenario) -> Cells:
        if scenario.sizes != ((n, m), (2, 2)):
            raise ValueError(f"{name} needs two parties with {n} and {m} settings and two outcomes each")
        return of_two(a, b, both)

    cells.__doc__ = f"Return {name.upper()}; marginals are averaged over the settings of the other party."
    return cells


def froissart(scenario: AnyScenario) -> Cells:
    """Return Froissart's functional; means of one party are averaged over the settings of the other."""
    if scenario.sizes != ((3, 3), (2, 2)):
        raise ValueError("froissart needs two parties with three settings and two outcomes each")
    return of_two((1, 1, 0), (-1, -1, 0), BOTH, lambda outcome: 1 - 2 * outcome)


FUNCTIONALS = {"froissart": froissart} | {name: _facet(name) for name in FACETS}
