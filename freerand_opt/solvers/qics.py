"""Conic programs by QICS: columns x free, b - A x in K. The work grows with the cube of the columns."""

from __future__ import annotations

import numpy as np
import qics
from scipy.sparse import csr_matrix, vstack

from freerand_opt.conic.program import ConicProgram, InFloats, block_rows, triangle
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.conic.sparse import Index

#: Gap and feasibility asked for; what was reached is seen from the certificate.
TOLERANCE = 1e-10
MAX_ROUNDS = 100
STATUS: dict[str, Status] = {"optimal": "optimal", "pinfeas": "infeasible", "dinfeas": "unbounded"}


def solve(program: ConicProgram | InFloats, time_limit: float | None = None) -> Solution:
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
    model = qics.Model(
        c=-program.cost[:, None],
        A=csr_matrix(matrix[:equal]),
        b=right[:equal, None],
        G=csr_matrix(vstack(parts, format="csr")),
        h=np.concatenate(sides)[:, None],
        cones=cones,
    )
    limit = 3600.0 if time_limit is None else max(time_limit, 0.01)
    found = qics.Solver(
        model, verbose=0, tol_gap=TOLERANCE, tol_feas=TOLERANCE, max_iter=MAX_ROUNDS, max_time=limit
    ).solve()
    x, y = (np.asarray(found[key], dtype=np.float64).ravel() for key in ("x_opt", "y_opt"))
    z = [np.asarray(part, dtype=np.float64) for part in found["z_opt"]]
    multipliers = np.zeros(len(right))
    multipliers[:equal] = y
    if len(plain):
        multipliers[plain] = z.pop(0).ravel()
    for (start, size), own in zip(wide, z, strict=True):
        square = own.reshape(size, size)
        rows = block_rows((square + square.T) / 2)
        multipliers[start : start + len(rows)] = rows
    return Solution(STATUS.get(str(found["sol_status"]), "stopped"), "qics", x, multipliers)


def full_rows(size: int) -> Index:
    """Return for each entry of a matrix, row by row, its place in the upper triangle."""
    i, j = triangle(size)
    place = np.zeros((size, size), dtype=np.int64)
    place[i, j] = place[j, i] = np.arange(len(i))
    return place.ravel()
