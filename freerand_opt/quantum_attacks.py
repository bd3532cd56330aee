r"""Lower ends for quantum devices: explicit states and measurements, with the source's distributions.

The relaxation's multipliers charge each test, so that for each guess label the best box maximises

.. math:: \sum_s t(s) \sum_o q(o|s) \Bigl( c(o, s) - \sum_i z_i f_i(o, s) \Bigr);

a see-saw seeks it, for the distributions t of the relaxation's own solution. An exact program over
the boxes found, all deterministic boxes and the family's known strategy then chooses weights and
distributions. It works on rounded tables and slightly stricter tests; the attack holds the states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import numpy as np

from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import point
from freerand_opt.exact import Exact, compare, round_down, round_up
from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Question, Test
from freerand_opt.model.source import Uniform
from freerand_opt.programs.boxes import (
    Box,
    Quantum,
    Table,
    all_deterministic,
    chances,
    deterministic_count,
    rounded,
    table,
)
from freerand_opt.programs.guesses import functional_table, label_values
from freerand_opt.programs.known import known_strategy
from freerand_opt.programs.observation import test_shares
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.seesaw import best_strategy
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.strategies import by_boxes

Run: TypeAlias = Callable[[ConicProgram, float | None], Solution]
MAX_DETERMINISTIC = 256
#: Random starts of a see-saw for each label and dimension.
STARTS = 4
#: By how much tests are made stricter, tried in this order, before tables are rounded.
MARGINS = (Fraction(0), Fraction(1, 2**34), Fraction(1, 2**28), Fraction(1, 2**20))
#: Bits of the tables on which weights are chosen.
TABLE_BITS = 32
#: Settings and outcomes beyond which no see-saw is tried.
MAX_CELLS = 4096


def search(
    question: Question, above: MomentStrategies, primal: FloatArray, multipliers: FloatArray, run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best attack found and its value (None if there is none)."""
    found = list(_boxes(question, above, primal, multipliers))
    if isinstance(question.source, Uniform) and question.ask.functional is not None and not question.tests:
        return _best_of(question, found)
    if deterministic_count(question.scenario) <= MAX_DETERMINISTIC:
        found += list(all_deterministic(question.scenario))
    named = [replace(box, label=box.label or f"box {place}") for place, box in enumerate(found)]
    for margin in MARGINS:
        best = _solved(question, named, margin, run)
        if best is not None:
            return best
    return (), None


