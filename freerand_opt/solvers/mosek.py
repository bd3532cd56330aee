r"""Programs through MOSEK's own Task interface, where it is licensed; task files without a licence.

The program is stated as its dual, which has one equality for each column and one matrix variable for each
matrix, the form in which MOSEK is fastest:

.. math:: \min\; b \cdot z + \sum_k \langle B_k, Z_k \rangle \;:\; A^T z = c,\; Z_k \succeq 0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from freerand_opt.conic.program import ConicProgram, triangle
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.conic.sparse import Floats, Index
from freerand_opt.errors import SolverUnavailableError

#: Gap and feasibility asked for; what was reached is seen from the certificate.
TOLERANCE = 1e-10


def require() -> None:
    """Raise SolverUnavailableError unless MOSEK is installed and licensed; one line says why not."""
    _installed()
    found = fault()
    if found:
        raise SolverUnavailableError(f"MOSEK is installed but has no licence ({found}); name another solver")


@lru_cache(maxsize=1)
def fault() -> str:
    """Return why MOSEK's licence cannot be checked out, or an empty text; asked once."""
    mosek = _installed()
    try:
        with mosek.Env() as env:
            env.checkoutlicense(mosek.feature.pts)
    except mosek.Error as error:
        return f"error {int(error.errno)}"
    return ""


def _installed() -> Any:
    try:
        import mosek
    except ImportError:
        raise SolverUnavailableError("MOSEK is not installed: pip install Mosek, or name another") from None
    return mosek


# ------------------------------------------------------------------ the program as a task


def as_task(program: ConicProgram) -> Any:
    """Return the program's dual as a mosek.Task with the nearest doubles of all numbers; needs no licence."""
    mosek = _installed()
    task = mosek.Task()
    linear, block, i, j = _places(program)
    columns, count = program.columns, program.linear
    right, bound = program.sides, mosek.boundkey
    task.appendcons(columns)
    task.appendvars(count)
    task.appendbarvars(list(program.sizes))
    task.putobjsense(mosek.objsense.minimize)
    task.putconboundslice(0, columns, [bound.fx] * columns, program.cost, program.cost)
    free = [True] * program.equalities + [False] * program.inequalities
    keys = [bound.fr if zero else bound.lo for zero in free]
    task.putvarboundslice(0, count, keys, np.where(free, -np.inf, 0.0), np.full(count, np.inf))
    task.putclist(range(count), right[:count])
    matrix = program.matrix
    matrix.sort_indices()
    owner = np.repeat(np.arange(len(right)), np.diff(matrix.indptr))
    column, value = matrix.indices, matrix.data
    kept = linear[owner]
    task.putaijlist(*_short(column[kept], owner[kept]), value[kept])
    # a lower triangle is expected: rows j, columns i
    r = owner[~kept]
    if len(r):
        task.putbarablocktriplet(*_short(column[~kept], block[r], j[r], i[r]), value[~kept])
    r = np.flatnonzero(~linear & (right != 0))
    if len(r):
        task.putbarcblocktriplet(*_short(block[r], j[r], i[r]), right[r])
    return task


def _short(*arrays: Any) -> list[Any]:
    """Return index arrays as MOSEK takes them without a warning."""
    return [np.ascontiguousarray(array, dtype=np.int32) for array in arrays]


def _places(program: ConicProgram) -> tuple[Any, Index, Index, Index]:
    """Return, by row: whether it is linear, else its block and its entry (i, j), i <= j."""
    count = len(program.rows)
    linear = np.arange(count) < program.linear
    block, i, j = (np.full(count, -1, dtype=np.int64) for _ in range(3))
    for k, (start, size) in enumerate(program.spans):
        here = slice(start, start + size * (size + 1) // 2)
        block[here] = k
        i[here], j[here] = triangle(size)
    return linear, block, i, j


# ------------------------------------------------------------------ solving


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve with MOSEK, quietly; `time_limit` in seconds. Raise SolverUnavailableError as `require`."""
    require()
    mosek = _installed()
    task = as_task(program)
    task.putintparam(mosek.iparam.num_threads, 1)
    for name in ("rel_gap", "pfeas", "dfeas"):
        task.putdouparam(getattr(mosek.dparam, f"intpnt_co_tol_{name}"), TOLERANCE)
    if time_limit is not None:
        task.putdouparam(mosek.dparam.optimizer_max_time, max(time_limit, 0.01))
    try:
        task.optimize()
    except mosek.Error as error:
        raise SolverUnavailableError(f"MOSEK cannot run here (error {int(error.errno)})") from None
    status, x, multipliers = read_solution(program, task)
    return Solution(status, "mosek", x, multipliers)


def read_solution(program: ConicProgram, task: Any) -> tuple[Status, Floats, Floats]:
    """Return (status, x, multipliers) from a task with a solution; zeros where it has none."""
    mosek = _installed()
    kind = mosek.soltype.itr
    multipliers = np.zeros(len(program.rows))
    if not task.solutiondef(kind):
        return "stopped", np.zeros(program.columns), multipliers
    # the task states the dual: it has no lower bound where the program has no point
    known: dict[Any, Status] = {
        mosek.solsta.optimal: "optimal",
        mosek.solsta.dual_infeas_cer: "infeasible",
        mosek.solsta.prim_infeas_cer: "unbounded",
    }
    multipliers[: program.linear] = task.getxx(kind)
    for k, (start, size) in enumerate(program.spans):
        i, j = triangle(size)
        full = np.zeros((size, size))
        # column by column of the lower triangle, that is row by row of the upper one
        full[np.triu_indices(size)] = task.getbarxj(kind, k)
        multipliers[start : start + len(i)] = np.where(i == j, 1.0, 2.0) * full[i, j]
    return known.get(task.getsolsta(kind), "stopped"), np.array(task.gety(kind)), multipliers
