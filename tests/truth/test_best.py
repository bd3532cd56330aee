"""The best state and measurements: against an eigenvalue problem of its own, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize

import freerand_opt as fr
from freerand_opt.bounds.search.best import _searched
from freerand_opt.bounds.search.design import (
    Noise,
    begins,
    best_parameter,
    chained_device,
    ladder_device,
    rational,
    rounded,
    tables,
)
from freerand_opt.bounds.search.inner import inner_guess
from freerand_opt.bounds.search.wanted import EFFICIENCY, EPSILON, VISIBILITY, Wanted
from freerand_opt.experiments.best import best_bits


def top(rho):
    """The largest quantum value of P(11|11) - rho P(10|10) - rho^2 P(01|01) - rho^2 P(11|00), two qubits.

    With one projector of each party along (1, 0), the others by two angles.
    """

    def least(angles):
        ones = [[np.array([1.0, 0.0]), np.array([np.cos(t), np.sin(t)])] for t in angles]
        one = [[np.outer(v, v) for v in own] for own in ones]
        zero = [[np.eye(2) - p for p in own] for own in one]
        (a0, a1), (b0, b1) = one
        operator = np.kron(a1, b1) - rho * np.kron(a1, zero[1][0])
        operator -= rho**2 * (np.kron(zero[0][0], b1) + np.kron(a0, b0))
        return -np.linalg.eigvalsh(operator)[-1]

    starts = [(x, y) for x in (0.8, 1.8) for y in (0.8, 1.8)]
    found = [minimize(least, start, method="Nelder-Mead", options={"xatol": 1e-10}) for start in starts]
    return -min(one.fun for one in found)


def spare(epsilon, visibility):
    """What is left of the bound 1 - h + sum rho_e z_e below 1 at the best state (two-parties.md, 8)."""
    rho = (1 / 2 + epsilon) / (1 / 2 - epsilon)
    return visibility * top(rho) - (1 - visibility) * (2 * rho * rho + rho - 1) / 4


def test_the_largest_epsilon_of_two_settings_is_that_of_an_eigenvalue_problem():
    found = fr.best(visibility="99/100", settings=2, starts=2)
    assert found.sought == "source.epsilon"
    assert spare(float(found.result.lower) - 1e-4, 0.99) > 0 > spare(float(found.result.upper) + 1e-4, 0.99)
    assert found.ladder.upper < found.result.lower
    assert found.chained.upper < found.ladder.lower


def test_the_smallest_visibility_is_that_of_the_same_eigenvalue_problem():
    found = fr.best(epsilon="1/5", settings=2, starts=2).result
    assert spare(0.2, float(found.upper) + 1e-4) > 0 > spare(0.2, float(found.lower) - 1e-4)


def chsh(question):
    """The largest of the CHSH expression's versions at what a question observes."""
    rows = question.observed.rows(question.scenario)
    means = [float(p[0] - p[1] - p[2] + p[3]) for p in map(rows, range(4))]
    return max(abs(sum(means) - 2 * mean) for mean in means)


def test_the_best_quantum_guess_of_fair_settings_is_below_that_of_chsh():
    """1/2 + sqrt(2 - S^2/4)/2 is the largest guess at a score S (arXiv:0911.3427); a behaviour shows more."""
    values = {EPSILON: Fraction(0), VISIBILITY: Fraction(99, 100), EFFICIENCY: Fraction(1)}
    wanted = Wanted(2, values, devices="quantum")
    found = fr.bound(wanted.question(_searched(wanted, 1, 0)))
    score = 2 * 2**0.5 * 0.99
    assert 0.5 < found.lower <= found.upper < 0.5 + (2 - score**2 / 4) ** 0.5 / 2


