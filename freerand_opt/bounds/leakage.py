r"""The curve of leakage at fixed settings in epsilon, in closed form: no program is solved.

Santha-Vazirani bits in one time order, one string a setting; M = 2^n uniform settings; errors on an odd
cycle, each P(error, s) at price c, are worth at most I (docs/proofs/chained-leakage.md, statement 3). With
Q = 1 - 2e, P = 1 + 2e, J = 2^n I/c, lambda = min(1, J/Q^n) the answer is half of f(..f(lambda)), n times
f(t) = min(P t, 1 - Q (1 - t)).

*Above*, for k = 0, .., n, everywhere: prices y = -2^(k-1) Q^(n-k) below the node of depth k over the settings
asked for, M/2 more at these, m = M (P/Q)^k/(2 c) of the test,

.. math:: \text{answer} \le \tfrac12\bigl(1 - Q^{n-k} + (P/Q)^k J\bigr) .

*Below*, where this is the least: for k > 0 a box that errs on an edge whose first bit is not that of the
settings asked for, with weight lambda, bits as unlikely as can be on the way to the edge, as likely on the
way to these settings as the rest, unbiased and without errors, allows. For k = 0 (lambda >= 1/2), and where
J >= Q^n, mixtures of distributions that show one string with (Q/2)^n and make up for it along another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

from freerand_opt.bounds.pieces import ROOM, inside
from freerand_opt.bounds.threshold import simplest
from freerand_opt.model.problem import Bits, Problem, Test
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.interpolation import combination, times
from freerand_opt.programs.cycle import Cycle, cycle_of, edge_form

Poly: TypeAlias = list[int]
Chance: TypeAlias = tuple[Poly, Poly]
Parts: TypeAlias = list[dict[str, Any]]
#: Halvings by which the end of a piece is found.
HALVINGS = 60
RARE: Chance = ([1, -2], [2])
LIKELY: Chance = ([1, 2], [2])


@dataclass(frozen=True, eq=False)
class Leakage:
    """A question of this kind: settings by string, the string asked for, the price of an error, J."""

    cycle: Cycle
    test: Test
    leaves: tuple[int, ...]
    target: int
    price: Fraction
    j: Fraction

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


def leakage_of(problem: Callable[[Fraction], Problem], ends: tuple[Fraction, Fraction]) -> Leakage | None:
    """Return the question as one of leakage in closed form, None if it is none. `problem` is of epsilon."""
    first = problem(ends[0])
    source, ask = first.source, first.ask
    if not isinstance(source, Bits) or first.devices != "no-signalling" or not first.even or ask.at is None:
        return None
    if ask.score is not None or not len(source.leaves) == len(set(source.leaves)) == first.shape[0]:
        return None
    for x in ends:
        own, half = problem(x).source, Fraction(1, 2)
        if not isinstance(own, Bits) or set(own.ranges) != {(half - x, half + x)}:
            return None
    cycle = cycle_of(first)
    if cycle is None or not cycle.guessed or len(cycle.tests) != 1:
        return None
    (values,), (test,) = cycle.tests, first.tests
    costs = {more for _, more in values.values()}
    if set(values) != set(cycle.edges) or len(costs) != 1 or any(right for right, _ in values.values()):
        return None
    assert isinstance(test, Test)  # a cycle keeps no table
    price, limit = costs.pop(), inside(test.score, test.relation) * (1 if test.relation == "<=" else -1)
    place = source.leaves.index(ask.at)
    made = Leakage(cycle, test, source.leaves, place, price, limit * first.shape[0] / price)
    return made if limit > 0 and len({made.near(leaf) for leaf in made.edges}) == 2 else None


def leakage_parts(made: Leakage, ends: tuple[Fraction, Fraction]) -> tuple[Parts, Parts]:
    """Return upper ends and lower ends, polynomials in epsilon."""
    low, high = ends
    borders = [low, *_borders(made, ends), high]
    used = [
        (k, a, b) for k, (a, b) in zip(range(made.depth, -2, -1), pairwise(borders), strict=True) if a < b
    ]
    whole = {"from": str(low), "to": str(high)}
    upper = [{**whole, **(_half(made) if k < 0 else _item(made, k))} for k, _, _ in used]
    room = (high - low) * ROOM
    lower = []
    for k, a, b in used:
        if b - a > 4 * room:
            first = a if a == low else simplest(a + room / 4, a + room)
            last = b if b == high else simplest(b - room, b - room / 4)
            lower.append({"from": str(first), "to": str(last), **_piece(made, k)})
    return upper, lower


def _borders(made: Leakage, ends: tuple[Fraction, Fraction]) -> list[Fraction]:
    """Return where P^(n-1) lambda = 1/2, .., lambda = 1/2, lambda = 1, each cut to the interval."""

    def passes(x: Fraction, power: int, level: Fraction) -> bool:
        return (1 + 2 * x) ** power * made.j >= level * (1 - 2 * x) ** made.depth

    found = []
    for power, level in [*((k, Fraction(1, 2)) for k in reversed(range(made.depth))), (0, Fraction(1))]:
        low, high = ends
        if passes(low, power, level):
            high = low
        elif not passes(high, power, level):
            low = high
        for _ in range(HALVINGS if low < high else 0):
            middle = (low + high) / 2
            low, high = (low, middle) if passes(middle, power, level) else (middle, high)
        found.append(high)
    return found


@cache
def _power(i: int, j: int) -> Poly:
    """Return Q^i P^j."""
    return times(_power(i - 1, j), RARE[0]) if i else times(_power(0, j - 1), LIKELY[0]) if j else [1]


def _sum(*parts: tuple[int, Sequence[int]]) -> Poly:
    return combination(parts)


def _item(made: Leakage, k: int) -> dict[str, Any]:
    """Return the prices of formula k, over 2 Q^k."""
    n, m = made.depth, Fraction(len(made.leaves)) / made.price
    below = _sum((-(2**k) * m.denominator, _power(n, 0)))
    here = _sum((2**n * m.denominator, _power(k, 0)), (1, below))
    settings = {s: below for leaf, s in enumerate(made.leaves) if leaf >> (n - k) == made.target >> (n - k)}
    settings[made.leaves[made.target]] = here
    test = _sum((m.numerator, _power(0, k)))
    return _priced(made, _sum((2 * m.denominator, _power(k, 0))), settings, test)


def _half(made: Leakage) -> dict[str, Any]:
    """Return the prices by which leakage is at most 1/2."""
    return _priced(made, [2], {made.leaves[made.target]: [2**made.depth]}, [])


def _priced(made: Leakage, unit: Poly, settings: dict[int, Poly], test: Poly) -> dict[str, Any]:
    """Return an item. A guess is leakage and 1/2."""
    at = made.leaves[made.target]
    if made.cycle.problem.ask.quantity != "trace-distance":
        settings[at] = _sum((1, settings[at]), (2 ** (made.depth - 1), unit))
    price = _sum((1 if made.test.relation == "<=" else -1, test))
    return {
        "unit": unit,
        "rest": [],
        "prices": {
            "settings": _vector([settings.get(s, []) for s in range(len(made.leaves))]),
            "tests": [price],
        },
        "proof": {"way": "cycle", "edges": edge_form(made.cycle)},
    }


def _vector(values: list[Poly]) -> dict[str, Any]:
    """Return a vector of polynomials in the shorter of its two forms."""
    keys = list(dict.fromkeys(map(tuple, values)))
    codes = [keys.index(tuple(p)) for p in values]
    usual = max(range(len(keys)), key=codes.count)
    listed = {"all": list(keys[usual]), "but": [[s, keys[k]] for s, k in enumerate(codes) if k != usual]}
    coded = {"palette": keys, "codes": codes}
    return min(listed, coded, key=lambda form: len(json.dumps(form)))


class _Flows:
    """A flow graph whose chances are quotients of polynomials."""

    def __init__(self, made: Leakage) -> None:
        self.depth = made.depth
        self.palette: dict[tuple[tuple[int, ...], ...], int] = {}
        self.nodes: list[list[int | None]] = []
        self.even: list[int | None] = [None]  # by height
        for _ in range(made.depth - 1):
            self.even.append(self.node(([1], [2]), 0, self.even[-1], self.even[-1]))

    def node(self, chance: Chance, bit: int, toward: int | None, beside: int | None) -> int:
        """Add a node whose child at `bit` has a chance; return its number."""
        num, den = chance
        if bit:
            num, toward, beside = _sum((1, den), (-1, num)), beside, toward
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


def _piece(made: Leakage, k: int) -> dict[str, Any]:
    """Return the attack where formula k is the least."""
    flows, edges = _Flows(made), made.edges
    far, near = (next(x for x in edges if made.near(x) == same) for same in (False, True))
    if k > 0:
        unit, weights, nodes = _one_edge(made, flows, k, far)
    else:
        unit, weights, nodes = _two_edges(made, flows, (far, near), known=k < 0)
    error = edges.index(far)
    score = made.test.score
    return {
        "unit": unit,
        "scores": [str(inside(score, made.test.relation)) if isinstance(score, Real) else None],
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
        return _sum((below, _power(power, 0)))

    def left(d: int) -> Poly:
        """Return what is not known at depth d <= k on the way, 1 - P^d lambda, times Q^n."""
        return _sum((1, scaled(n)), (-j, _power(0, d)))

    def known(d: int) -> Poly:
        """Return what is known at depth d >= k, 1 - Q^(d-k) (1 - P^k lambda), times Q^(n-d+k)."""
        return _sum((1, scaled(n - d + k)), (-1, left(k)))

    def past(d: int) -> Poly:
        """Return what is not known on the way to the edge, 1 - Q^d lambda, times Q^(n-d)."""
        return _sum((1, scaled(n - d)), (-j, [1]))

    to = [LIKELY if d < k else (times(RARE[0], known(d + 1)), _sum((2, known(d)))) for d in range(n)]
    rest = [(left(d + 1), _sum((2, left(d)))) if d < k else RARE for d in range(n)]
    beside = [(_sum((1, scaled(n - d)), (-j, RARE[0])), _sum((2, past(d)))) for d in range(n)]
    roots = [flows.along(made.target, far, to, [RARE] * n), flows.along(made.target, far, rest, beside)]
    return scaled(n), [[j], left(0)], roots


def _two_edges(
    made: Leakage, flows: _Flows, edges: tuple[int, int], *, known: bool
) -> tuple[Poly, list[Poly], list[int]]:
    """Return unit, weights and roots for lambda >= 1/2, mixed of those for 1/2 and 1; `known`: for >= 1."""
    n, (j, below) = made.depth, made.j.as_integer_ratio()
    lacking = [_sum((2, [1]), (-1, _power(d, 0))) for d in range(n + 1)]
    makes_up = [(lacking[d + 1], _sum((2, lacking[d]))) for d in range(n)]
    far, near = edges
    pairs = [(far, near), (near, far)]
    if known:
        return [2], [[1], [1]], [flows.along(a, b, [RARE] * n, makes_up) for a, b in pairs]
    pairs = [(far, made.target), (made.target, far), *pairs]
    roots = [flows.along(a, b, [RARE] * n, makes_up) for a, b in pairs]
    whole = _sum((below, _power(n, 0)))
    fair, rest = _sum((2, whole), (-2 * j, [1])), _sum((2 * j, [1]), (-1, whole))
    return _sum((2, whole)), [fair, fair, rest, rest], roots
