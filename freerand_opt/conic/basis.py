"""Exact multipliers and exact points of a linear program, from a solver's basis."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from freerand_opt.conic.linear import Hint, LinearProgram
from freerand_opt.conic.system import solve_system

#: Larger systems are left in floats.
MOST_ROWS = 100_000


def exact_multipliers(program: LinearProgram, hint: Hint) -> list[Fraction] | None:
    """Return z with A'z = c on the basic columns and z = 0 off the active rows; None if that fails."""
    found = _basis(program, hint)
    if found is None:
        return None
    rows, columns, table = found
    # one equation for each basic column: scale it to integers
    entries: list[list[tuple[int, Fraction]]] = [[] for _ in columns]
    for row, column, value in table:
        entries[column].append((row, value))
    right = [program.objective.get(int(column), Fraction(0)) for column in columns]
    solved = solve_system(entries, right)
    if solved is None:
        return None
    z = [Fraction(0)] * program.matrix.shape[0]
    for row, value in zip(rows.tolist(), solved, strict=True):
        z[row] = value
    return z


def exact_point(program: LinearProgram, hint: Hint, right: list[Fraction]) -> list[Fraction] | None:
    """Return the x of the basis for rational right sides, if it obeys all rows, else None."""
    x = basic_point(program, hint, right)
    if x is None:
        return None
    for value, bound, equal in zip(program.matrix.applied(x), right, program.equal, strict=True):
        if value > bound or (equal and value < bound):
            return None
    return x


def basic_point(program: LinearProgram, hint: Hint, right: list[Fraction]) -> list[Fraction] | None:
    """Return the x of the basis for rational right sides; columns outside are 0."""
    found = _basis(program, hint)
    if found is None:
        return None
    rows, columns, table = found
    entries: list[list[tuple[int, Fraction]]] = [[] for _ in rows]
    for row, column, value in table:
        entries[row].append((column, value))
    solved = solve_system(entries, [right[row] for row in rows.tolist()])
    if solved is None:
        return None
    x = [Fraction(0)] * program.matrix.shape[1]
    for column, value in zip(columns.tolist(), solved, strict=True):
        x[column] = value
    return x


def _basis(
    program: LinearProgram, hint: Hint
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, Fraction]]] | None:
    """Return active rows, basic columns, and the square block's entries by place."""
    if hint.basic is None or hint.active is None:
        return None
    rows, columns = np.flatnonzero(hint.active), np.flatnonzero(hint.basic)
    if len(rows) != len(columns) or len(rows) > MOST_ROWS:
        return None
    row_place = {int(row): k for k, row in enumerate(rows)}
    column_place = {int(column): k for k, column in enumerate(columns)}
    keep = hint.active[program.matrix.rows] & hint.basic[program.matrix.columns]
    values = [program.matrix.palette[code] for code in program.matrix.codes[keep].tolist()]
    table = [
        (row_place[row], column_place[column], value)
        for row, column, value in zip(
            program.matrix.rows[keep].tolist(), program.matrix.columns[keep].tolist(), values, strict=True
        )
    ]
    return rows, columns, table
