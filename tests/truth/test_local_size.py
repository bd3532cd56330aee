"""Local devices with more boxes than are listed: boxes generated, all of them tried by the kernel."""

from __future__ import annotations

import random
from fractions import Fraction as F
from math import cos, pi
from types import SimpleNamespace

import pytest

import freerand_opt as fr
from freerand_opt.checker.boxes import _values, best_reply

LOCAL = fr.Adversary("local")
TWICE = {f"P({a}{a ^ (x & y)}|{x}{y})": "1/16" for x in range(4) for y in range(4) for a in range(4)}


def asked(scenario, ask, tests=(), source=None, **more):
    return fr.Question(scenario, source or fr.Uniform(), adversary=LOCAL, tests=tests, ask=ask, **more)


def test_two_games_of_chsh_at_once():
    """65,536 boxes: 10/16 (Barrett, Collins, Hardy, Kent, Popescu, quant-ph/0205016)."""
    found = fr.bound(asked(fr.Scenario((4, 4), (4, 4)), fr.Ask("score", functional=TWICE)))
    assert found.bracket.exact == F(5, 8)


def chained(n):
    """Return the errors of the chained inequality with n settings a side; local devices make one at least."""
    cells = {}
    for a in range(n):
        for b, parity in ((a, 0), ((a + 1) % n, int(a == n - 1))):
            cells |= {f"P({x}{y}|{a}{b})": 1 for x in (0, 1) for y in (0, 1) if (x ^ y) != parity}
    return cells


def test_seven_settings_a_side():
    """One error at least (Braunstein and Caves 1990); I7722 at most 0 (quant-ph/0306129)."""
    seven = fr.Scenario((7, 7), (2, 2))
    least = fr.bound(asked(seven, fr.Ask("score", functional=chained(7), extreme="smallest")))
    assert least.bracket.exact == 1
    assert fr.bound(asked(seven, fr.Ask("score", functional="inn22"))).bracket.exact == 0


def test_a_guess_in_many_boxes():
    """Local devices tell the outcome, whatever they show; two settings beside ten, the ten reply."""
    tests = [fr.Test({"<A0 B0>": 1}, ">=", "1/2")]
    wide = fr.Scenario((10, 3), (2, 2))
    found = fr.bound(asked(wide, fr.Ask("guessing-probability", of="A", at=(9, 0)), tests))
    assert found.bracket.exact == 1


def planar(n, visibility):
    """Return the behaviour of a singlet with n settings a side in a plane, rounded to thousandths."""
    table = {}
    for a in range(n):
        for b in range(n):
            mean = F(round(visibility * cos(pi * (2 * a - 2 * b - 1) / (2 * n)) * 1000), 1000)
            table |= {f"P({x}{y}|{a}{b})": (1 + (-1) ** (x + y) * mean) / 4 for x in (0, 1) for y in (0, 1)}
    return {"table": table}


@pytest.mark.parametrize(("visibility", "answer"), [(0.7, "exists"), (0.9, "none")])
def test_membership_of_seven_settings(visibility, answer):
    """A local model up to 1/sqrt 2 in a plane (Krivine 1979); 14 v cos(pi/14) <= 12 (chained)."""
    question = asked(
        fr.Scenario((7, 7), (2, 2)),
        fr.Ask("strategy"),
        [fr.Keep("behaviour")],
        observed=planar(7, visibility),
    )
    assert str(fr.bound(question)) == answer


@pytest.mark.parametrize(
    ("source", "right"),
    [
        (fr.SanthaVazirani("1/20"), F(4) - 8 * F(9, 20) ** 2),
        (fr.Relative("1/10"), F(11, 5)),
        (fr.OnAverage(distance="1/10"), F(23, 10)),
        (fr.OnAverage(departure="1/20"), F(12, 5)),
        (fr.OnAverage(largest="7/24"), F(3)),
    ],
)
def test_generated_boxes_of_biased_sources(monkeypatch, source, right):
    """Local CHSH 4 - 8 (1/2 - eps)^2, 2 + 2 eps, 2 + 3 M, 2 + 8 c, 24 c - 4; sixteen boxes are too many."""
    monkeypatch.setattr("freerand_opt.programs.box.MOST_BOXES", 8)
    tests = [fr.Test({"<A0>": 1}, "<=", 1)]  # says nothing; without it boxes of a cycle suffice
    found = fr.bound(asked(fr.chsh(), fr.Ask("score", functional="chsh"), tests, source))
    assert found.bracket.exact == right
    assert "generated" in dict(found.how)["upper"]


@pytest.mark.parametrize(
    ("settings", "outcomes"), [((2, 2), (2, 3)), ((3, 2), (2, 2)), ((2, 1, 2), (3, 2, 2))]
)
def test_one_party_replies_best(settings, outcomes):
    """The same as all boxes one by one, forbidden outcomes among them."""
    draw = random.Random(1)
    question = SimpleNamespace(settings=settings, outcomes=outcomes)
    count, width = 1, 1
    for n, d in zip(settings, outcomes, strict=True):
        count, width = count * n, width * d
    question.shape = count, width
    seen = set()
    for forbidden in (0.0, 0.3, 0.9):
        for _ in range(12):
            table = [
                None if draw.random() < forbidden else F(draw.randint(-9, 9), draw.randint(1, 6))
                for _ in range(count * width)
            ]
            rows = [table[s * width : (s + 1) * width] for s in range(count)]
            point = [F(draw.randint(1, 5), 7) for _ in range(count)]
            every = [
                sum((p * x for p, x in zip(point, values, strict=True)), F(0))
                for values in _values(question, rows)
            ]
            seen.add(bool(every))
            assert best_reply(question, rows, point) == (max(every) if every else None)
    assert seen == {True, False}
