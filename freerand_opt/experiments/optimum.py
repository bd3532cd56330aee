r"""The best factor for a plan, in floats: a primal-dual interior point.

.. math:: \max_F \sum_i \nu_i \log F_i \quad\text{subject to}\quad A F \le 1, \qquad
    \text{dual: } \min_{y \ge 0, \sum y = 1} \sum_i \nu_i \log \frac{\nu_i}{(A^T y)_i},

maximum likelihood over mixtures of the rows of A (one row for each source point and box). nu is a plan,
positive and of sum 1. Any y gives a factor after division by the largest row, so nothing here is trusted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
#: Newton steps at most; 15 to 50 are needed.
STEPS = 120


@dataclass(frozen=True)
class Optimum:
    """F with A F <= 1, its mixture y, and how far sum nu log F may be from the largest, in nats."""

    factor: Array
    mixture: Array
    gap: float


def optimum(rows: Array, nu: Array, tolerance: float) -> Optimum:
    """Return the best iterate until its gap is at most `tolerance`."""
    factor = np.full(len(nu), 0.5 / rows.sum(axis=1).max())
    slack = 1 - rows @ factor
    y = np.full(len(rows), 1.0 / len(rows)) / slack.clip(0.5)
    best = _rated(rows, nu, factor, y)
    for _ in range(STEPS):
        mu = float(slack @ y) / len(y)
        step = _newton(rows, nu, factor, slack, y, mu)
        if step is None:
            break
        factor, slack, y = step
        now = _rated(rows, nu, factor, y)
        if now.gap < best.gap:
            best = now
        if best.gap <= tolerance or not np.isfinite(now.gap):
            break
    return best


def _newton(
    rows: Array, nu: Array, factor: Array, slack: Array, y: Array, mu: float
) -> tuple[Array, Array, Array] | None:
    """Return the next (F, slack, y), None where the linear system has lost its meaning.

    The matrix diag(nu / F^2) + A^T diag(y / t) A is scaled to 1 + D A^T diag(y / t) A D, D = F / sqrt(nu).
    """
    scale = factor / np.sqrt(nu)
    scaled = rows * scale
    residual = nu / factor - rows.T @ y
    target = 0.1 * mu
    matrix = scaled.T @ (scaled * (y / slack)[:, None])
    matrix[np.diag_indices_from(matrix)] += 1.0
    right = scale * residual - scaled.T @ ((target - y * slack) / slack)
    try:
        change = scale * np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return None
    fall = rows @ change
    rise = (target - y * slack + y * fall) / slack
    if not (np.isfinite(change).all() and np.isfinite(rise).all()):
        return None
    length = min(1.0, 0.95 * _room(factor, change), 0.95 * _room(slack, -fall))
    dual = min(1.0, 0.95 * _room(y, rise))
    factor = factor + length * change
    return factor, slack - length * fall, y + dual * rise


def _room(x: Array, change: Array) -> float:
    falling = change < 0
    return float((-x[falling] / change[falling]).min()) if falling.any() else np.inf


def _rated(rows: Array, nu: Array, factor: Array, y: Array) -> Optimum:
    """Return F scaled onto the boundary, and the distance to the dual value of y."""
    top = float((rows @ factor).max())
    mixture = y / y.sum()
    likelihood = rows.T @ mixture
    with np.errstate(divide="ignore", invalid="ignore"):  # a gap that is no number is worse than any
        gap = float(nu @ (np.log(nu / likelihood) - np.log(factor / top)))
    return Optimum(factor / top, mixture, gap if math.isfinite(gap) else math.inf)
