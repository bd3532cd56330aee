r"""What stands for a box in a linear program: a listed box (one number), or cells of a no-signalling box.

A *carrier* has K columns x at each node of the source; P(o|s) and the mass are linear in x, and
positive rows G x >= 0 say what a box is. Cells are marginal probabilities without each party's last
outcome (Collins and Gisin's coordinates), in which no-signalling and normalisation hold identically.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from typing import TypeAlias

from freerand_opt.conic.sparse import Sparse, sparse
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Problem
from freerand_opt.model.scenario import AnyScenario

#: P(o|s) of a box at each joint setting: {o: chance}, zeros left out.
Chances: TypeAlias = Sequence[dict[int, Fraction]]
MOST_BOXES = 4096


@dataclass(frozen=True, eq=False)
class Space:
    """Carriers with `width` columns each; `positive` the rows G; column 0 of a carrier is its mass.

    A functional sum of f[o] P(o|s) is `value(c, s, f)`, factors of the carrier's columns.
    """

    carriers: int
    width: int
    positive: Sparse
    outcomes: int
    boxes: tuple[Box, ...] = ()

    def word(self, carrier: int, name: str) -> dict[int, Fraction]:
        """Return the real mean of a word of a listed box as factors of the carrier's columns."""
        mean = self.boxes[carrier].word(name)
        return {0: mean} if mean else {}

    @cached_property
    def _rows(self) -> list[dict[int, Fraction]]:
        return self.positive.by_row()

    def value(self, carrier: int, s: int, f: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Return sum of f[o] P(o|s) as factors of the carrier's columns."""
        if self.boxes and self.boxes[carrier].answers is not None:
            worth = f.get(self.boxes[carrier].outcome(s))
            return {0: worth} if worth else {}
        if self.boxes:
            chances = self.boxes[carrier].at(s)
            total = sum((factor * chances[o] for o, factor in f.items() if o in chances), Fraction(0))
            return {0: total} if total else {}
        found: dict[int, Fraction] = {}
        for o, factor in f.items():
            for column, share in self._rows[s * self.outcomes + o].items():
                found[column] = found.get(column, Fraction(0)) + factor * share
        return {column: value for column, value in found.items() if value}


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


def box_space(boxes: Sequence[Box], outcomes: int) -> Space:
    """Return one column for each box."""
    return Space(len(boxes), 1, sparse((1, 1), [(0, 0, 1)]), outcomes, tuple(boxes))


def cell_space(problem: Problem, labels: int) -> Space:
    """Return the cells of a no-signalling box for each guess label."""
    cells = cell_matrix(problem)
    return Space(labels, cells.shape[1], cells, problem.shape[1])


def cell_matrix(problem: Problem | AnyScenario) -> Sparse:
    """Return P(o|s), row s * outcomes + o, in cells; cell 0 is the mass."""
    sizes = [1 + n * (d - 1) for n, d in zip(problem.settings, problem.outcomes, strict=True)]
    count, width = problem.shape
    entries: list[tuple[int, int, int]] = []
    for s, settings in enumerate(problem.joint_settings):
        for o, outcomes in enumerate(problem.joint_outcomes):
            found = [(0, 1)]
            for x, out, d, size in zip(settings, outcomes, problem.outcomes, sizes, strict=True):
                own = [(1 + x * (d - 1) + out, 1)]
                if out == d - 1:
                    own = [(0, 1), *((1 + x * (d - 1) + k, -1) for k in range(d - 1))]
                found = [(cell * size + k, value * sign) for cell, value in found for k, sign in own]
            entries += [(s * width + o, cell, value) for cell, value in found]
    return sparse((count * width, prod(sizes)), entries)
