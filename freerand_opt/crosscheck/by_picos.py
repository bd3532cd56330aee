"""The optimum of a program by PICOS and CVXOPT, both under the GPL: optional, and imported only when used."""

from __future__ import annotations

from typing import Any

import numpy as np

from freerand_opt.conic.formats.blocks import blocks
from freerand_opt.conic.formats.conic import Conic
from freerand_opt.solvers.picos import modelled, run


def optimum(held: Conic) -> tuple[str, float | None]:
    """Return (status, optimum): ``optimal``, ``infeasible`` or ``gave up``; ImportError without PICOS."""
    import cvxopt  # noqa: F401

    problem, x, cost = as_picos(held)
    status = run(problem, "cvxopt")  # never MOSEK, which PICOS takes where it is installed, licence or not
    if status == "optimal" and x.value is not None:
        return "optimal", float(cost @ np.array(x.value, dtype=np.float64).ravel())
    return ("infeasible" if status == "infeasible" else "gave up"), None


def as_picos(held: Conic) -> tuple[Any, Any, Any]:
    """Return the program as a PICOS problem, with its variable and the objective's coefficients."""
    cost, parts = blocks(held)
    problem, x, _ = modelled(cost, parts)
    return problem, x, cost
