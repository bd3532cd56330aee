"""Hardy's ladder: two parties, every epsilon below 1/2 at once."""

from fractions import Fraction

import pytest

from freerand_opt.bounds.bound import bound
from freerand_opt.model import (
    Adversary,
    Ask,
    FullSupport,
    Functional,
    Keep,
    Observed,
    Question,
    SanthaVazirani,
    Uniform,
    chsh,
    ladder,
)

GUESS = Ask("guessing-probability", of="A", at=[0, 0])


def top(k, s):
    """h of the page docs/proofs/full-support.md, section 1."""
    s = Fraction(s)
    return s**4 * (1 - s ** (4 * k)) ** 2 / ((1 + s**4) * (1 + s ** (4 * k + 2)) ** 2)


def guess(k, s, source, at):
    return bound(
        Question(
            ladder(k, s),
            source,
            adversary=Adversary("no-signalling"),
            observed=Observed("quantum"),
            tests=[Keep("behaviour")],
            ask=Ask("guessing-probability", of="A", at=at),
        )
    ).bracket


@pytest.mark.parametrize(("k", "s"), [(1, "2/3"), (2, "3/4"), (3, "4/5")])
def test_behaviour(k, s):
    scenario = ladder(k, s)
    rows = Observed("quantum").rows(scenario)
    table = [rows(place) for place in range(scenario.shape[0])]
    assert all(sum(row) == 1 for row in table)
    for name, value in (("ladder-zeros", 0), ("ladder", top(k, s))):
        functional = Functional.named(name).resolved(scenario, "")
        assert sum(x * table[place][o] for place, o, x in functional.terms) == value


@pytest.mark.parametrize(
    ("k", "s", "right"),
    [
        (1, "2/3", Fraction(328537, 360937)),
        (2, "3/4", 1 - Fraction(342413568, 1962933025)),
        (3, "4/5", Fraction(16358769726032523761, 21279090463888683761)),
    ],
)
def test_every_source_of_full_support(k, s, right):
    # the guess at the last settings is 1 - h, whatever epsilon < 1/2
    assert right == 1 - top(k, s)
    found = guess(k, s, FullSupport(), [k, k])
    assert found.upper == right
    assert right - found.lower < Fraction(1, 10**9)


@pytest.mark.parametrize("epsilon", ["0", "1/10", "9/20"])
def test_santha_vazirani_settings_change_nothing(epsilon):
    found = guess(1, "2/3", SanthaVazirani(epsilon), [1, 1])
    assert (found.lower, found.upper) == (Fraction(328537, 360937),) * 2


def test_the_same_outcome_is_guessed_better_at_other_settings():
    found = guess(3, "4/5", FullSupport(), [3, 0])
    assert found.width < Fraction(1, 10**9)
    assert abs(float(found.upper) - 0.9621382653) < 1e-9


def test_without_zeros_full_support_says_nothing():
    asked = Question(
        ladder(1, "2/3"),
        FullSupport(),
        adversary=Adversary("no-signalling"),
        observed=Observed("quantum", visibility="99/100"),
        tests=[Keep("behaviour")],
        ask=Ask("guessing-probability", of="A", at=[1, 1]),
    )
    found = bound(asked).bracket
    assert found.upper == 1
    assert found.lower > 1 - Fraction(1, 10**6)


@pytest.mark.parametrize("devices", ["local", "quantum", "no-signalling"])
def test_suprema_over_full_support_are_approached(devices):
    # a box with the outcomes of 3 settings errs at the fourth, which every w may choose as rarely as it wants
    adversary = Adversary(devices, **({"level": "1"} if devices == "quantum" else {}))
    asked = Question(
        chsh(),
        FullSupport(),
        adversary=adversary,
        ask=Ask("score", functional=Functional.named("chsh")),
    )
    found = bound(asked).bracket
    assert found.upper == 4
    assert 4 - Fraction(1, 10**6) < found.lower <= 4
    assert devices == "no-signalling" or found.lower < 4  # which no strategy of theirs attains
    tests = [{"functional": "chsh", "relation": ">=", "score": "27/10"}]
    known = bound(Question(chsh(), FullSupport(), adversary=adversary, tests=tests, ask=GUESS))
    assert known.lower == known.upper == 1


def test_largest_top_of_local_and_no_signalling_boxes():
    # h is 0 for local boxes with the zeros, and 1/2 for no-signalling ones (cycle of 2K + 2 errors)
    ask = Ask("score", functional=Functional.named("ladder"))
    for devices, most in (("local", Fraction(0)), ("no-signalling", Fraction(1, 2))):
        tests = [{"functional": "ladder-zeros", "relation": "<=", "score": 0}]
        question = Question(ladder(2, "1/2"), Uniform(), adversary=Adversary(devices), tests=tests, ask=ask)
        found = bound(question).bracket
        assert (found.lower, found.upper) == (most, most)
