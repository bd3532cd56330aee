"""Curves of leakage in closed form: all time orders and codings, settings, scores, against the theorem.

docs/proofs/chained-leakage, statement 3, evaluated in fractions; the kernel has read every curve before.
"""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import Any

import pytest

import freerand_opt as fr
from freerand_opt.bounds.methods.leakage import leakage_of
from freerand_opt.model.families.chained import chain
from freerand_opt.reporting.figures.curve import committed

FIELD = "source.epsilon"


def asked(size: int, **more: Any) -> dict[str, Any]:
    """Return the chained question at fixed settings, with other tables where named."""
    tables: dict[str, Any] = {
        "scenario": {"family": "chained", "N": size},
        "source": {"kind": "santha-vazirani", "epsilon": 0},
        "observed": {"behaviour": "quantum", "settings": "uniform"},
        "adversary": {"devices": "no-signalling"},
        "test": [{"functional": "chained", "relation": "<=", "score": "1/10"}],
        "ask": {"quantity": "trace-distance", "of": "A", "at": [0, 0]},
    }
    return {
        key: tables[key] | more.get(key, {}) if key != "test" else more.get(key, tables[key])
        for key in tables
    }


def theorem(size: int, e: Fraction, score: Fraction) -> Fraction:
    n = 2 * (size.bit_length() - 1)
    t = min(Fraction(1), score / (1 - 2 * e) ** n)
    for _ in range(n):
        t = min((1 + 2 * e) * t, 2 * e + (1 - 2 * e) * t)
    return t / 2


@pytest.mark.parametrize("seed", range(16))
def test_any_order_setting_and_score(seed: int) -> None:
    chance = random.Random(seed)
    size, of = chance.choice((2, 4, 4, 8)), chance.choice("AB")
    score = Fraction(chance.randrange(1, 60), 60)
    last = Fraction(chance.randrange(8, 48), 100)
    first = chance.choice((Fraction(0), last / 3))
    tables = asked(
        size,
        source={
            "order": chance.choice(("interleaved", "A first", "B first")),
            "bits": chance.choice(("least-significant-first", "most-significant-first")),
        },
        ask={
            "quantity": chance.choice(("trace-distance", "guessing-probability")),
            "of": of,
            "at": [chance.randrange(size), chance.randrange(size)],
        },
        test=[{"functional": "chained", "relation": "<=", "score": str(score)}],
    )
    curve = fr.curve(tables, FIELD, (first, last))
    assert not curve.proved.points
    base = Fraction(1, 2) if tables["ask"]["quantity"] == "guessing-probability" else 0
    exact = 0
    for k in range(17):
        e = first + (last - first) * k / 16
        here, wanted = curve(e), base + theorem(size, e, score)
        assert here.lower is not None
        assert here.upper == wanted
        assert wanted - Fraction(1, 10**8) < here.lower <= wanted
        exact += here.lower == wanted
    assert exact > 13  # all but what falls between two pieces


@pytest.mark.parametrize(
    ("size", "quantity"), [(2, "trace-distance"), (4, "guessing-probability"), (16, "trace-distance")]
)
def test_on_average(size: int, quantity: str) -> None:
    """min(1/2, I/(2 (1 - 2e)^2r)), told the settings."""
    tables = asked(size, ask={"quantity": quantity, "of": "A", "at": "average"})
    curve, n = fr.curve(tables, FIELD, (0, "9/20")), 2 * (size.bit_length() - 1)
    for k in range(19):
        e = Fraction(k, 40)
        wanted = min(Fraction(1, 2), 1 / (20 * (1 - 2 * e) ** n)) + Fraction(1, 2) * (quantity[0] == "g")
        here = curve(e)
        assert here.upper == wanted
        assert here.lower is not None
        assert wanted - Fraction(1, 10**8) < here.lower <= wanted


def test_thirty_two_settings_at_the_quantum_score() -> None:
    """I = 32 (1 - cos(pi/64)); no end is wider than what the inside of an irrational score costs."""
    curve = fr.curve(
        asked(32, test=[{"functional": "chained", "relation": "<=", "score": "observed"}]), FIELD, (0, "3/25")
    )
    assert curve.formulas == len(curve.proved.lower) == 11
    score = Fraction("0.0385454014344834331273")  # mpmath, 20 digits: 32 (1 - cos(pi/64))
    for k in range(25):
        e = Fraction(3, 25) * k / 24
        ((lower, upper),), wanted = curve.floats([e]), float(theorem(32, e, score))
        assert upper - lower < 1e-9
        assert lower - 1e-15 <= wanted <= upper + 1e-15
    assert len(curve.certificate) < 120_000


