r"""Conic programs by Clarabel, called directly.

.. math:: \min\; -c \cdot x \;:\; A x + s = b,\; s \in K.
"""

from __future__ import annotations

import clarabel
import numpy as np
from scipy.sparse import csc_array, csc_matrix, diags_array

from freerand_opt.conic.program import ConicProgram, InFloats, triangle
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.conic.sparse import Floats

#: Gap and feasibility asked for; what was reached is seen from the certificate.
TOLERANCE = 1e-10
STATUS: dict[str, Status] = {
    "Solved": "optimal",
    "PrimalInfeasible": "infeasible",
    "DualInfeasible": "unbounded",
}


def solve(program: ConicProgram | InFloats, time_limit: float | None = None) -> Solution:
    """Solve a program; `time_limit` in seconds."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    settings.max_threads = 1
    if time_limit is not None:
        settings.time_limit = max(time_limit, 0.01)
    scales, cones = block_cones(program)
    matrix = csc_matrix(csc_array(diags_array(scales) @ program.matrix))
    nothing = csc_matrix((len(program.cost), len(program.cost)))
    answer = clarabel.DefaultSolver(
        nothing, -program.cost, matrix, program.sides * scales, cones, settings
    ).solve()
    status = STATUS.get(str(answer.status), "stopped")
    return Solution(status, "clarabel", np.array(answer.x), np.array(answer.z) * scales)


def block_cones(program: ConicProgram | InFloats) -> tuple[Floats, list[object]]:
    """Return row scales (sqrt 2 off the diagonal of a matrix) and the solver's cones."""
    scales = np.ones(len(program.sides))
    cones: list[object] = []
    if program.equalities:
        cones.append(clarabel.ZeroConeT(program.equalities))
    if program.inequalities:
        cones.append(clarabel.NonnegativeConeT(program.inequalities))
    for start, size in program.spans:
        i, j = triangle(size)
        scales[start : start + len(i)] = np.where(i == j, 1.0, np.sqrt(2.0))
        cones.append(clarabel.PSDTriangleConeT(size))
    return scales, cones
