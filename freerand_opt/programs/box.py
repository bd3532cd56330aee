"""Boxes that are written out: deterministic answers, or a table of chances."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod

from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Problem

MOST_BOXES = 4096


@dataclass(frozen=True)
class Box:
    """A box: deterministic answers, or a table of chances; `at(s)` its chances by joint outcome.

    `state` is the certificate's form of a state with measurements whose chances the table holds, as JSON
    text; `means` are its real means of the words that the question speaks of.
    """

    answers: tuple[tuple[int, ...], ...] | None
    table: tuple[tuple[tuple[int, Fraction], ...], ...] | None
    settings: tuple[int, ...]
    outcomes: tuple[int, ...]
    label: str = ""
    state: str = ""
    means: tuple[tuple[str, Fraction], ...] = ()

    def word(self, name: str) -> Fraction:
        """Return the real mean of a product of operators, such as ``A0 B0 A1``."""
        if self.answers is None:
            return dict(self.means)[name]
        value = 1
        for party, x, outcome in operators(name):
            answer = self.answers[party][x]
            value *= 1 - 2 * answer if outcome is None else int(answer == outcome)
        return Fraction(value)

    def at(self, s: int) -> dict[int, Fraction]:
        """Return P(o|s) by joint outcome."""
        if self.table is not None:
            return dict(self.table[s])
        return {self.outcome(s): Fraction(1)}

    def outcome(self, s: int) -> int:
        """Return the joint outcome of a deterministic box."""
        index, weight = 0, 1
        for own, n, d in self._last_first:
            s, x = divmod(s, n)
            index += weight * own[x]
            weight *= d
        return index

    @cached_property
    def _last_first(self) -> tuple[tuple[tuple[int, ...], int, int], ...]:
        assert self.answers is not None
        return tuple(zip(self.answers, self.settings, self.outcomes, strict=True))[::-1]


def operators(name: str) -> list[tuple[int, int, int | None]]:
    """Return (party, setting, outcome) of the operators of a word's name; outcome None is an observable."""
    found: list[tuple[int, int, int | None]] = []
    for text in name.split() if name != "1" else ():
        party, rest = ord(text[0]) - ord("A"), text[1:]
        if rest.startswith("["):
            outcome, setting = rest.strip("[]").split("|")
            found.append((party, int(setting), int(outcome)))
        else:
            found.append((party, int(rest), None))
    return found


def deterministic_boxes(problem: Problem) -> tuple[Box, ...]:
    """Return all deterministic boxes; raise TooLargeError beyond 4096."""
    count = prod(d**n for d, n in zip(problem.outcomes, problem.settings, strict=True))
    if count > MOST_BOXES:
        raise TooLargeError(f"{count} deterministic boxes are more than {MOST_BOXES}")
    own = [list(product(range(d), repeat=n)) for n, d in zip(problem.settings, problem.outcomes, strict=True)]
    return tuple(
        Box(
            answers,
            None,
            problem.settings,
            problem.outcomes,
            "outcomes " + " ".join("".join(map(str, party)) for party in answers),
        )
        for answers in product(*own)
    )
