"""Curves read a second time: closed forms, chords, directions, work; random ones beside all vertices."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import ceil, comb
from typing import Any

import pytest

from freerand_opt.checker.curve import Curve
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.polynomials import Poly, Span

from .makers import EDGES, GUESS, UNIFORM, chsh, question
from .test_curves import certificate, proved

HALF = Fraction(1, 2)


def value(p: Sequence[int], x: Fraction) -> Fraction:
    return sum((c * x**k for k, c in enumerate(p)), Fraction(0))


# ------------------------------------------------------------------ visibility: 3/2 - v (arXiv:0911.3427)


def row(parity: int, even: str, odd: str) -> list[str]:
    return [odd, even, even, odd] if parity else [even, odd, odd, even]


def visible(**changes: Any) -> dict[str, Any]:
    """Return the guess beside a PR box of visibility v, from attacks at 1/2 and 1 and one line above.

    At v = 1/2 all eight deterministic boxes that err at one setting of four, at 1 the PR box alone.
    """
    pr = [[s, row(int(s == 3), "1/2", "0")] for s in range(4)]
    test = {"on": "conditional", "terms": chsh(), "relation": ">=", "score": {"slack": "0"}}
    q = question(GUESS, [test], UNIFORM)
    prices = {"settings": {"all": "0", "but": []}, "tests": ["-1/4"]}
    upper = {"claim": "bound", "prices": prices, "proof": {"way": "cycle", "edges": EDGES}}
    boxes = [(a, b) for a, b in product(product((0, 1), repeat=2), repeat=2) if errors(a, b) == 1]
    assert len(boxes) == 8
    quarter = {"all": "1/4", "but": []}
    local = [
        {"masses": {"all": "1/32", "but": []}, "box": {"kind": "deterministic", "outcomes": [a, b]}}
        for a, b in boxes
    ]
    table = {
        "kind": "table",
        "denominator": 2,
        "numerators": [int(x == "1/2") for _, held in pr for x in held],
    }
    points = [
        {"at": "1/2", "upper": None, "attack": {"strategies": local}},
        {"at": "1", "upper": None, "attack": {"strategies": [{"masses": quarter, "box": table}]}},
    ]
    parts = {"upper": [{"from": "1/2", "to": "1", "proof": upper}], "points": points}
    return {**certificate(q, **(parts | changes)), "honest": pr}


def errors(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    return sum(a[x] ^ b[y] != x & y for x in (0, 1) for y in (0, 1))


def test_the_guess_by_visibility() -> None:
    found = proved(visible())
    for k in range(9):
        v = HALF + Fraction(k, 16)
        assert found.at(v) == (Fraction(3, 2) - v, Fraction(3, 2) - v)
    with pytest.raises(Rejected, match="outside"):
        found.at(Fraction(49, 100))


def test_chords_end_at_the_outermost_attacks() -> None:
    """One attack serves at its place alone: what a test demands moves both ways."""
    raw = visible()
    found = proved({**raw, "points": raw["points"][:1]})
    assert found.at(HALF) == (1, 1)
    assert found.at(Fraction(3, 5)) == (None, Fraction(9, 10))


def place(k: int, where: str) -> list[dict[str, Any]]:
    points = visible()["points"]
    points[k]["at"] = where
    return list(points)


@pytest.mark.parametrize(
    ("changes", "failure", "words"),
    [
        ({"points": place(0, "3/4")}, Rejected, "the score is not"),
        ({"points": place(1, "1/2")}, Unreadable, "places ascend"),
        ({"points": place(1, "5/4")}, Unreadable, r"not in \[0, 1\]"),
        ({"points": [{"at": "1/2", "upper": None, "attack": None}]}, Unreadable, "neither"),
        ({"lower": visible()["upper"]}, Unreadable, "lower ends are points"),
        (
            {"points": [{**place(0, "1/2")[0], "upper": visible()["upper"][0]["proof"]}]},
            Unreadable,
            "upper ends",
        ),
    ],
)
def test_a_forged_chord_is_refused(changes: dict[str, Any], failure: type[Exception], words: str) -> None:
    with pytest.raises(failure, match=words):
        proved(visible(**changes))


def test_a_score_that_is_asked_for_is_no_curve_in_the_visibility() -> None:
    """It may fall and rise again: 3/4, 15/16, 0 at v = 0, 1/4, 1 (docs/kernel.md, section 8)."""
    raw = visible()
    raw["question"]["ask"] = {
        "quantity": "score",
        "on": "conditional",
        "terms": [[0, 0, "1"]],
        "extreme": "largest",
    }
    with pytest.raises(Rejected, match="not monotone"):
        proved(raw)


# ------------------------------------------------------------------ tolerance: P(0) <= 1/2 + t


def tolerant(**changes: Any) -> dict[str, Any]:
    q = {
        "settings": [1],
        "outcomes": [2],
        "source": UNIFORM,
        "observed": "uniform",
        "devices": "local",
        "tests": [{"keep": [[0, ["1/2", "1/2"]]], "tolerance": "?"}],
        "ask": {"quantity": "score", "on": "conditional", "terms": [[0, 0, "1"]], "extreme": "largest"},
    }
    upper = {
        "claim": "bound",
        "prices": {"settings": ["0"], "tests": [["1", "0"]]},
        "proof": {"way": "deterministic"},
    }
    return certificate(q, **({"upper": [{"from": "0", "to": "1/2", "proof": upper}]} | changes))


def test_a_tolerance() -> None:
    found = proved(tolerant())
    assert [found.at(Fraction(t, 8))[1] for t in (0, 1, 4)] == [HALF, Fraction(5, 8), 1]


def test_a_tolerance_is_not_negative() -> None:
    raw = tolerant()
    raw["upper"][0]["from"] = "-1/8"
    with pytest.raises(Unreadable, match="less than 0"):
        proved(raw)


def test_a_zero_of_a_tolerance_of_0_is_none_of_larger_ones() -> None:
    """P = (1, 0) forbids outcome 1 at t = 0 alone; leaving it out there would prove P(1) = 0."""
    raw = tolerant()
    raw["question"]["tests"][0]["keep"] = [[0, ["1", "0"]]]
    raw["question"]["ask"]["terms"] = [[0, 1, "1"]]
    proof = raw["upper"][0]["proof"]
    proof["prices"]["tests"] = [["0", "0"]]
    proof["proof"]["zeros"] = [[0, 0, 1]]
    with pytest.raises(Rejected, match="does not force"):
        proved(raw)


def test_a_number_of_test_and_source_is_refused() -> None:
    raw = tolerant()
    raw["question"]["source"] = {"kind": "bits", "leaves": [0, 0], "epsilon": "?"}
    with pytest.raises(Unreadable, match="one place"):
        proved(raw)


# ------------------------------------------------------------------ directions, work


def test_single_ends_serve_where_the_source_allows_more_or_less() -> None:
    """Attacks serve where the adversary may do more, bounds where she may do less; else nowhere else."""
    ends = (Fraction(0), HALF)
    for direction, want in ((1, [(None, 2), (1, 2), (1, None)]), (-1, [(1, None), (1, 2), (None, 2)])):
        points = ((Fraction(1, 4), Fraction(1), Fraction(2)),)
        found = Curve("epsilon", ends, direction, 1, (), (), points, ())
        assert [found.at(Fraction(k, 8)) for k in (1, 2, 3)] == want
        turned = Curve("epsilon", ends, direction, -1, (), (), points, ())
        assert turned.at(Fraction(1, 4)) == (-2, -1)
    still = Curve("score", ends, 0, 1, (), (), points, ())
    assert still.at(Fraction(1, 8)) == (None, None)


def test_signs_of_long_polynomials() -> None:
    """(1 - x)^n >= 0 on [0, 1], x^n - 1/2 has a zero there; a degree of 1,200 takes no minute."""
    for n in (1, 2, 40, 300, 1200):
        span = Span(Fraction(0), Fraction(1), Work())
        power = tuple((-1) ** k * comb(n, k) for k in range(n + 1))
        assert span.sign(power) == 1
        assert span.sign(tuple(-c for c in power)) == -1
        assert span.sign((-1, *[0] * (n - 1), 2)) is None


def test_values_of_long_polynomials_are_charged() -> None:
    """256 coefficients at a place of 4,000 digits are numbers of millions of bits."""
    ones = [1] * 256
    item = {
        "from": f"1/{10**3990 + 1}",
        "to": "1/4",
        "unit": [1],
        "rest": [0] + [-1] * 255,
        "prices": {"settings": [ones], "tests": []},
        "proof": {"way": "deterministic"},
    }
    raw = tolerant(upper=[item])
    raw["question"] |= {"source": {"kind": "bits", "leaves": [0, 0], "epsilon": "?"}, "tests": []}
    with pytest.raises(TooMuch, match="values of polynomials"):
        proved(raw, 2 * 10**7)


# ------------------------------------------------------------------ random ones beside all vertices


def vertices(
    kind: str, x: Fraction, n: int, leaves: list[int], fixed: list[Fraction]
) -> list[list[Fraction]]:
    """Return the vertices of bits within x of fair, or of limits x <= P <= fixed, by brute force."""
    if kind == "bits":
        found = [[Fraction(1)]]
        for _ in range(len(leaves).bit_length() - 1):
            ends = (HALF - x, HALF + x)
            found = [
                [*(t * a for a in u), *((1 - t) * b for b in v)] for t in ends for u in found for v in found
            ]
        return [
            [sum((m for m, at in zip(own, leaves, strict=True) if at == s), Fraction(0)) for s in range(n)]
            for own in found
        ]
    listed = []
    for rest in range(n):
        for own in product(*((x, top) if s != rest else (Fraction(0),) for s, top in enumerate(fixed))):
            left = 1 - sum(own)
            if x <= left <= fixed[rest]:
                listed.append([*own[:rest], left, *own[rest + 1 :]])
    return listed


def drawn(chance: random.Random) -> tuple[dict[str, Any], Any]:
    """Return a random curve of one party's score with one item, and its largest mean at x by brute force."""
    n, kind = chance.choice((2, 3)), chance.choice(("bits", "limits"))
    leaves = [chance.randrange(n) for _ in range(chance.choice((2, 4)))]
    fixed = [Fraction(chance.randint(8, 12), 12) for _ in range(n)]
    terms = [[s, o, chance.randint(-3, 3)] for s in range(n) for o in (0, 1)]
    terms = [[s, o, f] for s, o, f in terms if f] or [[0, 0, 1]]
    prices = [[60 * chance.randint(-3, 3) for _ in range(3)] for _ in range(n)]
    unit = [60 * chance.randint(1, 3), 60 * chance.randint(0, 3)]
    for p in (unit, *prices):
        while p and not p[-1]:
            p.pop()
    source: dict[str, Any] = {"kind": "bits", "leaves": leaves, "epsilon": "?"}
    if kind == "limits":
        source = {
            "kind": "limits",
            "lower": {"all": "?", "but": []},
            "upper": [str(x) for x in fixed],
        }
    q = {
        "settings": [n],
        "outcomes": [2],
        "source": source,
        "observed": "uniform",
        "devices": "local",
        "tests": [],
        "ask": {
            "quantity": "score",
            "on": "joint",
            "terms": [[s, o, str(f)] for s, o, f in terms],
            "extreme": "largest",
        },
    }

    def largest(x: Fraction) -> Fraction:
        best = [max(sum(f for t, o, f in terms if (t, o) == (s, side)) for side in (0, 1)) for s in range(n)]
        h = [value(unit, x) * best[s] - value(prices[s], x) for s in range(n)]
        points = vertices(kind, x, n, leaves, fixed)
        return max(sum((a * b for a, b in zip(v, h, strict=True)), Fraction(0)) for v in points)

    grid = [Fraction(k, 18) for k in range(7)]
    rest = [0, *(60 * chance.randint(-2, 2) for _ in range(2))]
    rest[0] = ceil(max(largest(x) - value(rest, x) for x in grid)) + chance.randint(-2, 1)
    while rest and not rest[-1]:
        rest.pop()
    item = {
        "from": "0",
        "to": "1/3",
        "unit": unit,
        "rest": rest,
        "prices": {"settings": prices, "tests": []},
        "proof": {"way": "deterministic"},
    }
    return certificate(q, upper=[item]), largest


