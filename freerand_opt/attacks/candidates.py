"""Quantum boxes that may serve an attack: the best ones that a see-saw finds at given charges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from freerand_opt.attacks.repair import priced_words
from freerand_opt.attacks.zeros import forbidden
from freerand_opt.certificates.worth import columns
from freerand_opt.model.question import Question
from freerand_opt.model.source import Uniform
from freerand_opt.programs.arrays import quotients
from freerand_opt.programs.boxes import Box
from freerand_opt.programs.guesses import float_worths, functional_table
from freerand_opt.programs.observation import OBSERVED_PATTERN, objective_factors, test_shares
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.quantum_box import Quantum
from freerand_opt.programs.seesaw import best_strategy
from freerand_opt.programs.support import best_distribution

#: Turns of box and distribution.
TURNS = 4
#: Random starts of a see-saw for each label and dimension.
STARTS = 4
#: Distributions and labels for which see-saws are run; functions of the settings may be hundreds of labels.
MAX_SLICES = 32
#: Charges of a test are cut to these where it allows no error.
CAPS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0)
#: Local dimensions that are tried while a gap remains, up to a joint dimension.
LARGER = (3, 4)
MAX_JOINT = 64
#: Settings and outcomes beyond which no see-saw is tried.
MAX_CELLS = 4096


@dataclass(frozen=True, eq=False)
class Charges:
    """What is charged for a unit of a test's score or a condition's sum, as <=, and for mass at settings."""

    tests: list[float]
    moments: list[float]
    settings: FloatArray


def slices(above: MomentStrategies, primal: FloatArray) -> list[tuple[int, FloatArray]]:
    """Return (label, distribution) for the source distributions that the relaxation's solution uses.

    Of more than `MAX_SLICES` those with the largest weights.
    """
    found = list(_slices(above, primal))
    if len(found) > MAX_SLICES:
        found.sort(key=lambda item: -item[0])
    return [(g, mass) for _, g, mass in found[:MAX_SLICES]]


def _slices(above: MomentStrategies, primal: FloatArray) -> Iterator[tuple[float, int, FloatArray]]:
    weights = primal.reshape(above.labels, len(above.cone.names), -1)[:, :, 0]
    for g, held in enumerate(weights):
        if not above.cone.vertices:
            mass = held[above.cone.leaf]
            size = float(mass.sum())
            yield size, g, mass if size > 1e-9 else np.ones(len(mass))
            continue
        for v, vertex in enumerate(above.cone.vertices):
            size = float(held[above.cone.weights + v])
            if size > 1e-7:
                yield size, g, np.array([float(mass) for mass in vertex])


def boxes(
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
        for size in sizes(question, seed) or sorted({2, smallest}):
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


def milder(question: Question, charges: Charges) -> Iterator[Box]:
    """Yield boxes at growing charges where a test allows no error: a climb starts from the last one's end.

    At large charges a see-saw from a random start hardly moves. Settings are uniform, and a score is asked.
    """
    parties = len(question.scenario.settings)
    for size in sorted({2, max(question.scenario.outcomes)}) if forbidden(question) else ():
        near: Quantum | None = None
        for most in CAPS:
            capped = replace(charges, tests=[min(charge, most) for charge in charges.tests])
            (gains,) = _prices(question, capped)
            found = best_strategy(question.scenario, gains, (size,) * parties, starts=STARTS, near=near)
            if found is None:
                return
            near = found[0]
            yield near


def _prices(question: Question, charges: Charges) -> Iterator[FloatArray]:
    """Yield for each guess label what an outcome at a setting earns, less what it is charged."""
    charged = np.zeros(question.scenario.shape) + charges.settings[None, :]
    for test, charge in zip(question.tests, charges.tests, strict=True):
        factors = quotients(*functional_table(question.scenario, test.functional.terms))
        sign = -1 if test.relation == ">=" else 1
        shares = np.array([float(share) for share in test_shares(question, test)])
        charged += sign * charge * factors * shares[None, :]
    factors = np.array([float(factor) for factor in objective_factors(question)])
    for worth in float_worths(question):
        yield worth * factors[None, :] - charged


def settings_charges(question: Question, program: ConicProgram, multipliers: FloatArray) -> FloatArray:
    """Return what the rows of the observed settings charge for a unit of mass at each setting."""
    settings = question.scenario.shape[1]
    start = 0
    for labels in program.row_labels:
        if labels.pattern == OBSERVED_PATTERN and len(labels) == settings and question.settings != "free":
            rows = program.float_matrix[start : start + settings]
            # each row has equal entries, the factor by which it was made whole
            return np.asarray(multipliers[start : start + settings] * rows.data[rows.indptr[:-1]])
        start += len(labels)
    return np.zeros(settings)


def sizes(question: Question, attempt: int) -> list[int]:
    """Return the dimensions that are tried beside those of the first attempt, where they may help."""
    scenario = question.scenario
    # two settings with two outcomes need qubits alone (Jordan's lemma), if no words of one party count
    if max(*scenario.settings, *scenario.outcomes) <= 2 and not question.adversary.moments:
        return []
    size = LARGER[attempt - 1] if 0 < attempt <= len(LARGER) else 0
    return [size] if 0 < size ** len(scenario.settings) <= MAX_JOINT else []
