"""Trees of bits taken apart into vertices, and attacks by these alone."""

from fractions import Fraction as F

import numpy as np
import pytest
from scipy.optimize import nnls

import freerand_opt as fr
from freerand_opt.attacks import pairs
from freerand_opt.attacks.few_vertices import taken_apart, vertex_of
from freerand_opt.checker.failures import Work
from freerand_opt.checker.vertices import string_vertices
from freerand_opt.model.problem import Bits

RANGES = ((F(0), F(1)), (F(9, 20), F(11, 20)), (F(1, 3), F(1, 3)), (F(2, 5), F(1, 2)))


def nodes(leaves):
    """Return the masses of all nodes in heap order."""
    levels = [np.asarray(leaves, dtype=float)]
    while len(levels[0]) > 1:
        levels.insert(0, levels[0].reshape(-1, 2).sum(axis=1))
    return np.concatenate(levels)


@pytest.mark.parametrize("seed", range(5))
def test_a_mixture_of_vertices_is_one_of_those_found(seed):
    random, source = np.random.default_rng(seed), Bits(RANGES, tuple(range(16)))
    listed = string_vertices(RANGES, Work())
    chosen = [listed[k] for k in random.integers(len(listed), size=6)]
    leaves = random.dirichlet(np.ones(6)) @ np.array(chosen, dtype=float)
    found = [vertex_of(choices, source) for choices in taken_apart(nodes(leaves), source)]
    assert set(map(tuple, found)) <= set(map(tuple, listed))
    assert len(found) <= 16
    assert nnls(np.array(found, dtype=float).T, leaves)[1] < 1e-9


def test_a_vertex_is_found_alone():
    vertex = string_vertices(RANGES, Work())[77]
    (choices,) = taken_apart(nodes(vertex), Bits(RANGES, tuple(range(16))))
    assert vertex_of(choices, Bits(RANGES, tuple(range(16)))) == vertex


def worth(found):
    """Return the guess of A's outcome at 0, 0; the attack shows uniform settings and the score."""
    assert sum(np.array(one.masses) for one in found).tolist() == [F(1, 4)] * 4
    score = F(0)
    for one in found:
        for s, mass in enumerate(one.masses):
            mean = sum(p if o in (0, 3) else -p for o, p in one.box.at(s).items())
            score += 4 * mass * (-mean if s == 3 else mean)
    assert score >= F(27, 10)
    chances = [[sum(p for o, p in one.box.at(0).items() if o // 2 == a) for a in (0, 1)] for one in found]
    return sum(4 * one.masses[0] * max(own) for one, own in zip(found, chances, strict=True))


@pytest.mark.parametrize("devices", ["quantum", "no-signalling"])
def test_without_a_point_of_the_whole_tree_nothing_is_lost(devices, monkeypatch):
    whole = pairs.inner_point

    def few(program, hint):
        tree = any(name[0] == "equal" for name in program.names)
        return None if tree else whole(program, hint)

    problem = fr.Question(
        fr.chsh(),
        fr.SanthaVazirani("1/20"),
        adversary=fr.Adversary(devices, level="1 + A B" if devices == "quantum" else None),
        tests=[fr.Test("chsh", ">=", "27/10")],
        ask=fr.Ask("guessing-probability", of="A", at=(0, 0)),
    ).shortest()
    found, _ = pairs.attack(problem, pairs.Hints(penalty=64.0), 1.0, turns=4)
    monkeypatch.setattr(pairs, "inner_point", few)
    again, why = pairs.attack(problem, pairs.Hints(penalty=64.0), 1.0, turns=4)
    assert not why
    assert float(worth(again)) == pytest.approx(float(worth(found)), abs=1e-9)
