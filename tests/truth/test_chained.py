"""Chained correlations: guesses, leakage and local models against closed forms, with biased settings.

Closed forms: arXiv:0911.3427 (the guess at a CHSH score), arXiv:1105.3195 (Lemma 1), and
docs/proofs/chained-leakage.md, averaged-lemma.md, chained-local-model.md. Epsilon: 0 perfect, 1/2 useless.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import pytest

from freerand_opt import Ask, Question, SanthaVazirani, Test, Uniform, bound, chained, chsh
from freerand_opt.numbers.exact import compare, cos_pi, log2, sqrt

BITS = ("least-significant-first", "gray", "most-significant-first")
ORDERS = ("interleaved", "A first", "B first")
ENCODINGS = list(product(ORDERS, BITS))
LEAST = ENCODINGS[0]
EVE = {"devices": "no-signalling"}
LOCAL = {"devices": "local"}


def guess(quantity="guessing-probability", of="A", at=(0, 0)):
    return Ask(quantity, of=of, at=at)


LEAKAGE = guess("trace-distance")


def game(n, score, ask=LEAKAGE, source=None, devices=EVE, observed="uniform"):
    """At most `score` errors on the cycle of n settings a party."""
    tests = [] if score is None else [Test("chained", "<=", score)]
    observed = {"settings": observed}
    return Question(
        chained(n), source or Uniform(), adversary=devices, tests=tests, ask=ask, observed=observed
    )


def edges(n):
    """The error at each edge of the cycle: outcomes agree, but at settings 0 and n - 1."""
    pairs = sorted([(a, a) for a in range(n)] + [(a + 1, a) for a in range(n - 1)] + [(0, n - 1)])
    wrong = {s: ("00", "11") if s == (0, n - 1) else ("01", "10") for s in pairs}
    return [{f"P({o}|{a}{b})": 1 for o in outcomes} for (a, b), outcomes in wrong.items()]


def each_edge(n, score, **changes):
    """At most `score` at each edge of the cycle."""
    return game(n, None, **changes).changed(tests=[Test(edge, "<=", score) for edge in edges(n)])


def exact(question):
    return bound(question).bracket.exact


# ------------------------------------------------------------------ fair settings


@pytest.mark.parametrize("score", [F(2), F(27, 10), F(10, 3), F(4)])
@pytest.mark.parametrize(("of", "at"), [("A", (0, 0)), ("B", (1, 0)), ("A", "average"), ("B", "worst")])
def test_the_guess_at_a_chsh_score_is_that_of_pironio_and_others(score, of, at):
    asked = Question(
        chsh(), Uniform(), adversary=EVE, tests=[Test("chsh", ">=", score)], ask=guess(of=of, at=at)
    )
    assert exact(asked) == F(3, 2) - score / 4


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("of", ["A", "B"])
def test_the_guess_at_a_chained_score(n, of):
    """An unbiased box without errors of weight 1 - I_N, one error of weight I_N."""
    for score in (F(0), F(2, 7), F(1)):
        assert exact(game(n, score, guess(of=of, at=(0, n - 1)))) == (1 + score) / 2


def test_irrational_scores_are_enclosed_and_tight():
    score = 2 - sqrt(F(2))  # 2N sin^2(pi/4N) at N = 2
    bracket = bound(game(2, score, guess())).bracket
    assert compare(bracket.lower, (1 + score) / 2) <= 0 <= compare(bracket.upper, (1 + score) / 2)
    assert bracket.width < F(1, 10**12)


# ------------------------------------------------------------------ leakage


@pytest.mark.parametrize(
    ("n", "order", "bits"), [(2, *LEAST), (2, "B first", "gray"), *((4, *each) for each in ENCODINGS[::2])]
)
@pytest.mark.parametrize("epsilon", [F(0), F(3, 50), F(1, 5)])
def test_lemma_1_is_reached_and_then_left(n, order, bits, epsilon):
    """I_N/2 ((1+2e)/(1-2e))^(2r), tight up to (1+2e)/4."""
    ratio = ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** (2 * (n.bit_length() - 1))
    edge = (1 + 2 * epsilon) / 4
    last = 2 * edge / ratio
    source = SanthaVazirani(epsilon, order=order, bits=bits)
    assert exact(game(n, last, source=source)) == edge
    assert exact(game(n, last / 3, source=source)) == edge / 3
    beyond = bound(game(n, last * F(11, 10), source=source)).bracket
    if epsilon:
        assert beyond.upper < edge * F(11, 10)
    else:
        assert beyond.exact == edge * F(11, 10)


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("made", [game, each_edge])
def test_averaged_leakage(n, order, made):
    """min(1/2, I_N/(2 (1-2e)^(2r))); a guess from W alone is at most this."""
    ask = guess("trace-distance", at="average")
    for epsilon, score in ((F(1, 20), F(1, 5)), (F(2, 5), F(1, 30))):
        source = SanthaVazirani(epsilon, order=order)
        asked = made(n, score if made is game else score / (2 * n), ask=ask, source=source)
        closed = min(F(1, 2), score / 2 / (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1)))
        assert exact(asked) == closed
        if n == 2:
            assert bound(asked.changed(adversary={**EVE, "told": "nothing"})).bracket.upper <= closed


@pytest.mark.parametrize("n", [16, 64, 128])
def test_leakage_and_local_scores_of_large_games(n):
    """Half of f applied 2r times to min(1, I/(1-2e)^(2r)), f(t) = min((1+2e) t, 2e + (1-2e) t)."""
    epsilon, count = F(3, 50), 2 * (n.bit_length() - 1)
    score = n * (1 - cos_pi(F(1, 2 * n)))
    t = score / (1 - 2 * epsilon) ** count
    t = t if compare(t, F(1)) < 0 else F(1)
    for _ in range(count):
        ways = [(1 + 2 * epsilon) * t, 2 * epsilon + (1 - 2 * epsilon) * t]
        t = ways[0] if compare(ways[0], ways[1]) < 0 else ways[1]
    source = SanthaVazirani(epsilon, bits="least-significant-first")
    found = bound(game(n, score, source=source)).bracket
    assert compare(found.lower, t / 2) <= 0 <= compare(found.upper, t / 2)
    assert found.width < F(1, 10**9)
    least = Ask("score", functional="chained", extreme="smallest")
    assert exact(game(n, None, least, source, LOCAL)) == (1 - 2 * epsilon) ** count


def test_unconstrained_settings_leak_more_than_uniform_ones():
    """Uniform settings are a hypothesis of Lemma 1."""
    quantum = (1 - cos_pi(F(1, 8))) / 2  # sin^2(pi/16), at every edge
    asked = each_edge(4, quantum, source=SanthaVazirani("1/25", order="A first"))
    free = asked.changed(observed={"settings": "unconstrained"})
    assert compare(bound(free).bracket.lower, bound(asked).bracket.upper) > 0


# ------------------------------------------------------------------ local models


@pytest.mark.parametrize(("order", "bits"), ENCODINGS)
def test_the_smallest_chained_score_of_local_models(order, bits):
    least = Ask("score", functional="chained", extreme="smallest")
    for n, epsilon in ((2, F(0)), (2, F(1, 16)), (4, F(2, 15))):
        source = SanthaVazirani(epsilon, order=order, bits=bits)
        found = exact(game(n, None, least, source, LOCAL))
        assert found == (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("epsilon", [F(1, 20), F(1, 4)])
def test_measurement_dependent_locality_of_biased_bits(order, epsilon):
    """arXiv:1407.5634: l P(00,00) - h (P(01,01) + P(10,10) + P(00,11)) <= 0, l and h of two bits."""
    low, high = (F(1, 2) - epsilon) ** 2, (F(1, 2) + epsilon) ** 2
    terms = {"P(00|00)": low, "P(01|01)": -high, "P(10|10)": -high, "P(00|11)": -high}
    asked = Question(
        chsh(),
        SanthaVazirani(epsilon, order=order),
        adversary=LOCAL,
        observed={"settings": "unconstrained"},
        ask=Ask("score", functional={"terms": terms, "on": "joint"}),
    )
    assert exact(asked) == 0
    assert bound(asked.changed(adversary=EVE)).bracket.lower > 0


@pytest.mark.parametrize("n", [2, 4])
def test_local_models_exist_from_the_critical_score_on(n):
    epsilon, tiny = F(1, 10), F(1, 10**9)
    critical = (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))
    for score, there in ((critical, True), (critical - tiny, False), (critical + tiny, True)):
        result = bound(game(n, score, Ask("strategy"), SanthaVazirani(epsilon), LOCAL))
        assert (str(result) == "exists") is there
        assert result.impossible is not there


def test_existence_with_irrational_scores_that_multiply_masses():
    """Unconstrained settings, every edge: from 0.1092 on (mathematics.md, section 4)."""
    quantum = (1 - cos_pi(F(1, 8))) / 2
    for epsilon, words in (("0.1091", "none"), ("0.1093", "exists"), ("0.3", "exists")):
        asked = each_edge(
            4, quantum, ask=Ask("strategy"), source=SanthaVazirani(epsilon), devices=LOCAL
        ).changed(observed={"settings": "unconstrained"})
        assert str(bound(asked)) == words


# ------------------------------------------------------------------ quantities and settings


def uneven(quantity, at):
    """Edges with different limits: settings differ in how well they are guessed."""
    tests = [Test(edge, "<=", F(k, 30)) for k, edge in enumerate(edges(2), 1)]
    return game(2, None, guess(quantity, at=at), SanthaVazirani("1/20")).changed(tests=tests)


def test_the_worst_setting_is_the_one_with_the_largest_answer():
    each = [exact(uneven("guessing-probability", at)) for at in product((0, 1), repeat=2)]
    assert len(set(each)) > 1
    assert exact(uneven("guessing-probability", "worst")) == max(each)
    entropy = bound(uneven("min-entropy", "worst")).bracket
    assert entropy.lower == entropy.upper == -log2(max(each))


@pytest.mark.parametrize("at", [(0, 0), (1, 1), "average"])
def test_the_quantities_of_a_bit_say_the_same(at):
    chance = exact(uneven("guessing-probability", at))
    assert F(1, 2) < chance < 1
    assert exact(uneven("trace-distance", at)) == chance - F(1, 2)
    entropy = bound(uneven("min-entropy", at)).bracket
    assert entropy.lower == entropy.upper == -log2(chance)


def test_min_entropy_is_zero_without_tests_and_one_of_a_box_without_errors():
    assert exact(game(2, None, guess("min-entropy"))) == 0
    assert exact(game(2, 0, guess("min-entropy"))) == 1


@pytest.mark.parametrize("at", [(0, 1), "average"])
@pytest.mark.parametrize(("devices", "score", "answer"), [(EVE, F(1, 3), F(2, 3)), (LOCAL, F(6, 5), F(1))])
def test_an_unbiased_source_is_uniform(at, devices, score, answer):
    for source in (Uniform(), SanthaVazirani(0)):
        assert exact(game(2, score, guess(at=at), source, devices)) == answer


@pytest.mark.parametrize("epsilon", ["0", "1/10"])
def test_the_whole_behaviour_of_unconstrained_settings(epsilon):
    """Quantum probabilities, each kept within 1/100, are irrational and multiply masses."""
    asked = Question(
        chained(2),
        SanthaVazirani(epsilon),
        adversary={**EVE, "told": "nothing"},
        observed={"behaviour": "quantum", "settings": "unconstrained"},
        tests=[{"keep": "behaviour", "tolerance": "1/100"}],
        ask=guess(at=(0, 0) if epsilon == "0" else "average"),
    )
    bracket = bound(asked).bracket
    assert bracket.width < F(1, 10**9)
    if epsilon == "0":  # (1 + I_2)/2, eight cells with more errors
        score = 2 - sqrt(F(2)) + F(8, 100)
        assert compare(bracket.lower, (1 + score) / 2) <= 0 <= compare(bracket.upper, (1 + score) / 2)
