"""Outputs that are flipped before they are used: certificates against closed forms, and files that lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from math import log2, sqrt
from typing import Any

import pytest

from freerand_opt import Ask, InputError, Question, Result, bound, key_rate
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, Unreadable


def entropy(p: float) -> float:
    return -sum(x * log2(x) for x in (p, 1 - p) if x > 0)


def closed_form(score: float, noise: float) -> float:
    """Ho et al., arXiv:2005.13015: H(A|0, E) of a flipped outcome at a CHSH score."""
    mixed = (1 + sqrt(1 - noise * (1 - noise) * (8 - score**2))) / 2
    return 1 - entropy((1 + sqrt(score**2 / 4 - 1)) / 2) + entropy(mixed)


def asked(score: str, noise: str, **adversary: Any) -> Question:
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": {"kind": "uniform"},
            "adversary": adversary or {"devices": "quantum", "level": "1 + A B"},
            "test": [{"functional": "chsh", "relation": ">=", "score": score}],
            "ask": {"quantity": "entropy", "of": "A", "at": [0, 0], "noise": noise},
        }
    )


@pytest.fixture(scope="module")
def flipped() -> Result:
    return bound(asked("27/10", "1/10"), width="1/200")


def test_the_bracket_holds_the_closed_form(flipped: Result) -> None:
    assert flipped.lower is not None
    assert flipped.upper is not None
    assert float(flipped.lower) <= closed_form(2.7, 0.1) <= float(flipped.upper)
    assert flipped.bracket.width is not None
    assert float(flipped.bracket.width) < 1 / 200
    assert float(flipped.lower) > closed_form(2.7, 0) + 0.1


def test_a_local_score_leaves_the_noise() -> None:
    found = bound(asked("2", "1/10"))
    assert found.lower is not None
    assert found.upper is not None
    assert float(found.lower) == pytest.approx(entropy(0.1), abs=1e-6)
    assert float(found.lower) <= entropy(0.1) <= float(found.upper)


@pytest.mark.parametrize(("score", "noise"), [("5/2", "1/10"), ("3", "1/3"), ("2", "1/20"), ("4", "1/4")])
def test_without_signalling_a_box_is_mixed_with_outcomes_that_w_tells(score: str, noise: str) -> None:
    found = bound(asked(score, noise, devices="no-signalling", side_information="classical"))
    held = float(Fraction(score)) / 2 - 1
    exact = held + (1 - held) * entropy(float(Fraction(noise)))
    assert float(found.lower or 0) == pytest.approx(exact, abs=1e-12)
    assert float(found.upper or 2) == pytest.approx(exact, abs=1e-12)


def test_noise_makes_a_key_where_there_is_none() -> None:
    # at Q = 3/40 the rate without noise is negative; with it, 1 - h + h - h(Q + q - 2 Q q) (arXiv:2005.13015)
    error, noise = 0.075, 0.2
    score = 2 * sqrt(2) * (1 - 2 * error)
    assert closed_form(score, 0) - entropy(error) < -0.01
    found = bound(asked("2*sqrt(2)*(1-2*3/40)", "1/5"), width="1/1000")
    rate = key_rate(found, "3/40")
    exact = closed_form(score, noise) - entropy(error + noise - 2 * error * noise)
    assert 0 < float(rate.lower) <= exact < float(rate.lower) + 1e-3


FORGERIES: dict[str, Callable[[Any], None]] = {
    "more noise": lambda raw: raw["question"]["ask"].__setitem__("noise", "1/2"),
    "less noise": lambda raw: raw["question"]["ask"].__setitem__("noise", "1/100"),
    "no noise": lambda raw: raw["question"]["ask"].pop("noise"),
}
ILL: dict[str, Callable[[Any], None]] = {
    "none in words": lambda raw: raw["question"]["ask"].__setitem__("noise", "0"),
    "beyond a half": lambda raw: raw["question"]["ask"].__setitem__("noise", "3/5"),
    "negative": lambda raw: raw["question"]["ask"].__setitem__("noise", "-1/10"),
    "three values": lambda raw: raw["question"]["ask"].__setitem__("count", 3),
    "a guess": lambda raw: raw["question"]["ask"].update({"quantity": "guessing-probability"}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_another_noise_is_another_question(flipped: Result, name: str) -> None:
    raw = json.loads(flipped.certificate)
    FORGERIES[name](raw)
    noise = float(Fraction(raw["question"]["ask"].get("noise", "0")))
    try:
        found = check(raw)
    except Rejected:
        return
    assert found.lower is not None
    assert float(found.lower) <= closed_form(2.7, noise) <= float(found.upper or 2)


@pytest.mark.parametrize("name", ILL)
def test_noise_flips_a_bit_of_an_entropy(flipped: Result, name: str) -> None:
    raw = json.loads(flipped.certificate)
    ILL[name](raw)
    with pytest.raises(Unreadable):
        check(raw)


def test_noise_is_asked_of_bits_and_of_entropies(flipped: Result) -> None:
    with pytest.raises(InputError, match="two"):
        flipped.question.changed(ask=Ask("entropy", of=["A", "B"], at=[0, 0], noise="1/10")).problem()
    with pytest.raises(InputError, match="noise"):
        Ask("guessing-probability", of="A", at=[0, 0], noise="1/10")
    with pytest.raises(InputError, match="noise"):
        Ask("entropy", of="A", at=[0, 0], noise="3/5")


def test_boxes_of_known_entropy_know_no_noise() -> None:
    question = asked("5/2", "0", devices="no-signalling", side_information="classical")
    raw = json.loads(bound(question).certificate)
    assert check(raw).lower == Fraction(1, 4)
    raw["question"]["ask"]["noise"] = "1/10"
    with pytest.raises(Rejected, match="flipped"):
        check(raw)
