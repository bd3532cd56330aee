r"""Inner bounds: an explicit attack where only an outer program bounds from above.

Column generation: a restricted exact program over a list of boxes (`by_boxes`), then a strategy
(s, q) that its multipliers value above its cost,

.. math:: \max_{s, q, g} \sum_s s(s) \Big[ \sum_o q(o|s)\, r_g(o, s) - y_s \Big],

sought by alternating between a box for the source's distribution (a small linear program) and a
distribution for the box (the source's program); its box joins the list. Whatever is found is a
valid attack; only the upper bound tells how good it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import lcm

import numpy as np

from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import point
from freerand_opt.exact import Exact, round_down, round_up
from freerand_opt.model.question import Question
from freerand_opt.model.source import Uniform
from freerand_opt.programs.boxes import Box, Deterministic, Table, all_deterministic, deterministic_count, rounded
from freerand_opt.programs.build import MULTIPLIED_BITS
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.program import (
    ConicProgram,
    FloatArray,
    Labels,
    Rows,
    conic_program,
    constant,
    vector,
)
from freerand_opt.programs.relaxed import by_margin, by_violations, test_inequalities, without_objective
from freerand_opt.programs.strategies import BoxStrategies, by_boxes, by_source_vertices
from freerand_opt.solvers.highs import sharpen
from freerand_opt.solvers.solution import Solution

#: Rounds of column generation.
MAX_ROUNDS = 60
#: All deterministic boxes start in the list up to this number.
START_BOXES = 256


def search(
    question: Question, run: Callable[[ConicProgram, float | None], Solution], time_limit: float | None
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best attack found and its value (None if no strategy was found)."""
    scores = _inner_scores(question)
    boxes: list[Box] = [*_starting_boxes(question), *_honest_boxes(question, run, time_limit)]
    best: tuple[tuple[Strategy, ...], Fraction | None] = ((), None)
    generator = np.random.default_rng(0)
    for _ in range(MAX_ROUNDS):
        made = by_boxes(question, boxes, scores=scores)
        solution = run(made.program, time_limit)
        if solution.status == "infeasible":
            easier = by_margin if len(test_inequalities(made.program)) else by_violations
            solution = run(easier(without_objective(made.program)), time_limit)
        else:
            found = point(made.program, solution) or point(made.program, sharpen(made.program, solution))
            if found is not None:
                value = _value(made.program, found)
                if best[1] is None or value > best[1]:
                    best = strategies(question, made, found), value
        fresh = _priced(question, made, solution, run, generator)
        known = {box.as_json().__repr__() for box in boxes}
        fresh = [box for box in fresh if box.as_json().__repr__() not in known]
        if not fresh:
            break
        boxes += fresh
    return best


def _inner_scores(question: Question) -> list[Exact]:
    """Return the tests' scores, rounded to the safe side; coarser where they multiply columns."""
    bits = MULTIPLIED_BITS if question.settings == "free" else 60
    return [(round_up if t.relation == ">=" else round_down)(t.score, bits) for t in question.tests]


def _value(program: ConicProgram, x: list[Fraction]) -> Fraction:
    total = Fraction(0)
    for code, value in zip(program.objective.codes.tolist(), x, strict=True):
        factor = program.objective.palette[code]
        if factor and value:
            assert isinstance(factor, Fraction)
            total += factor * value
    return total


def _starting_boxes(question: Question) -> tuple[Box, ...]:
    scenario = question.scenario
    if deterministic_count(scenario) <= START_BOXES:
        return all_deterministic(scenario)
    same = tuple((0,) * settings for settings in scenario.settings)
    return (Deterministic(same, "all outcomes 0"),)


def _honest_boxes(
    question: Question, run: Callable[[ConicProgram, float | None], Solution], time_limit: float | None
) -> list[Box]:
    """Return a box that passes the tests without any bias of the source: the feasible point to start from."""
    ask = replace(question.ask, quantity="strategy", output=None, at=None, functional=None)
    honest = replace(question, source=Uniform(), ask=ask)
    made = by_source_vertices(honest, scores=_inner_scores(question))
    easier = by_margin if len(test_inequalities(made.program)) else by_violations
    program = easier(made.program)
    solution = run(program, time_limit)
    x = point(program, solution) or point(program, sharpen(program, solution))
    if x is None:
        return []
    found = [rounded(question.scenario, s.box) for s in strategies(honest, made, x) if isinstance(s.box, Table)]
    return [box for box in found if box is not None]


def _priced(
    question: Question,
    made: BoxStrategies,
    solution: Solution,
    run: Callable[[ConicProgram, float | None], Solution],
    generator: np.random.Generator,
) -> list[Box]:
    """Return boxes of strategies that the multipliers value above 0, from several starts.

    A column's reduced cost is read off a one-box program: it has the same rows in the same order
    for every box, so cell values follow from the multipliers by pricing the cells one by one.
    """
    cells, costs = _cell_prices(question, made, solution)
    fresh: list[Box] = []
    for guess in cells:
        for _ in range(4):
            masses = generator.dirichlet(np.ones(question.scenario.shape[1])) * question.scenario.shape[1]
            box = _alternate(question, guess, costs, masses, run)
            if box is not None:
                fresh.append(box)
    return fresh


