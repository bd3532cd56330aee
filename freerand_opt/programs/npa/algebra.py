"""Words of all parties by their letters: products, adjoints, and the projector on a joint outcome.

A letter counts a party's operators from 1 (`programs.words`); operators of different parties commute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from flint import fmpq

from freerand_opt.model.problem import Parties
from freerand_opt.programs.npa.matrix import MomentMatrix

#: Each party's letters.
Word: TypeAlias = tuple[tuple[int, ...], ...]
Polynomial: TypeAlias = dict[Word, fmpq]
#: A word v and the place of a zero: v Pi.
Term: TypeAlias = tuple[Word, int]


@dataclass(frozen=True)
class Algebra:
    """The operators of a scenario: observables of parties with two outcomes, else projectors but the last."""

    scenario: Parties

    @property
    def one(self) -> Word:
        """Return the empty word."""
        return ((),) * len(self.scenario.settings)

    def operators(self) -> Iterator[Word]:
        """Yield all words of one letter."""
        for party, (settings, outcomes) in enumerate(
            zip(self.scenario.settings, self.scenario.outcomes, strict=True)
        ):
            for letter in range(1, 1 + settings * (outcomes - 1)):
                yield (*((),) * party, (letter,), *((),) * (len(self.scenario.settings) - party - 1))

    def times(self, left: Word, right: Word) -> Word | None:
        """Return a product of two words, None if it vanishes."""
        found = []
        for each, a, b in zip(self.scenario.outcomes, left, right, strict=True):
            joined = _joined(each - 1, a, b)
            if joined is None:
                return None
            found.append(joined)
        return tuple(found)

    def multiplied(self, left: Word, held: Mapping[Word, fmpq]) -> Polynomial:
        """Return a word times a polynomial."""
        found: Polynomial = {}
        for word, factor in held.items():
            moved = self.times(left, word)
            if moved is not None:
                total = found.get(moved, 0) + factor
                if total:
                    found[moved] = total
                else:
                    found.pop(moved, None)
        return found

    def moved(self, left: Word, trace: Mapping[Term, fmpq]) -> dict[Term, fmpq]:
        """Return a word times a sum of terms."""
        found: dict[Term, fmpq] = {}
        for (word, zero), factor in trace.items():
            moved = self.times(left, word)
            if moved is not None:
                found[moved, zero] = found.get((moved, zero), 0) + factor
        return {term: factor for term, factor in found.items() if factor}

    def projector(self, outcome: int, setting: int) -> Polynomial:
        """Return the projector on a joint outcome, in words of at most one letter a party."""
        factors: list[list[tuple[tuple[int, ...], fmpq]]] = []
        places = zip(
            self.scenario.outcomes,
            self.scenario.joint_outcomes[outcome],
            self.scenario.joint_settings[setting],
            strict=True,
        )
        for count, o, s in places:
            own = [(1 + s * (count - 1) + k,) for k in range(count - 1)]
            if count == 2:
                factors.append([((), fmpq(1, 2)), (own[0], fmpq(1 - 2 * o, 2))])
            elif o < count - 1:
                factors.append([(own[o], fmpq(1))])
            else:
                factors.append([((), fmpq(1)), *((letter, fmpq(-1)) for letter in own)])
        return {
            tuple(letters for letters, _ in chosen): prod((f for _, f in chosen), start=fmpq(1))
            for chosen in product(*factors)
        }


def adjoint(word: Word) -> Word:
    """Return the adjoint of a word."""
    return tuple(letters[::-1] for letters in word)


def length(word: Word) -> int:
    """Return the number of operators in a word."""
    return sum(map(len, word))


def words_of(matrix: MomentMatrix) -> list[Word]:
    """Return the words that index a moment matrix."""
    tables = [
        [tuple(row[:n]) for row, n in zip(party.letters.tolist(), party.lengths.tolist(), strict=True)]
        for party in matrix.parties
    ]
    return [tuple(tables[p][w] for p, w in enumerate(row)) for row in matrix.words.tolist()]


def _joined(each: int, left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return a product of one party's words, None if it vanishes; `each` operators a setting."""
    while left and right:
        a, b = left[-1], right[0]
        if (a - 1) // each != (b - 1) // each:
            break
        if each > 1:
            return left + right[1:] if a == b else None
        left, right = left[:-1], right[1:]
    return left + right
