"""Reading tables with errors that say where, what was read, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from freerand_opt.errors import InputError, nearest
from freerand_opt.numbers.exact import Exact, Real, UndecidedError, compare, enclose
from freerand_opt.numbers.parse import parse

_KINDS = {
    dict: "a table",
    list: "an array",
    str: "a text",
    bool: "true or false",
    int: "an integer",
}


Made = TypeVar("Made")
#: Numbers beyond this size are refused; every program also has to fit into floating point.
LARGEST = Fraction(10**100)


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
    if isinstance(value, Decimal):
        return shortened(value)
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return shortened(repr(value))
    except (RecursionError, ValueError):
        return "this value"


def shortened(words: str) -> str:
    """Return at most 60 characters of a text."""
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
                raise self.fail(key, f"is missing; {_KINDS[cls]} is needed{self._meant(key)}")
            return default
        value = self.table[key]
        if type(value) is not cls:
            hint = f", as [[{key}]]" if cls is list and isinstance(value, dict) else ""
            raise self.fail(key, f"{shown(value)} is {kind(value)}; {_KINDS[cls]} is needed{hint}")
        return value

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Return one of the allowed words; required if there is no default."""
        words = list(allowed)
        listed = f"allowed: {', '.join(words)}"
        if not self.has(key):
            if default is None:
                raise self.fail(key, f"is missing; {listed}{self._meant(key)}")
            return default
        value = self.table[key]
        if type(value) is not str:
            raise self.fail(key, f"{shown(value)} is {kind(value)}; a text is needed, {listed}")
        if value not in words:
            raise self.fail(key, f"{shown(value)} is not known; {listed}{nearest(value[:60], words)}")
        return value

    def number(self, key: str, default: Exact | None = None, *, required: bool = False) -> Exact | None:
        """Return an exact number: an integer, a decimal as written, or a closed expression."""
        if not self.has(key):
            if required:
                raise self.fail(key, f"is missing; a number is needed{self._meant(key)}")
            return default
        return number(self.table[key], self.at(key))

    def fraction(
        self, key: str, default: Fraction | None = None, *, required: bool = False
    ) -> Fraction | None:
        """Return a rational number."""
        value = self.number(key, default, required=required)
        if value is not None and not isinstance(value, Fraction):
            raise self.fail(key, f"{shown(self.table[key])} is irrational; a rational number is needed here")
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
                near = nearest(key[:60], self.known)
                raise self.fail(shortened(key) or '""', f"unknown key; allowed here: {allowed}{near}")

    def _meant(self, key: str) -> str:
        """Return a hint at a key that may be a misspelling of a missing one."""
        near = nearest(key, [other for other in self.table if other not in self.known])
        return near.replace("did you mean", "did you write")


def require_printable(value: object, path: str = "") -> None:
    """Raise InputError for a key or text of a file that a terminal obeys; title and claim may have lines."""
    if isinstance(value, dict):
        for key, inner in value.items():
            require_printable(key, f"{path}.{shortened(key)}" if path else shortened(key))
            require_printable(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            require_printable(inner, f"{path}[{place}]")
    elif isinstance(value, str):
        text = value.replace("\n", " ") if path in ("title", "claim") else value
        if not text.isprintable():
            raise InputError(path, f"{shown(value)} has a character that cannot be printed; leave it out")


def number(value: object, path: str) -> Exact:
    """Return the exact number that a TOML value means, or raise InputError at `path`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InputError(path, f"{shown(value)} is {kind(value)}; a number is needed")
    if isinstance(value, Decimal) and value.lstrip("+-") in ("inf", "nan"):
        raise InputError(path, f"{shown(value)} is not finite; a finite number is needed")
    try:
        found = parse(value)
        if isinstance(found, Real):
            enclose(found)  # a division by what turns out to be zero shows here
        if compare(found, LARGEST) > 0 or compare(-found, LARGEST) > 0:
            raise ValueError("it is beyond 10^100, or below -10^100")
    except (ValueError, ZeroDivisionError, UndecidedError) as error:
        hint = "; write 0.1, with a point" if isinstance(value, str) and "," in value else ""
        raise InputError(path, f"{shown(value)} is not a number that can be used: {error}{hint}") from None
    return found


def attempt(path: str, make: Callable[[], Made]) -> Made:
    """Return make(), its errors about values turned into an InputError at `path`."""
    try:
        return make()
    except ValueError as error:
        raise InputError(path, str(error)) from None
    except UndecidedError as error:
        raise InputError(path, f"{error}; write the numbers in another form, or as fractions") from None


def beside(folder: Path, name: str, where: str) -> Path:
    """Return the path of a file that a question names; InputError unless it is in its folder or below."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(where, f"{shown(name)} cannot be read: {error}") from None
    if not inside:
        raise InputError(
            where,
            f"{shown(name)} is not in the folder of this file or below it, and only such files are read",
        )
    return folder / name


@contextmanager
def unseen(message: str) -> Iterator[None]:
    """Say of errors in a file's contents where they are, and `message` in place of what stands there."""
    try:
        yield
    except InputError as error:
        raise InputError(error.where, message) from None


def contents(path: Path, where: str, largest: int, advice: str) -> str:
    """Return the text of a file of at most `largest` bytes; raise InputError at `where` else."""
    try:
        if path.is_dir():
            raise InputError(where, "is a directory; a file is needed")
        if path.exists() and not path.is_file():
            raise InputError(where, "is no ordinary file")
        size = path.stat().st_size
        if size > largest:
            raise InputError(where, f"has {size} bytes; at most {largest} are read ({advice})")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(where, "is not UTF-8 text") from None
    except ValueError as error:
        raise InputError(where, f"cannot be read: {error}") from None
