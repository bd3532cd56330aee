"""What an attack is worth, exactly: whether it passes the tests, and the value that it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from freerand_opt.certificates.attack import Strategy
from freerand_opt.exact import compare
from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Question
from freerand_opt.programs.boxes import Box, table
from freerand_opt.programs.guesses import label_values
from freerand_opt.programs.quantum_box import Quantum, chances


def evaluated(question: Question, found: Sequence[Strategy]) -> Fraction | None:
    """Return the exact value of an attack, or None if it fails a test."""
    scenario, ask = question.scenario, question.ask
    settings = scenario.shape[1]
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

    for test in question.tests:
        order = compare(score(test.functional), test.score)
        if (order > 0 and test.relation != ">=") or (order < 0 and test.relation != "<="):
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


def columns(question: Question, box: Box) -> list[list[Fraction]]:
    """Return P(o|s) by setting."""
    if isinstance(box, Quantum):
        return [chances(box, settings) for settings in question.scenario.joint_settings]
    numerators, unit = table(question.scenario, box)
    return [[Fraction(int(value), unit) for value in column] for column in numerators.T]
