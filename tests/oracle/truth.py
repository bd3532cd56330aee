"""The right answer to a question about local or no-signalling devices, exact where it can be had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracle import forms
from tests.oracle.number import exactly
from tests.oracle.polytope import TooManyRaysError
from tests.oracle.program import Optimum, Program, approximate, optimum
from tests.oracle.question import Ask, Functional, Question, Test, written_out
from tests.oracle.source import Point, vertices
from tests.oracle.worth import Row, TooManyError, normalised_at, sums_ratios

#: Programs of more rows than this are solved in floats alone; what is said of them is known to FLOAT_ERROR.
MAX_EXACT_ROWS = 220
FLOAT_ERROR = Fraction(1, 10**6)
#: How far two forms may differ that are solved in floats, relative to the answer.
AGREE = 1e-6


class DisagreementError(Exception):
    """Two forms of the small formulation differ: a fault of the oracle, not of the library."""


@dataclass(frozen=True)
class Truth:
    """The answer lies in [low, high]; an end is None where nothing is known.

    `feasible` says whether some strategy passes the tests; None where that was not decided. A min-entropy
    is given as the guessing probability.
    """

    low: Fraction | None
    high: Fraction | None
    feasible: bool | None


Maker = Callable[[Question, Sequence[tuple[Test, Fraction]]], Program]


def truth(question: Question) -> Truth:
    """Return the right answer; raise TooManyError or TooManyRaysError for what is too large."""
    if question.ask.at == "worst":
        parts = [
            truth(replace(question, ask=replace(question.ask, at=x)))
            for x in question.scenario.joint_settings
        ]
        if not all(part.feasible for part in parts):
            return Truth(None, None, False if any(part.feasible is False for part in parts) else None)
        return Truth(
            max(part.low for part in parts if part.low is not None),
            max(part.high for part in parts if part.high is not None),
            True,
        )
    tests = written_out(question)
    if any(sums_ratios(question, test) for test in tests):
        return _of_ratios(question, tests)
    outward = _solved(question, tests, _scores(tests, outward=True))
    if outward.feasible and not _meaningful(question, tests):
        return Truth(None, None, None)
    if all(test.score.rational for test in tests):
        return _signed(question, outward, outward)
    return _signed(question, _solved(question, tests, _scores(tests, outward=False)), outward)


def _meaningful(question: Question, tests: Sequence[Test]) -> bool:
    """Return whether some strategy that passes chooses all settings that are conditioned on.

    With free settings a source may never choose some; then conditional probabilities mean nothing there. If
    each of them may be chosen, then all together, and the largest answer is that of the linear program.
    """
    if question.settings != "free":
        return True
    scenario = question.scenario
    used = {
        s
        for test in tests
        if test.functional.on == "conditional"
        for _, s in test.functional.coefficients(scenario)
    }
    here = normalised_at(question)
    used |= set() if here is None else {here}
    never = {s for point in vertices(question.source, scenario) for s in used if point[s] == 0}
    for s in never:
        terms = tuple((scenario.label(o, s), exactly(1)) for o in range(scenario.shape[0]))
        asked = replace(question, ask=Ask("score", functional=Functional(terms, on="joint")))
        found = _solved(asked, tests, _scores(tests, outward=False))
        if not found.high:
            return False
    return True


def _scores(tests: Sequence[Test], *, outward: bool) -> list[Fraction]:
    """Return rational scores that make irrational tests a little weaker, or stronger."""
    return [t.score.high if (t.relation == "<=") == outward else t.score.low for t in tests]


def _signed(question: Question, inner: Truth, outer: Truth) -> Truth:
    """Put the ends of a slightly smaller and a slightly larger set together; undo the sign of `smallest`."""
    feasible = True if inner.feasible else False if outer.feasible is False else None
    low, high = inner.low, outer.high
    if question.ask.functional is not None and question.ask.extreme == "smallest":
        low, high = (None if high is None else -high), (None if low is None else -low)
    return Truth(low, high, feasible)


def _solved(question: Question, tests: Sequence[Test], scores: Sequence[Fraction]) -> Truth:
    """Solve in one form, exactly if it is small, and compare with a second form in floats."""
    both = list(zip(tests, scores, strict=True))
    makers: list[Maker] = [forms.by_vertices]
    makers.append(forms.by_facets if question.devices == "local" else forms.by_equalities)
    made: list[Program] = []
    for maker in makers:
        try:
            made.append(maker(question, both))
        except (TooManyError, TooManyRaysError) as fault:
            why = fault
    if not made:
        raise TooManyError(str(why))
    first = made[0]
    if len(first.right) > MAX_EXACT_ROWS:
        value = approximate(first)
        if value is None:
            return Truth(None, None, False)
        near = Fraction(value)
        return Truth(near - FLOAT_ERROR, near + FLOAT_ERROR, True)
    found = optimum(first)
    if len(made) > 1 and made[1].matrix.size <= MAX_SECOND:
        _compare(found, made[1])
    return Truth(found.value, found.value, found.value is not None)


#: A second form with more entries than this is left out.
MAX_SECOND = 300_000


def _compare(found: Optimum, second: Program) -> None:
    """Raise DisagreementError if a second form says another thing, exactly where floats seem to differ."""
    near = approximate(second)
    if found.value is None and near is None:
        return
    if found.value is not None and near is not None:
        value = float(found.value)
        if abs(value - near) <= AGREE * max(1.0, abs(value)):
            return
    exact = optimum(second).value
    if exact != found.value:
        raise DisagreementError(f"{found.value} by one form, {exact} by another")


# ------------------------------------------------------------------ sums of ratios


def _of_ratios(question: Question, tests: Sequence[Test]) -> Truth:
    """Bracket a question with sums of ratios, which is no linear program.

    At observed settings P(s) that the source can show, here a few, it is linear and its answer is reached;
    with the tests of `_weaker` in place of the sums it is no smaller.
    """
    points = vertices(question.source, question.scenario)
    middle = _mean(points)
    if 0 in middle:
        raise TooManyError("settings that never occur")
    inner = Truth(None, None, None)
    for place in {0, len(points) // 2, len(points) - 1, len(points)}:
        seen = _mean((middle, *points[place : place + 1]))
        at_these = replace(question, settings=tuple(map(exactly, seen)))
        found = _solved(at_these, tests, _scores(tests, outward=False))
        if found.low is not None and (inner.low is None or found.low > inner.low):
            inner = found
    weaker: list[Test] = []
    for test in tests:
        weaker += _weaker(question, test, points) if sums_ratios(question, test) else [test]
    outer = _solved(question, weaker, _scores(weaker, outward=True))
    return _signed(question, inner, outer)


def _mean(points: Sequence[Point]) -> Point:
    return tuple(sum(column, Fraction(0)) / len(points) for column in zip(*points, strict=True))


def _weaker(question: Question, test: Test, points: Sequence[Point]) -> list[Test]:
    """Return linear tests that are passed wherever sum_s Z_s/P(s) <= I is, all Z_s >= 0.

    No P(s) exceeds M_s, its largest value at a vertex, so sum_s Z_s/M_s <= I; and each Z_s <= I P(s).
    """
    scenario = question.scenario
    sign = -1 if test.relation == ">=" else 1
    rows: dict[int, Row] = {}
    for (o, s), factor in test.functional.coefficients(scenario).items():
        rows.setdefault(s, [Fraction(0)] * scenario.shape[0])[o] = sign * factor
    score = sign * (test.score.low if sign < 0 else test.score.high) - sum(min(row) for row in rows.values())
    found, joint = [], []
    for s, row in rows.items():
        most = max(point[s] for point in points)
        raised = [(scenario.label(o, s), factor - min(row)) for o, factor in enumerate(row)]
        found.append(Functional(tuple((label, exactly(x)) for label, x in raised)))
        joint += [(label, exactly(x / most)) for label, x in raised]
    found.append(Functional(tuple(joint), on="joint"))
    return [
        Test(functional, "<=", exactly(score)) for functional in found if functional.coefficients(scenario)
    ]
