"""Tests of sums of squares: closed forms, the full matrix formed exactly, and what is no proof."""

from __future__ import annotations

import copy
import itertools
from fractions import Fraction as F
from functools import cache

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import freerand_opt as fr
from freerand_opt.errors import InputError
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.certificates.certificate import bracket
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.question import Adversary, Ask, Question
from freerand_opt.first.model.scenario import Scenario, chained
from freerand_opt.first.model.source import SanthaVazirani, Uniform
from freerand_opt.first.programs.boxes import Angles
from freerand_opt.first.programs.chain import chain_squares
from freerand_opt.first.programs.generators import generator, known_generators, written
from freerand_opt.first.programs.known import known_angles
from freerand_opt.first.programs.moments import moment_matrix, word_count
from freerand_opt.first.proving.scores import WRITTEN_DOWN, by_squares
from freerand_opt.numbers.exact import cos_pi, enclose


def asked(scenario, functional, level, extreme="largest", **more):
    ask = Ask("score", functional=functional, extreme=extreme)
    return Question(scenario, Uniform(), "uniform", Adversary("quantum", level=level, **more), (), ask)


def chain_question(n, level):
    return asked(chained(n), functionals.chained(chained(n)), level, "smallest")


def i3322_question(level):
    return asked(scenarios.i3322(), functionals.i3322(scenarios.i3322()), level)


def mermin_question(level):
    return asked(scenarios.ghz(3), functionals.mermin(scenarios.ghz(3)), level)


def gap(n, bound):
    """2N sin^2(pi/4N) less a fraction, by ball arithmetic."""
    with ctx.workprec(300):
        exact = 2 * n * arb.sin_pi_fmpq(fmpq(1, 4 * n)) ** 2
        return float(exact - arb(fmpq(bound.numerator, bound.denominator)))


def certificate(question, score):
    """A certificate of the upper end alone."""
    bound = score.bound if question.ask.extreme == "largest" else -score.bound
    ends = (None, bound) if question.ask.extreme == "largest" else (bound, None)
    body = bracket(question, name="test", instance="", answer=ends, multipliers=None, attack=None)
    return {**body, "squares": copy.deepcopy(score.proof)}


@cache
def small():
    question = chain_question(4, "1 + A B")
    return question, by_squares(question, larger_than=0)


# ------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("n", [2, 3, 7, 64])
def test_the_chain_has_the_sum_of_squares_of_the_proof(n):
    """sum of p p' is a quarter of the matrix with 2 cos(pi/2N) on the diagonal and -1 along the chain."""
    total = np.zeros((2 * n, 2 * n))
    for places, factors in chain_squares(n):
        total[np.ix_(places, places)] += np.outer(factors, factors)
    links = np.diag(np.ones(2 * n - 1), 1)
    links[0, -1] = -1
    wanted = 2 * np.cos(np.pi / (2 * n)) * np.eye(2 * n) - links - links.T
    assert np.abs(4 * total - wanted).max() < 1e-14


@pytest.mark.parametrize("n", [151, 256, 1024])
def test_large_chains_are_wehners_value_from_both_sides(n):
    result = fr.bound(chain_question(n, "1"))
    assert 0 <= gap(n, result.bracket.lower) < 1e-11
    assert result.bracket.upper == n - n * cos_pi(F(1, 2 * n))
    assert checker.check(result.certificate).carried


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("level", ["1", "1 + A B"])
def test_small_chains_agree_with_the_program_that_is_written_down(n, level):
    question = chain_question(n, level)
    score = by_squares(question, larger_than=0)
    assert 0 <= gap(n, -score.bound) < 1e-8
    full = fr.bound(question, solver="qics" if n > 4 else "clarabel").bracket.lower
    assert abs(float(full + score.bound)) < 1e-6


def test_a_large_matrix_is_certified_to_1e_8():
    """N = 20; N = 32 is in the catalogue (chained_quantum_score_long)."""
    result = fr.bound(chain_question(20, "1 + A B"))
    assert 0 <= gap(20, result.bracket.lower) < 1e-8
    assert result.bracket.upper == 20 - 20 * cos_pi(F(1, 40))
    (part,) = result.certificate["squares"]["parts"]
    # one square for each orbit of words: 1, A_x or B_y, and 10 distances along the chain
    assert (len(part[1]), len(part[1][0])) == (1 + 40 + 400, 12)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (i3322_question("1 + A B"), 0.2514709),  # Pal and Vertesi, arXiv:1006.3032, Table I
        (i3322_question("2"), 0.2509397),
        (mermin_question("2"), 4),
    ],
)
def test_other_families_by_their_symmetries(question, value):
    score = by_squares(question, larger_than=0)
    assert value - 1e-7 < float(score.bound) < value + 1e-6
    assert checker.check(certificate(question, score))


