r"""Prices in the middle of the optimal face of a linear program in floats (a hint, like all floats).

An interior point without a basis: where boxes are found at prices, such prices are far from extreme, and few
turns are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from freerand_opt.conic.sparse import Floats, Index


@dataclass(frozen=True, eq=False)
class Entries:
    """A matrix in floats: entry i is values[i] at (rows[i], columns[i])."""

    rows: Index
    columns: Index
    values: Floats


def placed(part: Floats, row: int = 0, column: int = 0, copies: int = 1) -> Entries:
    """Return the entries of a dense part at a row and a column, and of copies along the diagonal."""
    rows, columns = np.nonzero(part)
    shift = np.arange(copies)[:, None]
    return Entries(
        (row + rows + shift * part.shape[0]).ravel(),
        (column + columns + shift * part.shape[1]).ravel(),
        np.tile(part[rows, columns], copies),
    )


def central(
    parts: Sequence[Entries], limits: tuple[Floats, Floats], least: Floats, cost: Floats
) -> tuple[Floats, Floats] | None:
    """Return (x, y) of max cost.x over limits[0] <= A x <= limits[1], x >= least; None if none was found.

    y is what the optimum gains by row when its limit grows by 1. The columns are minimised: of a maximum
    HiGHS 1.15 gives multipliers of the other sign if there is no crossover.
    """
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, int | str] = {"threads": 1, "solver": "ipm", "run_crossover": "off"}
    highs.setOptionValue("output_flag", False)
    for key, value in options.items():
        highs.setOptionValue(key, value)
    count, size = len(limits[0]), len(cost)
    rows = np.concatenate([part.rows for part in parts])
    columns = np.concatenate([part.columns for part in parts])
    values = np.concatenate([part.values for part in parts])
    order = np.lexsort((columns, rows))
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = count, size
    model.col_cost_, model.col_lower_ = -cost, least
    model.col_upper_ = np.full(size, highspy.kHighsInf)
    model.row_lower_, model.row_upper_ = limits
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
    model.a_matrix_.start_ = starts.astype(np.int32)
    model.a_matrix_.index_ = columns[order].astype(np.int32)
    model.a_matrix_.value_ = values[order]
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    answer = highs.getSolution()
    return np.array(answer.col_value), -np.array(answer.row_dual)
