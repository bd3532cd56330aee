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

from freerand_opt.bounds.threshold import simplest
from freerand_opt.numbers.interpolation import Quotient, quotient_through

#: Numbers of places that are tried, one after another.
PLACES = (8, 12, 18, 28, 40, 56)
_FRACTION = re.compile(r"-?[0-9]+(/[0-9]+)?")


@dataclass(frozen=True)
class Fitted:
    """A form whose fractions are places in `quotients`."""

    form: Any
    quotients: tuple[Quotient, ...]

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


def fitted(at: Callable[[Fraction], Any], places: Sequence[Fraction]) -> Fitted | None:
    """Return a form as a function of its place, None if no rational function of low degree fits.

    `at` returns None where there is none; forms that are built otherwise than most are left out.
    """
    found: list[tuple[Fraction, Any, list[str]]] = []
    used = 0
    for count in PLACES:
        for place in places[used:count]:
            raw = at(place)
            if raw is not None:
                values: list[str] = []
                found.append((place, _parted(raw, values), values))
        used = count
        made = _through(found) if len(found) >= 6 else None
        if made is not None:
            return made
    return None


def _through(found: list[tuple[Fraction, Any, list[str]]]) -> Fitted | None:
    keys = Counter(repr(form) for _, form, _ in found)
    usual = keys.most_common(1)[0][0]
    kept = [one for one in found if repr(one[1]) == usual]
    places = [place for place, *_ in kept]
    known: dict[tuple[str, ...], int] = {}
    quotients: list[Quotient] = []
    slots = []
    for column in zip(*(values for *_, values in kept), strict=True):
        if column not in known:
            quotient = quotient_through(places, [Fraction(text) for text in column])
            if quotient is None:
                return None
            known[column] = len(quotients)
            quotients.append(quotient)
        slots.append(known[column])
    return Fitted(_filled_slots(kept[0][1], iter(slots)), tuple(quotients))


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
