"""Programs through PICOS, with CVXOPT or MOSEK named explicitly.

PICOS and CVXOPT are under the GPL: both are optional and imported only here, when asked for.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from freerand_opt.errors import SolverUnavailableError, nearest
from freerand_opt.programs.moments import spread
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.solution import Solution, Status, without_basis
from freerand_opt.solvers import mosek

#: Solvers that PICOS is asked to use.
BACKENDS = ("cvxopt", "mosek")
#: Gap and feasibility asked for: CVXOPT breaks down below.
TOLERANCE = 1e-9


def require(backend: str) -> None:
    """Raise SolverUnavailableError unless PICOS can run this solver here; one line says why not."""
    try:
        import picos
    except ImportError:
        raise SolverUnavailableError("PICOS is not installed: pip install picos cvxopt") from None
    if backend not in BACKENDS:
        raise SolverUnavailableError(
            f"{backend!r} cannot be used through PICOS; "
            f"allowed: {', '.join(BACKENDS)}{nearest(backend, BACKENDS)}"
        )
    if backend not in picos.available_solvers():
        raise SolverUnavailableError(f"{backend!r} cannot be used through PICOS: it is not installed")
    if backend == "mosek":
        mosek.require()


def as_picos(program: ConicProgram) -> tuple[Any, Any, list[Any]]:
    """Return the program as a PICOS problem, with its variable and one constraint for each block.

    Each block is one affine expression; a matrix is `b - A x >> 0`. Bounds of columns are constraints
    on the variable, which programs with matrices imply and therefore leave out.
    """
    import picos

    columns = program.shape[1]
    bounds = () if program.psd_blocks else (program.lower.floats(), program.upper.floats())
    x = picos.RealVariable("x", columns, *bounds)
    problem = picos.Problem()
    problem.set_objective("max", picos.Constant("c", program.objective.floats()).T * x)
    right, constraints = program.float_right, []
    start = 0
    for cone, size in program.blocks:
        part, b = program.float_matrix[start : start + size], right[start : start + size]
        if cone == "psd":
            n = dict(program.psd_blocks)[start]
            slack = _constant(spread(n) @ b) - _constant(spread(n) @ part) * x
            constraints.append(problem.add_constraint(slack.reshaped((n, n)) >> 0))
        else:
            left = _constant(part) * x
            held = left == _constant(b) if cone == "zero" else left <= _constant(b)
            constraints.append(problem.add_constraint(held))
        start += size
    return problem, x, constraints


def _constant(value: Any) -> Any:
    """Return a vector or a sparse matrix as PICOS's own constant."""
    import cvxopt
    import picos

    if isinstance(value, np.ndarray):
        return picos.Constant(value)
    held = coo_array(value)
    entries = cvxopt.spmatrix(held.data.tolist(), held.row.tolist(), held.col.tolist(), held.shape)
    return picos.Constant(entries)


def solve(program: ConicProgram, backend: str, *, time_limit: float | None = None) -> Solution:
    """Solve with the named solver, quietly; `time_limit` in seconds where the solver has one.

    A solver that gives up yields a solution of status "stopped" with whatever it left, zeros at
    worst. Raise SolverUnavailableError as `require` does.
    """
    require(backend)
    import picos

    begun = time.perf_counter()
    with warnings.catch_warnings(), _options_kept():
        # PICOS warns where CVXOPT has no option for a limit
        warnings.simplefilter("ignore")
        problem, x, constraints = as_picos(program)
        options = {"solver": backend, "verbosity": 0, "primals": None, "duals": None}
        limit = None if time_limit is None else max(time_limit, 0.01)
        tolerances = dict.fromkeys(("abs_prim_fsb_tol", "rel_prim_fsb_tol", "abs_dual_fsb_tol"), TOLERANCE)
        tolerances |= dict.fromkeys(("rel_dual_fsb_tol", "abs_ipm_opt_tol", "rel_ipm_opt_tol"), TOLERANCE)
        try:
            answer = problem.solve(**options, **tolerances, timelimit=limit)
            status = _status(answer)
        except (picos.SolutionFailure, picos.solvers.SolverError, ArithmeticError, ValueError):
            # CVXOPT ends some degenerate programs with an error of its own
            status = "stopped"
        primal = program.lower.floats() if x.value is None else np.array(x.value, dtype=np.float64).ravel()
    multipliers = _multipliers(program, constraints)
    return without_basis(
        program,
        status=status,
        solver=f"picos:{backend}",
        primal=primal,
        multipliers=multipliers,
        begun=begun,
    )


@contextmanager
def _options_kept() -> Iterator[None]:
    """Put CVXOPT's options back: PICOS writes its own into them, for all who use CVXOPT afterwards."""
    try:
        from cvxopt.solvers import options
    except ImportError:  # MOSEK alone
        options = {}
    before = dict(options)
    try:
        yield
    finally:
        options.clear()
        options.update(before)


def _status(answer: Any) -> Status:
    if answer.primalStatus == answer.dualStatus == "optimal":
        return "optimal"
    return "infeasible" if answer.problemStatus == "infeasible" else "stopped"


def _multipliers(program: ConicProgram, constraints: list[Any]) -> FloatArray:
    """Return the constraints' dual values in order, 0 where there are none, in the dual cone."""
    parts: list[FloatArray] = []
    for (cone, size), constraint in zip(program.blocks, constraints, strict=True):
        value = constraint.dual
        if value is None:
            parts.append(np.zeros(size))
            continue
        found = np.array(value, dtype=np.float64)
        if cone == "psd":
            parts.append(spread(len(found)).T @ found.ravel(order="F"))
        else:
            # the multiplier of an equality has the other sign there
            parts.append(-found.ravel() if cone == "zero" else np.maximum(found.ravel(), 0))
    return np.concatenate(parts)
