r"""Thresholds in the visibility: the honest behaviour P stands beside a question with scores of mixtures.

.. math:: P_v = v\, P + (1 - v)\, \text{white noise} .
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.conditions import Keep, Relations, Test
from freerand_opt.model.problem import Kept
from freerand_opt.model.problem import Test as FormTest
from freerand_opt.model.question import Question
from freerand_opt.model.rows import score, total
from freerand_opt.numbers.exact import Exact, triples


@dataclass(frozen=True)
class Honest:
    """The question with ``?`` where the visibility enters, and the honest behaviour by setting."""

    question: dict[str, Any]
    rows: list[Any]


def honest_form(question: Question) -> Honest:
    """Return the two in the certificate's grammar; the question's own visibility does not count."""
    asked = question.changed(observed=question.observed.changed(visibility=None))
    scenario, seen = asked.scenario, asked.observed
    rows = seen.rows(scenario)
    assert rows is not None  # `Threshold.fit` refuses questions without an honest behaviour
    listed = [(s, row) for s in range(scenario.shape[0]) if (row := rows(s)) is not None]
    form = question_form(asked.problem())
    return Honest(
        form | {"tests": _tests(asked, form)}, [[s, [triples(p) for p in row]] for s, row in listed]
    )


def path_form(question: Question, field: str) -> Honest:
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
    return Honest(form | {"tests": _tests(asked, form)}, listed)


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
