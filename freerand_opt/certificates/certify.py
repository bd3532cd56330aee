r"""From a solver's floats to exact multipliers and exact points.

For any z in the dual cone, :math:`c\cdot x \le z\cdot b + \sum_j \max_{[l_j,u_j]} (c - A^T z)_j x_j`
(Neumaier and Shcherbina 2004), so every hint yields a bound. Tried in this order, the best kept:
the basis solved over the rationals, multipliers with small denominators, multipliers on the grid
2^-50.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from freerand_opt.certificates.factor import Factor, triangular
from freerand_opt.certificates.linear import basis_matrix, solve_exact
from freerand_opt.certificates.semidefinite import exact_multipliers, row_numerators
from freerand_opt.numbers.digits import at_least, short
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.rounding import float_above
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.relaxed import without_objective
from freerand_opt.programs.solution import Solution

#: Grid of the last resort, in bits.
GRID_BITS = 50


@dataclass(frozen=True)
class Multipliers:
    """Exact multipliers by row, and the bound that they prove for the program's maximum.

    Rows of psd blocks are not in `values`: each block has a factor.
    """

    values: dict[int, Fraction]
    bound: Exact
    factors: tuple[Factor, ...] = ()


def multipliers(program: ConicProgram, solution: Solution) -> Multipliers:
    """Return the best exact multipliers that a solution suggests; always succeeds."""
    if solution.exact is not None:
        dual = solution.exact
        factors = tuple(triangular(lower, dual.bits) for lower in dual.lowers)
        return Multipliers(dual.values, bound(program, dual.values, factors), factors)
    if program.psd_blocks:
        values, factors = exact_multipliers(program, solution.multipliers)
        return Multipliers(values, bound(program, values, factors), factors)
    basis = _from_basis(program, solution)
    found = [] if basis is None else [_bounded(program, basis)]
    hoped = float(program.objective.floats() @ solution.primal)
    if found and float_above(found[0].bound) <= hoped + 1e-12:
        return found[0]
    others = (_from_small_denominators(solution), _from_grid(solution, 1 << GRID_BITS))
    found += [_bounded(program, program.exact_multipliers(values)) for values in others]
    return min(found, key=lambda item: float_above(item.bound))


def _bounded(program: ConicProgram, values: dict[int, Fraction]) -> Multipliers:
    """Drop wrong signs and evaluate the bound."""
    zero = program.zero_rows
    kept = {row: value for row, value in values.items() if value and (value > 0 or zero[row])}
    return Multipliers(kept, bound(program, kept))


def ray(program: ConicProgram, held: Multipliers) -> Multipliers:
    """Return multipliers scaled to at most 1 with objective 0: a negative bound proves that no point exists.

    A residual of A'z = 0 is what the objective left, divided by the scale.
    """
    sizes = [abs(value) for value in held.values.values()]
    sizes += [
        Fraction(max(map(abs, row), default=0) ** 2, 4**f.bits) for f in held.factors for _, row in f.rows
    ]
    turns = 0
    while 4**turns < max(sizes, default=1):
        turns += 1
    values = {row: value / 4**turns for row, value in held.values.items()}
    factors = tuple(Factor(f.rows, f.bits + turns) for f in held.factors)
    return Multipliers(values, bound(without_objective(program), values, factors), factors)


def bound(program: ConicProgram, values: dict[int, Fraction], factors: tuple[Factor, ...] = ()) -> Exact:
    """Return z.b + sum_j max over [l_j, u_j] of (c - A'z)_j x_j, exactly unless too long to be written."""
    matrix = program.matrix
    starts, columns, entries = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.entries
    inside, share = row_numerators(program, factors)
    unit = lcm(share, *(value.denominator for value in values.values()))
    whole = {row: value.numerator * (unit // value.denominator) for row, value in values.items()}
    whole |= {row: value * (unit // share) for row, value in inside.items()}
    right = program.right.codes.tolist()
    weights: dict[int, int] = {}
    cost = [0] * program.shape[1]
    for row, scaled in whole.items():
        weights[right[row]] = weights.get(right[row], 0) + scaled
        for k in range(starts[row], starts[row + 1]):
            cost[columns[k]] += scaled * entries[k]
    total: Exact = Fraction(0)
    for code, weight in weights.items():
        total = total + program.right.palette[code] * Fraction(weight, unit)
    objective = [_fraction(value) * unit for value in program.objective.palette]
    for column, (code, used) in enumerate(zip(program.objective.codes.tolist(), cost, strict=True)):
        reduced = objective[code] - used
        if reduced:
            end = program.upper[column] if reduced > 0 else program.lower[column]
            total = total + _fraction(end) * reduced / unit
    return at_least(total)


def _from_basis(program: ConicProgram, solution: Solution) -> dict[int, Fraction] | None:
    if solution.basic_columns is None or solution.active_rows is None:
        return None
    square = basis_matrix(program.matrix, solution.active_rows, solution.basic_columns)
    if square is None:
        return None
    cost = [_fraction(program.objective[int(j)]) for j in np.flatnonzero(solution.basic_columns)]
    shifts = program.shifts[solution.active_rows].tolist()
    found = solve_exact(square.transposed, cost, shifts)
    if found is None or not all(map(short, found)):
        return None
    return dict(zip(np.flatnonzero(solution.active_rows).tolist(), found, strict=True))


def _from_small_denominators(solution: Solution) -> dict[int, Fraction]:
    return {
        row: Fraction(float(value)).limit_denominator(1000)
        for row, value in enumerate(solution.multipliers)
        if abs(value) > 1e-9 and np.isfinite(value)
    }


def _from_grid(solution: Solution, grid: int) -> dict[int, Fraction]:
    finite = np.where(np.isfinite(solution.multipliers), solution.multipliers, 0.0)
    return {row: Fraction(round(float(value) * grid), grid) for row, value in enumerate(finite) if value}


def point(program: ConicProgram, solution: Solution) -> list[Fraction] | None:
    """Return an exactly feasible point from the basis, or None; the right-hand side must be rational."""
    if solution.basic_columns is None or solution.active_rows is None:
        return None
    basic, active = solution.basic_columns, solution.active_rows
    square = basis_matrix(program.matrix, active, basic)
    if square is None:
        return None
    x = [_nonbasic(program, j, solution.primal[j]) for j in range(program.shape[1])]
    for column in np.flatnonzero(basic).tolist():
        x[column] = Fraction(0)
    known, unit = _product(program, x)
    right = [_fraction(program.right[i]) - Fraction(known[i], unit) for i in np.flatnonzero(active).tolist()]
    found = solve_exact(square, right)
    if found is None:
        return None
    for j, value in zip(np.flatnonzero(basic).tolist(), found, strict=True):
        x[j] = value
    return x if all(map(short, x)) and feasible(program, x) else None


def _nonbasic(program: ConicProgram, column: int, near: float) -> Fraction:
    lower, upper = _fraction(program.lower[column]), _fraction(program.upper[column])
    return lower if abs(near - float(lower)) <= abs(near - float(upper)) else upper


def _product(program: ConicProgram, x: list[Fraction]) -> tuple[list[int], int]:
    """Return (numerators, denominator) of A x."""
    unit = lcm(*(value.denominator for value in x))
    scaled = [value.numerator * (unit // value.denominator) for value in x]
    matrix = program.matrix
    starts, columns, entries = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.entries
    products = [entry * scaled[column] for entry, column in zip(entries, columns, strict=True)]
    return [sum(products[starts[i] : starts[i + 1]]) for i in range(program.shape[0])], unit


def feasible(program: ConicProgram, x: list[Fraction]) -> bool:
    """Return whether a point satisfies all rows and bounds exactly."""
    products, unit = _product(program, x)
    palette = [_fraction(value) * unit for value in program.right.palette]
    zero = program.zero_rows.tolist()
    for equal, code, value in zip(zero, program.right.codes.tolist(), products, strict=True):
        slack = palette[code] - value
        if slack < 0 or (equal and slack > 0):
            return False
    lower = [_fraction(value) for value in program.lower.palette]
    upper = [_fraction(value) for value in program.upper.palette]
    codes = zip(program.lower.codes.tolist(), program.upper.codes.tolist(), strict=True)
    return all(lower[low] <= value <= upper[high] for (low, high), value in zip(codes, x, strict=True))


def _fraction(value: Exact) -> Fraction:
    assert isinstance(value, Fraction)
    return value


def objective_value(program: ConicProgram, x: list[Fraction]) -> Fraction:
    """Return objective.x exactly."""
    by_code: dict[int, Fraction] = {}
    for code, value in zip(program.objective.codes.tolist(), x, strict=True):
        if value:
            by_code[code] = by_code.get(code, Fraction(0)) + value
    palette = program.objective.palette
    return sum((_fraction(palette[code]) * total for code, total in by_code.items()), Fraction(0))
