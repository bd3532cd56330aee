"""Detectors that miss and noise of any kind: behaviours by hand, thresholds against closed forms."""

from __future__ import annotations

import math
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from freerand_opt import (
    Adversary,
    Ask,
    Behaviour,
    Functional,
    InputError,
    Keep,
    Observed,
    Question,
    Scenario,
    Test,
    Uniform,
    bound,
    chsh,
)
from freerand_opt.bounds.curves.curve_of import curve
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.checker.reading import load

LOCAL = Adversary("local")
PR = Behaviour.from_correlators([[1, 1], [1, -1]])
CLICKS = Scenario((2, 2), (3, 3))
ANGLES = [[0, "1/2"], ["1/4", "-1/4"]]


def seen(observed, scenario=CLICKS, tests=(), **more):
    return Question(scenario, Uniform(), observed=observed, adversary=LOCAL, tests=list(tests), **more)


def exists(observed, scenario=CLICKS, tests=None):
    return seen(observed, scenario, tests or [Keep("behaviour")], ask=Ask("strategy"))


def sought(question, of, between, width=F(1, 10**6)):
    return bound(question, threshold={"of": of, "between": between, "width": width})


def holds(result, critical, width=1e-6):
    low, high = (float(end) for end in (result.bracket.lower, result.bracket.upper))
    assert low - 1e-9 <= critical <= high + 1e-9
    assert high - low <= width + 1e-9


def row(observed, scenario, s=0):
    question = seen(observed, scenario, ask=Ask("strategy"))
    return question.observed.rows(question.scenario)(s)


def test_a_missing_click_is_a_further_outcome():
    """Of perfectly equal outcomes: both click 9/25 each way, one alone 3/5 * 1/5 * 1/2 ..., none 2/25."""
    got = row(Observed(PR, efficiency={"A": "3/5", "B": "4/5"}, no_click="outcome"), CLICKS)
    both, a_alone, b_alone, none = F(6, 25), F(3, 50), F(4, 25), F(2, 25)
    assert got == (both, 0, a_alone, 0, both, a_alone, b_alone, b_alone, none)


def test_a_missing_click_counts_as_an_outcome():
    """(1 - eta^2) of the pairs lose something: A's outcome is 0 with 1 - eta/2."""
    got = row(Observed(PR, efficiency="3/5", no_click=0), chsh())
    assert got[0] + got[1] == got[0] + got[2] == 1 - F(3, 10)
    assert got[3] == F(9, 25) / 2
    assert row(Observed(PR, efficiency="3/5", no_click={"A": 0, "B": 1}), chsh())[1] == F(2, 5) ** 2 + F(
        6, 25
    )


def test_noise_is_mixed_in_before_losses():
    both = Behaviour(Scenario((2, 2), (2, 2)), [(1, 0, 0, 0)] * 4)
    got = row(Observed(PR, visibility="1/2", noise=both, efficiency="1/2", no_click="outcome"), CLICKS)
    assert got[0] == (F(1, 2) * F(1, 2) + F(1, 2)) / 4
    assert got[8] == F(1, 4)
    assert row(Observed(PR, visibility="1/2", efficiency=1, no_click="outcome"), CLICKS)[1] == F(1, 8)


def test_chsh_with_losses_assigned():
    """S = 2 sqrt 2 eta^2 + 2 (1 - eta)^2 is 2 at eta = 2/(1 + sqrt 2) (Garg and Mermin 1987)."""
    honest = Observed("quantum", efficiency="9/10", no_click=0)
    question = exists(honest, chsh(), [Test("chsh", ">=", "observed")])
    result = sought(question, "observed.efficiency", (F(1, 2), 1))
    holds(result, 2 / (1 + math.sqrt(2)))
    assert check(load(result.certificate)).statement.startswith("x of the path in [")


def test_no_click_as_an_outcome_has_the_same_threshold():
    """The whole behaviour of CHSH's directions, no click kept (Garg and Mermin 1987: 82.8 %)."""
    honest = Observed(state="phi+", angles=ANGLES, efficiency="0.82", no_click="outcome")
    question = exists(honest, tests=[Keep("behaviour", "1e-7")])
    assert str(bound(question)) == "exists"
    holds(
        sought(question, "observed.efficiency", (F(4, 5), F(17, 20)), F(1, 1000)),
        2 / (1 + math.sqrt(2)),
        1e-3,
    )


