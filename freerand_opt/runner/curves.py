"""Curves of the questions of a file or claim: made, or read from a folder of certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.bounds.curve import Curve, place_of
from freerand_opt.bounds.curve_of import curve, load_curve
from freerand_opt.claims.verify import File
from freerand_opt.errors import InputError
from freerand_opt.model.file import Instance
from freerand_opt.runner.reading import Asked, reader
from freerand_opt.runner.shelf import certificate_path

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


@dataclass(frozen=True)
class Curved:
    """A curve with where it comes from; `stored`: its certificate was read and checked."""

    file: File
    instance: Instance
    curve: Curve
    stored: bool

    @property
    def title(self) -> str:
        """Return the names of file and instance."""
        return f"{self.file.name} {label_of(self.instance, self.curve.field)}".strip()


def label_of(instance: Instance, field: str) -> str:
    """Return the name of an instance with all fields that were set, but for the argument."""
    set_to = {axis.rpartition(".")[2]: value for axis, value in instance.at if axis != field}
    words = [f"{key}={value}" for key, value in set_to.items() if f"{key}=" not in instance.name]
    return " ".join(words + [instance.name] * bool(instance.name))


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


def curves(
    asked: Asked,
    over: Interval,
    fields: Mapping[str, Any] | None = None,
    *,
    folder: Path | None = None,
    fresh: bool = False,
    width: Fraction | None = None,
    time_limit: float | None = None,
) -> Iterator[Curved]:
    """Yield the curve of a file's or claim's question, of each cell of its grid; raise InputError for others.

    The named instances of a file, which are variants, are left out.
    Certificates in `folder` are checked and used, unless `fresh`; others are written there.
    """
    axes = {**(fields or {}), over.field: [str(over.low)]}
    file = reader(asked)(axes, lambda variant, _: not variant)
    ends = (over.low, over.high)
    for instance in file.instances:
        if not isinstance(instance, Instance):
            raise InputError(str(file.path), "is a computation; curves are of questions")
        label = f"{label_of(instance, over.field)} {over.label}".strip()
        place = None if folder is None else certificate_path(folder, file.name, label)
        found = None
        if place is not None and place.is_file() and not fresh:
            found = load_curve(place, instance.question, over.field)
        if found is not None and found.between == ends:
            yield Curved(file, instance, found, stored=True)
            continue
        made = curve(instance.question, over.field, ends, width=width, time_limit=time_limit)
        if place is not None:
            made.save(place)
        yield Curved(file, instance, made, stored=False)
