"""Source points of an attack: P(w) P(s|w) listed, or as a node of a flow graph of bits.

A flow graph lists nodes [chance of the left child, left, right], deepest first; a child is the number of an
earlier node, or null for a leaf. The chances lie in the ranges of the source's bits, so membership is local.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod
from typing import Any, NamedTuple

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.membership import check_masses
from freerand_opt.checker.reading import amount, closed, fraction, get, integer, items
from freerand_opt.checker.sources import Bits
from freerand_opt.checker.vectors import Vector, over, summed, vector


class Node(NamedTuple):
    """Bits below a node: the chance of the first being 0, and what follows; height 0 is a leaf."""

    height: int
    chance: Any
    left: int | None
    right: int | None


@dataclass(frozen=True)
class Flow:
    """The nodes of a flow graph, and the source whose bits they are.

    `heads[k]` is the chance of node k over `units[height]`; `unit` is the product of all units. Masses are
    whatever can be multiplied by heads and integers.
    """

    source: Bits
    nodes: tuple[Node, ...]
    units: tuple[int, ...]
    heads: tuple[Any, ...]
    unit: int

    def halves(self, k: int, mass: Any) -> tuple[Any, Any]:
        """Return what goes left and right of a mass at a node, times the unit of its height."""
        first = mass * self.heads[k]
        return first, mass * self.units[self.nodes[k].height] - first

    def level(self, masses: dict[int | None, Any]) -> tuple[dict[int | None, Any], dict[int | None, Any]]:
        """Return the masses of all left and of all right children of nodes of one height."""
        left: dict[int | None, Any] = {}
        right: dict[int | None, Any] = {}
        for k, mass in masses.items():
            assert k is not None
            node, (first, second) = self.nodes[k], self.halves(k, mass)
            left[node.left] = left.get(node.left, 0) + first
            right[node.right] = right.get(node.right, 0) + second
        return left, right

    def masses(self, k: int, weight: Fraction, work: Work) -> Vector[Fraction]:
        """Return P(w) P(s|w) by joint setting."""
        work.spend(32 * (len(self.source.leaves) + self.source.size), "flow")

        def shares(k: int | None) -> list[int]:
            if k is None:
                return [1]
            node, head = self.nodes[k], self.heads[k]
            rest = self.units[node.height] - head
            return [head * x for x in shares(node.left)] + [rest * x for x in shares(node.right)]

        found = dict.fromkeys(range(self.source.size), 0)
        for s, share in zip(self.source.leaves, shares(k), strict=True):
            found[s] += share
        above, below = weight.numerator, weight.denominator * self.unit
        known = {x: Fraction(x * above, below) for x in found.values()}  # many are alike
        return Vector(self.source.size, None, {s: known[x] for s, x in found.items()})

    def share(self, k: int, leaf: int) -> int:
        """Return P(leaf|w) below node k, over `unit`."""
        place: Any = k
        above, below = 1, 1
        for bit in reversed(range(len(self.source.ranges))):
            _, chance, left, right = self.nodes[place]
            share, unit = chance.as_integer_ratio()
            place, share = (right, unit - share) if leaf >> bit & 1 else (left, share)
            above, below = above * share, below * unit
        return above * (self.unit // below)

    def mass(self, k: int, leaf: int, weight: Any) -> Any:
        """Return what goes to a leaf of a mass at node k, over `unit`."""
        return weight * self.share(k, leaf)

    def root(self, raw: Any, where: str) -> int:
        """Return a node that has all the source's bits below it."""
        node = integer(raw, where, 0)
        if node >= len(self.nodes) or self.nodes[node].height != len(self.source.ranges):
            raise Rejected(f"{where}: the node is no root of the flow graph")
        return node

    def check(self, observed: Vector[Fraction], roots: dict[int | None, Any], whole: Any, work: Work) -> None:
        """Raise Rejected unless masses at roots add up to the observed distribution times `whole`.

        Walk down with all roots at once; below equal combinations all is alike if the settings are uniform.
        """
        leaves = self.source.leaves
        alike = not observed.but and observed.length == len(leaves) and self.source.different
        level: dict[Any, tuple[dict[int | None, Any], int]] = {0: (roots, 0)}
        for _ in self.source.ranges:
            below: dict[Any, tuple[dict[int | None, Any], int]] = {}
            for held, place in level.values():
                work.spend(4 * len(held) + 4, "flow")
                for more, child in enumerate(self.level(held)):
                    key = frozenset(child.items()) if alike else 2 * place + more
                    below[key] = (child, 2 * place + more)
            level = below
        by_setting: dict[int, Any] = {}
        for held, place in level.values():
            by_setting[leaves[place]] = by_setting.get(leaves[place], 0) + sum(held.values())
        total = whole * self.unit
        for s in by_setting if alike else range(observed.length):
            if by_setting.get(s, 0) * observed[s].denominator != total * observed[s].numerator:
                raise Rejected(f"attack: setting {s} does not have its observed probability")


