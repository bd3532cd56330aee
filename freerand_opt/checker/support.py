r"""The largest mean of a function of the settings over a source, exact.

.. math:: \max_{s \in S} \sum_s s(s)\, v(s)

Bits: a fold up the tree of bits, in integers over one denominator, that visits only the ancestors of leaves
whose value is not the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm, prod
from operator import mul
from typing import Any

from freerand_opt.checker.averages import costly_points, free_energy
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.reading import flat_pairs, integer, items
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.vectors import Vector, dot, over
from freerand_opt.checker.vertices import Sections, vertices


class Tree:
    """The fold of one function over bits, kept node by node so that one leaf can be changed."""

    def __init__(self, source: Bits, values: Vector[Fraction], more: list[Fraction], work: Work) -> None:
        self.work, self.leaves = work, source.finder(work)
        rest = values.default or Fraction(0)
        self.unit = lcm(rest.denominator, *(x.denominator for x in (*values.but.values(), *more)))
        self.ends: list[tuple[int, int, int]] = []
        for ends in reversed(source.ranges):
            scale = lcm(*(x.denominator for x in ends))
            self.ends.append((over(ends[0], scale), over(ends[1], scale), scale))
        self.defaults = [over(rest, self.unit)]
        for _, _, scale in self.ends:
            self.defaults.append(self.defaults[-1] * scale)
        level = {leaf: over(x, self.unit) for s, x in values.but.items() for leaf in self.leaves(s)}
        self.levels = [level]
        for (low, high, scale), other in zip(self.ends, self.defaults, strict=False):
            work.spend(2 * len(level), "fold over the source")
            above: dict[int, int] = {}
            for k in dict.fromkeys(child >> 1 for child in level):
                left, right = level.get(2 * k, other), level.get(2 * k + 1, other)
                above[k] = scale * right + (high if left > right else low) * (left - right)
            level = above
            self.levels.append(level)
        self.total = self.unit * prod(scale for _, _, scale in self.ends)

    def largest(self) -> Fraction:
        """Return the largest mean."""
        return Fraction(self.levels[-1].get(0, self.defaults[-1]), self.total)

    def changed(self, k: int, x: Fraction) -> Fraction:
        """Return the largest mean with the value of one leaf changed to one of `more`."""
        self.work.spend(2 * len(self.ends), "fold over the source")
        value = over(x, self.unit)
        for (low, high, scale), held, default in zip(self.ends, self.levels, self.defaults, strict=False):
            other = held.get(k ^ 1, default)
            left, right = (other, value) if k & 1 else (value, other)
            value = scale * right + (high if left > right else low) * (left - right)
            k >>= 1
        return Fraction(value, self.total)


class Means:
    """The largest mean over the source, box by box; rows take multipliers from a proof, box after box.

    {"rows": [[k, integer, ..], ..], "unit"}: h_s + sum of row_k(s) G_k <= r at every setting, G_k = integer
    / unit, not negative for inequalities. {"vertices": true} takes the vertices of such a source instead.
    """

    def __init__(
        self, source: Source, raw: dict[str, Any], work: Work, averages: tuple[Fraction, ...] = ()
    ) -> None:
        self.source, self.work = source, work
        self.lists: list[Any] | None = None
        self.place = 0
        self.price = averages[0] if averages else Fraction(0)
        self.points: list[tuple[list[Fraction], Fraction]] | None = None
        self.sections = Sections(source, work) if isinstance(source, Product) else None
        if isinstance(source, Rows) and "vertices" not in raw:
            self.lists = items(raw["rows"], "proof: rows")
            self.unit = integer(raw["unit"], "proof: unit", 1)
        elif isinstance(source, Rows | Shared | Average) and not _informed(source):
            if raw.get("vertices", True) is not True:
                raise Unreadable("proof: 'vertices' is true, or is left out")
            self.points = priced_points(source, averages, work)

    @staticmethod
    def keys(source: Source, raw: Any) -> tuple[str, ...]:
        """Return the keys that a proof by boxes needs for its source."""
        if not isinstance(source, Rows):
            return ()
        return ("vertices",) if type(raw) is dict and "vertices" in raw else ("rows", "unit")

    def largest(self, values: Vector[Fraction]) -> list[Fraction]:
        """Return the largest mean of one box's values."""
        return [self._largest(values)]

    def over(self, values: Vector[Fraction], wrong: Sequence[tuple[int, Fraction]]) -> list[Fraction]:
        """Return the largest means with another value at one setting, for each (setting, value)."""
        source = self.source
        if isinstance(source, Point):  # a mean, so linear in the values
            self.work.spend(len(wrong), "mean over the source")
            held = self._largest(values)
            return [held + source.values[s] * (x - values[s]) for s, x in wrong]
        if isinstance(source, Bits) and source.different:
            tree = Tree(source, values, [x for _, x in wrong], self.work)
            places = [(tree.leaves(s), x) for s, x in wrong]
            return [tree.changed(leaves[0], x) if leaves else tree.largest() for leaves, x in places]
        rows = (Vector(values.length, values.default, {**values.but, s: x}) for s, x in wrong)
        return [self._largest(row) for row in rows]

    def _largest(self, values: Vector[Fraction]) -> Fraction:
        source, work = self.source, self.work
        if isinstance(source, Average) and self.points is None:
            work.spend(200 * values.length, "mutual information")
            return free_energy(values.values(), source.observed.values(), self.price)
        if self.points is not None:
            work.spend(len(self.points) * values.length, "vertices of the source")
            listed = values.values()
            return max(sum(map(mul, point, listed), Fraction(0)) - cost for point, cost in self.points)
        if self.sections is not None:
            listed, held, found = values.values(), self.sections, []
            scale = lcm(*{x.denominator for x in listed})
            whole = [over(x, scale) for x in listed]
            for shares in held.shares:
                means = enumerate(held.means(shares, whole))
                own = {k: Fraction(x, scale * held.unit) for k, x in means}
                found.append(support(held.part, Vector(len(own), None, own), work))
            return max(found)
        if self.lists is None:
            return support(source, values, work)
        assert isinstance(source, Rows)
        total = values.values()
        raw = self.lists[self.place] if self.place < len(self.lists) else None
        self.place += 1
        for k, value in flat_pairs(raw, "proof: rows", len(source.rows)):
            if value < 0 and not source.equal[k]:
                raise Rejected("proof: rows: the multiplier of an inequality is negative")
            work.spend(len(source.rows[k]), "proof: rows")
            for s, factor in source.rows[k].items():
                total[s] += factor * Fraction(value, self.unit)
        return max(total)

    def done(self) -> None:
        """Raise Unreadable if lists are left over."""
        if self.lists is not None and self.place != len(self.lists):
            raise Unreadable("proof: rows: there are more lists than boxes")