@pytest.mark.parametrize("no_click", [0, {"A": 0, "B": 1}, "outcome"])
def test_a_lossy_box_of_popescu_and_rohrlich(no_click):
    """S = 4 eta^2 + 2 (1 - eta)^2, and no click kept: 2/3; a missing click 0 at A, 1 at B: S with -2."""
    critical = 2 / 3 if no_click != {"A": 0, "B": 1} else (math.sqrt(3) - 1)
    box = Observed(PR, efficiency="3/5", no_click=no_click)
    question = exists(box, CLICKS if no_click == "outcome" else chsh())
    if no_click == {"A": 0, "B": 1}:
        question = exists(box, chsh(), [Test("chsh", ">=", "observed")])
    holds(sought(question, "observed.efficiency", (F(1, 2), 1), F(1, 1000)), critical, 1e-3)


@pytest.mark.parametrize("no_click", [0, "outcome"])
def test_the_efficiency_of_one_party(no_click):
    """A trapped atom and a photon, maximally entangled: 1/sqrt 2 (Cabello and Larsson, quant-ph/0701191).

    B's missing click counted as 0 the score is 2 sqrt 2 eta, since A's outcomes are fair.
    """
    honest = Observed(state="phi+", angles=ANGLES, efficiency={"A": 1, "B": "0.9"}, no_click=no_click)
    kept = exists(honest, tests=[Keep("behaviour", "1e-7")]) if no_click == "outcome" else None
    question = kept or exists(honest, chsh(), [Test("chsh", ">=", "observed")])
    result = sought(question, "observed.efficiency.B", (F(1, 2), 1), F(1, 10**4))
    holds(result, 1 / math.sqrt(2), 1e-4)
    assert check(load(result.certificate)).statement.startswith("x of the path in [")


def test_the_other_party_loses_too():
    """A box of Popescu and Rohrlich: S = 4 a b + 2 (1 - a)(1 - b) is 2 at b = a/(3 a - 1)."""
    question = exists(Observed(PR, efficiency={"A": "4/5", "B": 1}, no_click=0), chsh())
    holds(sought(question, "observed.efficiency.B", (F(1, 4), 1)), 4 / 7)


def test_a_threshold_is_of_an_efficiency_that_is_there():
    """An efficiency of each party would be put aside without a word."""
    question = exists(Observed(PR, efficiency={"A": 1, "B": "3/5"}, no_click="outcome"))
    with pytest.raises(InputError, match="one number for all parties"):
        sought(question, "observed.efficiency", (F(1, 2), 1))
    with pytest.raises(InputError, match="has 1, 3/5"):
        sought(question, "observed.efficiency.C", (F(1, 2), 1))
    one = exists(Observed(PR, efficiency="3/5", no_click="outcome"))
    with pytest.raises(InputError, match="has 3/5"):
        sought(one, "observed.efficiency.B", (F(1, 2), 1))


@pytest.mark.parametrize(
    ("eta", "no_click"), [("9/10", "outcome"), ("9/10", {"A": 0, "B": 1}), ("7/10", {"A": 1, "B": 0}), (1, 0)]
)
def test_what_losses_leave_of_an_outcome(eta, no_click):
    """No-signalling guesses against a program of their own: sub-boxes by guess, in floats, by HiGHS."""
    scenario = CLICKS if no_click == "outcome" else chsh()
    question = Question(
        scenario,
        Uniform(),
        observed=Observed(PR, efficiency=eta, no_click=no_click),
        adversary=Adversary("no-signalling"),
        tests=[Keep("behaviour")],
        ask=Ask("guessing-probability", of="A", at=(0, 0)),
    )
    rows = question.observed.rows(scenario)
    best = guess_by_highs([[float(p) for p in rows(s)] for s in range(4)], scenario.outcomes[0])
    assert float(bound(question).bracket.exact) == pytest.approx(best, abs=1e-7)


