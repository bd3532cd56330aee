"""The vertices of a source, and whether a setting always occurs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import lcm, prod

from freerand_opt.checker.failures import Rejected, TooMuch, Work
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.vectors import over

MOST_VERTICES = 1 << 17
#: Steps of work of an entry of a vertex: a few operations on fractions, and it is kept.
ENTRY = 16


def vertices(source: Source, work: Work) -> list[list[Fraction]]:
    """Return the vertices of a source, in an order of its own; raise Rejected where none are offered."""
    if isinstance(source, Point):
        return [source.values.values()]
    if isinstance(source, Bits):
        return _bit_vertices(source, work)
    if isinstance(source, Limits):
        return _limit_vertices(source, work)
    if isinstance(source, Rows) and source.mutual is not None:
        return _mutual_vertices(*source.mutual, work)
    if isinstance(source, Product):
        own = [vertices(part, work) for part in source.parts]
        count = prod(len(each) for each in own)
        _may_be(count, work, prod(source.sizes))
        return [[prod(xs, start=Fraction(1)) for xs in product(*chosen)] for chosen in product(*own)]
    if isinstance(source, Shared) and source.points:
        return [list(point) for point in source.points]
    raise Rejected("source: this one is not given by vertices")


def _may_be(count: int, work: Work, size: int) -> None:
    if count > MOST_VERTICES:
        raise TooMuch(f"source: more than {MOST_VERTICES} vertices")
    work.spend(ENTRY * count * size, "vertices of the source")


def string_vertices(ranges: Sequence[tuple[Fraction, Fraction]], work: Work) -> list[list[Fraction]]:
    """Return the vertices of bits with these ranges, as distributions of strings."""
    found: list[list[Fraction]] = [[Fraction(1)]]
    for low, high in reversed(ranges):
        _may_be(len(found) ** 2 * (1 if low == high else 2), work, 2 * len(found[0]))
        found = [
            [*(share * x for x in left), *((1 - share) * x for x in right)]
            for share in ((low,) if low == high else (low, high))
            for left in found
            for right in found
        ]
    return found


def _bit_vertices(source: Bits, work: Work) -> list[list[Fraction]]:
    settings = []
    for leaf_masses in string_vertices(source.ranges, work):
        masses = [Fraction(0)] * source.size
        for s, mass in zip(source.leaves, leaf_masses, strict=True):
            masses[s] += mass
        settings.append(masses)
    return settings


def _limit_vertices(source: Limits, work: Work) -> list[list[Fraction]]:
    """All but one probability at a limit; the one left over makes the sum 1."""
    lower, upper = source.lower.values(), source.upper.values()
    size = len(lower)
    _may_be(size << size, work, size)
    found: dict[tuple[Fraction, ...], None] = {}
    for rest in range(size):
        others = [(low, high) if low != high else (low,) for low, high in zip(lower, upper, strict=True)]
        others[rest] = (Fraction(0),)
        for values in product(*others):
            left = 1 - sum(values, Fraction(0))
            if lower[rest] <= left <= upper[rest]:
                found[*values[:rest], left, *values[rest + 1 :]] = None
    return [list(vertex) for vertex in found]


def _mutual_vertices(parties: int, odds: Fraction, work: Work) -> list[list[Fraction]]:
    """s(x) proportional to odds^d(x) with d of neighbours (one party's setting apart) differing by 1."""
    size = 1 << parties
    heights: list[list[int]] = [[0]]
    for x in range(1, size):
        near = [x ^ 1 << b for b in range(parties) if x >> b & 1]
        heights = [
            [*held, d]
            for held in heights
            for d in (held[near[0]] - 1, held[near[0]] + 1)
            if all(abs(held[y] - d) == 1 for y in near)
        ]
        _may_be(len(heights), work, size)
    found = []
    for held in heights:
        raw = [odds**d for d in held]
        total = sum(raw)
        found.append([x / total for x in raw])
    return found


def certainly_occurs(source: Source, s: int, work: Work) -> bool:
    """Return whether every distribution of the source gives a setting a positive probability."""
    if isinstance(source, Average | Shared):
        return False
    if isinstance(source, Point):
        return source.values[s] > 0
    if isinstance(source, Bits):
        return s in source.leaves and all(0 < low <= high < 1 for low, high in source.ranges)
    if isinstance(source, Limits):
        others = sum(source.upper[t] for t in range(source.upper.length) if t != s)
        return source.lower[s] > 0 or others < 1
    if isinstance(source, Rows) and source.mutual is None:
        return source.full
    return all(vertex[s] > 0 for vertex in vertices(source, work))


class Sections:
    """A product, folded over one party's source for each product of vertices of the others.

    These are `shares`, over `unit`.
    """

    def __init__(self, source: Product, work: Work) -> None:
        own = [vertices(part, work) for part in source.parts]
        self.sizes, self.work = source.sizes, work
        #: the party that is folded: the first with the most vertices
        self.party = max(range(len(own)), key=lambda p: (len(own[p]), -p))
        self.part = source.parts[self.party]
        others = [each for p, each in enumerate(own) if p != self.party]
        entries = prod(map(len, others)) * (prod(self.sizes) // self.sizes[self.party])
        work.spend(ENTRY * entries, "products of the source")
        self.unit = prod(lcm(*{x.denominator for point in each for x in point}) for each in others)
        shares = [[prod(xs, start=Fraction(1)) for xs in product(*chosen)] for chosen in product(*others)]
        self.shares = [[over(x, self.unit) for x in held] for held in shares]
        self.step = prod(self.sizes[self.party + 1 :])

    def places(self, s: int) -> tuple[int, int]:
        """Return the setting of the party that is folded, and the joint setting of the others."""
        first, last = divmod(s, self.step)
        return first % self.sizes[self.party], first // self.sizes[self.party] * self.step + last

    def means(self, shares: list[int], values: list[int]) -> list[int]:
        """Return the sums over the others' settings, by the setting of the party that is folded."""
        self.work.spend(len(values), "products of the source")
        found = [0] * self.sizes[self.party]
        for s, value in enumerate(values):
            x, rest = self.places(s)
            found[x] += shares[rest] * value
        return found
