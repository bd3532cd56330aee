"""Tests of quantum strategies: complex states, general measurements, exact rounding, their check."""

from __future__ import annotations

import copy
from fractions import Fraction as F
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import freerand_opt as fr
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.question import Adversary, Ask, Question
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import Uniform
from freerand_opt.first.programs.gaussian import joined, orthogonal, parts
from freerand_opt.first.programs.measurement import best_measurement, dilated, random_measurement, vectors_of
from freerand_opt.first.programs.quantum_box import Quantum, chances
from freerand_opt.first.programs.seesaw import Kind, best_strategy

ENTRY = st.tuples(st.integers(-9, 9), st.integers(-9, 9))
#: Directions of a tetrahedron.
TETRAHEDRON = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))


def elegant(outcomes=2, penalty=0):
    """Gisin's elegant functional, sum of signs times <A_x B_y>, for 3 and 4 settings.

    With four outcomes of A (0 counts +1, the others -1) a fourth setting is charged for outcome y
    together with outcome 0 of setting y of B (Acin, Pironio, Vertesi and Wittek, arXiv:1505.03837).
    """
    scenario = Scenario((4 if penalty else 3, 4), (outcomes, 2))
    terms = {}
    for (x, y), (a, b) in product(scenario.joint_settings, scenario.joint_outcomes):
        key = (scenario.outcome_index((a, b)), scenario.setting_index((x, y)))
        if x < 3:
            terms[key] = F(TETRAHEDRON[y][x] * (1 if a == 0 else -1) * (1 if b == 0 else -1))
        elif a == y and b == 0:
            terms[key] = F(-penalty)
    return scenario, functionals.from_terms(terms)


def gains(scenario, functional):
    table = np.zeros(scenario.shape)
    for o, s, factor in functional.terms:
        table[o, s] = factor
    return table


def asked(scenario, functional, level="1 + A B"):
    return Question(
        scenario,
        Uniform(),
        "uniform",
        Adversary("quantum", level=level),
        (),
        Ask("score", functional=functional),
    )


# ------------------------------------------------------------------ complex states


def test_qubits_need_complex_numbers_for_the_elegant_inequality():
    """4 sqrt 3 with two qubits (Gisin, arXiv:quant-ph/0702021); three real directions lie in a plane."""
    scenario, functional = elegant()
    table = gains(scenario, functional)
    _, real = best_strategy(scenario, table, (2, 2), starts=12, tried=[Kind(real=True)])
    box, value = best_strategy(scenario, table, (2, 2), starts=4, tried=[Kind(real=False)])
    assert value == pytest.approx(4 * sqrt(3), abs=1e-9)
    # a plane: sum_y |sum_x s_xy a_x| is at most 2 + 2 sqrt 5 (two equal, the third orthogonal)
    assert real == pytest.approx(2 + 2 * sqrt(5), abs=1e-9)
    assert "complex" in box.label


def test_the_elegant_bracket_closes():
    result = fr.bound(asked(*elegant()))
    assert 4 * sqrt(3) - 1e-8 <= result.bracket.lower_float <= 4 * sqrt(3) + 1e-12
    assert 4 * sqrt(3) - 1e-12 <= result.bracket.upper_float <= 4 * sqrt(3) + 1e-8
    state = result.certificate["attack"]["strategies"][0]["box"]["state"]
    assert any(isinstance(entry, list) for entry in state)
    assert any("its value is" in line for line in fr.check_certificate(result.certificate))


def test_three_outcomes_of_cglmp():
    """Acin, Durt, Gisin and Latorre, arXiv:quant-ph/0111143: 1 + sqrt(11/3), not maximally entangled."""
    scenario = scenarios.cglmp(3)
    result = fr.bound(asked(scenario, functionals.cglmp(scenario)))
    exact = 1 + sqrt(11 / 3)
    assert exact - 1e-8 <= result.bracket.lower_float <= exact + 1e-12


# ------------------------------------------------------------------ general measurements


def trine():
    """Three real qubit states at 120 degrees, each with probability 1/3."""
    angles = [2 * np.pi * k / 3 for k in range(3)]
    vectors = [np.array([np.cos(t / 2), np.sin(t / 2)]) for t in angles]
    return np.stack([np.outer(v, v) / 3 for v in vectors]).astype(complex)


def test_the_trine_is_best_told_by_a_general_measurement():
    """Success 2/3 (Holevo 1973; Helstrom 1976); with projectors at most (1 + cos 30 degrees)/3 = 0.622."""
    random = np.random.default_rng(1)
    values = {}
    for general in (False, True):
        best = 0.0
        for _ in range(8):
            held = random_measurement(2, 3, random, real=True, general=general)
            for _ in range(100):
                held = best_measurement(trine(), held)
            assert np.allclose(held.sum(axis=0), np.eye(2), atol=1e-9)
            best = max(best, float(np.einsum("oij,oji->", held, trine()).real))
        values[general] = best
    assert values[True] == pytest.approx(2 / 3, abs=1e-8)
    assert values[False] == pytest.approx((1 + sqrt(3) / 2) / 3, abs=1e-8)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), st.sampled_from([(2, 3), (2, 4), (3, 3)]))
def test_the_best_measurement_solves_its_program(seed, size):
    """The dual: with L = sum_o K_o E_o Hermitian, tr L is the value and L - K_o must be positive."""
    random = np.random.default_rng(seed)
    dimension, count = size
    gains = random.normal(size=(count, dimension, dimension, 2)) @ np.array([1, 1j])
    gains = gains + gains.conj().transpose(0, 2, 1)
    held = random_measurement(dimension, count, random, real=False, general=True)
    for _ in range(100):
        held = best_measurement(gains, held)
    total = np.einsum("oij,ojk->ik", gains, held)
    total = (total + total.conj().T) / 2
    lowest = min(float(np.linalg.eigvalsh(total - gain).min()) for gain in gains)
    assert lowest > -5e-3 * float(np.abs(gains).max())


