"""Rows that every program over strategies shares: observed settings, and the tests.

A `Layout` says in which columns the joint mass of a cell (o, s), or of a setting s, is found.
Masses are scaled by the number S of joint settings: t(s) = S P(w, s), see `cones`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias, TypeVar

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import MomentCondition, Question, Test
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.cones import SourceCone
from freerand_opt.programs.program import ConicProgram, IntArray, Labels, Rows, integer_rows

Entries: TypeAlias = Sequence[tuple[int, Fraction]]
Value = TypeVar("Value")
#: The label by which rows of tests are known.
TEST_PATTERN = "test: {0}"
#: The label by which the rows of the observed settings are known.
OBSERVED_PATTERN = "observed settings {0}"


@dataclass(frozen=True)
class Layout:
    """`cell(o, s)` and `mass(s)`: columns and factors that add up to the scaled masses.

    `one_mass`: all settings have the same mass in every point (a source that is not biased).
    """

    columns: int
    cell: Callable[[int, int], Entries]
    mass: Callable[[int], Entries]
    total: Callable[[], Entries]
    one_mass: bool


def scaled_settings(question: Question) -> list[Fraction] | None:
    """Return S P(s), or None if the observed settings are free."""
    if question.settings == "uniform":
        return [Fraction(1)] * question.scenario.shape[1]
    weights = question.setting_weights()
    return None if weights is None else [weight * len(weights) for weight in weights]


def conditioning(question: Question, on: str) -> list[Fraction]:
    """Return for each setting the factor from a scaled mass to P(o|s) or P(o, s)."""
    scaled = scaled_settings(question)
    settings = question.scenario.shape[1]
    if on == "joint" or scaled is None:
        return [Fraction(1, settings)] * settings
    if question.settings == "uniform":
        return scaled
    return [1 / weight if weight else Fraction(0) for weight in scaled]


def objective_factors(question: Question) -> list[Fraction]:
    """Return for each setting the factor from a scaled mass to its share in what is asked."""
    ask, settings = question.ask, question.scenario.shape[1]
    if ask.functional is not None:
        return conditioning(question, ask.functional.on)
    if not isinstance(ask.at, tuple):
        return [Fraction(1, settings)] * settings
    scaled = scaled_settings(question)
    here = question.scenario.setting_index(ask.at)
    value = Fraction(1) if scaled is None else 1 / scaled[here]
    return [value if s == here else Fraction(0) for s in range(settings)]


def column_bound(question: Question, cone: SourceCone) -> Fraction:
    """Return a number that no scaled mass exceeds."""
    scaled = scaled_settings(question)
    if scaled is not None:
        return max(Fraction(1), *scaled)
    if normalised_at(question) is None:
        return cone.growth
    if cone.ratio is None:
        raise TooLargeError("the source may never choose the settings asked for, so no column is bounded")
    return cone.ratio


def normalised_at(question: Question) -> int | None:
    """Return the joint setting whose scaled mass is 1 under free settings; None: the total is."""
    at = question.ask.at
    return question.scenario.setting_index(at) if isinstance(at, tuple) else None


def observed_rows(question: Question, layout: Layout) -> Rows:
    """Return the rows that fix the observed settings (free: their normalisation)."""
    scaled = scaled_settings(question)
    settings = range(question.scenario.shape[1])
    if scaled is None:
        here = normalised_at(question)
        found, right, words = (
            [layout.total() if here is None else layout.mass(here)],
            [Fraction(1)],
            ["total"],
        )
    elif layout.one_mass and len(set(scaled)) == 1:
        found, right, words = [layout.mass(0)], scaled[:1], ["total"]
    else:
        found, right = [layout.mass(s) for s in settings], scaled
        words = [question.scenario.setting_label(s) for s in settings]
    entries = ((row, column, factor) for row, part in enumerate(found) for column, factor in part)
    matrix, bounds = integer_rows(entries, right, layout.columns)
    return Rows("zero", matrix, bounds, Labels(OBSERVED_PATTERN, (tuple(words),)))


def test_rows(question: Question, layout: Layout, scores: Sequence[Exact] | None) -> list[Rows]:
    """Return one row for each test, >= turned into <=; `scores` replaces the tests' own."""
    blocks = []
    for place, test in enumerate(question.tests):
        score = test.score if scores is None else scores[place]
        sign = -1 if test.relation == ">=" else 1
        total: dict[int, Fraction] = {}
        shares = test_shares(question, test)
        unit = unit_of_test(question, test, layout)
        if unit is not None:
            if not isinstance(score, Fraction):
                raise ValueError("with free settings a score multiplies a column and must be a fraction")
            _add(total, unit, -score)
            score = Fraction(0)
        for o, s, factor in test.functional.terms:
            _add(total, layout.cell(o, s), factor * shares[s])
        entries = [(0, column, sign * value) for column, value in total.items() if value]
        matrix, bounds = integer_rows(entries, [sign * score], layout.columns)
        cone = "zero" if test.relation == "=" else "nonnegative"
        scale = lcm(*(value.denominator for _, _, value in entries))
        blocks.append(Rows(cone, matrix, bounds, Labels(TEST_PATTERN, ((test.label,),)), scale))
    return blocks


