"""Programs through cvxpy: any solver that it reaches.

The solver is always named: cvxpy's own choice falls on MOSEK as soon as it is installed, licence
or not.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from freerand_opt.conic.formats.as_cvxpy import modelled
from freerand_opt.conic.formats.blocks import blocks_of, multipliers_of
from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.errors import SolverUnavailableError, unavailable
from freerand_opt.model.tables.text import nearest
from freerand_opt.solvers import mosek

# only what cvxpy calls optimal is: its "inaccurate" ones are hints like any other
_STATUS: dict[str, Status] = {
    "optimal": "optimal",
    "infeasible": "infeasible",
    "unbounded": "unbounded",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "CLARABEL": {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10},
    # the default factorisation fails on dependent equalities, which most programs have
    "CVXOPT": {"abstol": 1e-10, "reltol": 1e-10, "feastol": 1e-10, "kktsolver": "robust"},
    "HIGHS": {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9, "threads": 1},
    "MOSEK": {
        "mosek_params": {
            "MSK_IPAR_NUM_THREADS": 1,
            **{f"MSK_DPAR_INTPNT_CO_TOL_{name}": 1e-10 for name in ("REL_GAP", "PFEAS", "DFEAS")},
        }
    },
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
    why = unavailable("cvxpy", "cvxpy", "cvxpy")
    if why:
        raise SolverUnavailableError(f"{why}, or name clarabel")
    import cvxpy

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


def takes_matrices(backend: str) -> bool:
    """Return whether cvxpy gives this solver semidefinite programs."""
    from cvxpy.reductions.solvers.defines import SOLVER_MAP_CONIC

    interface = SOLVER_MAP_CONIC.get(backend)
    kinds = [] if interface is None else interface.SUPPORTED_CONSTRAINTS
    return any("PSD" in kind.__name__ for kind in kinds)  # versions differ in which form of it


def solve(program: ConicProgram, backend: str, *, time_limit: float | None = None) -> Solution:
    """Solve with the named solver, quietly; `time_limit` in seconds where the solver has one.

    A solver that gives up yields a solution of status "stopped" with whatever it left, zeros at
    worst. Raise SolverUnavailableError as `require` does, and for matrices given to a linear solver.
    """
    require(backend)
    import cvxpy

    if program.sizes and not takes_matrices(backend):
        raise SolverUnavailableError(
            f"cvxpy:{backend} solves linear programs alone; for quantum devices name another"
        )
    cost, parts = blocks_of(program)
    problem, x = modelled(cost, parts)
    with warnings.catch_warnings():
        # cvxpy warns of inaccurate solutions; the status says so here
        warnings.simplefilter("ignore")
        try:
            problem.solve(  # type: ignore[no-untyped-call]
                solver=backend, verbose=False, **_options(program, backend, time_limit)
            )
            status = _STATUS.get(problem.status, "stopped")
        except (cvxpy.error.SolverError, ArithmeticError):
            # CVXOPT ends some degenerate programs with a division by zero
            status = "stopped"
    found = np.zeros(program.columns) if x.value is None else np.asarray(x.value, dtype=np.float64)
    return Solution(
        status,
        f"cvxpy:{backend}",
        found,
        multipliers_of(parts, (one.dual_value for one in problem.constraints)),
    )


def _options(program: ConicProgram, backend: str, time_limit: float | None) -> dict[str, Any]:
    options = dict(_OPTIONS.get(backend, {}))
    if program.sizes:
        options |= _MATRIX_OPTIONS.get(backend, {})
    if time_limit is not None:
        limit = max(time_limit, 0.01)
        if backend == "MOSEK":
            options["mosek_params"] = {**options["mosek_params"], "MSK_DPAR_OPTIMIZER_MAX_TIME": limit}
        elif backend == "SCIPY":
            options["scipy_options"] = {"time_limit": limit}
        elif backend in _TIME_OPTION:
            options[_TIME_OPTION[backend]] = limit
    return options
