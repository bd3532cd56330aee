"""From a solver's name to a function; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution
from freerand_opt.errors import InputError, SolverUnavailableError, import_fault, unavailable
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
        return lambda program, limit: solver_named(next(solvers_in_floats(program)))(program, limit)
    if name == "highs":
        return _highs
    if name == "clarabel":
        from freerand_opt.solvers import clarabel

        return clarabel.solve
    if name == "high-precision":
        return _high_precision
    if name == "qics":
        why = unavailable("qics", "QICS", "qics")
        if why:
            raise SolverUnavailableError(f"{why}, or name clarabel")
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


def solvers_in_floats(program: ConicProgram) -> Iterator[str]:
    """Yield the solvers that are tried, in order: Clarabel first for small matrices, MOSEK if licensed.

    Nothing is imported before its turn; what does not import is as if it were not installed.
    """
    large = max(program.sizes, default=0) > SMALL
    if not large:
        yield "clarabel"
    elif _licensed():
        yield "mosek"
    if not import_fault("qics"):
        yield "qics"
    if large:
        yield "clarabel"


def faults() -> dict[str, str]:
    """Return for each solver that can be named why it cannot run here, an empty text if it can."""
    found = {}
    for name in NAMES:
        try:
            solver_named(name)
        except SolverUnavailableError as error:
            found[name] = str(error)
        else:
            found[name] = ""
    return found


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


def _licensed() -> bool:
    """Whether MOSEK can run; its licence is asked for once in a process."""
    if import_fault("mosek"):
        return False
    from freerand_opt.solvers import mosek

    return not mosek.fault() and not import_fault("cvxpy")
