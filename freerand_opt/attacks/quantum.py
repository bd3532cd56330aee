r"""Lower ends for quantum devices: explicit states and measurements, with the source's distributions.

The relaxation's multipliers charge each test, so that for each guess label the best box maximises

.. math:: \sum_s t(s) \sum_o q(o|s) \Bigl( c(o, s) - \sum_i z_i f_i(o, s) \Bigr);

a see-saw seeks it, for the distributions t of the relaxation's own solution. An exact program over
the boxes found, all deterministic boxes and the family's known strategy then chooses weights and
distributions. It works on rounded tables and slightly stricter tests; the attack holds the states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, lcm
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks import candidates
from freerand_opt.attacks.candidates import LARGER, Charges
from freerand_opt.attacks.repair import repaired
from freerand_opt.attacks.zeros import best_single, concerns
from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import point
from freerand_opt.certificates.worth import angles_score, columns, condition_values, evaluated
from freerand_opt.model.question import Question, Test
from freerand_opt.model.source import Uniform
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.boxes import (
    Angles,
    Box,
    Table,
    all_deterministic,
    deterministic_count,
    rounded,
)
from freerand_opt.programs.conditions import MOMENT_PATTERN
from freerand_opt.programs.known import known_angles, known_strategy
from freerand_opt.programs.observation import TEST_PATTERN, in_order, test_indices
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.quantum_box import Quantum, chances
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.strategies import by_boxes


@dataclass(frozen=True, eq=False)
class Found:
    """An attack, its exact value, and the charges of the program that chose it."""

    attack: tuple[Strategy, ...]
    value: Fraction
    charges: Charges


Run: TypeAlias = Callable[[ConicProgram, float | None], Solution]
MAX_DETERMINISTIC = 256
#: Rounds of new boxes at the last program's charges, and of those how many may gain nothing in a row.
MAX_ROUNDS = 8
MAX_STALLED = 3
#: The gap at which an attack is good enough.
CLOSE = 1e-9
#: By how much tests are made stricter, tried in this order, before tables are rounded.
MARGINS = (Fraction(0), Fraction(1, 2**42), Fraction(1, 2**36), Fraction(1, 2**28), Fraction(1, 2**20))
#: An attack's value with more bits than this is rounded down to so many.
WORTH_BITS = 256
#: What is charged for a test that holds wherever its zeros do, and has no row in the relaxation.
MOST = candidates.CAPS[-1]
#: Bits of the tables on which weights are chosen.
TABLE_BITS = 42


def search(
    question: Question, above: MomentStrategies, primal: FloatArray, multipliers: FloatArray, run: Run
) -> tuple[tuple[Strategy, ...], Exact | None]:
    """Return the best attack found and its value (None if there is none)."""
    conditions = question.adversary.moments
    limit = float(above.program.objective.floats() @ primal)
    plain = isinstance(question.source, Uniform) and question.ask.functional is not None
    if plain and not question.tests and not conditions:
        return best_box(question, limit)
    program = above.program
    charges = Charges(
        [MOST if held is None else program.charge(multipliers, *held) for held in above.test_rows],
        [program.charge(multipliers, *held) for held in above.moment_rows],
        candidates.settings_charges(question, above.program, multipliers),
    )
    masses = candidates.slices(above, primal)
    known = known_strategy(question.scenario)
    boxes: dict[Box, None] = {} if known is None else {known: None}
    boxes.update(dict.fromkeys(candidates.boxes(question, charges, masses)))
    alone: tuple[tuple[Strategy, ...], Fraction | None] = ((), None)
    if concerns(question):
        alone = best_single(question, [*boxes, *candidates.milder(question, charges)])
        if alone[1] is not None and float(alone[1]) > limit - CLOSE:
            return alone
    if deterministic_count(question.scenario) <= MAX_DETERMINISTIC:
        boxes.update(dict.fromkeys(all_deterministic(question.scenario)))
    best: Found | None = None
    stalled = 0
    for attempt in range(MAX_ROUNDS):
        found = next(filter(None, (_solved(question, list(boxes), m, run) for m in MARGINS)), None)
        found = found or _solved(question, list(_passing(question, boxes)), Fraction(0), run)
        if found is None:
            break
        # other random starts, and larger spaces, may still find what the last ones missed
        stalled = 0 if best is None or found.value > best.value + Fraction(1, 2**36) else stalled + 1
        best = found if best is None or found.value > best.value else best
        if float(best.value) > limit - CLOSE or stalled == MAX_STALLED:
            break
        boxes.update(dict.fromkeys(candidates.boxes(question, best.charges, masses, attempt + 1)))
    if best is None or (alone[1] is not None and alone[1] > best.value):
        return alone
    return best.attack, best.value


def _passing(question: Question, boxes: Iterable[Box]) -> Iterator[Box]:
    """Yield the boxes that pass all tests alone: so does every mixture, even of tests without any slack."""
    weights = question.setting_weights()
    if weights is not None:
        yield from (box for box in boxes if evaluated(question, (Strategy(weights, box),)) is not None)


def best_box(question: Question, limit: float) -> tuple[tuple[Strategy, ...], Exact | None]:
    """Return the best attack found on a score without tests, settings uniform, and its value.

    `limit` bounds the value; a see-saw, in larger and larger spaces, is tried while the best is below it.
    """
    settings = question.scenario.shape[1]
    uncharged, even = Charges([], [], np.zeros(settings)), [(0, np.ones(settings))]
    known = known_angles(question.scenario) or known_strategy(question.scenario)
    boxes: list[Box] = [] if known is None else [known]
    if deterministic_count(question.scenario) <= MAX_DETERMINISTIC:
        boxes += all_deterministic(question.scenario)  # exact where nothing quantum helps
    best: tuple[Exact, Box] | None = None
    for attempt in range(-1, len(LARGER) + 1):
        if attempt > 0 and not candidates.sizes(question, attempt):
            break
        if attempt >= 0:
            boxes = list(candidates.boxes(question, uncharged, even, attempt))
        for box in boxes:
            value = _value(question, box) * question.ask.sign
            if best is None or compare(value, best[0]) > 0:
                best = value, box
        if best is not None and float(best[0]) > limit - CLOSE:
            break
    if best is None:
        return (), None
    value = best[0]
    if isinstance(value, Fraction) and value.denominator.bit_length() > WORTH_BITS:
        # what is claimed may be less than what is reached
        value = Fraction(floor(value * 2**WORTH_BITS), 2**WORTH_BITS)
    return (Strategy((Fraction(1, settings),) * settings, best[1]),), value


def _value(question: Question, box: Box) -> Exact:
    if isinstance(box, Angles):
        return angles_score(question, box)
    assert question.ask.functional is not None
    total = Fraction(0)
    known = {} if isinstance(box, Quantum) else dict(enumerate(columns(question, box)))
    joint = Fraction(1, question.scenario.shape[1]) if question.ask.functional.on == "joint" else Fraction(1)
    for o, s, factor in question.ask.functional.terms:
        if isinstance(box, Quantum) and s not in known:
            known[s] = chances(box, question.scenario.joint_settings[s])
        total += factor * known[s][o] * joint
    return total


def _solved(question: Question, boxes: Sequence[Box], margin: Fraction, run: Run) -> Found | None:
    """Return an attack that passes all tests exactly, and what its program charges, or None."""
    kept: dict[tuple[Box, tuple[Fraction, ...]], Box] = {}
    for box in boxes:
        held = _table(question, box)
        if held is not None:
            kept.setdefault((held, condition_values(question, box)), box)
    if not kept:
        return None
    named = [replace(held, label=str(place)) for place, (held, _) in enumerate(kept)]
    values = list(zip(*(own for _, own in kept), strict=True))
    made = by_boxes(question, named, scores=_inner(question.tests, margin), moments=values)
    solution = run(made.program, None)
    x = point(made.program, solution)
    if x is None:
        return None
    true = list(kept.values())
    attack = tuple(replace(s, box=true[int(s.box.label)]) for s in strategies(question, made, x))
    attack = repaired(question, attack, true)
    value = evaluated(question, attack)
    if value is None:
        return None

    def charged(pattern: str, scales: Sequence[int]) -> list[float]:
        rows = test_indices(made.program, pattern)
        pairs = zip(rows, scales, strict=True)
        return [made.program.charge(solution.multipliers, row, scale) for row, scale in pairs]

    charges = Charges(
        in_order(question.tests, charged(TEST_PATTERN, made.test_scales)),
        in_order(question.adversary.moments, charged(MOMENT_PATTERN, made.moment_scales)),
        candidates.settings_charges(question, made.program, solution.multipliers),
    )
    return Found(attack, value, charges)


def _table(question: Question, box: Box) -> Box | None:
    """Return a box whose table has small integers: itself, or a rounded no-signalling table."""
    if not isinstance(box, Quantum):
        return box
    joint = question.scenario.joint_settings
    columns = [chances(box, settings) for settings in joint]
    unit = lcm(*(value.denominator for column in columns for value in column))
    outcomes = question.scenario.shape[0]
    numerators = [int(column[o] * unit) for o in range(outcomes) for column in columns]
    found = rounded(question.scenario, Table(tuple(numerators), unit), TABLE_BITS)
    for bits in range(TABLE_BITS - 4, TABLE_BITS - 10, -1):
        if found is not None:
            break
        # a probability of 0 may be rounded below 0: a little noise first
        noisy = tuple(value * outcomes * (2**bits - 1) + unit for value in numerators)
        found = rounded(question.scenario, Table(noisy, unit * outcomes * 2**bits), TABLE_BITS)
    return found


def _inner(tests: Sequence[Test], margin: Fraction) -> list[Exact]:
    return [round_up(t.score) + margin if t.relation == ">=" else round_down(t.score) - margin for t in tests]
