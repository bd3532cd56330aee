"""Attacks on a curve in a source's limits: masses that are polynomials, by hand; forgeries, random changes.

Each local box loses one setting of CHSH, S = 4 - 8 P(lost), so that the largest local S is 4 - 8 l with
P(s|w) >= l, and 4 - 8 (1 - 3 u) with P(s|w) <= u <= 1/3.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable

from .makers import EDGES, chsh, question
from .test_curves import certificate, proved

#: Outcomes of the local box that loses setting s alone.
LOST = ([[0, 1], [1, 0]], [[0, 0], [0, 1]], [[0, 1], [0, 0]], [[0, 0], [0, 0]])
#: By end: the interval, D, what others and what the lost setting have of it, and the largest S.
Made = tuple[tuple[str, str], list[int], list[int], list[int], Callable[[Fraction], Fraction]]
MADE: dict[str, Made] = {
    "lower": (("0", "1/4"), [12], [1, -1], [0, 3], lambda x: 4 - 8 * x),
    "upper": (("1/4", "1/3"), [4], [0, 1], [1, -3], lambda x: 4 - 8 * (1 - 3 * x)),
}


def limits(end: str) -> dict[str, Any]:
    """Return the curve of the largest local S in a limit, four strategies below and one price above."""
    (low, high), unit, others, lost, _ = MADE[end]
    ask = {"quantity": "score", "on": "conditional", "terms": chsh(), "extreme": "largest"}
    ends = {"lower": {"all": "0", "but": []}, "upper": {"all": "1", "but": []}}
    source = {"kind": "limits", **ends, end: {"all": "?", "but": []}}
    found = question(ask, [], source) | {"devices": "local"}
    listed = [
        {
            "masses": {"all": others, "but": [[s, lost]]},
            "box": {"kind": "deterministic", "outcomes": outcomes},
        }
        for s, outcomes in enumerate(LOST)
    ]
    lower = {"from": low, "to": high, "unit": unit, "scores": [], "strategies": listed}
    return json.loads(json.dumps(certificate(found, lower=[lower])))  # no list twice


@pytest.mark.parametrize("end", MADE)
def test_the_largest_local_score(end: str) -> None:
    found, (ends, *_, best) = proved(limits(end)), MADE[end]
    low, high = map(Fraction, ends)
    for k in range(9):
        x = low + (high - low) * k / 8
        assert found.at(x) == (best(x), None)


@pytest.mark.parametrize("end", MADE)
def test_a_piece_serves_on_that_side_alone_where_more_is_allowed(end: str) -> None:
    """Between two pieces the one that is stricter shows its last value: lower at 6/10, upper at 4/10."""
    (first, last), *_, best = MADE[end]
    low, step = Fraction(first), (Fraction(last) - Fraction(first)) / 10
    raw = limits(end)
    part = raw["lower"][0]
    raw["lower"] = [
        part | {"from": str(low + a * step), "to": str(low + b * step)} for a, b in ((1, 4), (6, 9))
    ]
    served = low + (6 if end == "lower" else 4) * step
    assert proved(raw).at(low + 5 * step) == (best(served), None)


def at_places(raw: dict[str, Any], places: list[Fraction]) -> dict[str, Any]:
    """Return single attacks in place of the one piece: its masses over D, put in at some places."""
    (part,) = raw["lower"]

    def value(p: list[int], x: Fraction) -> Fraction:
        return sum((c * x**k for k, c in enumerate(p)), Fraction(0))

    def point(x: Fraction) -> dict[str, Any]:
        listed = []
        for one in part["strategies"]:
            held = dict(one["masses"]["but"])
            row = [held.get(s, one["masses"]["all"]) for s in range(4)]
            listed.append(one | {"masses": [str(value(p, x) / value(part["unit"], x)) for p in row]})
        return {"at": str(x), "upper": None, "attack": {"strategies": listed}}

    return raw | {"lower": [], "points": list(map(point, places))}


def masses(k: int, **changes: Any) -> Callable[[Any], None]:
    def edit(raw: Any) -> None:
        raw["lower"][0]["strategies"][k]["masses"] |= changes

    return edit


def piece(**changes: Any) -> Callable[[Any], None]:
    return lambda raw: raw["lower"][0].update(changes)


def scored(score: str) -> Callable[[Any], None]:
    def edit(raw: Any) -> None:
        test = {"on": "conditional", "terms": chsh(), "relation": ">=", "score": score}
        raw["question"]["tests"] = [test]
        raw["lower"][0]["scores"] = [None]

    return edit


def cycle(raw: Any) -> None:
    part = raw["lower"][0]
    del part["strategies"]
    part |= {"edges": EDGES, "weights": [[3]] * 4, "nodes": [0] * 4, "errors": [0, 1, 2, 3]}


FORGERIES: dict[str, tuple[str, Callable[[Any], None], type[Exception], str]] = {
    "a mass below its limit": ("lower", masses(0, but=[[0, [0, 2]]]), Rejected, "leaves its limits"),
    "a mass below its limit inside": (
        "lower",
        masses(1, but=[[1, [0, 2, 4]]]),
        Rejected,
        "leaves its limits",
    ),
    "a mass above its limit": ("upper", masses(2, but=[[2, [1, -2]]]), Rejected, "leaves its limits"),
    "a negative mass": ("upper", piece(to="7/20"), Rejected, "negative somewhere"),
    "masses that are no polynomials": ("lower", masses(0, all="1"), Unreadable, "list"),
    "too many masses": ("lower", masses(3, but=[[4, [0, 3]]]), Unreadable, "no integer in 0..3"),
    "biased settings": ("lower", masses(0, all=[2, -2], but=[[0, [0, 6]]]), Rejected, "observed probability"),
    "another denominator": ("lower", piece(unit=[12, 1]), Rejected, "observed probability"),
    "a denominator with a zero": ("lower", piece(unit=[0, 12]), Rejected, "not positive"),
    "a test that is missed": ("lower", scored("3"), Rejected, "score is not"),
    "a flow": ("lower", piece(flow={"palette": [], "nodes": []}), Unreadable, "not allowed"),
    "boxes of a cycle": ("lower", cycle, Rejected, "bits in one time order"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    end, edit, failure, words = FORGERIES[name]
    raw = limits(end)
    proved(raw)
    edit(raw)
    with pytest.raises(failure, match=words):
        proved(raw)


def test_a_test_that_is_passed() -> None:
    raw = limits("lower")
    scored("2")(raw)
    assert proved(raw).at(Fraction(1, 8)) == (3, None)


def test_random_changes_never_reach_more_than_there_is() -> None:
    """Integers changed by a little, an interval's end moved: what is accepted reaches at most what is.

    At each place it is an attack that the kernel accepts there, with the same value.
    """
    chance, accepted = random.Random(21), 0
    for _ in range(int(os.environ.get("FREERAND_MUTANTS", "400"))):
        end = chance.choice(list(MADE))
        raw, best = limits(end), MADE[end][-1]
        part = raw["lower"][0]
        for _ in range(chance.randrange(1, 3)):
            one = chance.choice(part["strategies"])
            p = chance.choice([one["masses"]["all"], one["masses"]["but"][0][1], part["unit"]])
            place = chance.choice(["p", "box", "to", "both"])
            if place == "to":
                part["to"] = str(Fraction(chance.randrange(1, 40), 80))
            elif place == "box":
                chance.choice(one["box"]["outcomes"])[chance.randrange(2)] ^= 1
            elif place == "both":  # an amount from one setting to another, in two strategies
                other = chance.choice(part["strategies"])
                delta = [chance.randrange(-1, 2), chance.randrange(-2, 3)]
                for mine, sign in ((one, 1), (other, -1)):
                    held = mine["masses"]["but"][0][1]
                    held[:] = [a + sign * b for a, b in zip([*held, 0][:2], delta, strict=True)]
            else:
                p[chance.randrange(len(p))] += chance.choice([-2, -1, 1, 2])
        try:
            found = proved(raw)
        except (Rejected, TooMuch, Unreadable):
            continue
        accepted += 1
        low, high = found.domain
        places = [low + (high - low) * k / 4 for k in range(5)]
        single = proved(at_places(raw, places))
        for x, (place, reached, _) in zip(places, single.points, strict=True):
            assert (x, found.at(x)[0]) == (place, reached)
            assert reached <= best(min(x, Fraction(1, 3)) if end == "upper" else x)
    assert accepted
