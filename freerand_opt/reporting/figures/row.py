"""What a figure draws, as a table: brackets with proofs, closed forms, marks, measurements."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from freerand_opt.errors import InputError
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.numbers.parse import parse
from freerand_opt.numbers.rounding import decimal_above, decimal_below, float_above, float_below

Kind: TypeAlias = Literal["bracket", "curve", "break", "formula", "guide", "mark", "measured"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COLUMNS = ("panel", "kind", "series", "x", "lower", "upper", "exact_lower", "exact_upper", "proof")


@dataclass(frozen=True)
class Row:
    """One thing that is drawn.

    A `bracket` is certified: the value at `x` lies in [lower, upper], and `proof` is the digest
    of its certificate; so is each point of a `curve`, and a `break`, where another function is the least.
    A `formula` is a closed form, a `guide` a line to compare with, a `mark` a position
    on the first axis, and `measured` a time or a frequency; these prove nothing. `x` is exact,
    or the words of a category.
    """

    kind: Kind
    series: str
    x: Exact | str
    lower: Exact | None = None
    upper: Exact | None = None
    proof: str = ""
    panel: str = ""

    @property
    def position(self) -> float:
        """Return `x` as the nearest float."""
        assert not isinstance(self.x, str), f"{self.x} is a category"
        return float(self.x)

    @property
    def low(self) -> float | None:
        """Return a float at most the lower end."""
        return None if self.lower is None else float_below(self.lower)

    @property
    def high(self) -> float | None:
        """Return a float at least the upper end."""
        return None if self.upper is None else float_above(self.upper)

    @property
    def middle(self) -> float:
        """Return the value to put a marker at: the middle of the bracket."""
        low, high = self.low, self.high
        assert low is not None, "the lower end is open"
        assert high is not None, "the upper end is open"
        return (low + high) / 2


def formula(series: str, x: Exact, value: Exact, panel: str = "") -> Row:
    """Return a point of a closed form."""
    return Row("formula", series, x, value, value, panel=panel)


def guide(series: str, x: Exact, value: Exact) -> Row:
    """Return a point of a line to compare with."""
    return Row("guide", series, x, value, value)


def mark(series: str, x: Exact, panel: str = "") -> Row:
    """Return a position on the first axis, such as a threshold."""
    return Row("mark", series, x, panel=panel)


def as_csv(rows: Iterable[Row]) -> str:
    """Return rows as CSV: decimals rounded outward, and the exact ends as expressions."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            (
                row.panel,
                row.kind,
                row.series,
                row.x if isinstance(row.x, str) else text(row.x),
                "" if row.lower is None else decimal_below(row.lower),
                "" if row.upper is None else decimal_above(row.upper),
                "" if row.lower is None else text(row.lower),
                "" if row.upper is None else text(row.upper),
                row.proof,
            )
        )
    return out.getvalue()


def from_csv(body: str, where: str) -> list[Row]:
    """Return the rows of a table that `as_csv` wrote; raise InputError for anything else."""
    lines = list(csv.reader(io.StringIO(body)))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise InputError(where, f"the first line is not {','.join(COLUMNS)}")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = dict(zip(COLUMNS, line, strict=False))
        if len(line) != len(COLUMNS) or cells["kind"] not in KINDS:
            raise InputError(f"{where}, line {number}", f"{','.join(line)} is no row of a figure")
        kind: Kind = next(kind for kind in KINDS if kind == cells["kind"])
        rows.append(
            Row(
                kind,
                cells["series"],
                _position(cells["x"]),
                _end(cells["exact_lower"]),
                _end(cells["exact_upper"]),
                cells["proof"],
                cells["panel"],
            )
        )
    return rows


def _position(words: str) -> Exact | str:
    try:
        return parse(words)
    except ValueError:  # the words of a category
        return words


def _end(words: str) -> Exact | None:
    return parse(words) if words else None
