"""From the present model's questions to problems."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.first.model import source as sources
from freerand_opt.first.model.functional import Functional as OldFunctional
from freerand_opt.first.model.question import Question
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.model.problem import (
    Ask,
    Bits,
    Functional,
    Kept,
    Limits,
    Mutual,
    Point,
    Problem,
    Product,
    Source,
    Test,
    joint,
)
from freerand_opt.model.problem import Rows as SourceRows

HALF = Fraction(1, 2)


def problem_of(question: Question) -> Problem:
    """Return the problem of a question (without relations)."""
    scenario = question.scenario
    weights = question.setting_weights()
    tests = [Test(_functional(t.functional), t.relation, t.score) for t in question.tests]
    for condition in question.adversary.moments:
        words = tuple((_word(name), factor) for name, factor in condition.terms)
        tests.append(Test(Functional("moments", words=words), condition.relation, condition.bound))
    return Problem(
        settings=scenario.settings,
        outcomes=scenario.outcomes,
        source=source_of(question.source, scenario),
        observed=weights,
        devices=question.adversary.devices,
        tests=_kept(tests, scenario),
        ask=_ask(question),
    )


def _word(name: str) -> str:
    letters = name.strip("<> ").split()
    return " ".join(sorted(letters, key=lambda letter: letter[0]))


def _functional(f: OldFunctional) -> Functional:
    return Functional(f.on, tuple(sorted((s, o, factor) for o, s, factor in f.terms)))


def _kept(tests: list[Test], scenario: Scenario) -> tuple[Test | Kept, ...]:
    """Join tests of all single probabilities, from below and above, into one."""
    ends: dict[tuple[int, int], dict[str, Test]] = {}
    for test in tests:
        f = test.functional
        if f.on != "conditional" or len(f.terms) != 1 or f.terms[0][2] != 1:
            return tuple(tests)
        ends.setdefault(f.terms[0][:2], {})[test.relation] = test
    full = len(ends) == len(scenario.joint_settings) * len(scenario.joint_outcomes)
    if not full or any(set(own) not in ({"="}, {"<=", ">="}) for own in ends.values()):
        return tuple(tests)
    tolerances = set()
    for own in ends.values():
        gap = Fraction(0) if "=" in own else own["<="].score - own[">="].score
        if not isinstance(gap, Fraction):
            return tuple(tests)
        tolerances.add(gap / 2)
    if len(tolerances) > 1:
        return tuple(tests)
    (tolerance,) = tolerances
    width = len(scenario.joint_outcomes)
    table = tuple(
        (
            s,
            tuple(
                own["="].score if "=" in (own := ends[s, o]) else own["<="].score - tolerance
                for o in range(width)
            ),
        )
        for s in range(len(scenario.joint_settings))
    )
    return (Kept(table, tolerance),)


def _ask(question: Question) -> Ask:
    ask, scenario = question.ask, question.scenario
    if ask.functional is not None:
        return Ask("score", score=_functional(ask.functional), sign=ask.sign)
    if ask.output is None:
        return Ask("strategy")
    quantity = "guessing-probability" if ask.quantity == "min-entropy" else ask.quantity
    of, values = _smallest(ask.output.values, scenario)
    at = scenario.setting_index(ask.at) if isinstance(ask.at, tuple) else None
    told = ask.at == "average" and question.adversary.told == "settings"
    return Ask(quantity, of, values, ask.output.count, at, told)


def _smallest(values: tuple[int, ...], scenario: Scenario) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the parties on whose outcomes an output depends, and its values by these."""
    outcomes = scenario.joint_outcomes
    of = []
    for p, d in enumerate(scenario.outcomes):
        moved = (scenario.outcome_index((*o[:p], (o[p] + 1) % d, *o[p + 1 :])) for o in outcomes)
        if any(values[k] != values[there] for k, there in enumerate(moved)):
            of.append(p)
    of = of or [0]
    sizes = [scenario.outcomes[p] for p in of]
    found = {joint([o[p] for p in of], sizes): values[k] for k, o in enumerate(outcomes)}
    return tuple(of), tuple(found[k] for k in sorted(found))


def source_of(source: sources.Source, scenario: Scenario) -> Source:
    """Return a source in the form that programs are made of."""
    count = len(scenario.joint_settings)
    if isinstance(source, sources.Uniform):
        return Point(None)
    if isinstance(source, sources.SanthaVazirani):
        ends = (HALF - source.epsilon, HALF + source.epsilon)
        order = tuple(
            (party, _bit(scenario.settings[party], position, source.bits))
            for party, position in sources.time_order(scenario, source.order)
        )
        leaves = sources.leaf_settings(scenario, source)
        plain = source.bits == "gray"
        if plain:  # the same set of distributions as without the Gray code
            leaves = sources.leaf_settings(scenario, sources.SanthaVazirani(source.epsilon, source.order))
        return Bits((ends,) * len(order), leaves, order)
    if isinstance(source, sources.Mutual):
        bits = tuple(
            tuple(_bit(n, j, source.bits) for j in range(n.bit_length() - 1)) for n in scenario.settings
        )
        return Mutual(source.epsilon, bits)
    if isinstance(source, sources.PerParty):
        parts = []
        for part, n in zip(source.parts, scenario.settings, strict=True):
            found = source_of(part, Scenario((n,), (1,)))
            assert isinstance(found, Point | Bits)
            parts.append(found)
        return Product(tuple(parts))
    if isinstance(source, sources.MeasurementDependence):
        return Limits((source.lower,) * count, (source.upper,) * count)
    return SourceRows(tuple((tuple(sorted(terms)), "<=", limit) for terms, limit in source.rows))


def _bit(size: int, position: int, encoding: str) -> int:
    count = size.bit_length() - 1
    return position if encoding == "least-significant-first" else count - 1 - position
