r"""A program in its free columns, over 2^bits: what a solver in integers works on, and the way back.

The equalities are solved exactly (`programs.affine`), x = x_0 + N u; what is left is

.. math:: \max\; c\cdot u \;:\; H_0 - \sum_l u_l H_l \succeq 0

with integers in H_l. Column bounds are implied by the blocks of the programs that come here, and are
left out. Multipliers of the equalities make up for what those of the cones leave of the objective.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from freerand_opt.numbers.exact import Exact, enclose
from freerand_opt.programs.affine import Affine, affine, to_fmpq
from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.solution import ExactDual
from freerand_opt.solvers.block import Block
from freerand_opt.solvers.fixed_point import ZERO, Rows

#: More free columns, or larger matrices, than these are left to solvers in floats.
MAX_FREE = 200
MAX_SIZE = 64
#: Equalities are solved for programs with at most so many columns.
MAX_COLUMNS = 4000


@dataclass(frozen=True, eq=False)
class FreeForm:
    """The free columns `kept`, column k divided by `units[k]`, their blocks and cost; over 2^bits.

    `first` are all columns where the free ones are 0; `places[b]` are the rows of block b.
    """

    affine: Affine
    kept: tuple[int, ...]
    units: tuple[int, ...]
    blocks: tuple[Block, ...]
    places: tuple[tuple[int, ...], ...]
    cost: tuple[fmpz, ...]
    first: tuple[fmpz, ...]
    bits: int


def free_form(program: ConicProgram, bits: int, more: Sequence[Mapping[int, fmpq]] = ()) -> FreeForm | None:
    """Return a program in its free columns; None if they are too many or not all bounded by blocks.

    `more` are equalities that hold for averages over symmetries.
    """
    if any(size > MAX_SIZE for _, size in program.psd_blocks) or program.shape[1] > MAX_COLUMNS:
        return None
    solutions = affine(program, more)
    lines = _lines(program, solutions)
    costs: dict[int, fmpq] = {}
    for value, row in zip(_objective(program), solutions.columns, strict=True):
        if value:
            for k, factor in row.items():
                costs[k] = costs.get(k, fmpq(0)) + value * factor
    used = {k for row in lines.values() for k in row}
    if not 0 < len(used) <= MAX_FREE or any(value and k not in used for k, value in costs.items()):
        return None
    kept = tuple(sorted(used))
    place = {column: k for k, column in enumerate(kept)}
    units = [1] * len(kept)
    for row in lines.values():
        for column, value in row.items():
            units[place[column]] = lcm(units[place[column]], int(value.q))
    whole = {r: {place[c]: int((v * units[place[c]]).p) for c, v in row.items()} for r, row in lines.items()}
    right = [_number(value, bits) for value in program.right.palette]
    first = _first(program, solutions, right)
    blocks, places = _blocks(program, whole, _slacks(program, first, right))
    one = fmpz(1) << bits
    cost = tuple(floor(costs.get(c, fmpq(0)) * unit * one) for c, unit in zip(kept, units, strict=True))
    return FreeForm(solutions, kept, tuple(units), blocks, places, cost, tuple(first), bits)


def floor(value: fmpq) -> fmpz:
    """Return the largest integer that is at most a fraction."""
    return fmpz(value.p) // fmpz(value.q)


def _objective(program: ConicProgram) -> list[fmpq]:
    palette = [to_fmpq(value) for value in program.objective.palette if isinstance(value, Fraction)]
    return [palette[code] for code in program.objective.codes.tolist()]


def _lines(program: ConicProgram, solutions: Affine) -> dict[int, dict[int, fmpq]]:
    """Return A N for the rows of the cones."""
    found = {}
    for r in np.flatnonzero(~program.zero_rows).tolist():
        line: dict[int, fmpq] = {}
        for column, entry in program.matrix.row(r):
            for k, value in solutions.columns[column].items():
                line[k] = line.get(k, fmpq(0)) + entry * value
        found[r] = {k: value for k, value in line.items() if value}
    return found


def _first(program: ConicProgram, solutions: Affine, right: Sequence[fmpz]) -> list[fmpz]:
    """Return the columns of the program where all free columns are 0."""
    codes = program.right.codes.tolist()
    found = []
    for j in range(program.shape[1]):
        pivot = solutions.pivots.get(j, {})
        found.append(floor(sum((factor * right[codes[row]] for row, factor in pivot.items()), fmpq(0))))
    return found


def _number(value: Exact, bits: int) -> fmpz:
    low, high = enclose(value, bits + 8)
    return fmpz(round((low + high) / 2 * 2**bits))


def _slacks(program: ConicProgram, first: Sequence[fmpz], right: Sequence[fmpz]) -> dict[int, fmpz]:
    """Return b - A x of the rows of the cones at these columns."""
    codes = program.right.codes.tolist()
    found = {}
    for r in np.flatnonzero(~program.zero_rows).tolist():
        used = (entry * first[column] for column, entry in program.matrix.row(r))
        found[r] = right[codes[r]] - sum(used, ZERO)
    return found


def _blocks(
    program: ConicProgram, lines: Mapping[int, Mapping[int, int]], slacks: Mapping[int, fmpz]
) -> tuple[tuple[Block, ...], tuple[tuple[int, ...], ...]]:
    found: list[Block] = []
    places: list[tuple[int, ...]] = []
    for r in np.flatnonzero(program.linear_rows & ~program.zero_rows).tolist():
        if lines[r] or slacks[r] < 0:
            found.append(_block(1, (r,), lines, slacks))
            places.append((r,))
    for start, size in program.psd_blocks:
        span = tuple(range(start, start + size * (size + 1) // 2))
        found.append(_block(size, span, lines, slacks))
        places.append(span)
    return tuple(found), tuple(places)


def _block(
    size: int, span: Sequence[int], lines: Mapping[int, Mapping[int, int]], slacks: Mapping[int, fmpz]
) -> Block:
    i, j = (part.tolist() for part in triangle(size))
    most = max((abs(h) for r in span for h in lines[r].values()), default=1)
    scale = most.bit_length() // 2 * 2
    parts: dict[int, list[tuple[int, int, int]]] = {}
    constant: Rows = [[ZERO] * size for _ in range(size)]
    for a, b, r in zip(i, j, span, strict=True):
        constant[a][b] = constant[b][a] = slacks[r] >> scale
        for k, h in lines[r].items():
            parts.setdefault(k, []).append((a, b, h))
    active = tuple(sorted(parts))
    return Block(size, constant, active, tuple(tuple(parts[k]) for k in active), scale)


# ------------------------------------------------------------------ back to the program


def primal(form: FreeForm, u: Sequence[fmpz]) -> FloatArray:
    """Return all columns of the program, in floats."""
    free = {c: value * unit for c, value, unit in zip(form.kept, u, form.units, strict=True)}
    found = []
    for first, row in zip(form.first, form.affine.columns, strict=True):
        total = fmpq(first) + sum((value * free.get(k, 0) for k, value in row.items()), fmpq(0))
        found.append(int(floor(total)) / 2**form.bits)
    return np.array(found, dtype=np.float64)


def exact_dual(
    program: ConicProgram, form: FreeForm, signed: Mapping[int, int], factors: Sequence[Rows], bits: int
) -> ExactDual:
    """Return multipliers over 2^bits with those of the equalities, rounded to the same grid.

    `signed` are those of nonnegative rows; psd block b has the multipliers F F' / 4^bits, F = factors[b].
    """
    unit = 2**bits
    values = {row: Fraction(value, unit) for row, value in signed.items()}
    used = [fmpq(0)] * program.shape[1]
    for row, value in values.items():
        _add(program, used, row, to_fmpq(value))
    for (start, size), held in zip(program.psd_blocks, factors, strict=True):
        width = max(map(len, held))
        full = fmpz_mat([row + [ZERO] * (width - len(row)) for row in held])
        square = full * full.transpose()
        i, j = (part.tolist() for part in triangle(size))
        for place, (a, b) in enumerate(zip(i, j, strict=True)):
            _add(program, used, start + place, fmpq(square[a, b] * (1 if a == b else 2), unit**2))
    left = [value - part for value, part in zip(_objective(program), used, strict=True)]
    for row, exact in form.affine.multipliers(left).items():
        values[row] = Fraction(int(floor(exact * unit + fmpq(1, 2))), unit)
    lowers = tuple(tuple(tuple(map(int, row)) for row in held) for held in factors)
    return ExactDual({row: value for row, value in values.items() if value}, lowers, bits)


def _add(program: ConicProgram, used: list[fmpq], row: int, value: fmpq) -> None:
    for column, entry in program.matrix.row(row):
        used[column] += value * entry


def floats(program: ConicProgram, dual: ExactDual) -> FloatArray:
    """Return exact multipliers of all rows in floats, of the rows that solvers see."""
    found = np.zeros(program.shape[0])
    for row, value in dual.values.items():
        found[row] = float(value)
    for (start, size), held in zip(program.psd_blocks, dual.lowers, strict=True):
        i, j = (part.tolist() for part in triangle(size))
        for place, (a, b) in enumerate(zip(i, j, strict=True)):
            entry = sum(x * y for x, y in zip(held[a], held[b], strict=False))
            found[start + place] = (entry if a == b else 2 * entry) / 4**dual.bits
    return np.ldexp(found, program.shifts)
