"""Questions of certificates, written out by hand for tests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question

EDGES = [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1]]
GUESS: dict[str, Any] = {
    "quantity": "guessing-probability",
    "of": [0],
    "values": [0, 1],
    "count": 2,
    "at": [0, 0],
}
EXISTS = {"quantity": "strategy"}
UNIFORM = {"kind": "uniform"}


def bits(epsilon: str = "1/20", settings: tuple[int, ...] = (2, 2)) -> dict[str, Any]:
    """Return bits in one time order, party by party, most significant first."""
    order = [[p, b] for p, n in enumerate(settings) for b in reversed(range(n.bit_length() - 1))]
    return {"kind": "bits", "order": order, "epsilon": epsilon}


def chsh(weights: tuple[Fraction | int, ...] = (1, 1, 1, -1)) -> list[list[Any]]:
    """Return the terms of a sum of correlators."""
    return [
        [s, 2 * x + y, str(Fraction(w) * (-1) ** (x + y))]
        for s, w in enumerate(weights)
        for x, y in product((0, 1), repeat=2)
        if w
    ]


def score(terms: list[list[Any]], extreme: str = "largest", on: str = "conditional") -> dict[str, Any]:
    """Return the ask of a score."""
    return {"quantity": "score", "on": on, "terms": terms, "extreme": extreme}


def scored(
    terms: list[list[Any]], relation: str, bound: str | list[Any], on: str = "conditional"
) -> dict[str, Any]:
    """Return a test."""
    return {"on": on, "terms": terms, "relation": relation, "score": bound}


def question(
    ask: dict[str, Any],
    tests: list[Any] | None = None,
    source: dict[str, Any] | None = None,
    devices: str = "no-signalling",
    observed: Any = "uniform",
    settings: tuple[int, ...] = (2, 2),
    outcomes: tuple[int, ...] = (2, 2),
) -> dict[str, Any]:
    """Return a question in JSON."""
    return {
        "settings": list(settings),
        "outcomes": list(outcomes),
        "source": bits(settings=settings) if source is None else source,
        "observed": observed,
        "devices": devices,
        "tests": tests or [],
        "ask": ask,
    }


def read(raw: dict[str, Any]) -> Question:
    """Return the question as the kernel reads it."""
    return read_question(raw, Work())


def no_signalling_vertices() -> list[list[list[Fraction]]]:
    """Return q[s][o] of the 24 extreme boxes of two parties, settings, outcomes (Barrett et al. 2005)."""
    found = []
    for a, b in product(product((0, 1), repeat=2), repeat=2):
        found.append(
            [[Fraction((x, y) == (a[s // 2], b[s % 2])) for x in (0, 1) for y in (0, 1)] for s in range(4)]
        )
    for c, d, e in product((0, 1), repeat=3):
        rows = []
        for s, t in product((0, 1), repeat=2):
            parity = (s & t) ^ (c & s) ^ (d & t) ^ e
            rows.append([Fraction(x ^ y == parity, 2) for x in (0, 1) for y in (0, 1)])
        found.append(rows)
    return found


def relations(
    m: int, ask: dict[str, Any], *, violated: str = "0", epsilon: str = "", whole: bool = False
) -> dict[str, Any]:
    """Return a question about the GHZ relations at even numbers of settings 1."""
    signs = [0 if k % 2 else (-1) ** (k // 2) for k in range(m + 1)]
    q = question(
        ask, settings=(2,) * m, outcomes=(2,) * m, source=bits(epsilon, (2,) * m) if epsilon else UNIFORM
    )
    return {**q, "relations": {"signs": signs, "violated": violated, "whole": whole}}


def most(places: tuple[str, str], price: str, **zeros: Any) -> dict[str, Any]:
    """Return a line for the largest P(00|00) of local devices where it is at most x, between two places."""
    terms = [[0, 0, "1"]]
    upper = {
        "claim": "bound",
        "prices": {"settings": {"all": "0", "but": []}, "tests": [price]},
        "proof": {"way": "deterministic", **zeros},
    }
    return {
        "format": "freerand-certificate",
        "version": 2,
        "kind": "curve",
        "question": question(score(terms), [scored(terms, "<=", "?")], devices="local"),
        "upper": [{"from": places[0], "to": places[1], "proof": upper}],
        "lower": [],
        "points": [],
    }


def changed(raw: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Return a changed copy of a certificate."""
    found = copy.deepcopy(raw)
    change(found)
    return found
