r"""Three ways to write the same question as a linear program.

For every w the adversary holds a distribution and a box, and what she earns is convex in both, so w may be
split until the distribution is a vertex v of the source and the box is extreme. With weights x(v, k), k a
box together with what is guessed from it,

.. math:: \max \sum_{v,k} x_{vk} \sum_s v(s)\, g_k(s) \;:\; \sum_{v,k} x_{vk}\, v(s) = P(s),\quad
   \sum_{v,k} x_{vk} \sum_s v(s)\, f_k(s) \lesseqgtr \text{score}.

`by_vertices` is that; `by_equalities` has no-signalling boxes by their equalities, a copy for each vertex and
guess; `by_facets` has the source by its inequalities, a copy for each box and guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np

from tests.oracle import boxes
from tests.oracle.program import Matrix, Program
from tests.oracle.question import Question, Test
from tests.oracle.scenario import Scenario
from tests.oracle.source import facets, vertices
from tests.oracle.worth import (
    Row,
    Table,
    TooManyError,
    guess_tables,
    guessing_functions,
    normalised_at,
    test_table,
)

#: More entries than this are not written down.
MAX_ENTRIES = 2_000_000
MAX_COLUMNS = 40_000
MAX_BOXES = 1000
#: Scenarios (settings, outcomes) whose extreme no-signalling boxes take long to enumerate.
MANY_BOXES = {(2, 2, 2, 2, 2, 2), (3, 3, 2, 2), (4, 4, 2, 2)}
Tests = Sequence[tuple[Test, Fraction]]


class Lines:
    """Rows of a program as they are collected, each times what makes it integral."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[Matrix] = []
        self.right: list[int] = []
        self.equal: list[bool] = []

    def add(self, entries: Matrix, relation: str, bound: Fraction) -> None:
        """Add entries . x (relation) bound; entries are integers."""
        if self.columns > MAX_COLUMNS or (len(self.rows) + 1) * self.columns > MAX_ENTRIES:
            raise TooManyError(f"{len(self.rows)} rows x {self.columns} columns")
        sign = -1 if relation == ">=" else 1
        self.rows.append(entries * (sign * bound.denominator))
        self.right.append(sign * bound.numerator)
        self.equal.append(relation == "=")

    def program(self, objective: Matrix, scale: int) -> Program:
        matrix = np.array(self.rows, dtype=object).reshape(len(self.rows), self.columns)
        return Program(objective, scale, matrix, tuple(self.right), tuple(self.equal))


def whole(rows: Sequence[Sequence[Fraction]]) -> tuple[Matrix, int]:
    """Return (rows times their common denominator, that denominator)."""
    scale = lcm(*{value.denominator for row in rows for value in row})
    return np.array([[int(value * scale) for value in row] for row in rows], dtype=object), scale


def settings_rows(question: Question) -> list[tuple[Row, Fraction]]:
    """Return (factors of P(w, s), right-hand side) for each condition on the observed settings."""
    weights, size = question.weights, question.scenario.shape[1]
    if weights is not None:
        return [([Fraction(int(s == t)) for t in range(size)], weights[s]) for s in range(size)]
    here = normalised_at(question)
    return [([Fraction(int(here in (None, t))) for t in range(size)], Fraction(1))]


@lru_cache(maxsize=16)
def extreme_boxes(scenario: Scenario, devices: str) -> tuple[Matrix, int]:
    """Return (boxes[k, o, s], their unit), the boxes of the devices; raise TooManyError."""
    if devices == "local":
        if boxes.deterministic_count(scenario) > MAX_BOXES:
            raise TooManyError("deterministic boxes")
        held, unit = whole(boxes.deterministic(scenario))
    elif (*scenario.settings, *scenario.outcomes) in MANY_BOXES:
        raise TooManyError("extreme no-signalling boxes")
    else:
        held, unit = whole(boxes.no_signalling(scenario))
    return held.reshape(-1, *scenario.shape), unit


def folded(table: Table, held: Matrix, unit: int) -> tuple[Matrix, int]:
    """Return the sums over outcomes of table[o][s] box(o|s) by box and setting, times a scale; the scale."""
    factors, scale = whole(table)
    return (held * factors).sum(axis=1), scale * unit


