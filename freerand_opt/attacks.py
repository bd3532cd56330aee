r"""Inner bounds: an explicit attack where only an outer program bounds from above.

The slices z(.; o|s) of the outer solution are distributions of the source. The best attack with
these few distributions is a small exact program over no-signalling boxes; its boxes are split into
extreme ones, and an exact program over those boxes chooses the distributions anew. Where it is the
source that is not convex (parties independent given W), the outer program's prices

.. math:: g_k(s) = c_k(s) - \text{what tests and observed settings charge for box } k \text{ at } s

ask for the best product of distributions for each box instead. Whatever is found is a valid attack;
the upper bound tells how good it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import objective_value, point
from freerand_opt.exact import Exact, round_down, round_up
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import PerParty, Uniform
from freerand_opt.programs.boxes import (
    Box,
    Table,
    all_deterministic,
    deterministic_count,
    rounded,
    table,
)
from freerand_opt.programs.build import MULTIPLIED_BITS
from freerand_opt.programs.cones import hull_cone, party_bounds, source_cone
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.observation import observation_rows
from freerand_opt.programs.outer import OuterStrategies, StrategyProgram
from freerand_opt.programs.program import (
    ConicProgram,
    FloatArray,
    Labels,
    Rows,
    conic_program,
    constant,
    integer_rows,
    vector,
)
from freerand_opt.programs.relaxed import by_margin, by_violations, test_inequalities
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.strategies import BoxStrategies, by_boxes, by_source_vertices
from freerand_opt.programs.support import best_distribution
from freerand_opt.solvers.highs import sharpen

Run: TypeAlias = Callable[[ConicProgram, float | None], Solution]
#: All deterministic boxes are tried beside those found, up to this number.
START_BOXES = 256
#: Rounds, with random starts after the first, while the attack is below the bound.
MAX_ROUNDS = 3
#: Random starts a round.
STARTS = 20
#: The gap at which an attack is good enough.
CLOSE = 1e-9


def search(
    question: Question, above: StrategyProgram, primal: FloatArray, multipliers: FloatArray, run: Run
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best attack found and its value (None if no strategy was found).

    `primal` and `multipliers` are a float solution of the full program `above`.
    """
    prices = _prices(above.program, multipliers)
    limit = float(above.program.objective.floats() @ primal)
    best: tuple[tuple[Strategy, ...], Fraction | None] = ((), None)
    boxes: dict[Box, None] = dict.fromkeys(above.boxes) if isinstance(above, BoxStrategies) else {}
    masses: dict[tuple[Fraction, ...], None] = {(Fraction(1),) * question.scenario.shape[1]: None}
    for attempt in range(MAX_ROUNDS):
        starts = _slices(question, above, primal) if attempt == 0 else _random(question, attempt)
        if isinstance(above, OuterStrategies):
            boxes.update(dict.fromkeys(_boxes_for(question, list(starts), run)))
        elif isinstance(above, BoxStrategies):
            masses.update(dict.fromkeys(_distributions(question, above, prices, starts)))
        found = _solved(question, list(boxes), list(masses), run)
        if found is not None and (best[1] is None or found[1] > best[1]):
            best = found
        if best[1] is not None and float(best[1]) > limit - CLOSE:
            break
        if attempt == 0 and isinstance(above, OuterStrategies):
            boxes.update(dict.fromkeys(_starting_boxes(question, run)))
    return best


def _solved(
    question: Question, boxes: Sequence[Box], masses: Sequence[tuple[Fraction, ...]], run: Run
) -> tuple[tuple[Strategy, ...], Fraction] | None:
    """Return the best attack from these boxes and, if the source is not convex, these distributions."""
    if not boxes:
        return None
    cone = source_cone(question.source, question.scenario)
    if not cone.exact:
        assert isinstance(question.source, PerParty)
        cone = hull_cone(masses, question.scenario, party_bounds(question.source, question.scenario))
    named = [replace(box, label=box.label or f"box {place}") for place, box in enumerate(boxes)]
    made = by_boxes(question, named, scores=_inner_scores(question), cone=cone)
    solution = run(made.program, None)
    if solution.status == "infeasible":
        return None
    points = [point(made.program, hint) for hint in (solution, sharpen(made.program, solution))]
    found = [(objective_value(made.program, x), x) for x in points if x is not None]
    if not found:
        return None
    value, x = max(found, key=lambda pair: pair[0])
    return strategies(question, made, x), value


def _inner_scores(question: Question, multiplied: int = MULTIPLIED_BITS) -> list[Exact]:
    """Return the tests' scores, rounded to the safe side; coarser where they multiply columns."""
    bits = multiplied if question.settings == "free" else 60
    return [(round_up if t.relation == ">=" else round_down)(t.score, bits) for t in question.tests]


def _starting_boxes(question: Question, run: Run) -> list[Box]:
    """Return all deterministic boxes if they are few, and one that passes the tests without any bias."""
    few = deterministic_count(question.scenario) <= START_BOXES
    boxes: list[Box] = list(all_deterministic(question.scenario)) if few else []
    ask = replace(question.ask, quantity="strategy", output=None, at=None, functional=None)
    honest = replace(question, source=Uniform(), ask=ask)
    made = by_source_vertices(honest, scores=_inner_scores(question))
    program = (by_margin if len(test_inequalities(made.program)) else by_violations)(made.program)
    solution = run(program, None)
    x = point(program, solution) or point(program, sharpen(program, solution))
    for strategy in strategies(honest, made, x) if x is not None else ():
        assert isinstance(strategy.box, Table)
        box = rounded(question.scenario, strategy.box)
        if box is not None:
            boxes.append(replace(box, label="honest"))
    return boxes


