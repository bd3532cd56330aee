"""Quantum strategies: measurements of the literature, exact vectors and their probabilities by matrices."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import freerand_opt as fr
from freerand_opt.attacks import seesaw, states
from freerand_opt.attacks.gaussian import joined, orthogonal, parts
from freerand_opt.attacks.measurement import best_of_two, dilated, random_measurements
from freerand_opt.attacks.quantum_box import Quantum, chances, moment
from freerand_opt.attacks.seesaw import Kind, best_strategy
from freerand_opt.attacks.zeros import best_with_zeros
from freerand_opt.checker.attack import read_box
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.model.problem import Parties
from freerand_opt.programs.npa.matrix import operators

QUESTION = {
    "settings": [2, 2],
    "outcomes": [2, 3],
    "source": {"kind": "uniform"},
    "observed": "uniform",
    "devices": "quantum",
    "tests": [],
    "ask": {"quantity": "strategy"},
}
#: Directions of a tetrahedron.
TETRAHEDRON = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))


def elegant(outcomes=2, penalty=0):
    """Gisin's elegant functional as gains[s, o], sum of signs times <A_x B_y>, for 3 and 4 settings.

    With four outcomes of A (0 counts +1, the others -1) a fourth setting is charged for outcome y together
    with outcome 0 of setting y of B (Acin, Pironio, Vertesi and Wittek, arXiv:1505.03837).
    """
    scenario = Parties((4 if penalty else 3, 4), (outcomes, 2))
    gains = np.zeros((len(scenario.joint_settings), len(scenario.joint_outcomes)))
    for (s, (x, y)), (o, (a, b)) in product(
        enumerate(scenario.joint_settings), enumerate(scenario.joint_outcomes)
    ):
        if x < 3:
            gains[s, o] = TETRAHEDRON[y][x] * (1 if a == 0 else -1) * (1 if b == 0 else -1)
        elif a == y and b == 0:
            gains[s, o] = -penalty
    return scenario, gains


def of_kind(monkeypatch, kind, scenario, gains, dimensions, starts):
    monkeypatch.setattr(seesaw, "kinds", lambda scenario, size: (kind,))
    return best_strategy(scenario, gains, dimensions, starts=starts)


def vector(entries):
    a, b = parts(entries)
    v = np.array(a, dtype=float) + 1j * np.array(b, dtype=float)
    return v / np.linalg.norm(v)


def projector(box, p, s, o):
    found = np.zeros((box.dimensions[p],) * 2, dtype=complex)
    for v in map(vector, box.measurements[p][s][o]):
        found += np.outer(v, v.conj())
    return found


# ------------------------------------------------------------------ what needs complex or general


def test_qubits_need_complex_numbers_for_the_elegant_inequality(monkeypatch):
    """4 sqrt 3 with two qubits (Gisin, arXiv:quant-ph/0702021); three real directions lie in a plane."""
    box, value = of_kind(monkeypatch, Kind(real=False), *elegant(), (2, 2), 4)
    assert value == pytest.approx(4 * sqrt(3), abs=1e-9)
    assert "complex" in box.label
    # a plane: sum_y |sum_x s_xy a_x| is at most 2 + 2 sqrt 5 (two equal, the third orthogonal)
    _, real = of_kind(monkeypatch, Kind(real=True), *elegant(), (2, 2), 12)
    assert real == pytest.approx(2 + 2 * sqrt(5), abs=1e-9)


def test_qubits_need_a_general_measurement(monkeypatch):
    """arXiv:1505.03837: the charge vanishes at 4 sqrt 3 only for the tetrahedral measurement of qubits."""
    scenario, gains = elegant(outcomes=4, penalty=3)
    box, value = of_kind(monkeypatch, Kind(real=False, general=True), scenario, gains, (2, 2), 8)
    _, projective = of_kind(monkeypatch, Kind(real=False), scenario, gains, (2, 2), 8)
    assert value == pytest.approx(4 * sqrt(3), abs=1e-7)
    assert projective < value - 0.1
    assert box.dimensions == (4, 2)
    exact = sum(
        F(gain) * chance
        for s, joint in enumerate(scenario.joint_settings)
        for gain, chance in zip(gains[s].tolist(), chances(box, joint), strict=True)
    )
    assert 4 * sqrt(3) - 1e-7 <= float(exact) <= 4 * sqrt(3)


@pytest.mark.parametrize(
    ("outcomes", "sizes"),
    [((2, 2), [2, 3, 4]), ((3, 2), [3, 4, 5]), ((2, 3, 2), [3, 4, 5]), ((4, 2, 2, 2), [2]), ((2,) * 8, [])],
)
def test_dimensions_that_are_tried_in_turn(outcomes, sizes, monkeypatch):
    """Projectors of d >= 3 dimensions include general measurements on qubits; too large, these are left."""
    seen = []
    monkeypatch.setattr(states, "best_strategy", lambda scenario, gains, size, **more: seen.append(set(size)))
    asked = fr.Question(
        fr.Scenario((3,) + (1,) * (len(outcomes) - 1), outcomes),
        fr.Uniform(),
        adversary=fr.Adversary("quantum", level="1"),
        ask=fr.Ask("score", functional={f"P({'0' * len(outcomes)}|{'0' * len(outcomes)})": 1}),
    ).problem()
    best = states.quantum_oracle(asked)
    for _ in range(2 * len(sizes)):
        assert best(np.zeros(asked.shape), ()) is None
    assert seen == [{size} for size in sizes for _ in range(2)]


def test_qubits_with_general_measurements_where_larger_systems_do_not_fit():
    """Four parties with four outcomes each: the box found has the chances that it was sought for."""
    asked = fr.Question(
        fr.Scenario((1, 1, 1, 1), (4, 4, 4, 4)),
        fr.Uniform(),
        adversary=fr.Adversary("quantum", level="1"),
        ask=fr.Ask("score", functional={"P(0000|0000)": 1}),
    ).problem()
    gains = np.zeros(asked.shape)
    gains[0, [0, 85, 170, 255]] = 1  # all outcomes equal
    found = states.quantum_oracle(asked)(gains, ())
    assert found is not None
    table, box = found
    assert sum(box.at(0).values()) == 1
    assert float((gains * table).sum()) == pytest.approx(1, abs=1e-9)


def trine():
    """Three real qubit states at 120 degrees, each with probability 1/3."""
    angles = [2 * np.pi * k / 3 for k in range(3)]
    vectors = [np.array([np.cos(t / 2), np.sin(t / 2)]) for t in angles]
    return np.stack([np.outer(v, v) / 3 for v in vectors]).astype(complex)[None]


@pytest.mark.parametrize(("general", "best"), [(True, 2 / 3), (False, (1 + sqrt(3) / 2) / 3)])
def test_the_trine_is_best_told_by_a_general_measurement(general, best):
    """Success 2/3 (Holevo 1973; Helstrom 1976); with projectors at most (1 + cos 30 degrees)/3 = 0.622."""
    found = 0.0
    random = np.random.default_rng(1)
    for _ in range(8):
        held = random_measurements(1, 2, 3, random, real=True, general=general)
        for _ in range(100):
            held = held.improved(trine())
        assert np.allclose(held.elements.sum(axis=1), np.eye(2), atol=1e-9)
        found = max(found, float(np.einsum("noij,noji->", held.elements, trine()).real))
    assert found == pytest.approx(best, abs=1e-8)


@pytest.mark.parametrize("size", [(2, 3), (2, 4), (3, 3), (3, 2)])
def test_the_best_measurement_solves_its_program(size):
    """The dual: with L = sum_o K_o E_o Hermitian, tr L is the value and L - K_o must be positive."""
    random = np.random.default_rng(7)
    dimension, count = size
    gains = random.normal(size=(5, count, dimension, dimension, 2)) @ np.array([1, 1j])
    gains = gains + gains.conj().swapaxes(-1, -2)
    held = random_measurements(5, dimension, count, random, real=False, general=True)
    for _ in range(100):
        held = held.improved(gains)
    total = np.einsum("noij,nojk->nik", gains, held.elements)
    total = (total + total.conj().swapaxes(-1, -2)) / 2
    assert np.linalg.eigvalsh(total[:, None] - gains).min() > -5e-3 * np.abs(gains).max()


@pytest.mark.parametrize("dimension", [2, 3, 4])
@pytest.mark.parametrize("real", [True, False])
def test_the_best_of_two_outcomes_gains_the_positive_part(dimension, real):
    """Helstrom: tr K_1 and the positive eigenvalues of K_0 - K_1, each setting for itself."""
    random = np.random.default_rng(5)
    gains = random.normal(size=(6, 2, 3, dimension, dimension, 2)) @ np.array([1, 0 if real else 1j])
    gains[0, 0] = gains[0, 1] + 2 * np.eye(dimension)  # outcome 0 throughout
    gains[1, 0] = gains[1, 1]  # nothing is gained: outcome 1
    gains = gains.real if real else gains
    elements = best_of_two(gains)
    assert elements.shape == (6, 3, 2, dimension, dimension)
    assert np.isrealobj(elements) == real
    assert np.allclose(elements @ elements, elements, atol=1e-9)
    assert np.allclose(elements.sum(axis=2), np.eye(dimension))
    gains = (gains + gains.conj().swapaxes(-1, -2)) / 2
    found = np.einsum("nxoij,noxji->nx", elements, gains).real
    parts = np.maximum(np.linalg.eigvalsh(gains[:, 0] - gains[:, 1]), 0).sum(axis=-1)
    assert np.allclose(found, np.trace(gains[:, 1], axis1=-2, axis2=-1).real + parts)
    assert np.allclose(elements[0, :, 0], np.eye(dimension))
    assert np.allclose(elements[1, :, 1], np.eye(dimension))


def test_a_general_measurement_is_one_of_projectors():
    held = random_measurements(1, 2, 3, np.random.default_rng(3), real=False, general=True)
    owner, columns = held.vectors()
    outcomes, basis = dilated(owner, columns, 7)
    assert np.allclose(basis.conj().T @ basis, np.eye(7))
    for outcome, element in enumerate(held.elements[0]):
        own = basis[:2, outcomes == outcome]
        assert np.allclose(own @ own.conj().T, element, atol=1e-6)


# ------------------------------------------------------------------ exact vectors and their probabilities


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_vectors_are_made_orthogonal_exactly(vectors):
    found = [
        np.array(a, dtype=object) + 1j * np.array(b, dtype=object)
        for a, b in map(parts, orthogonal([joined(*zip(*v, strict=True)) for v in vectors]))
    ]
    for k, v in enumerate(found):
        assert all(np.vdot(v, u) == 0 for u in found[:k])
    rank = np.linalg.matrix_rank(np.array([[x + 1j * y for x, y in v] for v in vectors]))
    assert sum(bool(np.any(v != 0)) for v in found) == rank


@pytest.mark.parametrize("kind", [Kind(real=True), Kind(real=False), Kind(real=False, general=True)])
def test_chances_and_moments_of_strategies_by_matrices(kind, monkeypatch):
    """Exact ones, the kernel's own, and a product of matrices in floats."""
    scenario = Parties((2, 2), (2, 3))
    gains = np.random.default_rng(8).normal(size=(4, 6))
    box, _ = of_kind(monkeypatch, kind, scenario, gains, (2, 3), 1)
    asked = read_question(QUESTION, Work())
    theirs = read_box(box.as_json(), asked, Work(), "box")
    state = vector(box.state)
    one = np.eye(box.dimensions[0]), np.eye(box.dimensions[1])
    for s, joint in enumerate(scenario.joint_settings):
        exact = chances(box, joint)
        assert sum(exact) == 1
        held = theirs.at(s)
        assert [held.get(o, 0) for o in range(6)] == exact
        for chance, (x, y) in zip(exact, scenario.joint_outcomes, strict=True):
            both = np.kron(projector(box, 0, joint[0], x), projector(box, 1, joint[1], y))
            assert float(chance) == pytest.approx((state.conj() @ both @ state).real, abs=1e-9)
    for name in ("<1>", "<A0 A1>", "<A0 A1 A0 B[1|0] B[0|1]>", "<B[0|0] B[1|1] B[0|0]>"):
        wanted = state
        for p, s, o in reversed(operators(scenario, name)):
            own = projector(box, p, s, 0) - projector(box, p, s, 1) if o is None else projector(box, p, s, o)
            wanted = (np.kron(own, one[1]) if p == 0 else np.kron(one[0], own)) @ wanted
        value = (state.conj() @ wanted).real
        exact = moment(box, operators(scenario, name))
        assert float(exact) == pytest.approx(value, abs=1e-9)
        assert theirs.mean(asked.algebra.word(name[1:-1], "here")) == exact


