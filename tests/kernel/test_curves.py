"""Curves: closed-form prices of leakage on [0, 1/2), forgeries, signs of polynomials, random changes."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb, lcm
from typing import Any

import pytest

from freerand_opt.checker.curve import Curve
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.checker.polynomials import Span, value_at

from .makers import most

QUARTER_ROOT = [["4", 1, "0"], ["-4", 1, "1/8"]]  # 4 (1 - cos(pi/8)), the quantum score of N = 4


def power(p: list[int], n: int) -> list[Fraction]:
    """Return (p_0 + p_1 x)^n."""
    return [Fraction(comb(n, k) * p[0] ** (n - k) * p[1] ** k) for k in range(n + 1)]


def product(p: list[Fraction], q: list[Fraction]) -> list[Fraction]:
    found = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            found[i + j] += a * b
    return found


def whole(p: list[Fraction], unit: int) -> list[int]:
    found = [int(x * unit) for x in p]
    while found and not found[-1]:
        found.pop()
    return found


def leakage_question(size: int, score: Any = "1/10") -> dict[str, Any]:
    """Return the chained question at fixed settings (0, 0), bits interleaved, least significant first."""
    edges = [
        [a, b, int((a, b) == (0, size - 1))]
        for a in range(size)
        for b in range(size)
        if b in (a, a - 1) or (a, b) == (0, size - 1)
    ]
    return {
        "settings": [size, size],
        "outcomes": [2, 2],
        "source": {
            "kind": "bits",
            "order": [[p, b] for b in range(size.bit_length() - 1) for p in (0, 1)],
            "epsilon": "?",
        },
        "observed": "uniform",
        "devices": "no-signalling",
        "tests": [{"on": "conditional", "errors": edges, "relation": "<=", "score": score}],
        "ask": {
            "quantity": "trace-distance",
            "of": [0],
            "values": [0, 1],
            "count": 2,
            "at": [0, 0],
        },
    }


def leakage_item(size: int, k: int, ends: tuple[str, str] = ("0", "12/25")) -> dict[str, Any]:
    """Return formula k of 2r + 1: (1 - (1 - 2e)^(n - k))/2 + ((1 + 2e)/(1 - 2e))^k I/2, n = 2r.

    Prices: y = -c below the node of depth k above the settings asked for, N^2/2 - c there, c = 2^(k-1)
    (1 - 2e)^(n-k) (docs/proofs/chained-leakage.md).
    """
    bits = size.bit_length() - 1
    n = 2 * bits
    below = power([1, -2], k)
    unit = [2 * x for x in below]
    c = product(unit, [Fraction(2) ** (k - 1) * x for x in power([1, -2], n - k)])
    at = [
        Fraction(size**2, 2) * (unit[i] if i < len(unit) else 0) - (c[i] if i < len(c) else 0)
        for i in range(max(len(c), len(unit)))
    ]
    common = lcm(1, *(x.denominator for p in (unit, c, at) for x in p))
    minus, here = whole([-x for x in c], common), whole(at, common)
    steps = [size << b if p == 0 else 1 << b for b in range(bits) for p in (0, 1)]
    settings = [0]
    for step in steps[k:]:
        settings += [s + step for s in settings]
    if k == 0:
        prices: Any = {"all": minus, "but": [[0, here]]}
    else:
        listed = [[s, minus if s else here] for s in sorted(settings) if s or here]
        prices = {"all": [], "but": listed}
    return {
        "from": ends[0],
        "to": ends[1],
        "unit": whole(unit, common),
        "rest": [],
        "prices": {"settings": prices, "tests": [whole(power([1, 2], k), common)]},
        "proof": {"way": "cycle", "edges": 0},
    }


def certificate(question: dict[str, Any], **parts: list[Any]) -> dict[str, Any]:
    whole = {"upper": [], "lower": [], "points": []} | parts
    return {"format": "freerand-certificate", "version": 2, "kind": "curve", "question": question, **whole}


def proved(raw: dict[str, Any], limit: int = 10**8) -> Curve:
    """Return what the kernel reads, through JSON."""
    found = check(json.loads(json.dumps(raw)), Work(limit)).curve
    assert found is not None
    return found


def leakage(size: int, e: Fraction, score: Fraction) -> Fraction:
    """Return g^(2r)(min(1, I/(1 - 2e)^(2r)))/2, g(u) = min((1 + 2e)u, (1 - 2e)u + 2e) (statement 3)."""
    n = 2 * (size.bit_length() - 1)
    u = min(Fraction(1), score / (1 - 2 * e) ** n)
    for _ in range(n):
        u = min((1 + 2 * e) * u, (1 - 2 * e) * u + 2 * e)
    return u / 2


def flow_of(size: int = 2) -> dict[str, Any]:
    """Return an attack for N = 2 by hand: no bias, every edge errs alike, weight 1/2 unbiased; e is free."""
    half = [[1], [2]]
    nodes = [[0, None, None], [0, 0, 0]]
    return {
        "from": "0",
        "to": "2/5",
        "unit": [40],
        "scores": [None],
        "edges": 0,
        "flow": {"palette": [half], "nodes": nodes},
        "weights": [[1], [1], [1], [1], [36]],
        "nodes": [1] * 5,
        "errors": [0, 1, 2, 3, None],
    }


def moving_flow() -> dict[str, Any]:
    """Return an attack for N = 2 whose bits are biased by all of e, each error where its setting is rare.

    Four strategies, one for each way to bias both bits, have weight 1/(40 (1 - 2e)^2), and err at the
    setting with P(s|w) = (1 - 2e)^2/4 alone; the rest is unbiased and errs nowhere.
    """
    palette = [[[1], [2]], [[1, 2], [2]], [[1, -2], [2]]]
    leaves = [[code, None, None] for code in range(3)]
    unit = [40, -160, 160]
    return {
        "from": "0",
        "to": "1/3",
        "unit": unit,
        "scores": [None],
        "edges": 0,
        "flow": {
            "palette": palette,
            "nodes": [*leaves, [1, 1, 1], [2, 1, 1], [1, 2, 2], [2, 2, 2], [0, 0, 0]],
        },
        "weights": [[1], [1], [1], [1], [36, -160, 160]],
        "nodes": [3, 4, 5, 6, 7],
        "errors": [3, 1, 2, 0, None],
    }


@pytest.mark.parametrize(
    ("size", "score", "value"),
    [
        (4, QUARTER_ROOT, 0.378736854977),
        (8, [["8", 1, "0"], ["-8", 1, "1/16"]], 0.36099681876),
    ],
)
def test_the_closed_form_of_leakage(size: int, score: Any, value: float) -> None:
    """All 2r + 1 formulas hold on [0, 12/25], and their least is docs/proofs/chained-leakage, statement 3."""
    count = 2 * (size.bit_length() - 1) + 1
    items = [leakage_item(size, k) for k in range(count)]
    curve = proved(certificate(leakage_question(size, score), upper=items))
    found = curve.at(Fraction(7, 100))[1]
    assert found is not None
    assert abs(float(enclose(found, 80)[0]) - value) < 1e-11


def test_the_least_formula_is_the_answer_at_every_epsilon() -> None:
    curve = proved(certificate(leakage_question(4), upper=[leakage_item(4, k) for k in range(5)]))
    for k in range(0, 48, 3):
        e = Fraction(k, 100)
        assert curve.at(e)[1] in (leakage(4, e, Fraction(1, 10)), min_of(4, e))


def min_of(size: int, e: Fraction) -> Fraction:
    """Where the formulas pass 1/2 the closed form is cut, and they are not."""
    n = 2 * (size.bit_length() - 1)
    score = Fraction(1, 10)
    values = [
        (1 - (1 - 2 * e) ** (n - k)) / 2 + ((1 + 2 * e) / (1 - 2 * e)) ** k * score / 2 for k in range(n + 1)
    ]
    assert min(Fraction(1, 2), *values) == leakage(size, e, score)
    return min(values)


def test_an_attack_by_hand() -> None:
    """Fair bits: leakage I/2 = 1/20 at I = 1/10, for every epsilon; beyond its interval it serves on."""
    curve = proved(certificate(leakage_question(2), lower=[flow_of()], upper=[leakage_item(2, 0)]))
    assert curve.at(Fraction(0)) == (Fraction(1, 20), Fraction(1, 20))
    assert curve.at(Fraction(9, 20))[0] == Fraction(1, 20)
    with pytest.raises(Rejected, match="outside"):
        curve.at(Fraction(49, 100))


def test_an_attack_whose_chances_move() -> None:
    """Of 1/(10 (1 - 2e)^2) the outcome at (0, 0) is known: half of it is leakage; it stays from 1/3 on."""
    curve = proved(certificate(leakage_question(2), lower=[moving_flow()], upper=[leakage_item(2, 2)]))
    for e in (Fraction(0), Fraction(1, 7), Fraction(1, 3), Fraction(12, 25)):
        assert curve.at(e)[0] == 1 / (20 * (1 - 2 * min(e, Fraction(1, 3))) ** 2)


# ------------------------------------------------------------------ forgeries


def put(*path: Any) -> Callable[[Any], None]:
    *places, last, value = path

    def edit(raw: Any) -> None:
        for place in places:
            raw = raw[place]
        raw[last] = value

    return edit


def shrunk(raw: Any) -> None:
    """Ask for a billionth less than the second formula: all else times 10^9."""
    item = raw["upper"][1]
    prices, settings = item["prices"], item["prices"]["settings"]
    for p in (item["unit"], settings["all"], *prices["tests"], *(p for _, p in settings["but"])):
        p[:] = [10**9 * c for c in p]
    item["rest"] = [-1]


@cache
def honest() -> str:
    items = [leakage_item(2, k) for k in range(3)]
    return json.dumps(certificate(leakage_question(2), upper=items, lower=[flow_of(), moving_flow()]))


UP, DOWN, MOVING = ("upper", 1), ("lower", 0), ("lower", 1)
FORGERIES: dict[str, tuple[Callable[[Any], None], type[Exception], str]] = {
    "a price a little too low": (put(*UP, "prices", "tests", 0, [1, 1]), Rejected, "worth more"),
    "a negative price": (put(*UP, "prices", "tests", 0, [-1, -2]), Rejected, "wrong sign"),
    "a price that turns negative": (put(*UP, "prices", "tests", 0, [1, -4]), Rejected, "wrong sign"),
    "a rest too low": (put(*UP, "rest", [-1]), Rejected, "worth more"),
    "a rest that is too low inside alone": (put(*UP, "rest", [0, -12, 25]), Rejected, "worth more"),
    "a rest that is too low at one end alone": (put(*UP, "rest", [0, -1]), Rejected, "worth more"),
    "a rest too low by a billionth": (shrunk, Rejected, "worth more"),
    "an epsilon below 0": (put(*UP, "from", "-1/1000"), Unreadable, "less than 0"),
    "biases that do not cancel": (put(*MOVING, "nodes", [3, 4, 5, 5, 7]), Rejected, "observed probability"),
    "a weight that is negative at one end": (put(*MOVING, "to", "9/25"), Rejected, "negative somewhere"),
    "an error where its setting is likely": (
        put(*MOVING, "errors", [0, 1, 2, 3, None]),
        Rejected,
        "score is not",
    ),
    "errors that are too likely": (put(*MOVING, "unit", [39, -160, 160]), Rejected, "observed probability"),
    "a chance that leaves the range at once": (
        put(*MOVING, "flow", "palette", 1, [[1, 2, 1], [2]]),
        Rejected,
        "range",
    ),
    "a denominator with a zero at the end": (put(*UP, "to", "1/2"), Rejected, "not positive"),
    "a denominator with a zero inside": (put(*UP, "unit", [1, -4]), Rejected, "not positive"),
    "a denominator that touches zero": (put(*UP, "unit", [1, -8, 16]), Rejected, "not positive"),
    "a negative denominator": (put(*UP, "unit", [-2]), Rejected, "not positive"),
    "no denominator": (put(*UP, "unit", []), Rejected, "not positive"),
    "an empty interval": (put(*UP, "to", "0"), Unreadable, "less than"),
    "an epsilon above 1/2": (put(*UP, "to", "3/5"), Unreadable, "more than 1/2"),
    "a zero at the end of a polynomial": (put(*UP, "rest", [0]), Unreadable, "last is not 0"),
    "a fraction in a polynomial": (put(*UP, "rest", ["1/2"]), Unreadable, "no integer"),
    "true in a polynomial": (put(*UP, "unit", [True]), Unreadable, "no integer"),
    "boxes of other devices": (put(*UP, "proof", {"way": "deterministic"}), Rejected, "local"),
    "an unknown way": (put(*UP, "proof", "way", "cells"), Unreadable, "none of"),
    "a key more": (put(*UP, "note", 1), Unreadable, "not allowed"),
    "an even cycle": (
        put(*UP, "proof", "edges", [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]),
        Rejected,
        "odd",
    ),
    "no '?'": (put("question", "source", "epsilon", "1/20"), Unreadable, "must be '?'"),
    "two '?'": (put("question", "tests", 0, "score", "?"), Unreadable, "one place"),
    "settings that are not stated": (put("question", "observed", "unconstrained"), Unreadable, "stated"),
    "existence": (put("question", "ask", {"quantity": "strategy"}), Unreadable, "existence"),
    "a chance out of its range": (put(*DOWN, "flow", "palette", 0, [[1, 4], [2]]), Rejected, "range"),
    "a chance out of its range inside": (
        put(*DOWN, "flow", "palette", 0, [[4, 0, 25], [8]]),
        Rejected,
        "range",
    ),
    "a chance over zero": (put(*DOWN, "flow", "palette", 0, [[1], [2, -5]]), Rejected, "not positive"),
    "biased settings": (put(*DOWN, "flow", "palette", 0, [[1, 2], [2]]), Rejected, "observed probability"),
    "a chance that is no polynomial mass": (
        put(*DOWN, "flow", "palette", 0, [[2, 1], [4, 1]]),
        Rejected,
        "leaves a rest",
    ),
    "too few weights": (put(*DOWN, "weights", 4, [35]), Rejected, "observed probability"),
    "a negative weight": (put(*DOWN, "weights", [[1], [1], [1], [-1], [38]]), Rejected, "negative"),
    "a test that is missed": (put(*DOWN, "weights", [[2], [2], [1], [1], [34]]), Rejected, "score is not"),
    "a test that is missed inside": (
        put(*DOWN, "weights", [[1], [1], [1], [1, 1], [36, -1]]),
        Rejected,
        "score is not",
    ),
    "a rational score beside a rational one": (put(*DOWN, "scores", ["1/10"]), Unreadable, "irrational"),
    "a node that is no root": (put(*DOWN, "nodes", [0] * 5), Rejected, "no root"),
    "a child that comes later": (
        put(*DOWN, "flow", "nodes", 0, [0, 1, 1]),
        Unreadable,
        "child comes earlier",
    ),
    "an error that is no edge": (put(*DOWN, "errors", [0, 1, 2, 4, None]), Unreadable, "no integer"),
    "a denominator of weights that vanishes": (put(*DOWN, "unit", [0, 40]), Rejected, "not positive"),
    "local devices without errors": (put("question", "devices", "local"), Rejected, "not local"),
    "no part": (lambda raw: raw.update(upper=[], lower=[]), Unreadable, "parts"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    edit, failure, words = FORGERIES[name]
    raw = json.loads(honest())
    proved(raw)
    edit(raw)
    with pytest.raises(failure, match=words):
        proved(raw)


CELLS = {"way": "cells", "unit": 1, "labels": [{"last": {"terms": [], "zeros": [[0, 0, 1, None, -1]]}}]}
BOXES = {"way": "deterministic", "zeros": [[0, 0, 1]]}


def line(devices: str, ends: tuple[str, str], price: str, proof: dict[str, Any]) -> dict[str, Any]:
    """Return a line above the largest P(1) of one party where P(1) + 2 P(2) = x, which is 1 - |x - 1|."""
    question = {
        "settings": [1],
        "outcomes": [3],
        "source": {"kind": "uniform"},
        "observed": "uniform",
        "devices": devices,
        "tests": [{"on": "conditional", "terms": [[0, 1, "1"], [0, 2, "2"]], "relation": "=", "score": "?"}],
        "ask": {"quantity": "score", "on": "conditional", "terms": [[0, 1, "1"]], "extreme": "largest"},
    }
    upper = {"claim": "bound", "prices": {"settings": ["0"], "tests": [price]}, "proof": proof}
    return certificate(question, upper=[{"from": ends[0], "to": ends[1], "proof": upper}])


def test_a_line_over_an_equality() -> None:
    """P(1) <= x."""
    found = proved(line("local", ("0", "2"), "1", {"way": "deterministic"}))
    assert found.at(Fraction(1, 2)) == (None, Fraction(1, 2))


@pytest.mark.parametrize(("devices", "proof"), [("local", BOXES), ("local", CELLS), ("no-signalling", CELLS)])
def test_zeros_at_both_ends_are_none_in_between(devices: str, proof: dict[str, Any]) -> None:
    """At x = 0 only outcome 0 occurs and at 2 only outcome 2, so P(1) = 0 there, and not at 1."""
    with pytest.raises(Rejected, match="does not force"):
        proved(line(devices, ("0", "2"), "0", proof))


@pytest.mark.parametrize("places", [("-1/10", "1/10"), ("-1/10", "0"), ("0", "1/10"), ("-1/20", "1/10")])
def test_zeros_at_one_place_are_none_elsewhere(places: tuple[str, str]) -> None:
    """P(00|00) is at most x: below 0 no strategy passes, at 0 it is 0, and above it is not."""
    with pytest.raises(Rejected, match="does not force"):
        check(most(places, "0", zeros=[[0, 0, 0]]))
    found = check(most(places, "1")).curve
    assert found is not None
    assert found.at(Fraction(places[1]))[1] == Fraction(places[1])


def test_each_price_of_each_formula_is_needed() -> None:
    """A price lowered by 1e-6 of itself is refused, for N = 4 on [0, 12/25]."""
    for k in range(5):
        item = leakage_item(4, k)
        y = item["prices"]["settings"]
        item["unit"] = [10**6 * c for c in item["unit"]]
        item["prices"] = {
            "tests": [[(10**6 - 1) * c for c in item["prices"]["tests"][0]]],
            "settings": {
                "all": [10**6 * c for c in y["all"]],
                "but": [[s, [10**6 * c for c in p]] for s, p in y["but"]],
            },
        }
        with pytest.raises(Rejected, match="worth more"):
            proved(certificate(leakage_question(4), upper=[item]))


def test_what_is_accepted_after_random_changes_is_true() -> None:
    """Of changed prices that pass none proves less than the answer (10,000 of them in `make long`)."""
    chance = random.Random(21)
    passed, count = 0, int(os.environ.get("FREERAND_PRICES", "400"))
    made = [json.dumps(leakage_item(2, k, ("1/50", "2/5"))) for k in range(3)]
    for _ in range(count):
        item = json.loads(chance.choice(made))
        own = [item["unit"], item["prices"]["tests"][0], *(p for _, p in item["prices"]["settings"]["but"])]
        p = chance.choice(own)
        p[chance.randrange(len(p))] += chance.choice((-3, -2, -1, 1, 2, 3))
        try:
            curve = proved(certificate(leakage_question(2), upper=[item]))
        except (Rejected, Unreadable):
            continue
        passed += 1
        for k in range(1, 20):
            e = Fraction(k, 50)
            bound = curve.at(e)[1]
            assert isinstance(bound, Fraction)
            assert bound >= leakage(2, e, Fraction(1, 10))
    assert passed > count // 20


# ------------------------------------------------------------------ signs, work


def test_signs_of_polynomials() -> None:
    """Signs that are claimed are those at a hundred places; squares and products of roots are decided."""
    chance = random.Random(5)
    seen = dict.fromkeys((1, 0, -1, None), 0)
    for _ in range(400):
        low = Fraction(chance.randint(-9, 9), chance.randint(1, 9))
        span = Span(low, low + Fraction(chance.randint(1, 9), chance.randint(1, 9)), Work())
        p = tuple(chance.randint(-9, 9) for _ in range(chance.randint(0, 5)))
        if chance.random() < 0.3:
            p = span.times(p, p)
        p = span.sum((1, p))
        sign = span.sign(p)
        seen[sign] += 1
        values = [value_at(p, span.low + (span.high - span.low) * k / 100) for k in range(101)]
        assert span.positive(p) <= (min(values) > 0)
        if sign is not None:
            assert all(v * sign >= 0 for v in values) if sign else not any(values)
    assert min(seen[1], seen[-1], seen[None]) > 30


def test_a_double_root_inside_counts_as_no_sign() -> None:
    span = Span(Fraction(0), Fraction(1), Work())
    assert span.sign((1, -6, 9)) is None
    assert span.sign((0, 0, 1)) == 1
    assert not span.positive((0, 1))
    assert span.positive((1, -6, 10))


def test_work_is_counted() -> None:
    items = [leakage_item(8, k) for k in range(7)]
    with pytest.raises(TooMuch):
        proved(certificate(leakage_question(8), upper=items), 10**4)