def test_quantum_adversaries_guess_less_and_the_functional_shows_it():
    """A guess is concave in what is observed: the functional lies above it at every other behaviour."""
    values, noise = {EPSILON: Fraction(1, 10), VISIBILITY: Fraction(99, 100)}, Noise(0.99)
    by = {
        name: inner_guess(Wanted(2, values, devices=name).question(next(begins(2, 1))).problem())
        for name in ("no-signalling", "quantum")
    }
    devices = [*begins(2, 5), chained_device(2)]
    found = {name: [inner(noise.of(one)) for one in devices] for name, inner in by.items()}
    for (more, _), (less, _) in zip(found["no-signalling"], found["quantum"], strict=True):
        assert less < more + 1e-6
    for answers in found.values():
        for (here, functional), one in zip(answers, devices, strict=True):
            for (there, _), other in zip(answers, devices, strict=True):
                moved = ((noise.of(other) - noise.of(one)) * functional).sum()
                assert there <= here + moved + 1e-6


def test_bits_of_fair_settings_are_those_of_chsh():
    """Without signalling a score S is a nonlocal box, one bit, with weight (S - 2)/2, and local boxes else.

    So no run certifies more than (S - 2)/2 bits a trial; most has the device with S = 2 sqrt 2 V.
    """
    most = 2**0.5 * 0.99 - 1
    found = best_bits(visibility="99/100", epsilon=0, trials=10**9)
    assert 0.98 * most < found.found.bits / 10**9 < most
    assert found.found.bits / 10**9 < chsh(found.question) / 2 - 1 < most + 1e-9
    assert found.ladder.bits / 10**9 < 2 * (5 * 5**0.5 - 11) / 2  # its score is 2 + 4 h before the noise


def test_bits_are_those_that_the_written_question_plans(freerand, tmp_path):
    asked = tmp_path / "bits.toml"
    given = ("--visibility", "0.99", "--epsilon", "0.1", "--trials", "1000000", "--starts", "2")
    run = freerand("best", *given, "-o", str(asked))
    assert run.code == 0
    ladder, chained = (line.split()[1] for line in run.out.splitlines()[2:4])
    plan = freerand("experiment", str(asked), "--plan", "1000000")
    bits = run.out.splitlines()[1].split()[1]
    assert f" {bits} " in plan.out
    assert int(bits) > 3 * int(ladder) > 0 == int(chained)


def test_what_is_found_beats_ladder_and_chain_and_is_answered_exactly():
    found = fr.best(visibility=0.99, epsilon=0.1, settings=2, starts=2)
    assert found.result.upper < found.ladder.lower < found.chained.lower
    again = fr.bound(found.question)
    assert (again.lower, again.upper) == (found.result.lower, found.result.upper)


def test_detectors_between_those_of_eberhard_and_of_garg_and_mermin():
    """Above 2/3 (Eberhard 1993) some state shows more than local models, the entangled one from .8284 on."""
    found = fr.best(visibility=1, epsilon=0, efficiency="3/4", settings=2, starts=1)
    assert found.result.upper < 0.994 < 1 == found.chained.lower
    assert found.question.to_dict()["observed"]["efficiency"] == "3/4"
    assert fr.best(visibility=1, epsilon=0, efficiency="2/3", settings=2, starts=1).result.lower == 1


def test_losses_are_pulled_back_to_the_functional():
    device, noise = next(begins(2, 1)), Noise(1.0, 0.7)
    functional = np.random.default_rng(0).normal(size=(4, 4))
    seen = noise.of(device)
    assert (functional * seen).sum() == pytest.approx((noise.before(functional) * device.table()).sum())
    # A's outcome is 1 where it was 1 and the detector did not miss
    assert seen[:, 2:].sum(axis=1) == pytest.approx(0.7 * device.table()[:, 2:].sum(axis=1))


def test_a_device_and_its_rational_form_are_close_and_quantum():
    device = next(begins(4, 1))
    amplitudes, measured = tables(device)
    c, s = Fraction(amplitudes[0]), Fraction(amplitudes[3])
    assert abs(float(s / c) - device.state[1] / device.state[0]) < 2e-3
    for own in measured:
        for zero, one in own:
            total = [
                [Fraction(a) + Fraction(b) for a, b in zip(x, y, strict=True)]
                for x, y in zip(zero, one, strict=True)
            ]
            assert total == [[1, 0], [0, 1]]
            assert Fraction(one[0][0]) * Fraction(one[1][1]) == Fraction(one[0][1]) ** 2
    assert rational((0.5, -0.25)) == (1, Fraction(-1, 2))


