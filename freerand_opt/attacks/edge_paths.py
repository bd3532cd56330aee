r"""Local strategies that avoid one edge of a cycle each, for bits in any time order: no program is solved.

With chances in :math:`[p, 1 - p]` a strategy that errs on one edge alone shows that edge with
:math:`p^n`, n the number of bits; no strategy shows any edge with less, and every local box errs on one, so
by equal weights the errors are the least. Elsewhere all strategies whose edge is not below a node share one
chance there, which makes up for those whose edge is: with E edges of weight 1, k of them left and l right
below a node at depth d,

.. math:: \frac{E}{2^{d+1}} = k p^{d+1} + l p^d (1 - p) + \left(\frac{E}{2^d} - (k + l) p^d\right) \theta .
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.graph import Graph
from freerand_opt.model.certificate_form import vector_form
from freerand_opt.model.problem import Bits, Kept, Test
from freerand_opt.numbers.exact import enclose
from freerand_opt.programs.cycle import Cycle, edge_form


@dataclass(frozen=True, eq=False)
class Even:
    """A cycle whose errors all cost the same, `price` for each unit of P(o, s), and bits with chances >= p.

    `test`, if a strategy is asked for, is the one that limits what errors cost.
    """

    cycle: Cycle
    source: Bits
    price: Fraction
    p: Fraction
    test: Test | None

    @property
    def margin(self) -> float | None:
        """Return by how much the test is passed, in floats; None if a score is asked for."""
        if self.test is None:
            return None
        limit = self.test.score if self.test.relation == "<=" else -self.test.score
        return float(enclose(limit - self.price * self.p ** len(self.source.ranges), 80)[0])

    @property
    def prices(self) -> dict[str, Any]:
        """Return the upper end: no box of the cycle does better, at no price for settings."""
        tests = [] if self.test is None else ["1" if self.test.relation == "<=" else "-1"]
        return {
            "claim": "bound" if self.test is None else "none",
            "prices": {"settings": {"all": "0", "but": []}, "tests": tests},
            "proof": {"way": "cycle", "edges": edge_form(self.cycle)},
        }


def even_errors(cycle: Cycle) -> Even | None:
    """Return what errors cost, None if they do not cost the same or settings are not even bits.

    Covered: local devices, uniform observed settings, each named by one string; a score without tests, or
    whether a strategy passes one test.
    """
    problem, source = cycle.problem, cycle.problem.source
    if problem.devices != "local" or not isinstance(source, Bits) or not problem.even or cycle.guessed:
        return None
    if len(source.leaves) != problem.shape[0] or len(set(source.leaves)) < problem.shape[0]:
        return None
    asked = problem.ask.quantity == "strategy"
    if len(problem.tests) != int(asked):
        return None
    values = cycle.tests[0] if asked else {s: (-a, -b) for s, (a, b) in cycle.objective.items()}
    costs = {more for _, more in values.values()}
    low, high = source.ranges[0]
    if set(values) != set(cycle.edges) or len(costs) != 1 or any(right for right, _ in values.values()):
        return None
    if set(source.ranges) != {(low, high)} or low + high != 1 or low <= 0:
        return None
    test = problem.tests[0] if asked else None
    assert not isinstance(test, Kept)  # a cycle has none
    return Even(cycle, source, costs.pop(), low, test)


def edge_paths(even: Even) -> dict[str, Any] | None:
    """Return the attack in the certificate's grammar, None if a chance would leave its range."""
    place = {s: leaf for leaf, s in enumerate(even.source.leaves) if s in even.cycle.edges}
    made = _Paths(even, len(place))
    _, nodes = made.below(0, sorted(place.values()))
    if not made.inside:
        return None
    edges = sorted(place)
    return {
        "edges": edge_form(even.cycle),
        "flow": made.graph.form(),
        "weights": vector_form([Fraction(1, len(edges))] * len(edges)),
        "nodes": [nodes[place[s]] for s in edges],
        "errors": list(range(len(edges))),
    }


class _Paths:
    def __init__(self, even: Even, edges: int) -> None:
        self.p, self.depth, self.edges = even.p, len(even.source.ranges), edges
        self.graph = Graph()
        self.inside = True
        self.chances: dict[tuple[int, int, int], Fraction] = {}

    def below(self, d: int, leaves: Sequence[int]) -> tuple[int | None, Mapping[int, int | None]]:
        """Return the node of the strategies that avoid no edge below it, and by leaf those of the others."""
        if d == self.depth:
            return None, dict.fromkeys(leaves)
        if not leaves:
            node: int | None = None
            for _ in range(self.depth - d):
                node = self.graph.node(Fraction(1, 2), node, node)
            return node, {}
        bit = 1 << (self.depth - 1 - d)
        parts = [[leaf for leaf in leaves if bool(leaf & bit) == turn] for turn in (False, True)]
        (left, first), (right, second) = (self.below(d + 1, part) for part in parts)
        paths = {leaf: self.graph.node(self.p, node, right) for leaf, node in first.items()}
        paths |= {leaf: self.graph.node(1 - self.p, left, node) for leaf, node in second.items()}
        return self.graph.node(self._chance(d, len(first), len(second)), left, right), paths

    def _chance(self, d: int, left: int, right: int) -> Fraction:
        """Return the chance that makes up for the edges below."""
        key = (d, left, right)
        if key not in self.chances:
            whole, held = Fraction(self.edges, 2**d), self.p**d
            lacking = whole / 2 - left * held * self.p - right * held * (1 - self.p)
            others = whole - (left + right) * held
            chance = lacking / others if others else Fraction(1, 2)
            self.inside &= self.p <= chance <= 1 - self.p and (bool(others) or not lacking)
            self.chances[key] = chance
        return self.chances[key]
