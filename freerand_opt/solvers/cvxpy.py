"""Programs through cvxpy: any solver that it reaches, and a problem to add constraints to.

The solver is always named: cvxpy's own choice falls on MOSEK as soon as it is installed, licence
or not.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from freerand_opt.errors import SolverUnavailableError, nearest
from freerand_opt.programs.moments import spread
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.solution import Solution, Status, without_basis
from freerand_opt.solvers import mosek

if TYPE_CHECKING:
    import cvxpy

# only what cvxpy calls optimal is: its "inaccurate" ones are hints like any other
_STATUS: dict[str, Status] = {
    "optimal": "optimal",
    "infeasible": "infeasible",
    # every column is bounded
    "infeasible_or_unbounded": "infeasible",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "CLARABEL": {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10},
    # the default factorisation fails on dependent equalities, which most programs have
    "CVXOPT": {"abstol": 1e-10, "reltol": 1e-10, "feastol": 1e-10, "kktsolver": "robust"},
    "HIGHS": {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9, "threads": 1},
    "OSQP": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iter": 100_000},
    "SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 100_000},
}
#: On matrices CVXOPT breaks down at less.
_MATRIX_OPTIONS = {"CVXOPT": {"abstol": 1e-9, "reltol": 1e-9, "feastol": 1e-9}}
#: Mixed-integer solvers whose cvxpy interface has no dual values, so that nothing could be proved.
_NO_MULTIPLIERS = {"GLPK_MI"}
_TIME_OPTION = {
    "CLARABEL": "time_limit",
    "HIGHS": "time_limit",
    "OSQP": "time_limit",
    "SCS": "time_limit_secs",
}


def require(backend: str) -> None:
    """Raise SolverUnavailableError unless cvxpy can run this solver here; one line says why not."""
    try:
        import cvxpy
    except ImportError:
        raise SolverUnavailableError("cvxpy is not installed: pip install cvxpy, or name highs") from None
    installed = sorted(set(cvxpy.installed_solvers()) - _NO_MULTIPLIERS)  # type: ignore[no-untyped-call]
    if backend not in installed:
        known = backend in cvxpy.settings.SOLVERS
        reason = "its package is not installed" if known else "cvxpy does not know it"
        if backend in _NO_MULTIPLIERS:
            reason = "it gives no multipliers"
        raise SolverUnavailableError(
            f"{backend!r} cannot be used through cvxpy: {reason}; "
            f"installed: {', '.join(installed)}{nearest(backend, installed)}"
        )
    if backend == "MOSEK":
        mosek.require()


def as_cvxpy(program: ConicProgram) -> tuple[cvxpy.Problem, cvxpy.Variable]:
    """Return the program as a cvxpy problem, with its variable, for adding constraints of one's own.

    The problem has one vectorised constraint for each block (`A x == b`, `A x <= b` or, for a
    matrix, `b - A x >> 0`, in order) and the bounds as the variable's, which programs with matrices
    imply and therefore leave out; column j is `program.column_label(j)`. For example the guess
    at CHSH score 3, when a score of 7/2 is demanded after all (`import cvxpy`; the value is 5/8)::

        question = read("lps/no_signalling_guess_chsh.toml").instances[0].question
        program = build(question).above.program
        problem, x = as_cvxpy(program)
        # row 17 is "test: chsh >= 3", turned into <=
        stronger = program.float_matrix[[17]] @ x <= -3.5
        value = cvxpy.Problem(problem.objective, [*problem.constraints, stronger]).solve(solver="CLARABEL")

    Such values are floats; only `freerand_opt.bound` certifies.
    """
    import cvxpy

    bounds = None if program.psd_blocks else [program.lower.floats(), program.upper.floats()]
    x = cvxpy.Variable(program.shape[1], name="x", bounds=bounds)
    right = program.float_right
    constraints: list[Any] = []
    start = 0
    for cone, size in program.blocks:
        left = program.float_matrix[start : start + size] @ x
        b = right[start : start + size]
        if cone == "psd":
            n = dict(program.psd_blocks)[start]
            # one affine expression: cvxpy is slow on sums of matrices
            matrix = (spread(n) @ (b - left)).reshape((n, n), order="C")
            constraints.append(matrix >> 0)
        else:
            constraints.append(left == b if cone == "zero" else left <= b)
        start += size
    return cvxpy.Problem(cvxpy.Maximize(program.objective.floats() @ x), constraints), x


def solve(program: ConicProgram, backend: str, *, time_limit: float | None = None) -> Solution:
    """Solve with the named solver, quietly; `time_limit` in seconds where the solver has one.

    A solver that gives up yields a solution of status "stopped" with whatever it left, zeros at
    worst. Raise SolverUnavailableError as `require` does.
    """
    require(backend)
    import cvxpy

    begun = time.perf_counter()
    problem, x = as_cvxpy(program)
    with warnings.catch_warnings():
        # cvxpy warns of inaccurate solutions; status and residuals say so here
        warnings.simplefilter("ignore")
        try:
            problem.solve(  # type: ignore[no-untyped-call]
                solver=backend, verbose=False, **_options(program, backend, time_limit)
            )
            status = _STATUS.get(problem.status, "stopped")
        except (cvxpy.error.SolverError, ArithmeticError):
            # CVXOPT ends some degenerate programs with a division by zero
            status = "stopped"
    primal = program.lower.floats() if x.value is None else np.asarray(x.value, dtype=np.float64)
    multipliers = _multipliers(program, problem)
    return without_basis(
        program,
        status=status,
        solver=f"cvxpy:{backend}",
        primal=primal,
        multipliers=multipliers,
        begun=begun,
    )


def _options(program: ConicProgram, backend: str, time_limit: float | None) -> dict[str, Any]:
    options = dict(_OPTIONS.get(backend, {}))
    if program.psd_blocks:
        options |= _MATRIX_OPTIONS.get(backend, {})
    if time_limit is not None:
        limit = max(time_limit, 0.01)
        if backend == "MOSEK":
            options["mosek_params"] = {"MSK_DPAR_OPTIMIZER_MAX_TIME": limit}
        elif backend == "SCIPY":
            options["scipy_options"] = {"time_limit": limit}
        elif backend in _TIME_OPTION:
            options[_TIME_OPTION[backend]] = limit
    return options


def _multipliers(program: ConicProgram, problem: cvxpy.Problem) -> FloatArray:
    """Return the constraints' dual values in order, 0 where there are none, in the dual cone."""
    parts: list[FloatArray] = []
    for (cone, size), constraint in zip(program.blocks, problem.constraints, strict=True):
        value = constraint.dual_value
        if value is None:
            parts.append(np.zeros(size))
        elif cone == "psd":
            # an entry of the triangle stands for two of the matrix
            full = np.asarray(value, dtype=np.float64)
            parts.append(spread(len(full)).T @ full.ravel())
        else:
            found = np.asarray(value, dtype=np.float64).reshape(size)
            parts.append(found if cone == "zero" else np.maximum(found, 0))
    return np.concatenate(parts)
