"""Bounds on average over W: values of Hall's model (arXiv:1007.5518) under five measures, and by party."""

import random
from fractions import Fraction
from math import log, log2

import numpy as np
import pytest

from freerand_opt.attacks.oracles import best_distribution
from freerand_opt.bounds.bound import bound
from freerand_opt.checker.averages import by_departure, divergence
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.checker.sources import Average
from freerand_opt.checker.vectors import Vector
from freerand_opt.errors import InputError
from freerand_opt.model import (
    Adversary,
    Ask,
    Functional,
    Observed,
    OnAverage,
    Question,
    SanthaVazirani,
    Test,
    chsh,
)

CHSH = Ask("score", functional=Functional.named("chsh"))
GUESS = Ask("guessing-probability", of="A", at=[0, 0])


def asked(source, ask=CHSH, devices="local", score=None):
    tests = [] if score is None else [Test("chsh", ">=", score)]
    return Question(chsh(), source, adversary=Adversary(devices), tests=tests, ask=ask)


def value(*question, **more):
    bracket = bound(asked(*question, **more)).bracket
    assert bracket.lower == bracket.upper
    return bracket.lower


@pytest.mark.parametrize("e", [Fraction(1, 10), Fraction(1, 7), Fraction(1, 4)])
def test_one_model_under_four_measures(e):
    # w is the losing setting, P(w|w) = e, the others (1 - e)/3: score 4 - 8 e
    score = 4 - 8 * e
    assert value(OnAverage(distance=2 * ((1 - e) / 3 - e))) == score
    assert value(OnAverage(departure=Fraction(1, 4) - e)) == score
    assert value(OnAverage(largest=(1 - e) / 3)) == score
    assert value(OnAverage(bad=1 - 4 * e)) == score


def test_halls_freedom_of_a_local_model_of_two_root_two():
    # M = (2 sqrt 2 - 2)/3, freedom 1 - M/2 = 86.19 per cent; one side: M_A = 2 sqrt 2 - 2, 58.58 per cent
    for measure, freedom in (
        ({"distance": "M"}, "0.8619288"),
        ({"distance": {"A": "M", "B": 0}}, "0.5857864"),
    ):
        m = 2 - 2 * Fraction(freedom)
        given = {"A": m, "B": 0} if isinstance(measure["distance"], dict) else m
        assert abs(value(OnAverage(distance=given)) ** 2 - 8) < Fraction(1, 10**5)


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [(".1", ".2", "2.4"), (".2", ".6", 3), (".05", 1, "3.1"), (".5", ".6", "3.6"), (".1", 2, 4)],
)
def test_distances_by_party(a, b, score):
    # 2 + M_A + M_B + min(M_A, M_B), at most 4 (docs/proofs/sources.md)
    assert value(OnAverage(distance={"A": a, "B": b})) == Fraction(score)


@pytest.mark.parametrize(
    ("source", "guess"),
    [
        ({"distance": "0.1"}, "0.9"),
        ({"distance": Fraction(7, 30)}, 1),
        ({"distance": {"A": "0.2", "B": 0}}, "0.875"),
        ({"departure": "0.05"}, "0.925"),
        ({"bad": "0.1"}, "0.875"),
        ({"bad": "0.35"}, 1),
        ({"largest": "0.27"}, "0.945"),
    ],
)
def test_guesses_at_a_score(source, guess):
    assert value(OnAverage(**source), GUESS, "no-signalling", "2.7") == Fraction(guess)


def test_no_bound_at_all_is_no_freedom():
    assert value(OnAverage(distance=2)) == 4
    assert value(OnAverage(bad=1)) == 4
    assert value(OnAverage(distance=0)) == value(OnAverage(bad=0)) == 2


def test_bad_trials_beside_bits_of_an_epsilon():
    # good trials 2 + 8 (1/4 - q^2)/.., so the chord from the good source's score to 4
    good = value(SanthaVazirani("0.1"))
    assert value(OnAverage(bad="0.2", good=SanthaVazirani("0.1"))) == good + (4 - good) / 5


