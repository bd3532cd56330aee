"""Products whose joint settings have a bounded probability: points around the source, and forgeries."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.membership import check_masses
from freerand_opt.checker.shared import Shared, enclosed, pieces
from freerand_opt.checker.vectors import Vector

from .from_json import problem_of
from .makers import GUESS, chsh, question, score, scored

SIZES = [(2, 2), (2, 3), (3, 2), (3, 3), (1, 4), (4, 2)]


def products(sizes: tuple[int, int], c: Fraction, rng: random.Random) -> list[list[Fraction]]:
    """Return random products with P(xy) <= c, many of them extreme, from their definition alone."""
    found = []
    for _ in range(40):
        sides = []
        for n in sizes:
            parts = [rng.choice((0, 1, 1, 3, 10)) * rng.randint(1, 20) for _ in range(n)]
            parts[rng.randrange(n)] += 1
            sides.append([Fraction(x, sum(parts)) for x in parts])
        for _ in range(40):  # towards the middle until the largest is small enough
            largest = max(sides[0]) * max(sides[1])
            if largest <= c:
                found.append([x * y for x in sides[0] for y in sides[1]])
                break
            k = rng.randrange(2)
            sides[k] = [x * Fraction(9, 10) + Fraction(1, 10 * len(sides[k])) for x in sides[k]]
    return found


@pytest.mark.parametrize("sizes", SIZES)
def test_points_surround_every_product(sizes: tuple[int, int]) -> None:
    rng = random.Random(str(sizes))
    least = Fraction(1, sizes[0] * sizes[1])
    for c in (least * Fraction(6, 5), Fraction(2, 5), Fraction(1, 2), Fraction(17, 20), Fraction(1)):
        if c <= least:
            continue
        source = Shared(sizes, c)
        low, high = pieces(source)[0].low, pieces(source)[-1].high
        steps = sorted(rng.sample(range(1, 50), rng.randint(0, 3))) if low < high else []
        cuts = [str(low + (high - low) * Fraction(k, 50)) for k in steps]
        points = enclosed(source, cuts, Work()).points
        assert all(sum(point) == 1 and min(point) >= 0 for point in points)
        listed = products(sizes, c, rng)
        assert listed
        for _ in range(15):
            h = [Fraction(rng.randint(-9, 9)) for _ in range(sizes[0] * sizes[1])]
            top = max(sum(map(Fraction.__mul__, h, point)) for point in points)
            assert all(sum(map(Fraction.__mul__, h, own)) <= top for own in listed)


def test_ends_of_pieces_are_in_the_source() -> None:
    for sizes in SIZES:
        source = Shared(sizes, Fraction(3, 5))
        for piece in pieces(source):
            assert source.c / piece.high <= 1
            assert piece.high <= 1
    # c = 1/4 leaves uniform settings alone
    assert enclosed(Shared((2, 2), Fraction(1, 4)), [], Work()).points == ((Fraction(1, 4),) * 4,)


@cache
def _text(name: str) -> str:
    return json.dumps(corridor(problem_of(QUESTIONS[name]), Options()).best)


def honest(name: str) -> Any:
    """Return the certificate that the library finds, to be changed at will."""
    return json.loads(_text(name))


SHARED = {"kind": "product", "largest": "3/10"}
#: The settings alone, 2 P(00) - P(01) - P(10), whatever the outcomes: 4 c - 2 sqrt(c) inside the curve.
SUM = [[s, o, x] for s, x in ((0, "2"), (1, "-1"), (2, "-1")) for o in range(4)]
QUESTIONS = {
    "local": question(score(chsh()), [], SHARED, "local"),
    "guess": question(GUESS, [scored(chsh(), ">=", "3")], {**SHARED, "largest": "13/50"}),
    "inside": question(score(SUM, on="joint"), [], SHARED, "no-signalling", "unconstrained"),
}


def test_inside_the_curve() -> None:
    report = check(honest("inside"))
    assert isinstance(report.upper, Fraction)
    assert isinstance(report.lower, Fraction)
    c = Fraction(3, 10)
    # x = 4 c - 2 sqrt(c): (4 c - x)^2 = 4 c
    assert (4 * c - report.upper) ** 2 <= 4 * c <= (4 * c - report.lower) ** 2
    assert report.upper - report.lower < Fraction(1, 10**9)


def _put(*path: Any) -> Any:
    *places, key, value = path

    def edit(raw: Any) -> None:
        for place in places:
            raw = raw[place]
        raw[key] = value

    return edit


CUTS = ("upper", "prices", "cuts")
FORGED = {
    "cuts that fall": ("guess", _put(*CUTS, ["2/5", "7/20"]), Unreadable, "ascend"),
    "a cut twice": ("guess", _put(*CUTS, ["2/5", "2/5"]), Unreadable, "ascend"),
    "a cut below the least m": ("guess", _put(*CUTS, ["1/10"]), Unreadable, "ascend"),
    "a cut at the largest m": ("inside", _put(*CUTS, ["3/5"]), Unreadable, "ascend"),
    "a long cut": ("inside", _put(*CUTS, [f"{2**65 + 1}/{2**66}"]), Unreadable, "64 bits"),
    "no cuts": ("local", lambda raw: raw["upper"]["prices"].pop("cuts"), Unreadable, "'cuts' is missing"),
    "cuts of bits": (
        "local",
        _put("question", "source", {"kind": "bits", "order": [[0, 0], [1, 0]], "epsilon": "1/20"}),
        Unreadable,
        "'cuts' is not allowed",
    ),
    "a list too few": (
        "inside",
        lambda raw: raw["upper"]["proof"]["labels"][0]["vertices"].pop(),
        Unreadable,
        "list of",
    ),
    "a fold by its last list": (
        "inside",
        lambda raw: raw["upper"]["proof"]["labels"].__setitem__(0, {"last": []}),
        Unreadable,
        "'vertices' is missing",
    ),
    "a bound below uniform settings": (
        "local",
        _put("question", "source", "largest", "1/5"),
        Unreadable,
        "at least",
    ),
    "both spellings": (
        "local",
        _put("question", "source", "parts", []),
        Unreadable,
        "'parts' is not allowed",
    ),
    "a smaller source under an attack": (
        "local",
        _put("question", "source", "largest", "299/1000"),
        Rejected,
        "likelier than the source allows",
    ),
    "masses that are no product": (
        "local",
        _put("attack", "strategies", 0, "masses", ["3/10", "1/5", "1/5", "3/10"]),
        Rejected,
        "not independent",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_forgeries(name: str) -> None:
    about, edit, fault, words = FORGED[name]
    raw = honest(about)
    check(raw)
    edit(raw)
    with pytest.raises(fault, match=words):
        check(raw)


def test_fewer_cuts_and_a_larger_source_prove_less() -> None:
    """The prices of a proof by deterministic boxes and points are those of any cuts."""
    raw = honest("local")
    raw["attack"] = None
    assert check(raw).upper == Fraction(12, 5)
    for c, at_least in (("2/5", Fraction(16, 5)), ("1/2", Fraction(4))):
        raw["question"]["source"]["largest"], raw["upper"]["prices"]["cuts"] = c, []
        upper = check(raw).upper
        assert isinstance(upper, Fraction)
        assert upper >= at_least


def test_what_is_too_large_or_not_for_two_parties() -> None:
    with pytest.raises(TooMuch, match="16 settings"):
        enclosed(Shared((17, 2), Fraction(1, 2)), [], Work())
    with pytest.raises(TooMuch, match="points"):
        enclosed(Shared((16, 16), Fraction(1, 100)), [], Work())
    with pytest.raises(TooMuch, match="more than 1000 steps"):
        enclosed(Shared((4, 4), Fraction(1, 5)), [], Work(1000))
    three = question(score([[0, 0, "1"]]), [], SHARED, settings=(2, 2, 2), outcomes=(2, 2, 2))
    with pytest.raises(Unreadable, match="two parties"):
        check({**honest("local"), "question": three})


def test_masses_of_the_source() -> None:
    source = Shared((2, 2), Fraction(3, 10))
    for masses, words in (
        (["3/10", "3/10", "1/5", "1/5"], ""),
        (["31/100", "29/100", "1/5", "1/5"], "likelier"),
        (["1/4", "1/5", "1/4", "3/10"], "not independent"),
        (["-1/10", "1/2", "3/10", "3/10"], "negative"),
    ):
        vector = Vector(4, None, {s: Fraction(x) / 2 for s, x in enumerate(masses)})
        if not words:
            check_masses(source, vector, Work(), "")
            continue
        with pytest.raises(Rejected, match=words):
            check_masses(source, vector, Work(), "")
