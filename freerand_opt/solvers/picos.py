"""Programs through PICOS, with CVXOPT or MOSEK named explicitly.

PICOS and CVXOPT are under the GPL: both are optional and imported only here, when asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from freerand_opt.conic.program import ConicProgram, spread
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import SolverUnavailableError, nearest
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
    """Return the program as a PICOS problem, with its variable and constraints.

    One affine expression each: the equalities, the inequalities, and each matrix as `b - A x >> 0`.
    """
    import picos

    x = picos.RealVariable("x", program.columns)
    problem = picos.Problem()
    problem.set_objective("max", picos.Constant("c", program.cost).T * x)
    matrix, right, constraints = program.matrix, program.sides, []
    equal, linear = program.equalities, program.linear
    if equal:
        constraints.append(problem.add_constraint(_constant(matrix[:equal]) * x == _constant(right[:equal])))
    if program.inequalities:
        rows = slice(equal, linear)
        constraints.append(problem.add_constraint(_constant(matrix[rows]) * x <= _constant(right[rows])))
    for start, n in program.spans:
        rows = slice(start, start + n * (n + 1) // 2)
        slack = _constant(spread(n) @ right[rows]) - _constant(spread(n) @ matrix[rows]) * x
        constraints.append(problem.add_constraint(slack.reshaped((n, n)) >> 0))
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

    with warnings.catch_warnings(), _options_kept():
        # PICOS warns where CVXOPT has no option for a limit
        warnings.simplefilter("ignore")
        problem, x, constraints = as_picos(program)
        options = {"solver": backend, "verbosity": 0, "primals": None, "duals": None}
        # PICOS has no limit for CVXOPT, and says so on the standard output
        limit = None if time_limit is None or backend == "cvxopt" else max(time_limit, 0.01)
        tolerances = dict.fromkeys(("abs_prim_fsb_tol", "rel_prim_fsb_tol", "abs_dual_fsb_tol"), TOLERANCE)
        tolerances |= dict.fromkeys(("rel_dual_fsb_tol", "abs_ipm_opt_tol", "rel_ipm_opt_tol"), TOLERANCE)
        try:
            answer = problem.solve(**options, **tolerances, timelimit=limit)
            status = _status(answer)
        except (picos.SolutionFailure, picos.solvers.SolverError, ArithmeticError, ValueError):
            # CVXOPT ends some degenerate programs with an error of its own
            status = "stopped"
        found = np.zeros(program.columns) if x.value is None else np.array(x.value, np.float64).ravel()
    return Solution(status, f"picos:{backend}", found, _multipliers(program, constraints))


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


def _multipliers(program: ConicProgram, constraints: list[Any]) -> Floats:
    """Return the constraints' dual values in order, 0 where there are none, in the dual cone."""
    kinds = [n for n in (program.equalities, program.inequalities) if n]
    sizes = [*kinds, *(n * (n + 1) // 2 for n in program.sizes)]
    parts: list[Floats] = []
    for k, (size, constraint) in enumerate(zip(sizes, constraints, strict=True)):
        value = constraint.dual
        found = None if value is None else np.array(value, dtype=np.float64)
        if found is None:
            parts.append(np.zeros(size))
        elif k >= len(kinds):
            n = program.sizes[k - len(kinds)]
            parts.append(spread(n).T @ found.reshape(n, n).ravel(order="F"))
        else:
            # the multiplier of an equality has the other sign there
            equal = k == 0 and program.equalities
            parts.append(-found.ravel() if equal else np.maximum(found.ravel(), 0))
    return np.concatenate(parts)
