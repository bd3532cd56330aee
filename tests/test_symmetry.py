"""Tests of symmetric relaxations: sizes, the same bound as without them, and what is no symmetry."""

from __future__ import annotations

import copy
import itertools
import json
from dataclasses import replace
from fractions import Fraction as F
from math import pi, sin

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.question import Adversary, Ask, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import Uniform
from freerand_opt.first.programs.generators import generator, known_generators
from freerand_opt.first.programs.moments import moment_matrix
from freerand_opt.first.programs.quantum import by_moments
from freerand_opt.first.programs.relabellings import _generated, found_generators
from freerand_opt.first.programs.symmetry import action, full_words, moment_map, moved_rows, orbits
from freerand_opt.first.proving.solving import symmetric_blocks


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
    full = full_words(made.moments)
    actions = [action(full, held) for held in known_generators(scenario)]
    assert all(moved_rows(made.program, full, held) is not None for held in actions)
    # the identity is an orbit too
    assert orbits(actions, made.moments.moments)[2] == unknown + 1
    blocks = symmetric_blocks(
        asked(scenario, functionals.chained(scenario), "1 + A B", "smallest"), made
    ).blocks
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
    held = action(full_words(matrix), generator(scenario, "A0 -> A1, A1 -> -A0, B1 -> -B1"))
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
        ("A0 -> A0 (0 2)", "cycles are disjoint, of outcomes 0..1"),
        ("A -> C, C -> A", "C is no party"),
        ("A0 -> B0, A0 -> B1", "given twice"),
        ("A[0|0] -> A[1|0]", "the outcomes of A0 are not permuted"),
        ("A[0|0] -> A[0|1]", "go to different measurements"),
    ],
)
def test_what_is_no_symmetry_is_named(text, said):
    scenario = scenarios.chsh()
    with pytest.raises(InputError, match=said):
        fr.bound(asked(scenario, functionals.chsh(scenario), "1"), symmetry=(text,))


# ------------------------------------------------------------------ any number of outcomes

#: The shift of all outcomes by 1; the chain of CGLMP (arXiv:quant-ph/0106024) turned by one link.
SHIFT = ", ".join(f"{name} -> {name} (0 1 2)" for name in ("A0", "A1", "B0", "B1"))
TURN = "A0 -> B0, B0 -> A1 (0 2 1), A1 -> B1, B1 -> A0"


def cglmp_without_family(level="1 + A B"):
    family = scenarios.cglmp(3)
    return asked(Scenario(family.settings, family.outcomes), functionals.cglmp(family), level)


@pytest.mark.parametrize(
    "named",
    [(SHIFT,), (TURN,), (SHIFT, "A0 -> B1 (1 2), B1 -> A0 (1 2), A1 -> B0 (1 2), B0 -> A1 (1 2)"), ("find",)],
)
def test_shifts_of_outcomes_keep_the_value_of_cglmp(named):
    """Acin, Durt, Gisin and Latorre, arXiv:quant-ph/0111143; with rotations alone copies stay together."""
    result = fr.bound(cglmp_without_family(), symmetry=named)
    assert "blocks" in result.solver
    exact = 1 + (11 / 3) ** 0.5
    assert exact - 1e-12 <= result.bracket.upper_float <= exact + 1e-8
    assert fr.check_certificate(result.certificate)


def test_outcome_by_outcome_is_the_same_as_by_cycles():
    scenario = scenarios.cglmp(3)
    one_by_one = ", ".join(
        f"{p}[{o}|{s}] -> {p}[{(o + 1) % 3}|{s}]" for p in "AB" for s in (0, 1) for o in range(3)
    )
    assert generator(scenario, one_by_one) == generator(scenario, SHIFT)


@pytest.mark.parametrize("text", [SHIFT, TURN])
def test_projectors_are_moved_as_matrices_would_be(text):
    """With projectors drawn at random and their images, moments of images are the moved moments."""
    scenario = scenarios.cglmp(3)
    matrix = moment_matrix(scenario, "1 + A B")
    full = full_words(matrix)
    named = generator(scenario, text)
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


def test_a_question_that_is_not_shifted_is_refused():
    scenario = scenarios.cglmp(3)
    biased = functionals.from_terms({(0, 0): F(1), (4, 0): F(2), (8, 0): F(1)})
    with pytest.raises(InputError, match="does not keep"):
        fr.bound(asked(scenario, biased, "1 + A B"), symmetry=(SHIFT,))


def test_a_level_without_the_images_is_refused():
    with pytest.raises(InputError, match="lacks words that a symmetry of outcomes needs"):
        fr.bound(cglmp_without_family("1 + A A B"), symmetry=(SHIFT,))


def test_a_family_is_answered_at_a_level_without_the_images():
    """Its known symmetries are then left out; the value is at most that of 1 + A B."""
    scenario = scenarios.cglmp(3)
    made = by_moments(question := asked(scenario, functionals.cglmp(scenario), "1 + A A B"))
    assert symmetric_blocks(question, made) is None
    with pytest.raises(InputError, match="lacks words"):
        symmetric_blocks(question, made, (SHIFT,))


