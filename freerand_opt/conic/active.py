"""Small dense linear programs with free variables: which rows are active at an optimum (a hint)."""

from __future__ import annotations

import highspy
import numpy as np

from freerand_opt.conic.sparse import Floats


def active_rows(rows: Floats, right: Floats, cost: Floats, largest: Floats) -> list[int]:
    """Return the nonbasic rows at an optimum of max cost.x over rows x + right >= 0, |x| <= largest.

    Rows are scaled to a largest entry of 1. Floats only; an empty list if HiGHS found no basis.
    """
    scale = np.maximum(np.abs(rows).max(axis=1), 1e-300)
    count, size = rows.shape
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-10)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-10)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = count, size
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, -largest, largest
    model.row_lower_ = -right / scale
    model.row_upper_ = np.full(count, highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.arange(count + 1, dtype=np.int32) * size
    model.a_matrix_.index_ = np.tile(np.arange(size, dtype=np.int32), count)
    model.a_matrix_.value_ = (rows / scale[:, None]).ravel()
    highs.passModel(model)
    highs.run()
    basis = highs.getBasis()
    if not basis.valid:
        return []
    return [
        place for place, status in enumerate(basis.row_status) if status != highspy.HighsBasisStatus.kBasic
    ]
