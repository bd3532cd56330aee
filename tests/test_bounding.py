"""Certified brackets against published values, closed forms and each other."""

from __future__ import annotations

import itertools
import json
import tomllib
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import freerand_opt as fr
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.answers.bounding import bound
from freerand_opt.first.answers.verification import check_certificate
from freerand_opt.first.certificates.check import CertificateError
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Expect, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import BIT_ORDERS, SanthaVazirani, Uniform
from freerand_opt.first.proving.result import verdict
from freerand_opt.numbers.exact import compare, log2

REFERENCE = tomllib.loads((Path(__file__).parent / "reference_values.toml").read_text())
X = Output((0, 0, 1, 1), 2, "A")
Y = Output((0, 1, 0, 1), 2, "B")
ORDERS = ("interleaved", "A first", "B first")
UNIFORM = Uniform()
few = settings(max_examples=8, deadline=None, derandomize=True)


def solved(question):
    """Return the result; its certificate survives JSON and is checked, and its ends are in order."""
    result = bound(question)
    check_certificate(json.loads(json.dumps(result.certificate)))
    lower, upper = result.bracket.lower, result.bracket.upper
    if question.ask.quantity != "strategy":
        assert lower is not None
        assert upper is not None
        assert compare(lower, upper) <= 0
    return result


def asked(
    scenario,
    ask,
    tests=(),
    *,
    source=UNIFORM,
    observed="uniform",
    devices="no-signalling",
    told="settings",
):
    return Question(scenario, source, observed, Adversary(devices, told), tuple(tests), ask)


def guess(output, at, quantity="guessing-probability"):
    return Ask(quantity, output, at)


def total(n, score, relation="<="):
    return (Check(fn.chained(sc.chained(n)), relation, score, "I_N"),)


def edge_tests(scenario, score):
    functional = fn.chained(scenario)
    parts = [
        fn.Functional(tuple(t for t in functional.terms if t[1] == s)) for s in sorted(functional.settings())
    ]
    return tuple(Check(p, "<=", score(p) if callable(score) else score, str(k)) for k, p in enumerate(parts))


# ------------------------------------------------------------------ without bias of the source


@given(
    st.fractions(2, 4, max_denominator=60),
    st.sampled_from([X, Y]),
    st.sampled_from(["worst", (0, 0), (1, 0), "average"]),
)
@few
def test_guess_given_a_chsh_score(score, output, at):
    published = REFERENCE["chsh_guess"]
    chsh = sc.chsh()
    q = asked(chsh, guess(output, at), [Check(fn.chsh(chsh), ">=", score, "S")])
    assert solved(q).bracket.exact == F(published["constant"]) + F(published["slope"]) * score


def test_a_classical_score_and_the_largest_score():
    chsh = sc.chsh()
    published = REFERENCE["chsh_bounds"]
    largest = Ask("score", functional=fn.chsh(chsh))
    assert solved(asked(chsh, largest, devices="local")).bracket.exact == F(published["local"])
    assert solved(asked(chsh, largest)).bracket.exact == F(published["no_signalling"])


@pytest.mark.parametrize("n", [2, 3, 4])
@given(st.fractions(0, 1, max_denominator=40), st.sampled_from([X, Y]))
@few
def test_guess_given_a_chained_score(n, score, output):
    q = asked(sc.chained(n), guess(output, (0, n - 1)), total(n, score))
    # recomputed by hand: an unbiased zero-error box with weight 1 - I_N, one error with weight I_N
    assert solved(q).bracket.exact == (1 + score) / 2


@pytest.mark.parametrize("n", [2, 3, 4, 6, 8, 16])
def test_chained_quantum_values(n):
    scenario = sc.chained(n)
    value = bh.score(fn.chained(scenario), bh.quantum(scenario))
    assert f"{float(value):.9f}" == REFERENCE["chained_quantum"]["decimals"][str(n)]


# ------------------------------------------------------------------ Lemma 1 and the averaged lemma


def sv(epsilon, order="interleaved", bits="least-significant-first"):
    return SanthaVazirani(epsilon, order, bits)


def lemma_1(n, score, epsilon):
    """CR Eq. (4) with q_N = ((1-2e)/(1+2e))^(2r), N = 2^r."""
    r = n.bit_length() - 1
    return score / 2 * ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** (2 * r)


