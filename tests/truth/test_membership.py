"""Is a behaviour quantum: inside, outside and on the boundary, with values of the literature."""

from __future__ import annotations

from fractions import Fraction as F
from math import sqrt

import pytest

import freerand_opt as fr
from freerand_opt.reporting.refutations import lines

QUANTUM = fr.Adversary("quantum", level="1 + A B")
OUTCOMES = ("00", "01", "10", "11")


def kept(observed, ask=None):
    ask = ask or fr.Ask("strategy")
    tests = [fr.Keep("behaviour")]
    return fr.Question(fr.chsh(), fr.Uniform(), adversary=QUANTUM, tests=tests, ask=ask, observed=observed)


def correlators(*means):
    """Return the behaviour with these means of products, and fair outcomes."""
    cells = {}
    for s, mean in zip(OUTCOMES, means, strict=True):
        cells |= {f"P({o}|{s})": (1 + x * mean) / 4 for o, x in zip(OUTCOMES, (1, -1, -1, 1), strict=True)}
    return {"table": cells}


@pytest.mark.parametrize(
    ("visibility", "answer"),
    [("60/100", "exists"), ("70/100", "exists"), ("72/100", "none"), ("80/100", "none"), ("95/100", "none")],
)
def test_a_pr_box_with_noise_is_quantum_up_to_one_over_root_two(visibility, answer):
    """arXiv:0803.4290."""
    found = fr.bound(kept({"behaviour": "pr-box", "visibility": visibility}))
    assert str(found) == answer
    if answer == "none":  # 2 sqrt 2, rounded up
        said = dict(lines(found))["inequality"]
        assert said == "<A0 B0> + <A0 B1> + <A1 B0> - <A1 B1> <= 2.8284271248"


def test_where_a_pr_box_with_noise_ceases_to_be_quantum():
    sought = fr.Threshold("observed.visibility", ("7/10", "71/100"), width="1/1000")
    found = fr.bound(kept({"behaviour": "pr-box"}), threshold=sought).bracket
    assert float(found.lower) < sqrt(1 / 2) < float(found.upper)


@pytest.mark.parametrize(
    ("beyond", "answer"), [(F(0), "exists"), (F(-1, 10**5), "none"), (F(1, 50), "exists")]
)
def test_correlators_at_the_arcsine_limit(beyond, answer):
    """Angles in a row: cos a = 3/4 three times, cos 3a = -9/16 (Landau; Masanes, quant-ph/0309137)."""
    assert str(fr.bound(kept(correlators(*(F(3, 4),) * 3, F(-9, 16) + beyond)))) == answer


def test_correlators_at_the_limit_with_rational_sines():
    """cos a = 21/29, cos b = 4/5, cos c = 20/29 and cos (a + b + c) = -3/5."""
    found = fr.bound(kept(correlators(F(21, 29), F(-3, 5), F(4, 5), F(20, 29))))
    assert str(found) == "exists"


def test_guess_of_outcomes_at_the_arcsine_limit():
    """The box is extreme: nobody knows more than its own probabilities, (1 + 3/4)/4."""
    ask = fr.Ask("guessing-probability", of=["A", "B"], at=(0, 0))
    found = fr.bound(kept(correlators(*(F(3, 4),) * 3, F(-9, 16)), ask)).bracket
    assert found.lower == F(7, 16)
    assert float(found.upper) < 7 / 16 + 1e-9


def test_a_shared_bit_is_quantum():
    """All correlators 1: half of all probabilities are 0."""
    assert str(fr.bound(kept(correlators(*(F(1),) * 4)))) == "exists"
