"""Certificates of questions about relations of many parties (docs/kernel.md)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.parties import Key, Parties, String
from freerand_opt.conic.linear import GRID, MOST_BITS
from freerand_opt.programs.many import Moments


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
