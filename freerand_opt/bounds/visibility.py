r"""Thresholds in the visibility: the honest behaviour P stands beside a question with scores of mixtures.

.. math:: P_v = v\, P + (1 - v)\, \text{white noise} .
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.conditions import Keep, Relations, Test
from freerand_opt.model.problem import Kept
from freerand_opt.model.problem import Test as FormTest
from freerand_opt.model.question import Question
from freerand_opt.model.rows import score
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
    tests, place = [], 0
    for k, test in enumerate(asked.tests):
        for found in test.resolved(scenario, seen, f"test[{k}]"):
            tests.append(_varied(test, found, form["tests"][place], asked))
            place += 1
    return Honest(form | {"tests": tests}, [[s, [triples(p) for p in row]] for s, row in listed])


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