@pytest.mark.parametrize(
    ("n", "order", "bits"),
    [
        *((2, order, bits) for order in ORDERS for bits in BIT_ORDERS[:1]),
        *((4, order, bits) for order in ORDERS for bits in BIT_ORDERS),
    ],
)
@pytest.mark.parametrize("epsilon", [F(0), F(1, 40), F(3, 50), F(1, 5)])
def test_lemma_1_is_reached_and_then_left(n, order, bits, epsilon):
    r = n.bit_length() - 1
    edge = (1 + 2 * epsilon) / 4  # tight up to here (mathematics.md, section 4)
    last = 2 * edge * ((1 - 2 * epsilon) / (1 + 2 * epsilon)) ** (2 * r)

    def leakage(score):
        q = asked(
            sc.chained(n),
            guess(X, (0, 0), "trace-distance"),
            total(n, score),
            source=sv(epsilon, order, bits),
        )
        return solved(q).bracket

    assert leakage(last).exact == edge == lemma_1(n, last, epsilon)
    assert leakage(last / 3).exact == lemma_1(n, last / 3, epsilon)
    beyond = last * F(11, 10)
    if epsilon:
        assert leakage(beyond).upper < lemma_1(n, beyond, epsilon)
    else:
        assert leakage(beyond).exact == lemma_1(n, beyond, epsilon)


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("order", ORDERS)
@given(
    st.fractions(F(1, 40), F(2, 5), max_denominator=40),
    st.fractions(F(1, 40), 1, max_denominator=40),
    st.booleans(),
)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_averaged_leakage(n, order, epsilon, score, per_edge):
    r = n.bit_length() - 1
    scenario = sc.chained(n)
    tests = edge_tests(scenario, score / (2 * n)) if per_edge else total(n, score)
    q = asked(
        scenario,
        guess(X, "average", "trace-distance"),
        tests,
        source=sv(epsilon, order, "most-significant-first"),
    )
    closed = min(F(1, 2), score / 2 / (1 - 2 * epsilon) ** (2 * r))
    assert solved(q).bracket.exact == closed
    silent = solved(replace(q, adversary=Adversary("no-signalling", "nothing"))).bracket
    assert silent.upper <= closed  # a guess from W alone is at most this


def test_free_settings_leak_more_than_uniform_ones():
    # mathematics.md, section 4: uniform settings are a hypothesis of Lemma 1
    scenario = sc.chained(4)
    quantum = bh.quantum(scenario)
    q = asked(
        scenario,
        guess(X, (0, 0), "trace-distance"),
        edge_tests(scenario, lambda p: bh.score(p, quantum)),
        source=sv(F(1, 25), "A first"),
    )
    assert compare(solved(replace(q, settings="free")).bracket.lower, solved(q).bracket.upper) > 0


# ------------------------------------------------------------------ local models


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bits", BIT_ORDERS)
@pytest.mark.parametrize("epsilon", [F(0), F(1, 16), F(2, 15)])
def test_smallest_chained_score_of_local_models(n, order, bits, epsilon):
    scenario = sc.chained(n)
    q = asked(
        scenario,
        Ask("score", functional=fn.chained(scenario), extreme="smallest"),
        source=sv(epsilon, order, bits),
        devices="local",
    )
    assert solved(q).bracket.exact == (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))


@pytest.mark.parametrize("order", ORDERS)
@given(st.fractions(0, F(49, 100), max_denominator=100))
@few
def test_largest_chsh_score_of_local_models(order, epsilon):
    chsh = sc.chsh()
    q = asked(chsh, Ask("score", functional=fn.chsh(chsh)), source=sv(epsilon, order), devices="local")
    assert solved(q).bracket.exact == 4 - 8 * (F(1, 2) - epsilon) ** 2


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("epsilon", [F(1, 20), F(1, 4)])
def test_measurement_dependent_locality(order, epsilon):
    chsh = sc.chsh()
    least, most = (F(1, 2) - epsilon) ** 2, (F(1, 2) + epsilon) ** 2
    terms = {
        (0, 0): least,
        (1, 1): -most,
        (2, 2): -most,
        (0, 3): -most,
    }  # (outcomes, settings) in index order
    ask = Ask("score", functional=fn.from_terms(terms, on="joint"))
    q = asked(chsh, ask, source=sv(epsilon, order), observed="free", devices="local")
    assert solved(q).bracket.exact == F(REFERENCE["santha_vazirani_local_mdl"]["local_maximum"])
    stronger = replace(q, adversary=Adversary("no-signalling"))
    assert solved(stronger).bracket.lower > 0


