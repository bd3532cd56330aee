"""An output that has one value is known to everybody."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

import freerand_opt as fr


@pytest.mark.parametrize(
    ("quantity", "value"), [("guessing-probability", 1), ("min-entropy", 0), ("trace-distance", 0)]
)
@pytest.mark.parametrize("devices", ["local", "no-signalling"])
@pytest.mark.parametrize("at", [(0, 1), "average"])
@pytest.mark.parametrize("told", ["settings", "nothing"])
def test_one_value_is_guessed(quantity, value, devices, at, told):
    for of, sizes in (("B", (2, 1)), ({"count": ["B"], "values": [0, 0, 0]}, (2, 2))):
        question = fr.Question(
            fr.Scenario((2, 2), sizes),
            fr.SanthaVazirani("1/20"),
            adversary=fr.Adversary(devices, told=told),
            ask=fr.Ask(quantity, of=of, at=at),
        )
        assert fr.bound(question).bracket.exact == F(value)


def test_settings_that_are_left_out_occur_a_little():
    """P(s|w) <= 1/2: settings 00 and 01 alone would do, and P(11|11) is tested."""
    question = fr.Question(
        fr.chsh(),
        fr.MinEntropy(1),
        observed={"settings": "unconstrained"},
        adversary=fr.Adversary("local"),
        tests=[fr.Test({"P(11|11)": 1}, "=", 1)],
        ask=fr.Ask("score", functional=fr.Functional.from_terms({"P(00|00)": 1, "P(00|01)": 1}, on="joint")),
    )
    found = fr.bound(question).bracket
    assert F(1) - F(1, 10**9) <= found.lower <= 1 == found.upper
