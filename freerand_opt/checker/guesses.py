"""Guess labels, what a guess is worth at each outcome, and how biased settings of many parties may be."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod

from freerand_opt.checker.asked import GUESSES, Picked, Question, joint, split
from freerand_opt.checker.failures import TooMuch, Unreadable, Work
from freerand_opt.checker.sources import Bits, Point
from freerand_opt.checker.words import Word

MOST_LABELS = 1 << 16


class Guesses:
    """The guesses of a question: values of the output, or sets of values (trace distance).

    A label is a guess, or, for an average told the settings, a guess for each joint setting of the output's
    parties (one party's outcome does not depend on the others' settings, so neither need its guess).
    With `empty` there is one label, worth nothing.
    """

    def __init__(self, q: Question, *, empty: bool) -> None:
        self.q = q
        self.guessed = not empty and q.ask.quantity in GUESSES
        self.sizes = tuple(q.settings[p] for p in q.ask.of)
        self.worths = _worths(q) if self.guessed else [[]]
        self.outputs = outputs(q) if self.guessed else []

    @property
    def labels(self) -> int:
        """Return the number of labels; raise TooMuch for more than 2^64."""
        if not self.guessed:
            return 1
        turns = prod(self.sizes) if self.q.ask.told else 1
        if turns * len(self.worths).bit_length() > 64:
            raise TooMuch("there are too many guess labels")
        return int(len(self.worths) ** turns)

    def at(self, label: int, s: int) -> int:
        """Return the guess of a label at a joint setting; the first setting is the slowest digit."""
        if not self.q.ask.told:
            return label
        own = split(s, self.q.settings)
        place = joint([own[p] for p in self.q.ask.of], self.sizes)
        later: int = len(self.worths) ** (prod(self.sizes) - 1 - place)
        return label // later % len(self.worths)

    def worth(self, guess: int, s: int) -> dict[int, Fraction]:
        """Return phi of a guess at a joint setting by joint outcome; divided by P(s) where s is asked for."""
        ask = self.q.ask
        if not self.guessed or (ask.at is not None and ask.at != s):
            return {}
        share = self.q.weight(s) if ask.at is not None and self.q.observed is not None else Fraction(1)
        row = self.worths[guess]
        return {o: row[v] / share for o, v in enumerate(self.outputs) if row[v]}

    def gained(self, label: int) -> dict[int, tuple[dict[int, Fraction], dict[Word, Fraction]]]:
        """Return what a label adds to the objective, at the settings asked for."""
        if not self.guessed:
            return {}
        settings = range(self.q.shape[0]) if self.q.ask.at is None else (self.q.ask.at,)
        return {s: (self.worth(self.at(label, s), s), {}) for s in settings}


def _worths(q: Question) -> list[list[Fraction]]:
    """Return the worth of each value by guess: [v = g], or [v in T] - |T|/d for subsets T.

    Of T and what it leaves out both count, of the empty set and all values neither, but for a single value.
    """
    d = q.ask.count
    if q.ask.quantity == "guessing-probability":
        share = Fraction(0), Fraction(1)
        return [[share[v == g] for v in range(d)] for g in range(d)]
    if d > 12:
        raise TooMuch("the trace distance of more than 12 values has too many labels")
    subsets = (1, 2) if d == 2 else range(1, max(2**d - 1, 2))
    return [[(t >> v & 1) - Fraction(t.bit_count(), d) for v in range(d)] for t in subsets]


def outputs(q: Question) -> list[int]:
    """Return the value of the output at each joint outcome."""
    sizes = tuple(q.outcomes[p] for p in q.ask.of)
    return [
        q.ask.values[joint([digits[p] for p in q.ask.of], sizes)]
        for digits in product(*(range(d) for d in q.outcomes))
    ]


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