def kinds(question: Question) -> tuple[Matrix, int, Matrix, int]:
    """Return (boxes[k, o, s], their unit, earned[k, s], its unit), a box for each way to guess from it.

    Told the setting she announces the best label there: she knows the box. Else each label is another way.
    """
    held, unit = extreme_boxes(question.scenario, question.devices)
    tables = guess_tables(question)
    each = [folded(table, held, unit) for table in tables]
    scale = lcm(*(own for _, own in each))
    earned = [worth * (scale // own) for worth, own in each]
    if question.ask.at == "average" and question.told == "nothing":
        return np.concatenate([held] * len(tables)), unit, np.concatenate(earned), scale
    return held, unit, np.maximum.reduce(earned), scale


def by_vertices(question: Question, tests: Tests) -> Program:
    """Return the program over vertices of the source times boxes."""
    held, fine, earned, scale = kinds(question)
    points, unit = whole(vertices(question.source, question.scenario))
    lines = Lines(len(points) * len(held))
    for factors, bound in settings_rows(question):
        chosen = [s for s, factor in enumerate(factors) if factor]
        lines.add(np.repeat(points[:, chosen].sum(axis=1), len(held)), "=", bound * unit)
    for test, score in tests:
        table, bound = test_table(question, test, score)
        counted, own = folded(table, held, fine)
        lines.add((points @ counted.T).ravel(), test.relation, bound * unit * own)
    return lines.program((points @ earned.T).ravel(), scale * unit)


def by_facets(question: Question, tests: Tests) -> Program:
    """Return the program over boxes times the source in inequalities; TooManyError if it is not convex."""
    rows = facets(question.source, question.scenario)
    if rows is None:
        raise TooManyError("a source that is not convex has no inequalities of its own")
    held, fine, earned, scale = kinds(question)
    size = question.scenario.shape[1]
    lines = Lines(size * len(held))
    for factors, bound in settings_rows(question):
        lines.add(np.tile(np.array([int(f) for f in factors], dtype=object), len(held)), "=", bound)
    for test, score in tests:
        table, bound = test_table(question, test, score)
        counted, own = folded(table, held, fine)
        lines.add(counted.ravel(), test.relation, bound * own)
    for k in range(len(held)):
        for row in rows:
            entries = np.zeros(lines.columns, dtype=object)
            entries[k * size : (k + 1) * size] = row
            lines.add(entries, ">=", Fraction(0))
    return lines.program(earned.ravel(), scale)


def by_equalities(question: Question, tests: Tests) -> Program:
    """Return the program over no-signalling boxes by their equalities, for each vertex and guess.

    A column is the weight of the copy times P(o|s).
    """
    wanted = [test_table(question, test, score) for test, score in tests]
    guesses = guessing_functions(question)
    points, unit = whole(vertices(question.source, question.scenario))
    outcomes, settings = question.scenario.shape
    cells, copies = outcomes * settings, len(points) * len(guesses)
    lines = Lines(copies * cells)

    def spread(table: Table) -> tuple[Matrix, int]:
        """Return table[o][s] v(s) for each vertex, and its scale."""
        held, scale = whole(table)
        return np.array([(held * point).ravel() for point in points], dtype=object), scale * unit

    for factors, bound in settings_rows(question):
        entries, scale = spread([factors] * outcomes)
        lines.add(np.repeat(entries, len(guesses), axis=0).ravel(), "=", bound * scale)
    for (test, _), (table, bound) in zip(tests, wanted, strict=True):
        entries, scale = spread(table)
        lines.add(np.repeat(entries, len(guesses), axis=0).ravel(), test.relation, bound * scale)
    for copy in range(copies):
        for row in boxes.no_signalling_rows(question.scenario):
            entries = np.zeros(copies * cells, dtype=object)
            entries[copy * cells : (copy + 1) * cells] = row
            lines.add(entries, "=", Fraction(0))
    spreads = [spread(table) for table in guesses]
    scale = lcm(*(own for _, own in spreads))
    cost = np.array([entries * (scale // own) for entries, own in spreads], dtype=object)
    return lines.program(cost.transpose(1, 0, 2).ravel(), scale)
