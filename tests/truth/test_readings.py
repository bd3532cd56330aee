"""Theorem 1 under each reading, and sums of ratios: docs/proofs/theorem-1-readings.md and ratios.md."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt import Ask, Question, SanthaVazirani, Test, bound, chained
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, Unreadable

ORDERS = [
    ("interleaved", "least-significant-first"),
    ("A first", "gray"),
    ("B first", "most-significant-first"),
]
CASES = [(1, F(1, 8), F(1, 20)), (1, F(1, 10), F(1, 7)), (2, F(1, 60), F(1, 12))]
FREE = "unconstrained"


def game(r, epsilon, order, *, at=(0, 0), local=False, settings=FREE):
    """Two parties with 2^r settings each, asked for a local model or the leakage of A's outcome."""
    return Question(
        chained(2**r),
        SanthaVazirani(epsilon, order=order[0], bits=order[1]),
        adversary={"devices": "local" if local else "no-signalling"},
        observed={"settings": settings},
        ask=Ask("strategy") if local else Ask("trace-distance", of="A", at=at),
    )


def each_edge(r, kappa, epsilon, order, **changes):
    """Each edge errs with probability at most kappa."""
    n = 2**r
    pairs = [(a, a) for a in range(n)] + [(a + 1, a) for a in range(n - 1)] + [(0, n - 1)]
    wrong = {s: ("00", "11") if s == (0, n - 1) else ("01", "10") for s in pairs}
    tests = [Test({f"P({o}|{a}{b})": 1 for o in outcomes}, "<=", kappa) for (a, b), outcomes in wrong.items()]
    return game(r, epsilon, order, **changes).changed(tests=tests)


def total(epsilon, order, score=F(1, 2), **changes):
    """The errors of four edges add up to at most `score`: a sum of ratios if settings are unconstrained."""
    return game(1, epsilon, order, **changes).changed(tests=[Test("chained", "<=", score)])


def chances(epsilon):
    return F(1, 2) - epsilon, F(1, 2) + epsilon


# ------------------------------------------------------------------ each edge


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "kappa", "epsilon"), CASES)
def test_unconstrained_settings(r, kappa, epsilon, order):
    """Statements 4 and 5: fixed settings y/(2(1+y)) at least, kappa p^(3r-1)/(2 q^(4r)) at most."""
    q, p = chances(epsilon)
    fixed = bound(each_edge(r, kappa, epsilon, order)).bracket
    y = kappa * p ** (3 * r) / q ** (4 * r)
    assert fixed.upper >= y / (1 + y) / 2
    assert fixed.lower <= kappa * p ** (3 * r - 1) / q ** (4 * r) / 2
    average = bound(each_edge(r, kappa, epsilon, order, at="average")).bracket
    assert average.lower <= kappa * p ** (r - 1) / q ** (2 * r) / 2
    for bracket in (fixed, average):
        assert bracket.width < F(1, 10**12)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "epsilon"), [(1, F(1, 10)), (2, F(1, 5))])
def test_local_models(r, epsilon, order):
    """Statement 4: one at kappa = q^(2r)/p^r, none below q^(2r)/p^(r-1)."""
    q, p = chances(epsilon)
    there = q ** (2 * r) / p**r
    assert str(bound(each_edge(r, there, epsilon, order, local=True))) == "exists"
    below = q ** (2 * r) / p ** (r - 1) * F(99, 100)
    assert str(bound(each_edge(r, below, epsilon, order, local=True))) == "none"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "kappa", "epsilon"), CASES)
def test_uniform_settings(r, kappa, epsilon, order):
    """Statement 1: half of f applied n times to min(1/2, N kappa/(1-2 eps)^n); Lemma 1 at most."""
    n = 2 * r
    t = min(F(1, 2), 2**r * kappa / (1 - 2 * epsilon) ** n)
    for _ in range(n):
        t = min((1 + 2 * epsilon) * t, 2 * epsilon + (1 - 2 * epsilon) * t)
    for at in ((0, 0), (1, 0)):
        bracket = bound(each_edge(r, kappa, epsilon, order, settings="uniform", at=at)).bracket
        assert bracket.upper >= t / 2
        assert bracket.lower <= 2**r * kappa * ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** n


# ------------------------------------------------------------------ sums of ratios


@pytest.mark.parametrize(("order", "epsilon"), [*zip(ORDERS, [F(1, 50), F(1, 16), F(1, 16)], strict=True)])
def test_fixed_settings_lie_between_the_bound_and_the_attack(order, epsilon):
    """Statement 2, at I = 1/2: between x/(2(1+x)) and min(1/2, x/4), x = (p/q)^4."""
    q, p = chances(epsilon)
    x = (p / q) ** 4
    bracket = bound(total(epsilon, order)).bracket
    assert float(bracket.upper) >= float(x / (1 + x) / 2) - 1e-12
    assert bracket.lower <= min(F(1, 2), x / 4)
    uniform = bound(total(epsilon, order, settings="uniform")).bracket
    assert bracket.lower >= uniform.lower - F(1, 10**6)


def test_without_bias_the_bracket_closes():
    for at in ((0, 0), "average"):
        bracket = bound(total(0, ORDERS[0], at=at)).bracket
        assert abs(bracket.lower - F(1, 4)) < F(1, 10**6)
        assert abs(bracket.upper - F(1, 4)) < F(1, 10**8)


@pytest.mark.parametrize("order", ORDERS)
def test_local_models_of_two_edges_are_found_and_impossible_ones_refuted(order):
    """Statement 3, at I = 1/2: from p/q = sqrt 3 on there is one; there is none below p/q = sqrt 2."""
    there, below = F(134, 1000), F(85, 1000)
    assert ((F(1, 2) + there) / (F(1, 2) - there)) ** 2 > 3
    assert ((F(1, 2) + below) / (F(1, 2) - below)) ** 2 < 2
    assert str(bound(total(there, order, local=True))) == "exists"
    assert str(bound(total(below, order, local=True))) == "none"


def test_a_threshold_is_certain_on_both_sides_of_what_is_not():
    """Between p/q = sqrt 2 and sqrt 3 neither is known at I = 1/2; the bracket may stay as wide."""
    asked = total(0, ORDERS[0], local=True)
    found = bound(asked, threshold={"of": "source.epsilon", "between": [0, "1/4"], "width": "1/100"}).bracket
    first, last = ((x**0.5 - 1) / (x**0.5 + 1) / 2 for x in (2, 3))
    assert first - 0.01 <= float(found.lower) <= last
    assert first <= float(found.upper) <= last + 0.01


def test_an_attack_passes_the_sum_itself_and_other_settings_are_another_question():
    document = bound(total("1/16", ORDERS[0])).document
    assert document["attack"] is not None
    check({**document, "upper": None})
    stricter = {**document["question"]["tests"][0], "score": "49/100"}
    with pytest.raises(Rejected):
        check({**document, "upper": None, "question": {**document["question"], "tests": [stricter]}})
    uniform = bound(total("1/16", ORDERS[0], settings="uniform")).document
    with pytest.raises((Rejected, Unreadable)):
        check({**uniform, "question": {**uniform["question"], "observed": "unconstrained"}})
