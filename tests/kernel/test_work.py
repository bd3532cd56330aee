"""Work that numbers make: a small file cannot keep the kernel busy with what is not counted."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest

from freerand_opt.checker.describe import describe
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import Number, Real, cosine, decimals, sign, written
from freerand_opt.checker.question import read_question

from .makers import UNIFORM, question, score

ROOT = Real((((2, Fraction(0)), Fraction(1)),))
TOLD = {"quantity": "guessing-probability", "of": [0], "values": [0, 1], "count": 2, "at": "average"}


def bracket(q: dict[str, Any], *strategies: Any) -> dict[str, Any]:
    head = {"format": "freerand-certificate", "version": 2, "kind": "bracket", "question": q, "upper": None}
    return {**head, "attack": {"strategies": list(strategies)}}


def long_one() -> Number:
    """Return 1 as twenty cosines: those of nineteen equally spaced angles sum to 0."""
    parts = (cosine(Fraction(1, 407) + Fraction(2 * k, 19)) for k in range(19))
    return sum(parts, Fraction(1))


def long_angles() -> dict[str, Any]:
    """Return an attack with angles whose cosines multiply by hundreds of terms at each joint setting."""
    n = 8
    angles = [[[written(long_one()), "0"]] * n] * 2
    q = question({**TOLD, "told": "settings"}, [], UNIFORM, "quantum", settings=(n, n))
    box = {"kind": "qubits", "state": ["0", "1"], "angles": angles}
    return bracket(q, {"masses": {"all": "1/64", "but": []}, "box": box})


def long_radicands() -> dict[str, Any]:
    """Return tests whose scores are roots of the largest primes below 10^12."""
    found = [
        {"on": "conditional", "terms": [[0, 0, "1"]], "relation": "<=", "score": [["1", 10**12 - k, "0"]]}
        for k in (11, 39, 41, 63)
    ]
    q = question({**TOLD, "told": "settings"}, found, UNIFORM, "local")
    box = {"kind": "deterministic", "outcomes": [[0, 0], [0, 0]]}
    return bracket(q, {"masses": {"all": "1/4", "but": []}, "box": box})


def long_vectors() -> dict[str, Any]:
    """Return an attack by a basis with entries of 4,000 digits."""
    a = 10**3999
    terms = [[s, 0, "1"] for s in range(64)]
    q = question(score(terms), [], UNIFORM, "quantum", settings=(8, 8))
    basis = [[[1, a]], [[a, -1]]]
    box = {
        "kind": "quantum",
        "dimensions": [2, 2],
        "state": [1, 0, 0, a],
        "measurements": [[basis] * 8, [basis] * 8],
    }
    return bracket(q, {"masses": {"all": "1/64", "but": []}, "box": box})


@pytest.mark.parametrize(
    ("made", "least"), [(long_angles, 10**6), (long_radicands, 3 * 10**4), (long_vectors, 10**6)]
)
def test_long_numbers_are_counted(made: Callable[[], dict[str, Any]], least: int) -> None:
    with pytest.raises(TooMuch):
        check(made(), Work(least))


def test_outputs_are_counted() -> None:
    """Each of the worst settings' parts lists the output of all joint outcomes."""
    ask = {**TOLD, "of": [0, 1], "values": [0, 1] * 5000, "at": "?"}
    q = question(ask, [], UNIFORM, "local", settings=(1, 1), outcomes=(100, 100))
    box = {"kind": "deterministic", "outcomes": [[0], [0]]}
    part = {"upper": None, "attack": {"strategies": [{"masses": ["1"], "box": box}]}}
    raw = {"format": "freerand-certificate", "version": 2, "kind": "worst", "question": q, "parts": [part]}
    with pytest.raises(TooMuch, match="ask"):
        check(raw, Work(3 * 10**4))


# ------------------------------------------------------------------ what is made must have been counted


def _upper(q: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    head = {"format": "freerand-certificate", "version": 2, "kind": "bracket", "question": q, "attack": None}
    prices = {"settings": {"all": "0", "but": []}, "tests": ["0"] * len(q["tests"])}
    return {**head, "upper": {"claim": "bound", "prices": prices, "proof": proof}}


def many_parties(way: str) -> dict[str, Any]:
    """Return a proof about a probability of 20 parties: the sum of 2^20 marginals, or as many words."""
    q = question(score([[0, 2**20 - 1, "1"]]), [], UNIFORM, "quantum", settings=(1,) * 20, outcomes=(2,) * 20)
    words = {"words": ["1"]} if way == "squares" else {}
    return _upper(q, {"way": way, "unit": 1, **words, "labels": [{"last": []}]})


def long_blocks() -> dict[str, Any]:
    """Return a sum of squares with integers of 4,000 digits."""
    words = ["1", "A0", "A1", "B0", "B1", "A0 B0", "A0 B1", "A1 B0", "A1 B1"]
    rows = [[10**3999 + k] * (k + 1) for k in range(len(words))]
    q = question(score([[0, 0, "1"]]), [], UNIFORM, "quantum")
    labels = [{"last": [[list(range(len(words))), rows]]}]
    return _upper(q, {"way": "squares", "unit": 10**3999, "words": words, "labels": labels})


def long_denominators() -> dict[str, Any]:
    """Return prices whose denominators all divide one of 260,000 bits."""
    primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73]
    longest = {p: next(k for k in range(9000) if p**k > 10**3990) - 1 for p in primes}
    prices = [f"1/{p ** (longest[p] - k)}" for p in primes for k in range(8)]
    raw = _upper(question(score([[0, 0, "1"]]), [], UNIFORM, "quantum"), {})
    raw["upper"]["prices"]["tests"] = prices
    return raw


