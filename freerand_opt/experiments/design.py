"""Design of an experiment: bits against trials, the least number of trials, the largest epsilon.

Everything here is a plan in floats, before data; what data then certify is proved from them alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.experiments.bits import MARGIN
from freerand_opt.experiments.choice import choose
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.setup import Setup

#: Most trials that are planned.
MOST_TRIALS = 10**15


@dataclass(frozen=True)
class Design:
    """What a run of `trials` would certify: `bits` with the planned threshold, `expected` at the mean;
    `power` k.
    """

    trials: int
    power: int
    bits: float
    expected: float


def design(
    setup: Setup,
    plan: Sequence[float] | Array,
    trials: int,
    error: Fraction,
    *,
    free: bool = True,
    of: Sequence[int] | None = None,
) -> Design:
    """Return what a run of so many trials would certify on a plan, with the best k."""
    import numpy as np

    cells = np.array([float(x) for x in plan])
    cells = cells / cells.sum()
    factor = choose(setup, cells, trials, error, free=free, of=of)
    k = factor.condition.power or 0
    cost = math.log2(1 / error)
    mean = trials * factor.rate(cells)
    lowered = mean - MARGIN * math.sqrt(trials) * factor.spread(cells)
    return Design(trials, k, max(0.0, k * (lowered - cost)), max(0.0, k * (mean - cost)))


def least_trials(
    setup: Setup,
    plan: Sequence[float] | Array,
    wanted: float,
    error: Fraction,
    *,
    free: bool = True,
    of: Sequence[int] | None = None,
) -> Design | None:
    """Return the run with the fewest trials (to 1 %) that would certify `wanted` bits, None beyond 10^15."""
    low, high = 1, 1024
    while (found := design(setup, plan, high, error, free=free, of=of)).bits < wanted:
        low, high = high, high * 4
        if high > MOST_TRIALS:
            return None
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        tried = design(setup, plan, middle, error, free=free, of=of)
        if tried.bits >= wanted:
            high, found = middle, tried
        else:
            low = middle
    return found


def largest_epsilon(
    make: Callable[[Fraction], Setup],
    plan: Sequence[float] | Array,
    trials: int,
    error: Fraction,
    *,
    free: bool = True,
    of: Sequence[int] | None = None,
    steps: int = 12,
) -> tuple[Fraction, Fraction]:
    """Return epsilons between which a planned run ceases to certify bits; `make` gives the setup of an
    epsilon.
    """
    low, high = Fraction(0), Fraction(1, 2)
    if not design(make(low), plan, trials, error, free=free, of=of).bits:
        raise InputError("design", f"{trials} trials certify nothing at epsilon 0")
    for _ in range(steps):
        middle = (low + high) / 2
        if design(make(middle), plan, trials, error, free=free, of=of).bits:
            low = middle
        else:
            high = middle
    return low, high
