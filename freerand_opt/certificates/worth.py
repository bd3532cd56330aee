"""What an attack is worth, exactly: whether it passes the tests, and the value that it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

import numpy as np

from freerand_opt.certificates.attack import Strategy, conditioned
from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, compare, cos_pi
from freerand_opt.programs.boxes import Angles, Box, Deterministic, table
from freerand_opt.programs.guesses import label_values
from freerand_opt.programs.moments import operators
from freerand_opt.programs.quantum_box import Quantum, chances, moment


def evaluated(question: Question, found: Sequence[Strategy]) -> Fraction | None:
    """Return the exact value of an attack, None if it fails a test or never sees what is conditioned on."""
    scenario, ask = question.scenario, question.ask
    settings = scenario.shape[1]
    if not conditioned(question, found):
        return None
    tables = [columns(question, strategy.box) for strategy in found]
    joint: dict[tuple[int, int], Fraction] = {}
    seen = [sum((strategy.masses[s] for strategy in found), Fraction(0)) for s in range(settings)]
    for strategy, box in zip(found, tables, strict=True):
        for s, column in enumerate(box):
            for o, chance in enumerate(column):
                joint[o, s] = joint.get((o, s), Fraction(0)) + strategy.masses[s] * chance

    def score(functional: Functional) -> Fraction:
        given = functional.on == "conditional"
        return sum((f * joint[o, s] / (seen[s] if given else 1) for o, s, f in functional.terms), Fraction(0))

    if not all(_holds(score(test.functional), test.relation, test.score) for test in question.tests):
        return None
    for k, condition in enumerate(question.adversary.moments):
        sums = (s.weight * condition_values(question, s.box)[k] for s in found)
        if not _holds(sum(sums, Fraction(0)), condition.relation, condition.bound):
            return None
    if ask.quantity == "strategy":
        return Fraction(1)
    if ask.functional is not None:
        return ask.sign * score(ask.functional)
    labels, denominator = label_values(question)
    total = Fraction(0)
    for strategy, box in zip(found, tables, strict=True):
        worths = [
            sum(int(worth[o, s]) * strategy.masses[s] * box[s][o] for o, s in np.argwhere(worth).tolist())
            for worth in labels
        ]
        total += Fraction(max(worths)) / denominator
    here = scenario.setting_index(ask.at) if isinstance(ask.at, tuple) else None
    return total if here is None else total / seen[here]


def angles_score(question: Question, box: Angles) -> Exact:
    """Return the score of a box given by angles, exactly; settings are uniform."""
    asked = question.ask.functional
    assert asked is not None
    first, second = box.angles
    by_angle: dict[Fraction, Fraction] = {}
    total = Fraction(0)
    for o, s, factor in asked.terms:
        a, b = divmod(s, len(second))
        share = factor / 4 / (1 if asked.on == "conditional" else len(first) * len(second))
        total += share
        angle = first[a] - second[b]
        by_angle[angle] = by_angle.get(angle, Fraction(0)) + (share if o in (0, 3) else -share)
    return sum((cos_pi(angle) * factor for angle, factor in by_angle.items()), total)


def _holds(value: Fraction, relation: str, limit: Exact) -> bool:
    order = compare(value, limit)
    return not ((order > 0 and relation != ">=") or (order < 0 and relation != "<="))


def condition_values(question: Question, box: Box) -> tuple[Fraction, ...]:
    """Return what a box counts in each condition on moments; it is quantum or deterministic."""
    found = []
    for condition in question.adversary.moments:
        words = [(operators(question.scenario, name), factor) for name, factor in condition.terms]
        found.append(sum((factor * _moment(box, word) for word, factor in words), Fraction(0)))
    return tuple(found)


def _moment(box: Box, word: Sequence[tuple[int, int, int | None]]) -> Fraction:
    if isinstance(box, Quantum):
        return moment(box, word)
    if not isinstance(box, Deterministic):
        raise TypeError("only quantum and deterministic boxes have moments")
    held = ((box.outcomes[p][s], outcome) for p, s, outcome in word)
    return Fraction(prod((1 - 2 * o) if outcome is None else int(o == outcome) for o, outcome in held))


def columns(question: Question, box: Box) -> list[list[Fraction]]:
    """Return P(o|s) by setting."""
    if isinstance(box, Quantum):
        return [chances(box, settings) for settings in question.scenario.joint_settings]
    numerators, unit = table(question.scenario, box)
    return [[Fraction(int(value), unit) for value in column] for column in numerators.T]
