"""Programs through PICOS, with CVXOPT or MOSEK named explicitly.

PICOS and CVXOPT are under the GPL: both are optional and imported only here, when asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from freerand_opt.conic.formats.blocks import Block, blocks_of, multipliers_of
from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import SolverUnavailableError, unavailable
from freerand_opt.model.tables.text import nearest
from freerand_opt.solvers import mosek

#: Solvers that PICOS is asked to use.
BACKENDS = ("cvxopt", "mosek")
#: Gap and feasibility asked for: CVXOPT breaks down below.
TOLERANCE = 1e-9
_TOLERANCES = (
    *("abs_prim_fsb_tol", "rel_prim_fsb_tol", "abs_dual_fsb_tol"),
    *("rel_dual_fsb_tol", "abs_ipm_opt_tol", "rel_ipm_opt_tol"),
)


def require(backend: str) -> None:
    """Raise SolverUnavailableError unless PICOS can run this solver here; one line says why not."""
    why = unavailable("picos", "PICOS", "picos cvxopt")
    if why:
        raise SolverUnavailableError(why)
    import picos

    if backend not in BACKENDS:
        raise SolverUnavailableError(
            f"{backend!r} cannot be used through PICOS; "
            f"allowed: {', '.join(BACKENDS)}{nearest(backend, BACKENDS)}"
        )
    if backend not in picos.available_solvers():
        raise SolverUnavailableError(f"{backend!r} cannot be used through PICOS: it is not installed")
    if backend == "mosek":
        mosek.require()


def modelled(cost: Floats, parts: Sequence[Block]) -> tuple[Any, Any, list[Any]]:
    """Return the PICOS problem of some blocks, its variable, and a constraint for each block in order."""
    import picos

    x = picos.RealVariable("x", len(cost))
    problem, constraints = picos.Problem(), []
    problem.set_objective("max", picos.Constant("c", cost).T * x)
    for part in parts:
        left, right = _constant(part.matrix) * x, picos.Constant(part.right)
        if part.cone == "psd":
            made = (right - left).reshaped((part.size, part.size)) >> 0
        else:
            made = left == right if part.cone == "zero" else left <= right
        constraints.append(problem.add_constraint(made))
    return problem, x, constraints


def _constant(value: Any) -> Any:
    """Return a sparse matrix as PICOS's own constant."""
    import cvxopt
    import picos

    held = coo_array(value)
    entries = cvxopt.spmatrix(held.data.tolist(), held.row.tolist(), held.col.tolist(), held.shape)
    return picos.Constant(entries)


def solve(program: ConicProgram, backend: str, *, time_limit: float | None = None) -> Solution:
    """Solve with the named solver, quietly; `time_limit` in seconds where the solver has one.

    A solver that gives up yields a solution of status "stopped" with whatever it left, zeros at
    worst. Raise SolverUnavailableError as `require` does.
    """
    require(backend)
    cost, parts = blocks_of(program)
    problem, x, constraints = modelled(cost, parts)
    status = run(problem, backend, time_limit)
    found = np.zeros(program.columns) if x.value is None else np.array(x.value, np.float64).ravel()
    # the multiplier of an equality has the other sign there
    duals = (
        -np.array(one.dual) if part.cone == "zero" and one.dual is not None else one.dual
        for part, one in zip(parts, constraints, strict=True)
    )
    return Solution(status, f"picos:{backend}", found, multipliers_of(parts, duals))


def run(problem: Any, backend: str, time_limit: float | None = None) -> Status:
    """Run a named solver on a PICOS problem; one that gives up is "stopped"."""
    import picos

    options = {"solver": backend, "verbosity": 0, "primals": None, "duals": None}
    # PICOS has no limit for CVXOPT, and says so on the standard output
    limit = None if time_limit is None or backend == "cvxopt" else max(time_limit, 0.01)
    with warnings.catch_warnings(), _options_kept():
        # PICOS warns where CVXOPT has no option for a limit
        warnings.simplefilter("ignore")
        try:
            answer = problem.solve(**options, **dict.fromkeys(_TOLERANCES, TOLERANCE), timelimit=limit)
        except (picos.SolutionFailure, picos.solvers.SolverError, ArithmeticError, ValueError):
            # CVXOPT ends some degenerate programs with an error of its own
            return "stopped"
    if answer.primalStatus == answer.dualStatus == "optimal":
        return "optimal"
    return "infeasible" if answer.problemStatus == "infeasible" else "stopped"


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