def test_floats_look_where_the_rounded_device_reaches_one():
    # here the ladder is seen to reach .999999 just beyond epsilon = .136, its rounded form just before
    visibility = Fraction(694899945, 731472469)
    found = fr.best(visibility=visibility, settings=2, starts=2).ladder
    device = rounded(ladder_device(2, best_parameter(2)))
    table = device.table().reshape(2, 2, 2, 2)
    p = float(visibility) * table + (1 - float(visibility)) / 4

    def bears(epsilon):
        rho = (1 / 2 + epsilon) / (1 / 2 - epsilon)
        return p[1, 1, 1, 1] - rho * p[1, 0, 1, 0] - rho**2 * (p[0, 1, 0, 1] + p[0, 0, 1, 1])

    assert bears(float(found.lower)) > 1e-6 > bears(float(found.upper))


def test_the_ladder_device_has_the_ladders_zeros():
    table = ladder_device(2, 2 / 3).table().reshape(2, 2, 2, 2)
    assert abs(table[0, 0, 1, 1]) + abs(table[1, 0, 1, 0]) + abs(table[0, 1, 0, 1]) < 1e-15
    assert abs(table[1, 1, 1, 1] - 32400 / 360937) < 1e-12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "visibility or epsilon is needed"),
        ({"epsilon": 0.1, "settings": 3}, "2, 4 or 8 are allowed"),
        ({"epsilon": 0.5}, r"in \[0, 1/2\)"),
        ({"visibility": 1, "settings": 2}, "near 1/2"),
        ({"visibility": "1/2", "settings": 2}, "to let the outcome be known"),
        ({"visibility": "0.99", "epsilon": 0, "starts": 0}, "starts: 0 is not an integer from 1 on"),
        ({"visibility": "0.99", "epsilon": 0, "starts": "few"}, "starts: 'few' is not a number"),
        ({"visibility": 1, "epsilon": 0, "devices": "local"}, "no-signalling or quantum"),
        ({"visibility": 1, "epsilon": 0, "devices": "quantum", "settings": 4}, "searched with 2 settings"),
        ({"visibility": 1, "devices": "quantum", "settings": 2}, "exactly where a no-signalling one does"),
    ],
)
def test_what_is_refused(arguments, words):
    with pytest.raises(fr.InputError, match=words):
        fr.best(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"epsilon": None}, "epsilon: is needed"),
        ({"visibility": None}, "visibility: is needed"),
        ({"trials": 0}, "trials: 0 is not an integer in"),
        ({"trials": "many"}, "trials: 'many' is not a number"),
        ({"error": 1}, "error"),
        ({"settings": 8}, "2 or 4 settings"),
        ({"settings": 4, "devices": "quantum"}, "quantum with 2"),
    ],
)
def test_what_is_refused_of_bits(arguments, words):
    with pytest.raises(fr.InputError, match=words):
        best_bits(**{"visibility": 1, "epsilon": 0, "trials": 1000, **arguments})


def test_the_command_writes_a_question_and_a_certificate(freerand, tmp_path):
    asked, folder = tmp_path / "best.toml", tmp_path / "certificates"
    given = ("--visibility", "0.99", "--epsilon", "0.1", "--settings", "2", "--starts", "2")
    run = freerand("best", *given, "-o", str(asked), "--certificates", str(folder))
    assert run.code == 0
    assert "0.88165" in run.out
    assert "outcome 1 along (1, " in run.out
    assert freerand("check", str(folder / "best.json")).code == 0
    assert fr.read(asked).instances[0].question.observed.visibility == Fraction(99, 100)
    assert freerand("best", "--settings", "2").code == 2
