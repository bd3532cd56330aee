r"""Functionals of the literature that need no family of their own.

``svetlichny``: :math:`\sum_{x} (-1)^{k(k-1)/2} E_x`, k the number of ones among x, M parties: local
:math:`2^{\lceil M/2 \rceil}`, :math:`2^{M-1}` for two groups that signal within, quantum
:math:`2^{M-1}\sqrt2`, no-signalling :math:`2^M` (Svetlichny 1987; Seevinck and Svetlichny,
arXiv:quant-ph/0201046). ``elegant``: three and four settings, local 6, quantum :math:`4\sqrt3`,
no-signalling 12 (Gisin, arXiv:quant-ph/0702021). ``gyni``: guess your neighbour's input for three parties,
local and quantum 1, no-signalling 4/3 (Almeida et al., arXiv:1003.3844). Values from memory; local and
no-signalling ones are computed in tests/truth/test_functionals.py.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import AnyScenario, Cells

ELEGANT = ((1, 1, -1, -1), (1, -1, 1, -1), (1, -1, -1, 1))


def svetlichny(scenario: AnyScenario) -> Cells:
    """Return Svetlichny's functional of two or more parties."""
    parties = len(scenario.settings)
    if parties < 2 or set(scenario.settings) != {2} or set(scenario.outcomes) != {2}:
        raise ValueError("svetlichny needs two or more parties with two settings and two outcomes each")
    found = {}
    for s, settings in enumerate(scenario.joint_settings):
        k = sum(settings)
        for o, outcomes in enumerate(scenario.joint_outcomes):
            found[s, o] = Fraction((-1) ** (k * (k - 1) // 2 + sum(outcomes)))
    return found


def elegant(scenario: AnyScenario) -> Cells:
    """Return the elegant functional, A with three settings and B with four."""
    if scenario.sizes != ((3, 4), (2, 2)):
        raise ValueError("elegant needs two parties with three and four settings and two outcomes each")
    return {
        (4 * a + b, 2 * x + y): Fraction(ELEGANT[a][b] * (-1) ** (x + y))
        for a, b, x, y in product(range(3), range(4), range(2), range(2))
    }


def gyni(scenario: AnyScenario) -> Cells:
    """Return the sum of P(neighbours' settings | settings) over settings of even parity."""
    if scenario.sizes != ((2, 2, 2), (2, 2, 2)):
        raise ValueError("gyni needs three parties with two settings and two outcomes each")
    found = {}
    for s, (x, y, z) in enumerate(scenario.joint_settings):
        if (x + y + z) % 2 == 0:
            found[s, 4 * y + 2 * z + x] = Fraction(1)
    return found


FUNCTIONALS = {"svetlichny": svetlichny, "elegant": elegant, "gyni": gyni}
