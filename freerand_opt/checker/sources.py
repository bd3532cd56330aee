"""Sources of joint settings: what a distribution given w may be, and its vertices.

Epsilon is Colbeck and Renner's (arXiv:1105.3195): 0 is perfect, a bit is within epsilon of fair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.checker.reading import (
    amount,
    ascending,
    choice,
    closed,
    fraction,
    integer,
    integers,
    items,
    tag,
)
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.vectors import Vector, total, vector

KINDS = ("uniform", "free", "bits", "limits", "mutual", "inequalities", "product", "full-support")


@dataclass(frozen=True)
class Point:
    """One distribution, the same for every w."""

    values: Vector[Fraction]


class Ordered(Sequence[int]):
    """The joint settings by the string of all bits; bit t adds `steps[t]`, different powers of two."""

    def __init__(self, steps: tuple[int, ...]) -> None:
        self.steps = steps

    def __len__(self) -> int:
        return 1 << len(self.steps)

    def __getitem__(self, leaf: Any) -> Any:
        return sum(step for t, step in enumerate(reversed(self.steps)) if leaf >> t & 1)

    def __iter__(self) -> Iterator[int]:
        found = [0]
        for step in self.steps:
            found = [s + more for s in found for more in (0, step)]
        return iter(found)

    def leaf(self, s: int) -> int:
        """Return the string that names a joint setting."""
        found = 0
        for step in self.steps:
            found = 2 * found + (s & step > 0)
        return found


@dataclass(frozen=True)
class Bits:
    """Bits in one time order: P(bit t = 0 | earlier bits, w) in [low, high] of `ranges[t]`.

    `leaves[l]` is the joint setting named by the string l of all bits, the first bit most significant;
    several strings may name one setting, and some settings may have none.
    """

    size: int
    ranges: tuple[tuple[Fraction, Fraction], ...]
    leaves: Sequence[int]

    @property
    def different(self) -> bool:
        """Return whether different strings name different settings."""
        return isinstance(self.leaves, Ordered) or len(set(self.leaves)) == len(self.leaves)

    def finder(self, work: Work) -> Callable[[int], Sequence[int]]:
        """Return what finds the strings that name a setting."""
        if isinstance(self.leaves, Ordered):
            ordered = self.leaves
            return lambda s: (ordered.leaf(s),)
        work.spend(len(self.leaves) // 16, "leaves of the source")
        found: dict[int, list[int]] = {}
        for leaf, s in enumerate(self.leaves):
            found.setdefault(s, []).append(leaf)
        return lambda s: found.get(s, ())


@dataclass(frozen=True)
class Limits:
    """lower[s] <= P(s|w) <= upper[s]."""

    lower: Vector[Fraction]
    upper: Vector[Fraction]


@dataclass(frozen=True)
class Rows:
    """Sum over s of row[s] P(s|w) >= 0, or = 0 where `equal`; P(s|w) > 0 if `full`.

    `mutual`: the number of two-setting parties, each free given the others, and the largest odds.
    """

    size: int
    rows: tuple[dict[int, Fraction], ...]
    equal: tuple[bool, ...]
    mutual: tuple[int, Fraction] | None = None
    full: bool = False


@dataclass(frozen=True)
class Product:
    """Parties that are independent given w, each with a source of its own."""

    sizes: tuple[int, ...]
    parts: tuple[Point | Bits | Limits, ...]


@dataclass(frozen=True)
class Average:
    """Any distribution for each w, bounds on average over w (`averages`)."""

    observed: Vector[Fraction]
    measure: str
    bounds: tuple[Fraction, ...]
    pairs: tuple[tuple[int, int], ...]
    good: Point | Bits | Limits | None


Source: TypeAlias = Average | Point | Bits | Limits | Rows | Product | Shared


def read_source(
    raw: Any, settings: tuple[int, ...], observed: Vector[Fraction] | None, work: Work, *, part: bool = False
) -> Source:
    """Return a source of joint settings (of one party's, for a `part` of a product)."""
    where = "question: source"
    count = prod(settings)
    kind = tag(raw, "kind", where, KINDS[:4] if part else KINDS)
    if kind in ("uniform", "full-support"):
        closed(raw, where, ("kind",))
        return (
            Point(Vector(count, Fraction(1, count), {}))
            if kind == "uniform"
            else Rows(count, (), (), full=True)
        )
    if kind == "free":
        closed(raw, where, ("kind",))
        if observed is None:
            raise Unreadable(f"{where}: settings independent of W need a stated distribution")
        return Point(observed)
    if kind == "bits":
        return _bits(raw, settings, work, where)
    if kind == "limits":
        closed(raw, where, ("kind", "lower", "upper"))
        lower, upper = (vector(raw[key], f"{where}: {key}", count, amount) for key in ("lower", "upper"))
        work.spend(count, where)
        if any(lower[s] > upper[s] for s in range(count)) or not total(lower) <= 1 <= total(upper):
            raise Unreadable(f"{where}: no distribution obeys the limits")
        return Limits(lower, upper)
    work.spend(count, where)
    if kind == "mutual":
        return _mutual(raw, settings, work, where)
    if kind == "inequalities":
        return _inequalities(raw, count, work, where)
    if "largest" in raw:
        return _read_shared(raw, settings, where)
    closed(raw, where, ("kind", "parts"))
    parts = []
    for own, n in zip(items(raw["parts"], where, len(settings)), settings, strict=True):
        held = read_source(own, (n,), None, work, part=True)
        assert isinstance(held, Point | Bits | Limits)
        parts.append(held)
    return Product(settings, tuple(parts))


def _read_shared(raw: Any, settings: tuple[int, ...], where: str) -> Shared:
    closed(raw, where, ("kind", "largest"))
    bound = fraction(raw["largest"], f"{where}: largest", 0)
    if len(settings) != 2 or bound * prod(settings) < 1:
        raise Unreadable(
            f"{where}: a bound of P(xy|w) is for two parties, at least 1 over the joint settings"
        )
    return Shared((settings[0], settings[1]), bound)


def _range(raw: dict[str, Any], where: str) -> tuple[Fraction, Fraction]:
    epsilon = fraction(raw["epsilon"], f"{where}: epsilon", 0)
    if epsilon > Fraction(1, 2):
        raise Unreadable(f"{where}: epsilon is more than 1/2")
    return Fraction(1, 2) - epsilon, Fraction(1, 2) + epsilon


def _bits(raw: Any, settings: tuple[int, ...], work: Work, where: str) -> Bits:
    if "order" in raw:
        ranges, order = read_ranges(raw, settings, where)
        steps = tuple(prod(settings[p + 1 :]) << b for p, b in order)
        return _weighed(Bits(prod(settings), ranges, Ordered(steps)), work)
    closed(raw, where, ("kind", "leaves", "epsilon" if "epsilon" in raw else "ranges"))
    leaves = integers(raw["leaves"], f"{where}: leaves", 0, prod(settings) - 1)
    count = len(leaves).bit_length() - 1
    if len(leaves) != 1 << max(count, 0):
        raise Unreadable(f"{where}: the number of leaves is no power of two")
    work.spend(1 << count, where)
    return _weighed(Bits(prod(settings), _ranges(raw, count, where), tuple(leaves)), work)


def _weighed(source: Bits, work: Work) -> Bits:
    """Return the source; masses of strings have a denominator of each range, also where all are alike."""
    work.weigh(prod(low.denominator * high.denominator for low, high in source.ranges))
    return source


def read_ranges(
    raw: Any, settings: tuple[int, ...], where: str
) -> tuple[tuple[tuple[Fraction, Fraction], ...], list[tuple[int, int]]]:
    """Return the ranges of bits by the order of the parties' bits, and this order; no leaf is written out."""
    closed(raw, where, ("kind", "order", "epsilon" if "epsilon" in raw else "ranges"))
    order = _order(raw["order"], settings, where)
    return _ranges(raw, len(order), where), order


def _ranges(raw: Any, count: int, where: str) -> tuple[tuple[Fraction, Fraction], ...]:
    if "epsilon" in raw:
        return (_range(raw, where),) * count
    ranges = []
    for pair in items(raw["ranges"], f"{where}: ranges", count):
        low, high = (fraction(x, f"{where}: ranges", 0) for x in items(pair, f"{where}: ranges", 2))
        if not low <= high <= 1:
            raise Unreadable(f"{where}: a range is [low, high] in [0, 1]")
        ranges.append((low, high))
    return tuple(ranges)


def _order(raw: Any, settings: tuple[int, ...], where: str) -> list[tuple[int, int]]:
    """Return (party, bit of its setting's number) in time; each bit comes once."""
    order = []
    for entry in items(raw, f"{where}: order"):
        p, b = items(entry, f"{where}: order", 2)
        order.append((integer(p, where, 0, len(settings) - 1), integer(b, where, 0)))
    bits = [(p, b) for p, n in enumerate(settings) for b in range(n.bit_length() - 1)]
    if any(n & (n - 1) for n in settings) or sorted(order) != bits:
        raise Unreadable(
            f"{where}: every bit of every setting's number comes once, and sizes are powers of two"
        )
    return order


def _mutual(raw: Any, settings: tuple[int, ...], work: Work, where: str) -> Rows:
    """Each party's string given the strings of all others: p below(node) - below(child) >= 0."""
    closed(raw, where, ("kind", "epsilon", "order"))
    high = _range(raw, where)[1]
    work.spend(prod(settings) * sum(32 * n.bit_length() for n in settings), where)
    rows = []
    for party, (n, own) in enumerate(zip(settings, items(raw["order"], where, len(settings)), strict=True)):
        order = _order([[0, b] for b in items(own, where)], (n,), where)
        step = prod(settings[party + 1 :])
        leaves = [0]
        for _, b in order:
            leaves = [x + more for x in leaves for more in (0, 1 << b)]
        for first in (s for s in range(prod(settings)) if s // step % n == 0):
            line = [first + x * step for x in leaves]
            size = len(line)
            while size > 1:
                for start in range(0, len(line), size):
                    for half in (0, size // 2):
                        row = dict.fromkeys(line[start : start + size], high)
                        for s in line[start + half : start + half + size // 2]:
                            row[s] -= 1
                        rows.append(row)
                size //= 2
    low = 1 - high
    odds = (len(settings), high / low) if set(settings) == {2} and low else None
    return Rows(prod(settings), tuple(rows), (False,) * len(rows), odds)


def _inequalities(raw: Any, count: int, work: Work, where: str) -> Rows:
    """Return rows {"terms": [[s, factor], ..], "relation", "bound": b} as sum (b - factor) P(s|w) >= 0."""
    closed(raw, where, ("kind", "rows"))
    rows, equal = [], []
    for held in items(raw["rows"], where):
        work.spend(16 * count, where)  # a row is kept
        closed(held, where, ("terms", "relation", "bound"))
        bound = fraction(held["bound"], f"{where}: bound")
        row = dict.fromkeys(range(count), bound)
        for s, factor in ascending(held["terms"], where, count):
            row[s] -= fraction(factor, where)
        rows.append(row)
        equal.append(choice(held["relation"], where, ("<=", "=")) == "=")
    return Rows(count, tuple(rows), tuple(equal))
