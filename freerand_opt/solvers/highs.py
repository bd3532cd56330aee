r"""Linear programs by HiGHS, called directly and quietly, and sharpened beyond double precision.

Iterative refinement of the point (Gleixner, Steffy, Wolter, arXiv:1506.08764): with an approximate
solution x' the program in the scaled correction y,

.. math:: \max\; c \cdot y \;:\; 2^k (b - A x') - A y \in K,\quad 2^k (l - x') \le y \le 2^k (u - x'),

with residuals computed exactly and solved from the last basis, ends in a basis that is feasible
at tolerance 2^-k times the solver's own; the exact solution of that basis is what is used.
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import highspy
import numpy as np

from freerand_opt.numbers.rounding import round_down
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.solution import Solution, Status, residuals

#: Beyond this many rows the interior-point method with crossover is faster than the simplex.
IPM_ROWS = 20_000
#: The grid on which `sharpen` keeps its point; residuals on it are exact integers.
GRID_BITS = 110
#: Bits gained by each round of `sharpen`.
SCALE_BITS = 30

_STATUS: dict[highspy.HighsModelStatus, Status] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    # every column is bounded
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
}


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve a program with zero and nonnegative blocks; `time_limit` in seconds."""
    begun = time.perf_counter()
    highs = _model(
        program,
        program.objective.floats(),
        program.lower.floats(),
        program.upper.floats(),
        program.float_right,
    )
    if time_limit is not None:
        highs.setOptionValue("time_limit", max(time_limit, 0.01))
    if program.shape[0] > IPM_ROWS:
        highs.setOptionValue("solver", "ipm")
    highs.run()
    return _solution(program, highs, begun)


def sharpen(program: ConicProgram, solution: Solution) -> Solution:
    """Return a solution whose basis is feasible at a tolerance 2^-30 times smaller, or the same one.

    The right-hand side must be rational or is rounded to 2^-100.
    """
    begun = time.perf_counter()
    if solution.basic_columns is None or solution.active_rows is None or solution.status != "optimal":
        return solution
    x = [Fraction(round(float(v) * 2**GRID_BITS), 2**GRID_BITS) for v in solution.primal]
    slack = [round_down(program.right[i], 100) - value for i, value in enumerate(_product(program, x))]
    scale = 2**SCALE_BITS
    lower = np.array([float((program.lower[j] - value) * scale) for j, value in enumerate(x)])
    upper = np.array([float((program.upper[j] - value) * scale) for j, value in enumerate(x)])
    shifts = program.shifts.tolist()
    right = np.array([float(value * scale / 2**shift) for value, shift in zip(slack, shifts, strict=True)])
    highs = _model(program, program.objective.floats(), lower, upper, right)
    highs.setBasis(_basis(solution, lower, upper))
    highs.run()
    found = _solution(program, highs, begun)
    if found.status != "optimal" or found.basic_columns is None:
        return solution
    primal = np.array([float(value) for value in x]) + found.primal / scale
    row_residual, dual_residual = residuals(program, primal, found.multipliers)
    return replace(
        found,
        primal=primal,
        seconds=solution.seconds + found.seconds,
        primal_residual=row_residual,
        dual_residual=dual_residual,
    )


def _model(
    program: ConicProgram, cost: FloatArray, lower: FloatArray, upper: FloatArray, right: FloatArray
) -> highspy.Highs:
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-9)
    highs.setOptionValue("threads", 1)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = program.shape
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
    scales = _row_scales(program)
    model.row_upper_ = right * scales
    model.row_lower_ = np.where(program.zero_rows, right * scales, -highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    matrix = program.float_matrix
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data * np.repeat(scales, np.diff(matrix.indptr))
    highs.passModel(model)
    return highs


def _row_scales(program: ConicProgram) -> FloatArray:
    """Return powers of 2 that bring each row's largest entry near 1, where tolerances are meant."""
    matrix = program.float_matrix
    if not matrix.nnz:
        return np.ones(matrix.shape[0])
    largest = np.maximum.reduceat(np.abs(matrix.data), np.minimum(matrix.indptr[:-1], max(matrix.nnz - 1, 0)))
    exponents = np.frexp(np.where(np.diff(matrix.indptr) > 0, largest, 1))[1]
    return np.asarray(np.ldexp(1.0, 1 - exponents))


def _basis(solution: Solution, lower: FloatArray, upper: FloatArray) -> highspy.HighsBasis:
    status = highspy.HighsBasisStatus
    basis = highspy.HighsBasis()
    assert solution.basic_columns is not None
    assert solution.active_rows is not None
    basis.col_status = [
        status.kBasic if basic else status.kLower if abs(low) <= abs(high) else status.kUpper
        for basic, low, high in zip(solution.basic_columns, lower, upper, strict=True)
    ]
    basis.row_status = [status.kUpper if active else status.kBasic for active in solution.active_rows]
    return basis


def _solution(program: ConicProgram, highs: highspy.Highs, begun: float) -> Solution:
    answer = highs.getSolution()
    primal = np.array(answer.col_value)
    multipliers = np.array(answer.row_dual) * _row_scales(program)
    basis = highs.getBasis()
    known = bool(basis.valid)
    basic = highspy.HighsBasisStatus.kBasic
    row_residual, dual_residual = residuals(program, primal, multipliers)
    return Solution(
        status=_STATUS.get(highs.getModelStatus(), "stopped"),
        solver="highs",
        primal=primal,
        multipliers=multipliers,
        basic_columns=np.array([entry == basic for entry in basis.col_status]) if known else None,
        active_rows=np.array([entry != basic for entry in basis.row_status]) if known else None,
        seconds=time.perf_counter() - begun,
        primal_residual=row_residual,
        dual_residual=dual_residual,
    )


def _product(program: ConicProgram, x: list[Fraction]) -> list[Fraction]:
    """Return A x exactly; x lies on the grid 2^-110."""
    scaled = [int(value * 2**GRID_BITS) for value in x]
    matrix = program.matrix
    entries, columns = matrix.entries, matrix.indices.tolist()
    products = [entry * scaled[column] for entry, column in zip(entries, columns, strict=True)]
    starts = matrix.indptr.tolist()
    return [Fraction(sum(products[starts[i] : starts[i + 1]]), 2**GRID_BITS) for i in range(program.shape[0])]
