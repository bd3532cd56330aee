r"""Both ends under relations of many parties.

Above, worth + sum of multipliers times P(string) is a constant. Symmetrised over each class, over
permutations and even flips outside, a box has one probability for each string
(:mod:`freerand_opt.checker.parties`). Strings that are not wrong have multipliers >= 0. Perfect
relations make wrong strings vanish; broken ones weigh at most v, at a price m >= 0, and, if settings are
biased, at most v/mu for the distribution of w at the settings asked for. Means that are seen there, or
everywhere if the settings are unbiased and the whole behaviour is observed, have prices of any sign.
An attack lists the moments of symmetric boxes, settings unbiased.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import least_odds
from freerand_opt.checker.parties import Key, Parties, String, parties_of
from freerand_opt.checker.reading import closed, fraction, integer, integers, items
from freerand_opt.checker.sources import Bits
from freerand_opt.checker.vectors import add


def by_strings(raw: Any, q: Question, work: Work, *, empty: bool) -> Fraction:
    """Return the bound of a question about relations."""
    closed(raw["prices"], "prices", ("violated", "seen"))
    proof = closed(raw["proof"], "proof", ("way", "unit", "labels"))
    if proof["way"] != "strings":
        raise Rejected("proof: relations are proved by strings")
    if empty != (q.ask.quantity == "strategy"):
        raise Unreadable(
            "upper: of relations, ask for the existence of a strategy to prove that there is none"
        )
    parties = parties_of(q, work)
    odds = least_odds(q)
    if not odds:
        raise Rejected("proof: some setting may never occur, so a relation need not hold for every w")
    price = fraction(raw["prices"]["violated"], "prices: violated", 0)
    seen, right = _seen(raw["prices"]["seen"], parties, odds == 1)
    unit = integer(proof["unit"], "proof: unit", 1)
    count = 1 if parties.worths is None else len(parties.worths)
    wrong: dict[Key, int] = {}
    for string in parties.strings() if price else ():
        if parties.wrong(string):
            add(wrong, parties.chance(string), parties.multiplicity(string))
    seen = {key: -value for key, value in seen.items()}
    add(seen, wrong, -price / (2 << len(parties.here)))
    found = []
    for label, listed in enumerate(items(proof["labels"], "proof: labels", count)):
        total: dict[Key, Fraction] = {} if empty else parties.worth(label)
        add(total, seen)
        found.append(_top(total, listed, parties, unit))
    return max(found) + price * parties.tested.violated / odds + right


def _top(total: dict[Key, Fraction], listed: Any, parties: Parties, grid: int) -> Fraction:
    """Return the bound of one label: its worth, less what is priced, and the listed multipliers."""
    last: list[int] = []
    listing: dict[Key, int] = {}
    for entry in items(listed, "proof: labels"):
        place, value = items(entry, "proof: a string and its multiplier", 2)
        string = _string(place, parties)
        if last and place <= last:
            raise Unreadable("proof: strings must ascend, each once")
        last = place
        if integer(value, "proof: multiplier") < 0 and not (parties.perfect and parties.wrong(string)):
            raise Rejected("proof: the multiplier of a string that is not wrong is negative")
        add(listing, parties.chance(string), value)
    add(total, listing, Fraction(1, grid * (2 << len(parties.here))))
    return sum((value if parties.is_one(key) else abs(value) for key, value in total.items()), Fraction(0))


def _string(raw: Any, parties: Parties) -> String:
    """Return the string of a flat list: four counts for each class, then w and r if somebody is outside."""
    size = 4 * len(parties.sizes)
    numbers = integers(raw, "proof: string", 0, None, size + (2 if parties.outside else 0))
    inner = tuple((numbers[k], numbers[k + 1], numbers[k + 2], numbers[k + 3]) for k in range(0, size, 4))
    w, r = numbers[size:] if parties.outside else (0, 0)
    if any(sum(n) != m for n, m in zip(inner, parties.sizes, strict=True)) or w > parties.outside or r > 1:
        raise Unreadable("proof: a string's counts do not add up")
    return inner, w, r


def _seen(raw: Any, parties: Parties, unbiased: bool) -> tuple[dict[Key, Fraction], Fraction]:
    """Return prices of means that are seen, [[counts by class.., w or -1], price], and what they sum to."""
    found: dict[Key, Fraction] = {}
    right = Fraction(0)
    for entry in items(raw, "prices: seen"):
        numbers, price = items(entry, "prices: seen", 2)
        key = parties.key(numbers, "prices: seen")
        asked = all(not (k if a else j) for (k, j), a in zip(key[0], parties.asked, strict=True))
        if not parties.tested.whole or not (unbiased or (asked and key[1] < 0)):
            raise Rejected("prices: seen: this mean is not observed for the distribution of w that counts")
        value = fraction(price, "prices: seen")
        place, sign = parties.representative(key)
        found[place] = found.get(place, Fraction(0)) + value * sign
        right += value * parties.observed(key)
    return found, right


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
