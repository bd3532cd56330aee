"""Conic programs by QICS: columns x free, b - A x in K. The work grows with the cube of the columns."""

from __future__ import annotations

import numpy as np
import qics
from scipy.sparse import csr_array, csr_matrix, vstack

from freerand_opt.conic.program import ConicProgram, block_rows, triangle
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.conic.sparse import Floats, Index

#: Gap and feasibility asked for; what was reached is seen from the certificate.
TOLERANCE = 1e-10
MAX_ROUNDS = 100
STATUS: dict[str, Status] = {"optimal": "optimal", "pinfeas": "infeasible", "dinfeas": "unbounded"}


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve a program; `time_limit` in seconds."""
    equal, linear = program.equalities, program.linear
    matrix, right = program.matrix, program.sides
    # matrices of one row are plain inequalities
    narrow = [start for start, size in program.spans if size == 1]
    wide = [(start, size) for start, size in program.spans if size > 1]
    plain = np.array([*range(equal, linear), *narrow], dtype=np.int64)
    parts, sides, cones = [], [], []
    if len(plain):
        parts.append(matrix[plain])
        sides.append(right[plain])
        cones.append(qics.cones.NonNegOrthant(len(plain)))
    for start, size in wide:
        full = full_rows(size) + start
        parts.append(matrix[full])
        sides.append(right[full])
        cones.append(qics.cones.PosSemidefinite(size))
    x, y, z, status = run(
        -program.cost,
        matrix[:equal],
        right[:equal],
        vstack(parts, format="csr"),
        np.concatenate(sides),
        cones,
        time_limit,
    )
    multipliers = np.zeros(len(right))
    multipliers[:equal] = y
    if len(plain):
        multipliers[plain] = z.pop(0).ravel()
    for (start, size), found in zip(wide, z, strict=True):
        square = found.reshape(size, size)
        rows = block_rows((square + square.T) / 2)
        multipliers[start : start + len(rows)] = rows
    return Solution(status, "qics", x, multipliers)


def run(
    cost: Floats,
    equal: csr_array,
    equal_right: Floats,
    matrix: csr_array,
    right: Floats,
    cones: list[object],
    time_limit: float | None,
) -> tuple[Floats, Floats, list[Floats], Status]:
    """Minimise cost.x with equal x = equal_right, right - matrix x in the cones; return (x, y, z, status)."""
    model = qics.Model(
        c=cost[:, None],
        A=csr_matrix(equal),
        b=equal_right[:, None],
        G=csr_matrix(matrix),
        h=right[:, None],
        cones=cones,
    )
    limit = 3600.0 if time_limit is None else max(time_limit, 0.01)
    found = qics.Solver(
        model, verbose=0, tol_gap=TOLERANCE, tol_feas=TOLERANCE, max_iter=MAX_ROUNDS, max_time=limit
    ).solve()
    x, y = (np.asarray(found[key], dtype=np.float64).ravel() for key in ("x_opt", "y_opt"))
    status = STATUS.get(str(found["sol_status"]), "stopped")
    return x, y, [np.asarray(part, dtype=np.float64) for part in found["z_opt"]], status


def full_rows(size: int) -> Index:
    """Return for each entry of a matrix, row by row, its place in the upper triangle."""
    i, j = triangle(size)
    place = np.zeros((size, size), dtype=np.int64)
    place[i, j] = place[j, i] = np.arange(len(i))
    return place.ravel()
