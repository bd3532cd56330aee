"""A source one number of which is an interval, and the fold of polynomials over it.

Where the sign of a difference is the same on the whole interval the fold is one polynomial; where it is not,
both choices are kept, and all must be bounded in the end: the largest mean is the largest of them at each x.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import lcm

from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.checker.polynomials import Poly, Polynomial, Span, line_through, over_unit, value_at
from freerand_opt.checker.sources import Bits, Limits, Source
from freerand_opt.checker.vectors import Vector

MOST_KEPT = 64
#: Trees with more leaves are not written out.
MOST_LEAVES = 1 << 14


class VaryingSource:
    """Bits or limits; `ends` are (low, high) over `unit` by bit, or by setting, of degree 1."""

    def __init__(self, sources: list[tuple[Fraction, Source]]) -> None:
        """Take the source at two places: each of its numbers is a line between them."""
        (a, one), (b, other) = sources
        if isinstance(one, Bits) and isinstance(other, Bits):
            self.leaves: Sequence[int] | None = one.leaves
            pairs = list(zip(one.ranges, other.ranges, strict=True))
        elif isinstance(one, Limits) and isinstance(other, Limits):
            self.leaves = None
            pairs = [
                ((one.lower[s], one.upper[s]), (other.lower[s], other.upper[s]))
                for s in range(one.lower.length)
            ]
        else:
            raise Unreadable("curve: the source is one of bits in one time order, or of limits")
        if len(one.leaves if isinstance(one, Bits) else pairs) > MOST_LEAVES:
            raise Unreadable(f"curve: the source has more than {MOST_LEAVES} leaves")
        lines = [line_through([(a, x[k]), (b, y[k])]) for x, y in pairs for k in (0, 1)]
        flat, self.unit = over_unit(lines)
        self.ends = list(zip(flat[::2], flat[1::2], strict=True))
        self.found: dict[int, list[int]] = {}
        for k, s in enumerate(self.leaves if self.leaves is not None else range(len(self.ends))):
            self.found.setdefault(s, []).append(k)

    def places(self, s: int) -> Sequence[int]:
        """Return the leaves that name a setting."""
        return self.found.get(s, ())


def shares(span: Span, gap: Polynomial, ends: tuple[Polynomial, Polynomial]) -> tuple[Polynomial, ...]:
    """Return the shares that may be the best of a gain: the high end, the low one, or both."""
    sign = span.sign(gap)
    if sign is None:
        return ends
    return (ends[1],) if sign > 0 else (ends[0],)


def reduced(span: Span, found: list[Polynomial]) -> tuple[Polynomial, ...]:
    """Return polynomials without those that are nowhere larger than another one; raise Rejected for many."""
    kept: list[Polynomial] = []
    for p in dict.fromkeys(found):
        if any(span.sign(span.sum((1, q), (-1, p))) in (0, 1) for q in kept):
            continue
        kept = [q for q in kept if span.sign(span.sum((1, p), (-1, q))) not in (0, 1)] + [p]
    if len(kept) > MOST_KEPT:
        raise Rejected("curve: too many signs change on an interval; halve it")
    return tuple(kept)


class Climb:
    """The fold over bits of one function of the strings and of those that differ from it at a few.

    Equal functionals have equal numbers, at each height, so that equal pairs are folded once.
    """

    def __init__(self, source: VaryingSource, span: Span) -> None:
        self.source, self.span = source, span
        self.heights = len(source.ends)
        self.sets: list[list[tuple[Polynomial, ...]]] = [[] for _ in range(self.heights + 1)]
        self.numbers: list[dict[tuple[Polynomial, ...], int]] = [{} for _ in range(self.heights + 1)]
        self.joined: list[dict[tuple[int, int], int]] = [{} for _ in range(self.heights)]
        self.unit = source.unit**self.heights
        self.base: list[list[int]] = []

    def _number(self, height: int, held: tuple[Polynomial, ...]) -> int:
        found = self.numbers[height].setdefault(held, len(self.sets[height]))
        if found == len(self.sets[height]):
            self.sets[height].append(held)
        return found

    def _join(self, height: int, left: int, right: int) -> int:
        """Return the number of V, an extreme share of the left child's functional and the rest."""
        known = self.joined[height]
        if (left, right) not in known:
            span, unit = self.span, self.source.unit
            ends = self.source.ends[self.heights - 1 - height]
            found = []
            for one, other in product(self.sets[height][left], self.sets[height][right]):
                gap = span.sum((1, one), (-1, other))
                found += [
                    span.sum((unit, other), (1, span.times(share, gap))) for share in shares(span, gap, ends)
                ]
            held = reduced(span, found) if len(found) > 1 else tuple(found)
            known[left, right] = self._number(height + 1, held)
        return known[left, right]

    def all(self, values: Sequence[Polynomial]) -> tuple[Polynomial, ...]:
        """Return what bounds the mean of a function, given by string, times `unit`; keep it as the base."""
        self.span.work.spend(2 * len(values), "fold over the source")
        numbers = {key: self._number(0, (p,)) for key, p in {id(p): p for p in values}.items()}
        self.base = [[numbers[id(p)] for p in values]]
        for height in range(self.heights):
            below = self.base[-1]
            pairs = zip(below[::2], below[1::2], strict=True)
            self.base.append([self._join(height, left, right) for left, right in pairs])
        return self.sets[-1][self.base[-1][0]]

    def changed(self, values: dict[int, Polynomial]) -> tuple[Polynomial, ...]:
        """Return what bounds the mean of the base with other values at some strings."""
        self.span.work.spend(2 * (1 + self.heights) * len(values), "fold over the source")
        level = {leaf: self._number(0, (p,)) for leaf, p in values.items()}
        for height in range(self.heights):
            below = self.base[height]
            pairs = {leaf >> 1 for leaf in level}
            level = {
                k: self._join(height, level.get(2 * k, below[2 * k]), level.get(2 * k + 1, below[2 * k + 1]))
                for k in pairs
            }
        return self.sets[-1][level[0] if level else self.base[-1][0]]


