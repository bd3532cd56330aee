"""Linear programs by HiGHS, called directly and quietly."""

from __future__ import annotations

import time

import highspy
import numpy as np

from freerand_opt.programs.program import ConicProgram
from freerand_opt.solvers.solution import Solution, Status, residuals

#: Beyond this many rows the interior-point method with crossover is faster than the simplex.
IPM_ROWS = 20_000

_STATUS: dict[highspy.HighsModelStatus, Status] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    # every column is bounded
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
}


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve a program with zero and nonnegative blocks; `time_limit` in seconds."""
    begun = time.perf_counter()
    highs = _model(program)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-9)
    highs.setOptionValue("threads", 1)
    if time_limit is not None:
        highs.setOptionValue("time_limit", max(time_limit, 0.01))
    if program.shape[0] > IPM_ROWS:
        highs.setOptionValue("solver", "ipm")
    highs.run()
    status = highs.getModelStatus()
    answer = highs.getSolution()
    primal, multipliers = np.array(answer.col_value), np.array(answer.row_dual)
    basis = highs.getBasis()
    known = bool(basis.valid)
    basic = highspy.HighsBasisStatus.kBasic
    row_residual, dual_residual = residuals(program, primal, multipliers)
    return Solution(
        status=_STATUS.get(status, "stopped"),
        solver="highs",
        primal=primal,
        multipliers=multipliers,
        basic_columns=np.array([entry == basic for entry in basis.col_status]) if known else None,
        active_rows=np.array([entry != basic for entry in basis.row_status]) if known else None,
        seconds=time.perf_counter() - begun,
        primal_residual=row_residual,
        dual_residual=dual_residual,
    )


def _model(program: ConicProgram) -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    rows, columns = program.shape
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows, columns
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = program.objective.floats()
    model.col_lower_, model.col_upper_ = program.lower.floats(), program.upper.floats()
    right = program.right.floats()
    model.row_upper_ = right
    model.row_lower_ = np.where(program.zero_rows, right, -highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = program.matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = program.matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = program.matrix.data.astype(np.float64)
    highs.passModel(model)
    return highs
