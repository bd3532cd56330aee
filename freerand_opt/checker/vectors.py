"""Vectors as certificates spell them: short where most entries agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, Generic, TypeVar

from freerand_opt.checker.failures import Unreadable
from freerand_opt.checker.reading import ascending, closed, get, integers, items

T = TypeVar("T")


@dataclass(frozen=True)
class Vector(Generic[T]):
    """Entries by index: those in `but`, and `default` everywhere else."""

    length: int
    default: T | None
    but: dict[int, T]

    def __getitem__(self, index: int) -> T:
        found = self.but.get(index, self.default)
        assert found is not None
        return found

    def map(self, change: Callable[[T], T]) -> Vector[T]:
        """Return the vector with every entry changed; what is one object is changed once."""
        default = None if self.default is None else change(self.default)
        changed = {key: change(x) for key, x in {id(x): x for x in self.but.values()}.items()}
        return Vector(self.length, default, {k: changed[id(x)] for k, x in self.but.items()})

    def values(self) -> list[T]:
        """Return all entries."""
        return [self.but.get(k, self.default) for k in range(self.length)]  # type: ignore[misc]


def vector(raw: Any, where: str, length: int, read: Callable[[Any, str], T]) -> Vector[T]:
    """Return a vector: a list, a palette with codes, or {"all": x, "but": [[index, x], ..]}."""
    if type(raw) is list:
        entries = items(raw, where, length)
        if all(type(x) is str for x in entries):  # one object for each spelling
            known = {x: read(x, where) for x in dict.fromkeys(entries)}
            return Vector(length, None, {k: known[x] for k, x in enumerate(entries)})
        return Vector(length, None, {k: read(x, where) for k, x in enumerate(entries)})
    if get(raw, "palette") is not None:
        closed(raw, where, ("palette", "codes"))
        palette = [read(x, where) for x in items(raw["palette"], where)]
        codes = integers(raw["codes"], where, 0, len(palette) - 1, length)
        if len(set(codes)) != len(palette) or len({json.dumps(x) for x in raw["palette"]}) != len(palette):
            raise Unreadable(f"{where}: a palette has no unused and no equal entries")
        return Vector(length, None, {k: palette[code] for k, code in enumerate(codes)})
    closed(raw, where, ("all", "but"))
    default = read(raw["all"], where)
    but = {index: read(value, where) for index, value in ascending(raw["but"], where, length)}
    if default in but.values():
        raise Unreadable(f"{where}: an entry is listed and equals all others")
    return Vector(length, default, but)


def add(total: dict[Any, Any], more: Mapping[Any, Any], factor: Any = 1) -> None:
    """Add a multiple to a sum by key."""
    if factor != 1:
        more = {key: factor * value for key, value in more.items()}
    for key, value in more.items():
        total[key] = total[key] + value if key in total else value


def over(x: Fraction, unit: int) -> int:
    """Return a fraction as an integer over a multiple of its denominator."""
    above, below = x.as_integer_ratio()
    return above if below == unit else above * (unit // below)


def total_over(own: dict[int, int]) -> Fraction:
    """Return the sum of numerators, by denominator."""
    if len(own) == 1:
        ((unit, value),) = own.items()
        return Fraction(value, unit)
    unit = lcm(*own)
    return Fraction(sum([value * (unit // below) for below, value in own.items()]), unit)


def summed(values: Iterable[Fraction]) -> Fraction:
    """Return the sum of fractions, few of whose denominators are different."""
    own: dict[int, int] = {}
    for x in values:
        above, below = x.as_integer_ratio()
        own[below] = own.get(below, 0) + above
    return total_over(own)


def total(values: Vector[Fraction]) -> Fraction:
    """Return the sum of all entries, without visiting those that are alike."""
    rest = values.length - len(values.but)
    return sum(values.but.values(), (values.default or Fraction(0)) * rest)


def dot(a: Vector[Fraction], b: Vector[Fraction]) -> Fraction:
    """Return the sum of products of entries; products of the same two objects are one."""
    special = {*a.but, *b.but}
    total = (a.default or Fraction(0)) * (b.default or Fraction(0)) * (a.length - len(special))
    pairs = {(id(x), id(y)): (x, y) for x, y in ((a[k], b[k]) for k in special)}
    counts = Counter((id(a[k]), id(b[k])) for k in special)
    return sum((x * y * counts[key] for key, (x, y) in pairs.items()), total)
