"""Curves of the questions of a file or claim: made, or read from a folder of certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.bounds.curves.curve import Curve
from freerand_opt.bounds.curves.curve_of import curve, load_curve
from freerand_opt.claims.verify import File
from freerand_opt.errors import InputError
from freerand_opt.model.files.file import Instance
from freerand_opt.runner.interval import Interval
from freerand_opt.runner.reading import Asked, reader
from freerand_opt.runner.shelf import certificate_path


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
