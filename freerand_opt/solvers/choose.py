"""From a solver's name to a function; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable

from freerand_opt.errors import InputError, nearest
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.solution import Solution

#: Names that `--solver` takes; cvxpy:NAME reaches any solver that cvxpy knows.
NAMES = ("highs", "cvxpy:HIGHS", "cvxpy:CLARABEL", "cvxpy:SCS", "cvxpy:CVXOPT", "cvxpy:MOSEK")


def solver_named(name: str) -> Callable[[ConicProgram, float | None], Solution]:
    """Return a function (program, time limit in seconds) -> Solution.

    Raise InputError for an unknown name, SolverUnavailableError for one that cannot run here.
    """
    if name == "highs":
        from freerand_opt.solvers import highs

        return lambda program, limit: highs.solve(program, time_limit=limit)
    if name.startswith("cvxpy:"):
        from freerand_opt.solvers import cvxpy as route

        backend = name.removeprefix("cvxpy:").upper()
        route.require(backend)
        return lambda program, limit: route.solve(program, backend, time_limit=limit)
    raise InputError("--solver", f"{name!r} is not known; allowed: {', '.join(NAMES)}{nearest(name, NAMES)}")