def test_the_joint_score_is_a_share():
    """P(o, s) = P(o|s) / 16 at N = 4."""
    question, score = small()
    terms = functionals.Functional(question.ask.functional.terms, "joint")
    joint = by_squares(asked(chained(4), terms, "1 + A B", "smallest"), larger_than=0)
    assert abs(float(joint.bound) - float(score.bound) / 16) < 1e-9
    assert checker.check(certificate(asked(chained(4), terms, "1 + A B", "smallest"), joint))


# ------------------------------------------------------------------ the full matrix


@pytest.mark.parametrize(
    "question",
    [chain_question(2, "1 + A B"), chain_question(3, "1 + A B"), chain_question(4, "1"), i3322_question("2")],
)
def test_the_average_over_the_group_certifies_the_full_program(question):
    """Z = sum over g of P_g L L' P_g' / |G|, in fractions, bounds the unreduced program as claimed."""
    scenario, level = question.scenario, question.adversary.level
    matrix = moment_matrix(scenario, level)
    score = by_squares(question, ("A0 -> A0",), larger_than=0)  # a symmetry: not the closed form
    ((_, rows),) = score.proof["parts"]
    factor = np.array(rows, dtype=object)
    square = factor @ factor.T
    group = signed_permutations(matrix, score.proof["symmetry"])
    total = np.zeros_like(square)
    for word, sign in group:
        moved = np.zeros_like(square)
        moved[np.ix_(word, word)] = square * np.outer(sign, sign)
        total += moved
    share = 4 ** score.proof["bits"] * len(group)
    sums = {}
    for held, value in zip(matrix.classes.ravel().tolist(), total.ravel().tolist(), strict=True):
        sums[held] = sums.get(held, 0) + F(int(value), share)
    goal = goal_by_moment(question, matrix)
    bound = sums.pop(0) + goal.pop(0, F(0))
    bound += sum(abs(value + goal.pop(held, F(0))) for held, value in sums.items())
    assert not goal
    assert bound == score.bound


def signed_permutations(matrix, texts):
    """The group on words, as (image of each word, sign), closed under products."""
    words = {label: i for i, label in enumerate(matrix.word_labels())}
    found = [(np.arange(matrix.size), np.ones(matrix.size, dtype=int))]
    generators = []
    for text in texts:
        maps = dict(part.split(" -> ") for part in text.split(", "))
        word, sign = np.zeros(matrix.size, dtype=int), np.ones(matrix.size, dtype=int)
        for label, i in words.items():
            images = [maps.get(x, x) for x in label.split()] if label != "1" else []
            sign[i] = (-1) ** sum(x.startswith("-") for x in images)
            # operators of one party keep their order; A's stand before B's
            images = sorted((x.removeprefix("-") for x in images), key=lambda x: x[0])
            word[i] = words[" ".join(images) or "1"]
        generators.append((word, sign))
    seen = {tuple(word) + tuple(sign) for word, sign in found}
    for word, sign in found:
        for step, turn in generators:
            new = step[word], turn[word] * sign
            if (key := tuple(new[0]) + tuple(new[1])) not in seen:
                seen.add(key)
                found.append(new)
    return found


def goal_by_moment(question, matrix):
    scenario, ask = question.scenario, question.ask
    found = {}
    for o, s, factor in ask.functional.terms:
        signs = [1 - 2 * x for x in scenario.joint_outcomes[o]]
        names = [f"{p}{x}" for p, x in zip(scenario.parties, scenario.joint_settings[s], strict=True)]
        for chosen in itertools.product((0, 1), repeat=len(names)):
            name = " ".join(x for x, c in zip(names, chosen, strict=True) if c)
            place = matrix.named_position(f"<{name or '1'}>")
            sign = np.prod([x for x, c in zip(signs, chosen, strict=True) if c])
            found[place] = found.get(place, F(0)) + ask.sign * factor * int(sign) / 2 ** len(names)
    return found


# ------------------------------------------------------------------ what is no proof


