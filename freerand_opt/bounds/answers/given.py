"""Distributions of joint settings given w: listed masses, or a node of a flow graph of bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from freerand_opt.checker.failures import Work
from freerand_opt.checker.points import Flow
from freerand_opt.checker.vectors import Vector

#: A joint setting and its probability.
Chance = tuple[int, Fraction]


class Given:
    """P(s|w) of one w, exact; joint settings are numbers in row-major order, party A slowest."""

    def __getitem__(self, s: int) -> Fraction:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Fraction]:
        raise NotImplementedError

    @property
    def ends(self) -> tuple[Chance, Chance]:
        """Return the least and the most likely joint setting with their probabilities."""
        raise NotImplementedError


@dataclass(frozen=True)
class Listed(Given):
    """Masses P(w) P(s|w) of a w with the weight P(w) > 0."""

    masses: Vector[Fraction]
    weight: Fraction

    def __getitem__(self, s: int) -> Fraction:
        return self.masses[s] / self.weight

    def __iter__(self) -> Iterator[Fraction]:
        return (self[s] for s in range(self.masses.length))

    @property
    def ends(self) -> tuple[Chance, Chance]:
        """Return the least and the most likely joint setting with their probabilities."""
        other = next((s for s in range(self.masses.length) if s not in self.masses.but), None)
        named = sorted({*self.masses.but, *(() if other is None else (other,))})
        chances = [(s, self[s]) for s in named]
        return min(chances, key=_chance), max(chances, key=_chance)


class Graph:
    """A flow graph with what all its roots share: the leaves of a setting, and the ends of each node."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    @cached_property
    def leaves(self) -> dict[int, list[int]]:
        """Return the strings of bits that name each joint setting."""
        found: dict[int, list[int]] = {}
        for leaf, s in enumerate(self.flow.source.leaves):
            found.setdefault(s, []).append(leaf)
        return found

    @cached_property
    def single(self) -> bool:
        """Return whether each joint setting is named by one string."""
        return len(self.leaves) == len(self.flow.source.leaves) == self.flow.source.size

    @cached_property
    def ends(self) -> list[tuple[Chance, Chance]]:
        """Return the least and the most likely string below each node, with their probabilities."""
        found: list[tuple[Chance, Chance]] = []
        leaf = ((0, Fraction(1)), (0, Fraction(1)))
        for node in self.flow.nodes:
            half = 1 << (node.height - 1)
            sides = [(node.left, node.chance, 0), (node.right, 1 - node.chance, half)]
            below = [
                [(more + at, share * x) for at, x in (leaf if child is None else found[child])]
                for child, share, more in sides
            ]
            found.append(
                (min(below[0][0], below[1][0], key=_chance), max(below[0][1], below[1][1], key=_chance))
            )
        return found


@dataclass(frozen=True, eq=False)
class Root(Given):
    """A root of a flow graph: each node gives the chance of the next bit being 0."""

    graph: Graph
    node: int

    def __getitem__(self, s: int) -> Fraction:
        leaves = self.graph.leaves.get(s, ())
        flow = self.graph.flow
        return Fraction(sum(flow.share(self.node, leaf) for leaf in leaves), flow.unit)

    def __iter__(self) -> Iterator[Fraction]:
        return iter(self.graph.flow.masses(self.node, Fraction(1), Work(10**12)).values())

    @property
    def ends(self) -> tuple[Chance, Chance]:
        """Return the least and the most likely joint setting with their probabilities."""
        if not self.graph.single:
            named = list(enumerate(self))
            return min(named, key=_chance), max(named, key=_chance)
        (low, least), (high, most) = self.graph.ends[self.node]
        leaves = self.graph.flow.source.leaves
        return (leaves[low], least), (leaves[high], most)


def _chance(pair: Chance) -> Fraction:
    return pair[1]
