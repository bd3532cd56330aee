"""From a solver's name to a function; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from freerand_opt.errors import InputError, nearest
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.solution import Solution

#: Blocks up to this size are solved faster by Clarabel.
SMALL = 16
#: Names that `--solver` takes; cvxpy:NAME reaches any solver that cvxpy knows.
NAMES = (
    "auto",
    "highs",
    "clarabel",
    "qics",
    "cvxpy:HIGHS",
    "cvxpy:CLARABEL",
    "cvxpy:SCS",
    "cvxpy:CVXOPT",
    "cvxpy:MOSEK",
)


def solver_named(name: str) -> Callable[[ConicProgram, float | None], Solution]:
    """Return a function (program, time limit in seconds) -> Solution; auto suits the program.

    Raise InputError for an unknown name, SolverUnavailableError for one that cannot run here.
    """
    if name == "auto":
        return _automatic
    if name == "clarabel":
        from freerand_opt.solvers import clarabel

        return lambda program, limit: clarabel.solve(program, time_limit=limit)
    if name == "qics":
        from freerand_opt.solvers import qics

        return lambda program, limit: qics.solve(program, time_limit=limit)
    if name == "highs":
        from freerand_opt.solvers import highs

        return lambda program, limit: highs.solve(program, time_limit=limit)
    if name.startswith("cvxpy:"):
        from freerand_opt.solvers import cvxpy as route

        backend = name.removeprefix("cvxpy:").upper()
        route.require(backend)
        return lambda program, limit: route.solve(program, backend, time_limit=limit)
    raise InputError("--solver", f"{name!r} is not known; allowed: {', '.join(NAMES)}{nearest(name, NAMES)}")


def _automatic(program: ConicProgram, limit: float | None) -> Solution:
    """Linear programs by HiGHS; semidefinite ones by Clarabel if small, else by QICS if it is there."""
    if not program.psd_blocks:
        return solver_named("highs")(program, limit)
    largest = max(size for _, size in program.psd_blocks)
    small = largest <= SMALL or find_spec("qics") is None
    return solver_named("clarabel" if small else "qics")(program, limit)


def second_opinion(solution: Solution) -> Callable[[ConicProgram, float | None], Solution] | None:
    """Return another semidefinite solver than the one that was used, or None."""
    other = "clarabel" if solution.solver == "qics" else "qics"
    return solver_named(other) if other == "clarabel" or find_spec("qics") is not None else None
