"""Sources that contain each other: two bits in four ways, closed forms, and what they leak.

Independent <= mutual <= one time order <= bounds on P(s|w), with the same epsilon (docs/proofs/sources.md).
"""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt import (
    Ask,
    Independent,
    Inequalities,
    Mixture,
    Mutual,
    Question,
    SanthaVazirani,
    Scenario,
    Test,
    Uniform,
    bound,
    chained,
    chsh,
)
from freerand_opt import MeasurementDependence as Limits
from freerand_opt.numbers.exact import compare

BITS = ("least-significant-first", "gray", "most-significant-first")
LOCAL, EVE = {"devices": "local"}, {"devices": "no-signalling"}
FREE = {"settings": "unconstrained"}
LEAST = Ask("score", functional="chained", extreme="smallest")


def chain_of_sources(epsilon):
    low, high = (F(1, 2) - epsilon) ** 2, (F(1, 2) + epsilon) ** 2
    return {
        "independent": Independent(epsilon),
        "mutual": Mutual(epsilon),
        "A first": SanthaVazirani(epsilon, order="A first"),
        "B first": SanthaVazirani(epsilon, order="B first"),
        "box": Limits(lower=low, upper=high),
    }


SMALLER = [
    ("independent", "mutual"),
    ("mutual", "A first"),
    ("mutual", "B first"),
    ("A first", "box"),
    ("B first", "box"),
]


@pytest.mark.parametrize("epsilon", [F(0), F(1, 20), F(1, 4), F(2, 5)])
def test_the_local_chsh_score_is_the_same_for_all(epsilon):
    """4 - 8 (1/2 - eps)^2: the setting that is lost has both bits unlikely."""
    for source in chain_of_sources(epsilon).values():
        asked = Question(chsh(), source, adversary=LOCAL, ask=Ask("score", functional="chsh"))
        assert bound(asked).bracket.exact == 4 - 8 * (F(1, 2) - epsilon) ** 2


@pytest.mark.parametrize("kind", [Mutual, Independent])
@pytest.mark.parametrize("n", [2, 4])
def test_local_models_of_chained_correlations(kind, n):
    """(1 - 2 eps)^(2r), in every encoding."""
    epsilon = F(1, 5)
    for bits in BITS:
        asked = Question(chained(n), kind(epsilon, bits=bits), adversary=LOCAL, ask=LEAST)
        assert bound(asked).bracket.exact == (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))


@pytest.mark.parametrize("epsilon", [F(0), F(1, 50), F(1, 20)])
@pytest.mark.parametrize(
    "test",
    [
        {"keep": "behaviour", "tolerance": "1e-9"},
        {"functional": "chained", "relation": "<=", "score": "observed"},
    ],
)
def test_a_larger_source_leaks_more(test, epsilon):
    found = {}
    for kind, source in chain_of_sources(epsilon).items():
        asked = Question(
            chained(2),
            source,
            adversary=EVE,
            observed={"behaviour": "quantum"},
            tests=[test],
            ask=Ask("trace-distance", of="A", at=(0, 0)),
        )
        found[kind] = bound(asked).bracket
        assert found[kind].width < 1e-6
    for small, large in SMALLER:
        assert compare(found[small].lower, found[large].upper) <= 0
        assert float(found[small].upper) <= float(found[large].upper) + 1e-9
    if not epsilon:  # half of I_2 = 2 - sqrt 2, which eight cells raise by the tolerance
        assert float(found["box"].upper) == pytest.approx(
            1 - 2**-0.5 + (4e-9 if "keep" in test else 0), abs=1e-10
        )


# ------------------------------------------------------------------ independent parties


def of_two(score=None, ask=LEAST, devices=LOCAL):
    source = Mixture([SanthaVazirani("1/10"), SanthaVazirani("1/15", bits="gray")])
    tests = [] if score is None else [Test("chained", "<=", score)]
    return Question(chained(4), source, adversary=devices, tests=tests, ask=ask)


def test_local_models_of_parties_with_different_epsilons():
    """(1 - 2 e_A)^2 (1 - 2 e_B)^2 = 0.48.. (docs/proofs/chained-local-model.md)."""
    critical = F(8, 10) ** 2 * F(13, 15) ** 2
    assert bound(of_two()).bracket.exact == critical
    for score, words in ((critical, "exists"), (critical - F(1, 10**6), "none")):
        assert str(bound(of_two(score, Ask("strategy")))) == words
    assert bound(of_two("3/10", Ask("guessing-probability", of="A", at=(0, 0)))).impossible


@pytest.mark.parametrize("n", [2, 4])
def test_independent_parties_leak_as_much_as_one_time_order(n):
    """Lemma 1 is reached: I_N/2 ((1+2e)/(1-2e))^(2r)."""
    epsilon, score = F(1, 50), F(3, 20)
    own = SanthaVazirani(epsilon, bits="least-significant-first")
    asked = Question(
        chained(n),
        Mixture([own, own]),
        adversary=EVE,
        tests=[Test("chained", "<=", score)],
        ask=Ask("trace-distance", of="A", at=(0, 0)),
    )
    ratio = ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** (2 * (n.bit_length() - 1))
    assert bound(asked).bracket.exact == score / 2 * ratio


# ------------------------------------------------------------------ bounds on P(s|w), rows

MDL = {"P(00|00)": 1, "P(01|01)": -1, "P(10|10)": -1, "P(00|11)": -1}


@pytest.mark.parametrize(
    ("low", "high"), [("1/4", "1/4"), ("1/5", "1/3"), ("1/100", "97/100"), ("3/13", "4/13"), ("1/8", "1/4")]
)
def test_the_inequality_of_measurement_dependent_locality(low, high):
    """arXiv:1407.5634, Eq. 3: l P(0000) - h (P(0101) + P(1010) + P(0011)) <= 0 on joint P(abxy)."""
    low, high = F(low), F(high)

    def largest(terms, devices):
        scenario = Scenario((2, 2), (2, 2))
        source = Limits(lower=low, upper=high)
        ask = Ask("score", functional={"terms": terms, "on": "joint"})
        return bound(Question(scenario, source, adversary=devices, observed=FREE, ask=ask)).bracket

    terms = {label: low if sign > 0 else -high for label, sign in MDL.items()}
    assert largest(terms, LOCAL).exact == 0
    # boxes with P(00|00) = 1/2 without the other three
    assert largest(terms, EVE).lower == low * high / 2
    # the other convention, P(xy, ab), is another functional, which local models make positive
    other = {"P(00|00)": low, "P(00|01)": -high, "P(00|10)": -high, "P(11|00)": -high}
    assert largest(other, LOCAL).lower > 0


@pytest.mark.parametrize("devices", [LOCAL, EVE])
def test_one_free_party_by_rows(devices):
    """A is free and B has bits from 2/5 to 3/5: the same as rows on P(s|w)."""
    rows = [
        {"terms": {f"0{b}": 1, f"1{b}": factor}, "relation": relation, "bound": limit}
        for b in "01"
        for factor, relation, limit in ((0, "<=", "3/10"), (-1, "=", 0))
    ]
    found = [
        bound(Question(chsh(), source, adversary=devices, ask=Ask("score", functional="chsh"))).bracket.exact
        for source in (Mixture([Uniform(), SanthaVazirani("1/10")]), Inequalities(rows))
    ]
    # B's setting is lost with 2/5 where A is free: 4 - 8 (1/2)(2/5)
    assert found == [F(4) if devices == EVE else 4 - 4 * F(2, 5)] * 2
