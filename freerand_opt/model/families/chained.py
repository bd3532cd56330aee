r"""Chained correlations (arXiv:1105.3195, Eq. 2): two parties, N settings a = 0..N-1, two outcomes.

Settings stand for A = 2a and B = 2b + 1. Outcomes should agree where :math:`|A - B| = 1` and differ at
(0, 2N - 1); over these 2N edges

.. math:: I_N = \sum_{\text{edges}} P(\text{error}|a, b) \ge 1 \text{ local},\quad
   2N \sin^2 \tfrac{\pi}{4N} \text{ quantum},\quad 0 \text{ no-signalling}.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.model.scenario import AnyScenario, Cells, Family, Rows
from freerand_opt.model.tables.kinds import number
from freerand_opt.numbers.exact import Exact, cos_pi


def quantum(scenario: AnyScenario) -> Rows:
    """Return P = (1 + (-1)^(x+y) cos(k pi/2N))/4, k = 2a - 2b - 1: angles pi A/2N (arXiv:1105.3195, S3)."""
    n = scenario.settings[0]
    known: dict[int, tuple[Exact, ...]] = {}

    def row(s: int) -> tuple[Exact, ...]:
        a, b = divmod(s, n)
        k = 2 * (a - b) - 1
        if k not in known:
            wave = cos_pi(Fraction(k, 2 * n))
            equal, other = (1 + wave) / 4, (1 - wave) / 4
            known[k] = (equal, other, other, equal)
        return known[k]

    return row


def pr_box(scenario: AnyScenario) -> Rows:
    """Return the no-signalling box without errors on the edges of a game; equal outcomes elsewhere."""
    differ = {scenario.setting_index((a, b)) for a, b, parity in scenario.edges if parity}
    half, none = Fraction(1, 2), Fraction(0)
    return lambda s: (none, half, half, none) if s in differ else (half, none, none, half)


class Chained(Family, tag="chained"):
    """Two parties with N settings and two outcomes each, on a closed chain of 2N edges."""

    N: Annotated[int, number(2, 1024, whole=True), "number of settings of each party"]
    behaviours: ClassVar = {"quantum": quantum, "pr-box": pr_box}

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return (self.N, self.N), (2, 2)

    @property
    def edges(self) -> tuple[tuple[int, int, int], ...]:
        """Return the edges; outcomes differ on the last, (0, N-1)."""
        return chain(self.N)


def chain(n: int) -> tuple[tuple[int, int, int], ...]:
    """Return (a, b, parity) of the 2n edges of a chain; outcomes differ on the last, (0, n-1)."""
    near = [(a, b, 0) for a in range(n) for b in (a - 1, a) if b >= 0]
    return (*near, (0, n - 1, 1))


def chained(scenario: AnyScenario) -> Cells:
    """Return I_N, the sum of the error probabilities of the edges."""
    n = scenario.settings[0]
    if not scenario.edges and (scenario.sizes != ((n, n), (2, 2)) or n < 2):
        raise ValueError("the chained functional needs two parties, as many settings, two outcomes each")
    return {
        (scenario.setting_index((a, b)), 2 * x + (x ^ parity ^ 1)): Fraction(1)
        for a, b, parity in scenario.edges or chain(n)
        for x in range(2)
    }


FUNCTIONALS = {"chained": chained}