def test_qubits_need_a_general_measurement():
    """arXiv:1505.03837: the charge vanishes at 4 sqrt 3 only for the tetrahedral measurement of qubits."""
    scenario, functional = elegant(outcomes=4, penalty=3)
    table = gains(scenario, functional)
    general = Kind(real=False, general=True)
    box, value = best_strategy(scenario, table, (2, 2), starts=8, tried=[general])
    _, projective = best_strategy(scenario, table, (2, 2), starts=8, tried=[Kind(real=False)])
    assert value == pytest.approx(4 * sqrt(3), abs=1e-7)
    assert projective < value - 0.1
    assert box.dimensions == (4, 2)
    table = [chances(box, joint) for joint in scenario.joint_settings]
    exact = sum(factor * table[s][o] for o, s, factor in functional.terms)
    assert 4 * sqrt(3) - 1e-7 <= float(exact) <= 4 * sqrt(3)


def test_a_general_measurement_is_one_of_projectors():
    random = np.random.default_rng(3)
    elements = random_measurement(2, 3, random, real=False, general=True)
    owner, columns = vectors_of(elements)
    outcomes, basis = dilated(owner, columns, 7)
    assert np.allclose(basis.conj().T @ basis, np.eye(7))
    for outcome, element in enumerate(elements):
        held = basis[:2, outcomes == outcome]
        assert np.allclose(held @ held.conj().T, element)


# ------------------------------------------------------------------ exact vectors and their probabilities


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_vectors_are_made_orthogonal_exactly(vectors):
    found = [
        np.array(a) + 1j * np.array(b)
        for a, b in map(parts, orthogonal([joined(*zip(*v, strict=True)) for v in vectors]))
    ]
    for k, v in enumerate(found):
        assert all(np.vdot(v, u) == 0 for u in found[:k])
    rank = np.linalg.matrix_rank(np.array([[x + 1j * y for x, y in v] for v in vectors]))
    assert sum(bool(np.any(v)) for v in found) == rank


def test_chances_of_complex_strategies_by_matrices():
    random = np.random.default_rng(4)
    scenario = Scenario((2, 2), (3, 2))
    for kind in (Kind(real=True), Kind(real=False), Kind(real=False, general=True)):
        box, _ = best_strategy(scenario, random.normal(size=scenario.shape), (3, 2), starts=1, tried=[kind])

        def vector(entries):
            a, b = parts(entries)
            v = np.array(a, dtype=float) + 1j * np.array(b, dtype=float)
            return v / np.linalg.norm(v)

        state = vector(box.state)
        for joint in scenario.joint_settings:
            exact = chances(box, joint)
            assert sum(exact) == 1
            for place, (x, y) in enumerate(scenario.joint_outcomes):
                first, second = (
                    sum((np.outer(vector(v), vector(v).conj()) for v in box.measurements[p][joint[p]][o]), 0)
                    + np.zeros((box.dimensions[p],) * 2)
                    for p, o in ((0, x), (1, y))
                )
                assert float(exact[place]) == pytest.approx(
                    (state.conj() @ np.kron(first, second) @ state).real, abs=1e-9
                )


def test_chances_of_a_circular_state_by_hand():
    """(|0> + i|1>) (|0> - i|1>), measured along +i and along 0: P = 1 and 1/2."""
    plus, minus, zero, one = ((1, (0, 1)),), ((1, (0, -1)),), ((1, 0),), ((0, 1),)
    measured = ((plus, minus), (zero, one))
    box = Quantum((2, 2), (1, (0, -1), (0, 1), 1), (measured, measured))
    assert chances(box, (0, 0)) == [0, 1, 0, 0]
    assert chances(box, (0, 1)) == [F(1, 2), F(1, 2), 0, 0]
    assert chances(box, (1, 1)) == [F(1, 4)] * 4


# ------------------------------------------------------------------ the checker


@pytest.fixture(scope="module")
def proof():
    return fr.bound(asked(*elegant(), level="1")).certificate


def put(box, path, value):
    for key in path[:-1]:
        box = box[key]
    box[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("state", 0), [1, 2, 3], "length"),
        (("state", 0), [1, 0.5], "integers"),
        (("state", 0), ["1", 0], "integers"),
        (("state",), [[0, 0], 0, 0, 0], "the state is 0"),
        (("measurements", 0, 0, 0, 0, 1), [5, 7], "not orthogonal"),
        (("measurements", 1, 2, 1, 0), [[0, 0], [0, 0]], "are 0 or not orthogonal"),
        (("measurements", 1, 2, 1, 0), [[1, 0]], "needs a list of 2 entries"),
    ],
)
def test_tampered_complex_states_are_rejected(proof, path, value, words):
    body = copy.deepcopy(proof)
    put(body["attack"]["strategies"][0]["box"], path, value)
    with pytest.raises(checker.CertificateError, match=words):
        checker.check(body)


def test_the_conjugate_state_is_another_state(proof):
    body = copy.deepcopy(proof)
    box = body["attack"]["strategies"][0]["box"]
    box["state"] = [[x[0], -x[1]] if isinstance(x, list) else x for x in box["state"]]
    with pytest.raises(checker.CertificateError, match="value"):
        checker.check(body)
