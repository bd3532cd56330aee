"""Guess labels, and what a guess is worth at each outcome."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod

from freerand_opt.checker.asked import GUESSES, Question, joint, split
from freerand_opt.checker.failures import TooMuch
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