def test_the_checker_derives_the_same_bound_to_the_last_bit():
    question, score = small()
    body = certificate(question, score)
    assert checker.check(body)
    body["squares"]["bound"] = str(score.bound - F(1, 2**300))
    body["answer"]["lower"] = str(-score.bound + F(1, 2**300))
    with pytest.raises(checker.CertificateError, match="claimed bound"):
        checker.check(body)


def rejected(body):
    try:
        checker.check(body)
    except checker.CertificateError as error:
        return str(error)
    return None


SHIFT = written(chained(4), known_generators(chained(4))[0])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("symmetry",), [], "claimed bound"),
        (("symmetry",), ["A0 -> A1, A1 -> A0"], "does not keep the score"),
        (("symmetry",), [SHIFT.replace("-A0", "A0")], "does not keep the score"),
        (("symmetry",), ["A0 -> B0, B0 -> A0"], "party by party"),
        (("symmetry",), ["A0 -> A1"], "party by party"),
        (("symmetry",), ["A0 -> A9"], "no observable"),
        (("symmetry",), ["C0 -> A0"], "no observable"),
        (("symmetry",), [""], "no observable"),
        (("symmetry",), [5], "a symmetry is a string"),
        (("words", 1), "A7", "no observable"),
        (("words", 1), "B3", "claimed bound"),
        (("words", 1), 3, "a word is a string"),
        (("bits",), 49, "claimed bound"),
        (("bits",), -1, "bits"),
        (("parts", 0, 1, 3, 0), 2**49, "claimed bound"),
        (("parts", 0, 1, 3, 0), 0.5, "rows"),
        (("parts", 0, 1, 3), [1, 2], "rows"),
        (("parts", 0, 0, 2), 99, "words"),
        (("parts", 0, 0, 2), -1, "words"),
        (("parts", 0, 0), [0, 1], "rows for"),
        (("parts", 0), [[0]], "a part is"),
        (("parts",), [], "claimed bound"),
        (("bound",), "-1/3", "claimed bound"),
    ],
)
def test_tampered_squares_are_rejected(path, value, words):
    body = certificate(*small())
    place = body["squares"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert words in (rejected(body) or "accepted")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_change_of_a_factor_proves_more(data):
    """Whatever the factors are, what checks is true: I_4 >= 8 sin^2(pi/16) is the exact minimum."""
    question, score = small()
    body = certificate(question, score)
    rows = body["squares"]["parts"][0][1]
    i = data.draw(st.integers(0, len(rows) - 1))
    k = data.draw(st.integers(0, len(rows[0]) - 1))
    rows[i][k] += data.draw(st.integers(-(2**48), 2**48))
    better = F(data.draw(st.integers(1, 2**40)), 2**60)
    body["squares"]["bound"] = str(score.bound - better)
    body["answer"]["lower"] = str(better - score.bound)
    assert rejected(body) or gap(4, better - score.bound) >= 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("adversary", "devices"), "no-signalling"),
        (("source",), {"kind": "santha-vazirani", "epsilon": "0", "order": "interleaved", "bits": "gray"}),
        (("ask",), {"quantity": "strategy"}),
    ],
)
def test_squares_prove_scores_of_quantum_devices_with_free_settings_only(key, value):
    body = certificate(*small())
    place = body["question"]
    for step in key[:-1]:
        place = place[step]
    place[key[-1]] = value
    if value == "no-signalling":
        del place["level"]
    assert "quantum devices, two outcomes" in (rejected(body) or "accepted")


def test_squares_stand_alone():
    question, score = small()
    body = certificate(question, score)
    full = fr.bound(question).certificate
    body["multipliers"] = full["multipliers"]
    assert "another proof of the same end" in (rejected(body) or "accepted")


# ------------------------------------------------------------------ where they are used


def test_only_large_scores_of_quantum_devices_take_this_way():
    assert by_squares(chain_question(4, "1 + A B")) is None
    question = chain_question(50, "1")
    assert word_count(question.scenario, "1") == WRITTEN_DOWN + 1
    assert by_squares(question) is not None
    source = SanthaVazirani(F(0), "interleaved", "gray")
    other = Question(chained(256), source, "uniform", question.adversary, (), question.ask)
    assert by_squares(other) is None
    unnamed = asked(Scenario((2, 2), (2, 2)), functionals.chsh(scenarios.chsh()), "2")
    assert by_squares(unnamed, larger_than=0) is None  # no symmetry is known
    swap = "A0 -> B0, B0 -> A0, A1 -> B1, B1 -> A1"
    score = by_squares(unnamed, (swap,), larger_than=0)
    assert abs(float(score.bound) - 8**0.5) < 1e-6
    with pytest.raises(InputError, match="does not keep level and objective"):
        by_squares(unnamed, ("A0 -> -A0",), larger_than=0)


