r"""The fold over the source: from functionals h_s of the box, one at each setting, to one number r.

.. math:: \sum_s s(s)\, h_s(q) \le r \quad \text{for all distributions } s \text{ of the source and all boxes
} q

G, G+, G- are nonnegative functionals that the proof lists. Whatever rounding leaves is added as a constant,
so that any list proves something.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.gains import Worth, gains, mean_gain
from freerand_opt.checker.orders import Cells, Squares, Sum, scaled
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import closed, get, integer, items, tag
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.support import priced_points
from freerand_opt.checker.symmetry import Relabelling, check_fixed, orbit_top
from freerand_opt.checker.vectors import add
from freerand_opt.checker.vertices import Sections, string_vertices
from freerand_opt.checker.zeros import Zeros


class Fold:
    """One label's proof: its functionals over one unit, and the order that says what is nonnegative."""

    def __init__(self, order: Cells | Squares, grid: int, averages: tuple[Fraction, ...], work: Work) -> None:
        self.order, self.grid, self.averages, self.work = order, grid, averages, work

    def bound(self, source: Source, gains: list[dict[Any, Fraction]], raw: Any, where: str) -> Fraction:
        """Return r."""
        if isinstance(source, Average | Shared) or get(raw, "vertices") is not None:
            closed(raw, where, ("vertices",))
            points = priced_points(source, self.averages, self.work)
            lists = items(raw["vertices"], where, len(points))
            return max(
                self._at(point, gains, last, where) - cost
                for (point, cost), last in zip(points, lists, strict=True)
            )
        if isinstance(source, Point):
            return self.point(self._mean(source.values.values(), gains), raw, where)
        if isinstance(source, Product):
            return self._product(source, gains, raw, where)
        by_leaf = [gains[s] for s in source.leaves] if isinstance(source, Bits) else gains
        if isinstance(source, Bits) and get(raw, "branches") is not None:
            return self._branched(source.ranges, by_leaf, {}, raw, where)
        sums, unit = scaled(by_leaf, self.grid)
        if isinstance(source, Bits):
            return self._bits(source, sums, unit, raw, where)
        if isinstance(source, Limits):
            return self._limits(source, sums, unit, raw, where)
        return self._rows(source, sums, unit, raw, where)

    def _positive(self, raw: Any, unit: int, where: str) -> Sum:
        factor = unit // self.grid
        return {key: value * factor for key, value in self.order.positive(raw, where).items()}

    def _signed(self, raw: Any, unit: int, where: str) -> Sum:
        factor = unit // self.grid
        return {key: value * factor for key, value in self.order.signed(raw, where).items()}

    def _close(self, v: Sum, unit: int, last: Any, where: str, group: Sequence[Relabelling] = ()) -> Fraction:
        """Return the bound of V with the last list, averaged over a group that fixes V."""
        total = dict(v)
        add(total, self._positive(last, unit, where))
        self.work.spend(len(total), "fold")
        top = orbit_top(total, self.order.one, group, self.work) if group else self.order.top(total)
        return Fraction(top, unit * self.order.unit)

    def point(self, mean: dict[Any, Fraction], raw: Any, where: str) -> Fraction:
        """Return r of one distribution, over which h has this mean."""
        closed(raw, where, ("last",), ("symmetry",))
        group = self._group(raw.get("symmetry", []), f"{where}: symmetry")
        if group and type(raw["last"]) is dict:
            # the mean of a box over the group need not have the zeros of the question
            raise Rejected(f"{where}: relabellings and zeros do not go together")
        (v,), unit = scaled([mean], self.grid)
        self.work.spend(len(v) * len(group), "symmetry")
        check_fixed(v, group, where)
        return self._close(v, unit, raw["last"], where, group)

    def _at(self, point: list[Fraction], gains: list[dict[Any, Fraction]], last: Any, where: str) -> Fraction:
        (v,), unit = scaled([self._mean(point, gains)], self.grid)
        return self._close(v, unit, last, where)

    def _mean(self, point: list[Fraction], gains: list[dict[Any, Fraction]]) -> dict[Any, Fraction]:
        total: dict[Any, Fraction] = {}
        for share, f in zip(point, gains, strict=True):
            self.work.spend(len(f) if share else 1, "fold")
            add(total, f if share else {}, share)
        return total

    def _group(self, raw: Any, where: str) -> list[Relabelling]:
        """Return the relabellings over which what is left may be averaged."""
        listed = items(raw, where)
        if isinstance(self.order, Cells) and listed:
            raise Rejected(f"{where}: relabellings are those of squares")
        return [Relabelling(own, self.order.q.algebra, where) for own in listed]

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
        for low, high in reversed(source.ranges):
            scale = low.denominator * high.denominator
            above = []
            for left, right in zip(level[::2], level[1::2], strict=True):
                plus, minus = self._between(left, right, next(pairs), unit, where)
                v = {key: value * scale for key, value in right.items()}
                add(v, plus, int(high * scale))
                add(v, minus, -int(low * scale))
                above.append(v)
            level, unit = above, unit * scale
        return self._close(level[0], unit, raw["last"], where)

    def _branched(
        self,
        ranges: Sequence[tuple[Fraction, Fraction]],
        leaves: list[dict[Any, Fraction]],
        given: dict[Any, Fraction],
        raw: Any,
        where: str,
    ) -> Fraction:
        """Return r such that the mean of the leaves is at most `given` + r for all shares of the bits.

        For each vertex of the first bits what is given is divided among the subtrees below them.
        """
        if get(raw, "vertices") is not None:
            closed(raw, where, ("vertices",))
            points = string_vertices(ranges, self.work)
            charged = [*leaves, {key: -value for key, value in given.items()}]
            lists = items(raw["vertices"], where, len(points))
            pairs = zip(points, lists, strict=True)
            return max(self._at([*point, Fraction(1)], charged, last, where) for point, last in pairs)
        closed(raw, where, ("bits", "branches"))
        bits = integer(raw["bits"], where, 1, len(ranges))
        points, found = string_vertices(ranges[:bits], self.work), []
        for point, pair in zip(points, items(raw["branches"], where, len(points)), strict=True):
            listed, proofs = items(pair, where, 2)
            size, left, total = len(leaves) // len(point), dict(given), Fraction(0)
            owns = [self._shared(own, where) for own in items(listed, where, len(point) - 1)]
            for own in owns:
                self.work.spend(len(own), "fold")
                add(left, own, -1)
            places = range(0, len(leaves), size)
            proofs = items(proofs, where, len(point))
            for at, mass, own, proof in zip(places, point, [*owns, left], proofs, strict=True):
                self.work.spend(sum(1 + len(leaf) for leaf in leaves[at : at + size]), "fold")
                below = [{key: mass * x for key, x in leaf.items()} for leaf in leaves[at : at + size]]
                total += self._branched(ranges[bits:], below, own, proof, where)
            found.append(total)
        return max(found)

    def _shared(self, raw: Any, where: str) -> dict[Any, Fraction]:
        return {key: Fraction(value, self.grid) for key, value in self.order.signed(raw, where).items()}

    def _limits(self, source: Limits, sums: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """V = H + sum of upper G+ - lower G-, with h_s <= H + G+ - G- at each setting."""
        closed(raw, where, ("level", "settings", "last"))
        level = self._signed(raw["level"], unit, where)
        ends = [(source.upper[s], source.lower[s]) for s in range(len(sums))]
        scale = 1
        for high, low in ends:
            scale *= (high * scale).denominator
            scale *= (low * scale).denominator
        v = {key: value * scale for key, value in level.items()}
        for h, pair, (high, low) in zip(sums, items(raw["settings"], where, len(sums)), ends, strict=True):
            plus, minus = self._between(h, level, pair, unit, where)
            add(v, plus, int(high * scale))
            add(v, minus, -int(low * scale))
        return self._close(v, unit * scale, raw["last"], where)

    def _rows(self, source: Rows, sums: list[Sum], unit: int, raw: Any, where: str) -> Fraction:
        """h_s + sum of row_k(s) G_k + slack_s <= r at each setting."""
        closed(raw, where, ("rows", "settings"))
        lists = items(raw["rows"], where, len(source.rows))
        held = [
            (self._signed if equal else self._positive)(own, unit, where)
            for own, equal in zip(lists, source.equal, strict=True)
        ]
        found = []
        for s, (h, slack) in enumerate(zip(sums, items(raw["settings"], where, len(sums)), strict=True)):
            total = {key: Fraction(value) for key, value in h.items()}
            for row, g in zip(source.rows, held, strict=True):
                self.work.spend(len(g) + 1, "fold")
                add(total, g if row.get(s) else {}, row.get(s))
            (whole,), more = scaled([total], 1)
            found.append(self._close(whole, unit * more, slack, where))
        return max(found)

    def _product(self, source: Product, gains: list[dict[Any, Fraction]], raw: Any, where: str) -> Fraction:
        """Fold over one party's source for all products of vertices of the others."""
        closed(raw, where, ("products",))
        held = Sections(source, self.work)
        keys = {key for f in gains for key in f}
        found = []
        for shares, proof in zip(held.shares, items(raw["products"], where, len(held.shares)), strict=True):
            inner: list[dict[Any, Fraction]] = [{} for _ in range(source.sizes[held.party])]
            for key in keys:
                values = [f.get(key, Fraction(0)) for f in gains]
                for f, value in zip(inner, held.means(shares, values), strict=True):
                    f[key] = value
            found.append(self.bound(held.part, inner, proof, where))
        return max(found)


def order_of(raw: Any, q: Question, work: Work) -> tuple[Cells | Squares, int]:
    """Return the functionals of a proof, and the unit of its lists."""
    way = tag(raw, "way", "proof", ("cells", "squares"))
    closed(raw, "proof", ("way", "unit", "labels", *(("words",) if way == "squares" else ())))
    if way == "squares" and q.devices == "no-signalling":
        raise Rejected("squares: boxes of no-signalling devices have no operators")
    unit = integer(raw["unit"], "proof: unit", 1)
    zeros = Zeros(q, work)
    # entries of polynomials are over the unit, so squares are over its square
    return (
        (Squares(q, raw["words"], zeros, work), unit**2)
        if way == "squares"
        else (Cells(q, zeros, work), unit)
    )


def by_labels(raw: Any, q: Question, rest: Rest, labels: int, worth: Worth, work: Work) -> Fraction:
    """Return the least r that a proof by cells or squares shows for all labels."""
    order, unit = order_of(raw, q, work)
    fold = Fold(order, unit, rest.averages, work)
    found = []
    for label, proof in enumerate(items(raw["labels"], "proof: labels", labels)):
        where = f"proof: label {label}"
        if isinstance(q.source, Point):
            found.append(fold.point(mean_gain(order, q, rest, worth(label)), proof, where))
        else:
            found.append(fold.bound(q.source, gains(order, q, rest, worth(label)), proof, where))
    return max(found)
