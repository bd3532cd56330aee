"""Which k and which factor: those that certify most bits on a plan, before any data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.powers import MAX_POWER
from freerand_opt.experiments.factors import Factor, best_factor, best_mixture, filled
from freerand_opt.experiments.guesses import by_guesses
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.setup import Setup

#: Least k that is tried.
MIN_POWER = 3


def choose(
    setup: Setup,
    cells: Array,
    trials: int,
    error: Fraction,
    *,
    free: bool,
    of: Sequence[int] | None = None,
    power: int | None = None,
) -> Factor:
    """Return the factor for a plan, with the best k unless `power` is given.

    Of a setup with a functional it comes from bounds on guesses, which need no extreme points.
    """
    parties = tuple(range(len(setup.shape.settings))) if of is None else tuple(of)
    if setup.functional is not None:
        if not free:
            raise InputError("later", 'bounds on guesses (a functional) certify with later = "any"')
        return by_guesses(setup, cells, trials, math.log2(1 / error), parties, power)
    k = power or best_power(setup, cells, trials, error, free=free, of=parties)
    return best_factor(setup, setup.condition(k, free=free, of=parties), cells, trials)


def best_power(
    setup: Setup, cells: Array, trials: int, error: Fraction, *, free: bool, of: Sequence[int] | None = None
) -> int:
    """Return the k that certifies most bits on a plan, within some 3 %: k (n sum nu log2 F - log2
    1/delta).
    """
    nu, cost = filled(cells, trials), math.log2(1 / error)
    tolerance = max(1e-3 / max(trials, 1), 1e-7)
    seen: dict[int, float] = {}

    def worth(place: float) -> float:
        k = round(MIN_POWER * (MAX_POWER / MIN_POWER) ** place)
        if k not in seen:
            factor, _, _ = best_mixture(setup, setup.condition(k, free=free, of=of), nu, tolerance)
            seen[k] = k * (trials * float(nu @ np.log2(factor)) - cost)
        return seen[k]

    low, high, golden = 0.0, 1.0, (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    while high - low > 0.008:
        if worth(left) < worth(right):
            low, left, right = left, right, low + golden * (high - left)
            right = low + golden * (high - low)
        else:
            high, right = right, left
            left = high - golden * (high - low)
    return max(seen, key=lambda k: seen[k])