def _best_of(question: Question, boxes: Sequence[Box]) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the single box with the best score; settings are uniform."""
    settings = question.scenario.shape[1]
    best: tuple[Fraction, Box] | None = None
    for box in boxes:
        value = _value(question, box) * question.ask.sign
        if best is None or value > best[0]:
            best = value, box
    if best is None:
        return (), None
    return (Strategy((Fraction(1, settings),) * settings, best[1]),), best[0]


def _value(question: Question, box: Box) -> Fraction:
    assert isinstance(box, Quantum)
    assert question.ask.functional is not None
    total = Fraction(0)
    known: dict[int, list[Fraction]] = {}
    joint = Fraction(1, question.scenario.shape[1]) if question.ask.functional.on == "joint" else Fraction(1)
    for o, s, factor in question.ask.functional.terms:
        if s not in known:
            known[s] = chances(box, question.scenario.joint_settings[s])
        total += factor * known[s][o] * joint
    return total


# ------------------------------------------------------------------ boxes


def _boxes(
    question: Question, above: MomentStrategies, primal: FloatArray, multipliers: FloatArray
) -> Iterator[Box]:
    known = known_strategy(question.scenario)
    if known is not None:
        yield known
    outcomes, settings = question.scenario.shape
    if outcomes * settings > MAX_CELLS:
        return
    masses = primal.reshape(above.labels, len(above.cone.names), -1)[:, above.cone.leaf, 0]
    smallest = max(question.scenario.outcomes)
    dimensions = {(d,) * len(question.scenario.settings) for d in (2, smallest)}
    for worth, mass in zip(_prices(question, above, multipliers), masses, strict=True):
        for size in sorted(dimensions):
            found = best_strategy(question.scenario, worth * mass[None, :], size, starts=STARTS)
            if found is not None:
                yield found[0]


def _prices(question: Question, above: MomentStrategies, multipliers: FloatArray) -> Iterator[FloatArray]:
    """Yield for each guess label what an outcome at a setting earns, less what the tests charge."""
    labels, denominator = label_values(question)
    charged = np.zeros(question.scenario.shape)
    for test, row in zip(question.tests, above.test_rows, strict=True):
        factors, unit = functional_table(question.scenario, test.functional.terms)
        sign = -1 if test.relation == ">=" else 1
        shares = np.array([float(share) for share in test_shares(question, test)])
        charged += sign * multipliers[row[0]] * row[1] * factors / unit * shares[None, :]
    ask = question.ask
    here = question.scenario.setting_index(ask.at) if isinstance(ask.at, tuple) else None
    settings = question.scenario.shape[1]
    for worth in labels:
        gains = worth / denominator
        if here is None and (ask.functional is None or ask.functional.on == "joint"):
            gains = gains / settings
        yield gains - charged


def _solved(
    question: Question, boxes: Sequence[Box], margin: Fraction, run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None] | None:
    """Return an attack that passes all tests exactly, or None."""
    pairs = [(box, _table(question, box)) for box in boxes]
    kept = [(box, held) for box, held in pairs if held is not None]
    if not kept:
        return None
    made = by_boxes(question, [held for _, held in kept], scores=_inner(question.tests, margin))
    solution = run(made.program, None)
    x = point(made.program, solution)
    if x is None:
        return None
    true = {held: box for box, held in kept if isinstance(held, Table)}
    found = tuple(
        replace(s, box=true[s.box]) if isinstance(s.box, Table) else s
        for s in strategies(question, made, x)
    )
    value = evaluated(question, found)
    return None if value is None else (found, value)


def _table(question: Question, box: Box) -> Box | None:
    """Return a box whose table has small integers: itself, or a rounded no-signalling table."""
    if not isinstance(box, Quantum):
        return box
    joint = question.scenario.joint_settings
    columns = [chances(box, settings) for settings in joint]
    unit = lcm(*(value.denominator for column in columns for value in column))
    numerators = tuple(int(column[o] * unit) for o in range(question.scenario.shape[0]) for column in columns)
    return rounded(question.scenario, Table(numerators, unit), TABLE_BITS)


def _inner(tests: Sequence[Test], margin: Fraction) -> list[Exact]:
    return [
        round_up(t.score) + margin if t.relation == ">=" else round_down(t.score) - margin for t in tests
    ]


# ------------------------------------------------------------------ what an attack is worth


def evaluated(question: Question, found: Sequence[Strategy]) -> Fraction | None:
    """Return the exact value of an attack, or None if it fails a test."""
    scenario, ask = question.scenario, question.ask
    outcomes, settings = scenario.shape
    columns = [_columns(question, strategy.box) for strategy in found]
    joint: dict[tuple[int, int], Fraction] = {}
    seen = [sum((strategy.masses[s] for strategy in found), Fraction(0)) for s in range(settings)]
    for strategy, box in zip(found, columns, strict=True):
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
    for strategy, box in zip(found, columns, strict=True):
        worths = [
            sum(
                int(worth[o, s]) * strategy.masses[s] * box[s][o]
                for o, s in np.argwhere(worth).tolist()
            )
            for worth in labels
        ]
        total += max(worths) / denominator
    here = scenario.setting_index(ask.at) if isinstance(ask.at, tuple) else None
    return total if here is None else total / seen[here]


def _columns(question: Question, box: Box) -> list[list[Fraction]]:
    """Return P(o|s) by setting."""
    if isinstance(box, Quantum):
        return [chances(box, settings) for settings in question.scenario.joint_settings]
    numerators, unit = table(question.scenario, box)
    return [[Fraction(int(value), unit) for value in column] for column in numerators.T]