def _informed(source: Source) -> bool:
    return isinstance(source, Average) and source.measure == "information"


def priced_points(
    source: Source, averages: tuple[Fraction, ...], work: Work
) -> list[tuple[list[Fraction], Fraction]]:
    """Return points of which all distributions of a source are means, and what each costs."""
    if isinstance(source, Average):
        costly = costly_points(source, work)
        return [(point, sum(map(mul, averages, costs), Fraction(0))) for point, costs in costly]
    return [(point, Fraction(0)) for point in vertices(source, work)]


def support(source: Source, values: Vector[Fraction], work: Work) -> Fraction:
    """Return the largest mean of `values` over a source; raise Rejected for rows, which need multipliers."""
    if isinstance(source, Bits) and values.default is not None:
        return Tree(source, values, [], work).largest()
    if isinstance(source, Bits):
        return _fold(source, values, work)
    if isinstance(source, Point):
        work.spend(len(source.values.but) + len(values.but), "mean over the source")
        return dot(source.values, values)
    work.spend(values.length, "support of the source")
    if isinstance(source, Limits):
        return _greedy(source, values)
    if isinstance(source, Product):
        return Means(source, {}, work).largest(values)[0]
    raise Rejected("source: rows need multipliers, or vertices")


def _fold(source: Bits, values: Vector[Fraction], work: Work) -> Fraction:
    """Fold all leaves, in integers over one denominator."""
    work.spend(2 * len(source.leaves), "fold over the source")
    unit = lcm(1, *(x.denominator for x in values.but.values()))
    whole = [over(x, unit) for x in values.values()]
    level = [whole[s] for s in source.leaves]
    for low, high in reversed(source.ranges):
        scale = lcm(low.denominator, high.denominator)
        bottom, top = over(low, scale), over(high, scale)
        level = [
            scale * right + (top if left > right else bottom) * (left - right)
            for left, right in zip(level[::2], level[1::2], strict=True)
        ]
        unit *= scale
    return Fraction(level[0], unit)


def _greedy(source: Limits, values: Vector[Fraction]) -> Fraction:
    """Give each setting its least probability, and what is left to the largest values first."""
    given = [source.lower.values(), source.upper.values(), values.values()]
    unit, scale = (
        lcm(*(x.denominator for held in given[:2] for x in held)),
        lcm(*(x.denominator for x in given[2])),
    )
    lower, upper = ([over(x, unit) for x in held] for held in given[:2])
    listed = [over(x, scale) for x in given[2]]
    left, total = unit - sum(lower), sum(map(mul, lower, listed))
    for s in sorted(range(len(listed)), key=listed.__getitem__, reverse=True):
        share = min(left, upper[s] - lower[s])
        total, left = total + share * listed[s], left - share
    return Fraction(total, unit * scale)


def largest_mass(source: Source, s: int, size: int, work: Work) -> Fraction:
    """Return the largest P(s|w); 1 for rows whose vertices are not listed."""
    if isinstance(source, Rows):
        return Fraction(1) if source.mutual is None else max(v[s] for v in vertices(source, work))
    if isinstance(source, Shared):
        return min(source.bound, Fraction(1))
    return support(source, Vector(size, Fraction(0), {s: Fraction(1)}), work)


def largest_ratio(source: Source, s: int, at: int, work: Work) -> Fraction | None:
    """Return the largest P(s|w)/P(at|w), None if it has no bound or is not known here."""
    if isinstance(source, Limits):
        return source.upper[s] / source.lower[at] if source.lower[at] else None
    if isinstance(source, Rows) and source.mutual is not None:  # their vertices have no zeros
        return max(v[s] / v[at] for v in vertices(source, work))
    if not isinstance(source, Bits) or not source.different:
        return None
    place = source.finder(work)
    if not place(s) or not place(at):
        return None
    here, there, ratio = place(s)[0], place(at)[0], Fraction(1)
    split = (here ^ there).bit_length()
    for level, (low, high) in enumerate(source.ranges):
        if level < len(source.ranges) - split:
            continue
        bits = len(source.ranges) - 1 - level
        first = level == len(source.ranges) - split
        top, bottom = (high, 1 - low)[here >> bits & 1], (low, 1 - high)[there >> bits & 1]
        if first:  # one bit has both children: the chances sum to 1, its extreme ratio is at an end
            share = high if here >> bits & 1 == 0 else low
            top, bottom = (share, 1 - share) if here >> bits & 1 == 0 else (1 - share, share)
        if not bottom:
            return None
        ratio *= top / bottom
    return ratio
