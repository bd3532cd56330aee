r"""Hardy's behaviours and functional: two parties with two settings and two outcomes each.

.. math:: P(00|00) > 0, \qquad P(01|01) = P(10|10) = P(00|11) = 0

has no local model (Hardy, Phys. Rev. Lett. 71, 1665 (1993)).
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.model.scenario import AnyScenario, Cells, Rows
from freerand_opt.numbers.exact import Exact, sqrt


def _need(scenario: AnyScenario, what: str) -> None:
    if scenario.sizes != ((2, 2), (2, 2)):
        raise ValueError(f"{what} need two parties with two settings and two outcomes")


def hardy(scenario: AnyScenario) -> Rows:
    """Return the quantum behaviour with the largest P(00|00) = (5 sqrt 5 - 11)/2 beside Hardy's zeros."""
    root = sqrt(Fraction(5))
    return _behaviour(scenario, (3 - root) / 2, root - 2, (5 * root - 11) / 2)


def hardy_twelfth(scenario: AnyScenario) -> Rows:
    """Return the rational quantum behaviour with P(00|00) = 1/12 and Hardy's zeros (arXiv:1407.5634)."""
    return _behaviour(scenario, Fraction(1, 3), Fraction(1, 6), Fraction(1, 12))


def _behaviour(scenario: AnyScenario, a: Exact, single: Exact, both: Exact) -> Rows:
    r"""Return the behaviour of sqrt(a)(|01> + |10>) + sqrt(1-2a)|11>, measured at 1 in this basis.

    At setting 0 the vector of outcome 0 is proportional to sqrt(1-2a)|0> - sqrt(a)|1>; then
    P(X=0) is single = a^2/(1-a), and P(00|00) is both = a^2 (1-2a)/(1-a)^2.
    """
    _need(scenario, "Hardy's behaviours")
    none: Exact = Fraction(0)
    rows = (
        (both, single - both, single - both, 1 - 2 * single + both),
        (single, none, a - single, 1 - a),
        (single, a - single, none, 1 - a),
        (none, a, a, 1 - 2 * a),
    )
    return rows.__getitem__


def functional(scenario: AnyScenario) -> Cells:
    """Return P(00|00) - P(01|01) - P(10|10) - P(00|11); local at most 0, quantum (sqrt 2 - 1)/2.

    A Clauser-Horne expression, (S - 2)/4 after relabelling (Mermin, Am. J. Phys. 62, 880 (1994)).
    """
    _need(scenario, "Hardy's functionals")
    return {(0, 0): Fraction(1), (1, 1): Fraction(-1), (2, 2): Fraction(-1), (3, 0): Fraction(-1)}


FUNCTIONALS = {"hardy": functional}
