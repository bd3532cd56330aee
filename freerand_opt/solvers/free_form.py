r"""A program in its free columns, over 2^bits: what a solver in integers works on, and the way back.

The equalities are solved exactly (`conic.affine`), x = x_0 + N u; what is left is

.. math:: \max\; c\cdot u \;:\; H_0 - \sum_l u_l H_l \succeq 0

with integers in H_l. Multipliers of the equalities make up for what those of the cones leave of the
objective.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from freerand_opt.conic.affine import Affine, affine, to_fmpq
from freerand_opt.conic.program import ConicProgram, triangle
from freerand_opt.conic.solution import Dual, Factor
from freerand_opt.conic.sparse import Floats
from freerand_opt.numbers.exact import Exact, enclose
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
    if any(size > MAX_SIZE for size in program.sizes) or program.columns > MAX_COLUMNS:
        return None
    if program.columns - program.equalities - len(more) > MAX_FREE:  # cannot become few enough
        return None
    solutions = affine(program, more)
    lines = _lines(program, solutions)
    costs: dict[int, fmpq] = {}
    for column, gain in program.objective.items():
        for k, factor in solutions.columns[column].items():
            costs[k] = costs.get(k, fmpq(0)) + to_fmpq(gain) * factor
    used = {k for row in lines.values() for k in row}
    if not 0 < len(used) <= MAX_FREE or any(value and k not in used for k, value in costs.items()):
        return None
    kept = tuple(sorted(used))
    place = {column: k for k, column in enumerate(kept)}
    units = [1] * len(kept)
    for line in lines.values():
        for column, value in line.items():
            units[place[column]] = lcm(units[place[column]], int(value.q))
    whole = {r: {place[c]: int((v * units[place[c]]).p) for c, v in row.items()} for r, row in lines.items()}
    right = [_number(value, bits) for value in program.right]
    first = _first(program, solutions, right)
    blocks, places = _blocks(program, whole, _slacks(program, first, right))
    one = fmpz(1) << bits
    cost = tuple(floor(costs.get(c, fmpq(0)) * unit * one) for c, unit in zip(kept, units, strict=True))
    return FreeForm(solutions, kept, tuple(units), blocks, places, cost, tuple(first), bits)


def floor(value: fmpq) -> fmpz:
    """Return the largest integer that is at most a fraction."""
    return fmpz(value.p) // fmpz(value.q)


def _lines(program: ConicProgram, solutions: Affine) -> dict[int, dict[int, fmpq]]:
    """Return A N for the rows of the cones."""
    found = {}
    for r in range(program.equalities, len(program.rows)):
        line: dict[int, fmpq] = {}
        for column, entry in program.rows[r].items():
            for k, value in solutions.columns[column].items():
                line[k] = line.get(k, fmpq(0)) + to_fmpq(entry) * value
        found[r] = {k: value for k, value in line.items() if value}
    return found


def _first(program: ConicProgram, solutions: Affine, right: Sequence[fmpz]) -> list[fmpz]:
    """Return the columns of the program where all free columns are 0."""
    found = []
    for j in range(program.columns):
        pivot = solutions.pivots.get(j, {})
        found.append(floor(sum((factor * right[row] for row, factor in pivot.items()), fmpq(0))))
    return found


def _number(value: Exact, bits: int) -> fmpz:
    low, high = enclose(value, bits + 8)
    return fmpz(round((low + high) / 2 * 2**bits))


def _slacks(program: ConicProgram, first: Sequence[fmpz], right: Sequence[fmpz]) -> dict[int, fmpz]:
    """Return b - A x of the rows of the cones at these columns."""
    found = {}
    for r in range(program.equalities, len(program.rows)):
        used = (to_fmpq(entry) * first[column] for column, entry in program.rows[r].items() if first[column])
        found[r] = right[r] - floor(sum(used, fmpq(0)))
    return found


def _blocks(
    program: ConicProgram, lines: Mapping[int, Mapping[int, int]], slacks: Mapping[int, fmpz]
) -> tuple[tuple[Block, ...], tuple[tuple[int, ...], ...]]:
    found: list[Block] = []
    places: list[tuple[int, ...]] = []
    for r in range(program.equalities, program.linear):
        if lines[r] or slacks[r] < 0:
            found.append(_block(1, (r,), lines, slacks))
            places.append((r,))
    for start, size in program.spans:
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


def primal(form: FreeForm, u: Sequence[fmpz]) -> Floats:
    """Return all columns of the program, in floats."""
    free = {c: value * unit for c, value, unit in zip(form.kept, u, form.units, strict=True)}
    found = []
    for first, row in zip(form.first, form.affine.columns, strict=True):
        total = fmpq(first) + sum((value * free.get(k, 0) for k, value in row.items()), fmpq(0))
        found.append(int(floor(total)) / 2**form.bits)
    return np.array(found, dtype=np.float64)


def exact_dual(
    program: ConicProgram, form: FreeForm, signed: Mapping[int, int], factors: Sequence[Rows], bits: int
) -> Dual:
    """Return multipliers over 2^bits with those of the equalities, rounded to the same grid.

    `signed` are those of inequalities; matrix k has the multipliers F F' / 4^bits, F = factors[k].
    """
    unit = 2**bits
    values = {row: Fraction(value, unit) for row, value in signed.items()}
    used = [fmpq(0)] * program.columns
    for row, value in values.items():
        _add(program, used, row, to_fmpq(value))
    for (start, size), held in zip(program.spans, factors, strict=True):
        width = max(map(len, held))
        full = fmpz_mat([row + [ZERO] * (width - len(row)) for row in held])
        square = full * full.transpose()
        i, j = (part.tolist() for part in triangle(size))
        for place, (a, b) in enumerate(zip(i, j, strict=True)):
            _add(program, used, start + place, fmpq(square[a, b] * (1 if a == b else 2), unit**2))
    left = [to_fmpq(program.objective.get(j, Fraction(0))) - part for j, part in enumerate(used)]
    for row, exact in form.affine.multipliers(left).items():
        values[row] = Fraction(int(floor(exact * unit + fmpq(1, 2))), unit)
    whole = tuple(Factor(tuple(tuple(map(int, row)) for row in held), bits) for held in factors)
    return Dual({row: value for row, value in values.items() if value}, whole)


def _add(program: ConicProgram, used: list[fmpq], row: int, value: fmpq) -> None:
    for column, entry in program.rows[row].items():
        used[column] += value * to_fmpq(entry)
