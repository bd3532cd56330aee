"""Errors that a user can act on."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any

#: What is said of a package that is not there.
MISSING = "is not installed"


class FreerandError(Exception):
    """Base of all errors that this library raises on purpose."""


class InputError(FreerandError):
    """A question that cannot be asked: says where, what was read, what is allowed, what to do."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        self.message = message

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        return type(self), (self.where, self.message)


class TooLargeError(FreerandError):
    """A question whose program does not fit the stated size limits."""


class UnavailableError(FreerandError):
    """Something that was named and cannot be had here: a cluster, a table's format (exit code 3)."""


class SolverUnavailableError(UnavailableError):
    """A solver that was named and cannot run here (exit code 3)."""


def imported(name: str, reason: str, package: str) -> Any:
    """Return a module that is not installed with the core; if it is not here, say how to get it."""
    why = import_fault(name)
    if why:
        raise UnavailableError(f"{reason}: {install(package) if why == MISSING else f'{name} {why}'}")
    return import_module(name)


def unavailable(name: str, title: str, package: str) -> str:
    """Return in a sentence why an optional package cannot be used here; an empty text if it can."""
    why = import_fault(name)
    return why and f"{title} {why}{f': {install(package)}' if why == MISSING else ''}"


def import_fault(name: str) -> str:
    """Return why a module cannot be imported here, an empty text if it can.

    A package that is there and whose import fails, whatever it raises, is as good as none.
    """
    try:
        import_module(name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in (name, name.partition(".")[0]):
            return MISSING
        words = " ".join(str(error).split())[:150]
        return f"is installed but does not import ({type(error).__name__}{f': {words}' if words else ''})"
    return ""


def install(package: str) -> str:
    """Return the command that installs a package for the Python that runs, as typed in this folder."""
    python, pip = Path(sys.executable), which("pip")
    if pip is not None and Path(pip).parent == python.parent:
        return f"pip install {package}"
    here = Path.cwd()
    return f"{python.relative_to(here) if python.is_relative_to(here) else python} -m pip install {package}"
