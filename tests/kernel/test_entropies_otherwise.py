"""Entropies in the kernel against other computations: extreme and purified boxes, sums of long fractions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import log2
from typing import Any

import numpy as np
import pytest

from freerand_opt.checker.attack import read_box
from freerand_opt.checker.bound import check_upper
from freerand_opt.checker.document import check
from freerand_opt.checker.entropies import entropy_reached
from freerand_opt.checker.failures import TooMuch, Work
from freerand_opt.checker.question import read_question
from freerand_opt.checker.vectors import Vector
from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.extremes import extreme_boxes


def question(settings: Sequence[int], outcomes: Sequence[int], observed: Any, **more: Any) -> dict[str, Any]:
    ask = {"quantity": "entropy", **more.pop("ask")}
    source = more.pop("source", {"kind": "free"})
    given = {"settings": settings, "outcomes": outcomes, "source": source, "observed": observed, "tests": []}
    return {**given, **more, "ask": ask}


def spread(rng: random.Random, count: int) -> list[Fraction]:
    parts = [rng.randint(1, 6) for _ in range(count)]
    return [Fraction(x, sum(parts)) for x in parts]


def entropy(row: Sequence[float], values: Sequence[int]) -> float:
    found: dict[int, float] = {}
    for value, x in zip(values, row, strict=True):
        found[value] = found.get(value, 0.0) + float(x)
    return -sum(x * log2(x) for x in found.values() if x > 0)


# ------------------------------------------------------------------ extreme boxes


def sources(rng: random.Random, observed: list[Fraction]) -> tuple[dict[str, Any], list[list[float]]]:
    """Return a source and its vertices: one point, two bits in either order, or any (at no price)."""
    kind = rng.choice(("free", "bits", "departure"))
    if kind == "free":
        return {"kind": "free"}, [[float(x) for x in observed]]
    if kind == "departure":
        source = {"kind": "average", "measure": "departure", "bounds": ["1/3"]}
        return source, np.eye(4).tolist()
    ends = [sorted(Fraction(rng.randint(0, 8), 8) for _ in range(2)) for _ in range(2)]
    first = rng.randrange(2)
    order = [[first, 0], [1 - first, 0]]
    found = []
    for p, *q in product(ends[0], ends[1], ends[1]):
        point = [0.0] * 4
        for x, y in product((0, 1), repeat=2):
            later = q[x] if y == 0 else 1 - q[x]
            point[2 * x + y if first == 0 else 2 * y + x] = float((p if x == 0 else 1 - p) * later)
        found.append(point)
    return {"kind": "bits", "order": order, "ranges": [[str(x) for x in own] for own in ends]}, found


@pytest.mark.parametrize("seed", range(40))
def test_extreme_boxes_bound_what_the_double_description_lists(seed: int) -> None:
    rng = random.Random(seed)
    observed, y, factors = (
        spread(rng, 4),
        *([Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(count)] for count in (4, 16)),
    )
    if seed % 4:  # parities that no deterministic box has at all settings are rewarded, so that H counts
        wrong = rng.randrange(4)
        right = [(s == wrong) ^ (o in (1, 2)) for s in range(4) for o in range(4)]
        factors = [x / 20 + 4 * odd for x, odd in zip(factors, right, strict=True)]
    source, points = sources(rng, observed)
    of, told, at = rng.choice(([0], [1], [0, 1])), rng.random() < 0.5, rng.randrange(4)
    own = [rng.randrange(3) for _ in range(2 ** len(of))]
    values = [own[o if len(of) == 2 else o // 2 if of == [0] else o % 2] for o in range(4)]
    where = {"at": "average", "told": "settings"} if told else {"at": [at // 2, at % 2]}
    terms = [[s, o, str(factors[4 * s + o])] for s in range(4) for o in range(4) if factors[4 * s + o]]
    raw = question(
        [2, 2],
        [2, 2],
        [str(x) for x in observed],
        source=source,
        devices=rng.choice(("no-signalling", "quantum")),
        tests=[{"on": "joint", "terms": terms, "relation": "=", "score": "0"}],
        ask={"of": of, "values": own, "count": 3, "side": "classical", **where},
    )
    prices = {"settings": [str(x) for x in y], "tests": ["-1"]}
    prices |= {"averages": ["0"]} if source["kind"] == "average" else {}
    upper = {"claim": "bound", "prices": prices, "proof": {"way": "extreme"}}
    held = check_upper(upper, read_question(raw, Work()), Work())

    def left(box: Any, s: int) -> float:
        weight = 1 if told else (s == at) / float(observed[s])
        gain = sum(float(factors[4 * s + o]) * float(box[s][o]) for o in range(4))
        return gain - float(y[s]) - weight * entropy(box[s], values)

    boxes = [behaviour.rows for behaviour in extreme_boxes(Scenario((2, 2), (2, 2)))]
    largest = max(sum(p * left(box, s) for s, p in enumerate(point)) for box in boxes for point in points)
    wanted = largest + sum(float(a * b) for a, b in zip(y, observed, strict=True))
    assert isinstance(held, Fraction)
    assert abs(float(held) - wanted) < 1e-9


# ------------------------------------------------------------------ purified boxes


def gaussian(rng: random.Random, size: int) -> list[list[list[int]]]:
    """Return an orthogonal basis in Gaussian integers: of planes, the last vector alone."""
    found = [[[int(j == k), 0] for j in range(size)] for k in range(size)]
    for k in range(0, size - 1, 2):
        a, b, c, d = (rng.randint(-4, 4) for _ in range(4))
        a += (a, b, c, d) == (0, 0, 0, 0)
        found[k][k], found[k][k + 1] = [a, b], [c, d]
        found[k + 1][k], found[k + 1][k + 1] = [-c, d], [a, -b]
    return found


def complexes(vector: Any) -> Any:
    return np.array([re + 1j * im for re, im in vector])


def projector(vector: Any) -> Any:
    v = complexes(vector)
    return np.outer(v, v.conj()) / np.vdot(v, v)


def von_neumann(x: Any) -> float:
    values = np.linalg.eigvalsh(x)
    return float(-sum(p * log2(p) for p in values if p > 1e-14))


@pytest.mark.parametrize("told", ["settings", "nothing", None])
@pytest.mark.parametrize("seed", range(8))
def test_purified_boxes_leave_no_less_than_eigenvalues_say(told: str | None, seed: int) -> None:
    rng = random.Random(seed)
    of = rng.choice(([0], [1], [0, 1]))
    own = [rng.randrange(2) for _ in range(2 ** len(of))]
    values = [own[o if len(of) == 2 else o // 2 if of == [0] else o % 2] for o in range(4)]
    masses = spread(rng, 4)
    where = {"at": [1, 0]} if told is None else {"at": "average", "told": told}
    noise = rng.choice([Fraction(0), Fraction(1, 10), Fraction(1, 2)])
    flipped = {"noise": str(noise)} if noise else {}
    ask = {"of": of, "values": own, "count": 2, "side": "quantum", **where, **flipped}
    q = read_question(question([2, 2], [2, 2], [str(x) for x in masses], devices="quantum", ask=ask), Work())
    states = rng.sample(gaussian(rng, 4), 3)
    bases = [[gaussian(rng, 2) for _ in range(2)] for _ in range(2)]
    places = 2 ** len(of) if told == "settings" else 1
    box = {
        "kind": "purified",
        "dimensions": [2, 2],
        "states": states,
        "measurements": [[[[v] for v in basis] for basis in party] for party in bases],
        "eve": [[gaussian(rng, 3) for _ in range(2)] for _ in range(places)],
    }
    vector = Vector(4, None, dict(enumerate(masses)))
    reached = entropy_reached(q, [vector], [read_box(box, q, Work(), "box")], Work())
    psi = np.stack([complexes(v) for v in states], axis=1)
    psi /= np.linalg.norm(psi)

    def held(s: int, value: int) -> Any:
        a, b = bases[0][s // 2], bases[1][s % 2]
        parts = (
            float(1 - noise if values[o] == value else noise)
            * np.kron(projector(a[o // 2]), projector(b[o % 2]))
            for o in range(4)
        )
        return psi.T @ sum(parts, np.zeros((4, 4))).T @ psi.conj()

    mean = [sum(float(masses[s]) * held(s, v) for s in range(4)) for v in range(2)]
    groups = {
        "settings": [(float(masses[s]), [held(s, v) for v in range(2)]) for s in range(4)],
        "nothing": [(1.0, mean)],
        None: [(1.0, [held(2, v) for v in range(2)])],
    }[told]
    left = sum(share * sum(map(von_neumann, rhos)) for share, rhos in groups)
    assert float(reached) >= left - von_neumann(psi.T @ psi.conj()) - 1e-9


# ------------------------------------------------------------------ work


def long_nodes() -> dict[str, Any]:
    """Return nodes that each have a unit of 4,000 digits of their own."""
    rng = random.Random(1)
    raw = question([1], [2], ["1"], devices="local", ask={"of": [0], "values": [0, 1], "count": 2, "at": [0]})
    raw["ask"]["side"] = "classical"
    nodes = [
        {
            "at": str(Fraction(k, 100)),
            "prices": {"settings": ["0"], "tests": []},
            "proof": {"way": "cells", "unit": rng.randrange(10**3999, 10**4000), "labels": labels},
        }
        for k, labels in enumerate([[{"last": [0, 1]}] * 4] * 40, 1)
    ]
    return {"question": raw, "upper": {"claim": "bound", "nodes": nodes}, "attack": None}


def long_bases() -> dict[str, Any]:
    """Return an attack whose adversary has bases of vectors with 4,000 digits."""
    rng, size = random.Random(1), 16
    ask = {"of": [0], "values": [k % 2 for k in range(size)], "count": 2, "at": [0], "side": "quantum"}
    raw = question([1], [size], ["1"], devices="quantum", ask=ask)
    units = [[int(j == k) for j in range(size)] for k in range(size)]
    bases = []
    for _ in range(2):
        basis = [[0] * size for _ in range(size)]
        for k in range(0, size, 2):
            a, b = (rng.randrange(10**3999, 10**4000) for _ in range(2))
            basis[k][k : k + 2], basis[k + 1][k : k + 2] = [a, b], [b, -a]
        bases.append(basis)
    box = {
        "kind": "purified",
        "dimensions": [size],
        "states": [[x * (k + 1) for x in v] for k, v in enumerate(units)],
        "measurements": [[[[v] for v in units]]],
        "eve": [bases],
    }
    return {"question": raw, "upper": None, "attack": {"strategies": [{"masses": ["1"], "box": box}]}}


@pytest.mark.parametrize("made", [long_nodes, long_bases])
def test_sums_of_long_fractions_are_counted(made: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(TooMuch, match="common denominator"):
        check({"format": "freerand-certificate", "version": 2, "kind": "bracket", **made()})
