"""The quantum guess given the Mermin score: each step of docs/proofs/mermin-guess.md."""

from __future__ import annotations

from fractions import Fraction as F
from functools import reduce

import numpy as np
import pytest

from freerand_opt import Ask, Question, Test, Uniform, ghz
from freerand_opt.attacks.quantum_box import Quantum, chances
from freerand_opt.claims.formulas import value
from freerand_opt.errors import InputError
from freerand_opt.numbers.exact import compare, sqrt

X, Z, ONE = np.array([[0, 1], [1, 0]]), np.diag([1, -1]), np.eye(2)


def kron(*factors):
    return reduce(np.kron, factors)


def guess(score, name="mermin", relation=">="):
    """The closed form for three parties at a score."""
    asked = Question(
        ghz(3),
        Uniform(),
        adversary={"devices": "quantum", "level": "local 1"},
        tests=[Test(name, relation, score)],
        ask=Ask("guessing-probability", of="A", at=(0, 0, 0)),
    )
    return value("mermin-quantum-guess", asked)


def test_the_operator_inequality_on_three_qubits():
    """By Jordan's lemma real qubits suffice for each party; angles at random."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        angles, theta = rng.uniform(-3.2, 3.2, 6), rng.uniform(0.001, np.pi / 4)
        a0, a1, b0, b1, c0, c1 = (np.cos(t) * Z + np.sin(t) * X for t in angles)
        score = -kron(a0, b0, c0) + kron(a0, b1, c1) + kron(a1, b0, c1) + kron(a1, b1, c0)
        held = np.sin(theta) * kron(a0, ONE, ONE) + np.cos(theta) * (score / 2 - np.eye(8))
        assert np.linalg.eigvalsh(held)[-1] <= 1 + 1e-12


def test_the_inequality_fails_beyond_the_angle():
    """At theta > pi/4 a constant outcome does better, so the restriction is needed."""
    theta = np.pi / 4 + 0.1
    score = -kron(Z, Z) + kron(X, X) + kron(Z, X) + kron(X, Z)
    held = np.sin(theta) * np.eye(4) + np.cos(theta) * (score / 2 - np.eye(4))
    assert np.linalg.eigvalsh(held)[-1] > 1 + 1e-3


@pytest.mark.parametrize(("t", "r"), [(F(1, 3), F(2, 7)), (F(0), F(1, 2)), (F(1), F(3, 5)), (F(7, 9), F(1))])
def test_the_determinant(t, r):
    """det(lambda - T) = 4 c^2 n^2 (2 c^2 - 1) at lambda = 1 + c, in fractions."""
    c, s = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    n, m = (1 - r * r) / (1 + r * r), 2 * r / (1 + r * r)
    z, x, one = [[1, 0], [0, -1]], [[0, 1], [1, 0]], [[1, 0], [0, 1]]

    def product(left, right):
        return [[left[i // 2][j // 2] * right[i % 2][j % 2] for j in range(4)] for i in range(4)]

    parts = [(s, product(z, one)), (c, product(z, z)), (c * n, product(z, x)), (c * m, product(x, x))]
    held = [
        [(1 + c) * (i == j) - sum(f * part[i][j] for f, part in parts) for j in range(4)] for i in range(4)
    ]
    assert _determinant(held) == 4 * c * c * n * n * (2 * c * c - 1)


def _determinant(rows):
    if len(rows) == 1:
        return rows[0][0]
    return sum(
        (-1) ** j * rows[0][j] * _determinant([row[:j] + row[j + 1 :] for row in rows[1:]])
        for j in range(len(rows))
    )


def test_the_formula():
    corner = 2 + sqrt(F(2))
    assert guess(4) == F(1, 2)
    assert guess(F(18, 5)) == F(4, 5)
    assert guess(2 * sqrt(F(2))) == guess(2) == 1
    # both lines meet, with 1 + sqrt(2)/2 - M/4 at the corner
    assert compare(guess(corner), F(1, 2) + sqrt(F(2)) / 4) == 0
    assert guess(F(1, 100), "mermin-errors", "<=") == F(1, 2) + sqrt(F(199, 10000)) / 2
    with pytest.raises(InputError):
        guess(F(5, 2), "chained")


def test_an_explicit_strategy_attains_it():
    """cos = 4/5, sin = 3/5: the score is 18/5 and the outcome of A is 0 with probability 4/5, exactly."""
    bases = (((1, 0), (0, 1)), ((1, 1), (1, -1)))
    measured = tuple(
        tuple(tuple((tuple((x, 0) for x in v),) for v in basis) for basis in bases) for _ in range(3)
    )
    # the states with Z s = 1: sigma = (X X - Z Z)/2 has the eigenvectors |01>+|10> and |00>-|11>
    up, down = np.array([0, 1, 1, 0]), np.array([1, 0, 0, -1])
    state = 2 * np.kron([1, 0], up) + np.kron([0, 1], down)  # <Z> = (4 - 1)/5
    box = Quantum((2, 2, 2), tuple((int(x), 0) for x in state), measured)
    outcomes = ghz(3).joint_outcomes
    score = F(0)
    for s in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        parity = sum((-1) ** sum(o) * p for o, p in zip(outcomes, chances(box, s), strict=True))
        score += parity * (-1 if s == (0, 0, 0) else 1)
    assert score == F(18, 5)
    assert sum(p for o, p in zip(outcomes, chances(box, (0, 0, 0)), strict=True) if o[0] == 0) == F(4, 5)