NOT_COVERED: dict[str, dict[str, Any]] = {
    "local devices": {"adversary": {"devices": "local"}},
    "settings that are not even": {
        "observed": {"behaviour": "quantum", "settings": [["1/8", "1/4"], ["1/4", "3/8"]]}
    },
    "another source": {"source": {"kind": "mutual", "epsilon": 0}},
    "both outcomes": {"ask": {"quantity": "guessing-probability", "of": ["A", "B"], "at": [0, 0]}},
    "two tests": {"test": [{"functional": "chained", "relation": "<=", "score": s} for s in ("1/10", "1/9")]},
    "no score": {"test": []},
}


@pytest.mark.parametrize("name", NOT_COVERED)
def test_what_the_closed_form_is_not_about(name: str) -> None:
    question = fr.Question.from_dict(asked(2, **NOT_COVERED[name]))
    assert leakage_of(question.problem()) is None


def test_what_it_is_about() -> None:
    assert leakage_of(fr.Question.from_dict(asked(2)).problem()) is not None


@pytest.mark.parametrize("seed", range(24))
def test_one_epsilon_in_any_order(seed: int) -> None:
    """Both ends of a single answer are the theorem's value, whichever formula is the least; no program."""
    chance = random.Random(seed)
    size = chance.choice((2, 4, 8, 16))
    n = 2 * (size.bit_length() - 1)
    e = Fraction(chance.randrange(50), 100)
    level = chance.choice((Fraction(1, 2), Fraction(1), Fraction(chance.randrange(1, 40), 20)))
    # at a border of two formulas, or anywhere
    score = level * (1 - 2 * e) ** n / (1 + 2 * e) ** chance.randrange(n)
    tests = [{"functional": "chained", "relation": "<=", "score": str(score)}]
    if seed % 2:  # the same, told by what is no error
        right = {f"P({x}{x ^ parity}|{a},{b})": 1 for a, b, parity in chain(size) for x in (0, 1)}
        tests = [{"terms": right, "relation": ">=", "score": str(2 * size - score)}]
    tables = asked(
        size,
        source={
            "epsilon": str(e),
            "order": chance.choice(("interleaved", "A first", "B first")),
            "bits": chance.choice(("least-significant-first", "most-significant-first")),
        },
        ask={"of": chance.choice("AB"), "at": [chance.randrange(size), chance.randrange(size)]},
        test=tests,
    )
    found = fr.bound(tables)
    assert found.lower == found.upper == theorem(size, e, score)
    assert "closed form" in str(found.how)
    told = fr.bound({**tables, "ask": {**tables["ask"], "at": "average"}})
    mean = min(Fraction(1, 2), score / (2 * (1 - 2 * e) ** n))
    assert told.lower == told.upper == mean
    assert "closed form" in str(told.how)


def test_a_piece_is_refused_where_it_is_no_attack() -> None:
    """Beyond its border a chance leaves its range; a larger weight shows errors too often."""
    curve = fr.curve(asked(4), FIELD, (0, "1/5"))
    raw = json.loads(curve.certificate)
    for k in range(len(raw["lower"]) - 1):
        changed = json.loads(curve.certificate)
        end = Fraction(raw["lower"][k]["to"])
        changed["lower"] = [{**raw["lower"][k], "to": str(end + Fraction(1, 1000))}]
        forged = fr.Curve(curve.question, FIELD, json.dumps(changed))
        with pytest.raises(ValueError, match=r"range|negative"):
            _ = forged.report


@pytest.mark.parametrize(("size", "place"), [(8, "0.08549"), (16, "0.08571"), (32, "0.08576")])
def test_curves_of_a_size_and_the_next_cross_near_the_rung_of_the_ladder(size: int, place: str) -> None:
    """Where ((1 + 2e)/(1 - 2e))^2 = I_N/I_2N, nearly 2 (docs/curves.md)."""
    listed = committed("chained_leakage_fixed_sv", FIELD, ("0", "3/25"), f"{size},{2 * size}")
    (_, few), (_, many) = listed
    below, above = Fraction(place), Fraction(place) + Fraction(1, 10**5)
    assert float(many(below).upper) < float(few(below).lower) - 1e-9
    assert float(few(above).upper) < float(many(above).lower) - 1e-9
