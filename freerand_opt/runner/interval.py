"""The argument of a curve among the fields of a command: first..last, and maybe the step of tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.model.tables.number import place_of

#: first..last, and maybe the step of a table: 0..1/8, 0..1/8:1/100. What ends in a slash is part of a path.
_INTERVAL = re.compile(r"\s*([^:]*[^:./\s])\s*\.\.\s*([^:./\s][^:]*?)\s*(?::\s*(.+?)\s*)?")


@dataclass(frozen=True)
class Interval:
    """The values of a curve's argument: a key path, both ends, and the step of tables."""

    field: str
    low: Fraction
    high: Fraction
    step: Fraction

    @property
    def places(self) -> list[Fraction]:
        """Return the values of a table, both ends among them."""
        count = (self.high - self.low) / self.step
        return [self.low + k * self.step for k in range(int(count) + 1)] + [self.high] * (count % 1 != 0)

    @property
    def label(self) -> str:
        """Return it as in names of files, with the last key."""
        return f"{self.field.rpartition('.')[2]}={self.low}..{self.high}"


def interval_of(fields: Mapping[str, str]) -> Interval | None:
    """Return the interval among the values of fields, as 0..1/8 or 0..1/8:1/100; None if there is none.

    Raise InputError for two, for an empty one and for what is no rational number.
    """
    found = {key: match for key, value in fields.items() if (match := _INTERVAL.fullmatch(value))}
    if not found:
        return None
    if len(found) > 1:
        raise InputError(next(reversed(found)), f"{', '.join(found)}: a curve has one argument")
    ((field, match),) = found.items()
    low, high = (place_of(match[k], field) for k in (1, 2))
    step = (high - low) / 8 if match[3] is None else place_of(match[3], field)
    if low >= high or step <= 0 or (high - low) / step > 10**6:
        raise InputError(
            field, f"{fields[field]}: first..last:step is needed, first < last, at most 10^6 steps > 0"
        )
    return Interval(field, low, high, step)
