"""What all exchange formats share: numbers as doubles, and comments that name rows and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from freerand_opt.numbers.exact import Exact, text
from freerand_opt.programs.program import ConicProgram, ExactVector

#: Labels are cut after this many characters: a line of CBF has at most 512.
MAX_LABEL = 300
#: First comments of a format that holds floats.
DOUBLES = ("Written by freerand_opt.", "Numbers are the nearest doubles of the exact ones.")


def shift_notes(program: ConicProgram) -> list[str]:
    """Return a line for each row that is divided by a power of 2, so that doubles can hold it."""
    rows = np.flatnonzero(program.shifts).tolist()
    return [f"r{i}: the exact row divided by 2^{int(program.shifts[i])}" for i in rows]


def double(value: Exact | int | float) -> str:
    """Return 17 significant digits, which determine the nearest double of a number within their range."""
    return f"{float(value):.17g}"


def fractions(vector: ExactVector) -> list[Fraction]:
    """Return the entries, which must be fractions."""
    for value in vector.palette:
        assert isinstance(value, Fraction)  # programs promise this for objective and bounds
    return [vector.palette[code] for code in vector.codes.tolist()]


def bounds(program: ConicProgram) -> Iterator[tuple[Fraction, Fraction]]:
    """Yield (lower, upper) of each column."""
    return zip(fractions(program.lower), fractions(program.upper), strict=True)


def clean(label: str) -> str:
    """Return printable ASCII on one line, so that no label can end its comment."""
    line = " ".join(label.split()).encode("ascii", "backslashreplace").decode()
    return line if len(line) <= MAX_LABEL else line[:MAX_LABEL] + ".."


def irrational_rows(program: ConicProgram) -> list[int]:
    """Return the rows whose right-hand side is no fraction."""
    codes = [code for code, value in enumerate(program.right.palette) if not isinstance(value, Fraction)]
    return [int(row) for row in np.flatnonzero(np.isin(program.right.codes, codes))]


def comments(program: ConicProgram, mark: str, notes: Iterable[str]) -> Iterator[str]:
    """Yield notes and the names of all columns and rows, as comments."""
    rows, columns = program.shape
    yield from (f"{mark} {clean(note)}" for note in notes)
    yield from (f"{mark} c{j}: {clean(program.column_label(j))}" for j in range(columns))
    yield from (f"{mark} r{i}: {clean(program.row_label(i))}" for i in range(rows))


def irrational_notes(program: ConicProgram, what: str) -> list[str]:
    """Return a line for each irrational right-hand side."""
    return [f"r{i}: right-hand side {text(program.right[i])} {what}" for i in irrational_rows(program)]


def joined_lines(lines: Iterable[str]) -> str:
    """Return the lines as one text."""
    return "\n".join(lines) + "\n"


def nonzero(vector: ExactVector) -> Iterator[tuple[int, Exact]]:
    """Yield (index, value) of the entries that are not 0."""
    palette = vector.palette
    return ((i, palette[code]) for i, code in enumerate(vector.codes.tolist()) if palette[code] != 0)
