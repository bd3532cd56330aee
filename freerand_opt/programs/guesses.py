"""Guess labels of a problem, and what a guess is worth at each outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Problem, joint

GUESSES = ("guessing-probability", "trace-distance")
MOST_LABELS = 4096


@dataclass(frozen=True)
class Guesses:
    """Guesses as in certificates: values of the output, or sets of values for the trace distance.

    A label is a guess, or, told the settings, one for each joint setting of the output's parties.
    """

    problem: Problem
    worths: tuple[tuple[Fraction, ...], ...]
    labels: int
    sizes: tuple[int, ...]
    outputs: tuple[int, ...]

    def at(self, label: int, s: int) -> int:
        """Return the guess of a label at a joint setting."""
        if not self.problem.ask.told:
            return label
        own = self.problem.joint_settings[s]
        place = joint([own[p] for p in self.problem.ask.of], self.sizes)
        later: int = len(self.worths) ** (prod(self.sizes) - 1 - place)
        return label // later % len(self.worths)

    def worth(self, guess: int, s: int) -> Mapping[int, Fraction]:
        """Return what a guess adds to the objective, by joint outcome, for each unit of P(o, s)."""
        ask, observed = self.problem.ask, self.problem.observed
        if not self.outputs or (ask.at is not None and ask.at != s):
            return {}
        share = Fraction(1) if ask.at is None or observed is None else 1 / observed[s]
        row = self.worths[guess]
        return {o: row[v] * share for o, v in enumerate(self.outputs) if row[v]}


def guesses_of(problem: Problem) -> Guesses:
    """Return the guesses of a problem; one label, worth nothing, for a score or a strategy."""
    ask = problem.ask
    if ask.quantity not in GUESSES:
        return Guesses(problem, ((),), 1, (), ())
    d = ask.count
    worths: list[tuple[Fraction, ...]]
    if ask.quantity == "guessing-probability":
        worths = [tuple(Fraction(v == g) for v in range(d)) for g in range(d)]
    else:
        subsets = (1, 2) if d == 2 else range(1, max(2**d - 1, 2))
        worths = [tuple((t >> v & 1) - Fraction(t.bit_count(), d) for v in range(d)) for t in subsets]
    sizes = tuple(problem.settings[p] for p in ask.of)
    turns = prod(sizes) if ask.told else 1
    labels = len(worths) ** turns if turns * len(worths).bit_length() < 64 else MOST_LABELS + 1
    return Guesses(problem, tuple(worths), labels, sizes, problem.outputs())


def few_labels(guesses: Guesses) -> int:
    """Return the number of labels; raise TooLargeError where they are not enumerated."""
    if guesses.labels > MOST_LABELS:
        raise TooLargeError(f"there are more than {MOST_LABELS} guess labels")
    return guesses.labels
