r"""Questions about relations of many parties: programs over moments of symmetric boxes.

.. math:: \max \sum_g \text{worth}_g(m_g) \;:\; P_{m_g}(\text{string}) \ge 0,\quad
   \sum_g m_g(\emptyset) = 1,\quad \sum_g \text{weight of wrong strings of } m_g \le v

Moments that perfect relations make equal are one column (`freerand_opt.checker.parties`), so the program for
M parties has about M columns and the certificate a few strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod
from typing import Any

from freerand_opt.checker.failures import Work
from freerand_opt.checker.guesses import least_odds
from freerand_opt.checker.parties import Key, Parties, String
from freerand_opt.checker.question import read_question
from freerand_opt.conic.linear import LinearProgram, Row, program_of
from freerand_opt.errors import TooLargeError

#: Strings beyond which the program is not written down.
MOST_STRINGS = 2**15


@dataclass(frozen=True, eq=False)
class Moments:
    """A program over moments: columns (label, key); rows by name ("string", label, place), ("total",), ..

    `both` says whether it is the one with unbiased settings too.
    """

    program: LinearProgram
    parties: Parties
    keys: tuple[Key, ...]
    strings: tuple[String, ...]
    labels: int
    both: bool


def moments_program(question: dict[str, Any], *, attack: bool) -> Moments:
    """Return the program that bounds a question from above, or (`attack`) the one with unbiased settings.

    Raise TooLargeError beyond 2^15 strings for each guess.
    """
    q = read_question(question, Work(10**10))
    parties = Parties(q, Work(10**10))
    _limit(parties)
    odds = least_odds(q)
    violated = parties.tested.violated
    strings, chances = _strings(parties)
    places = {key: place for place, key in enumerate(dict.fromkeys(key for c in chances for key in c))}
    labels = 1 if parties.worths is None else len(parties.worths)
    below = 2 ** (len(parties.here) + 1)  # chances are over this
    factors = {x: Fraction(-x, below) for x in {x for chance in chances for x in chance.values()}}
    width = len(places)
    rows: list[Row] = []
    for label in range(labels):
        start = label * width
        for place, (string, chance) in enumerate(zip(strings, chances, strict=True)):
            wrong = parties.perfect and parties.wrong(string)
            terms = [(start + places[key], factors[x]) for key, x in chance.items()]
            rows.append((terms, wrong, Fraction(0), ("string", label, place)))
    starts = [label * width for label in range(labels)]
    one = places[parties.representative(parties.one)[0]]
    rows.append(([(start + one, Fraction(1)) for start in starts], True, Fraction(1), ("total",)))
    if violated:
        total: dict[int, int] = {}
        for string, chance in zip(strings, chances, strict=True):
            if parties.wrong(string):
                often = parties.multiplicity(string)
                for key, x in chance.items():
                    total[places[key]] = total.get(places[key], 0) + x * often
        bound = violated if attack else violated / odds
        terms = [(start + k, Fraction(x, below)) for start in starts for k, x in total.items()]
        rows.append((terms, False, bound, ("violated",)))
    if parties.tested.whole:
        rows += _seen_rows(parties, places, starts, odds == 1 or attack)
    objective = {
        start + places[key]: x
        for label, start in enumerate(starts)
        for key, x in parties.worth(label).items()
        if x
    }
    program = program_of(rows, labels * width, objective)
    both = attack or odds == 1 or not (violated or parties.tested.whole)
    return Moments(program, parties, tuple(places), tuple(strings), labels, both)


def _limit(parties: Parties) -> None:
    """Raise TooLargeError for too many kinds of strings."""
    count = prod(comb(size + 3, 3) for size in parties.sizes) * (2 * parties.outside + 2)
    if count > MOST_STRINGS:
        raise TooLargeError(
            f"the output has {count} kinds of strings, since few of its parties can be exchanged; at most "
            f"{MOST_STRINGS}: take fewer parties, or a function of the number of outcomes 1"
        )


def _strings(parties: Parties) -> tuple[list[String], list[dict[Key, int]]]:
    """Return the strings that may occur and their chances in moments."""
    found = []
    for string in parties.strings():
        chance = {key: x for key, x in parties.chance(string).items() if x}
        if chance:
            found.append((string, chance))
    return [string for string, _ in found], [chance for _, chance in found]


def _seen_rows(parties: Parties, places: dict[Key, int], starts: list[int], unbiased: bool) -> Iterator[Row]:
    """Yield rows for the means that are observed for the distribution of w that counts."""
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
        yield [(start + places[place], 1) for start in starts], True, value, ("seen", key, sign)