# ------------------------------------------------------------------ quantities and settings


def uneven(quantity, at):
    """Two of the four edges tested: settings differ in how well they are guessed."""
    scenario = sc.chained(2)
    tests = [
        Check(t.functional, "<=", F(k, 30), t.label) for k, t in enumerate(edge_tests(scenario, F(0)), 1)
    ]
    return asked(scenario, guess(X, at, quantity), tests, source=sv(F(1, 20)))


def test_worst_is_the_largest_of_all_settings():
    each = [
        solved(uneven("guessing-probability", at)).bracket.exact for at in itertools.product((0, 1), repeat=2)
    ]
    assert len(set(each)) > 1
    assert solved(uneven("guessing-probability", "worst")).bracket.exact == max(each)
    entropy = solved(uneven("min-entropy", "worst")).bracket
    assert entropy.lower == entropy.upper == -log2(max(each))


@pytest.mark.parametrize("at", [(0, 0), (1, 1), "average"])
def test_the_quantities_of_a_bit_say_the_same(at):
    chance = solved(uneven("guessing-probability", at)).bracket.exact
    assert F(1, 2) < chance < 1
    assert solved(uneven("trace-distance", at)).bracket.exact == chance - F(1, 2)
    entropy = solved(uneven("min-entropy", at)).bracket
    assert entropy.lower == entropy.upper == -log2(chance)


def test_min_entropy_without_tests_is_zero_and_with_a_pr_box_one():
    scenario = sc.chained(2)
    nothing = solved(asked(scenario, guess(X, (0, 0), "min-entropy")))
    assert nothing.bracket.exact == 0
    assert solved(asked(scenario, guess(X, (0, 0), "min-entropy"), total(2, F(0)))).bracket.exact == 1


@pytest.mark.parametrize("at", [(0, 1), "average"])
@pytest.mark.parametrize("devices", ["no-signalling", "local"])
def test_an_unbiased_source_is_uniform(at, devices):
    score = F(1, 3) if devices == "no-signalling" else F(6, 5)
    ask = guess(X, at)
    even = solved(asked(sc.chained(2), ask, total(2, score), devices=devices)).bracket
    zero = solved(asked(sc.chained(2), ask, total(2, score), source=sv(F(0)), devices=devices)).bracket
    assert even.exact == zero.exact == (F(2, 3) if devices == "no-signalling" else 1)


def test_irrational_scores_are_enclosed_and_tight():
    scenario = sc.chained(2)
    value = bh.score(fn.chained(scenario), bh.quantum(scenario))
    bracket = solved(asked(scenario, guess(X, (0, 0)), total(2, value))).bracket
    closed = (1 + value) / 2
    assert compare(bracket.lower, closed) <= 0 <= compare(bracket.upper, closed)
    assert bracket.width < F(1, 10**15)


def test_exact_programs_keep_their_best_attack_when_scores_multiply_columns():
    # the whole behaviour with free settings: scores are rounded to a grid, so the ends differ a little
    scenario = sc.chained(2)
    quantum = bh.quantum(scenario)
    cells = [(o, s, fn.from_terms({(o, s): F(1)})) for o in range(4) for s in range(4)]
    tests = [
        Check(f, relation, quantum.table[o][s] + shift, "cell")
        for o, s, f in cells
        for relation, shift in (("<=", F(1, 100)), (">=", F(-1, 100)))
    ]
    q = asked(scenario, guess(X, "average"), tests, source=sv(F(1, 10)), observed="free", told="nothing")
    assert solved(q).bracket.width < F(1, 10**9)


# ------------------------------------------------------------------ existence


@pytest.mark.parametrize("n", [2, 4])
def test_existence_on_both_sides_of_the_critical_score(n):
    epsilon = F(1, 10)
    critical = (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))
    tiny = F(1, 10**9)
    for score, exists in ((critical, True), (critical - tiny, False), (critical + tiny, True)):
        result = solved(
            asked(sc.chained(n), Ask("strategy"), total(n, score), source=sv(epsilon), devices="local")
        )
        assert (result.bracket.lower is not None) == exists
        assert (result.bracket.upper is not None) != exists
        assert result.infeasible != exists


