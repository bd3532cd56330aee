r"""The restricted program of column generation, kept warm in HiGHS.

.. math:: \max\; c \cdot x + \sum_i (\bar y_i - d)\, u_i - \sum_i (\bar y_i + d)\, v_i
   \quad\text{subject to}\quad l \le A x + u - v \le b,\; x, u, v \ge 0.

The slacks u, v keep it feasible from the first column on, and keep its prices within d of known
ones (du Merle, Villeneuve, Desrosiers, Hansen, Discrete Mathematics 194 (1999) 229).
"""

from __future__ import annotations

import highspy
import numpy as np

from freerand_opt.programs.program import ConicProgram, FloatArray


class Restricted:
    """Columns are added one by one; `solve` starts from the last basis. Floats."""

    def __init__(self, lower: FloatArray, upper: FloatArray, center: FloatArray, width: float) -> None:
        self.rows, self.width = len(upper), width
        self.center = center
        # u lifts what has a lower end: a row <= b needs no help from below
        self.lifted = np.flatnonzero(np.isfinite(lower))
        self.slacks = len(self.lifted) + self.rows
        self.columns = 0
        self.highs = _quiet()
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = self.rows, self.slacks
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = self._costs()
        model.col_lower_ = np.zeros(self.slacks)
        model.col_upper_ = np.full(self.slacks, highspy.kHighsInf)
        model.row_lower_, model.row_upper_ = lower, upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.arange(self.slacks + 1, dtype=np.int32)
        model.a_matrix_.index_ = np.concatenate([self.lifted, np.arange(self.rows)]).astype(np.int32)
        model.a_matrix_.value_ = np.concatenate([np.ones(len(self.lifted)), -np.ones(self.rows)])
        self.highs.passModel(model)

    def _costs(self) -> FloatArray:
        return np.concatenate([(self.center - self.width)[self.lifted], -(self.center + self.width)])

    def widen(self, factor: float) -> None:
        """Make slacks dearer by a larger distance from the known prices."""
        self.width *= factor
        places = np.arange(self.slacks, dtype=np.int32)
        self.highs.changeColsCost(self.slacks, places, self._costs())

    def add(self, worth: float, column: FloatArray) -> None:
        """Add a column with objective `worth`."""
        places = np.flatnonzero(np.abs(column) > 1e-13)
        self.highs.addCol(worth, 0.0, highspy.kHighsInf, len(places), places.astype(np.int32), column[places])
        self.columns += 1

    def solve(self) -> tuple[FloatArray, FloatArray, float]:
        """Return (weights of the columns, prices of the rows, sum of the slacks)."""
        self.highs.run()
        answer = self.highs.getSolution()
        values = np.array(answer.col_value)
        return values[self.slacks :], np.array(answer.row_dual), float(values[: self.slacks].sum())


class Maximiser:
    """The same program under one objective after the other, from the last vertex."""

    def __init__(self, program: ConicProgram) -> None:
        self.size = program.shape[1]
        self.highs = _quiet()
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = program.shape
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = np.zeros(self.size)
        model.col_lower_, model.col_upper_ = program.lower.floats(), program.upper.floats()
        right, matrix = program.float_right, program.float_matrix
        model.row_upper_ = right
        model.row_lower_ = np.where(program.zero_rows, right, -highspy.kHighsInf)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        model.a_matrix_.index_ = matrix.indices.astype(np.int32)
        model.a_matrix_.value_ = matrix.data
        self.highs.passModel(model)
        self.places = np.arange(self.size, dtype=np.int32)

    def __call__(self, gains: FloatArray) -> FloatArray:
        """Return a vertex with the largest gain."""
        self.highs.changeColsCost(self.size, self.places, gains)
        self.highs.run()
        return np.array(self.highs.getSolution().col_value)


def _quiet() -> highspy.Highs:
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-9)
    return highs
