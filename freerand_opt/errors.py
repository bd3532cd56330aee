"""Errors that a user can act on."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any


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
    try:
        return import_module(name)
    except ImportError:
        raise UnavailableError(f"{reason}: {install(package)}") from None


def install(package: str) -> str:
    """Return the command that installs a package for the Python that runs, as typed in this folder."""
    python, pip = Path(sys.executable), which("pip")
    if pip is not None and Path(pip).parent == python.parent:
        return f"pip install {package}"
    here = Path.cwd()
    return f"{python.relative_to(here) if python.is_relative_to(here) else python} -m pip install {package}"