def test_shares(question: Question, test: Test) -> list[Fraction]:
    """Return for each setting the factor from a scaled mass to its share in a test."""
    if question.settings == "free" and test.functional.on == "conditional":
        return [Fraction(1)] * question.scenario.shape[1]
    return conditioning(question, test.functional.on)


def unit_of_test(question: Question, test: Test, layout: Layout) -> Entries | None:
    """Return the columns by which a test's score is multiplied, or None if it stands on the right.

    With free settings P(o|s) <= score becomes mass(o, s) - score mass(s) <= 0; and P(o, s) <= score
    becomes mass(o, s)/S - score total <= 0 where not the total but one setting's mass is 1.
    """
    if question.settings != "free":
        return None
    if test.functional.on == "conditional":
        return layout.mass(test.functional.terms[0][1])
    return None if normalised_at(question) is None else layout.total()


def _add(total: dict[int, Fraction], entries: Iterable[tuple[int, Fraction]], factor: Fraction) -> None:
    for column, value in entries:
        total[column] = total.get(column, Fraction(0)) + factor * value


def observation_rows(program: ConicProgram) -> IntArray:
    """Return the indices of the rows that speak of observed settings or tests."""
    found, start = [], 0
    for labels in program.row_labels:
        if labels.pattern in (TEST_PATTERN, OBSERVED_PATTERN):
            found.append(np.arange(start, start + len(labels)))
        start += len(labels)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def rows_of_tests(question: Question, program: ConicProgram) -> list[int]:
    """Return for each test of a question its row in the question's program."""
    found: list[int] = []
    start = 0
    for labels in program.row_labels:
        if labels.pattern == TEST_PATTERN:
            found += range(start, start + len(labels))
        start += len(labels)
    # equalities stand in front (`equalities_first`), each kind in the order of the tests
    order = sorted(range(len(question.tests)), key=lambda k: question.tests[k].relation != "=")
    by_test = dict(zip(order, found, strict=True))
    return [by_test[k] for k in range(len(question.tests))]


def equalities_first(rows: Sequence[Rows]) -> list[Rows]:
    """Return the rows with those of the zero cone in front."""
    return [part for part in rows if part.cone == "zero"] + [part for part in rows if part.cone != "zero"]


def in_order(held: Sequence[Test | MomentCondition], found: Sequence[Value]) -> list[Value]:
    """Return what was found row by row, equalities in front, in the order of tests or conditions."""
    order = sorted(range(len(held)), key=lambda k: held[k].relation != "=")
    by_place = dict(zip(order, found, strict=True))
    return [by_place[k] for k in range(len(held))]


def test_indices(program: ConicProgram, pattern: str) -> list[int]:
    """Return the row of each test or condition with a pattern, in the order of rows."""
    found: list[int] = []
    start = 0
    for labels in program.row_labels:
        if labels.pattern == pattern:
            found += range(start, start + len(labels))
        start += len(labels)
    return sorted(found)
