"""Symmetries of moment matrices: words moved as matrices would be, sizes of blocks, what a search finds."""

from __future__ import annotations

import numpy as np
import pytest

from freerand_opt.model import Question
from freerand_opt.model.problem import Parties
from freerand_opt.programs.npa.matrix import moment_matrix
from freerand_opt.programs.symmetry.actions import action, full_words, moment_map, orbits
from freerand_opt.programs.symmetry.blocks import split
from freerand_opt.programs.symmetry.candidates import _table
from freerand_opt.programs.symmetry.generators import generator, known_generators
from freerand_opt.programs.symmetry.relabellings import _generated, found_generators

CGLMP = Parties((2, 2), (3, 3))
#: The shift of all outcomes by 1; the chain of CGLMP (arXiv:quant-ph/0106024) turned by one link.
SHIFT = ", ".join(f"{name} -> {name} (0 1 2)" for name in ("A0", "A1", "B0", "B1"))
TURN = "A0 -> B0, B0 -> A1 (0 2 1), A1 -> B1, B1 -> A0"


@pytest.mark.parametrize(("n", "unknown", "widest"), [(8, 77, 5), (12, 242, 7)])
def test_the_dihedral_group_leaves_few_moments_and_small_blocks(n, unknown, widest):
    """Sizes by a decomposition into frequencies, done by hand for these N (design notes, 4a)."""
    scenario = Parties((n, n), (2, 2))
    matrix = moment_matrix(scenario, "1 + A B")
    full = full_words(matrix)
    actions = [action(full, held) for held in known_generators(scenario)]
    orbit, sign, count = orbits(actions, matrix.moments)
    assert count == unknown + 1  # the identity is an orbit too
    places, signs = np.maximum(orbit[matrix.classes], 0), sign[matrix.classes].astype(float)
    blocks = split(lambda y: signs * y[places], count)
    assert max(block.basis.shape[2] for block in blocks) <= widest
    assert sum(block.basis.shape[0] * block.basis.shape[2] for block in blocks) == matrix.size


def test_words_are_permuted_as_matrices_would_be():
    """With operators drawn at random and their images, moments of images are the images of moments."""
    scenario = Parties((2, 2), (2, 2))
    matrix = moment_matrix(scenario, "1 + A B + A A B")
    held = action(full_words(matrix), generator(scenario, "A0 -> A1, A1 -> -A0, B1 -> -B1"))
    random = np.random.default_rng(3)

    def observable():
        basis = np.linalg.qr(random.normal(size=(2, 2)))[0]
        return basis @ np.diag([1.0, -1.0]) @ basis.T

    plain = {name: observable() for name in ("A0", "A1", "B0", "B1")}
    images = {"A0": plain["A1"], "A1": -plain["A0"], "B0": plain["B0"], "B1": -plain["B1"]}
    state = random.normal(size=4)

    def moments(operators):
        value = []
        for label in matrix.labels:
            held = {"A": np.eye(2), "B": np.eye(2)}
            for word in label[1:-1].split() if label != "<1>" else ():
                held[word[0]] = held[word[0]] @ operators[word]
            value.append(state @ np.kron(held["A"], held["B"]) @ state)
        return np.array(value)

    assert np.allclose(moments(images), held.moment_sign * moments(plain)[held.moment])


@pytest.mark.parametrize("text", [SHIFT, TURN])
def test_projectors_are_moved_as_matrices_would_be(text):
    """With projectors drawn at random and their images, moments of images are the moved moments."""
    matrix = moment_matrix(CGLMP, "1 + A B")
    full = full_words(matrix)
    named = generator(CGLMP, text)
    moves = moment_map(full, action(full, named))
    random = np.random.default_rng(5)
    bases = [[np.linalg.qr(random.normal(size=(3, 3)))[0] for _ in range(2)] for _ in range(2)]
    state = random.normal(size=9)

    def operator(p, o, s):
        local = np.outer(bases[p][s][:, o], bases[p][s][:, o])
        return np.kron(local, np.eye(3)) if p == 0 else np.kron(np.eye(3), local)

    def image(p, o, s):
        q, t, outcomes = named.images[p][s]
        return operator(q, outcomes[o], t)

    def moments(made):
        found = []
        for label in matrix.labels:
            total = np.eye(9)
            for word in label[1:-1].split() if label != "<1>" else ():
                total = total @ made("AB".index(word[0]), int(word[2]), int(word[4]))
            found.append(state @ total @ state)
        return np.array(found)

    assert np.allclose(moments(image), moves @ moments(operator))


def test_outcome_by_outcome_is_the_same_as_by_cycles():
    one_by_one = ", ".join(
        f"{p}[{o}|{s}] -> {p}[{(o + 1) % 3}|{s}]" for p in "AB" for s in (0, 1) for o in range(3)
    )
    assert generator(CGLMP, one_by_one) == generator(CGLMP, SHIFT)


@pytest.mark.parametrize(
    ("scenario", "functional", "order"),
    [
        ({"family": "chsh"}, "chsh", 16),
        ({"family": "chained", "N": 4}, "chained", 32),  # the dihedral group of 4N, and the sign of all
        ({"family": "cglmp", "d": 3}, "cglmp", 24),  # the dihedral group of the chain of 4d links
        ({"family": "ghz", "M": 3}, "mermin", 192),  # 6 orders x 16 quarter turns in all 0 x conjugation
    ],
)
def test_relabellings_that_are_found(scenario, functional, order):
    """Each keeps the functional's values at random deterministic boxes, and as many are there as by hand."""
    problem = Question.from_dict(
        {
            "scenario": scenario,
            "source": {"kind": "uniform"},
            "adversary": {"devices": "local"},
            "ask": {"quantity": "score", "functional": functional},
        }
    ).problem()
    parties = problem.parties
    table = _table(problem, problem.ask.score)
    kept = found_generators(parties, [table])
    assert len(_generated(parties, kept)) == order
    random = np.random.default_rng(2)
    boxes = [
        [
            [int(random.integers(d)) for _ in range(n)]
            for n, d in zip(parties.settings, parties.outcomes, strict=True)
        ]
        for _ in range(6)
    ]

    def value(box):
        return sum(
            table[parties.joint_outcomes.index(tuple(box[p][x] for p, x in enumerate(joint)))][s]
            for s, joint in enumerate(parties.joint_settings)
        )

    for held in kept:
        for box in boxes:
            image = [list(party) for party in box]
            for p, party in enumerate(held.images):
                for s, (q, t, outcomes) in enumerate(party):
                    image[q][t] = outcomes[box[p][s]]
            assert value(image) == value(box)
