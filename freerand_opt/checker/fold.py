r"""The fold over the source: from functionals h_s of the box, one at each setting, to one number r.

.. math:: \sum_s s(s)\, h_s(q) \le r \quad \text{for all distributions } s \text{ of the source and all boxes
} q

G, G+, G- are nonnegative functionals that the proof lists. Whatever rounding leaves is added as a constant,
so that any list proves something.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.orders import Cells, Squares, Sum, Worth, gains, mean_gain
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import closed, get, integer, items, tag
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.support import priced_points
from freerand_opt.checker.vectors import add, over
from freerand_opt.checker.vertices import Sections, string_vertices
from freerand_opt.checker.words import Relabelling, check_fixed, orbit_top
from freerand_opt.checker.zeros import Zeros


class Fold:
    """One label's proof: functionals are integers over a unit, a multiple of the order's grid."""

    def __init__(self, order: Cells | Squares, averages: tuple[Fraction, ...]) -> None:
        self.order, self.averages, self.work = order, averages, order.work

    def bound(self, source: Source, sums: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """Return r."""
        if isinstance(source, Average | Shared) or get(raw, "vertices") is not None:
            closed(raw, where, ("vertices",))
            points = priced_points(source, self.averages, self.work)
            lists = items(raw["vertices"], where, len(points))
            return max(
                self._at(point, sums, unit, last, where) - cost
                for (point, cost), last in zip(points, lists, strict=True)
            )
        if isinstance(source, Point):
            return self.point(*self._mean(source.values.values(), sums, unit), raw, where)
        if isinstance(source, Product):
            return self._product(source, sums, unit, raw, where)
        if isinstance(source, Bits):
            leaves = [sums[s] for s in source.leaves]
            if get(raw, "branches") is not None:
                return self._branched(source.ranges, leaves, {}, unit, raw, where)
            return self._bits(source, leaves, unit, raw, where)
        if isinstance(source, Limits):
            return self._limits(source, sums, unit, raw, where)
        return self._rows(source, sums, unit, raw, where)

    def _positive(self, raw: Any, unit: int, where: str) -> Sum:
        return _times(self.order.positive(raw, where), unit // self.order.grid)

    def _signed(self, raw: Any, unit: int, where: str) -> Sum:
        return _times(self.order.signed(raw, where), unit // self.order.grid)

    def _close(self, v: Sum, unit: int, last: Any, where: str, group: Sequence[Relabelling] = ()) -> Fraction:
        """Return the bound of V with the last list, averaged over a group that fixes V."""
        total = dict(v)
        add(total, self._positive(last, unit, where))
        self.work.spend(len(total), "fold")
        top = orbit_top(total, self.order.one, group, self.work) if group else self.order.top(total)
        return Fraction(top, unit * self.order.unit)

    def point(self, v: Sum, unit: int, raw: Any, where: str) -> Fraction:
        """Return r of one distribution, over which h has the mean V."""
        closed(raw, where, ("last",), ("symmetry",))
        listed = items(raw.get("symmetry", []), f"{where}: symmetry")
        if listed and isinstance(self.order, Cells):
            raise Rejected(f"{where}: symmetry: relabellings are those of squares")
        if listed and type(raw["last"]) is dict:
            # the mean of a box over the group need not have the zeros of the question
            raise Rejected(f"{where}: relabellings and zeros do not go together")
        group = [Relabelling(own, self.order.q.algebra, f"{where}: symmetry") for own in listed]
        letters = self.order.q.algebra.letters
        self.work.spend(len(group) * sum(4 + 2 * letters(moment) for moment in v if group), "symmetry")
        check_fixed(v, group, where)
        return self._close(v, unit, raw["last"], where, group)

    def _at(self, point: list[Fraction], sums: list[Sum], unit: int, last: Any, where: str) -> Fraction:
        return self._close(*self._mean(point, sums, unit), last, where)

    def _mean(self, point: list[Fraction], sums: list[Sum], unit: int) -> tuple[Sum, int]:
        total: Sum = {}
        scale = lcm(*{share.denominator for share in point})
        for share, f in zip(point, sums, strict=True):
            self.work.spend(len(f) if share else 1, "fold")
            add(total, f if share else {}, over(share, scale))
        return total, unit * scale

    def _between(self, left: Sum, right: Sum, pair: Any, unit: int, where: str) -> tuple[Sum, Sum]:
        """Return G+ and G- with left <= right + G+ - G-, what is missing or left over added as a constant."""
        up, down = items(pair, where, 2)
        plus, minus = self._positive(up, unit, where), self._positive(down, unit, where)
        self.work.spend(len(left) + len(right) + len(plus) + len(minus), "fold")
        gap = dict(left)
        for more, factor in ((right, -1), (plus, -1), (minus, 1)):
            add(gap, more, factor)
        rho = self.order.top(gap)
        add(plus if rho > 0 else minus, {self.order.one: abs(rho)})
        return plus, minus

    def _bits(self, source: Bits, level: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """Fold node by node, the deepest first, from left to right: V = V_r + high G+ - low G-."""
        closed(raw, where, ("nodes", "last"))
        pairs = iter(items(raw["nodes"], where, len(level) - 1))
        for ends in reversed(source.ranges):
            scale = lcm(*(x.denominator for x in ends))
            low, high = (over(x, scale) for x in ends)
            above = []
            for left, right in zip(level[::2], level[1::2], strict=True):
                plus, minus = self._between(left, right, next(pairs), unit, where)
                v = _times(right, scale)
                add(v, plus, high)
                add(v, minus, -low)
                above.append(v)
            level, unit = above, unit * scale
        return self._close(level[0], unit, raw["last"], where)

    def _branched(
        self,
        ranges: Sequence[tuple[Fraction, Fraction]],
        leaves: list[Sum],
        given: Sum,
        unit: int,
        raw: Any,
        where: str,
    ) -> Fraction:
        """Return r such that the mean of the leaves is at most `given` + r for all shares of the bits.

        For each vertex of the first bits what is given is divided among the subtrees below them.
        """
        if get(raw, "vertices") is not None:
            closed(raw, where, ("vertices",))
            points = string_vertices(ranges, self.work)
            charged = [*leaves, _times(given, -1)]
            lists = items(raw["vertices"], where, len(points))
            pairs = zip(points, lists, strict=True)
            return max(self._at([*point, Fraction(1)], charged, unit, last, where) for point, last in pairs)
        closed(raw, where, ("bits", "branches"))
        bits = integer(raw["bits"], where, 1, len(ranges))
        points, found = string_vertices(ranges[:bits], self.work), []
        for point, pair in zip(points, items(raw["branches"], where, len(points)), strict=True):
            listed, proofs = items(pair, where, 2)
            scale = lcm(*{mass.denominator for mass in point})
            size, left, total = len(leaves) // len(point), _times(given, scale), Fraction(0)
            owns = [self._signed(own, unit * scale, where) for own in items(listed, where, len(point) - 1)]
            for own in owns:
                self.work.spend(len(own), "fold")
                add(left, own, -1)
            places = range(0, len(leaves), size)
            proofs = items(proofs, where, len(point))
            for at, mass, own, proof in zip(places, point, [*owns, left], proofs, strict=True):
                self.work.spend(sum(1 + len(leaf) for leaf in leaves[at : at + size]), "fold")
                below = [_times(leaf, over(mass, scale)) for leaf in leaves[at : at + size]]
                total += self._branched(ranges[bits:], below, own, unit * scale, proof, where)
            found.append(total)
        return max(found)

    def _limits(self, source: Limits, sums: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """V = H + sum of upper G+ - lower G-, with h_s <= H + G+ - G- at each setting."""
        closed(raw, where, ("level", "settings", "last"))
        level = self._signed(raw["level"], unit, where)
        ends = [(source.upper[s], source.lower[s]) for s in range(len(sums))]
        scale = lcm(*{x.denominator for pair in ends for x in pair})
        v = _times(level, scale)
        for h, pair, (high, low) in zip(sums, items(raw["settings"], where, len(sums)), ends, strict=True):
            plus, minus = self._between(h, level, pair, unit, where)
            add(v, plus, over(high, scale))
            add(v, minus, -over(low, scale))
        return self._close(v, unit * scale, raw["last"], where)

    def _rows(self, source: Rows, sums: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """h_s + sum of row_k(s) G_k + slack_s <= r at each setting."""
        closed(raw, where, ("rows", "settings"))
        lists = items(raw["rows"], where, len(source.rows))
        held = [
            (self._signed if equal else self._positive)(own, unit, where)
            for own, equal in zip(lists, source.equal, strict=True)
        ]
        scale = lcm(*{x.denominator for row in source.rows for x in row.values()})
        found = []
        for s, (h, slack) in enumerate(zip(sums, items(raw["settings"], where, len(sums)), strict=True)):
            total = _times(h, scale)
            for row, g in zip(source.rows, held, strict=True):
                self.work.spend(len(g) + 1, "fold")
                if row.get(s):
                    add(total, g, over(row[s], scale))
            found.append(self._close(total, unit * scale, slack, where))
        return max(found)

    def _product(self, source: Product, sums: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """Fold over one party's source for all products of vertices of the others."""
        closed(raw, where, ("products",))
        held = Sections(source, self.work)
        keys = {key for f in sums for key in f}
        found = []
        for shares, proof in zip(held.shares, items(raw["products"], where, len(held.shares)), strict=True):
            inner: list[Sum] = [{} for _ in range(source.sizes[held.party])]
            for key in keys:
                means = held.means(shares, [f.get(key, 0) for f in sums])
                for f, value in zip(inner, means, strict=True):
                    f[key] = value
            found.append(self.bound(held.part, inner, unit * held.unit, proof, where))
        return max(found)


