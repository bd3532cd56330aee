"""Answers as rows, frames and figures: exact numbers as texts, and floats beside them on the safe side."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.errors import InputError, imported
from freerand_opt.files import new_file
from freerand_opt.model.quantities import QUANTITIES
from freerand_opt.model.tables.grid import Place
from freerand_opt.model.tables.text import nearest
from freerand_opt.numbers.parse import parse
from freerand_opt.runner.answer import Answer
from freerand_opt.runner.job import is_impossible

Row: TypeAlias = dict[str, Any]
FORMS = ("csv", "json", "parquet")


@dataclass
class Columns:
    """Columns of a table for its axes: whether any value is an exact text, and whether any is a number."""

    exact: dict[str, bool] = field(default_factory=dict)
    number: dict[str, bool] = field(default_factory=dict)

    def see(self, places: Iterable[Place]) -> None:
        """Take the places of more cells into account."""
        for axis, value in (pair for place in places for pair in place):
            self.exact[axis] = self.exact.get(axis, False) or type(value) is str
            self.number[axis] = self.number.get(axis, False) or _nearest(value) is not None


def rows(answers: Iterable[Answer], columns: Columns | None = None) -> list[Row]:
    """Return answers as rows with equal keys; every cell is a text, an int, a float, a bool or None.

    Columns: what was asked (`name`, `instance`, and one column for each field that was varied, with
    ``.._float`` beside exact texts), `quantity`, the certified ends as exact texts (`lower`, `upper`), as
    decimals and as floats rounded outward, and how the answer came about. `columns` are those of a larger
    table.
    """
    answers = list(answers)
    if columns is None:
        columns = Columns()
        columns.see(one.instance.at for one in answers)
    table = []
    for one in answers:
        fields, middle = dict(one.instance.at), Row()
        for axis, exact in columns.exact.items():
            value = fields.get(axis)
            middle[axis] = str(value) if exact and value is not None else value
            if exact and columns.number[axis]:  # of names there are no floats
                middle[f"{axis}_float"] = _nearest(value)
        table.append(_row(one, middle))
    return table


def _nearest(value: int | str | None) -> float | None:
    try:
        found = None if value is None else parse(value)
    except (ValueError, ZeroDivisionError):
        return None
    return None if found is None else float(found)


def _row(one: Answer, fields: Row) -> Row:
    result = one.result
    return {
        "name": one.file.name,
        "instance": one.instance.name,
        **fields,
        "quantity": one.quantity,
        **(Bracket(None, None) if result is None else result.bracket).to_row(),
        "infeasible": is_impossible(result),
        "exists": None if result is None or result.quantity != "strategy" else _exists(str(result)),
        "note": one.mark or (one.why and "failed") or None,
        "method": None if result is None else "; ".join(dict.fromkeys(way for _, way in result.how)),
        "how": one.origin or None,
        "seconds": None if result is None else round(result.seconds, 4),
        "certificate": None if result is None else result.digest,
    }


def _exists(answer: str) -> bool | None:
    return {"exists": True, "none": False}.get(answer)


def form_of(path: Path | None, form: str | None) -> str:
    """Return the form of a table: the one that is named, or the one that a file's name ends in.

    Raise InputError for others, and for Parquet without a file; UnavailableError for Parquet without polars.
    """
    if form is None and path is not None:
        form = path.suffix.removeprefix(".").lower()
        if form not in FORMS:
            endings = ", ".join(f".{name}" for name in FORMS)
            raise InputError("-o", f"{path}: its name ends in none of {endings}; or name a form by --as")
    assert form is not None
    if form not in FORMS:
        raise InputError("--as", f"{form!r} is not known; allowed: {', '.join(FORMS)}{nearest(form, FORMS)}")
    if form == "parquet":
        if path is None:
            raise InputError("--as", "parquet is not written on a terminal; name a file by -o")
        imported("polars", "parquet needs polars", "'freerand_opt[frames]'")
    return form


@dataclass
class Text:
    """A table as CSV or JSON that is handed on row after row; a missing cell is empty, or null."""

    form: str
    put: Callable[[str], object]
    count: int = 0

    def add(self, table: Sequence[Row]) -> None:
        """Hand on more rows."""
        if self.form == "json" and table:
            self.put(("," if self.count else "[") + json.dumps(table, indent=1)[1:-2])
        elif self.form == "csv" and table:
            out = io.StringIO()
            writer = csv.DictWriter(out, list(table[0]), lineterminator="\n")
            if not self.count:
                writer.writeheader()
            writer.writerows(table)
            self.put(out.getvalue())
        self.count += len(table)

    def end(self) -> None:
        """Hand on what stands after the last row."""
        if self.form == "json" or not self.count:
            self.put("\n" if self.form == "csv" else "\n]\n" if self.count else "[]\n")


@contextmanager
def written(path: Path, form: str) -> Iterator[Callable[[Sequence[Row]], None]]:
    """Yield what adds rows to a new file, which is there at the end, whole, or not at all."""
    with new_file(path) as name, open(name, "w", encoding="utf-8", newline="") as file:
        if form != "parquet":
            text = Text(form, file.write)
            yield text.add
            text.end()
            return
        polars = imported("polars", "parquet needs polars", "'freerand_opt[frames]'")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ndjson") as lines:
            yield lambda table: lines.writelines(json.dumps(row) + "\n" for row in table)
            lines.flush()
            polars.scan_ndjson(lines.name, infer_schema_length=None).sink_parquet(name)


def numeric(answers: Sequence[Answer]) -> tuple[list[str], list[Row]]:
    """Return (axes, rows); an axis of numbers holds floats or integers, and ``.._exact`` its texts."""
    table = rows(answers)
    axes = list(dict.fromkeys(axis for one in answers for axis, _ in one.instance.at))
    for row in table:
        for axis in axes:
            if f"{axis}_float" in row:
                row[f"{axis}_exact"], row[axis] = row[axis], row.pop(f"{axis}_float")
    return axes, table


def to_pandas(answers: Sequence[Answer]) -> Any:
    """Return a DataFrame: a column for each axis, numbers as floats, and those of `rows`."""
    pandas = imported("pandas", "a frame needs pandas", "pandas")
    return pandas.DataFrame(numeric(answers)[1])


def to_xarray(answers: Sequence[Answer]) -> Any:
    """Return a Dataset with the axes as dimensions: ends as floats and exact texts, and marks."""
    xarray = imported("xarray", "a dataset needs xarray", "xarray")
    axes, table = numeric(answers)
    if not axes:
        raise InputError("to_xarray", "these answers have no axes; give some, as axes={'source.epsilon': ..}")
    pandas = imported("pandas", "a dataset needs pandas", "pandas")
    kept = ["lower_float", "upper_float", "lower", "upper", "note", "certificate"]
    frame = pandas.DataFrame(table)
    if frame.duplicated(axes).any():
        raise InputError("to_xarray", "several answers have the same place on all axes; sweep one question")
    found = frame.set_index(axes)[kept].to_xarray()
    assert isinstance(found, xarray.Dataset)
    names = {"lower_float": "lower", "upper_float": "upper", "lower": "lower_exact", "upper": "upper_exact"}
    return found.rename(names)


def plot(answers: Sequence[Answer], ax: Any = None) -> Any:
    """Draw lower and upper ends over the first numeric axis, a line for each value of the others."""
    pyplot = imported("matplotlib.pyplot", "figures need matplotlib", "'freerand_opt[plot]'")
    axes, table = numeric(answers)
    across = next((a for a in axes if all(isinstance(row[a], int | float) for row in table)), None)
    if across is None:
        raise InputError("plot", "no axis has numbers; sweep one, as axes={'source.epsilon': ..}")
    ax = pyplot.figure().add_subplot() if ax is None else ax
    lines: dict[tuple[Any, ...], list[Row]] = {}
    for row in table:
        lines.setdefault(tuple(row[a] for a in axes if a != across), []).append(row)
    others = [axis for axis in axes if axis != across]
    for place, line in lines.items():
        held = sorted((row for row in line if row["note"] is None), key=lambda row: row[across])
        x = [row[across] for row in held]
        low, high = ([_number(row[end]) for row in held] for end in ("lower_float", "upper_float"))
        label = ", ".join(f"{axis} = {value}" for axis, value in zip(others, place, strict=True))
        (drawn,) = ax.plot(x, high, marker=".", label=label or None)
        ax.plot(x, low, marker=".", linestyle=":", color=drawn.get_color())
        ax.fill_between(x, low, high, alpha=0.2, color=drawn.get_color())
    ax.set_xlabel(r"$\epsilon$" if across == "source.epsilon" else across)
    quantity = table[0]["quantity"]
    bits = quantity in QUANTITIES and QUANTITIES[quantity].unit == "bits"
    ax.set_ylabel(f"{quantity} (bits)" if bits else quantity)
    if others:
        ax.legend()
    return ax


def _number(end: float | None) -> float:
    return float("nan") if end is None else end
