"""JSON with one spelling for everything: keys are listed, numbers are integers or fractions in text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from freerand_opt.checker.failures import Unreadable, Work

MOST_BYTES = 1 << 24
_FRACTION = re.compile(r"(0|-?[1-9][0-9]{0,4000})(/([1-9][0-9]{0,4000}))?", re.ASCII)


def load(text: str) -> Any:
    """Return the JSON value of a text without repeated keys and floats; raise Unreadable."""
    if len(text) > MOST_BYTES:
        raise Unreadable(f"the file has more than {MOST_BYTES} characters")
    if "-0" in text:  # no text that has a meaning has it either
        raise Unreadable("zero has no sign, and no number leading zeros")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("the file is not JSON, or nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key is repeated in one object")
    return found


def _no_float(text: str) -> Any:
    raise Unreadable("numbers are integers, or fractions in text; there are no decimals")


def common_denominator(raw: Any, work: Work) -> None:
    """Weigh the common denominator of all fractions in a value, long before any two of them are added."""
    found, rest, unit = set[str](), [raw], 1
    while rest:
        held = rest.pop()
        if type(held) is str:
            found.add(held)
        elif type(held) in (dict, list):
            rest += [x for x in (held.values() if type(held) is dict else held) if type(x) is not int]
    matches = [match for match in map(_FRACTION.fullmatch, found) if match is not None]
    for text in sorted({match[3] for match in matches if match[3]}):
        work.spend(1 + (unit.bit_length() >> 8) * (1 + (len(text) >> 6)) // 8, "a common denominator")
        unit = lcm(unit, int(text))
        work.weigh(unit)


def shown(raw: object) -> str:
    """Return a short and harmless text of what was read, for messages."""
    text = repr(raw) if isinstance(raw, str | int | bool | None) else type(raw).__name__
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in text[:60])


def closed(raw: Any, where: str, needed: Sequence[str], allowed: Sequence[str] = ()) -> dict[str, Any]:
    """Return an object that has all `needed` keys and no others than these and `allowed`."""
    if type(raw) is not dict:
        raise Unreadable(f"{where}: an object is needed, this is {shown(raw)}")
    for key in needed:
        if key not in raw:
            raise Unreadable(f"{where}: the key {key!r} is missing")
    for key in raw:
        if key not in needed and key not in allowed:
            raise Unreadable(
                f"{where}: the key {shown(key)} is not allowed; {', '.join((*needed, *allowed))}"
            )
    return raw


def choice(raw: Any, where: str, among: Sequence[str]) -> str:
    """Return a text that is one of those listed."""
    if type(raw) is not str or raw not in among:
        raise Unreadable(f"{where}: {shown(raw)} is none of {', '.join(among)}")
    return raw


def get(raw: Any, key: str) -> Any:
    """Return what an object has under a key, None where there is none."""
    return raw.get(key) if type(raw) is dict else None


def tag(raw: Any, key: str, where: str, among: Sequence[str]) -> str:
    """Return the text under a key that says what an object is."""
    return choice(get(raw, key), f"{where}: {key}", among)


def flag(raw: Any, where: str) -> bool:
    """Return true or false."""
    if type(raw) is not bool:
        raise Unreadable(f"{where}: true or false is needed")
    return raw


def integer(raw: Any, where: str, low: int | None = None, high: int | None = None) -> int:
    """Return a JSON integer in [low, high]; a boolean is none."""
    if type(raw) is not int or (low is not None and raw < low) or (high is not None and raw > high):
        raise Unreadable(f"{where}: {shown(raw)} is no integer in {low}..{high}")
    return raw


def items(raw: Any, where: str, length: int | None = None) -> list[Any]:
    """Return a list, of that length if one is given."""
    if type(raw) is not list or (length is not None and len(raw) != length):
        size = "" if length is None else f" of {length} entries"
        raise Unreadable(f"{where}: a list{size} is needed, this is {shown(raw)}")
    return raw


def integers(raw: Any, where: str, low: int | None, high: int | None, length: int | None = None) -> list[int]:
    """Return a list of integers in [low, high]."""
    return [integer(x, where, low, high) for x in items(raw, where, length)]


def fraction(raw: Any, where: str, low: Fraction | int | None = None) -> Fraction:
    """Return a fraction from its only spelling, such as "-3/4" or "2", at least `low`."""
    match = _FRACTION.fullmatch(raw) if type(raw) is str else None
    if match is None:
        raise Unreadable(f"{where}: {shown(raw)} is no fraction in text")
    above, below = int(match[1]), int(match[3] or 1)
    if match[3] and (below == 1 or gcd(above, below) > 1):
        raise Unreadable(f"{where}: {shown(raw)} is not in lowest terms")
    value = Fraction(above, below)
    if low is not None and value < low:
        raise Unreadable(f"{where}: {shown(raw)} is less than {low}")
    return value


def amount(raw: Any, where: str) -> Fraction:
    """Return a fraction that is not negative."""
    return fraction(raw, where, 0)


def ascending(raw: Any, where: str, count: int | None = None) -> Iterator[tuple[int, Any]]:
    """Yield (index, value) of a list of pairs, indices ascending, below `count`."""
    last = -1
    for entry in items(raw, where):
        index, value = items(entry, where, 2)
        last = integer(index, f"{where}: ascending index", last + 1, None if count is None else count - 1)
        yield last, value


def parities(raw: Any, sizes: Sequence[int], where: str) -> list[tuple[int, int]]:
    """Return (joint setting, parity) of a list of [setting of A, setting of B, parity] of two parties."""
    found = []
    for entry in items(raw, where):
        a, b, parity = integers(entry, where, 0, None, 3)
        if a >= sizes[0] or b >= sizes[1] or parity > 1:
            raise Unreadable(f"{where}: an entry is [setting of A, setting of B, parity 0 or 1]")
        found.append((a * sizes[1] + b, parity))
    return found


def flat_pairs(raw: Any, where: str, count: int) -> list[tuple[int, int]]:
    """Return (index, integer) pairs of a flat list, indices below `count` ascending, integers not 0."""
    values = items(raw, where)
    if len(values) % 2:
        raise Unreadable(f"{where}: index and integer must alternate")
    found = []
    last = -1
    for index, value in zip(values[::2], values[1::2], strict=True):
        last = integer(index, f"{where}: ascending index", last + 1, count - 1)
        if integer(value, where) == 0:
            raise Unreadable(f"{where}: a zero is left out")
        found.append((last, value))
    return found