def guess_by_highs(rows, d):
    size = 4 * d * d
    place = {key: k for k, key in enumerate(product(range(d), range(4), range(d), range(d)))}
    conditions, right = [], []

    def demand(terms, value):
        row = np.zeros(d * size)
        for key, factor in terms:
            row[place[key]] += factor
        conditions.append(row)
        right.append(value)

    for g, z, k in product(range(d), range(2), range(d)):
        demand([((g, 2 * z + y, k, b), 1 - 2 * y) for y in range(2) for b in range(d)], 0)
        demand([((g, 2 * x + z, a, k), 1 - 2 * x) for x in range(2) for a in range(d)], 0)
    for s, a, b in product(range(4), range(d), range(d)):
        demand([((g, s, a, b), 1) for g in range(d)], rows[s][a * d + b])
    cost = np.zeros(d * size)
    cost[[place[g, 0, g, b] for g in range(d) for b in range(d)]] = -1
    return -linprog(cost, A_eq=np.array(conditions), b_eq=right).fun


def test_visibility_with_other_noise():
    """A box of Popescu and Rohrlich and its opposite: S = 4 (2v - 1) is 2 at v = 3/4."""
    opposite = Behaviour.from_correlators([[-1, -1], [-1, 1]])
    question = exists(Observed(PR, visibility="1/2", noise=opposite), chsh())
    assert str(bound(question)) == "exists"
    holds(sought(question, "observed.visibility", (F(1, 2), 1)), 3 / 4)
    named = exists(Observed(PR, visibility="1/2", noise="white-noise"), chsh())
    holds(sought(named, "observed.visibility", (F(1, 4), 1)), 1 / 2)
    least = curve(
        question.changed(ask=Ask("score", functional="chsh", extreme="smallest")),
        "observed.visibility",
        ("1/2", "3/4"),
    )
    assert (least("5/8").lower, least("5/8").upper) == (1, 1)
    with pytest.raises(InputError, match="no strategy passes"):
        curve(question.changed(ask=Ask("score", functional="chsh")), "observed.visibility", ("1/2", "1"))


def test_a_joint_score_is_observed():
    """Settings at .3/.2/.3/.2: the joint CHSH score of a PR box is 1, and then a guess has no way out."""
    joint = Test(Functional.named("chsh", on="joint"), ">=", "observed")
    often = {"00": "3/10", "01": "1/5", "10": "3/10", "11": "1/5"}
    ask = Ask("guessing-probability", of="A", at=(0, 0))
    question = Question(
        chsh(), Uniform(), observed=Observed(PR, settings=often), adversary=LOCAL, tests=[joint], ask=ask
    )
    assert question.problem().tests[0].score == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"efficiency": "1/2"}, "no_click: goes with efficiency"),
        ({"no_click": 0}, "no_click: goes with efficiency"),
        ({"noise": "white-noise"}, "noise: needs visibility"),
        ({"efficiency": "3/2", "no_click": 0}, "efficiency"),
        ({"efficiency": ["1/2"] * 3, "no_click": 0}, "one value for each of 2 parties"),
        ({"efficiency": "1/2", "no_click": 2}, "2 is no outcome"),
        ({"efficiency": "1/2", "no_click": "outcome"}, "others"),
    ],
)
def test_what_means_nothing_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        seen(Observed(PR, **fields), chsh(), ask=Ask("strategy"))


def forged(change):
    honest = Observed(PR, efficiency="9/10", no_click=0)
    question = exists(honest, chsh(), [Test("chsh", ">=", "observed")])
    raw = load(sought(question, "observed.efficiency", (F(1, 2), 1), F(1, 10)).certificate)
    check(raw)
    change(raw)
    return raw


def lower(raw):
    for _, row in raw["path"]:
        row[0].append("1")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda raw: raw["above"].update(at="3/5"), Rejected),
        (lambda raw: raw["below"].update(at="-1/5"), Unreadable),
        (lambda raw: raw.update(honest=raw["path"]), Unreadable),
        (lambda raw: raw["path"][0][1].pop(), Unreadable),
        (lambda raw: raw["path"][0][1][0].clear(), Unreadable),
        (lambda raw: raw["path"][0][1][0].extend(["0"] * 30), Unreadable),
        (lambda raw: raw["path"].pop(), Unreadable),
        (lambda raw: raw["question"]["tests"][0].update(score={"slack": "1"}), Rejected),
        (lower, Rejected),
    ],
)
def test_a_path_that_says_something_else(change, error):
    with pytest.raises(error):
        check(forged(change))
