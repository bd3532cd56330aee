"""Boxes along the tree of a source, solved by an interior point, against HiGHS and the kernel."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from freerand_opt.bounds.methods.linear import offer
from freerand_opt.bounds.methods.ways import rational_scores
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic import linear
from freerand_opt.model.files.asked import question_of
from freerand_opt.programs.boxes import cell_space
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import build
from freerand_opt.solvers import linear_trees


def _asked(k, epsilon, test):
    """The guess of A's outcome at the last settings from Hardy's ladder with noise."""
    asked, _ = question_of(
        {
            "scenario": {"family": "ladder", "K": k, "s": "4/5"},
            "source": {"kind": "santha-vazirani", "epsilon": epsilon},
            "observed": {"behaviour": "quantum", "visibility": "99/100"},
            "adversary": {"devices": "no-signalling"},
            "test": [test],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [k, k]},
        },
        None,
    )
    problem, rational = rational_scores(asked.problem())
    made = build(problem, source_cone(problem), cell_space(problem, 2), guesses_of(problem), (0, 1))
    return asked.problem(), made, rational


@pytest.fixture(autouse=True)
def _every_size(monkeypatch):
    """Also small programs, with one thread as in the corridor."""
    monkeypatch.setattr(linear_trees, "MOST_ROWS", 0)
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize(("k", "epsilon"), [(1, "1/10"), (3, "1/10"), (3, "1/5")])
@pytest.mark.parametrize("tolerance", [0, "1/1000"])
def test_the_value_is_that_of_another_solver_and_certified(k, epsilon, tolerance):
    problem, made, rational = _asked(k, epsilon, {"keep": "behaviour", "tolerance": tolerance})
    trees = linear_trees.trees_of(made)
    found, other = linear_trees.solve(made, trees), linear.solve(made.program)
    cost = np.zeros(len(other.x))
    cost[list(made.program.objective)] = [float(x) for x in made.program.objective.values()]
    value = float(cost @ other.x)
    assert float(cost @ found.x) == pytest.approx(value, abs=1e-7)
    pool = Pool(problem)
    offer(pool, made, made.program, found, rational, "cells", "trees")
    assert value - 1e-9 < float(pool.height) < value + 1e-7


def test_four_settings_give_the_value_of_the_design():
    """docs/proofs/two-parties.md, 9: .8370218169 at V = .99, epsilon = .1."""
    problem, made, rational = _asked(3, "1/10", {"keep": "behaviour"})
    pool = Pool(problem)
    hint = linear_trees.solve(made, linear_trees.trees_of(made))
    offer(pool, made, made.program, hint, rational, "cells", "trees")
    assert 0.8370218168 < float(pool.height) < 0.8370219


def test_slacks_have_this_transpose_and_nodes_are_sums():
    _, made, _ = _asked(3, "1/10", {"keep": "behaviour"})
    trees = linear_trees.trees_of(made)
    random = np.random.default_rng(0)
    z = random.normal(size=trees.cost.size)
    slack = trees.slack(z)
    y = random.normal(size=slack.shape)
    assert z @ trees.back(y) == pytest.approx((slack * y).sum())
    columns = trees.nodes(z)
    sums = np.zeros(made.program.matrix.shape[0])
    np.add.at(
        sums, made.program.matrix.rows, made.program.matrix.floats() * columns[made.program.matrix.columns]
    )
    kinds = np.array([name[0] for name in made.program.names])
    assert np.abs(sums[kinds == "equal"]).max() < 1e-12
    facets = -sums[kinds == "facet"].reshape(2, -1, len(trees.positive))[:, :-1]
    assert np.sort(facets.ravel()) == pytest.approx(np.sort(slack.ravel()))


def test_few_rows_and_sources_without_a_tree_are_left_to_highs(monkeypatch):
    _, made, _ = _asked(1, "1/10", {"keep": "behaviour"})
    monkeypatch.setattr(linear_trees, "MOST_ROWS", 20_000)
    assert linear_trees.trees_of(made) is None