@pytest.mark.parametrize(
    ("scenario", "functional", "order"),
    [
        (scenarios.chsh(), functionals.chsh, 16),
        (scenarios.chained(4), functionals.chained, 32),  # the dihedral group of 4N, and the sign of all
        (scenarios.cglmp(3), functionals.cglmp, 24),  # the dihedral group of the chain of 4d links
        (scenarios.ghz(3), functionals.mermin, 192),  # 6 orders x 16 quarter turns in all 0 x conjugation
    ],
)
def test_relabellings_that_are_found(scenario, functional, order):
    """Every relabelling is tried by hand on the functional's values at random no-signalling boxes."""
    table = np.zeros(scenario.shape)
    for o, s, factor in functional(scenario).terms:
        table[o, s] = factor
    kept = found_generators(scenario, [table])
    assert len(_generated(scenario, kept)) == order
    random = np.random.default_rng(2)
    # mixtures of deterministic boxes, as functions of (party, setting)
    boxes = [
        [
            [int(random.integers(d)) for _ in range(n)]
            for n, d in zip(scenario.settings, scenario.outcomes, strict=True)
        ]
        for _ in range(6)
    ]

    def value(box):
        return sum(
            factor
            for o, s, factor in functional(scenario).terms
            if all(
                box[p][x] == a
                for p, (x, a) in enumerate(
                    zip(scenario.joint_settings[s], scenario.joint_outcomes[o], strict=True)
                )
            )
        )

    for held in kept:
        for box in boxes:
            image = [list(party) for party in box]
            for p, party in enumerate(held.images):
                for s, (q, t, outcomes) in enumerate(party):
                    image[q][t] = outcomes[box[p][s]]
            assert value(image) == value(box)


def test_too_many_relabellings_are_not_tried():
    scenario = scenarios.chained(8)
    with pytest.raises(TooLargeError, match="name generators"):
        found_generators(scenario, [np.ones(scenario.shape)])


def test_tests_may_be_permuted():
    """One test for each edge: the dihedral group permutes them, and the multipliers are averaged."""
    family = scenarios.chained(3)
    scenario = Scenario(family.settings, family.outcomes)
    whole = functionals.chained(family)
    edges = [
        Check(functionals.from_terms({(o, s): f for o, s, f in whole.terms if s == edge}), "<=", F(7, 100))
        for edge in sorted(whole.settings())
    ]
    question = replace(asked(scenario, whole, "1 + A B", "smallest"), tests=tuple(edges))
    result = fr.bound(question, symmetry=chain(3))
    assert "blocks" in result.solver
    assert 6 * sin(pi / 12) ** 2 - 1e-7 <= float(result.bracket.lower) <= 6 * sin(pi / 12) ** 2 + 1e-12


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"adversary": Adversary("local")}, {}, "devices are local"),
        ({"ask": Ask("strategy")}, {}, "existence"),
        ({}, {"solver": "clarabel"}, "not by clarabel"),
    ],
)
def test_where_symmetries_are_of_no_use(change, options, said):
    question = replace(asked(scenarios.chsh(), functionals.chsh(scenarios.chsh()), "1"), **change)
    with pytest.raises(InputError, match=said):
        fr.bound(question, symmetry=("A -> B, B -> A",), **options)


FILE = """
[scenario]
settings = { A = 3, B = 3 }
outcomes = { A = 2, B = 2 }
[source]
kind = "uniform"
[adversary]
devices = "quantum"
level = "2"
[ask]
quantity = "score"
[ask.terms]
"<A0 B0>" = 1
"<A1 B1>" = 1
"<A2 B2>" = 1
"<A0 B1>" = -1
"<A1 B2>" = -1
"<A2 B0>" = -1
"""


def test_symmetries_on_the_command_line(freerand, tmp_path):
    """A functional of a circulant: Schur multipliers bound it; classically and quantumly at most 6."""
    (tmp_path / "mine.toml").write_text(FILE)
    (tmp_path / "turns.txt").write_text(
        "# the settings of both, turned\nA0 -> A1, A1 -> A2, A2 -> A0, B0 -> B1, B1 -> B2, B2 -> B0\n\n"
        "A0 -> -A0, A1 -> -A1, A2 -> -A2, B0 -> -B0, B1 -> -B1, B2 -> -B2  # all outcomes\n"
    )
    alone = json.loads(freerand("bound", tmp_path / "mine.toml", "--json").out)[0]
    for named in (tmp_path / "turns.txt", "find"):
        done = freerand("bound", tmp_path / "mine.toml", "--symmetry", named, "--json")
        assert done.code == 0
        found = json.loads(done.out)[0]
        assert abs(float(F(found["upper"])) - float(F(alone["upper"]))) < 1e-7
    shown = freerand("show", tmp_path / "mine.toml", "--symmetry", tmp_path / "turns.txt").out
    assert "each psd block of 28 x 28 splits into" in shown
    for named, said in (("no.txt", "is no file and no relabelling"), ("A0 -> A1, A1 -> A0", "does not keep")):
        done = freerand("bound", tmp_path / "mine.toml", "--symmetry", named, "--store", tmp_path / "new")
        assert done.code == 2
        assert said in done.err


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
