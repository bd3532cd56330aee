"""Results as rows: flat dicts that pandas and polars accept, and files of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from freerand_opt.errors import InputError, UnavailableError, nearest
from freerand_opt.files import write_whole
from freerand_opt.first.answers.verification import Verification
from freerand_opt.first.proving.result import Bracket, Result, exact_text
from freerand_opt.numbers.parse import parse
from freerand_opt.numbers.rounding import decimal_above, decimal_below

Row: TypeAlias = dict[str, Any]
FORMS = ("csv", "json", "parquet")


def table(results: Iterable[Verification | Result]) -> list[Row]:
    """Return results as rows with equal keys; every cell is a text, an int, a float, a bool or None.

    Columns: what was asked (`name`, `instance`, and one column for each field that was varied, with
    ``.._float`` beside exact texts), `quantity`, the certified ends as exact texts (`lower`, `upper`),
    as decimals and as floats rounded outward, the `verdict` on a claim, and how the answer came about.
    """
    found = [(result, _fields(result)) for result in results]
    axes: dict[str, None] = {}
    for _, fields in found:
        axes |= dict.fromkeys(fields)
    exact = {axis: any(type(fields.get(axis)) is str for _, fields in found) for axis in axes}
    rows = []
    for result, fields in found:
        middle: Row = {}
        for axis in axes:
            value = fields.get(axis)
            middle[axis] = str(value) if exact[axis] and value is not None else value
            if exact[axis]:
                middle[f"{axis}_float"] = _nearest(value)
        rows.append(_row(result, middle))
    for axis in axes:  # names, not numbers
        if exact[axis] and all(row[f"{axis}_float"] is None for row in rows):
            for row in rows:
                del row[f"{axis}_float"]
    return rows


def _fields(result: Verification | Result) -> dict[str, int | str]:
    return dict(result.instance.at) if isinstance(result, Verification) else {}


def _nearest(value: int | str | None) -> float | None:
    try:
        found = None if value is None else parse(value)
    except (ValueError, ZeroDivisionError):
        return None
    return None if found is None else float(found)


def _row(found: Verification | Result, fields: Row) -> Row:
    result, claim = (found.result, found) if isinstance(found, Verification) else (found, None)
    bracket = Bracket(None, None) if claim is not None and claim.impossible else result.bracket
    lower, upper = bracket.lower, bracket.upper
    expect = None if claim is None else claim.instance.expect
    return {
        "name": result.name,
        "instance": result.instance,
        **fields,
        "quantity": result.quantity,
        "lower": exact_text(lower),
        "upper": exact_text(upper),
        "lower_decimal": None if lower is None else decimal_below(lower),
        "upper_decimal": None if upper is None else decimal_above(upper),
        "lower_float": _plain(bracket.lower_float),
        "upper_float": _plain(bracket.upper_float),
        "infeasible": result.infeasible,
        "note": result.notes[0] if result.notes else None,
        "expected": expect.shown if expect is not None else None,
        "verdict": None if claim is None else claim.verdict,
        "method": result.method,
        "solver": result.solver,
        "how": result.how,
        "seconds": round(result.seconds, 4),
        "certificate": result.digest or None,
    }


def _plain(x: float | None) -> float | None:
    return None if x is None else x + 0.0  # no negative zero


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
        try:
            import polars  # noqa: F401
        except ImportError:
            raise UnavailableError("parquet needs polars: pip install 'freerand_opt[frames]'") from None
    return form


def text(rows: Sequence[Row], form: str) -> str:
    """Return a table as CSV or JSON; a missing cell is empty, or null."""
    if form == "json":
        return json.dumps(rows, indent=1) + "\n"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(rows: Sequence[Row], path: Path, form: str) -> None:
    """Write a table to a file, whole or not at all."""
    if form != "parquet":
        write_whole(path, text(rows, form))
        return
    import polars

    body = io.BytesIO()
    polars.DataFrame(rows, infer_schema_length=None).write_parquet(body)
    write_whole(path, body.getvalue())
