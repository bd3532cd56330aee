r"""Tilted CHSH: two parties with two settings and two outcomes each, and two numbers.

.. math:: \beta \langle A_0 \rangle + \alpha \langle A_0 (B_0 + B_1) \rangle + \langle A_1 (B_0 - B_1) \rangle

For :math:`\alpha \ge 1`: local at most :math:`\beta + 2\alpha`, no-signalling the larger of that and
:math:`2\alpha + 2`, quantum :math:`\sqrt{(1+\alpha^2)(4+\beta^2)}` while :math:`\alpha\beta \le 2`
(Acin, Massar, Pironio, arXiv:1107.2754), by :math:`\cos\theta|00\rangle + \sin\theta|11\rangle` with
:math:`\sin^2 2\theta = (4-\alpha^2\beta^2)/(4+\beta^2)`, A = Z, X and B in the ZX plane at
:math:`\pm\mu`, :math:`\tan\mu = \sin 2\theta/\alpha`.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Annotated, ClassVar

from freerand_opt.model.scenario import AnyScenario, Cells, Family, Rows
from freerand_opt.model.tables.kinds import number
from freerand_opt.numbers.exact import Exact, sqrt


def quantum(scenario: AnyScenario) -> Rows:
    """Return the behaviour of the largest quantum score; raise ValueError where alpha beta is above 2."""
    alpha, beta = _numbers(scenario)
    if alpha * beta > 2:
        raise ValueError("the tilted behaviour needs alpha * beta <= 2; beyond, local devices are best")
    a = sqrt(beta * beta * (1 + alpha * alpha) / (4 + beta * beta))
    b = alpha * beta / 2
    along = sqrt(alpha * alpha * (4 + beta * beta) / (4 * (1 + alpha * alpha)))
    across = (
        (4 - (alpha * beta) ** 2)
        / (4 * (1 + alpha * alpha) * (4 + beta * beta))
        * sqrt(4 * (1 + alpha * alpha) * (4 + beta * beta))
    )
    both = (along, along, across, -across)

    def row(s: int) -> tuple[Exact, ...]:
        mean = a if s < 2 else Fraction(0)
        return tuple(
            (1 + (-1) ** p * mean + (-1) ** q * b + (-1) ** (p + q) * both[s]) / 4
            for p, q in product(range(2), repeat=2)
        )

    return row


class Tilted(Family, tag="tilted"):
    """Two parties with two settings and two outcomes each, and the two numbers of the functional."""

    beta: Annotated[Fraction, number(0), "weight of the mean of A's setting 0"]
    alpha: Annotated[Fraction, number(1), "weight of the correlators of A's setting 0"] = Fraction(1)
    behaviours: ClassVar = {"quantum": quantum}

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (2, 2), (2, 2)


def _numbers(scenario: AnyScenario) -> tuple[Fraction, Fraction]:
    if not isinstance(scenario, Tilted):
        raise ValueError("tilted needs the family tilted, which has its numbers beta and alpha")
    return scenario.alpha, scenario.beta


def tilted(scenario: AnyScenario) -> Cells:
    """Return the tilted functional; the mean of A is averaged over the settings of B."""
    alpha, beta = _numbers(scenario)
    return {
        (2 * x + y, 2 * p + q): (1 - x) * (-1) ** p * beta / 2
        + (-1) ** (p + q + x * y) * (alpha if x == 0 else Fraction(1))
        for x, y, p, q in product(range(2), repeat=4)
    }


FUNCTIONALS = {"tilted": tilted}