def long_rows() -> dict[str, Any]:
    """Return inequalities that each fill a row of 2^18 settings."""
    rows = [{"terms": [], "relation": "<=", "bound": "1"}] * 3
    q = question(score([[0, 0, "1"]]), [], {"kind": "inequalities", "rows": rows}, settings=(512, 512))
    return bracket(q)


def large_flow() -> dict[str, Any]:
    """Return an attack whose strategies have 2^18 masses each."""
    q = question({**TOLD, "told": "settings"}, [], None, "local", settings=(512, 512))
    nodes = [[0, None if k == 0 else k - 1, None if k == 0 else k - 1] for k in range(18)]
    box = {"kind": "deterministic", "outcomes": [[0] * 512, [0] * 512]}
    raw = bracket(q, *[{"weight": "1/2", "node": 17, "box": box}] * 2)
    raw["attack"]["flow"] = {"palette": ["1/2"], "nodes": nodes}
    return raw


@pytest.mark.parametrize(
    ("made", "limit", "what"),
    [
        (lambda: many_parties("cells"), 10**7, "cells"),
        (lambda: many_parties("squares"), 10**7, "words"),
        (long_blocks, 5 * 10**3, "squares"),
        (long_denominators, 2 * 10**5, "common denominator"),
        (long_rows, 5 * 10**6, "source"),
        (large_flow, 10**7, "flow"),
    ],
)
def test_what_is_made_was_counted(made: Callable[[], dict[str, Any]], limit: int, what: str) -> None:
    """It is given up at what is large, before that is held."""
    raw = made()
    tracemalloc.start()
    try:
        with pytest.raises(TooMuch, match=what):
            check(raw, Work(limit))
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


def test_signs_that_are_open_are_counted() -> None:
    """A root and a fraction that agree to 1,000 digits, again and again."""
    near = Fraction(isqrt(2 * 10**2000), 10**1000)
    work = Work()
    assert sign(ROOT - near, work) == 1
    assert work.done > 1000
    with pytest.raises(TooMuch, match="sign"):
        sign(ROOT - near, Work(1000))


def test_what_is_shown_is_counted() -> None:
    """Nineteen cosines with factors of 3,900 digits, which nearly cancel, in the words of four tests."""
    parts = [cosine(Fraction(1, 407) + Fraction(2 * k, 19)) * 10**3900 for k in range(19)]
    score = written(sum(parts, cosine(Fraction(1, 5))))
    held = {"on": "conditional", "terms": [[0, 0, "1"]], "relation": ">=", "score": score}
    q = question({**TOLD, "told": "settings"}, [held] * 4, UNIFORM, "local")
    work = Work()
    describe(read_question(q, Work()), work)
    assert work.done > 4 * 19 * 1000
    with pytest.raises(TooMuch, match="signs and digits"):
        describe(read_question(q, Work()), Work(10**5))


def test_a_word_is_not_longer_than_64_operators() -> None:
    raw = long_blocks()
    raw["upper"]["proof"]["words"][-1] = " ".join(["A0 A1"] * 32)
    assert check(raw).upper is not None
    raw["upper"]["proof"]["words"][-1] = " ".join(["A0", *["A1 A0"] * 32])
    with pytest.raises(Unreadable, match="64 operators"):
        check(raw, Work())


# ------------------------------------------------------------------ what takes long in a few steps


def long_words(count: int = 60) -> dict[str, Any]:
    """Return squares of a sum of words of 64 operators, each product of which is a word of its own."""
    words = [" ".join(f"A{(k >> (j % 6) & 1) + 2 * (j % 4)}" for j in range(64)) for k in range(count)]
    q = question(score([[0, 0, "1"]]), [], UNIFORM, "quantum", settings=(8,), outcomes=(2,))
    labels = [{"last": [[list(range(count)), [[1]] * count]]}]
    return _upper(q, {"way": "squares", "unit": 1, "words": words, "labels": labels})


def long_orbits() -> dict[str, Any]:
    """Return one long word whose orbit under two relabellings has thousands of words."""
    words = ["1", " ".join(f"A{j % 16}" for j in range(64))]
    q = question(
        score([[s, 0, "1"] for s in range(16)]), [], UNIFORM, "quantum", settings=(16,), outcomes=(2,)
    )
    cycle, swap = [*range(1, 16), 0], [1, 0, *range(2, 16)]
    group = [[[0, [[x, [0, 1]] for x in turn]]] for turn in (cycle, swap)]
    labels = [{"last": [[[0, 1], [[1], [1]]]], "symmetry": group}]
    return _upper(q, {"way": "squares", "unit": 1, "words": words, "labels": labels})


