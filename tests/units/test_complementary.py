"""Multipliers from an optimal point: closed forms, and what is no optimal point."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from unittest.mock import patch

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.bounds.methods import from_attack, routes
from freerand_opt.conic.program import Builder, ConicProgram, block_matrix
from freerand_opt.solvers.complementary import solve


def ellipse() -> ConicProgram:
    """The largest x + y with (1 + x, y; y, 1 - x) semidefinite and x = 0 free: sqrt 2 at x = y."""
    build = Builder(2)
    build.put_matrix(
        "disc",
        2,
        [{0: Fraction(-1)}, {1: Fraction(-1)}, {0: Fraction(1)}],
        [Fraction(1), Fraction(0), Fraction(1)],
    )
    return build.program({0: Fraction(1), 1: Fraction(1)})


def test_the_best_point_of_a_disc_has_its_multipliers() -> None:
    program, best = ellipse(), np.array([sqrt(0.5), sqrt(0.5)])
    found = solve(program, best)
    assert found is not None
    z = np.asarray(found.multipliers)
    assert program.matrix.T @ z == pytest.approx(program.cost, abs=1e-12)
    assert program.sides @ z == pytest.approx(sqrt(2), abs=1e-12)
    assert np.linalg.eigvalsh(block_matrix(z, 0, 2)).min() > -1e-12


@pytest.mark.parametrize("point", [(1.0, 0.0), (0.5, 0.5), (-sqrt(0.5), -sqrt(0.5))])
def test_other_points_have_none(point: tuple[float, float]) -> None:
    """On the edge of the disc, inside, and where the sum is smallest: no Z vanishes there and proves it."""
    assert solve(ellipse(), np.array(point)) is None


def question(score: str, level: str) -> fr.Question:
    return fr.Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": {"kind": "uniform"},
            "adversary": {"devices": "quantum", "level": level},
            "test": [{"functional": "chsh", "relation": ">=", "score": score}],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0]},
        }
    )


def test_guesses_are_proved_from_their_attacks_alone() -> None:
    """Pironio et al. (arXiv:0911.3427): 1/2 + sqrt(2 - S^2/4)/2, without any solver.

    Whether an attack is found to the last digits depends on roundings; of four some are on every processor
    that was tried, and the others are a solver's.
    """
    alone = 0
    for score, level in (("27/10", "2"), ("5/2", "2"), ("12/5", "2"), ("5/2", "3")):
        asked = patch.object(routes.high_precision, "solve", side_effect=routes.high_precision.solve)
        with asked as solver, patch.object(from_attack, "FEW_MOMENTS", 0):
            bracket = fr.bound(question(score, level)).bracket
        assert bracket.upper is not None
        best = 0.5 + sqrt(2 - float(Fraction(score)) ** 2 / 4) / 2
        assert best - 1e-13 < float(bracket.upper) < best + 1e-10
        alone += not solver.called
    assert alone
