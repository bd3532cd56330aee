r"""Attacks of leakage in closed form, as functions of epsilon (docs/proofs/chained-leakage.md, statement 3).

With Q = 1 - 2e, P = 1 + 2e, J = 2^n I/c, lambda = J/Q^n, and formula k as in bounds/methods/leakage.py: for k
> 0 a box that errs on an edge whose first bit is not that of the settings asked for, with weight lambda,
bits as unlikely as can be on the way to the edge, as likely on the way to these settings as the rest,
unbiased and without errors, allows. For k = 0 (lambda >= 1/2), and where J >= Q^n, mixtures of distributions
that show one string with (Q/2)^n and make up for it along another. On average over settings that are told:
the same, but for lambda <= 1/2 bits past the first are fair away from the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

from freerand_opt.model.problem import Test
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.polynomials import combination, times
from freerand_opt.programs.cycle import Cycle, edge_form

Poly: TypeAlias = list[int]
Chance: TypeAlias = tuple[Poly, Poly]
RARE: Chance = ([1, -2], [2])
LIKELY: Chance = ([1, 2], [2])
FAIR: Chance = ([1], [2])


@dataclass(frozen=True, eq=False)
class Leakage:
    """A question of this kind: settings by string, the string asked for (on average: of an edge), c, J.

    `score` is rational, and within the test's; `right` what P(s) costs without errors, by setting.
    """

    cycle: Cycle
    test: Test
    score: Fraction
    leaves: tuple[int, ...]
    target: int
    price: Fraction
    right: dict[int, Fraction]
    j: Fraction

    @property
    def fixed(self) -> bool:
        """Return whether the settings are fixed at which the outcome is asked for."""
        return self.cycle.problem.ask.at is not None

    @property
    def depth(self) -> int:
        """Return the number of bits."""
        return len(self.leaves).bit_length() - 1

    @property
    def edges(self) -> list[int]:
        """Return the strings of the edges, ascending by joint setting."""
        return [self.leaves.index(s) for s in sorted(self.cycle.edges)]

    def near(self, leaf: int) -> bool:
        """Return whether the first bit of a string is that of the settings asked for."""
        return not (leaf ^ self.target) >> (self.depth - 1)


@cache
def power_of(i: int, j: int) -> Poly:
    """Return Q^i P^j."""
    return times(power_of(i - 1, j), RARE[0]) if i else times(power_of(0, j - 1), LIKELY[0]) if j else [1]


def summed(*parts: tuple[int, Sequence[int]]) -> Poly:
    """Return the sum of integers times polynomials."""
    return combination(parts)


class _Flows:
    """A flow graph whose chances are quotients of polynomials."""

    def __init__(self, made: Leakage) -> None:
        self.depth = made.depth
        self.palette: dict[tuple[tuple[int, ...], ...], int] = {}
        self.nodes: list[list[int | None]] = []
        self.even: list[int | None] = [None]  # by height
        for _ in range(made.depth - 1):
            self.even.append(self.node(FAIR, 0, self.even[-1], self.even[-1]))

    def node(self, chance: Chance, bit: int, toward: int | None, beside: int | None) -> int:
        """Add a node whose child at `bit` has a chance; return its number."""
        num, den = chance
        if bit:
            num, toward, beside = summed((1, den), (-1, num)), beside, toward
        code = self.palette.setdefault((tuple(num), tuple(den)), len(self.palette))
        self.nodes.append([code, toward, beside])
        return len(self.nodes) - 1

    def along(self, leaf: int, other: int, chances: Sequence[Chance], beside: Sequence[Chance]) -> int:
        """Return the root of a distribution: chances toward a string, toward another from the second bit on.

        Their first bits differ; below all other nodes bits are fair.
        """
        ways = []
        for end, own in ((leaf, chances), (other, beside)):
            node: int | None = None
            for height in range(1, self.depth):
                bit = end >> (height - 1) & 1
                node = self.node(own[self.depth - height], bit, node, self.even[height - 1])
            ways.append(node)
        return self.node(chances[0], leaf >> (self.depth - 1), *ways)


def piece(made: Leakage, k: int) -> dict[str, Any]:
    """Return the attack where formula k is the least."""
    flows, edges = _Flows(made), made.edges
    far, near = (next(x for x in edges if made.near(x) == same) for same in (False, True))
    if k > 0:
        unit, weights, nodes = _one_edge(made, flows, k, far)
    else:
        unit, weights, nodes = _two_edges(made, flows, (far, near), known=k < 0)
    error = edges.index(far)
    return {
        "unit": unit,
        "scores": [str(made.score) if isinstance(made.test.score, Real) else None],
        "edges": edge_form(made.cycle),
        "flow": {"palette": list(flows.palette), "nodes": flows.nodes},
        "weights": weights,
        "nodes": nodes,
        "errors": [error, None] if k > 0 else [error, None, error, edges.index(near)][-len(nodes) :],
    }


def _one_edge(made: Leakage, flows: _Flows, k: int, far: int) -> tuple[Poly, list[Poly], list[int]]:
    """Return unit, weights and roots for P^(k-1) lambda <= 1/2, and 1/2 <= P^k lambda if k < n."""
    n, (j, below) = made.depth, made.j.as_integer_ratio()

    def scaled(power: int) -> Poly:
        return summed((below, power_of(power, 0)))

    def left(d: int) -> Poly:
        """Return what is not known at depth d <= k on the way, 1 - P^d lambda, times Q^n."""
        return summed((1, scaled(n)), (-j, power_of(0, d)))

    def known(d: int) -> Poly:
        """Return what is known at depth d >= k, 1 - Q^(d-k) (1 - P^k lambda), times Q^(n-d+k)."""
        return summed((1, scaled(n - d + k)), (-1, left(k)))

    def past(d: int) -> Poly:
        """Return what is not known on the way to the edge, 1 - Q^d lambda, times Q^(n-d)."""
        return summed((1, scaled(n - d)), (-j, [1]))

    to = [LIKELY if d < k else (times(RARE[0], known(d + 1)), summed((2, known(d)))) for d in range(n)]
    rest = [(left(d + 1), summed((2, left(d)))) if d < k else RARE for d in range(n)]
    beside = [(summed((1, scaled(n - d)), (-j, RARE[0])), summed((2, past(d)))) for d in range(n)]
    if not made.fixed:
        to[1:] = rest[1:] = [FAIR] * (n - 1)
    roots = [flows.along(made.target, far, to, [RARE] * n), flows.along(made.target, far, rest, beside)]
    return scaled(n), [[j], left(0)], roots


def _two_edges(
    made: Leakage, flows: _Flows, edges: tuple[int, int], *, known: bool
) -> tuple[Poly, list[Poly], list[int]]:
    """Return unit, weights and roots for lambda >= 1/2, mixed of those for 1/2 and 1; `known`: for >= 1."""
    n, (j, below) = made.depth, made.j.as_integer_ratio()
    lacking = [summed((2, [1]), (-1, power_of(d, 0))) for d in range(n + 1)]
    makes_up = [(lacking[d + 1], summed((2, lacking[d]))) for d in range(n)]
    far, near = edges
    pairs = [(far, near), (near, far)]
    if known:
        return [2], [[1], [1]], [flows.along(a, b, [RARE] * n, makes_up) for a, b in pairs]
    pairs = [(far, made.target), (made.target, far), *pairs]
    roots = [flows.along(a, b, [RARE] * n, makes_up) for a, b in pairs]
    whole = summed((below, power_of(n, 0)))
    fair, rest = summed((2, whole), (-2 * j, [1])), summed((2 * j, [1]), (-1, whole))
    return summed((2, whole)), [fair, fair, rest, rest], roots
