"""Boxes of a mixture made better together: derivatives, and closed forms from boxes that are off."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from freerand_opt import Question
from freerand_opt.attacks.pairs import inner
from freerand_opt.attacks.polished import polished
from freerand_opt.attacks.qubits import Tables
from freerand_opt.conic.linear import solve
from freerand_opt.model.problem import Problem
from freerand_opt.programs.box import Box, deterministic_boxes
from freerand_opt.programs.strategies import over_boxes


def guess(score: str) -> Problem:
    """The guess of A's outcome given a score of CHSH (uniform settings)."""
    return inner(
        Question.from_dict(
            {
                "scenario": {"family": "chsh"},
                "source": {"kind": "uniform"},
                "adversary": {"devices": "quantum", "level": "1 + A B"},
                "test": [{"functional": "chsh", "relation": ">=", "score": score}],
                "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0]},
            }
        ).problem()
    )


def ghz() -> Problem:
    """Three parties, whose boxes have three angles in each product."""
    return inner(
        Question.from_dict(
            {
                "scenario": {"family": "ghz", "M": 3},
                "source": {"kind": "uniform"},
                "adversary": {"devices": "quantum", "level": "local 1"},
                "test": [{"functional": "mermin", "relation": ">=", "score": "39/10"}],
                "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0, 0]},
            }
        ).problem()
    )


@pytest.mark.parametrize("problem", [guess("27/10"), ghz()], ids=["two", "three"])
def test_slopes_and_curvature_are_those_of_differences(problem: Problem) -> None:
    tables, random = Tables(problem), np.random.default_rng(2)
    row = random.normal(size=tables.width)
    row[: tables.size] /= np.linalg.norm(row[: tables.size])
    weights, ones = random.normal(size=len(tables.places)), np.eye(tables.width)

    def chances(at: np.ndarray) -> np.ndarray:
        moved = at.copy()
        moved[: tables.size] /= np.linalg.norm(moved[: tables.size])
        return tables.seen(moved).chances

    first = np.stack([(chances(row + 1e-6 * d) - chances(row - 1e-6 * d)) / 2e-6 for d in ones], axis=1)
    assert np.allclose(tables.seen(row).slopes, first, atol=1e-8)

    def second(a: np.ndarray, b: np.ndarray) -> float:
        step = 1e-4
        ends = [x * y * chances(row + step * (x * a + y * b)) for x in (1, -1) for y in (1, -1)]
        return float(weights @ sum(ends)) / (4 * step * step)

    held = tables.curved(row, weights)
    assert np.allclose(held, [[second(a, b) for b in ones] for a in ones], atol=1e-5)
    assert np.allclose(chances(row).reshape(problem.shape).sum(axis=1), 1)


def value(problem: Problem, boxes: list[Box]) -> float:
    made = over_boxes(problem, boxes)
    hint = solve(made.program)
    assert hint.status == "optimal"
    return float(sum(float(c) * hint.x[k] for k, c in made.program.objective.items()))


def test_boxes_that_are_off_become_the_best_mixture() -> None:
    """Pironio et al. (arXiv:0911.3427): a score S of CHSH allows 1/2 + sqrt(2 - S^2/4)/2."""
    problem = guess("27/10")
    tables, random, score = Tables(problem), np.random.default_rng(0), 2.7
    boxes = []
    for wanted in (score, 2 * sqrt(2)):  # sin 2t = tan b makes A = Z, X and B = cos b Z +- sin b X best
        double = np.arcsin(min(1.0, sqrt(wanted**2 / 4 - 1)))
        turn = np.arctan(np.sin(double))
        row = np.array([np.cos(double / 2), 0, 0, np.sin(double / 2), 0, np.pi / 2, turn, -turn])
        row += 1e-2 * random.normal(size=tables.width)
        row[:4] /= np.linalg.norm(row[:4])
        boxes.append(tables.box(row))
    best, made = 0.5 + sqrt(2 - score**2 / 4) / 2, over_boxes(problem, boxes)
    assert value(problem, boxes) < best - 1e-4
    better = polished(made, solve(made.program))
    assert better is not None
    assert better.missed < 1e-12
    assert value(problem, [*boxes, *better.boxes]) == pytest.approx(best, abs=1e-11)


def test_what_is_no_real_qubit_is_left_alone() -> None:
    problem = guess("2")
    boxes = list(deterministic_boxes(problem))
    made = over_boxes(problem, boxes)
    assert polished(made, solve(made.program)) is None
    assert Tables(problem).read(boxes[0]) is None
