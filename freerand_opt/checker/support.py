r"""The largest mean of a function of the settings over a source, exact.

.. math:: \max_{s \in S} \sum_s s(s)\, v(s)

Bits: a fold up the tree of bits, in integers over one denominator, that visits only the ancestors of leaves
whose value is not the default.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import lcm, prod
from operator import mul
from typing import Any

from freerand_opt.checker.averages import costly_points, free_energy
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.reading import flat_pairs, integer, items
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.vectors import Vector, dot, over
from freerand_opt.checker.vertices import vertices


class Tree:
    """The fold of one function over bits, kept node by node so that a few leaves can be changed."""

    def __init__(self, source: Bits, values: Vector[Fraction], more: list[Fraction], work: Work) -> None:
        self.source, self.work = source, work
        self.unit = lcm(1, *(x.denominator for x in (*values.but.values(), *more)))
        if values.default is not None:
            self.unit = lcm(self.unit, values.default.denominator)
        self.leaves = source.finder(work)
        self.ends: list[tuple[int, int, int]] = []
        for low, high in reversed(source.ranges):
            scale = lcm(low.denominator, high.denominator)
            self.ends.append((int(low * scale), int(high * scale), scale))
        default = int((values.default or Fraction(0)) * self.unit)
        self.defaults = [default]
        for _, _, scale in self.ends:
            self.defaults.append(self.defaults[-1] * scale)
        level = {leaf: over(x, self.unit) for s, x in values.but.items() for leaf in self.leaves(s)}
        self.levels = [level]
        for height, default in enumerate(self.defaults[:-1]):
            work.spend(2 * len(level), "fold over the source")
            level = {
                k: self._node(height, level.get(2 * k, default), level.get(2 * k + 1, default))
                for k in dict.fromkeys(child >> 1 for child in level)
            }
            self.levels.append(level)
        self.total = self.unit * prod(scale for _, _, scale in self.ends)

    def _node(self, height: int, left: int, right: int) -> int:
        low, high, scale = self.ends[height]
        return scale * right + (high if left > right else low) * (left - right)

    def largest(self, changed: tuple[int, Fraction] | None = None) -> Fraction:
        """Return the largest mean, with the value of one setting changed by one of `more`."""
        leaves = self.leaves(changed[0]) if changed is not None else ()
        if changed is not None and len(leaves) == 1:
            return self._along(leaves[0], over(changed[1], self.unit))
        level = dict.fromkeys(leaves, over(changed[1], self.unit)) if changed is not None else {}
        for height, (held, default) in enumerate(zip(self.levels, self.defaults[:-1], strict=False)):
            self.work.spend(2 * len(level), "fold over the source")
            above = {}
            for k, value in level.items():
                other = level[k ^ 1] if k ^ 1 in level else held.get(k ^ 1, default)
                above[k >> 1] = self._node(height, *((other, value) if k & 1 else (value, other)))
            level = above
        return Fraction(level.get(0, self.levels[-1].get(0, self.defaults[-1])), self.total)

    def _along(self, k: int, value: int) -> Fraction:
        """Return the largest mean with the value of one leaf changed: one path to the root."""
        self.work.spend(2 * len(self.ends), "fold over the source")
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
        self, source: Source, raw: dict[str, Any], work: Work, averages: tuple[Fraction, ...]
    ) -> None:
        self.source, self.work = source, work
        self.costs: list[Fraction] = []
        self.lists: list[Any] | None = None
        self.place = 0
        self.points: list[list[Fraction]] | None = None
        self.price = averages[0] if isinstance(source, Average) else Fraction(0)
        if isinstance(source, Average) and source.measure == "information":
            pass
        elif isinstance(source, Average):
            costly = costly_points(source, work)
            self.points = [point for point, _ in costly]
            self.costs = [sum(map(mul, averages, costs), Fraction(0)) for _, costs in costly]
        elif isinstance(source, Shared):
            self.points = vertices(source, work)
        elif isinstance(source, Rows) and "vertices" not in raw:
            self.lists = items(raw["rows"], "proof: rows")
            self.unit = integer(raw["unit"], "proof: unit", 1)
        elif isinstance(source, Rows):
            if raw["vertices"] is not True:
                raise Unreadable("proof: 'vertices' is true, or is left out")
            self.points = vertices(source, work)

    @staticmethod
    def keys(source: Source, raw: Any) -> tuple[str, ...]:
        """Return the keys that a proof by boxes needs for its source."""
        if not isinstance(source, Rows):
            return ()
        return ("vertices",) if type(raw) is dict and "vertices" in raw else ("rows", "unit")

    def largest(self, values: Vector[Fraction]) -> list[Fraction]:
        """Return the largest mean of one box's values."""
        return [self._largest(values)]

    def over(self, values: Vector[Fraction], wrong: dict[int, Fraction]) -> list[Fraction]:
        """Return the largest means with another value at one setting, for each of `wrong` in order."""
        if isinstance(self.source, Point):  # a mean, so linear in the values
            self.work.spend(len(wrong), "mean over the source")
            held = self._largest(values)
            return [held + self.source.values[s] * (x - values[s]) for s, x in wrong.items()]
        if isinstance(self.source, Bits):
            tree = Tree(self.source, values, [*wrong.values()], self.work)
            return [tree.largest(changed) for changed in wrong.items()]
        rows = (Vector(values.length, values.default, {**values.but, s: x}) for s, x in wrong.items())
        return [self._largest(row) for row in rows]

    def _largest(self, values: Vector[Fraction]) -> Fraction:
        if isinstance(self.source, Average) and self.points is None:
            self.work.spend(200 * values.length, "mutual information")
            return free_energy(values.values(), self.source.observed.values(), self.price)
        if self.points is not None:
            self.work.spend(len(self.points) * values.length, "vertices of the source")
            listed = values.values()
            costs = self.costs or [Fraction(0)] * len(self.points)
            means = (sum(map(mul, point, listed), Fraction(0)) for point in self.points)
            return max(mean - cost for mean, cost in zip(means, costs, strict=True))
        if self.lists is None:
            return support(self.source, values, self.work)
        assert isinstance(self.source, Rows)
        total = values.values()
        raw = self.lists[self.place] if self.place < len(self.lists) else None
        self.place += 1
        for k, value in flat_pairs(raw, "proof: rows", len(self.source.rows)):
            if value < 0 and not self.source.equal[k]:
                raise Rejected("proof: rows: the multiplier of an inequality is negative")
            self.work.spend(len(self.source.rows[k]), "proof: rows")
            for s, factor in self.source.rows[k].items():
                total[s] += factor * Fraction(value, self.unit)
        return max(total)

    def done(self) -> None:
        """Raise Unreadable if lists are left over."""
        if self.lists is not None and self.place != len(self.lists):
            raise Unreadable("proof: rows: there are more lists than boxes")


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
        return _product(source, values, work)
    raise Rejected("source: rows need multipliers, or vertices")


