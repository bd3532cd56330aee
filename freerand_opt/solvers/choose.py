"""From a solver's name to a function; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from freerand_opt.errors import InputError, SolverUnavailableError, nearest
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.solution import Solution

#: Blocks up to this size are solved faster by Clarabel.
SMALL = 16
#: QICS holds a number for each pair of a column and an entry of a block: at most so many (half a gigabyte).
QICS_NUMBERS = 2**26
#: Names that `--solver` takes; cvxpy:NAME reaches any solver that cvxpy knows.
NAMES = (
    "auto",
    "highs",
    "clarabel",
    "high-precision",
    "qics",
    "mosek",
    "cvxpy:HIGHS",
    "cvxpy:CLARABEL",
    "cvxpy:SCS",
    "cvxpy:CVXOPT",
    "cvxpy:MOSEK",
    "picos:cvxopt",
    "picos:mosek",
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
    if name == "high-precision":
        return _high_precision
    if name == "qics":
        if not _found("qics"):
            raise SolverUnavailableError("QICS is not installed: pip install qics, or name clarabel")
        from freerand_opt.solvers import qics

        return lambda program, limit: qics.solve(program, time_limit=limit)
    if name == "highs":
        from freerand_opt.solvers import highs

        return lambda program, limit: highs.solve(program, time_limit=limit)
    if name == "mosek":
        from freerand_opt.solvers import mosek

        mosek.require()
        return lambda program, limit: mosek.solve(program, time_limit=limit)
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


def _automatic(program: ConicProgram, limit: float | None) -> Solution:
    return solver_named(automatic_name(program))(program, limit)


def automatic_name(program: ConicProgram) -> str:
    """Linear programs by HiGHS; matrices by Clarabel if small, else by MOSEK if licensed, else by QICS."""
    if not program.psd_blocks:
        return "highs"
    if max(size for _, size in program.psd_blocks) <= SMALL:
        return "clarabel"
    return "mosek" if _licensed() else "qics" if _qics_fits(program) else "clarabel"


def second_name(program: ConicProgram, used: str) -> str | None:
    """Return another semidefinite solver in floats than the one that was used, or None."""
    other = "qics" if used != "qics" and _qics_fits(program) else "clarabel"
    return None if other == used else other


def _qics_fits(program: ConicProgram) -> bool:
    """Whether QICS is installed and does not need more memory than is reasonable."""
    entries = sum(size * size for _, size in program.psd_blocks)
    return entries * program.shape[1] <= QICS_NUMBERS and _found("qics")


def _high_precision(program: ConicProgram, limit: float | None) -> Solution:
    from freerand_opt.solvers import high_precision

    found = high_precision.solve(program, time_limit=limit)
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
    if not _found("mosek"):
        return False
    from freerand_opt.solvers import mosek

    return not mosek.fault()