def test_existence_on_both_sides_of_the_critical_epsilon():
    scenario = sc.chained(2)
    score = bh.score(fn.chained(scenario), bh.quantum(scenario))
    critical = F(REFERENCE["chained_local_threshold"]["decimals"]["1"])
    for epsilon, exists in ((critical - F(1, 10**7), False), (critical + F(1, 10**7), True)):
        epsilon = epsilon.limit_denominator(10**8)
        result = solved(
            asked(scenario, Ask("strategy"), total(2, score), source=sv(epsilon), devices="local")
        )
        assert str(result) == ("exists" if exists else "none")


def test_existence_with_irrational_scores_that_multiply_columns():
    # free settings, every edge, r = 2, most significant first: from 0.1092 on (mathematics.md, section 4)
    scenario = sc.chained(4)
    quantum = bh.quantum(scenario)
    tests = edge_tests(scenario, lambda p: bh.score(p, quantum))
    for epsilon, words in ((F(1091, 10000), "none"), (F(1093, 10000), "exists"), (F(3, 10), "exists")):
        q = asked(
            scenario, Ask("strategy"), tests, source=SanthaVazirani(epsilon), observed="free", devices="local"
        )
        assert str(solved(q)) == words


IMPOSSIBLE = {
    "contradicting tests": {
        "tests": (*total(2, F(1, 10)), *total(2, F(39, 10), ">=")),
        "source": sv(F(1, 10)),
    },
    "contradicting tests, told nothing": {
        "tests": (*total(2, F(1, 10)), *total(2, F(39, 10), ">=")),
        "source": sv(F(1, 10)),
        "told": "nothing",
        "at": "average",
    },
    "local": {"tests": total(2, F(1, 2)), "devices": "local"},
    "local, told nothing": {
        "tests": total(2, F(1, 2)),
        "devices": "local",
        "told": "nothing",
        "at": "average",
    },
    "free, fixed": {
        "tests": edge_tests(sc.chained(2), F(1, 1000)),
        "source": sv(F(1, 10)),
        "devices": "local",
        "observed": "free",
    },
    "free, average": {
        "tests": edge_tests(sc.chained(2), F(1, 1000)),
        "source": sv(F(1, 10)),
        "devices": "local",
        "observed": "free",
        "at": "average",
    },
    "uniform source, uneven settings": {"observed": (F(1, 2), F(1, 6), F(1, 6), F(1, 6))},
    "settings beyond the source": {
        "source": sv(F(1, 10)),
        "observed": (F(9, 10), F(1, 30), F(1, 30), F(1, 30)),
    },
}


@pytest.mark.parametrize("key", IMPOSSIBLE)
def test_an_impossible_question_is_refused_with_a_proof(key):
    data = dict(IMPOSSIBLE[key])
    q = asked(sc.chained(2), guess(X, data.pop("at", (0, 0))), data.pop("tests", ()), **data)
    with pytest.raises(InfeasibleError, match="no strategy") as caught:
        bound(q)
    body = json.loads(json.dumps(caught.value.result.certificate))
    assert caught.value.result.infeasible
    assert body["answer"] == {"lower": None, "upper": "0"}
    check_certificate(body)
    if body["multipliers"] is None:  # the settings are the cause
        assert caught.value.where == "observed.settings"
        body["question"]["observed"]["settings"] = "uniform"
    else:
        body["multipliers"]["palette"] = [str(F(v) / -2) for v in body["multipliers"]["palette"]]
    with pytest.raises(CertificateError):
        check_certificate(body)


def test_a_joint_test_at_fixed_settings_under_free_ones():
    # P(o, s) has the total weight 1, though the program fixes the weight of one setting
    joint = replace(fn.chained(sc.chained(2)), on="joint")
    for epsilon in (F(1, 20), F(1, 10)):
        # without bias of the device the joint error is at least the smallest weight of a setting
        weight = (F(1, 2) - epsilon) ** 2
        tests = (Check(joint, "<=", weight, "joint"),)
        q = asked(sc.chained(2), guess(X, (0, 0)), tests, source=sv(epsilon), observed="free")
        assert solved(q).bracket.exact == 1
        local = solved(
            asked(sc.chained(2), Ask("strategy"), tests, source=sv(epsilon), observed="free", devices="local")
        )
        assert str(local) == "exists"
        less = (Check(joint, "<=", weight * F(9, 10), "joint"),)
        assert solved(replace(q, tests=less)).bracket.upper < 1


# ------------------------------------------------------------------ verdicts


