"""Reading tables with errors that say where, what was read, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from freerand_opt.errors import InputError, nearest
from freerand_opt.exact import Exact
from freerand_opt.parse import parse

_KINDS = {
    dict: "a table",
    list: "an array",
    str: "a text",
    bool: "true or false",
    int: "an integer",
}


class Decimal(str):
    """A TOML float, kept as it was written."""

    __slots__ = ()


def kind(value: object) -> str:
    """Return in words what a TOML value is."""
    if isinstance(value, Decimal):
        return "a decimal number"
    return next((word for cls, word in _KINDS.items() if type(value) is cls), f"a {type(value).__name__}")


def shown(value: object) -> str:
    """Return a value as the user would recognise it, shortened."""
    words = repr(value) if isinstance(value, str) and not isinstance(value, Decimal) else str(value)
    return words if len(words) <= 60 else words[:57] + "..."


class Fields:
    """One table of a question file; every key must be taken, or `done` names the unknown one."""

    def __init__(self, table: Mapping[str, Any], path: str) -> None:
        self.table = table
        self.path = path
        self.known: list[str] = []

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Return whether a key is given, and remember that it is known."""
        self.known.append(key)
        return key in self.table

    def fail(self, key: str, message: str) -> InputError:
        """Return an error about a key."""
        return InputError(self.at(key) if key else self.path, message)

    def get(self, key: str, cls: type, default: Any = None, *, required: bool = False) -> Any:
        """Return a value of one TOML type, or the default."""
        if not self.has(key):
            if required:
                raise self.fail(key, f"is missing; {_KINDS[cls]} is needed")
            return default
        value = self.table[key]
        if type(value) is not cls:
            raise self.fail(key, f"{shown(value)} is {kind(value)}; {_KINDS[cls]} is needed")
        return value

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Return one of the allowed words; required if there is no default."""
        words = list(allowed)
        value: str = self.get(key, str, default, required=default is None)
        if value not in words:
            raise self.fail(key, f"{shown(value)} is not known; allowed: {', '.join(words)}{nearest(value, words)}")
        return value

    def number(self, key: str, default: Exact | None = None, *, required: bool = False) -> Exact | None:
        """Return an exact number: an integer, a decimal as written, or a closed expression."""
        if not self.has(key):
            if required:
                raise self.fail(key, "is missing; a number is needed")
            return default
        return number(self.table[key], self.at(key))

    def fraction(self, key: str, default: Fraction | None = None, *, required: bool = False) -> Fraction | None:
        """Return a rational number."""
        value = self.number(key, default, required=required)
        if value is not None and not isinstance(value, Fraction):
            raise self.fail(key, f"{value} is irrational; a rational number is needed here")
        return value

    def table_at(self, key: str, *, required: bool = False) -> Fields | None:
        """Return a table, or None if it is not given."""
        value = self.get(key, dict, required=required)
        return None if value is None else Fields(value, self.at(key))

    def done(self) -> None:
        """Raise InputError for a key that nobody took."""
        for key in self.table:
            if key not in self.known:
                allowed = ", ".join(sorted(set(self.known)))
                raise self.fail(key, f"unknown key; allowed here: {allowed}{nearest(key, self.known)}")


def number(value: object, path: str) -> Exact:
    """Return the exact number that a TOML value means, or raise InputError at `path`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InputError(path, f"{shown(value)} is {kind(value)}; a number is needed")
    try:
        return parse(value)
    except (ValueError, ZeroDivisionError) as error:
        hint = "; write 0.1, with a point" if isinstance(value, str) and "," in value else ""
        raise InputError(path, f"{shown(value)} is not a number: {error}{hint}") from None


def attempt(path: str, make: Callable[[], Any]) -> Any:
    """Return make(), its ValueError turned into an InputError at `path`."""
    try:
        return make()
    except ValueError as error:
        raise InputError(path, str(error)) from None
