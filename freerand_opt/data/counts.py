"""Counts by cell: how often each joint outcome was seen at each joint setting."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.data.columns import Columns
from freerand_opt.errors import InputError
from freerand_opt.model.files.beside import contents
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.text import shown

MAX_BYTES = 1 << 26


@dataclass(frozen=True)
class Counts:
    """n(c, z) by cell, joint setting z slowest, as integers; `digest` is the SHA-256 of the file they came
    from.

    >>> from freerand_opt.model import chsh
    >>> Counts.from_table(chsh(), {"P(00|00)": 3, "P(11|01)": 1}).total
    4
    """

    scenario: AnyScenario
    values: tuple[int, ...]
    digest: str | None = field(default=None, compare=False)
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        settings, outcomes = self.scenario.shape
        if len(self.values) != settings * outcomes:
            raise InputError(
                "counts", f"{len(self.values)} numbers; the scenario has {settings * outcomes} cells"
            )
        for index, n in enumerate(self.values):
            if type(n) is not int or n < 0:
                label = self.scenario.label(*divmod(index, outcomes))
                raise InputError(f"counts of {label}", f"{shown(n)} is no integer from 0 on")

    @classmethod
    def from_csv(
        cls, path: str | Path, scenario: AnyScenario, columns: Columns | Mapping[str, Any] | None = None
    ) -> Counts:
        """Read a table with one row for each cell, by default x,y,a,b,n; rows that are missing are 0.

        Raise InputError with line and column for whatever is not of the scenario; nothing is half read.
        """
        path = Path(path)
        text = contents(path, str(path), MAX_BYTES, "one row for each cell; trials in order go to Trials")
        return cls(
            scenario, _read(text, path, scenario, Columns.of(columns, scenario)), _digest(path), path.name
        )

    @classmethod
    def from_table(cls, scenario: AnyScenario, table: Mapping[str, int]) -> Counts:
        """Read counts by label, such as P(01|10)."""
        settings, outcomes = scenario.shape
        places = {scenario.label(*divmod(k, outcomes)): k for k in range(settings * outcomes)}
        values = [0] * (settings * outcomes)
        for label, n in table.items():
            if label not in places:
                raise InputError(
                    f"counts of {shown(label)}", f"no cell; cells are such as {scenario.label(0, 0)}"
                )
            values[places[label]] = n
        return cls(scenario, tuple(values))

    @classmethod
    def from_array(cls, scenario: AnyScenario, array: Any) -> Counts:
        """Read an integer array with an axis for each party's setting, then for each party's outcome."""
        import numpy as np

        held = np.asarray(array)
        shape = (*scenario.settings, *scenario.outcomes)
        if held.shape != shape or held.dtype.kind not in "iuO":
            raise InputError(
                "counts", f"an integer array of shape {shape} is needed, not {held.dtype} {held.shape}"
            )
        return cls(scenario, tuple(int(n) for n in held.ravel()))

    @classmethod
    def from_frame(
        cls, frame: Any, scenario: AnyScenario, columns: Columns | Mapping[str, Any] | None = None
    ) -> Counts:
        """Read a data frame (pandas, polars: anything with columns) as `from_csv` reads a file."""
        names = Columns.of(columns, scenario)
        wanted = [*names.settings, *names.outcomes, names.number]
        header = [str(name) for name in frame.columns]
        names.places(header, "frame", counted=True)
        rows = zip(*(list(frame[name]) for name in wanted), strict=True)
        text = ([str(x) for x in row] for row in rows)
        return cls(scenario, _collect(text, "frame, row", 0, scenario, names))

    @property
    def total(self) -> int:
        """Return the number of trials."""
        return sum(self.values)

    @property
    def by_setting(self) -> tuple[int, ...]:
        """Return the number of trials at each joint setting."""
        size = self.scenario.shape[1]
        return tuple(sum(self.values[k : k + size]) for k in range(0, len(self.values), size))

    def frequencies(self) -> tuple[Fraction, ...]:
        """Return n(c, z) / n by cell."""
        total = self.total
        if not total:
            raise InputError("counts", "there are no trials")
        return tuple(Fraction(n, total) for n in self.values)

    def __add__(self, other: Counts) -> Counts:
        if self.scenario.sizes != other.scenario.sizes:
            raise InputError("counts", "two runs of different scenarios have no sum")
        return Counts(self.scenario, tuple(a + b for a, b in zip(self.values, other.values, strict=True)))

    def require_settings(self) -> None:
        """Raise InputError if no trial was made, or none at some joint setting."""
        if not self.total:
            raise InputError(self.name or "counts", "there are no trials")
        for z, n in enumerate(self.by_setting):
            if not n:
                raise InputError(
                    self.name or "counts",
                    f"settings {self.scenario.setting_label(z)} never occur; state a scenario without "
                    f"them, or "
                    "look whether the file is whole",
                )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(text: str, path: Path, scenario: AnyScenario, columns: Columns) -> tuple[int, ...]:
    where = str(path)
    if not text.strip():
        raise InputError(where, "is empty")
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(rows)]
        places = columns.places(header, where, counted=True)
        picked: list[list[str]] = []
        for line, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                picked.append([])
                continue
            if len(row) != len(header):
                raise InputError(
                    f"{where}, line {line}",
                    f"{len(row)} cells instead of {len(header)}; the file may have been cut off",
                )
            picked.append([row[k] for k in places])
    except csv.Error as error:
        raise InputError(where, f"is no CSV file: {error}") from None
    return _collect(picked, f"{where}, line", 2, scenario, columns)


def _collect(rows: Any, where: str, start: int, scenario: AnyScenario, columns: Columns) -> tuple[int, ...]:
    """Return counts from rows of settings, outcomes and n; an empty row is passed over."""
    cell = columns.reader(scenario)
    values = [0] * (scenario.shape[0] * scenario.shape[1])
    seen: dict[int, int] = {}
    for line, row in enumerate(rows, start=start):
        if not row:
            continue
        index = cell(row[:-1], f"{where} {line}")
        if index in seen:
            raise InputError(f"{where} {line}", f"the same cell as line {seen[index]}; one row for each cell")
        seen[index] = line
        values[index] = _number(row[-1], f"{where} {line}, column {columns.number!r}")
    if not seen:
        raise InputError(where.rpartition(",")[0], "has no row of counts")
    return tuple(values)


def _number(text: str, where: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 30):
        hint = "; counts are not negative" if plain.startswith("-") else ""
        raise InputError(
            where, f"{shown(plain)} is no count; an integer from 0 on, without point or exponent{hint}"
        )
    return int(plain)


def cells_of(settings: Sequence[int], outcomes: Sequence[int], scenario: AnyScenario) -> int:
    """Return the number of a cell."""
    return scenario.setting_index(settings) * scenario.shape[1] + scenario.outcome_index(outcomes)
