"""Tests of symmetric relaxations: sizes, the same bound as without them, and what is no symmetry."""

from __future__ import annotations

import copy
import itertools
from fractions import Fraction as F
from math import pi, sin

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.certificates import check as checker
from freerand_opt.errors import InputError
from freerand_opt.model import functional as functionals
from freerand_opt.model import scenario as scenarios
from freerand_opt.model.question import Adversary, Ask, Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import Uniform
from freerand_opt.programs.moments import moment_matrix
from freerand_opt.programs.quantum import by_moments
from freerand_opt.programs.symmetry import action, generator, keeps, known_generators, orbits
from freerand_opt.solvers.symmetric import reduced


def asked(scenario, functional, level, extreme="largest"):
    return Question(
        scenario,
        Uniform(),
        "uniform",
        Adversary("quantum", level=level),
        (),
        Ask("score", functional=functional, extreme=extreme),
    )


def chain(n):
    """Return the shift along the chain and its reflection, as text."""
    names = [f"{'AB'[k % 2]}{k // 2}" for k in range(2 * n)]
    shift = ", ".join(f"{a} -> {b}" for a, b in itertools.pairwise(names))
    mirror = ", ".join(f"{a} -> {b}" for a, b in zip(names, reversed(names), strict=True))
    return shift + f", {names[-1]} -> -{names[0]}", mirror


@pytest.mark.parametrize(("n", "unknown", "widest"), [(8, 77, 5), (12, 242, 7)])
def test_the_dihedral_group_leaves_few_moments_and_small_blocks(n, unknown, widest):
    """Sizes by a decomposition into frequencies, done by hand for these N (design notes, 4a)."""
    scenario = scenarios.chained(n)
    made = by_moments(asked(scenario, functionals.chained(scenario), "1 + A B", "smallest"))
    actions = [action(made.moments, held) for held in known_generators(scenario)]
    assert all(keeps(made.program, made.moments, held) for held in actions)
    # the identity is an orbit too
    assert orbits(actions, made.moments.moments)[2] == unknown + 1
    blocks = reduced(made.moments, actions).blocks
    assert max(block.basis.shape[2] for block in blocks) <= widest
    assert sum(block.basis.shape[0] * block.basis.shape[2] for block in blocks) == made.moments.size


@pytest.mark.parametrize("n", [3, 4, 5])
def test_named_symmetries_give_wehners_value(n):
    family = scenarios.chained(n)
    scenario = Scenario(family.settings, family.outcomes)
    question = asked(scenario, functionals.chained(family), "1 + A B", "smallest")
    result = fr.bound(question, symmetry=chain(n))
    assert "blocks" in result.solver
    exact = 2 * n * sin(pi / (4 * n)) ** 2
    assert exact - 1e-8 <= float(result.bracket.lower) <= exact + 1e-15
    alone = fr.bound(question, solver="clarabel")
    assert abs(float(alone.bracket.lower) - float(result.bracket.lower)) < 1e-6


def test_words_are_permuted_as_matrices_would_be():
    """With operators drawn at random and their images, moments of images are the images of moments."""
    scenario = Scenario((2, 2), (2, 2))
    matrix = moment_matrix(scenario, "1 + A B + A A B")
    held = action(matrix, generator(scenario, "A0 -> A1, A1 -> -A0, B1 -> -B1"))
    random = np.random.default_rng(3)

    def observable():
        basis = np.linalg.qr(random.normal(size=(2, 2)))[0]
        return basis @ np.diag([1.0, -1.0]) @ basis.T

    a, b = [observable(), observable()], [observable(), observable()]
    state = random.normal(size=4)
    images = {"A0": a[1], "A1": -a[0], "B0": b[0], "B1": -b[1]}
    plain = {"A0": a[0], "A1": a[1], "B0": b[0], "B1": b[1]}

    def moments(operators):
        value = []
        for label in matrix.labels:
            left, right = np.eye(2), np.eye(2)
            for word in label[1:-1].split():
                if word.startswith("A"):
                    left = left @ operators[word]
                elif word.startswith("B"):
                    right = right @ operators[word]
            value.append(state @ np.kron(left, right) @ state)
        return np.array(value)

    assert np.allclose(moments(images), held.moment_sign * moments(plain)[held.moment])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A0 -> A1, A1 -> A0", "does not keep level, objective and tests"),
        ("A0 -> A1", "two observables have the same image"),
        ("A0 -> B0, B0 -> A0", "go to different parties"),
        ("A0 => B0", "write maps such as"),
        ("A7 -> A0", "is not there"),
    ],
)
def test_what_is_no_symmetry_is_named(text, said):
    scenario = scenarios.chsh()
    with pytest.raises(InputError, match=said):
        fr.bound(asked(scenario, functionals.chsh(scenario), "1"), symmetry=(text,))


def test_a_changed_factor_is_rejected():
    scenario = scenarios.chsh()
    body = fr.bound(asked(scenario, functionals.chsh(scenario), "1")).certificate
    checker.check(body)
    for change in (1, -1):
        forged = copy.deepcopy(body)
        rows = forged["multipliers"]["factors"][0]["rows"]
        rows[-1][-1] += change * 2**30
        with pytest.raises(checker.CertificateError, match="bound"):
            checker.check(forged)
    forged = copy.deepcopy(body)
    forged["multipliers"]["factors"][0]["rows"].pop()
    with pytest.raises(checker.CertificateError, match="rows of L"):
        checker.check(forged)
    forged = copy.deepcopy(body)
    low = F(forged["multipliers"]["bound"]) - F(1, 10**6)
    forged["multipliers"]["bound"] = forged["answer"]["upper"] = str(low)
    with pytest.raises(checker.CertificateError):
        checker.check(forged)