# ------------------------------------------------------------------ pricing


def _prices(program: ConicProgram, multipliers: FloatArray) -> FloatArray:
    """Return for each column its objective minus what the observed settings and the tests charge."""
    rows = observation_rows(program)
    charged = program.matrix[rows].astype(np.float64).T @ multipliers[rows]
    return np.asarray(program.objective.floats() - charged)


def _slices(question: Question, above: StrategyProgram, primal: FloatArray) -> Iterator[FloatArray]:
    """Yield the distributions that the outer solution suggests, S P(s|w) by joint setting."""
    settings = question.scenario.shape[1]
    yield np.ones(settings)
    if isinstance(above, OuterStrategies):
        width = question.scenario.shape[0] * settings
        tensor = primal.reshape(above.labels, len(above.cone.names), width)[:, above.cone.leaf, :]
        for row in tensor.transpose(0, 2, 1).reshape(-1, settings):
            if row.sum() > 1e-7:
                yield row * settings / row.sum()
    elif isinstance(above, BoxStrategies):
        for row in primal.reshape(len(above.boxes), len(above.cone.names))[:, above.cone.leaf]:
            if row.sum() > 1e-7:
                yield row * settings / row.sum()


def _random(question: Question, seed: int) -> Iterator[FloatArray]:
    random = np.random.default_rng(seed)
    settings = question.scenario.shape[1]
    for _ in range(STARTS):
        gains = [Fraction(int(value), 2**20) for value in random.integers(-(2**20), 2**20, settings)]
        yield np.array([float(m) for m in best_distribution(question.source, question.scenario, gains)])


def _distributions(
    question: Question, above: BoxStrategies, prices: FloatArray, starts: Iterator[FloatArray]
) -> Iterator[tuple[Fraction, ...]]:
    """Yield for each box the source's best distribution at the outer program's prices."""
    by_box = prices.reshape(len(above.boxes), len(above.cone.names))[:, above.cone.leaf]
    for start in starts:
        for gains in by_box:
            # a start breaks ties, of which there are many
            exact = [Fraction(round(float(gain) * 2**40), 2**40) for gain in gains + 1e-6 * start]
            yield best_distribution(question.source, question.scenario, exact)


def _boxes_for(question: Question, starts: Sequence[FloatArray], run: Run) -> Iterator[Box]:
    """Yield the extreme boxes that the best attack with these source distributions uses.

    The distributions may be rounded: only the boxes are kept, and the source is exact later.
    """
    # with free settings scores multiply masses, and their product must stay an exact integer
    grid = 2 ** (12 if question.settings == "free" else 30)
    near = dict.fromkeys(tuple(Fraction(round(float(m) * grid), grid) for m in start) for start in starts)
    made = by_source_vertices(question, scores=_inner_scores(question, 16), vertices=list(near))
    solution = run(made.program, None)
    if solution.status == "infeasible":
        return
    tables = solution.primal.reshape(len(near) * made.labels, *question.scenario.shape)
    for held in tables:
        weight = float(held[:, 0].sum())
        if weight > 1e-9:
            yield from _extreme_boxes(question.scenario, held / weight, run)


def _extreme_boxes(scenario: Scenario, held: FloatArray, run: Run) -> Iterator[Box]:
    """Yield extreme no-signalling boxes, exact, whose mixture is close to a box given in floats.

    Peel off an extreme box within the support, with the largest weight, until nothing is left.
    """
    rest, left = held.copy(), 1.0
    random = np.random.default_rng(0)
    for _ in range(held.size):
        support = rest > 1e-7
        found = _extreme_box(scenario, support, random, run)
        if found is None:
            return
        box, own = found
        yield box
        share = float((rest[own > 0] / own[own > 0]).min())
        left *= 1 - share
        if left < 1e-7 or share >= 1 - 1e-7:
            return
        rest = np.maximum(rest - share * own, 0) / (1 - share)


def _extreme_box(
    scenario: Scenario, support: NDArray[np.bool_], random: np.random.Generator, run: Run
) -> tuple[Box, FloatArray] | None:
    """Return an exact extreme box that is 0 outside the support, and its float table."""
    outcomes, settings = scenario.shape
    width = outcomes * settings
    local, names = no_signalling_rows(scenario)
    total, one = integer_rows([(0, o * settings, Fraction(1)) for o in range(outcomes)], [Fraction(1)], width)
    program = conic_program(
        [
            Rows("zero", local, constant(0, local.shape[0]), Labels("no-signalling {0}", (names,))),
            Rows("zero", total, one, Labels("normalised", ())),
        ],
        objective=vector(Fraction(int(value)) for value in random.integers(1, 1000, width)),
        lower=constant(0, width),
        upper=vector(Fraction(int(inside)) for inside in support.ravel()),
        column_labels=(Labels("{0}", (tuple(map(str, range(width))),)),),
    )
    x = point(program, run(program, None))
    if x is None:
        return None
    denominator = lcm(*(value.denominator for value in x))
    box = Table(tuple(int(value * denominator) for value in x), denominator)
    return box, table(scenario, box)[0] / denominator
