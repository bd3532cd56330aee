"""Entropies asked by a user: brackets, against closed forms, explicit strategies and each other."""

from __future__ import annotations

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
