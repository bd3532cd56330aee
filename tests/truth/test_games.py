"""Nonlocal games by predicate and distribution of questions, alone and repeated, against the literature."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from math import prod

import pytest

from freerand_opt import (
    Adversary,
    Ask,
    Functional,
    Game,
    InputError,
    Question,
    Scenario,
    Test,
    Uniform,
    bound,
    chsh,
)

CHSH = "a ^ b == x & y"
#: Fortnow, Feige and Lovasz: three questions; local, quantum and no-signalling 2/3, also twice at once.
FFL = {"wins": "(x or a) != (y or b)", "questions": {"00": "1/3", "01": "1/3", "10": "1/3"}}


def score(game, scenario, devices, level=None):
    adversary = Adversary(devices, level=level) if level else Adversary(devices)
    asked = Ask("score", functional=Functional(game=game))
    return bound(Question(scenario, Uniform(), adversary=adversary, ask=asked)).bracket


def test_chsh_as_a_game():
    """S/8 + 1/2: 3/4 local, 1 no-signalling, (2 + sqrt 2)/4 quantum."""
    assert score({"wins": CHSH}, chsh(), "local").exact == F(3, 4)
    assert score({"wins": CHSH}, chsh(), "no-signalling").exact == 1
    found = score({"wins": CHSH}, chsh(), "quantum", "1 + A B")
    assert float(found.lower) - 1e-9 <= (2 + 2**0.5) / 4 <= float(found.upper) + 1e-9


def test_chsh_twice_at_once():
    """5/8 for local devices, more than (3/4)^2; no-signalling ones win both."""
    twice = Scenario((4, 4), (4, 4))
    assert score({"wins": CHSH, "rounds": 2}, twice, "local").exact == F(5, 8)
    assert score({"wins": CHSH, "rounds": 2}, twice, "no-signalling").exact == 1


@pytest.mark.parametrize("devices", ["local", "no-signalling"])
@pytest.mark.parametrize("rounds", [1, 2])
def test_the_game_of_fortnow_feige_and_lovasz(devices, rounds):
    sizes = (2**rounds, 2**rounds)
    assert score({**FFL, "rounds": rounds}, Scenario(sizes, sizes), devices).exact == F(2, 3)


def test_the_magic_square_is_a_game():
    """A's row of even, B's column of odd parity; 8/9 local. Answer k > 0 is 0 (A) or 1 (B) at place k - 1."""
    square = {"wins": "(a != 0 and a != y + 1) == (b == 0 or b == x + 1)"}
    assert score(square, Scenario((3, 3), (4, 4)), "local").exact == F(8, 9)


def test_feiges_game():
    """Each names the same player and that player's bit: 1/2 local, 2/3 without signalling (Feige 1991)."""
    feige = {"wins": "a == b and (a < 2 and a % 2 == x or a > 1 and a % 2 == y)"}
    assert score(feige, Scenario((2, 2), (4, 4)), "local").exact == F(1, 2)
    assert score(feige, Scenario((2, 2), (4, 4)), "no-signalling").exact == F(2, 3)


@pytest.mark.parametrize("seed", range(12))
def test_random_games_against_every_answer(seed):
    """Written out anew: rounds, distributions with zeros, B's best answer to each of A's functions."""
    draw = random.Random(seed)
    rounds = draw.choice([1, 1, 2])
    settings, outcomes = ((3, 2), (2, 3)) if rounds == 1 else ((2, 2), (2, 2))
    wins = draw.choice(["a ^ b == x & y", "(a - b + x) % 3 == y", "a | b == x ^ y", "a * x < b + y"])
    weights = {xy: draw.choice([0, 1, 2, 3]) for xy in product(*map(range, settings))}
    weights[0, 0] += 1
    asked = {xy: F(weight, sum(weights.values())) for xy, weight in weights.items()}
    best = F(0)
    strings = [list(product(range(n), repeat=rounds)) for n in (*settings, *outcomes)]
    for answers in product(strings[2], repeat=len(strings[0])):
        total = F(0)
        for ys in strings[1]:
            total += max(
                sum(
                    prod(asked[xy] for xy in zip(xs, ys, strict=True))
                    for xs, given in zip(strings[0], answers, strict=True)
                    if all(
                        eval(wins, {"a": a, "b": b, "x": x, "y": y})
                        for a, b, x, y in zip(given, bs, xs, ys, strict=True)
                    )
                )
                for bs in strings[3]
            )
        best = max(best, total)
    game = {"wins": wins, "rounds": rounds, "questions": {f"{x}{y}": p for (x, y), p in asked.items()}}
    played = Scenario(*(tuple(n**rounds for n in sizes) for sizes in (settings, outcomes)))
    assert score(game, played, "local").exact == best


def test_guess_your_neighbour_is_a_game():
    """gyni by name sums over four questions; as a game they come with 1/4 each: 1/4 and 1/3."""
    asked = {"000": "1/4", "011": "1/4", "101": "1/4", "110": "1/4"}
    game = {"wins": "a == y and b == z and c == x", "questions": asked}
    three = Scenario((2, 2, 2), (2, 2, 2))
    assert score(game, three, "local").exact == F(1, 4)
    assert score(game, three, "no-signalling").exact == F(1, 3)


def test_a_game_is_a_test_and_a_table_of_a_file():
    game = Game(CHSH)
    test = Test(game, ">=", "4/5")
    ask = Ask("guessing-probability", of="A", at=0)
    question = Question(chsh(), Uniform(), adversary=Adversary("no-signalling"), tests=[test], ask=ask)
    assert question.tests == (test,)
    again = Question.from_dict(question.to_dict())
    assert again == question
    assert question.to_dict()["test"][0]["game"] == {"wins": CHSH}
    assert bound(question).bracket.exact == F(9, 10)  # 3/2 - S/4, S = 8 * 4/5 - 4


@pytest.mark.parametrize(
    ("game", "words"),
    [
        ({"wins": "a +"}, "is no predicate"),
        ({"wins": "__import__('os')"}, "more than integers"),
        ({"wins": "a ** 9 == 1"}, "more than integers"),
        ({"wins": "a == 1.5"}, "more than integers"),
        ({"wins": "q == a"}, "name 'q' is not defined"),
        ({"wins": "a % x == 0"}, "remainder by 0"),
        ({"wins": "a == b", "questions": {"00": "1/2"}}, "sum to 1/2"),
        ({"wins": "a == b", "questions": {"02": 1}}, "is no joint setting"),
        ({"wins": "a == b", "rounds": 2}, "powers 2"),
        ({"wins": "a == 2"}, "no answer wins"),
        ({"wins": "x == 1", "questions": {"00": 1}}, "no answer wins"),
        ({"wins": " or ".join(["a == b"] * 60)}, "may have 200"),
    ],
)
def test_what_is_no_game_is_refused(game, words):
    with pytest.raises(InputError) as caught:
        score(game, chsh(), "local")
    assert words in str(caught.value)
