"""Whether MOSEK is installed and licensed; programs reach it through cvxpy or PICOS."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from freerand_opt.errors import SolverUnavailableError, unavailable


def require() -> None:
    """Raise SolverUnavailableError unless MOSEK is installed and licensed; one line says why not."""
    _installed()
    found = fault()
    if found:
        raise SolverUnavailableError(f"MOSEK is installed but has no licence ({found}); name another solver")


@lru_cache(maxsize=1)
def fault() -> str:
    """Return why MOSEK's licence cannot be checked out, or an empty text; asked once."""
    mosek = _installed()
    try:
        with mosek.Env() as env:
            env.checkoutlicense(mosek.feature.pts)
    except mosek.Error as error:
        return f"error {int(error.errno)}"
    return ""


def _installed() -> Any:
    why = unavailable("mosek", "MOSEK", "Mosek")
    if why:
        raise SolverUnavailableError(f"{why}, or name another")
    import mosek

    return mosek
