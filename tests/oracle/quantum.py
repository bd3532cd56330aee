r"""Quantum strategies in floats, from which questions about quantum devices are made.

For each vertex of the source with a weight the adversary holds a pure state and projective measurements,

.. math:: P_w(o|s) = \langle\psi_w| \bigotimes_p M^p_{o_p|s_p} |\psi_w\rangle ;

tests ask for a little less than what all of them show together, so the strategy passes, and what it reaches
is never above the right answer. Random strategies are far from the best one; a see-saw brings one of them
to the largest score of a random functional, where relaxations are in trouble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, prod
from random import Random

import numpy as np

from tests.oracle import scenario as scenarios
from tests.oracle.draw import draw_ask, draw_settings
from tests.oracle.number import Number, exactly, share
from tests.oracle.question import Ask, Functional, Question, Test
from tests.oracle.scenario import Scenario
from tests.oracle.source import ENCODINGS, Source, vertices
from tests.oracle.states import Array, measured_box
from tests.oracle.testing import draw_functional
from tests.oracle.worth import Table, guess_tables

#: (how often, family or (settings, outcomes), level).
SCENARIOS: tuple[tuple[int, str | tuple[tuple[int, ...], tuple[int, ...]], str], ...] = (
    (6, "chsh", "1 + A B"),
    (2, "chsh", "1"),
    (5, ((2, 2), (2, 2)), "1 + A B"),
    (2, ((2, 3), (2, 2)), "1 + A B"),
    (2, "i3322", "1"),
    (1, "i3322", "1 + A B"),
    (2, ((2, 2), (3, 2)), "1 + A B"),
    (1, "cglmp d = 3", "1 + A B"),
    (1, "ghz M = 3", "local 1"),
    (1, ((2, 2, 1), (2, 2, 2)), "local 1"),
)
#: What a test asks for less than is shown: powers of ten, relative to the functional's size.
MARGINS = (-2, -3, -4, -6)


@dataclass(frozen=True)
class Inside:
    """A question about quantum devices, and what a strategy that passes its tests reaches.

    `reached` is None where no strategy can pass: the tests are beyond the quantum maximum.
    """

    question: Question
    reached: float | None


def inside(seed: int) -> Inside:
    """Return the question of a seed."""
    random = Random(f"quantum {seed}")
    floats = np.random.default_rng(random.randrange(2**63))
    _, chosen, level = random.choices(SCENARIOS, [often for often, _, _ in SCENARIOS])[0]
    scenario = scenarios.of_family(chosen) if isinstance(chosen, str) else Scenario(*chosen)
    source = _source(random, scenario)
    points = vertices(source, scenario)
    weights = None
    while weights is None:
        weights, settings = draw_settings(random, scenario, source, points, "small")
    told = "nothing" if random.random() < 0.2 else "settings"
    question = Question(scenario, source, settings, "quantum", (), Ask("strategy"), told, level)
    question = replace(question, ask=draw_ask(random, question, "small"))
    if (
        scenario.family == "chsh"
        and settings == "uniform"
        and source.kind == "uniform"
        and random.random() < 0.2
    ):
        return Inside(_beyond(random, question), None)
    goal = _goal(random, question)
    asked = question.ask.functional
    seek_asked = asked is not None and random.random() < 0.6
    sign = -1 if seek_asked and question.ask.extreme == "smallest" else 1
    sought = asked if asked is not None and seek_asked else goal
    held, masses = _strategies(random, floats, question, points, weights, sought, sign)
    tests = _tests(random, question, held, masses, goal)
    if question.ask.quantity == "strategy" and not tests:
        return inside(seed + 1)
    return Inside(replace(question, tests=tests), _reached(question, held, masses))


def _goal(random: Random, question: Question) -> Functional:
    """Return the functional of the first test; mostly of all full correlators, which say much."""
    scenario = question.scenario
    whole = question.settings != "free" and set(scenario.outcomes) == {2} and all(question.weights or ())
    if not whole or random.random() < 0.35:
        single = question.settings == "free"
        return draw_functional(random, question, "small", "conditional", single=single)
    # correlators with the sign of CHSH where the first two parties both measure 1, up to flips of outcomes
    flips = [[random.choice((-1, 1)) for _ in range(size)] for size in scenario.settings]
    terms = {}
    for x in scenario.joint_settings:
        words = [f"{letter}{setting}" for letter, setting in zip(scenario.parties, x, strict=True)]
        sign = prod(own[setting] for own, setting in zip(flips, x, strict=True)) * (-1) ** (x[:2] == (1, 1))
        terms[f"<{' '.join(words)}>"] = exactly(sign * random.choice((1, 1, 1, Fraction(2, 3))))
    if random.random() < 0.3:
        terms["<A0>"] = exactly(Fraction(random.randint(1, 5), 10))
    return Functional(tuple(terms.items()))


def _source(random: Random, scenario: Scenario) -> Source:
    """Return a uniform source, or one with few vertices."""
    binary = set(scenario.settings) <= {1, 2}
    epsilon = exactly(share(random, "small").low / random.choice((4, 10, 40)))
    kind = random.choices(("uniform", "santha-vazirani", "mixture", "independent"), (14, 2, 1, 1))[0]
    if kind == "uniform" or not binary or len(scenario.settings) > 2:
        return Source("uniform")
    part = Source("santha-vazirani", (epsilon,))
    if kind == "mixture":
        return Source(kind, parts=(part, Source("uniform")))
    return Source(kind, (epsilon,), bits=ENCODINGS[0])


def _beyond(random: Random, question: Question) -> Question:
    """Return the question with a CHSH score that is a little above 2 sqrt 2 = 2.828427..."""
    score = exactly(random.choice(("2.8285", "2.829", "2.83", "2.832", "2.9")))
    return replace(question, tests=(Test(Functional(name="chsh"), ">=", score),))


# ------------------------------------------------------------------ strategies


def _strategies(
    random: Random,
    floats: np.random.Generator,
    question: Question,
    points: Sequence[Sequence[Fraction]],
    weights: Sequence[Fraction],
    sought: Functional,
    sign: int,
) -> tuple[list[Array], list[Array]]:
    """Return (boxes P_w[o, s], masses P(w, s)) of a few values of W.

    The first box for each vertex has a large score of the functional sought, times the sign, or is random.
    """
    scenario = question.scenario
    wanted = np.zeros(scenario.shape)
    for (o, s), value in sought.coefficients(scenario).items():
        wanted[o, s] = sign * float(value)
    held, masses = [], []
    for weight, point in zip(weights, points, strict=True):
        if not weight:
            continue
        for turn, part in enumerate(random.choice(((1.0,), (1.0,), (0.97, 0.03), (0.6, 0.3, 0.1)))):
            tries = 3 if turn == 0 and random.random() < 0.9 else 0
            held.append(measured_box(random, floats, scenario, wanted, tries))
            masses.append(float(weight) * part * np.array(point, dtype=float))
    return held, masses


# ------------------------------------------------------------------ tests and what is reached


def _tests(
    random: Random, question: Question, held: Sequence[Array], masses: Sequence[Array], goal: Functional
) -> tuple[Test, ...]:
    """Return tests that the strategy passes with a small margin."""
    scenario = question.scenario
    shown = sum(box * mass for box, mass in zip(held, masses, strict=True))
    given = shown / np.maximum(sum(masses), 1e-12)
    found = []
    fewest = int(question.ask.functional is None)
    for turn in range(random.choice((fewest, 1, 1, 2))):
        single = question.settings == "free"
        functional = (
            goal if turn == 0 else draw_functional(random, question, "small", "conditional", single=single)
        )
        terms = functional.coefficients(scenario)
        value = sum(float(factor) * given[o, s] for (o, s), factor in terms.items())
        size = float(sum(abs(factor) for factor in terms.values()))
        margin = size * 10.0 ** random.choice(MARGINS)
        relation = ">=" if turn == 0 else random.choice((">=", "<="))
        score = floor((value - margin) * 10**9) if relation == ">=" else -floor(-(value + margin) * 10**9)
        found.append(Test(functional, relation, _decimal(score)))
    return tuple(found)


def _decimal(billionths: int) -> Number:
    sign, (whole, part) = "-" * (billionths < 0), divmod(abs(billionths), 10**9)
    return exactly(f"{sign}{whole}.{part:09d}")


def _reached(question: Question, held: Sequence[Array], masses: Sequence[Array]) -> float:
    """Return what the strategy reaches in what is asked; the largest over all settings if worst."""
    if question.ask.at == "worst":
        return max(
            _reached(replace(question, ask=replace(question.ask, at=x)), held, masses)
            for x in question.scenario.joint_settings
        )
    tables = [_array(table) for table in guess_tables(question)]
    if question.settings == "free" and isinstance(question.ask.at, tuple):
        here = question.scenario.joint_settings.index(question.ask.at)
        total = sum(mass[here] for mass in masses)
        tables = [table / total for table in tables]
    value = 0.0
    for mass, box in zip(masses, held, strict=True):
        each = np.array([(table * box).sum(axis=0) * mass for table in tables])
        told = question.told == "settings" or question.ask.at != "average"
        value += float(each.max(axis=0).sum() if told else each.sum(axis=1).max())
    smallest = question.ask.functional is not None and question.ask.extreme == "smallest"
    return -value if smallest else value


def _array(table: Table) -> Array:
    return np.array([[float(value) for value in row] for row in table])
