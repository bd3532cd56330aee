r"""Semidefinite programs to some eighteen digits, in integers: multipliers are the same on every machine.

The equalities are solved exactly (`programs.affine`); what is left is

.. math:: \max\; c\cdot u \;:\; H_0 - \sum_l u_l H_l \succeq 0

with small integers in H_l (`solvers.interior`). Column bounds are implied by the blocks of the programs
that come here, and are left out. The work grows with the square of the number of free columns.
"""

from __future__ import annotations

import time
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
from freerand_opt.programs.solution import ExactDual, Solution, Status, without_basis
from freerand_opt.solvers import interior
from freerand_opt.solvers.fixed_point import ZERO, Rows, lower_factor, rows
from freerand_opt.solvers.interior import Block, Point, Precision

#: More free columns, or larger matrices, than these are left to solvers in floats.
MAX_FREE = 200
MAX_SIZE = 64
#: Bits of the factors of matrices, and of the multipliers of linear rows, and what they are computed with.
FACTOR_BITS = 60
USUAL = Precision(bits=192, gap=60, residual=80)


@dataclass(frozen=True, eq=False)
class Reduced:
    """The program in its free columns `kept`, column l divided by `units[l]`; over 2^bits.

    `first` are the columns where all free ones are 0; `places[k]` are the rows of block k.
    """

    affine: Affine
    kept: tuple[int, ...]
    units: tuple[int, ...]
    blocks: tuple[Block, ...]
    places: tuple[tuple[int, ...], ...]
    cost: tuple[fmpz, ...]
    first: tuple[fmpz, ...]
    bits: int


def solve(
    program: ConicProgram, *, time_limit: float | None = None, more: Sequence[Mapping[int, fmpq]] = ()
) -> Solution | None:
    """Solve a program with zero, nonnegative and psd blocks; `time_limit` in seconds.

    `more` are equalities that hold for averages over symmetries. Return None for a program that is too
    large, has a column without bounds in its blocks, or whose steps have no solution.
    """
    begun = time.perf_counter()
    held = reduced(program, USUAL.bits, more)
    if held is None:
        return None
    point = interior.solve(held.blocks, held.cost, time_limit, USUAL)
    if point is None:
        return None
    dual = _dual(program, held, point)
    status: Status = "optimal" if point.solved else "stopped"
    return without_basis(
        program,
        status=status,
        solver="high precision",
        primal=_primal(program, held, point),
        multipliers=floats(program, dual),
        begun=begun,
        exact=dual,
    )


def reduced(program: ConicProgram, bits: int, more: Sequence[Mapping[int, fmpq]] = ()) -> Reduced | None:
    """Return the program in its free columns; None if they are too many or not all bounded by blocks."""
    if any(size > MAX_SIZE for _, size in program.psd_blocks) or not program.psd_blocks:
        return None
    solutions = affine(program, more)
    if len(solutions.free) > 4 * MAX_FREE:
        return None
    lines = _lines(program, solutions)
    objective = [to_fmpq(value) for value in program.objective.palette if isinstance(value, Fraction)]
    costs: dict[int, fmpq] = {}
    for code, row in zip(program.objective.codes.tolist(), solutions.columns, strict=True):
        if objective[code]:
            for l, value in row.items():
                costs[l] = costs.get(l, fmpq(0)) + objective[code] * value
    used = {l for row in lines.values() for l in row}
    if len(used) > MAX_FREE or any(value and l not in used for l, value in costs.items()):
        return None
    kept = tuple(sorted(used))
    place = {l: k for k, l in enumerate(kept)}
    units = [1] * len(kept)
    for row in lines.values():
        for l, value in row.items():
            units[place[l]] = lcm(units[place[l]], int(value.q))
    whole = {r: {place[l]: int((v * units[place[l]]).p) for l, v in row.items()} for r, row in lines.items()}
    right = [_number(value, bits) for value in program.right.palette]
    first = _first(program, solutions, right)
    blocks, places = _blocks(program, whole, _slacks(program, first, right))
    one = fmpz(1) << bits
    cost = [_floor(costs.get(l, fmpq(0)) * unit * one) for l, unit in zip(kept, units, strict=True)]
    return Reduced(solutions, kept, tuple(units), blocks, places, tuple(cost), tuple(first), bits)


def _lines(program: ConicProgram, solutions: Affine) -> dict[int, dict[int, fmpq]]:
    """Return A N for the rows of the cones."""
    found = {}
    for r in np.flatnonzero(~program.zero_rows).tolist():
        line: dict[int, fmpq] = {}
        for column, entry in program.matrix.row(r):
            for l, value in solutions.columns[column].items():
                line[l] = line.get(l, fmpq(0)) + entry * value
        found[r] = {l: value for l, value in line.items() if value}
    return found


