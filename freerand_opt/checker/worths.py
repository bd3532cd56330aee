"""Relations of many parties: what guesses are worth by outcome, and how biased settings may be."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod

from freerand_opt.checker.asked import Picked, Question
from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.checker.sources import Bits, Point


def least_odds(q: Question) -> Fraction:
    """Return the least P(s|w)/P(t|w) of any two settings, 0 if some setting may never occur."""
    if isinstance(q.source, Point):
        return Fraction(1)
    if not isinstance(q.source, Bits):
        raise Unreadable("question: relations are asked with uniform settings, or bits in one time order")
    return prod((min(low, 1 - high) / max(high, 1 - low) for low, high in q.source.ranges), start=Fraction(1))


def worths_of_many(q: Question, here: list[int], work: Work) -> list[list[Fraction]] | None:
    """Return the worth of each guess at each outcome of the asked parties; None for the sum of biases."""
    ask = q.ask
    if ask.quantity == "strategy":
        return [[]]
    if ask.quantity == "sum-of-biases":
        return None
    work.spend((16 * ask.count) << len(here), "guesses")
    if ask.picked is not None:
        rows = _picked(ask.picked, here)
    else:
        share = Fraction(0), Fraction(1)
        rows = [[share[v == g] for v in ask.values] for g in range(ask.count)]
    if ask.quantity == "trace-distance":
        if ask.count != 2:
            raise Unreadable("question: the trace distance needs an output with two values here")
        known = {x: x - Fraction(1, 2) for row in rows for x in row}
        rows = [[known[x] for x in row] for row in rows]
    return rows


def _picked(picked: Picked, here: list[int]) -> list[list[Fraction]]:
    """Return what guesses of the outcome of a picked party are worth (docs/proofs/ghz-orbits.md, 5)."""
    p = Fraction(1, 2) + picked.epsilon
    high, low = p.numerator, p.denominator - p.numerator
    found = []
    strings = list(product((0, 1), repeat=len(here)))
    if picked.selection == "outcome-dependent":
        for guess in (0, 1):
            row = []
            for string in strings:
                level, unit = [int(x == guess) for x in string], 1
                while len(level) > 1:
                    pairs = zip(level[::2], level[1::2], strict=True)
                    level = [high * max(a, b) + low * min(a, b) for a, b in pairs]
                    unit *= p.denominator
                row += [Fraction(x, unit) for x in level]
            found.append(row)
        return found
    inner = len(here) - 1
    # parties at equal settings can be exchanged, so one vertex of the picking bits is enough
    leanings = [(0,) * inner] if len(set(here)) == 1 else list(product((0, 1), repeat=inner))
    if len(leanings) > 8:
        raise Unreadable("question: more than 2 picking bits need equal settings")
    for leaning in leanings:
        shares = [Fraction(1)]
        place = 0
        while len(shares) < len(here):  # level by level, from the first bit
            bits = leaning[place : place + len(shares)]
            place += len(shares)
            shares = [
                x * y for x, b in zip(shares, bits, strict=True) for y in ((1 - p, p) if b else (p, 1 - p))
            ]
        for guess in (0, 1):
            found.append(
                [
                    sum((y for y, x in zip(shares, string, strict=True) if x == guess), Fraction(0))
                    for string in strings
                ]
            )
    return found
