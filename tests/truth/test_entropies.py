"""Entropies asked by a user: brackets, against closed forms, explicit strategies and each other."""

from __future__ import annotations

from fractions import Fraction
from math import log2, sqrt
from typing import Any

import pytest

from freerand_opt import Question, Result, bound


def asked(score: str, *, of: Any = "A", at: Any = (0, 0), source: Any = None, **adversary: Any) -> Question:
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": source or {"kind": "uniform"},
            "adversary": {"devices": "quantum", "level": "1 + A B", **adversary},
            "test": [{"functional": "chsh", "relation": ">=", "score": score}],
            "ask": {"quantity": "entropy", "of": of, "at": at if at == "average" else list(at)},
        }
    )


def closed_form(score: float) -> float:
    p = (1 + sqrt(score**2 / 4 - 1)) / 2
    return 1 + p * log2(p) + (1 - p) * log2(1 - p)


def ends(found: Result) -> tuple[float, float]:
    assert found.lower is not None
    assert found.upper is not None
    return float(found.lower), float(found.upper)


def test_the_bracket_holds_the_closed_form() -> None:
    lower, upper = ends(bound(asked("27/10"), width="1/1000"))
    assert lower <= closed_form(2.7) <= upper
    assert upper - lower < 1e-3


def test_a_local_score_leaves_nothing() -> None:
    assert ends(bound(asked("2"))) == (0, 0)


def test_both_outcomes_at_one_setting() -> None:
    # two-qubit strategies reach 1.37397; without moments that nodes share 1.3378 is the most
    lower, upper = ends(bound(asked("14/5", of=["A", "B"]), width="1/50"))
    assert 1.355 < lower < 1.37397 < upper < 1.38


@pytest.mark.parametrize(("epsilon", "low", "high"), [("1/100", 0.7217, 0.7246), ("1/20", 0.5723, 0.5847)])
def test_imperfect_settings(epsilon: str, low: float, high: float) -> None:
    # what chords of 32 nodes and strategies with other programs gave
    lower, upper = ends(
        bound(asked("27/10", source={"kind": "santha-vazirani", "epsilon": epsilon}), width="1/200")
    )
    assert upper - lower < 5e-3
    assert lower < high + 1e-4
    assert upper > low
    assert upper < high + 1e-4


def test_averages_lie_where_they_must() -> None:
    # by symmetry of the test all settings of A are alike; told nothing she knows no more
    fixed, told, untold = (
        ends(bound(asked("27/10", at=at, told=told), width="1/500"))
        for at, told in (((0, 0), "settings"), ("average", "settings"), ("average", "nothing"))
    )
    assert told[1] >= fixed[0]
    assert untold[1] >= told[0]
    assert told[0] <= told[1]
    assert untold[0] <= untold[1] <= 1


def without_signalling(
    score: str | None = None, source: Any = None, *, at: Any = (0, 0), **more: Any
) -> Question:
    adversary = {"devices": "no-signalling", "side_information": "classical", **more.pop("adversary", {})}
    tested = {"functional": "chsh", "relation": ">=", "score": score}
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": source or {"kind": "uniform"},
            "adversary": adversary,
            "test": [tested if score else {"keep": "behaviour", "tolerance": "1e-9"}],
            "ask": {
                "quantity": "entropy",
                "of": more.pop("of", "A"),
                "at": at if at == "average" else list(at),
            },
            **more,
        }
    )


@pytest.mark.parametrize("score", ["2", "5/2", "14/5", "4"])
def test_without_signalling_the_entropy_is_linear_in_the_score(score: str) -> None:
    lower, upper = ends(bound(without_signalling(score)))
    assert lower == pytest.approx(float(Fraction(score)) / 2 - 1, abs=1e-12)
    assert upper == pytest.approx(lower, abs=1e-12)


@pytest.mark.parametrize(
    ("visibility", "epsilon", "average", "fixed"),
    [
        ("1", "0", 0.414214, 0.414214),
        ("1", "1/100", 0.390060, 0.383839),
        ("99/100", "1/100", 0.375335, 0.368963),
        ("99/100", "1/20", 0.259347, 0.233413),
    ],
)
def test_a_whole_behaviour_without_signalling(
    visibility: str, epsilon: str, average: float, fixed: float
) -> None:
    # a linear program over extreme boxes and vertices of the source, in floats
    for of, at, value in ((["A", "B"], "average", average), ("A", (0, 0), fixed)):
        observed = {"behaviour": "quantum", "settings": "uniform", "visibility": visibility}
        source = {"kind": "santha-vazirani", "epsilon": epsilon}
        told = {"told": "settings"} if at == "average" else {}
        found = bound(without_signalling(None, source, at=at, of=of, observed=observed, adversary=told))
        assert ends(found) == pytest.approx((value, value), abs=1e-6)


def test_local_devices_hide_nothing() -> None:
    found = bound(without_signalling("2", adversary={"devices": "local"}))
    assert ends(found) == (0, 0)
