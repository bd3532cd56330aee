"""Boxes and distributions found together, beside exact chances and a brute force over the source."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from freerand_opt.attacks import joint
from freerand_opt.attacks.oracles import best_distribution
from freerand_opt.attacks.quantum_box import chances as exact_chances
from freerand_opt.attacks.seesaw import Climb, exact_strategy, kinds
from freerand_opt.model.files.asked import question_of
from freerand_opt.model.problem import Parties


@pytest.mark.parametrize(
    ("settings", "outcomes", "sizes"), [((2, 3), (2, 2), (2, 2)), ((2, 2), (3, 3), (3, 3)), ((2, 2, 2),) * 3]
)
def test_chances_in_floats_are_those_of_the_rounded_strategy(settings, outcomes, sizes):
    scenario = Parties(settings, outcomes)
    random = np.random.default_rng(2)
    climb = Climb(scenario, random.normal(size=(5, *outcomes, *settings)), sizes)
    held = climb.climbed(climb.random(kinds(scenario, max(sizes))[-1], 5, random), 30)
    found = joint.chances(scenario, sizes, held)
    assert np.abs(found.sum(axis=2) - 1).max() < 1e-10
    for place in range(5):
        exact = exact_strategy(sizes, held.taken([place]))
        for s, chosen in enumerate(product(*map(range, settings))):
            assert found[place, s] == pytest.approx(
                [float(x) for x in exact_chances(exact, chosen)], abs=1e-5
            )


def test_chsh_with_biased_settings_reaches_the_best_of_all_vertices():
    """Mean of CHSH's signs under Santha-Vazirani settings: Tsirelson's value of each vertex.

    The largest of sum_s v(s) c(s) <A B> over states is the best over unit vectors of B0 + B1 and B0 - B1.
    """
    asked, _ = question_of(
        {
            "scenario": {"family": "chsh"},
            "source": {"kind": "santha-vazirani", "epsilon": "1/10"},
            "adversary": {"devices": "quantum", "level": "1 + A B"},
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0]},
        },
        None,
    )
    problem = asked.shortest()
    scenario = problem.parties
    signs = np.array([1.0, 1, 1, -1])
    gains = signs[:, None] * np.array([1.0, -1, -1, 1])
    distribution = best_distribution(problem)
    found = list(joint.joint_climbs(scenario, gains, lambda row: distribution(row, ()), (2, 2), 1))
    angles = np.linspace(0, 2 * np.pi, 20001)
    high, low = 0.6, 0.4
    best = 0.0
    for root, left, right in product((high, low), repeat=3):
        v = np.array([root * left, root * (1 - left), (1 - root) * right, (1 - root) * (1 - right)]) * signs
        # A_x is best along v[x, 0] B0 + v[x, 1] B1, with an angle between B0 and B1
        norms = [np.sqrt(a * a + b * b + 2 * a * b * np.cos(angles)) for a, b in ((v[0], v[1]), (v[2], v[3]))]
        best = max(best, float((norms[0] + norms[1]).max()))
    assert found[0][1] == pytest.approx(best, abs=1e-7)
    values = [value for _, value in found]
    assert values == sorted(values, reverse=True)
    exact = found[0][0]
    table = [[float(x) for x in exact_chances(exact, s)] for s in problem.joint_settings]
    masses, _ = distribution((np.array(table) * gains).sum(axis=1), ())
    assert sum(masses) == pytest.approx(1) and Fraction(1) == sum(exact_chances(exact, (0, 0)))
    assert float(masses @ (np.array(table) * gains).sum(axis=1)) == pytest.approx(best, abs=1e-7)
