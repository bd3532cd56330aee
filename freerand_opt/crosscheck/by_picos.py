"""The optimum of a program by PICOS and CVXOPT, both under the GPL: optional, and imported only here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from freerand_opt.conic.formats.blocks import blocks
from freerand_opt.conic.formats.conic import Conic

#: Gap and feasibility asked for: CVXOPT breaks down below.
TOLERANCE = 1e-9
_TOLERANCES = (
    "abs_prim_fsb_tol",
    "rel_prim_fsb_tol",
    "abs_dual_fsb_tol",
    "rel_dual_fsb_tol",
    "abs_ipm_opt_tol",
)


def optimum(held: Conic) -> tuple[str, float | None]:
    """Return (status, optimum): ``optimal``, ``infeasible`` or ``gave up``; ImportError without PICOS."""
    import cvxopt  # noqa: F401
    import picos

    with warnings.catch_warnings(), _options_kept():
        warnings.simplefilter("ignore")
        problem, x, cost = as_picos(held)
        # never MOSEK, which PICOS takes where it is installed, licence or not
        options = {"solver": "cvxopt", "verbosity": 0, "primals": None, "duals": None}
        tolerances = dict.fromkeys((*_TOLERANCES, "rel_ipm_opt_tol"), TOLERANCE)
        try:
            answer = problem.solve(**options, **tolerances)
        except (picos.SolutionFailure, picos.solvers.SolverError, ArithmeticError, ValueError):
            # CVXOPT ends some degenerate programs with an error of its own
            return "gave up", None
    if answer.primalStatus == answer.dualStatus == "optimal" and x.value is not None:
        return "optimal", float(cost @ np.array(x.value, dtype=np.float64).ravel())
    return ("infeasible" if answer.problemStatus == "infeasible" else "gave up"), None


def as_picos(held: Conic) -> tuple[Any, Any, Any]:
    """Return the program as a PICOS problem, with its variable and the objective's coefficients."""
    import picos

    cost, parts = blocks(held)
    x = picos.RealVariable("x", len(held.columns))
    problem = picos.Problem()
    problem.set_objective("max", picos.Constant("c", cost).T * x)
    for part in parts:
        slack = picos.Constant(part.right) - _constant(part.matrix) * x
        if part.cone == "psd":
            problem.add_constraint(slack.reshaped((part.size, part.size)) >> 0)
        else:
            problem.add_constraint(slack == 0 if part.cone == "zero" else slack >= 0)
    return problem, x, cost


def _constant(matrix: Any) -> Any:
    import cvxopt
    import picos

    held = coo_array(matrix)
    return picos.Constant(
        cvxopt.spmatrix(held.data.tolist(), held.row.tolist(), held.col.tolist(), held.shape)
    )


@contextmanager
def _options_kept() -> Iterator[None]:
    """Put CVXOPT's options back: PICOS writes its own into them, for all who use CVXOPT afterwards."""
    from cvxopt.solvers import options

    before = dict(options)
    try:
        yield
    finally:
        options.clear()
        options.update(before)
