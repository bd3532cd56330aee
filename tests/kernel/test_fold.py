"""The fold: whatever a proof lists, its bound is at least the largest mean over source vertices and boxes."""

from __future__ import annotations

import random
from fractions import Fraction
from math import lcm, prod
from typing import Any

import pytest

from freerand_opt.checker.failures import Work
from freerand_opt.checker.fold import Fold
from freerand_opt.checker.orders import Cells
from freerand_opt.checker.sources import read_source
from freerand_opt.checker.support import Means
from freerand_opt.checker.vectors import Vector, add
from freerand_opt.checker.vertices import vertices
from freerand_opt.checker.zeros import Zeros

from .makers import EXISTS, UNIFORM, bits, no_signalling_vertices, question, read

LIMITS = {
    "kind": "limits",
    "lower": {"all": "1/10", "but": []},
    "upper": {"all": "2/5", "but": [[2, "3/10"]]},
}
MUTUAL = {"kind": "mutual", "epsilon": "1/10", "order": [[0], [0]]}
CODED = {
    "kind": "bits",
    "leaves": [0, 1, 1, 2, 3, 3, 0, 0],
    "ranges": [["2/5", "1/2"], ["1/3", "2/3"], ["0", "1/4"]],
}
PRODUCT = {"kind": "product", "parts": [{"kind": "bits", "order": [[0, 0]], "epsilon": "1/7"}, UNIFORM]}
PINNED = {"kind": "bits", "order": [[1, 0], [0, 0]], "ranges": [["1/3", "1/3"], ["0", "1"]]}
SOURCES = {
    "uniform": UNIFORM,
    "bits": bits("1/5"),
    "limits": LIMITS,
    "mutual": MUTUAL,
    "coded": CODED,
    "product": PRODUCT,
    "bits by branches": bits("1/5"),
    "coded by branches": CODED,
    "pinned by branches": PINNED,
    "product by branches": PRODUCT,
}


def _some(rng: random.Random, width: int) -> list[int]:
    """Return a random flat list of positive multipliers."""
    return [x for place in range(width) if rng.random() < 0.4 for x in (place, rng.randint(1, 50))]


def random_proof(kind: str, rng: random.Random, source: Any) -> dict[str, Any]:
    """Return random lists for one label's proof over a source of `SOURCES`."""

    def some() -> list[int]:
        return _some(rng, 16)

    if kind == "uniform":
        return {"last": some()}
    if kind in ("bits", "coded"):
        count = 3 if kind == "bits" else 7
        return {"nodes": [[some(), some()] for _ in range(count)], "last": some()}
    if kind == "product by branches":
        return {"products": [_branched(source.parts[0].ranges, rng)]}
    if kind.endswith("branches"):
        return _branched(source.ranges, rng)
    if kind == "limits":
        level = [x for place in range(9) for x in (place, rng.choice([-1, 1]) * rng.randint(1, 30))]
        return {"level": level, "settings": [[some(), some()] for _ in range(4)], "last": some()}
    if kind == "mutual":
        return {"rows": [some() for _ in source.rows], "settings": [some() for _ in range(4)]}
    return {
        "products": [{"last": some()} if kind == "uniform" else {"nodes": [[some(), some()]], "last": some()}]
    }


def _branched(ranges: Any, rng: random.Random) -> dict[str, Any]:
    """Return random branches over the first bits, and whatever the subtrees are given."""

    def count(of: Any) -> int:
        """Return the number of vertices: at each node an end of its range."""
        return prod(2 ** (2**t) for t, (low, high) in enumerate(of) if low < high)

    if not ranges or rng.random() < 0.3:
        return {"vertices": [_some(rng, 16) for _ in range(count(ranges))]}
    first = rng.randint(1, len(ranges))
    branches = []
    for _ in range(count(ranges[:first])):
        given = [
            [x for place in range(9) for x in (place, rng.choice([-1, 1]) * rng.randint(1, 30))]
            for _ in range(2**first - 1)
        ]
        branches.append([given, [_branched(ranges[first:], rng) for _ in range(2**first)]])
    return {"bits": first, "branches": branches}


@pytest.mark.parametrize("kind", SOURCES)
def test_any_list_proves_a_bound(kind: str) -> None:
    rng = random.Random(5)
    q = read(question(EXISTS, source=SOURCES[kind]))
    boxes = no_signalling_vertices()
    points = vertices(q.source, Work())
    for _ in range(15 if kind.startswith("coded") else 60):
        order = Cells(q, rng.choice([1, 8, 12]), Zeros(q, Work()), Work())
        h = [[Fraction(rng.randint(-9, 9), rng.randint(1, 7)) for _ in range(4)] for _ in range(4)]
        unit = lcm(order.grid, *(x.denominator for row in h for x in row))
        sums: list[dict[Any, int]] = [{} for _ in h]
        for s, row in enumerate(h):
            for o, x in enumerate(row):
                add(sums[s], order.cell(s, o), int(x * unit))
        truth = max(
            sum(
                (p[s] * h[s][o] * box[s][o] for s in range(4) for o in range(4)),
                Fraction(0),
            )
            for p in points
            for box in boxes
        )
        for proof in (random_proof(kind, rng, q.source), {"vertices": [_some(rng, 16) for _ in points]}):
            bound = Fold(order, ()).bound(q.source, sums, unit, proof, "proof")
            assert bound >= truth


# ------------------------------------------------------------------ products, box by box


def _by_vertices(source: Any, values: list[Fraction]) -> Fraction:
    points = vertices(source, Work(10**9))
    return max(sum((p * x for p, x in zip(point, values, strict=True)), Fraction(0)) for point in points)


def test_boxes_that_differ_at_one_setting_over_products() -> None:
    """The largest means with one value changed are those over all vertices of the product."""
    rng = random.Random(5)
    bits = {"kind": "bits", "order": [[0, 1], [0, 0]], "ranges": [["1/3", "1/2"], ["1/4", "3/4"]]}
    limits = {"kind": "limits", "lower": ["1/10", "1/5", "0"], "upper": ["1/2", "3/5", "1/3"]}
    for parts, sizes in (
        ([bits, limits], (4, 3)),
        ([limits, bits], (3, 4)),
        ([{"kind": "uniform"}, bits], (2, 4)),
        ([{"kind": "uniform"}, limits], (2, 3)),
    ):
        raw = {"kind": "product", "parts": parts}
        source = read_source(raw, sizes, None, Work())
        values = [Fraction(rng.randint(-9, 9), rng.randint(1, 4)) for _ in range(sizes[0] * sizes[1])]
        held = Vector(len(values), None, dict(enumerate(values)))
        wrong = [(s, values[s] + Fraction(rng.randint(-9, 9), 3)) for s in range(len(values))]
        means = Means(source, {}, Work())
        assert means.largest(held) == [_by_vertices(source, values)]
        changed = [[*values[:s], x, *values[s + 1 :]] for s, x in wrong]
        assert means.over(held, wrong) == [_by_vertices(source, row) for row in changed]