def _fold(source: Bits, values: Vector[Fraction], work: Work) -> Fraction:
    """Fold all leaves, in integers over one denominator."""
    work.spend(2 * len(source.leaves), "fold over the source")
    unit = lcm(1, *(x.denominator for x in values.but.values()))
    level = [over(values[s], unit) for s in source.leaves]
    for low, high in reversed(source.ranges):
        scale = lcm(low.denominator, high.denominator)
        bottom, top = int(low * scale), int(high * scale)
        level = [
            scale * right + (top if left > right else bottom) * (left - right)
            for left, right in zip(level[::2], level[1::2], strict=True)
        ]
        unit *= scale
    return Fraction(level[0], unit)


def _greedy(source: Limits, values: Vector[Fraction]) -> Fraction:
    """Give each setting its least probability, and what is left to the largest values first."""
    lower, upper = source.lower.values(), source.upper.values()
    left = 1 - sum(lower)
    listed = values.values()
    total = sum((low * x for low, x in zip(lower, listed, strict=True)), Fraction(0))
    for s in sorted(range(len(listed)), key=listed.__getitem__, reverse=True):
        share = min(left, upper[s] - lower[s])
        total, left = total + share * listed[s], left - share
    return total


def folded_party(source: Product, work: Work) -> tuple[int, list[list[list[Fraction]]]]:
    """Return which party is folded (the first with the most vertices), and the other parties' vertices."""
    own = [vertices(part, work) for part in source.parts]
    last = max(range(len(own)), key=lambda p: (len(own[p]), -p))
    return last, [each for p, each in enumerate(own) if p != last]


def _product(source: Product, values: Vector[Fraction], work: Work) -> Fraction:
    last, others = folded_party(source, work)
    best = None
    listed = values.values()
    for chosen in product(*others):
        work.spend(len(listed), "products of the source")
        inner = contracted(source.sizes, last, chosen, listed)
        found = support(source.parts[last], Vector(len(inner), None, dict(enumerate(inner))), work)
        best = found if best is None else max(best, found)
    assert best is not None
    return best


def contracted(
    sizes: tuple[int, ...], last: int, chosen: tuple[list[Fraction], ...], values: list[Fraction]
) -> list[Fraction]:
    """Return the means of `values` over the other parties' settings, by the setting of party `last`."""
    found = [Fraction(0)] * sizes[last]
    shares = [*chosen[:last], [Fraction(1)] * sizes[last], *chosen[last:]]
    for digits, value in zip(product(*(range(n) for n in sizes)), values, strict=True):
        weight = prod((share[x] for share, x in zip(shares, digits, strict=True)), start=Fraction(1))
        found[digits[last]] += weight * value
    return found


def largest_mass(source: Source, s: int, work: Work) -> Fraction:
    """Return the largest P(s|w); 1 for rows whose vertices are not listed."""
    if isinstance(source, Rows):
        return Fraction(1) if source.mutual is None else max(v[s] for v in vertices(source, work))
    if isinstance(source, Shared):
        return min(source.bound, Fraction(1))
    unit = Vector(_size(source), Fraction(0), {s: Fraction(1)})
    return support(source, unit, work)


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


def _size(source: Source) -> int:
    if isinstance(source, Point):
        return source.values.length
    if isinstance(source, Average):
        return source.observed.length
    if isinstance(source, Limits):
        return source.lower.length
    if isinstance(source, Product | Shared):
        return prod(source.sizes)
    return source.size