@pytest.mark.parametrize("level", ["1", "2", "1 + A B", "1 + A B + A A B", "local 2"])
@pytest.mark.parametrize("scenario", [chained(4), scenarios.cglmp(3), scenarios.ghz(3), scenarios.i3322()])
def test_words_are_counted(scenario, level):
    assert word_count(scenario, level) == moment_matrix(scenario, level).size


def test_generators_are_written_as_they_are_read():
    for family in (chained(5), scenarios.chsh(), scenarios.ghz(4), scenarios.i3322()):
        for held in known_generators(family):
            assert generator(family, written(family, held)) == held


# ------------------------------------------------------------------ strategies by angles


@pytest.fixture
def by_angles():
    return fr.bound(chain_question(5, "1")).certificate


def test_exact_angles_reach_the_closed_form(by_angles):
    assert by_angles["attack"]["strategies"][0]["box"]["kind"] == "angles"
    assert by_angles["answer"]["upper"] == "5 - 5*cos(1/10*pi)"
    by_angles["attack"]["value"] = by_angles["answer"]["upper"] = f"5 - 5*cos(1/10*pi) - 1/{10**60}"
    assert "value" in (rejected(by_angles) or "accepted")


@pytest.mark.parametrize(
    ("angles", "words"),
    [
        ([["0"] * 5, ["0"] * 5], "value"),
        ([["0"] * 4, ["0"] * 5], "one for each setting"),
        ([["0"] * 5], "one list for each party"),
        ([["sqrt(2)"] * 5, ["0"] * 5], "an angle is a fraction"),
        ([[0.5] * 5, ["0"] * 5], "a number is a string"),
        ("0", "cannot be of type"),
    ],
)
def test_tampered_angles_are_rejected(by_angles, angles, words):
    by_angles["attack"]["strategies"][0]["box"]["angles"] = angles
    assert words in (rejected(by_angles) or "accepted")


def test_local_devices_have_no_angles(by_angles):
    del by_angles["multipliers"]["program"]
    by_angles["question"]["adversary"] = {"devices": "local", "told": "settings"}
    by_angles["multipliers"] = None
    by_angles["answer"]["lower"] = None
    assert "local devices have deterministic boxes" in (rejected(by_angles) or "accepted")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.fractions(-3, 3, max_denominator=12), min_size=4, max_size=4))
def test_the_checkers_correlators_are_born_rule(angles):
    """P(o|s) = <psi| projectors |psi> by matrices in floats, against the checker's enclosures."""
    body = fr.bound(asked(scenarios.chsh(), functionals.chsh(scenarios.chsh()), "1")).certificate
    question = checker._read_question(body["question"])
    box = Angles((tuple(angles[:2]), tuple(angles[2:])))
    columns, unit, _ = checker._read_box(box.as_json(), question, "box")
    state = np.array([1, 0, 0, 1]) / np.sqrt(2)
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    for s, (a, b) in enumerate(itertools.product(angles[:2], angles[2:])):
        first, second = (np.cos(np.pi * float(t)) * z + np.sin(np.pi * float(t)) * x for t in (a, b))
        for o, share in columns[s]:
            signs = 1 - 2 * (o // 2), 1 - 2 * (o % 2)
            born = state @ np.kron(np.eye(2) + signs[0] * first, np.eye(2) + signs[1] * second) @ state / 4
            low, high = checker.enclosure(share, 64)
            assert abs(float(low + high) / 2 / unit - born) < 1e-12


def test_known_angles_are_tsirelsons_and_wehners():
    assert known_angles(scenarios.i3322()) is None
    result = fr.bound(asked(scenarios.chsh(), functionals.chsh(scenarios.chsh()), "1"))
    assert enclose(result.bracket.lower**2)[0] == 8


def test_equal_masses_are_written_once():
    body = fr.bound(chain_question(151, "1")).certificate
    masses = body["attack"]["strategies"][0]["masses"]
    assert masses == {"palette": [str(F(1, 151**2))], "codes": 0}
    masses["codes"] = 1
    assert "codes" in (rejected(body) or "accepted")
    masses |= {"palette": [str(F(1, 151**2 + 1))], "codes": 0}
    assert "probability of setting" in (rejected(body) or "accepted")
