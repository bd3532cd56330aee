"""Words of messages: values as the user would recognise them, nearest spellings, where something was said."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from freerand_opt.errors import InputError

#: Characters of a value that a message shows.
MOST = 60


class Digits(str):
    """A decimal number of a file, kept as it was written."""

    __slots__ = ()


def kind(value: object) -> str:
    """Return in words what a value is, as a TOML file or Python would call it."""
    words = {bool: "a truth value", int: "an integer", str: "a text", float: "a decimal number"}
    if isinstance(value, Digits):
        return "a decimal number"
    if value is None:
        return "nothing"
    if isinstance(value, type):
        return f"a class; write {value.__name__}(..)"
    if type(value) in words:
        return words[type(value)]
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "an array"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def shown(value: object) -> str:
    """Return a value in at most `MOST` printable characters."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return shortened(float.__repr__(value))
    try:
        if isinstance(value, Mapping | list):
            return shortened(inline(value, quotes=True))
        return shortened(str(value) if isinstance(value, Digits | Fraction) else repr(value))
    except (RecursionError, ValueError):  # nested too deeply, or an integer of thousands of digits
        return "this value"


def shortened(words: str) -> str:
    """Return at most `MOST` characters of a text; what cannot be printed becomes a question mark."""
    kept = words if len(words) <= MOST else words[: MOST - 3] + "..."
    return kept if kept.isprintable() else "".join(c if c.isprintable() else "?" for c in kept)


def listed(words: Any) -> str:
    """Return words with commas between them."""
    return ", ".join(map(str, words))


def inline(value: object, *, quotes: bool = False) -> str:
    """Return a value as TOML would write it on one line, texts in `quotes` or bare (names of cells)."""
    if isinstance(value, Mapping):
        pairs = (f"{key} = {inline(inner, quotes=quotes)}" for key, inner in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(inner, quotes=quotes) for inner in value) + "]"
    if quotes and isinstance(value, str) and not isinstance(value, Digits):
        return repr(str(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest allowed spelling, or an empty text."""
    allowed = list(allowed)
    alike = [name for name in allowed if sorted(name.lower()) == sorted(word.lower())]
    close = alike or difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


@contextmanager
def within(where: str) -> Iterator[None]:
    """Say of InputErrors in what they are: a file or an instance before their place, "" for nothing."""
    try:
        yield
    except InputError as error:
        if not where:
            raise
        raise InputError(f"{where}: {error.where}" if error.where else where, error.message) from None


@contextmanager
def said_at(where: str) -> Iterator[None]:
    """Turn ValueErrors into InputErrors at `where`."""
    try:
        yield
    except ValueError as error:
        raise InputError(where, str(error)) from None