def _cell_prices(
    question: Question, made: BoxStrategies, solution: Solution
) -> tuple[list[FloatArray], FloatArray]:
    """Return prices[g][o, s] of a cell with each guess, and the cost of mass at s."""
    from freerand_opt.programs.guesses import label_values
    from freerand_opt.programs.observation import normalised_at, objective_factors, scaled_settings, test_shares

    scenario = question.scenario
    labels, denominator = label_values(question)
    factors = np.array([float(f) for f in objective_factors(question)])
    zero = made.program.zero_rows
    flow = made.cone.equalities.shape[0] * len(made.boxes)
    scaled = scaled_settings(question)
    observed = 1 if scaled is None or (len(made.cone.names) == 1 and len(set(scaled)) == 1) else scenario.shape[1]
    costs = np.zeros(scenario.shape[1])
    prices = solution.multipliers
    if observed == 1:
        here = normalised_at(question) if scaled is None else 0
        costs[here if here is not None else slice(None)] = prices[flow] / (1 if here is not None else scenario.shape[1])
    else:
        costs[:] = prices[flow : flow + observed]
    tests = np.zeros(scenario.shape)
    rows = iter(np.flatnonzero(zero)[flow + observed :].tolist())
    others = iter(test_inequalities(made.program).tolist())
    for test, scale in zip(question.tests, made.test_scales, strict=True):
        row = next(rows) if test.relation == "=" else next(others)
        price = prices[row] * scale * (-1 if test.relation == ">=" else 1)
        shares = test_shares(question, test)
        for o, s, factor in test.functional.terms:
            tests[o, s] += price * float(factor) * float(shares[s])
        if scaled is None and test.functional.on == "conditional":
            tests[:, test.functional.terms[0][1]] -= price * float(test.score)
        elif scaled is None and normalised_at(question) is not None:
            tests -= price * float(test.score) / scenario.shape[1]
    return [np.asarray(label / denominator * factors[None, :] - tests) for label in labels], costs


def _alternate(
    question: Question,
    guess: FloatArray,
    costs: FloatArray,
    masses: FloatArray,
    run: Callable[[ConicProgram, float | None], Solution],
) -> Box | None:
    box = None
    worth = -np.inf
    for _ in range(10):
        candidate, table = _best_box(question, guess * masses[None, :], run)
        if candidate is None:
            return box
        gains = (guess * table).sum(axis=0) - costs
        masses, gained = best_distribution(question, gains)
        if gained <= worth + 1e-9:
            break
        box, worth = candidate, gained
    return box if worth > 1e-7 else None


def best_distribution(question: Question, gains: FloatArray) -> tuple[FloatArray, float]:
    """Return the source's scaled distribution with the largest sum of gains, and that sum."""
    from freerand_opt.model.source import Uniform, leaf_settings

    if isinstance(question.source, Uniform):
        return np.ones(len(gains)), float(gains.sum())
    leaves = np.array(leaf_settings(question.scenario, question.source))
    values = gains[leaves]
    most, least = 1 + 2 * float(question.source.epsilon), 1 - 2 * float(question.source.epsilon)
    choices = []
    while len(values) > 1:
        left, right = values[0::2], values[1::2]
        choices.append(left >= right)
        values = (np.maximum(left, right) * most + np.minimum(left, right) * least) / 2
    masses = np.ones(1)
    for first in reversed(choices):
        masses = np.stack([masses * np.where(first, most, least), masses * np.where(first, least, most)], axis=1).ravel()
    found = np.empty(len(gains))
    found[leaves] = masses
    return found, float(values[0]) * len(gains)


def _best_box(
    question: Question, worth: FloatArray, run: Callable[[ConicProgram, float | None], Solution]
) -> tuple[Box | None, FloatArray]:
    """Return the no-signalling box with the largest value, solved exactly, and its float table."""
    scenario = question.scenario
    outcomes, settings = scenario.shape
    width = outcomes * settings
    local, names = no_signalling_rows(scenario)
    total = np.zeros((1, width), dtype=np.int64)
    total[0, [o * settings for o in range(outcomes)]] = 1
    from scipy.sparse import csr_array

    rounded = [Fraction(round(float(value) * 2**30), 2**30) for value in worth.ravel()]
    program = conic_program(
        [
            Rows("zero", local, constant(0, local.shape[0]), Labels("no-signalling {0}", (names,))),
            Rows("zero", csr_array(total), constant(1, 1), Labels("normalised", ())),
        ],
        objective=vector(rounded),
        lower=constant(0, width),
        upper=constant(1, width),
        column_labels=(Labels("{0}", (tuple(map(str, range(width))),)),),
    )
    x = point(program, run(program, None))
    if x is None:
        return None, np.zeros((outcomes, settings))
    denominator = lcm(*(value.denominator for value in x))
    box = Table(tuple(int(value * denominator) for value in x), denominator, "found by pricing")
    return box, np.array([float(value) for value in x]).reshape(outcomes, settings)