def over_limits(source: VaryingSource, span: Span, values: list[Polynomial]) -> tuple[Polynomial, ...]:
    """Return what bounds the mean of a function over limits, times the source's unit.

    V = H + sum of upper or lower (h_s - H) for any H: that of the setting that is filled in part, in the
    middle of the interval.
    """
    middle = (span.low + span.high) / 2
    left = source.unit - sum((value_at(low, middle, span.work) for low, _ in source.ends), Fraction(0))
    level: Polynomial = ()
    for s in sorted(range(len(values)), key=lambda s: value_at(values[s], middle, span.work), reverse=True):
        low, high = source.ends[s]
        left -= value_at(high, middle, span.work) - value_at(low, middle, span.work)
        level = values[s]
        if left <= 0:
            break
    found: tuple[Polynomial, ...] = (span.sum((source.unit, level)),)
    for h, ends in zip(values, source.ends, strict=True):
        gap = span.sum((1, h), (-1, level))
        more = [span.times(share, gap) for share in shares(span, gap, ends)]
        found = reduced(span, [span.sum((1, p), (1, q)) for p, q in product(found, more)])
    return found


class Swept:
    """The largest means over a source on an interval: at each place one of the polynomials is the largest."""

    def __init__(self, source: VaryingSource, span: Span) -> None:
        self.source, self.span = source, span
        self.climb = Climb(source, span) if source.leaves is not None else None

    def largest(self, values: Vector[Poly]) -> list[Poly]:
        """Return what bounds the mean of one box's values."""
        whole, unit = self._whole(values.values())
        if self.climb is None or self.source.leaves is None:
            found, scale = over_limits(self.source, self.span, whole), self.source.unit
        else:
            found, scale = self.climb.all([whole[s] for s in self.source.leaves]), self.climb.unit
        return [Poly(self.span, p, unit * scale) for p in found]

    def over(self, values: Vector[Poly], wrong: Sequence[tuple[int, Poly]]) -> list[Poly]:
        """Return what bounds the means with another value at one setting, for each (setting, value)."""
        if self.climb is None or self.source.leaves is None:
            rows = (Vector(values.length, values.default, {**values.but, s: x}) for s, x in wrong)
            return [p for row in rows for p in self.largest(row)]
        whole, unit = self._whole([*values.values(), *(x for _, x in wrong)])
        self.climb.all([whole[s] for s in self.source.leaves])
        found: list[Polynomial] = []
        for (s, _), x in zip(wrong, whole[values.length :], strict=True):
            found += self.climb.changed(dict.fromkeys(self.source.places(s), x))
        return [Poly(self.span, p, unit * self.climb.unit) for p in found]

    def _whole(self, values: list[Poly]) -> tuple[list[Polynomial], int]:
        unit, known = lcm(*(x.unit for x in values)), {id(x): x for x in values}
        whole = {key: self.span.sum((unit // x.unit, x.p)) for key, x in known.items()}
        return [whole[id(x)] for x in values], unit
