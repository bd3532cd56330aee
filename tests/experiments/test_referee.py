"""What a second reader found in statements about counts, mended since."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from freerand_opt.data import Trials
from freerand_opt.experiment_checker.document import check
from freerand_opt.experiment_checker.hypotheses import source_line
from freerand_opt.experiments.bits import bits
from freerand_opt.experiments.games import wins
from freerand_opt.experiments.pvalue import p_value
from freerand_opt.experiments.setup import setup
from freerand_opt.model import Bits, SanthaVazirani, Uniform, chsh

from .shared import noisy, spread_over


def test_a_p_value_as_a_float_is_an_upper_bound():
    """P <= 2^-x for x just below a whole number; the float of x is that number."""
    cells = wins(chsh(), "chsh")
    held = p_value(spread_over(800, 200), setup(chsh(), Uniform(), "local"), game=cells)
    for k in range(40):
        found = replace(held, log2=Fraction(500 + k) - Fraction(1, 1 << 46))
        # 2^(2^-46) > 1 + 2^-47, and floats are 2^-52 apart
        assert Fraction(found.value) >= Fraction(1, 1 << (500 + k)) * (1 + Fraction(1, 1 << 47))


def coin(sequence, share):
    """The product of 2 p over the trials after the first share, p their frequencies in the first share."""
    taught = len(sequence) // share
    p = [Fraction(sequence[:taught].count(x), taught) for x in (0, 1)]
    found = Fraction(1)
    for x in sequence[taught:]:
        found *= 2 * p[x]
    return found


@pytest.mark.parametrize(("share", "most", "ends"), [(2, 6, 2), (3, 12, 4)])
def test_a_share_of_a_run_that_stops_by_its_outcomes_would_be_unsound(share, most, ends):
    """Uniform settings, bets on them alone: with a fixed factor at most 1/ends; all sequences are counted.

    A run that looks at n = share, .., and stops where the product is large has another factor at each n.
    """
    runs = list(product((0, 1), repeat=most))
    looks = range(share, most + 1, share if share == 2 else 1)
    stopped = sum(any(coin(run[:n], share) >= ends for n in looks) for run in runs)
    assert Fraction(stopped, len(runs)) > Fraction(1, ends)


def test_a_share_is_not_offered_with_any_stopping_rule():
    cells = np.array([k % 16 for k in range(320)])
    held = setup(chsh(), Uniform(), "no-signalling")
    found = p_value(Trials.from_array(cells, chsh()), held, training=Fraction(1, 4))
    assert not any("any stopping rule" in line for line in found.words)


def test_a_factor_under_any_stopping_rule_does_not_know_the_number_of_trials():
    held = setup(chsh(), Uniform(), "local")
    few, many = (p_value(spread_over(n, n // 4), held, training=noisy(1)).factor for n in (8_000, 800_000))
    assert few is not None
    assert many is not None
    assert few.values == many.values


def test_the_checker_names_what_bits_assume():
    held = setup(chsh(), SanthaVazirani("1/100"), "no-signalling")
    found = bits(
        spread_over(85_000, 15_000), held, training=noisy(0.99), error="2^-64", success=Fraction(100)
    )
    lines = " ".join(check(found.certificate).lines)
    assert "number of trials" in lines
    assert "centre" in lines


@pytest.mark.parametrize(
    ("source", "said"),
    [(Bits({"A": "1/4", "B": 0}), "[1/4, 3/4], [1/2, 1/2]"), (Bits("1/4"), "each of the 2 bits")],
)
def test_the_printed_assumption_is_the_one_used(source, said):
    """Bits that are both in [1/4, 3/4] are a weaker assumption than that of the first source."""
    assert said in source_line(setup(chsh(), source, "local").setting.source)
