r"""Thresholds in the visibility: the honest behaviour P stands beside a question with scores of mixtures.

.. math:: P_v = v\, P + (1 - v)\, \text{white noise} .
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from freerand_opt.model.behaviours.rows import score, total
from freerand_opt.model.certificate_form import plain_form, question_form
from freerand_opt.model.conditions import Keep, Relations, Test
from freerand_opt.model.problem import Kept
from freerand_opt.model.problem import Test as FormTest
from freerand_opt.model.question import Question
from freerand_opt.model.threshold import moves_on_a_path
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.kernel import triples


def moving_form(
    question: Question, field: str, places: tuple[Fraction, Fraction], *, whole: bool = False
) -> dict[str, Any]:
    """Return the question of a certificate, with "?" at a field, and the behaviour that moves beside it.

    The short form of relations of many parties is used unless the `whole` problem is to be. Raise ValueError
    if the questions at the two places differ in more than one number.
    """
    if field.startswith("observed.") and moves_on_a_path(question, field):
        return _path_form(question, field)
    if field == "observed.visibility":
        return _honest_form(question)
    at = [question.varied(field, place) for place in places]
    low, high = (plain_form(one.problem() if whole else one.shortest()) for one in at)
    return {"question": _varied_form(low, high, places)}


def _varied_form(
    low: dict[str, Any], high: dict[str, Any], places: tuple[Fraction, Fraction]
) -> dict[str, Any]:
    """Return the question in which the number that differs between two forms is "?"."""
    pair = tuple(map(str, places))

    def joined(one: Any, other: Any) -> Any:
        if (one, other) == pair:
            return "?"
        if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            return {key: joined(one[key], other[key]) for key in one}
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and one != other:
            return [joined(x, y) for x, y in zip(one, other, strict=True)]
        if one != other:
            raise ValueError("the questions at the two ends differ in more than one number")
        return one

    return joined(low, high)  # type: ignore[no-any-return]


def _honest_form(question: Question) -> dict[str, Any]:
    """Return the question with "?" where the visibility enters, and the honest behaviour without it."""
    asked = question.changed(observed=question.observed.changed(visibility=None))
    scenario, seen = asked.scenario, asked.observed
    rows = seen.rows(scenario)
    assert rows is not None  # `Threshold.fit` refuses questions without an honest behaviour
    every = range(scenario.shape[0])
    listed = [[s, [triples(p) for p in row]] for s in every if (row := rows(s)) is not None]
    form = question_form(asked.problem())
    return {"question": form | {"tests": _tests(asked, form)}, "honest": listed}


def _path_form(question: Question, field: str) -> dict[str, Any]:
    """Return the question and the behaviour whose entries are polynomials in a visibility or an efficiency.

    The visibility and one party's efficiency enter linearly, that of M parties to the power M: the
    coefficients are those of the polynomial through M + 1 exact values.
    """
    scenario = question.scenario
    degree = len(scenario.settings) if field == "observed.efficiency" else 1
    places = [Fraction(k, degree) for k in range(degree + 1)]
    at = [question.varied(field, x) for x in places]
    basis = [_through(places, k) for k in range(degree + 1)]
    listed = []
    for s in range(scenario.shape[0]):
        values = [_row(one, s) for one in at]
        entries = []
        for o in range(scenario.shape[1]):
            mixed = [
                total(b[n] * row[o] for b, row in zip(basis, values, strict=True)) for n in range(degree + 1)
            ]
            while len(mixed) > 1 and mixed[-1] == 0:
                mixed.pop()
            entries.append([triples(x) for x in mixed])
        listed.append([s, entries])
    asked = at[-1]
    form = question_form(asked.problem())
    return {"question": form | {"tests": _tests(asked, form)}, "path": listed}


def _row(question: Question, s: int) -> Sequence[Exact]:
    rows = question.observed.rows(question.scenario)
    found = None if rows is None else rows(s)
    assert found is not None  # `Threshold.fit` refuses questions without a whole honest behaviour
    return found


def _through(places: Sequence[Fraction], k: int) -> list[Fraction]:
    """Return the coefficients of the polynomial that is 1 at place k and 0 at the others."""
    found = [Fraction(1)]
    for j, x in enumerate(places):
        if j != k:
            pairs = zip([*found, Fraction(0)], [Fraction(0), *found], strict=True)
            found = [(b - x * a) / (places[k] - x) for a, b in pairs]
    return found


def _tests(asked: Question, form: dict[str, Any]) -> list[Any]:
    """Return the tests in which scores and tables of the honest behaviour are those that move."""
    tests: list[Any] = []
    for k, test in enumerate(asked.tests):
        for found in test.resolved(asked.scenario, asked.observed, f"test[{k}]"):
            tests.append(_varied(test, found, form["tests"][len(tests)], asked))
    return tests


def _varied(
    test: Test | Keep | Relations, found: FormTest | Kept, form: dict[str, Any], asked: Question
) -> Any:
    if isinstance(found, Kept):
        return form | {"keep": "?"}
    given = isinstance(test, Relations) or (isinstance(test, Test) and not isinstance(test.score, str))
    if given:
        return form
    rows, weights = asked.observed.rows(asked.scenario), asked.observed.weights(asked.scenario)
    conditional = found.functional
    if conditional.on == "joint":
        assert weights is not None
        terms = tuple((s, o, x * weights[s]) for s, o, x in conditional.terms)
        conditional = type(conditional)("conditional", terms)
    assert rows is not None
    slack: Exact = found.score - score(conditional, rows, asked.scenario.setting_label)
    assert isinstance(slack, Fraction)
    return form | {"score": {"slack": str(slack)}}