def long_means(operators: int) -> dict[str, Any]:
    """Return an attack with the mean of a word: each operator brings a denominator of 8,000 digits."""
    a, b, c = 10**3999 + 1, 10**3999 - 7, 10**3998 + 9
    bases = [[[[x, y]], [[y, -x]]] for x, y in ((a, b), (b, c))]
    ask = score([], on="moments") | {"terms": [[" ".join(f"A{k % 2}" for k in range(operators)), "1"]]}
    q = question(ask, [], UNIFORM, "quantum", settings=(2,), outcomes=(2,))
    box = {"kind": "quantum", "dimensions": [2], "state": [1, 0], "measurements": [bases]}
    return bracket(q, {"masses": {"all": "1/2", "but": []}, "box": box})


def many_lengths() -> dict[str, Any]:
    """Return a basis of 32 vectors whose lengths have a denominator of 400,000 bits in common."""
    size = 32
    vectors = []
    for k in range(0, size, 2):
        x, y = 10**3999 + k, 10**3998 + 3 * k + 1
        for pair in ((x, y), (y, -x)):
            vectors.append([0] * k + list(pair) + [0] * (size - k - 2))
    q = question(score([[0, 0, "1"]]), [], UNIFORM, "quantum", settings=(1,), outcomes=(2,))
    box = {"kind": "quantum", "dimensions": [size], "state": [1] * size}
    box["measurements"] = [[[vectors[::2], vectors[1::2]]]]
    return bracket(q, {"masses": ["1"], "box": box})


def listed_words() -> dict[str, Any]:
    """Return a proof that lists long words and uses none of them."""
    words = [" ".join(f"A{(k >> (j % 9) & 1) + 2 * (j % 4)}" for j in range(64)) for k in range(512)]
    q = question(score([[0, 0, "1"]]), [], UNIFORM, "quantum", settings=(8,), outcomes=(2,))
    return _upper(q, {"way": "squares", "unit": 1, "words": words, "labels": [{"last": []}]})


def many_turns(**rule: str) -> dict[str, Any]:
    """Return a node of an entropy told 900 settings, each of which adds words of its own."""
    ask = {"quantity": "entropy", "of": [0], "values": [0, 1], "count": 2, "side": "quantum"}
    ask |= {"at": "average", "told": "settings"}
    q = question(ask, [], UNIFORM, "quantum", settings=(30, 30), outcomes=(2, 2))
    raw = _upper(q, {"way": "squares", "unit": 1, "words": ["1"], "labels": [{"last": []}]})
    node = {"at": "1/2" if not rule else "2/5", **{key: raw["upper"].pop(key) for key in ("prices", "proof")}}
    raw["upper"] |= {"nodes": [node], **rule}
    return raw


@pytest.mark.parametrize(
    ("made", "limit", "what"),
    [
        (long_words, 2 * 10**5, "words"),
        (listed_words, 5 * 10**4, "words"),
        (many_turns, 2 * 10**5, "node"),
        (lambda: many_turns(rule="quadrature"), 2 * 10**5, "node"),
        (long_orbits, 10**5, "symmetry"),
        (lambda: long_means(4), 10**5, "quantum box"),
        (lambda: long_means(64), 10**8, "common denominator"),
        (many_lengths, 10**8, "common denominator"),
    ],
)
def test_what_takes_long_is_counted(made: Callable[[], dict[str, Any]], limit: int, what: str) -> None:
    with pytest.raises(TooMuch, match=what):
        check(made(), Work(limit))


def test_sums_of_which_nothing_speaks_are_not_kept() -> None:
    """A guess that is told 10,000 settings needs no table of all that is observed."""
    n = 100
    q = question({**TOLD, "told": "settings"}, [], UNIFORM, "local", settings=(n, n), outcomes=(2, 1))
    box = {"kind": "deterministic", "outcomes": [[0] * n, [0] * n]}
    raw = bracket(q, {"masses": {"all": "1/10000", "but": []}, "box": box})
    tracemalloc.start()
    try:
        assert check(raw).lower == 1
        assert tracemalloc.get_traced_memory()[1] < 4_000_000  # 8 where they are
    finally:
        tracemalloc.stop()


def test_decimals_of_what_is_a_decimal_in_other_terms() -> None:
    """It is told from the next one at no length, and is written as it is; so are large and long numbers."""
    for value in (Fraction(1, 2), Fraction(-1, 4), Fraction(7)):
        hidden = long_one() * value
        assert not isinstance(hidden, Fraction)
        assert decimals(hidden).rstrip("0.") == str(float(value)).rstrip("0.")
    assert decimals(ROOT * 10**40)[:43] == str(isqrt(2 * 10**100))[:41] + "." + str(isqrt(2 * 10**100))[41:42]
    near = ROOT * 10**300 - Fraction(isqrt(2 * 10**700), 10**50)
    assert decimals(near) == "0.0000000000.."
