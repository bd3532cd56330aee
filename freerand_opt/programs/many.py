r"""Questions about relations of many parties: programs over moments of symmetric boxes.

.. math:: \max \sum_g \text{worth}_g(m_g) \;:\; P_{m_g}(\text{string}) \ge 0,\quad
   \sum_g m_g(\emptyset) = 1,\quad \sum_g \text{weight of wrong strings of } m_g \le v

Moments that perfect relations make equal are one column (`freerand_opt.checker.parties`), so the program for
M parties has about M columns and the certificate a few strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.failures import Work
from freerand_opt.checker.parties import Key, Parties, String
from freerand_opt.checker.question import read_question
from freerand_opt.checker.worths import least_odds
from freerand_opt.conic.linear import GRID, MOST_BITS, LinearProgram
from freerand_opt.conic.sparse import sparse
from freerand_opt.numbers.exact import Exact


@dataclass(frozen=True, eq=False)
class Moments:
    """A program over moments: columns (label, key); rows by name ("string", label, place), ("total",), .."""

    program: LinearProgram
    parties: Parties
    keys: tuple[Key, ...]
    strings: tuple[String, ...]
    labels: int


def moments_program(question: dict[str, Any], *, attack: bool) -> Moments:
    """Return the program that bounds a question from above, or (`attack`) the one with unbiased settings."""
    q = read_question(question, Work(10**10))
    parties = Parties(q, Work(10**10))
    odds = least_odds(q)
    violated = parties.tested.violated
    strings, chances = [], []
    for string in parties.strings():
        chance = {key: x for key, x in parties.chance(string).items() if x}
        if chance:
            strings.append(string)
            chances.append(chance)
    places: dict[Key, int] = {}
    for chance in chances:
        for key in chance:
            places.setdefault(key, len(places))
    labels = 1 if parties.worths is None else len(parties.worths)
    unit = Fraction(1, 2 ** (len(parties.here) + 1))
    width = len(places)
    entries: list[tuple[int, int, Fraction]] = []
    right: list[Exact] = []
    equal: list[bool] = []
    names: list[Any] = []

    def row(name: Any, is_equal: bool, bound: Fraction, terms: Sequence[tuple[int, Fraction]]) -> None:
        entries.extend((len(names), column, value) for column, value in terms)
        names.append(name)
        equal.append(is_equal)
        right.append(bound)

    for label in range(labels):
        start = label * width
        for place, (string, chance) in enumerate(zip(strings, chances, strict=True)):
            wrong = parties.perfect and parties.wrong(string)
            row(
                ("string", label, place),
                wrong,
                Fraction(0),
                [(start + places[key], -x * unit) for key, x in chance.items()],
            )
    starts = [label * width for label in range(labels)]
    one = places[parties.representative(parties.one)[0]]
    row(("total",), True, Fraction(1), [(start + one, Fraction(1)) for start in starts])
    if violated:
        total: dict[int, Fraction] = {}
        for string, chance in zip(strings, chances, strict=True):
            if parties.wrong(string):
                for key, x in chance.items():
                    share = x * unit * parties.multiplicity(string)
                    total[places[key]] = total.get(places[key], Fraction(0)) + share
        bound = violated if attack else violated / odds
        row(("violated",), False, bound, [(start + k, x) for start in starts for k, x in total.items()])
    if parties.tested.whole:
        _seen_rows(parties, places, starts, odds == 1 or attack, row)
    objective = {
        start + places[key]: x
        for label, start in enumerate(starts)
        for key, x in parties.worth(label).items()
        if x
    }
    matrix = sparse((len(names), labels * width), entries)
    program = LinearProgram(matrix, tuple(equal), tuple(right), tuple(names), objective)
    return Moments(program, parties, tuple(places), tuple(strings), labels)


def _seen_rows(parties: Parties, places: dict[Key, int], starts: list[int], unbiased: bool, row: Any) -> None:
    """Add rows for the means that are observed for the distribution of w that counts."""
    done: set[int] = set()
    for key in parties.every_key():
        asked = (
            all(not (k if a else j) for (k, j), a in zip(key[0], parties.asked, strict=True)) and key[1] < 0
        )
        place, sign = parties.representative(key)
        if (
            not sign
            or parties.is_one(key)
            or not (unbiased or asked)
            or place not in places
            or places[place] in done
        ):
            continue
        done.add(places[place])
        value = Fraction(sign * parties.observed(key))
        row(("seen", key, sign), True, value, [(start + places[place], Fraction(1)) for start in starts])


def flat_string(string: String, parties: Parties) -> list[int]:
    """Return a string as certificates list it."""
    inner, w, r = string
    return [x for counts in inner for x in counts] + ([w, r] if parties.outside else [])


def flat_key(key: Key) -> list[int]:
    """Return a key as certificates list it."""
    return [x for pair in key[0] for x in pair] + [key[1]]


def strings_form(made: Moments, z: Sequence[Fraction]) -> dict[str, Any]:
    """Return the upper end from multipliers."""
    price, seen = Fraction(0), []
    listed: list[list[tuple[list[int], Fraction]]] = [[] for _ in range(made.labels)]
    name: Any
    for name, value in zip(made.program.names, z, strict=True):
        if name[0] == "violated":
            price = max(value, Fraction(0))
        elif name[0] == "seen" and value:
            _, key, sign = name
            seen.append([flat_key(key), str(value * sign)])
        elif name[0] == "string" and value:
            _, label, place = name
            string = made.strings[place]
            free = made.parties.perfect and made.parties.wrong(string)
            if value > 0 or free:
                listed[label].append((flat_string(string, made.parties), value))
    unit = lcm(1, *(value.denominator for own in listed for _, value in own))
    if unit.bit_length() > MOST_BITS:
        unit = GRID
    labels = [
        [[place, whole] for place, value in sorted(own) if (whole := round(value * unit))] for own in listed
    ]
    proof = {"way": "strings", "unit": unit, "labels": labels}
    return {"claim": "bound", "prices": {"violated": str(price), "seen": seen}, "proof": proof}


def orbits_form(made: Moments, x: Sequence[Fraction]) -> dict[str, Any]:
    """Return the attack from an exact point: one symmetric box for each guess."""
    width = len(made.keys)
    one = made.parties.representative(made.parties.one)[0]
    strategies = []
    for label in range(made.labels):
        own = dict(zip(made.keys, x[label * width : (label + 1) * width], strict=True))
        weight = own[one]
        if weight:
            moments = [
                [flat_key(key), str(value / weight)] for key, value in own.items() if value and key != one
            ]
            strategies.append({"weight": str(weight), "moments": moments})
    return {"strategies": strategies}
