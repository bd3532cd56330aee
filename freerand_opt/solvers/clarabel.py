r"""Semidefinite programs by Clarabel, called directly: moments free, each moment matrix in the cone.

.. math:: \min\; -c \cdot x \;:\; A x + s = b,\; s \in K.

Column bounds are implied by the blocks of the programs that come here, and are left out.
"""

from __future__ import annotations

import time

import clarabel
import numpy as np
from scipy.sparse import csc_array, csc_matrix, csr_array, diags_array

from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.solution import Solution, Status, without_basis

#: Gap and feasibility asked for; what was reached is seen from the certificate.
TOLERANCE = 1e-10


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve a program with zero, nonnegative and psd blocks; `time_limit` in seconds."""
    begun = time.perf_counter()
    scales, cones = block_cones(program)
    matrix = diags_array(scales) @ program.float_matrix
    primal, z, status = run(
        -program.objective.floats(), matrix, program.float_right * scales, cones, time_limit
    )
    multipliers = z * scales
    return without_basis(
        program,
        status=status,
        solver="clarabel",
        primal=primal,
        multipliers=multipliers,
        begun=begun,
    )


def run(
    cost: FloatArray, matrix: csr_array, right: FloatArray, cones: list[object], time_limit: float | None
) -> tuple[FloatArray, FloatArray, Status]:
    """Minimise cost.x with right - matrix x in the cones; return (x, z, status)."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    settings.max_threads = 1
    if time_limit is not None:
        settings.time_limit = max(time_limit, 0.01)
    nothing = csc_matrix((len(cost), len(cost)))
    answer = clarabel.DefaultSolver(
        nothing, cost, csc_matrix(csc_array(matrix)), right, cones, settings
    ).solve()
    word = str(answer.status)
    status: Status = "optimal" if word == "Solved" else "infeasible" if "PrimalInf" in word else "stopped"
    return np.array(answer.x), np.array(answer.z), status


def block_cones(program: ConicProgram) -> tuple[FloatArray, list[object]]:
    """Return row scales (sqrt 2 off the diagonal of a psd block) and the solver's cones."""
    scales = np.ones(program.shape[0])
    cones: list[object] = []
    start = 0
    for kind, rows in program.blocks:
        if kind == "zero":
            cones.append(clarabel.ZeroConeT(rows))
        elif kind == "nonnegative":
            cones.append(clarabel.NonnegativeConeT(rows))
        else:
            size = dict(program.psd_blocks)[start]
            i, j = triangle(size)
            scales[start : start + rows] = np.where(i == j, 1.0, np.sqrt(2.0))
            cones.append(clarabel.PSDTriangleConeT(size))
        start += rows
    return scales, cones
