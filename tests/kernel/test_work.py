"""Work that numbers make: a small file cannot keep the kernel busy with what is not counted."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from freerand_opt.checker.document import check
from freerand_opt.checker.failures import TooMuch, Work
from freerand_opt.checker.numbers import Number, cosine, written

from .makers import UNIFORM, question, score

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
