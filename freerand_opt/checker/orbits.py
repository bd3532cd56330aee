r"""Attacks under relations of many parties: symmetric boxes by their moments, settings unbiased.

{"strategies": [{"weight", "moments": [[[counts (setting 0, setting 1) by class.., w or -1], value], ..]},
..]}; moments that are not listed are 0, and those that perfect relations make equal are listed once.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.parties import Key, Parties, parties_of
from freerand_opt.checker.reading import closed, fraction, items
from freerand_opt.checker.sources import Bits
from freerand_opt.checker.vectors import add


def check_orbits(raw: Any, q: Question, work: Work) -> Fraction:
    """Return the value that an attack by symmetric boxes reaches."""
    closed(raw, "attack", ("strategies",))
    if isinstance(q.source, Bits) and not all(2 * low <= 1 <= 2 * high for low, high in q.source.ranges):
        raise Rejected("attack: its settings are unbiased, and those of the source are not")
    parties = parties_of(q, work)
    total, broken, value = Fraction(0), Fraction(0), Fraction(0)
    seen: dict[Key, Fraction] = {}
    for w, entry in enumerate(items(raw["strategies"], "attack")):
        where = f"attack: strategy {w}"
        closed(entry, where, ("weight", "moments"))
        weight = fraction(entry["weight"], where, 0)
        moments = read_moments(entry["moments"], parties, where)
        broken += weight * _broken(moments, parties, where)
        value += weight * _worth(moments, parties)
        total += weight
        add(seen, moments, weight)
    if total != 1:
        raise Rejected("attack: the weights do not sum to 1")
    if broken > parties.tested.violated:
        raise Rejected("attack: relations are broken with too large a weight")
    if parties.tested.whole:
        _check_whole(seen, parties)
    return Fraction(1) if q.ask.quantity == "strategy" else value


def read_moments(raw: Any, parties: Parties, where: str) -> dict[Key, Fraction]:
    """Return the moments of a box by representative; the empty product has mean 1."""
    found: dict[Key, Fraction] = {}
    for entry in items(raw, where):
        numbers, value = items(entry, where, 2)
        key = parties.key(numbers, where)
        if key in found or parties.is_one(key) or parties.representative(key) != (key, 1):
            raise Unreadable(
                f"{where}: a moment is listed once, by its representative, and the constant never"
            )
        found[key] = fraction(value, where)
    one, sign = parties.representative(parties.one)
    if sign < 1 or (one != parties.one and one in found):
        raise Rejected(f"{where}: the relations contradict each other")
    found[one] = Fraction(1)
    return found


def _broken(moments: dict[Key, Fraction], parties: Parties, where: str) -> Fraction:
    """Return the total weight of wrong outcomes; raise Rejected for a negative probability."""
    unit = lcm(1, *(x.denominator for x in moments.values()))
    whole = {}
    for key in parties.every_key():
        place, sign = parties.representative(key)
        whole[key] = int(sign * moments.get(place, Fraction(0)) * unit)
    total = 0
    for string, chance in parties.chances(whole):
        if chance < 0:
            raise Rejected(f"{where}: a probability is negative")
        if chance and parties.wrong(string):
            total += chance * parties.multiplicity(string)
    return Fraction(total, unit << (len(parties.here) + 1))


def _worth(moments: dict[Key, Fraction], parties: Parties) -> Fraction:
    """Return the worth of the best guess."""
    count = 1 if parties.worths is None else len(parties.worths)
    if parties.q.ask.quantity == "strategy":
        return Fraction(0)
    return max(
        sum(
            (factor * moments.get(key, Fraction(0)) for key, factor in parties.worth(label).items()),
            Fraction(0),
        )
        for label in range(count)
    )


def _check_whole(seen: dict[Key, Fraction], parties: Parties) -> None:
    """Raise Rejected unless the averaged means are those of the GHZ state: 0 but for the products of all."""
    for key in parties.every_key():
        place, sign = parties.representative(key)
        if sign * seen.get(place, Fraction(0)) != parties.observed(key):
            raise Rejected("attack: the whole behaviour is not the observed one")
