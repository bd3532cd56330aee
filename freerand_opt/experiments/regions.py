r"""Regions: what data say of scores and behaviours, under memory or for independent rounds.

Memory. G(c, z) in [0, 1] with E[G] <= S(q) for every source point; S_i the score of round i given the past;
lambda fixed beforehand:

.. math:: \frac1n \sum_i S_i \ge \frac{2^{\lambda \bar G - \log_2(1/\alpha)/n} - 1}{2^\lambda - 1}

except with probability alpha (docs/proofs/experiments.md, section 6).

Independent rounds. Clopper and Pearson's interval of each P(c|z), alpha shared among all ends; ends are
fractions whose tails are enclosed by integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.checker.failures import Work
from freerand_opt.data.counts import Counts
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.powers import BITS, ONE, log2_down, log2_up, tail_up
from freerand_opt.experiment_checker.support import support
from freerand_opt.experiments.setup import Setup
from freerand_opt.numbers.rounding import power_of_two

#: Trials up to which tails are summed; beyond, Chernoff's bound replaces them.
SUMMED = 20_000
GRID = 1 << 40


def score_estimator(setup: Setup, wins: Sequence[int]) -> tuple[Fraction, ...]:
    """Return G for the mean over uniform settings of the winning probabilities: 1/(S max_s s(z)) where
    won.
    """
    settings, outcomes = setup.shape.count
    reach = support(setup.setting.source, None, setup.centre)
    most = [Fraction(reach([ONE if s == z else 0 for s in range(settings)]), ONE) for z in range(settings)]
    held = set(wins)
    return tuple(
        min(Fraction(1), 1 / (settings * most[z])) if z * outcomes + c in held else Fraction(0)
        for z in range(settings)
        for c in range(outcomes)
    )


def best_lambda(mean: float, trials: int, alpha: Fraction) -> Fraction:
    """Return the lambda whose end is highest at a planned mean, on a grid; it must not be chosen after the
    data.
    """
    cost = math.log2(1 / alpha) / trials
    grid = [2.0 ** (k / 8) for k in range(-96, 33)]
    best = max(grid, key=lambda x: (2 ** (x * mean - cost) - 1) / (2**x - 1))
    return Fraction(round(best * 2**20), 2**20)


@dataclass(frozen=True)
class ScoreRegion:
    """The average of the rounds' scores is at least `end`, except with probability `alpha`, under any
    memory.
    """

    end: Fraction
    mean: Fraction
    alpha: Fraction
    lam: Fraction


def score_region(
    counts: Counts, estimator: Sequence[Fraction], alpha: Fraction | str, lam: Fraction
) -> ScoreRegion:
    """Return the region of an estimator; raise InputError for one that leaves [0, 1]."""
    level = Fraction(alpha)
    if not 0 < level < 1 or lam <= 0 or min(estimator) < 0 or max(estimator) > 1 or not counts.total:
        raise InputError(
            "region", "alpha in (0, 1), lambda > 0, G in [0, 1] and at least one trial are needed"
        )
    total = sum((n * g for n, g in zip(counts.values, estimator, strict=True)), Fraction(0))
    mean = total / counts.total
    return ScoreRegion(_end(mean, counts.total, level, lam), mean, level, lam)


def _end(mean: Fraction, trials: int, alpha: Fraction, lam: Fraction) -> Fraction:
    """Return the end of the formula, rounded down."""
    exponent = lam * mean - log2_up(1 / alpha) / trials
    top = Fraction(power_of_two(exponent + BITS) - 1, ONE) - 1  # an integer within 1 of 2^(exponent + BITS)
    return max(Fraction(0), top / (Fraction(power_of_two(lam + BITS) + 1, ONE) - 1))


def tail_bound(n: int, k: int, p: Fraction) -> Fraction:
    """Return an upper bound of P(Bin(n, p) >= k): the tail itself up to `SUMMED` trials, else Chernoff's."""
    if k <= 0 or k <= n * p:
        return Fraction(1)
    if n <= SUMMED:
        return tail_up(n, k, p, Work(10**9))
    x = Fraction(k, n)
    exponent = k * log2_down(x / p) + ((n - k) * log2_down((1 - x) / (1 - p)) if k < n else 0)
    return Fraction(1, 2 ** math.floor(exponent)) if exponent > 0 else Fraction(1)


def interval(k: int, n: int, alpha: Fraction) -> tuple[Fraction, Fraction]:
    """Return the interval of a probability after k of n, each end missed with probability alpha/2 at most."""
    return _lower(k, n, alpha / 2), 1 - _lower(n - k, n, alpha / 2)


def _lower(k: int, n: int, level: Fraction) -> Fraction:
    """Return the largest p of a bisection with P(Bin(n, p) >= k) <= level."""
    low, high = 0, math.floor(Fraction(k, n) * GRID) if n else 0
    if k == 0:
        return Fraction(0)
    while high - low > 1 << 8:
        middle = (low + high) // 2
        if tail_bound(n, k, Fraction(middle, GRID)) <= level:
            low = middle
        else:
            high = middle
    return Fraction(low, GRID)


def behaviour_region(
    counts: Counts, alpha: Fraction | str
) -> dict[tuple[int, int], tuple[Fraction, Fraction]]:
    """Return intervals of P(c|z) by (z, c) that hold together except with probability alpha, for
    independent rounds.
    """
    counts.require_settings()
    settings, outcomes = counts.scenario.shape
    share = Fraction(alpha) / (settings * outcomes)
    totals = counts.by_setting
    return {
        (z, c): interval(counts.values[z * outcomes + c], totals[z], share)
        for z in range(settings)
        for c in range(outcomes)
    }
