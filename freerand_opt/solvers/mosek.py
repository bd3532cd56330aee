r"""Programs through MOSEK's own Task interface, where it is licensed; task files without a licence.

A linear program is stated as it is. One with psd blocks is stated as its dual, which has one
equality for each moment and one matrix variable for each block, the form in which MOSEK is fastest:

.. math:: \min\; b \cdot z + \sum_k \langle B_k, Z_k \rangle \;:\; A^T z = c,\; Z_k \succeq 0,

with the same optimum. There column bounds are left out: the blocks imply them.
"""

from __future__ import annotations

import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from freerand_opt.errors import SolverUnavailableError
from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, FloatArray, IntArray
from freerand_opt.programs.solution import Solution, Status, without_basis

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
    """Return the program as a mosek.Task with the nearest doubles of all numbers; needs no licence."""
    mosek = _installed()
    task = mosek.Task()
    (_state_dual if program.psd_blocks else _state)(mosek, task, program)
    return task


def task_text(program: ConicProgram) -> str:
    """Return MOSEK's task file of a program as JSON text (``.jtask``); needs no licence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.jtask"
        as_task(program).writedata(str(path))
        return path.read_text(encoding="utf-8") + "\n"


def _state(mosek: Any, task: Any, program: ConicProgram) -> None:
    """State a linear program: maximise c.x over rows A x = b or A x <= b and column bounds."""
    rows, columns = program.shape
    bound = mosek.boundkey
    task.appendvars(columns)
    task.appendcons(rows)
    task.putobjsense(mosek.objsense.maximize)
    task.putclist(range(columns), program.objective.floats())
    task.putvarboundslice(0, columns, [bound.ra] * columns, program.lower.floats(), program.upper.floats())
    right = program.float_right
    keys = [bound.fx if zero else bound.up for zero in program.zero_rows.tolist()]
    task.putconboundslice(0, rows, keys, np.where(program.zero_rows, right, -np.inf), right)
    owner = np.repeat(np.arange(rows), np.diff(program.matrix.indptr))
    task.putaijlist(*_short(owner, program.matrix.indices), program.float_matrix.data)


def _state_dual(mosek: Any, task: Any, program: ConicProgram) -> None:
    """State the dual of a semidefinite program; constraint k is column k's, variables are linear rows."""
    linear, block, i, j = _places(program)
    columns, count = program.shape[1], int(linear.sum())
    right, objective = program.float_right, program.objective.floats()
    bound = mosek.boundkey
    task.appendcons(columns)
    task.appendvars(count)
    task.appendbarvars([size for _, size in program.psd_blocks])
    task.putobjsense(mosek.objsense.minimize)
    task.putconboundslice(0, columns, [bound.fx] * columns, objective, objective)
    free = program.zero_rows[linear].tolist()
    keys = [bound.fr if zero else bound.lo for zero in free]
    task.putvarboundslice(0, count, keys, np.where(free, -np.inf, 0.0), np.full(count, np.inf))
    task.putclist(range(count), right[linear])
    place = np.cumsum(linear) - 1
    owner = np.repeat(np.arange(len(linear)), np.diff(program.matrix.indptr))
    column, value = program.matrix.indices, program.float_matrix.data
    kept = linear[owner]
    task.putaijlist(*_short(column[kept], place[owner[kept]]), value[kept])
    # a lower triangle is expected: rows j, columns i
    r = owner[~kept]
    task.putbarablocktriplet(*_short(column[~kept], block[r], j[r], i[r]), value[~kept])
    r = np.flatnonzero(~linear & (right != 0))
    task.putbarcblocktriplet(*_short(block[r], j[r], i[r]), right[r])


def _short(*arrays: Any) -> list[Any]:
    """Return index arrays as MOSEK takes them without a warning."""
    return [np.ascontiguousarray(array, dtype=np.int32) for array in arrays]


def _places(program: ConicProgram) -> tuple[Any, IntArray, IntArray, IntArray]:
    """Return, by row: whether it is linear, else its block and its entry (i, j), i <= j."""
    rows = program.shape[0]
    linear = np.ones(rows, dtype=bool)
    block, i, j = (np.full(rows, -1, dtype=np.int64) for _ in range(3))
    for k, (start, size) in enumerate(program.psd_blocks):
        here = slice(start, start + size * (size + 1) // 2)
        linear[here], block[here] = False, k
        i[here], j[here] = triangle(size)
    return linear, block, i, j


# ------------------------------------------------------------------ solving


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve with MOSEK, quietly; `time_limit` in seconds. Raise SolverUnavailableError as `require`."""
    require()
    mosek = _installed()
    begun = time.perf_counter()
    task = as_task(program)
    task.putintparam(mosek.iparam.num_threads, 1)
    if program.psd_blocks:
        for name in ("rel_gap", "pfeas", "dfeas"):
            task.putdouparam(getattr(mosek.dparam, f"intpnt_co_tol_{name}"), TOLERANCE)
    else:
        task.putintparam(mosek.iparam.optimizer, mosek.optimizertype.free_simplex)
    if time_limit is not None:
        task.putdouparam(mosek.dparam.optimizer_max_time, max(time_limit, 0.01))
    try:
        task.optimize()
    except mosek.Error as error:
        raise SolverUnavailableError(f"MOSEK cannot run here (error {int(error.errno)})") from None
    status, primal, multipliers = read_solution(program, task)
    return without_basis(
        program,
        status=status,
        solver="mosek",
        primal=primal,
        multipliers=multipliers,
        begun=begun,
    )


def read_solution(program: ConicProgram, task: Any) -> tuple[Status, FloatArray, FloatArray]:
    """Return (status, primal, multipliers) from a task with a solution; zeros where it has none."""
    mosek = _installed()
    kind = mosek.soltype.itr if program.psd_blocks else mosek.soltype.bas
    primal, multipliers = np.zeros(program.shape[1]), np.zeros(program.shape[0])
    if not task.solutiondef(kind):
        return "stopped", primal, multipliers
    found = task.getsolsta(kind)
    known: dict[Any, Status] = {mosek.solsta.optimal: "optimal"}
    # a task that states the dual has no lower bound where the program has no point
    empty = mosek.solsta.dual_infeas_cer if program.psd_blocks else mosek.solsta.prim_infeas_cer
    known[empty] = "infeasible"
    status = known.get(found, "stopped")
    if not program.psd_blocks:
        primal, multipliers = np.array(task.getxx(kind)), np.array(task.gety(kind))
        return status, primal, np.where(program.zero_rows, multipliers, np.maximum(multipliers, 0))
    linear, _, _, _ = _places(program)
    multipliers[linear] = task.getxx(kind)
    for k, (start, size) in enumerate(program.psd_blocks):
        i, j = triangle(size)
        full = np.zeros((size, size))
        # column by column of the lower triangle, that is row by row of the upper one
        full[np.triu_indices(size)] = task.getbarxj(kind, k)
        multipliers[start : start + len(i)] = np.where(i == j, 1.0, 2.0) * full[i, j]
    return status, np.array(task.gety(kind)), multipliers
