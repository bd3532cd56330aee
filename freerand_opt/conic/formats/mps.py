"""Linear programs as free MPS: the nearest doubles of all numbers, objective sense MAX."""

from __future__ import annotations

from collections.abc import Iterator

from freerand_opt.conic.formats.named import Named, double, irrational_notes


def as_mps(held: Named) -> str:
    """Return MPS text; rows and columns have the names of the inequalities and masses that they are."""
    return "\n".join(_lines(held)) + "\n"


def _lines(held: Named) -> Iterator[str]:
    program = held.program
    yield from (f"* {note}" for note in ("Numbers are the nearest doubles of the exact ones.", *held.notes))
    yield from (f"* {note}" for note in irrational_notes(program, held.rows, "rounded to nearest"))
    yield from ("NAME freerand_opt", "OBJSENSE", "    MAX", "ROWS", " N objective")
    yield from (
        f" {'E' if equal else 'L'} {name}" for name, equal in zip(held.rows, program.equal, strict=True)
    )
    yield "COLUMNS"
    entries: list[list[tuple[int, str]]] = [[] for _ in held.columns]
    for row, column, value in program.matrix.entries():
        entries[column].append((row, double(value)))
    for column, name in enumerate(held.columns):
        worth = program.objective.get(column)
        if worth or not entries[column]:  # a column is declared by its entries
            yield f" {name} objective {double(worth or 0)}"
        yield from (f" {name} {held.rows[row]} {value}" for row, value in sorted(entries[column]))
    yield "RHS"
    for name, right in zip(held.rows, program.right, strict=True):
        if right != 0:
            yield f" RHS {name} {double(right)}"
    yield "BOUNDS"
    yield from (f" FR BND {name}" for name in held.columns)
    yield "ENDATA"