def test_wrong_claims_are_refuted_and_open_ones_stay_open():
    result = solved(asked(sc.chained(2), guess(X, (0, 0)), total(2, F(1, 2))))
    tiny = F(1, 10**30)
    value = F(3, 4)
    assert verdict(result.bracket, Expect(value=value)) == "PROVED"
    assert verdict(result.bracket, Expect(at_most=value, at_least=value)) == "PROVED"
    assert verdict(result.bracket, Expect(at_most=value - tiny)) == "REFUTED"
    assert verdict(result.bracket, Expect(at_least=value + tiny)) == "REFUTED"
    assert verdict(result.bracket, Expect(value=value + tiny)) == "REFUTED"
    assert verdict(result.bracket, Expect(value=value + tiny, within=tiny)) == "PROVED"


GAP = """
claim = "between the attack and the outer bound"
[scenario]
settings = { A = 4, B = 4 }
outcomes = { A = 2, B = 2 }
[source]
kind = "santha-vazirani"
epsilon = "1/5"
order = "interleaved"
bits = "most-significant-first"
[observed]
settings = "free"
[adversary]
devices = "no-signalling"
[ask]
quantity = "score"
on = "joint"
[ask.terms]
"P(00|00)" = -1
"P(00|01)" = 1
"P(00|10)" = 1
"P(01|00)" = 1
"P(01|11)" = 1
"P(10|10)" = -1
"P(11|00)" = 1
"P(11|11)" = -1
"""


def test_a_claim_inside_an_outer_bracket_is_undecided(tmp_path):
    # the example of docs/proofs/strategies.md behind two more bits: 49/100 times 7/10 and 793/1000
    path = tmp_path / "gap.toml"
    expected = {
        'at_most = "36/100"': "UNDECIDED",
        'at_most = "34/100"': "REFUTED",
        'at_most = "39/100"': "PROVED",
    }
    for claim, wanted in expected.items():
        path.write_text(f"{GAP}\n[expect]\n{claim}\n")
        file = fr.read(path)
        found = fr.verify(file, file.instances[0])
        # the bound is one of a program, the attack is checked against the question
        assert found.verdict == wanted + (" (program trusted)" if wanted == "PROVED" else "")
        assert found.as_expected == (wanted == "PROVED")
        bracket = found.result.bracket
        assert bracket.lower == F(49, 100) * F(7, 10)
        assert bracket.upper >= F(49, 100) * F(793, 1000)
        check_certificate(json.loads(json.dumps(found.result.certificate)))


def test_a_wrong_claim_in_a_file_is_refuted(tmp_path):
    path = tmp_path / "wrong.toml"
    body = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chsh"
relation = ">="
score = "5/2"
[ask]
quantity = "guessing-probability"
of = "A"
at = [0, 0]
"""
    for claim, wanted in {
        "value = { formula = 'chsh-guess' }": "PROVED (program trusted)",
        "at_most = 0.874": "REFUTED",
        "at_least = 0.876": "REFUTED (program trusted)",
    }.items():
        path.write_text(f"{body}\n[expect]\n{claim}\n")
        file = fr.read(path)
        assert fr.verify(file, file.instances[0]).verdict == wanted


# ------------------------------------------------------------------ certificates that were tampered with


@pytest.mark.parametrize("end", ["lower", "upper"])
def test_a_better_answer_than_was_proved_is_rejected(end):
    result = solved(uneven("guessing-probability", (0, 0)))
    body = json.loads(json.dumps(result.certificate))
    change = F(1, 10**30) if end == "lower" else F(-1, 10**30)
    body["answer"][end] = str(F(body["answer"][end]) + change)
    with pytest.raises(CertificateError):
        check_certificate(body)


def test_a_certificate_of_another_question_is_rejected():
    result = solved(uneven("guessing-probability", (0, 0)))
    body = json.loads(json.dumps(result.certificate))
    body["question"]["source"]["epsilon"] = "1/21"
    with pytest.raises(CertificateError):
        check_certificate(body)


@pytest.mark.parametrize("at", [(0, 0), "average", "worst"])
@pytest.mark.parametrize("devices", ["local", "no-signalling"])
def test_an_output_of_one_value_is_uniform_and_known(devices, at):
    scenario = sc.Scenario((2, 2), (2, 1))
    for quantity, value in (("trace-distance", 0), ("guessing-probability", 1), ("min-entropy", 0)):
        ask = Ask(quantity, Output((0, 0), 1, "B"), at)
        question = Question(scenario, SanthaVazirani(F(5, 28)), "uniform", Adversary(devices), (), ask)
        assert bound(question).bracket.exact == value
