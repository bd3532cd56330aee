r"""From a solver's floats to exact multipliers and exact points.

For any z in the dual cone, :math:`c\cdot x \le z\cdot b + \sum_j \max_{[l_j,u_j]} (c - A^T z)_j x_j`
(Neumaier and Shcherbina 2004), so every hint yields a bound. Tried in this order, the best kept:
the basis solved over the rationals, multipliers with small denominators, multipliers on the grid
2^-50.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from freerand_opt.certificates.linear import basis_matrix, solve_exact
from freerand_opt.exact import Exact, float_above
from freerand_opt.programs.program import ConicProgram
from freerand_opt.solvers.solution import Solution

#: Grid of the last resort, in bits.
GRID_BITS = 50


@dataclass(frozen=True)
class Multipliers:
    """Exact multipliers by row, and the bound that they prove for the program's maximum."""

    values: dict[int, Fraction]
    bound: Exact


def multipliers(program: ConicProgram, solution: Solution) -> Multipliers:
    """Return the best exact multipliers that a solution suggests; always succeeds."""
    candidates = [_from_grid(solution, 1 << GRID_BITS), _from_small_denominators(solution)]
    basis = _from_basis(program, solution)
    if basis is not None:
        candidates.insert(0, basis)
    found = [_bounded(program, values) for values in candidates]
    return min(found, key=lambda item: float_above(item.bound))


def _bounded(program: ConicProgram, values: dict[int, Fraction]) -> Multipliers:
    """Drop wrong signs and evaluate the bound."""
    zero = program.zero_rows
    kept = {row: value for row, value in values.items() if value and (value > 0 or zero[row])}
    return Multipliers(kept, bound(program, kept))


def bound(program: ConicProgram, values: dict[int, Fraction]) -> Exact:
    """Return z.b + sum_j max over [l_j, u_j] of (c - A'z)_j x_j exactly."""
    matrix = program.matrix
    indptr, indices, data = matrix.indptr, matrix.indices, matrix.data
    total: Exact = Fraction(0)
    weights: dict[int, Fraction] = {}
    cost: dict[int, Fraction] = {}
    codes = program.right.codes
    for row, value in values.items():
        code = int(codes[row])
        weights[code] = weights.get(code, Fraction(0)) + value
        begin, end = int(indptr[row]), int(indptr[row + 1])
        for column, entry in zip(indices[begin:end].tolist(), data[begin:end].tolist(), strict=True):
            cost[column] = cost.get(column, Fraction(0)) + value * entry
    for code, weight in weights.items():
        total = total + program.right.palette[code] * weight
    for column in range(program.shape[1]):
        reduced = program.objective[column] - cost.get(column, Fraction(0))
        if reduced != 0:
            end_value = program.upper[column] if reduced > 0 else program.lower[column]
            total = total + reduced * end_value
    return total


def _from_basis(program: ConicProgram, solution: Solution) -> dict[int, Fraction] | None:
    if solution.basic_columns is None or solution.active_rows is None:
        return None
    square = basis_matrix(program.matrix, solution.active_rows, solution.basic_columns)
    if square is None:
        return None
    cost = [_fraction(program.objective[int(j)]) for j in np.flatnonzero(solution.basic_columns)]
    from scipy.sparse import csr_array

    found = solve_exact(csr_array(square.T.tocsr()), cost)
    if found is None:
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
    for j in np.flatnonzero(basic):
        x[j] = Fraction(0)
    rows = np.flatnonzero(active)
    known = _product(program, x)
    right = [_fraction(program.right[int(i)]) - known[i] for i in rows]
    found = solve_exact(square, right)
    if found is None:
        return None
    for j, value in zip(np.flatnonzero(basic).tolist(), found, strict=True):
        x[j] = value
    return x if feasible(program, x) else None


def _nonbasic(program: ConicProgram, column: int, near: float) -> Fraction:
    lower, upper = _fraction(program.lower[column]), _fraction(program.upper[column])
    return lower if abs(near - float(lower)) <= abs(near - float(upper)) else upper


def _product(program: ConicProgram, x: list[Fraction]) -> list[Fraction]:
    matrix = program.matrix
    indptr, indices, data = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    return [
        sum((data[k] * x[indices[k]] for k in range(indptr[i], indptr[i + 1]) if x[indices[k]]), Fraction(0))
        for i in range(program.shape[0])
    ]


def feasible(program: ConicProgram, x: list[Fraction]) -> bool:
    """Return whether a point satisfies all rows and bounds exactly."""
    zero = program.zero_rows
    for i, value in enumerate(_product(program, x)):
        slack = _fraction(program.right[i]) - value
        if slack < 0 or (slack > 0 and zero[i]):
            return False
    return all(program.lower[j] <= x[j] <= program.upper[j] for j in range(len(x)))  # type: ignore[operator]


def _fraction(value: Exact) -> Fraction:
    assert isinstance(value, Fraction)
    return value
