"""Forms of certificates as functions of one number: each fraction in them fitted by a rational function.

What a basis of a program makes of a question is a rational function of the question's number. So it is
computed exactly at a few places, and every number of the form is interpolated; two more places check it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.numbers.interpolation import Quotient, quotient_through
from freerand_opt.numbers.rounding import simplest

#: Numbers of places that are tried, one after another.
PLACES = (8, 11, 14, 17, 20, 24, 29, 35, 42, 56)
_FRACTION = re.compile(r"-?[0-9]+(/[0-9]+)?")


@dataclass(frozen=True)
class Fitted:
    """A form whose fractions are places in `quotients`, from so many places."""

    form: Any
    quotients: tuple[Quotient, ...]
    places: int

    def of(self, place: int) -> Quotient:
        """Return the function at a place of the form."""
        return self.quotients[place]


@dataclass(frozen=True)
class Slot:
    """Where a fraction stood: the number of its function."""

    place: int


def places_in(ends: tuple[Fraction, Fraction]) -> list[Fraction]:
    """Return places inside an interval with short numbers, spread so that the first few lie everywhere."""
    low, high = ends
    step = (high - low) / (2 * PLACES[-1] + 1)
    count = 2 * PLACES[-1]
    order = sorted(range(1, count), key=lambda k: int(f"{k:07b}"[::-1], 2))
    return list(dict.fromkeys(simplest(low + k * step, low + (k + Fraction(3, 4)) * step) for k in order))


def fitted(at: Callable[[Fraction], Any], places: Sequence[Fraction], first: int = 0) -> Fitted | None:
    """Return a form as a function of its place, None if no rational function of low degree fits.

    `at` returns None where there is none; forms that are built otherwise than most are left out. `first` is a
    number of places to begin with.
    """
    found: list[tuple[Fraction, Any, list[str]]] = []
    used, hard = 0, 0
    for count in PLACES:
        if count < first:
            continue
        for place in places[used:count]:
            raw = at(place)
            if raw is not None:
                values: list[str] = []
                found.append((place, _parted(raw, values), values))
        used = count
        if len(found) >= 6:
            made, hard = _through(found, hard)
            if made is not None:
                return made
    return None


def _through(found: list[tuple[Fraction, Any, list[str]]], hard: int) -> tuple[Fitted | None, int]:
    """Return the form through what was found, or None and the place of a number that needs more places."""
    keys = Counter(repr(form) for _, form, _ in found)
    usual = keys.most_common(1)[0][0]
    kept = [one for one in found if repr(one[1]) == usual]
    places = [place for place, *_ in kept]
    columns = list(zip(*(values for *_, values in kept), strict=True))
    known: dict[tuple[str, ...], int] = {}
    quotients: list[Quotient] = []
    order = range(len(columns))
    for k in [*order[hard : hard + 1], *order]:
        if columns[k] not in known:
            largest = sorted({den for _, den in quotients}, key=len)[-2:]
            quotient = quotient_through(places, [Fraction(text) for text in columns[k]], largest[::-1])
            if quotient is None:
                return None, k
            known[columns[k]] = len(quotients)
            quotients.append(quotient)
    slots = iter([known[column] for column in columns])
    return Fitted(_filled_slots(kept[0][1], slots), tuple(quotients), len(found)), 0


def _parted(raw: Any, values: list[str]) -> Any:
    """Return a form with None-like marks for its fractions, which are appended to `values`."""
    if isinstance(raw, str) and _FRACTION.fullmatch(raw):
        values.append(raw)
        return Slot(-1)
    if isinstance(raw, dict):
        return {key: _parted(value, values) for key, value in raw.items()}
    return [_parted(value, values) for value in raw] if isinstance(raw, list) else raw


def _filled_slots(form: Any, slots: Any) -> Any:
    if isinstance(form, Slot):
        return Slot(next(slots))
    if isinstance(form, dict):
        return {key: _filled_slots(value, slots) for key, value in form.items()}
    return [_filled_slots(value, slots) for value in form] if isinstance(form, list) else form


def mapped(form: Any, change: Callable[[int], Any]) -> Any:
    """Return a form with what `change` makes of each function's number."""
    if isinstance(form, Slot):
        return change(form.place)
    if isinstance(form, dict):
        return {key: mapped(value, change) for key, value in form.items()}
    return [mapped(value, change) for value in form] if isinstance(form, list) else form


def slots_of(form: Any) -> list[int]:
    """Return the numbers of the functions in a form, each once, in order."""
    found: dict[int, None] = {}
    mapped(form, lambda place: found.setdefault(place))
    return list(found)
