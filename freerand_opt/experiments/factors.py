"""A factor: integers that a checker accepts, made from the best one for a plan in floats.

The rows of the condition come as they are needed (column generation): the best factor for the rows so far,
then the boxes that break the condition most, first half way (on logarithms) to the best factor that is
known to obey it, which takes half as many steps. What is left over is divided out exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from freerand_opt.checker.failures import Work
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.maximum import Condition, maximum
from freerand_opt.experiment_checker.powers import BITS
from freerand_opt.experiments.optimum import Array, optimum
from freerand_opt.experiments.oracle import Oracle, Rows
from freerand_opt.experiments.setup import Setup

#: F is written in units of 2^-UNIT.
UNIT = 40
ROUNDS = 60
#: Rows that a factor leaves by more are forgotten; they come back if they are broken.
NEAR = 1e-2
#: Rows for each cell up to which all are kept.
FEW = 8
#: Steps of the exact maximum at most; the kernel's limit is the same.
WORK = 10**8


@dataclass(frozen=True)
class Factor:
    """F(c, z) = values / 2^UNIT / m by cell (setting, then outcome), m = largest / 2^(BITS + UNIT) exact.

    `gap` bounds in nats a trial what a better factor could gain on the plan, where that is known.
    `estimator` is what a certificate says of a factor from bounds on guesses.
    """

    setup: Setup
    condition: Condition
    values: tuple[int, ...]
    largest: int
    gap: float
    estimator: dict[str, Any] | None = field(default=None, hash=False, compare=False)

    def logs(self) -> Array:
        """Return log2 F by cell, in floats, for plans and figures."""
        m = math.log2(self.largest) - BITS
        return np.array([math.log2(f) - m if f else -np.inf for f in self.values])

    def rate(self, plan: Sequence[float] | Array) -> float:
        """Return the mean of log2 F for a distribution of cells, in floats."""
        return _mean(np.asarray(plan, dtype=float), self.logs())

    def spread(self, plan: Sequence[float] | Array) -> float:
        """Return the standard deviation of log2 F for a distribution of cells, in floats."""
        nu = np.asarray(plan, dtype=float)
        logs = self.logs()
        return math.sqrt(max(0.0, _mean(nu, (logs - _mean(nu, logs)) ** 2)))


def _mean(nu: Array, values: Array) -> float:
    seen = nu > 0
    return float(nu[seen] @ values[seen])


def filled(plan: Sequence[float | Fraction] | Array, trials: int) -> Array:
    """Return a plan as floats of sum 1; cells that it leaves out get 1/(1000 n) in all, so that F > 0."""
    nu = np.array([float(x) for x in plan])
    if not np.isfinite(nu).all() or nu.min() < 0 or not nu.sum():
        raise InputError("plan", "probabilities from 0 on, not all 0, are needed")
    share = 1e-3 / max(trials, 1000)
    return np.asarray((1 - share) * nu / nu.sum() + share / len(nu))


@dataclass(frozen=True)
class Mixture:
    """F and the mixture A^T y of the rows that make it best, in floats.

    `gap` and `gain`, sum nu log F, are in nats; `slope` is the derivative of the gain in beta; `rows` are
    what another beta may begin with.
    """

    factor: Array
    cells: Array
    gap: float
    gain: float
    slope: float
    rows: Rows


def best_mixture(
    setup: Setup, condition: Condition, plan: Array, tolerance: float, held: Rows | None = None
) -> Mixture:
    """Return the best factor in floats, its gap in nats at most the tolerance where floats allow it."""
    oracle = Oracle(setup.setting, condition)
    rows = oracle.noise().joined(oracle.rows(np.ones(len(plan)))[1]) if held is None else held
    inside, best = np.ones(len(plan)), -math.inf
    nearest: Mixture | None = None
    for _ in range(ROUNDS):
        values = rows.at(oracle.beta)
        found = optimum(values, plan, max(tolerance * 1e-3, 2.5e-14))
        most = float(plan @ np.log(found.factor)) + found.gap
        points = [found.factor] if nearest is None else [np.sqrt(found.factor * inside), found.factor]
        fresh: Rows | None = None
        for point in points:
            tops, more = oracle.rows(point)
            gain = float(plan @ np.log(point / tops[0]))
            if gain > best:
                inside, best = point / tops[0], gain
            fresh = _new(more.take(tops > 1 + tolerance / 16), values, oracle.beta)
            if fresh is not None:
                break
        if nearest is None or most - best < nearest.gap:
            slope = -float(found.mixture @ (values * rows.logs()) @ found.factor)
            nearest = Mixture(inside, values.T @ found.mixture, most - best, best, slope, rows)
        if nearest.gap <= tolerance or fresh is None:
            break
        if len(values) > FEW * len(plan):  # where there are few, forgetting them would go in circles
            kept = (values @ found.factor > 1 - NEAR) | (found.mixture > NEAR**3)
            kept[0] = True  # bounds every cell
            rows = rows.take(kept)
        rows = rows.joined(fresh)
    assert nearest is not None
    return nearest


def _new(more: Rows, values: Array, beta: float) -> Rows | None:
    """Return those of some rows that are not among the values."""
    held = {row.tobytes() for row in np.round(values, 14)}
    fresh = [k for k, row in enumerate(np.round(more.at(beta), 14)) if row.tobytes() not in held]
    return more.take(fresh) if fresh else None


def best_factor(
    setup: Setup,
    condition: Condition,
    plan: Sequence[float | Fraction] | Array,
    trials: int,
    held: Rows | None = None,
) -> Factor:
    """Return the factor that gains most on a plan, up to 1/1000 nat in `trials` trials where floats allow it.

    `plan` is P(c, z) by cell: joint setting, then joint outcome; `held` are rows of another k to begin with.
    What the factor proves does not rest on either.
    """
    size = setup.shape.count[0] * setup.shape.count[1]
    if len(plan) != size:
        raise InputError("plan", f"has {len(plan)} cells; the scenario has {size}")
    nu = filled(plan, trials)
    tolerance = max(1e-3 / max(trials, 1), 1e-13)
    found = best_mixture(setup, condition, nu, tolerance, held)
    return exact(setup, condition, found.factor, found.gap)


def exact(setup: Setup, condition: Condition, factor: Array, gap: float = math.nan) -> Factor:
    """Return a factor of floats as integers, with its exact maximum."""
    values = tuple(max(1, int(Fraction(float(f)) * 2**UNIT)) for f in factor)
    largest = maximum(setup.setting, condition, values, Work(WORK))
    return Factor(setup, condition, values, largest, gap)


def likeliest(setup: Setup, plan: Sequence[float | Fraction] | Array, trials: int) -> Array:
    """Return the distribution of cells within this source and these devices that makes a plan likeliest."""
    nu = filled(plan, trials)
    found = best_mixture(setup, setup.condition(None), nu, max(1e-3 / max(trials, 1), 1e-13)).cells
    return np.asarray(found / found.sum())