FORGERIES = {
    "a weaker bound": (lambda c: c["question"]["source"].update(bounds=["1/20"]), Rejected),
    "a price below 0": (lambda c: c["upper"]["prices"].update(averages=["-1"]), Unreadable),
    "a price too low": (lambda c: c["upper"]["prices"].update(averages=["1/100"]), None),
    "bad strategies called good": (
        lambda c: [s.update(bad=False) for s in c["attack"]["strategies"]],
        Rejected,
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries(name):
    forge, error = FORGERIES[name]
    result = bound(asked(OnAverage(bad="0.1")))
    document = result.document
    check(document)
    forge(document)
    if error is None:  # proves less, and says so
        assert check(document).upper > result.bracket.upper
        return
    with pytest.raises(error):
        check(document)


def test_mistakes_are_clear():
    with pytest.raises(InputError, match="exactly one"):
        OnAverage()
    with pytest.raises(InputError, match="exactly one"):
        OnAverage(bad="0.1", distance="0.1")
    with pytest.raises(InputError, match="largest observed probability"):
        asked(OnAverage(largest="0.2"))
    with pytest.raises(InputError, match="only with bad"):
        OnAverage(distance="0.1", good=SanthaVazirani("0.1"))


@pytest.mark.parametrize(
    ("bits", "ask", "devices", "score", "right"),
    [
        # local CHSH and guesses at CHSH >= 2.7 by an independent convex program (docs/proofs/sources.md)
        ("0.01", CHSH, "local", None, "2.39803049"),
        ("0.02", CHSH, "local", None, "2.55662067"),
        ("0.01", GUESS, "no-signalling", "2.7", ".9245076218"),
        ("0.02", GUESS, "no-signalling", "2.7", ".9641551678"),
    ],
)
def test_mutual_information(bits, ask, devices, score, right):
    found = bound(asked(OnAverage(information=bits), ask, devices, score))
    assert found.bracket.width < Fraction(1, 10**6)
    assert abs(float(found.upper) - float(right)) < 1e-6


def test_information_of_halls_model():
    # I = 2 - h(e) - (1 - e) log2 3 for e = (2 - sqrt 2)/4: score 2 sqrt 2, .0462738469 bits
    e = (2 - 2**0.5) / 4
    bits = 2 + e * log2(e) + (1 - e) * log2((1 - e) / 3)
    for more, passes in ((1e-5, True), (-1e-5, False)):
        question = asked(OnAverage(information=round(bits + more, 8)), Ask("strategy"), "local", "2*sqrt(2)")
        result = bound(question)
        assert (str(result) == "exists") is passes
        assert result.impossible is not passes


def test_information_that_cannot_suffice_is_no_strategy():
    """CHSH >= 2.7 is beyond what 11/800 bits give to local devices at 2/3/4/8 of 17."""
    often = {"00": "2/17", "01": "3/17", "10": "4/17", "11": "8/17"}
    question = Question(
        chsh(),
        OnAverage(information="11/800"),
        observed=Observed(settings=often),
        adversary=Adversary("local"),
        tests=[Test("chsh", ">=", "2.7")],
        ask=Ask("guessing-probability", of="A", at=(0, 0)),
    )
    assert bound(question).impossible
    most = bound(question.changed(tests=(), ask=Ask("score", functional="chsh"))).bracket
    assert most.upper < Fraction(27, 10)
    assert most.width < Fraction(1, 10**8)


@pytest.mark.parametrize(("devices", "plain"), [("quantum", 8.5**0.5), ("no-signalling", 4)])
def test_information_without_a_list_of_boxes(devices, plain):
    """Tilted CHSH, no cycle: above its value at no information (arXiv:1107.2754) by at most 10 departures.

    A departure d moves each P(s|w)/P(s) by 8 d in all, and factors of a setting are at most 5/4.
    """
    table = {
        "scenario": {"family": "tilted", "beta": "1/2"},
        "source": {"kind": "on-average", "information": "1/1000"},
        "adversary": {"devices": devices} | ({"level": "1 + A B"} if devices == "quantum" else {}),
        "ask": {"quantity": "score", "functional": "tilted"},
    }
    found = bound(table).bracket
    most = 10 * (log(2) / 2000) ** 0.5
    assert plain - 1e-6 < found.lower <= found.upper < plain + most


def test_information_at_score_four():
    """Each losing setting alone is left out, 1/4 each: 2 - log2 3 bits, and no less."""
    question = asked(OnAverage(information="1/10"), Ask("strategy"), score=4)
    found = bound(question, threshold={"of": "source.information", "between": ["1/10", 1]}).bracket
    assert found.lower <= Fraction(2 - log2(3)) <= found.upper
    assert found.width < Fraction(1, 10**6)


@pytest.mark.parametrize("devices", ["quantum", "no-signalling"])
def test_information_and_entropies(devices):
    """Only that they are not negative is proved, and the answer says what to ask."""
    level = {"level": "1 + A B"} if devices == "quantum" else {}
    tests = [Test("chsh", ">=", "2.7")]
    ask = Ask("entropy", of="A", at=[0, 0])
    source = OnAverage(information="1/1000")
    found = bound(Question(chsh(), source, adversary=Adversary(devices, **level), tests=tests, ask=ask))
    assert found.bracket.lower == 0
    assert any("departure sqrt(c ln 2 / 2)" in note for note in found.notes)


def by_departure_of(information, **ask):
    """Return a document at the departure that information implies, and its question with the information."""
    departure = Fraction((float(information) * log(2) / 2) ** 0.5).limit_denominator(10**9)
    source = OnAverage(departure=str(departure))
    asks = Ask("entropy", of="A", at=[0, 0], **ask)
    document = bound(
        Question(
            chsh(),
            source,
            adversary=Adversary("no-signalling"),
            tests=[Test("chsh", ">=", "2.7")],
            ask=asks,
        ),
        width=Fraction(1, 4),
    ).document
    moved = by_source(document["question"], measure="information", bounds=[str(Fraction(information))])
    return document | {"question": moved, "attack": None}


def test_entropies_under_information_by_extreme_boxes_and_not_by_nodes():
    """Extreme boxes are bounded as any box, at any price: less than at c = 0, S/2 - 1. Nodes are refused."""
    document = by_departure_of(Fraction(1, 1000))
    prices = document["upper"]["prices"]
    shown = []
    for price in ("1", "40", "80"):
        prices["averages"] = [price]
        shown.append(check(document).lower)
    assert Fraction(28, 100) < max(shown) < Fraction(35, 100)
    nodes = by_departure_of(Fraction(1, 1000), noise="1/10")
    assert nodes["upper"]["nodes"]
    with pytest.raises(Rejected, match="box by box"):
        check(nodes)


def by_source(question, **source):
    """Return a document's question with another source."""
    return question | {"source": {"kind": "average", **source}}


def test_information_and_quantum_devices():
    """By Pinsker as at a departure sqrt(c ln 2/2): one proof of both, and a guess above that at c = 0."""
    tests = [Test("chsh", ">=", "2.7")]
    asks = Question(
        chsh(),
        OnAverage(information="1/1000"),
        adversary=Adversary("quantum", level="1 + A B"),
        tests=tests,
        ask=GUESS,
    )
    result = bound(asks)
    departure = (log(2) / 2000) ** 0.5
    known = 1 / 2 + (2 - 2.7**2 / 4) ** 0.5 / 2
    assert known + 1e-4 < result.lower < result.upper < known + 5 * departure
    document = result.document
    assert check(document).upper == result.upper
    least = Fraction(departure) - Fraction(1, 10**15)
    for bounds, above in ((least, False), (least + Fraction(1, 10**14), True)):
        source = {"measure": "departure", "bounds": [str(bounds)]}
        plain = document | {"question": by_source(document["question"], **source), "attack": None}
        assert (check(plain).upper >= result.upper) is above
    less = by_source(document["question"], measure="information", bounds=["1/1500"])
    with pytest.raises(Rejected, match="broken"):
        check(document | {"question": less})


def test_departure_is_at_most_what_information_implies():
    """Pinsker's inequality on random distributions, and Jensen's on means of them; at least the root."""
    draw = random.Random(18)
    for _ in range(100):
        shares = [draw.randint(1, 9) for _ in range(4)]
        share = [Fraction(x, sum(shares)) for x in shares]
        parts = [[Fraction(draw.randint(0, 9) + (k == 0)) for k in range(4)] for _ in range(3)]
        nats = sum(divergence(part, share) for part in parts) / sum(map(sum, parts))
        bits = nats * Fraction(14427, 10000)
        source = Average(Vector(4, None, dict(enumerate(share))), "information", (bits,), (), None)
        moved = sum(abs(x - sum(part) * p) for part in parts for x, p in zip(part, share, strict=True)) / 2
        found = by_departure(source)
        assert found.measure == "departure"
        assert moved / sum(map(sum, parts)) <= found.bounds[0]
        assert -1e-15 < float(found.bounds[0]) - (float(bits) * log(2) / 2) ** 0.5 < 1e-15


def test_an_attack_weighs_what_its_settings_cost():
    # one setting alone differs from three others by P(s)^-1 = 4 each; uniform settings cost nothing
    best = best_distribution(asked(OnAverage(distance="0.2")).problem())
    gains = np.array([1.0, 0, 0, 0])
    assert best(gains, (0.0,) * 6)[0].tolist() == [1, 0, 0, 0]
    for price, found, cost in ((0.06, [1, 0, 0, 0], 0.72), (0.07, [0.25] * 4, 0)):  # 1 - 12 mu against 1/4
        masses, paid = best(gains, (price,) * 6)
        assert masses.tolist() == found and paid == pytest.approx(cost)
