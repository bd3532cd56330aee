"""From a solver's name to a function; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution
from freerand_opt.errors import InputError, SolverUnavailableError, install
from freerand_opt.model.tables.text import nearest

#: Matrices up to this size are solved faster by Clarabel.
SMALL = 16
#: Names that `--solver` takes; cvxpy:NAME reaches any solver that cvxpy knows.
NAMES = (
    "auto",
    "highs",
    "clarabel",
    "high-precision",
    "qics",
    "mosek",
    "cvxpy:CLARABEL",
    "cvxpy:SCS",
    "cvxpy:CVXOPT",
    "cvxpy:MOSEK",
    "picos:cvxopt",
    "picos:mosek",
)


def solver_named(name: str) -> Callable[[ConicProgram, float | None], Solution]:
    """Return a function (program, time limit in seconds) -> Solution; auto is the first one that suits.

    Raise InputError for an unknown name, SolverUnavailableError for one that cannot run here.
    """
    if name == "auto":
        return lambda program, limit: solver_named(solvers_in_floats(program)[0])(program, limit)
    if name == "highs":
        return _highs
    if name == "clarabel":
        from freerand_opt.solvers import clarabel

        return clarabel.solve
    if name == "high-precision":
        return _high_precision
    if name == "qics":
        if not _found("qics"):
            raise SolverUnavailableError(f"QICS is not installed: {install('qics')}, or name clarabel")
        from freerand_opt.solvers import qics

        return qics.solve
    if name == "mosek":
        from freerand_opt.solvers import mosek

        mosek.require()
        name = "cvxpy:MOSEK"
    if name.startswith("picos:"):
        from freerand_opt.solvers import picos

        picked = name.removeprefix("picos:").lower()
        picos.require(picked)
        return lambda program, limit: picos.solve(program, picked, time_limit=limit)
    if name.startswith("cvxpy:"):
        from freerand_opt.solvers import cvxpy as route

        backend = name.removeprefix("cvxpy:").upper()
        route.require(backend)
        return lambda program, limit: route.solve(program, backend, time_limit=limit)
    raise InputError("--solver", f"{name!r} is not known; allowed: {', '.join(NAMES)}{nearest(name, NAMES)}")


def solvers_in_floats(program: ConicProgram) -> list[str]:
    """Return the solvers that are tried, in order: Clarabel first for small matrices, MOSEK if licensed."""
    large = max(program.sizes, default=0) > SMALL
    others = [*(["mosek"] if large and _licensed() else []), *(["qics"] if _found("qics") else [])]
    return [*others, "clarabel"] if large else ["clarabel", *others]


def _highs(program: ConicProgram, limit: float | None) -> Solution:
    """Linear programs are always given to HiGHS, which has no matrices."""
    raise SolverUnavailableError("highs solves linear programs alone; for quantum devices name another")


def _high_precision(program: ConicProgram, limit: float | None) -> Solution:
    from freerand_opt.solvers import exposing, high_precision

    found = high_precision.solve(program, time_limit=limit)
    if found is None or found.status != "optimal":
        found = exposing.solve(program, time_limit=limit) or found
    if found is None:
        raise SolverUnavailableError(
            "high-precision cannot solve this program: it has no matrices, more than "
            f"{high_precision.MAX_FREE} free columns, or a matrix larger than {high_precision.MAX_SIZE}"
        )
    return found


def _found(package: str) -> bool:
    return find_spec(package) is not None


def _licensed() -> bool:
    """Whether MOSEK can run; its licence is asked for once in a process."""
    if not (_found("mosek") and _found("cvxpy")):
        return False
    from freerand_opt.solvers import mosek

    return not mosek.fault()