def test_no_random_item_is_accepted_below_the_largest_mean() -> None:
    """Where the better child changes inside both are kept; all vertices at 25 places say the same."""
    chance = random.Random(16)
    counts = [0, 0]
    for _ in range(120):
        raw, largest = drawn(chance)
        item = raw["upper"][0]
        excess = [value(item["rest"], x) - largest(x) for x in (Fraction(k, 72) for k in range(25))]
        try:
            found = proved(json.loads(json.dumps(raw)))
        except Rejected:
            counts[0] += 1
            assert min(excess) < 3
            continue
        counts[1] += 1
        assert min(excess) >= 0
        x, n = Fraction(1, 7), raw["question"]["settings"][0]
        priced = sum((value(p, x) for p in item["prices"]["settings"]), Fraction(0)) / n
        assert found.at(x)[1] == (value(item["rest"], x) + priced) / value(item["unit"], x)
    assert min(counts) > 20


def test_polynomials_with_rational_coefficients() -> None:
    """Sums and products agree with those of values; equal ones have one spelling, and all is charged."""
    rng, work = random.Random(3), Work()
    span = Span(Fraction(0), Fraction(1), work)

    def some() -> Poly:
        p = [rng.randint(-6, 6) for _ in range(rng.randint(0, 4))]
        while p and not p[-1]:
            p.pop()
        return Poly(span, tuple(p), rng.randint(1, 6))

    def at(p: Poly, x: Fraction) -> Fraction:
        return value(p.p, x) / p.unit

    for _ in range(300):
        p, q, f, x = (
            some(),
            some(),
            Fraction(rng.randint(-6, 6), rng.randint(1, 6)),
            Fraction(rng.randint(-9, 9), 7),
        )
        before = work.done
        for found, wanted in (
            (p + q, at(p, x) + at(q, x)),
            (p - q, at(p, x) - at(q, x)),
            (p * q, at(p, x) * at(q, x)),
            (f + p, f + at(p, x)),
            (f - p, f - at(p, x)),
            (p * f, f * at(p, x)),
            (-p, -at(p, x)),
        ):
            assert at(found, x) == wanted
        assert work.done > before
        assert p + q == q + p
        assert hash(p + q) == hash(q + p)
        assert p - p == 0
        assert not p - p
        assert (p * q - q * p) * f == Fraction(0)
        assert (
            (p == q)
            == (p.p == q.p and p.unit == q.unit)
            == all(at(p, Fraction(k)) == at(q, Fraction(k)) for k in range(6))
        )
