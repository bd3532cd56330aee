r"""Linear programs whose rows and columns have names, in exact numbers.

.. math:: \max\; c \cdot x \quad \text{subject to} \quad A x = b \text{ or } A x \le b, \qquad x \text{ free.}

Multipliers of rows are what certificates list, so no column has a bound that is not a row.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction

import highspy
import numpy as np

from freerand_opt.engine.sparse import Floats, Sparse
from freerand_opt.numbers.exact import Exact

#: Beyond this many rows the interior-point method with crossover is faster than the simplex.
IPM_ROWS = 20_000


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """Rows `matrix` x (= where `equal`, else <=) `right`; `names[i]` says which row it is."""

    matrix: Sparse
    equal: tuple[bool, ...]
    right: tuple[Exact, ...]
    names: tuple[Hashable, ...]
    objective: dict[int, Fraction]


@dataclass(frozen=True, eq=False)
class Hint:
    """What a solver says: status, x and multipliers in floats, and which columns and rows are in the basis."""

    status: str
    x: Floats
    multipliers: Floats
    basic: np.ndarray | None
    active: np.ndarray | None


def solve(program: LinearProgram, time_limit: float | None = None) -> Hint:
    """Solve by HiGHS, quietly, rows scaled by powers of 2; `time_limit` in seconds."""
    rows, columns = program.matrix.shape
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options = {"output_flag": False, "threads": 1, "primal_feasibility_tolerance": 1e-9}
    for key, value in (options | {"dual_feasibility_tolerance": 1e-9}).items():
        highs.setOptionValue(key, value)
    if time_limit is not None:
        highs.setOptionValue("time_limit", max(time_limit, 0.01))
    if rows > IPM_ROWS:
        highs.setOptionValue("solver", "ipm")
    order = np.lexsort((program.matrix.columns, program.matrix.rows))
    values = program.matrix.floats()[order]
    places = program.matrix.rows[order]
    largest = np.zeros(rows)
    np.maximum.at(largest, places, np.abs(values))
    scale = np.ldexp(1.0, -np.frexp(np.where(largest > 0, largest, 1.0))[1])
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows, columns
    model.sense_ = highspy.ObjSense.kMaximize
    cost = np.zeros(columns)
    for column, value in program.objective.items():
        cost[column] = float(value)
    model.col_cost_ = cost
    infinite = np.full(columns, highspy.kHighsInf)
    model.col_lower_, model.col_upper_ = -infinite, infinite
    right = np.array([float(value) for value in program.right]) * scale
    model.row_upper_ = right
    model.row_lower_ = np.where(np.array(program.equal, dtype=bool), right, -highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=rows))]).astype(np.int32)
    model.a_matrix_.index_ = program.matrix.columns[order].astype(np.int32)
    model.a_matrix_.value_ = values * scale[places]
    highs.passModel(model)
    highs.run()
    answer, basis = highs.getSolution(), highs.getBasis()
    status = highs.getModelStatus()
    known, inside = bool(basis.valid), highspy.HighsBasisStatus.kBasic
    return Hint(
        "optimal" if status == highspy.HighsModelStatus.kOptimal else highs.modelStatusToString(status),
        np.array(answer.col_value),
        np.array(answer.row_dual) * scale,
        np.array([entry == inside for entry in basis.col_status]) if known else None,
        np.array([entry != inside for entry in basis.row_status]) if known else None,
    )
