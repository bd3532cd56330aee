"""Programs with matrices, and linear ones, as text that conic solvers read: CBF and SDPA sparse.

Both hold the nearest doubles of all numbers, long rows divided by a power of 2. In programs with psd
blocks the bounds of columns are left out: the matrices of observables imply them, and every strategy of
quantum devices keeps them.
Rows are named r0, r1, .., columns c0, c1, ..; comments in front say what they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from freerand_opt.programs.exchange import (
    DOUBLES,
    comments,
    double,
    fractions,
    irrational_notes,
    joined_lines,
    nonzero,
    shift_notes,
)
from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, IntArray

_LEFT_OUT = "Bounds of columns are left out; the matrices and what quantum devices can do imply them."


@dataclass(frozen=True, eq=False)
class _Places:
    """Where a row stands: `linear[r]` is its number among the linear rows, or -1.

    A row of matrix `block[r]` is the entry (i[r], j[r]), i <= j.
    """

    linear: IntArray
    block: IntArray
    i: IntArray
    j: IntArray


def _places(program: ConicProgram) -> _Places:
    linear = np.ones(program.shape[0], dtype=bool)
    block, i, j = (np.full(program.shape[0], -1, dtype=np.int64) for _ in range(3))
    for k, (start, size) in enumerate(program.psd_blocks):
        rows = slice(start, start + size * (size + 1) // 2)
        linear[rows], block[rows] = False, k
        i[rows], j[rows] = triangle(size)
    return _Places(np.where(linear, np.cumsum(linear) - 1, -1), block, i, j)


def _entries(program: ConicProgram) -> Iterator[tuple[int, int, float]]:
    matrix = program.float_matrix
    owner = np.repeat(np.arange(program.shape[0]), np.diff(matrix.indptr)).tolist()
    return zip(owner, matrix.indices.tolist(), matrix.data.tolist(), strict=True)


def _sides(program: ConicProgram) -> Iterator[tuple[int, float]]:
    sides = program.float_right.tolist()
    return ((r, sides[r]) for r, _ in nonzero(program.right))


# ------------------------------------------------------------------ CBF


def as_cbf(program: ConicProgram) -> str:
    """Return CBF text (version 2) with the nearest doubles of all numbers.

    Linear rows come first and in order, as b - A x in L= or L+; then, without psd blocks, u - x in
    L+ for every column and x - l in L+ for the columns with l != 0, which are free variables (the
    others are in L+). Each psd block is one entry of PSDCON.
    """
    return joined_lines(_cbf(program))


def _cbf(program: ConicProgram) -> Iterator[str]:
    columns, places = program.shape[1], _places(program)
    matrices = bool(program.psd_blocks)
    rows = int(np.count_nonzero(places.linear >= 0))
    lower = fractions(program.lower)
    free = [] if matrices else [j for j, value in enumerate(lower) if value]
    bounded = 0 if matrices else columns
    note = f"Rows from r{rows} on: upper bounds of all columns, then lower bounds other than 0."
    notes = [*DOUBLES, _LEFT_OUT if matrices else note, *shift_notes(program)]
    notes += irrational_notes(program, "rounded to nearest")
    yield from comments(program, "#", notes)
    yield from ("VER", "2", "", "OBJSENSE", "MAX", "")
    if matrices:
        yield from _section("PSDCON", [str(size) for _, size in program.psd_blocks])
    signs = groupby("F" if value or matrices else "L+" for value in lower)
    domains = [f"{cone} {len(list(group))}" for cone, group in signs]
    yield from ("VAR", f"{columns} {len(domains)}", *domains, "")
    cones = [f"{'L=' if cone == 'zero' else 'L+'} {n}" for cone, n in program.blocks if cone != "psd"]
    cones += [] if matrices else [f"L+ {bounded + len(free)}"]
    if cones:
        yield from ("CON", f"{rows + bounded + len(free)} {len(cones)}", *cones, "")
    yield from _section("OBJACOORD", [f"{j} {double(value)}" for j, value in nonzero(program.objective)])
    coefficients, inside = [], []
    for r, column, value in _entries(program):
        if places.linear[r] >= 0:
            coefficients.append(f"{places.linear[r]} {column} {double(-value)}")
        else:  # a lower triangle
            inside.append(f"{places.block[r]} {column} {places.j[r]} {places.i[r]} {double(-value)}")
    coefficients += [f"{rows + j} {j} -1" for j in range(bounded)]
    coefficients += [f"{rows + bounded + k} {j} 1" for k, j in enumerate(free)]
    yield from _section("ACOORD", coefficients)
    constants, fixed = [], []
    for r, right in _sides(program):
        if places.linear[r] >= 0:
            constants.append(f"{places.linear[r]} {double(right)}")
        else:
            fixed.append(f"{places.block[r]} {places.j[r]} {places.i[r]} {double(right)}")
    if not matrices:
        constants += [f"{rows + j} {double(value)}" for j, value in nonzero(program.upper)]
    constants += [f"{rows + bounded + k} {double(-lower[j])}" for k, j in enumerate(free)]
    yield from _section("BCOORD", constants)
    yield from _section("HCOORD", inside)
    yield from _section("DCOORD", fixed)


def _section(name: str, lines: Sequence[str]) -> list[str]:
    return [name, str(len(lines)), *lines, ""] if lines else []


# ------------------------------------------------------------------ SDPA sparse


def as_sdpa(program: ConicProgram) -> str:
    r"""Return SDPA sparse text (``.dat-s``) with the nearest doubles of all numbers.

    The format minimises, so its optimum is minus the program's:

    .. math:: \min\; -c \cdot x \;:\; \sum_j x_j F_j - F_0 \succeq 0,

    the psd blocks in order, then one diagonal block: both signs of each equality, the inequalities
    and, without psd blocks, upper and lower bounds.
    """
    return joined_lines(_sdpa(program))


def _sdpa(program: ConicProgram) -> Iterator[str]:
    columns, places = program.shape[1], _places(program)
    matrices = len(program.psd_blocks)
    yield from comments(program, "*", [*DOUBLES, *_sdpa_notes(program)])
    zero = program.zero_rows.tolist()
    diagonal: dict[int, list[tuple[int, int]]] = {}
    count = 0
    for r in np.flatnonzero(places.linear >= 0).tolist():
        signs = (1, -1) if zero[r] else (1,)
        diagonal[r] = [(count + k, sign) for k, sign in enumerate(signs, start=1)]
        count += len(signs)
    total = count + (0 if matrices else 2 * columns)
    sizes = [str(size) for _, size in program.psd_blocks] + [str(-total)] * bool(total)
    yield from (f"{columns} = m", f"{len(sizes)} = blocks", " ".join(sizes))
    yield " ".join(double(-value) for value in fractions(program.objective))

    def put(number: int, r: int, value: float) -> Iterator[str]:
        if r in diagonal:
            for d, sign in diagonal[r]:
                yield f"{number} {matrices + 1} {d} {d} {double(-sign * value)}"
        else:
            yield f"{number} {places.block[r] + 1} {places.i[r] + 1} {places.j[r] + 1} {double(-value)}"

    for r, right in _sides(program):
        yield from put(0, r, right)
    for r, column, value in _entries(program):
        yield from put(column + 1, r, value)
    if not matrices:
        ends = zip(program.lower.floats(), program.upper.floats(), strict=True)
        for j, (low, high) in enumerate(ends, start=1):
            above, below = count + j, count + columns + j
            yield from (f"0 1 {above} {above} {double(-high)}", f"{j} 1 {above} {above} -1")
            yield from (f"0 1 {below} {below} {double(low)}", f"{j} 1 {below} {below} 1")


def _sdpa_notes(program: ConicProgram) -> list[str]:
    notes = ["The optimum is minus that of the program, which maximises."]
    notes += [_LEFT_OUT] if program.psd_blocks else []
    notes += shift_notes(program)
    return notes + irrational_notes(program, "rounded to nearest")
