"""Which k and which factor: those that certify most bits on a plan, before any data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.powers import MAX_POWER
from freerand_opt.experiments.factors import Factor, best_factor, best_mixture, filled
from freerand_opt.experiments.guesses import by_guesses
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.oracle import Rows
from freerand_opt.experiments.setup import Setup

#: Least k that is tried, and the first.
MIN_POWER, START = 3, 100.0
#: How near the next k is in the end, and what gains are sought to at least and at best.
NEAR, FLOATS = 0.02, 1e-11


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
    held = None
    if power is None:
        power, held = best_power(setup, cells, trials, error, free=free, of=parties)
    return best_factor(setup, setup.condition(power, free=free, of=parties), cells, trials, held)


def best_power(
    setup: Setup, cells: Array, trials: int, error: Fraction, *, free: bool, of: Sequence[int] | None = None
) -> tuple[int, Rows]:
    r"""Return the k that certifies most bits on a plan, within some 3 %, and rows for its factor.

    .. math:: W(k) = k \, (n R(1/k) - c), \qquad k^2 W'(k) = k^2 (b - c), \qquad b = n \, (R - \beta R'),

    c = log2 1/delta. R = sum nu log2 F of the best F is concave in beta (in log F and beta the condition is
    convex), hence W in k; b is nearly proportional to 1/k^2, which gives the next k, and R' is known from
    the rows and their prices (envelope theorem).
    """
    nu, cost = filled(cells, trials), math.log2(1 / error)
    tolerance = min(max(cost / (100 * max(trials, 1)), FLOATS), 1e-5)
    low, high, k = float(MIN_POWER), float(MAX_POWER), START
    rows: Rows | None = None
    while True:
        found = best_mixture(
            setup, setup.condition(round(k), free=free, of=of), nu, min(tolerance, 1e-5), rows
        )
        rows, beta = found.rows, 1 / round(k)
        bend = trials * (found.gain - beta * found.slope) / math.log(2)
        low, high = (k, high) if bend > cost else (low, k)
        following = min(max(k * math.sqrt(max(bend, 0.0) / cost), low), high)
        if abs(following - k) <= NEAR * k:
            return round(following), rows
        inside = low < following < high or following in (MIN_POWER, MAX_POWER)
        k = following if inside else math.sqrt(low * high)
