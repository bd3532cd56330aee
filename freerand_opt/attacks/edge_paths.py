r"""Local strategies that avoid one edge of a cycle each, for bits in any time order: no program is solved.

With chances in :math:`[p, 1 - p]` a strategy that errs on one edge alone shows that edge with
:math:`p^n`, n the number of bits; no strategy shows any edge with less, and every local box errs on one, so
by equal weights the errors are the least. Elsewhere all strategies whose edge is not below a node share one
chance there, which makes up for those whose edge is: with E edges of weight 1, k of them left and l right
below a node at depth d,

.. math:: \frac{E}{2^{d+1}} = k p^{d+1} + l p^d (1 - p) + \left(\frac{E}{2^d} - (k + l) p^d\right) \theta .

In epsilon, p = 1/2 - epsilon, theta is a quotient of polynomials, and both ends are one formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import lcm
from typing import Any

from freerand_opt.attacks.graph import Graph
from freerand_opt.model.certificate_form import vector_form
from freerand_opt.model.problem import Bits, Kept, Test
from freerand_opt.numbers.exact import enclose
from freerand_opt.numbers.polynomials import combination, times
from freerand_opt.programs.cycle import Cycle, edge_form, even_costs


@dataclass(frozen=True, eq=False)
class Even:
    """A cycle whose errors all cost the same, `price` for each unit of P(o, s), and bits with chances >= p.

    `right` is what P(s) costs without errors; `test`, if a strategy is asked for, limits what all costs.
    """

    cycle: Cycle
    source: Bits
    price: Fraction
    right: dict[int, Fraction]
    p: Fraction
    test: Test | None

    @property
    def margin(self) -> float | None:
        """Return by how much the test is passed, in floats; None if a score is asked for."""
        if self.test is None:
            return None
        limit = self.test.score if self.test.relation == "<=" else -self.test.score
        least = sum(self.right.values(), Fraction(0)) / len(self.source.leaves)
        least += self.price * self.p ** len(self.source.ranges)
        return float(enclose(limit - least, 80)[0])

    @property
    def prices(self) -> dict[str, Any]:
        """Return the upper end: no box of the cycle does better; settings at what no errors cost."""
        settings = [-self.right.get(s, Fraction(0)) for s in range(len(self.source.leaves))]
        tests = [] if self.test is None else ["1" if self.test.relation == "<=" else "-1"]
        return {
            "claim": "bound" if self.test is None else "none",
            "prices": {"settings": vector_form(settings), "tests": tests},
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
    costs = even_costs(cycle, values)
    low, high = source.ranges[0]
    if costs is None:
        return None
    if set(source.ranges) != {(low, high)} or low + high != 1 or low <= 0:
        return None
    test = problem.tests[0] if asked else None
    assert not isinstance(test, Kept)  # a cycle has none
    return Even(cycle, source, *costs, low, test)


def edge_paths(even: Even) -> dict[str, Any] | None:
    """Return the attack in the certificate's grammar, None if a chance would leave its range."""
    made = _Chances(even)
    form = _form(even, made, str, str)
    return form if made.inside else None


def edge_curve(even: Even) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both ends of a score without tests as functions of epsilon, the upper end and the attack.

    Where the attack's chances leave their ranges the kernel says.
    """
    unit = 2 ** len(even.source.ranges) * lcm(*(x.denominator for x in (even.price, *even.right.values())))
    error = -int(even.price * unit) // 2 ** len(even.source.ranges)
    settings = [[s, [-int(x * unit)]] for s, x in sorted(even.right.items()) if x]
    upper = {
        "unit": [unit],
        "rest": combination([(error, _power(len(even.source.ranges)))]),
        "prices": {"settings": {"all": [], "but": settings}, "tests": []},
        "proof": {"way": "cycle", "edges": edge_form(even.cycle)},
    }
    form = _form(even, _Quotients(even), lambda chance: [list(p) for p in chance], lambda _: [1])
    return upper, {"unit": [len(even.cycle.edges)], "scores": [], **form}


def _form(
    even: Even, chances: Any, written: Callable[[Any], Any], weight: Callable[[Fraction], Any]
) -> dict[str, Any]:
    place = {s: leaf for leaf, s in enumerate(even.source.leaves) if s in even.cycle.edges}
    made = _Paths(len(even.source.ranges), chances)
    _, nodes = made.below(0, sorted(place.values()))
    edges = sorted(place)
    return {
        "edges": edge_form(even.cycle),
        "flow": made.graph.form(written),
        "weights": {"all": weight(Fraction(1, len(edges))), "but": []},
        "nodes": [nodes[place[s]] for s in edges],
        "errors": list(range(len(edges))),
    }


class _Paths:
    """The flow graph; `chances` gives rare, likely and fair ones, and what makes up for edges below."""

    def __init__(self, depth: int, chances: Any) -> None:
        self.depth, self.chances, self.graph = depth, chances, Graph()

    def below(self, d: int, leaves: Sequence[int]) -> tuple[int | None, Mapping[int, int | None]]:
        """Return the node of the strategies that avoid no edge below it, and by leaf those of the others."""
        made = self.chances
        if d == self.depth:
            return None, dict.fromkeys(leaves)
        if not leaves:
            node: int | None = None
            for _ in range(self.depth - d):
                node = self.graph.node(made.fair, node, node)
            return node, {}
        bit = 1 << (self.depth - 1 - d)
        parts = [[leaf for leaf in leaves if bool(leaf & bit) == turn] for turn in (False, True)]
        (left, first), (right, second) = (self.below(d + 1, part) for part in parts)
        paths = {leaf: self.graph.node(made.rare, node, right) for leaf, node in first.items()}
        paths |= {leaf: self.graph.node(made.likely, left, node) for leaf, node in second.items()}
        return self.graph.node(made.others(d, len(first), len(second)), left, right), paths


class _Chances:
    """The chances as fractions, and whether all are in their ranges."""

    def __init__(self, even: Even) -> None:
        self.rare, self.likely, self.fair = even.p, 1 - even.p, Fraction(1, 2)
        self.edges, self.inside = len(even.cycle.edges), True
        self.known: dict[tuple[int, int, int], Fraction] = {}

    def others(self, d: int, left: int, right: int) -> Fraction:
        """Return the chance that makes up for the edges below."""
        key = (d, left, right)
        if key not in self.known:
            whole, held = Fraction(self.edges, 2**d), self.rare**d
            lacking = whole / 2 - left * held * self.rare - right * held * self.likely
            others = whole - (left + right) * held
            chance = lacking / others if others else self.fair
            self.inside &= self.rare <= chance <= self.likely and (bool(others) or not lacking)
            self.known[key] = chance
        return self.known[key]


class _Quotients:
    """The chances as quotients of polynomials in epsilon; with Q = 1 - 2 epsilon rare is Q/2."""

    def __init__(self, even: Even) -> None:
        self.rare, self.likely, self.fair = ((1, -2), (2,)), ((1, 2), (2,)), ((1,), (2,))
        self.edges = len(even.cycle.edges)

    def others(self, d: int, left: int, right: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the chance that makes up for the edges below."""
        held, more = _power(d), _power(d + 1)
        # the errors' chances with likely = 1 - rare, all times 2^(d+1)
        lacking = combination([(self.edges, [1]), (right - left, more), (-2 * right, held)])
        others = combination([(2 * self.edges, [1]), (-2 * (left + right), held)])
        return (tuple(lacking), tuple(others)) if others else self.fair


@cache
def _power(k: int) -> list[int]:
    """Return Q^k."""
    return times(_power(k - 1), (1, -2)) if k else [1]
