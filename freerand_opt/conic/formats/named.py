"""A linear program whose rows and columns have names that every format takes: printable, no blanks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.conic.linear import LinearProgram
from freerand_opt.numbers.exact import Exact, text

#: Longer names are cut; readers of MPS take 255 characters.
LONGEST = 120


@dataclass(frozen=True, eq=False)
class Named:
    """A program (it maximises; columns are free), its names, and notes that go in front."""

    program: LinearProgram
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()


def named(
    program: LinearProgram, rows: Sequence[str], columns: Sequence[str], notes: Iterable[str] = ()
) -> Named:
    """Return a program with clean names; equal ones are numbered."""
    return Named(program, _once(rows), _once(columns), tuple(clean(note) for note in notes))


def clean(words: str) -> str:
    """Return printable ASCII on one line."""
    return " ".join(words.split()).encode("ascii", "backslashreplace").decode()


def _once(labels: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for label in labels:
        plain = clean(label).replace(" ", "_")[:LONGEST] or "_"
        name, count = plain, 1
        while name in found:
            count += 1
            name = f"{plain}#{count}"
        found[name] = None
    return tuple(found)


def double(value: Exact | int | float) -> str:
    """Return 17 significant digits, which determine the nearest double."""
    return f"{float(value):.17g}"


def irrational_notes(program: LinearProgram, names: Sequence[str], what: str) -> list[str]:
    """Return a line for each irrational right side."""
    return [
        f"{name}: right side {text(right)} {what}"
        for name, right in zip(names, program.right, strict=True)
        if not isinstance(right, Fraction)
    ]
