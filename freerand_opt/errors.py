"""Errors that a user can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module
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

    def within(self, prefix: str) -> InputError:
        """Return the same error with `prefix` (a file, an instance) before its place."""
        separator = ": " if self.where else ""
        return InputError(f"{prefix}{separator}{self.where}", self.message)


class TooLargeError(FreerandError):
    """A question whose program does not fit the stated size limits."""


class UnavailableError(FreerandError):
    """Something that was named and cannot be had here: a cluster, a table's format (exit code 3)."""


class SolverUnavailableError(UnavailableError):
    """A solver that was named and cannot run here (exit code 3)."""


def imported(name: str, advice: str) -> Any:
    """Return a module that is not installed with the core; raise UnavailableError with the advice."""
    try:
        return import_module(name)
    except ImportError:
        raise UnavailableError(advice) from None


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest allowed spelling, or an empty text."""
    allowed = list(allowed)
    exchanged = [name for name in allowed if sorted(name) == sorted(word)]
    close = exchanged or difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
