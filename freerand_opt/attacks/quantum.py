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

from freerand_opt.attacks.repair import in_order, priced_words, repaired
from freerand_opt.attacks.zeros import best_single, forbidden
from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import point
from freerand_opt.certificates.worth import angles_score, columns, condition_values, evaluated
from freerand_opt.exact import Exact, compare, round_down, round_up
from freerand_opt.model.question import Question, Test
from freerand_opt.model.source import Uniform
from freerand_opt.programs.boxes import (
    Angles,
    Box,
    Table,
    all_deterministic,
    deterministic_count,
    rounded,
)
from freerand_opt.programs.conditions import MOMENT_PATTERN
from freerand_opt.programs.guesses import functional_table, label_values
from freerand_opt.programs.known import known_angles, known_strategy
from freerand_opt.programs.observation import (
    OBSERVED_PATTERN,
    TEST_PATTERN,
    objective_factors,
    test_indices,
    test_shares,
)
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.quantum_box import Quantum, chances
from freerand_opt.programs.seesaw import best_strategy
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.strategies import by_boxes
from freerand_opt.programs.support import best_distribution


@dataclass(frozen=True, eq=False)
class Charges:
    """What is charged for a unit of a test's score or a condition's sum, as <=, and for mass at settings."""

    tests: list[float]
    moments: list[float]
    settings: FloatArray


@dataclass(frozen=True, eq=False)
class Found:
    """An attack, its exact value, and the charges of the program that chose it."""

    attack: tuple[Strategy, ...]
    value: Fraction
    charges: Charges


Run: TypeAlias = Callable[[ConicProgram, float | None], Solution]
MAX_DETERMINISTIC = 256
#: Rounds of new boxes at the last program's charges, and turns of box and distribution in each.
MAX_ROUNDS = 8
MAX_STALLED = 3
TURNS = 4
#: The gap at which an attack is good enough.
CLOSE = 1e-9
#: Random starts of a see-saw for each label and dimension.
STARTS = 4
#: Charges of a test are cut to these where it allows no error.
CAPS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0)
#: By how much tests are made stricter, tried in this order, before tables are rounded.
MARGINS = (Fraction(0), Fraction(1, 2**34), Fraction(1, 2**28), Fraction(1, 2**20))
#: An attack's value with more bits than this is rounded down to so many.
WORTH_BITS = 256
#: Bits of the tables on which weights are chosen.
TABLE_BITS = 32
#: Local dimensions that are tried while a gap remains, up to a joint dimension.
LARGER = (3, 4)
MAX_JOINT = 64
#: Settings and outcomes beyond which no see-saw is tried.
MAX_CELLS = 4096


def search(
    question: Question, above: MomentStrategies, primal: FloatArray, multipliers: FloatArray, run: Run
) -> tuple[tuple[Strategy, ...], Exact | None]:
    """Return the best attack found and its value (None if there is none)."""
    conditions = question.adversary.moments
    limit = float(above.program.objective.floats() @ primal)
    plain = isinstance(question.source, Uniform) and question.ask.functional is not None
    if plain and not question.tests and not conditions:
        return best_box(question, limit)
    charges = Charges(
        in_order(question.tests, [float(multipliers[row] * scale) for row, scale in above.test_rows]),
        in_order(conditions, [float(multipliers[row] * scale) for row, scale in above.moment_rows]),
        _settings_charges(question, above.program, multipliers),
    )
    masses = list(_slices(above, primal))
    known = known_strategy(question.scenario)
    boxes: dict[Box, None] = {} if known is None else {known: None}
    boxes.update(dict.fromkeys(_boxes(question, charges, masses)))
    alone = best_single(question, [*boxes, *_milder(question, charges, masses)])
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
        boxes.update(dict.fromkeys(_boxes(question, best.charges, masses, attempt + 1)))
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
    best: tuple[Exact, Box] | None = None
    for attempt in range(-1, len(LARGER) + 1):
        if attempt > 0 and not _sizes(question, attempt):
            break
        if attempt >= 0:
            boxes = list(_boxes(question, uncharged, even, attempt))
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


def _sizes(question: Question, attempt: int) -> list[int]:
    """Return the dimensions that are tried beside those of the first attempt, where they may help."""
    scenario = question.scenario
    # two settings with two outcomes need qubits alone (Jordan's lemma), if no words of one party count
    if max(*scenario.settings, *scenario.outcomes) <= 2 and not question.adversary.moments:
        return []
    size = LARGER[attempt - 1] if 0 < attempt <= len(LARGER) else 0
    return [size] if 0 < size ** len(scenario.settings) <= MAX_JOINT else []


