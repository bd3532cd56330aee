"""What a solver says: floats, a reason for stopping, and residuals recomputed from the data."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from freerand_opt.programs.program import ConicProgram, FloatArray

Status: TypeAlias = Literal["optimal", "infeasible", "stopped"]


@dataclass(frozen=True, eq=False)
class ExactDual:
    """Multipliers of the linear rows, and for each psd block a lower triangle L: Z = L L' / 4^bits."""

    values: dict[int, Fraction]
    lowers: tuple[tuple[tuple[int, ...], ...], ...]
    bits: int


@dataclass(frozen=True, eq=False)
class Solution:
    """A hint: primal x, multipliers z (z >= 0 on nonnegative rows), basis if there is one.

    Multipliers and residuals are of the rows that solvers see (`ConicProgram.shifts`). `status` says
    why the solver stopped. `basic_columns` and `active_rows` are boolean arrays or None; `seconds`
    wall time; residuals are recomputed from the data. `exact` are those of the exact rows, from a solver
    that does not work in floats.
    """

    status: Status
    solver: str
    primal: FloatArray
    multipliers: FloatArray
    basic_columns: NDArray[np.bool_] | None
    active_rows: NDArray[np.bool_] | None
    seconds: float
    primal_residual: float
    dual_residual: float
    exact: ExactDual | None = None


def without_basis(
    program: ConicProgram,
    *,
    status: Status,
    solver: str,
    primal: FloatArray,
    multipliers: FloatArray,
    begun: float,
    exact: ExactDual | None = None,
) -> Solution:
    """Return the hint of an interior-point solver that began at `begun` (time.perf_counter)."""
    row_residual, dual_residual = residuals(program, primal, multipliers)
    return Solution(
        status=status,
        solver=solver,
        primal=primal,
        multipliers=multipliers,
        basic_columns=None,
        active_rows=None,
        seconds=time.perf_counter() - begun,
        primal_residual=row_residual,
        dual_residual=dual_residual,
        exact=exact,
    )


def residuals(program: ConicProgram, primal: FloatArray, multipliers: FloatArray) -> tuple[float, float]:
    """Return the largest violation of rows and bounds, and of dual signs and reduced costs.

    A reduced cost c - A'z counts as far as the column is not at the bound that it favours.
    """
    matrix = program.float_matrix
    slack = program.float_right - matrix @ primal
    inside = np.zeros(len(slack), dtype=bool)
    lowest = []
    for start, size in program.psd_blocks:
        rows = np.arange(start, start + size * (size + 1) // 2)
        inside[rows] = True
        lowest += [_lowest(slack[rows], size, 1.0), _lowest(multipliers[rows], size, 0.5)]
    broken = np.where(program.zero_rows, np.abs(slack), np.where(inside, 0, np.maximum(-slack, 0)))
    lower, upper = program.lower.floats(), program.upper.floats()
    outside = np.maximum(np.maximum(lower - primal, primal - upper), 0)
    reduced = program.objective.floats() - matrix.T @ multipliers
    room = np.where(reduced > 0, upper - primal, primal - lower)
    wrong_sign = np.where(program.zero_rows | inside, 0, np.maximum(-multipliers, 0))
    dual = np.maximum(np.abs(reduced) * np.clip(room, 0, 1), 0)
    return (
        float(max(broken.max(initial=0), outside.max(initial=0), -min(lowest[::2], default=0))),
        float(max(dual.max(initial=0), wrong_sign.max(initial=0), -min(lowest[1::2], default=0))),
    )


def _lowest(rows: FloatArray, size: int, off: float) -> float:
    """Return the smallest eigenvalue of the matrix whose upper triangle is given column by column."""
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = rows
    matrix[np.tril_indices(size, -1)] *= off
    return float(np.linalg.eigvalsh(matrix)[0])