def read_flow(raw: Any, q: Question, work: Work) -> Flow | None:
    """Return the flow graph {"palette": [chances], "nodes": [[code, left, right], ..]}, if any."""
    if raw is None:
        return None
    where = "attack: flow"
    closed(raw, where, ("palette", "nodes"))
    if not isinstance(q.source, Bits):
        raise Rejected(f"{where}: the source is not one of bits in one time order")
    palette = [fraction(x, where) for x in items(raw["palette"], where)]
    nodes, used = read_nodes(raw["nodes"], palette, len(q.source.ranges), work, where)
    units = [1] * (1 + len(q.source.ranges))
    for height, code in used:
        low, high = q.source.ranges[-height]
        if not low <= palette[code] <= high:
            raise Rejected(f"{where}: a chance is outside the source's range")
        units[height] = lcm(units[height], palette[code].denominator)
    work.weigh(prod(units))
    heads = tuple(over(node.chance, units[node.height]) for node in nodes)
    return Flow(q.source, nodes, tuple(units), heads, prod(units))


def read_nodes(
    raw: Any, palette: Sequence[Any], bits: int, work: Work, where: str
) -> tuple[tuple[Node, ...], set[tuple[int, int]]]:
    """Return the nodes, and the pairs (height, code of the chance) that occur."""
    nodes: list[Node] = []
    used: set[tuple[int, int]] = set()
    earlier = f"{where}: a child comes earlier"
    work.spend(4 * len(items(raw, where)), where)
    for entry in raw:
        code, left, right = items(entry, where, 3)
        first, second = (
            0 if child is None else nodes[integer(child, earlier, 0, len(nodes) - 1)].height
            for child in (left, right)
        )
        height = 1 + first
        if first != second or height > bits:
            raise Rejected(
                f"{where}: the two children of a node differ in height, or there are too many bits"
            )
        used.add((height, integer(code, where, 0, len(palette) - 1)))
        nodes.append(Node(height, palette[code], left, right))
    if len({code for _, code in used}) < len(palette) or len(set(palette)) < len(palette):
        raise Unreadable(f"{where}: a palette has no unused and no equal entries")
    return tuple(nodes), used


def read_point(
    raw: Any, more: tuple[str, ...], q: Question, flow: Flow | None, work: Work, where: str
) -> Vector[Fraction]:
    """Return the masses P(w) P(s|w) of a strategy, and check that they are of the source."""
    if get(raw, "masses") is not None:
        closed(raw, where, ("masses", *more))
        masses = vector(raw["masses"], f"{where}: masses", q.shape[0], amount)
        work.spend(8 * (1 + len(masses.but)), where)
        check_masses(q.source, masses, work, where)
        return masses
    closed(raw, where, ("weight", "node", *more))
    weight = fraction(raw["weight"], where, 0)
    if flow is None:
        raise Rejected(f"{where}: the node is no root of the flow graph")
    return flow.masses(flow.root(raw["node"], where), weight, work)


def check_observed(q: Question, masses: list[Vector[Fraction]], weights: list[Fraction], work: Work) -> None:
    """Raise Rejected unless the masses add up to the observed distribution (or to 1)."""
    if sum(weights, Fraction(0)) != 1:
        raise Rejected("attack: the weights do not sum to 1")
    if q.observed is None:
        return
    special = {s for own in (*masses, q.observed) for s in own.but}
    work.spend(len(special) * (len(masses) + 1), "attack")
    rest = [next((s for s in range(q.observed.length) if s not in special), 0)]
    for s in {*special, *rest}:
        if summed(own[s] for own in masses) != q.observed[s]:
            raise Rejected(f"attack: setting {s} does not have its observed probability")


def merged(amounts: Iterable[tuple[int, Any]]) -> dict[int | None, Any]:
    """Return the masses at roots, each once."""
    found: dict[int | None, Any] = {}
    for node, mass in amounts:
        found[node] = found.get(node, 0) + mass
    return found
