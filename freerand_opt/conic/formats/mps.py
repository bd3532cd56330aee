"""Linear programs as free MPS: the nearest doubles of all numbers; minus the objective is minimised.

Not every reader heeds OBJSENSE, so the file needs none.
"""

from __future__ import annotations

from collections.abc import Iterator

from freerand_opt.conic.formats.named import Named, double, irrational_notes

OBJECTIVE = "minus_objective"
NOTES = (
    "Numbers are the nearest doubles of the exact ones.",
    "The optimum is minus that of the question, which maximises.",
)


def as_mps(held: Named) -> str:
    """Return MPS text; rows and columns have the names of the inequalities and masses that they are."""
    return "\n".join(_lines(held)) + "\n"


def _lines(held: Named) -> Iterator[str]:
    program = held.program
    yield from (f"* {note}" for note in (*NOTES, *held.notes))
    yield from (f"* {note}" for note in irrational_notes(program, held.rows, "rounded to nearest"))
    yield from ("NAME freerand_opt", "ROWS", f" N {OBJECTIVE}")
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
            yield f" {name} {OBJECTIVE} {double(-(worth or 0))}"
        yield from (f" {name} {held.rows[row]} {value}" for row, value in sorted(entries[column]))
    yield "RHS"
    for name, right in zip(held.rows, program.right, strict=True):
        if right != 0:
            yield f" RHS {name} {double(right)}"
    yield "BOUNDS"
    yield from (f" FR BND {name}" for name in held.columns)
    yield "ENDATA"
