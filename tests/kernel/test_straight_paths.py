"""Curves along a path that is straight: the guess without signalling at CHSH S is 3/2 - S/4, 2 <= S <= 4."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

import freerand_opt as fr
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, Unreadable

ENDS = (Fraction(3, 4), Fraction(1))


def straight(axis: str, ends: tuple[Fraction, Fraction], **observed: Any) -> dict[str, Any]:
    """Return the curve of a guess where correlators of 3/4 are observed, changed by what varies."""
    rows = [
        [[[Fraction(1, 4) + Fraction(3, 16) * (-1) ** (a ^ b ^ (x & y)) for b in (0, 1)] for a in (0, 1)]]
        for x, y in product((0, 1), repeat=2)
    ]
    table = [[rows[2 * x + y][0] for y in (0, 1)] for x in (0, 1)]
    seen = fr.Behaviour.from_array([[[list(map(str, r)) for r in s] for s in t] for t in table], axes="xyab")
    asked = fr.Question(
        fr.chsh(),
        fr.Uniform(),
        observed=fr.Observed(behaviour=seen, settings="uniform", **observed),
        adversary=fr.Adversary("no-signalling"),
        tests=[fr.Test("chsh", ">=", "observed")],
        ask=fr.Ask("guessing-probability", of="A", at=[0, 0]),
    )
    found: dict[str, Any] = json.loads(fr.curve(asked, axis, ends).certificate)
    return found


def losses() -> dict[str, Any]:
    """Return the curve where B's detector misses: S = 3 x."""
    return straight("observed.efficiency.B", ENDS, efficiency={"A": 1, "B": "9/10"}, no_click=0)


@pytest.fixture(scope="module")
def honest() -> dict[str, Any]:
    return losses()


def score(raw: dict[str, Any], x: Fraction) -> Fraction:
    """Return CHSH of the path at x."""
    total = Fraction(0)
    for s, row in raw["path"]:
        for o, entry in enumerate(row):
            parity = (o >> 1 ^ o & 1) ^ (s == 3)
            total += (-1) ** parity * sum(Fraction(c) * x**k for k, c in enumerate(entry))
    return total


def test_the_curve_is_the_closed_form(honest: dict[str, Any]) -> None:
    found = check(honest).curve
    assert found is not None
    for k in range(11):
        x = ENDS[0] + (ENDS[1] - ENDS[0]) * k / 10
        assert score(honest, x) == 3 * x
        assert found.at(x) == (Fraction(3, 2) - 3 * x / 4,) * 2


FORGERIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a path that is bent": (lambda raw: raw["path"][0][1][0].append("1/100"), "at most 2 coefficients"),
    "a third coefficient that is 0": (lambda raw: raw["path"][0][1][0].append("0"), "at most 2 coefficients"),
    "an entry without coefficients": (lambda raw: raw["path"][0][1].__setitem__(0, []), "1 to 27"),
    "a row too few": (lambda raw: raw["path"].pop(), "missing"),
    "a row too short": (lambda raw: raw["path"][0][1].pop(), "another length|missing"),
    "an honest behaviour beside": (
        lambda raw: raw.update(honest=[[s, ["1/4"] * 4] for s in range(4)]),
        "either",
    ),
    "a number that varies beside": (lambda raw: raw["question"]["tests"][0].update(score="?"), "no fraction"),
    "a slack of the wrong sign": (
        lambda raw: raw["question"]["tests"][0].update(score={"slack": "1/10"}),
        "wrong sign",
    ),
    "a place beyond 1": (lambda raw: raw["upper"][0].update(to="11/10"), "not in"),
    "single upper ends": (
        lambda raw: raw["points"][0].update(upper=raw["upper"][0]["proof"]),
        "upper ends lines",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused(honest: dict[str, Any], name: str) -> None:
    edit, words = FORGERIES[name]
    raw = copy.deepcopy(honest)
    edit(raw)
    with pytest.raises((Rejected, Unreadable), match=words):
        check(raw)


def test_a_changed_path_shows_nothing_false(honest: dict[str, Any]) -> None:
    accepted = 0
    for seed in range(80):
        rng = random.Random(seed)
        raw = copy.deepcopy(honest)
        for _ in range(rng.randrange(1, 4)):
            entry = rng.choice(rng.choice(raw["path"])[1])
            k = rng.randrange(len(entry))
            entry[k] = str(Fraction(entry[k]) + Fraction(rng.randrange(-20, 21), 200))
        if rng.random() < 0.5:
            raw["points"] = []
        try:
            found = check(raw).curve
        except (Rejected, Unreadable):
            continue
        assert found is not None
        accepted += 1
        for k in range(11):
            x = ENDS[0] + (ENDS[1] - ENDS[0]) * k / 10
            exact = Fraction(3, 2) - max(score(raw, x), Fraction(2)) / 4
            low, high = found.at(x)
            assert low is None or low <= exact
            assert high is None or high >= exact
    assert 20 < accepted < 80


def test_both_ends_of_the_path_are_told(honest: dict[str, Any]) -> None:
    """Two paths that agree at one end alone are two questions."""
    assert any(line.startswith("at 1: test 0") and line.endswith(">= 3") for line in check(honest).question)