def _value(question: Question, box: Box) -> Exact:
    if isinstance(box, Angles):
        return angles_score(question, box)
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


def _slices(above: MomentStrategies, primal: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    """Yield (label, distribution) for the source distributions that the relaxation's solution uses."""
    weights = primal.reshape(above.labels, len(above.cone.names), -1)[:, :, 0]
    for g, held in enumerate(weights):
        if not above.cone.vertices:
            mass = held[above.cone.leaf]
            yield g, mass if mass.sum() > 1e-9 else np.ones(len(mass))
            continue
        for v, vertex in enumerate(above.cone.vertices):
            if held[above.cone.weights + v] > 1e-7:
                yield g, np.array([float(mass) for mass in vertex])


def _boxes(
    question: Question, charges: Charges, masses: Sequence[tuple[int, FloatArray]], seed: int = 0
) -> Iterator[Box]:
    """Yield for each guess label the best box at these charges; box and distribution take turns."""
    outcomes, settings = question.scenario.shape
    if outcomes * settings > MAX_CELLS:
        return
    parties = len(question.scenario.settings)
    smallest = max(question.scenario.outcomes)
    prices = list(_prices(question, charges))
    for g, mass in masses:
        for size in _sizes(question, seed) or sorted({2, smallest}):
            worth, held = prices[g], mass
            for _ in range(TURNS):
                gains = worth * held[None, :]
                words = priced_words(question, charges.moments, float(held.mean()))
                found = best_strategy(
                    question.scenario, gains, (size,) * parties, starts=STARTS, seed=seed, words=words
                )
                if found is None:
                    break
                yield found[0]
                if isinstance(question.source, Uniform):
                    break
                table = np.array([[float(p) for p in column] for column in columns(question, found[0])]).T
                worths = (worth * table).sum(axis=0)
                exact = [Fraction(round(float(v) * 2**40), 2**40) for v in worths]
                best = best_distribution(question.source, question.scenario, exact)
                fresh = np.array([float(v) for v in best])
                if np.allclose(fresh, held, atol=1e-9):
                    break
                held = fresh


def _milder(question: Question, charges: Charges, masses: Sequence[tuple[int, FloatArray]]) -> Iterator[Box]:
    """Yield boxes at smaller charges where a test allows no error: at large ones a see-saw hardly moves."""
    if forbidden(question):
        for most in CAPS:
            capped = replace(charges, tests=[min(charge, most) for charge in charges.tests])
            yield from _boxes(question, capped, masses)


def _prices(question: Question, charges: Charges) -> Iterator[FloatArray]:
    """Yield for each guess label what an outcome at a setting earns, less what it is charged."""
    labels, denominator = label_values(question)
    charged = np.zeros(question.scenario.shape) + charges.settings[None, :]
    for test, charge in zip(question.tests, charges.tests, strict=True):
        factors, unit = functional_table(question.scenario, test.functional.terms)
        sign = -1 if test.relation == ">=" else 1
        shares = np.array([float(share) for share in test_shares(question, test)])
        charged += sign * charge * factors / unit * shares[None, :]
    factors = np.array([float(factor) for factor in objective_factors(question)])
    for worth in labels:
        yield worth / denominator * factors[None, :] - charged


def _settings_charges(question: Question, program: ConicProgram, multipliers: FloatArray) -> FloatArray:
    """Return what the rows of the observed settings charge for a unit of mass at each setting."""
    settings = question.scenario.shape[1]
    start = 0
    for labels in program.row_labels:
        if labels.pattern == OBSERVED_PATTERN and len(labels) == settings and question.settings != "free":
            rows = program.matrix[start : start + settings]
            # each row has equal entries, the factor by which it was made whole
            return np.asarray(multipliers[start : start + settings] * rows.data[rows.indptr[:-1]])
        start += len(labels)
    return np.zeros(settings)


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
        return [float(solution.multipliers[row] * scale) for row, scale in zip(rows, scales, strict=True)]

    charges = Charges(
        in_order(question.tests, charged(TEST_PATTERN, made.test_scales)),
        in_order(question.adversary.moments, charged(MOMENT_PATTERN, made.moment_scales)),
        _settings_charges(question, made.program, solution.multipliers),
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