def test_chances_of_a_circular_state_by_hand():
    """(|0> + i|1>) (|0> - i|1>), measured along +i and along 0: P = 1 and 1/2."""
    plus, minus, zero, one = ((1, (0, 1)),), ((1, (0, -1)),), ((1, 0),), ((0, 1),)
    measured = ((plus, minus), (zero, one))
    box = Quantum((2, 2), (1, (0, -1), (0, 1), 1), (measured, measured))
    assert chances(box, (0, 0)) == [0, 1, 0, 0]
    assert chances(box, (0, 1)) == [F(1, 2), F(1, 2), 0, 0]
    assert chances(box, (1, 1)) == [F(1, 4)] * 4


def test_hardys_state_has_its_zeros_exactly():
    """Three outcomes never occur; P(00|00) is (5 sqrt 5 - 11)/2 at most (arXiv:1205.3280)."""
    scenario = Parties((2, 2), (2, 2))
    gains = np.zeros((4, 4))
    gains[0, 0] = 1
    zeros = [(1, 1), (2, 2), (3, 0)]
    box = best_with_zeros(scenario, gains, zeros)
    assert all(chances(box, scenario.joint_settings[s])[o] == 0 for s, o in zeros)
    best = (5 * sqrt(5) - 11) / 2
    assert best - 1e-7 < float(chances(box, (0, 0))[0]) <= best + 1e-15


def test_steep_functionals_are_climbed_to_the_top():
    """The ladder's five zeros, charged 1000 each: its state has none, and h = .1745495715 (PRL 79, 2755)."""
    scenario = Parties((3, 3), (2, 2))
    gains = np.zeros((9, 4))
    gains[8, 3] = 1
    for a, b, o in ((0, 0, 3), (0, 1, 1), (1, 0, 2), (1, 2, 1), (2, 1, 2)):
        gains[3 * a + b, o] = -1000
    box, value = best_strategy(scenario, gains, (2, 2), starts=10)
    exact = sum(
        F(gains[s, o]) * chances(box, scenario.joint_settings[s])[o] for s, o in np.argwhere(gains).tolist()
    )
    assert 0.1745495715 < value < 0.176
    assert float(exact) == pytest.approx(value, abs=1e-9)