def _first(program: ConicProgram, solutions: Affine, right: Sequence[fmpz]) -> list[fmpz]:
    """Return the columns of the program where all free columns are 0."""
    codes = program.right.codes.tolist()
    found = []
    for j in range(program.shape[1]):
        total = fmpq(0)
        for row, factor in solutions.pivots.get(j, {}).items():
            total += factor * right[codes[row]]
        found.append(_floor(total))
    return found


def _number(value: Exact, bits: int) -> fmpz:
    low, high = enclose(value, bits + 8)
    return fmpz(round((low + high) / 2 * 2**bits))


def _floor(value: fmpq) -> fmpz:
    return fmpz(value.p) // fmpz(value.q)


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
    found, places = [], []
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
        for l, h in lines[r].items():
            parts.setdefault(l, []).append((a, b, h))
    active = tuple(sorted(parts))
    return Block(size, constant, active, tuple(tuple(parts[l]) for l in active), scale)


# ------------------------------------------------------------------ back to the program


def _primal(program: ConicProgram, held: Reduced, point: Point) -> FloatArray:
    free = {l: int(value) * unit for l, value, unit in zip(held.kept, point.u, held.units, strict=True)}
    found = []
    for first, row in zip(held.first, held.affine.columns, strict=True):
        total = fmpq(first) + sum((value * free.get(l, 0) for l, value in row.items()), fmpq(0))
        found.append(int(_floor(total)) / 2**held.bits)
    return np.array(found, dtype=np.float64)


def _dual(program: ConicProgram, held: Reduced, point: Point) -> ExactDual:
    """Return the multipliers, rounded; those of the equalities make up for what the others leave."""
    values: dict[int, Fraction] = {}
    lowers = []
    used = [fmpq(0)] * program.shape[1]
    unit = 2**FACTOR_BITS
    for block, span, z in zip(held.blocks, held.places, point.z, strict=True):
        if program.linear_rows[span[0]]:
            value = int(z[0, 0] >> (held.bits + block.scale - FACTOR_BITS))
            values[span[0]] = Fraction(value, unit)
            _add(program, used, span[0], fmpq(value, unit))
            continue
        lower = _rounded(z, held.bits, block.scale)
        lowers.append(tuple(tuple(int(value) for value in row) for row in lower))
        full = fmpz_mat([row + [ZERO] * (block.size - len(row)) for row in lower])
        square = full * full.transpose()
        i, j = (part.tolist() for part in triangle(block.size))
        for a, b, r in zip(i, j, span, strict=True):
            _add(program, used, r, fmpq(square[a, b] * (1 if a == b else 2), unit**2))
    palette = [to_fmpq(value) for value in program.objective.palette if isinstance(value, Fraction)]
    left = [palette[code] - value for code, value in zip(program.objective.codes.tolist(), used, strict=True)]
    for row, exact in held.affine.multipliers(left).items():
        value = int(_floor(exact * unit + fmpq(1, 2)))
        values[row] = Fraction(value, unit)
    return ExactDual({row: value for row, value in values.items() if value}, tuple(lowers), FACTOR_BITS)


def _rounded(z: fmpz_mat, bits: int, scale: int) -> Rows:
    """Return the factor of Z / 2^scale over 2^FACTOR_BITS; scale is even."""
    lower = lower_factor(rows(z), bits)
    assert lower is not None  # the point has a factor, or its step would not have been made
    drop = bits + scale // 2 - FACTOR_BITS
    half = fmpz(1) << (drop - 1)
    return [[(value + half) >> drop for value in row] for row in lower]


def _add(program: ConicProgram, used: list[fmpq], row: int, value: fmpq) -> None:
    for column, entry in program.matrix.row(row):
        used[column] += value * entry


def floats(program: ConicProgram, dual: ExactDual) -> FloatArray:
    """Return exact multipliers of all rows in floats, of the rows that solvers see."""
    found = np.zeros(program.shape[0])
    for row, value in dual.values.items():
        found[row] = float(value)
    for (start, size), lower in zip(program.psd_blocks, dual.lowers, strict=True):
        i, j = (part.tolist() for part in triangle(size))
        for place, (a, b) in enumerate(zip(i, j, strict=True)):
            entry = sum(x * y for x, y in zip(lower[a], lower[b], strict=False))
            found[start + place] = (entry if a == b else 2 * entry) / 4**dual.bits
    return np.ldexp(found, program.shifts)