def _times(f: Sum, factor: int) -> Sum:
    return {key: value * factor for key, value in f.items()}


def order_of(raw: Any, q: Question, work: Work) -> Cells | Squares:
    """Return the functionals of a proof."""
    way = tag(raw, "way", "proof", ("cells", "squares"))
    closed(raw, "proof", ("way", "unit", "labels", *(("words",) if way == "squares" else ())))
    if way == "squares" and q.devices == "no-signalling":
        raise Rejected("squares: boxes of no-signalling devices have no operators")
    unit = integer(raw["unit"], "proof: unit", 1)
    zeros = Zeros(q, work)
    if way == "cells":
        return Cells(q, unit, zeros, work)
    # entries of polynomials are over the unit, so squares are over its square
    return Squares(q, unit**2, raw["words"], zeros, work)


def by_labels(raw: Any, rest: Rest, labels: int, worth: Worth) -> Fraction:
    """Return the least r that a proof by cells or squares shows for all labels."""
    source, order = rest.q.source, order_of(raw, rest.q, rest.work)
    fold = Fold(order, rest.averages)
    found = []
    for label, proof in enumerate(items(raw["labels"], "proof: labels", labels)):
        where = f"proof: label {label}"
        if isinstance(source, Point):
            found.append(fold.point(*mean_gain(order, rest, worth(label)), proof, where))
        else:
            found.append(fold.bound(source, *gains(order, rest, worth(label)), proof, where))
    return max(found)
