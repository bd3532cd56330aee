"""The tables `test`: scores that the adversary must reproduce, one by one or the whole behaviour."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from freerand_opt.errors import InputError
from freerand_opt.model import behaviour as behaviours
from freerand_opt.model import functional as functionals
from freerand_opt.model.behaviour import Behaviour
from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Test
from freerand_opt.model.scenario import Scenario
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.spec.fields import Fields, attempt, kind, shown
from freerand_opt.spec.functionals import functional

#: Largest number of probabilities P(o|s) that tests may keep one by one.
MAX_KEPT = 2**16
RELATIONS = ("<=", ">=", "=")
KEPT = ("behaviour", "errors")
SETS_OF_RELATIONS = ("mermin",)


def tests(root: Fields, scenario: Scenario, behaviour: Behaviour | None) -> tuple[Test, ...]:
    """Return the tests of a file; `behaviour` is what an honest run shows, as far as it is known."""
    found: list[Test] = []
    for place, table in enumerate(root.get("test", list, [])):
        path = f"test[{place}]"
        if not isinstance(table, dict):
            raise InputError(path, f"{shown(table)} is {kind(table)}; a table is needed, as [[test]]")
        found += _test(Fields(table, path), scenario, behaviour)
    if behaviour is not None and all(test.slack is None for test in found):
        _require_no_signalling(behaviour)  # nothing else speaks of it
    return tuple(found)


def _require_no_signalling(behaviour: Behaviour) -> None:
    if behaviour.signals:
        raise InputError(
            "observed.table",
            f"no behaviour that can be observed: {behaviour.signals}. Relative frequencies signal a little: "
            'keep them with a tolerance, as [[test]] keep = "behaviour", tolerance = "1/100"; or give the '
            "score of a test as a number",
        )


def _test(fields: Fields, scenario: Scenario, behaviour: Behaviour | None) -> list[Test]:
    if fields.has("keep"):
        return _kept(fields, scenario, behaviour)
    if fields.has("relations"):
        fields.choice("relations", SETS_OF_RELATIONS)
        violated = fields.number("violated", Fraction(0))
        fields.done()
        assert violated is not None
        allowed = violated
        if attempt(fields.at("violated"), lambda: compare(allowed, Fraction(0)) < 0):
            raise fields.fail("violated", f"{shown(fields.table['violated'])} is negative")
        errors = attempt(fields.at("relations"), lambda: functionals.mermin_errors(scenario))
        return [Test(errors, "<=", violated, "weight of broken Mermin relations")]
    chosen, name = functional(fields, scenario)
    relation = fields.choice("relation", RELATIONS)
    score = _score(fields, chosen, behaviour)
    fields.done()
    if relation == "=" and not isinstance(score, Fraction):
        raise fields.fail(
            "score",
            f"{score} is irrational and cannot be an equality; use <= or >=, or both with a tolerance",
        )
    slack = Fraction(0) if fields.table["score"] == "observed" else None
    return [Test(chosen, relation, score, f"{name} {relation} {score}", slack)]


def _score(fields: Fields, chosen: Functional, behaviour: Behaviour | None) -> Exact:
    if fields.has("score") and fields.table["score"] == "observed":
        if behaviour is None:
            raise fields.fail(
                "score", '"observed" needs observed.behaviour, observed.state or observed.table'
            )
        if chosen.on == "joint":
            raise fields.fail(
                "score", '"observed" is the score of conditional probabilities; give the joint score'
            )
        _require_no_signalling(behaviour)
        known = behaviour
        return attempt(fields.at("score"), lambda: behaviours.score(chosen, known))
    value = fields.number("score", required=True)
    assert value is not None
    return value


def _kept(fields: Fields, scenario: Scenario, behaviour: Behaviour | None) -> list[Test]:
    """Expand `keep` into one test for each edge's error, or two for each probability."""
    what = fields.choice("keep", KEPT)
    tolerance = fields.fraction("tolerance", Fraction(0))
    fields.done()
    assert tolerance is not None
    if tolerance < 0:
        raise fields.fail("tolerance", f"{tolerance} is negative")
    if behaviour is None:
        raise fields.fail("keep", "needs observed.behaviour, observed.state or observed.table")
    if tolerance == 0 or what == "errors":
        _require_no_signalling(behaviour)
    if what == "errors":
        known = behaviour
        total = attempt(fields.at("keep"), lambda: functionals.chained(scenario))
        tests = []
        for s in sorted(total.settings()):
            error = Functional(tuple(term for term in total.terms if term[1] == s))
            score = attempt(fields.at("keep"), lambda error=error: behaviours.score(error, known))  # type: ignore[misc]
            score = score + tolerance
            label = f"error at {scenario.setting_label(s)} <= {score}"
            tests.append(Test(error, "<=", score, label, tolerance))
        return tests
    count = prod(scenario.shape)
    if count > MAX_KEPT:
        raise fields.fail("keep", f"the behaviour has {count} probabilities; tests keep at most {MAX_KEPT}")
    irrational = any(not isinstance(p, Fraction) for row in behaviour.table for p in row)
    if irrational and tolerance == 0:
        raise fields.fail(
            "tolerance", "this behaviour has irrational entries; a positive tolerance is needed, as 1e-9"
        )
    tests = []
    for o, row in enumerate(behaviour.table):
        for s, p in enumerate(row):
            if s in behaviour.missing:
                continue
            cell = functionals.from_terms({(o, s): Fraction(1)})
            label = scenario.label(o, s)
            if tolerance == 0:
                tests.append(Test(cell, "=", p, f"{label} = {p}", tolerance))
            else:
                tests.append(Test(cell, "<=", p + tolerance, f"{label} <= {p + tolerance}", tolerance))
                tests.append(Test(cell, ">=", p - tolerance, f"{label} >= {p - tolerance}", -tolerance))
    return tests
