"""Players that a statement must withstand: what their devices and their source do, round by round, in many
runs.

Each returns cell numbers of shape (runs, trials). Floats and pseudorandom numbers: controls, never proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from freerand_opt.experiments.factors import Factor
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.oracle import Oracle
from freerand_opt.experiments.regions import interval
from freerand_opt.experiments.setup import Setup

Cells: TypeAlias = npt.NDArray[np.uint8]
#: Of the random numbers and each run's log2 of the product so far, the row that each run plays next.
Choice: TypeAlias = Callable[[np.random.Generator, Array], npt.NDArray[np.intp]]
Player: TypeAlias = Callable[[np.random.Generator, int, int], Cells]


def steady(cells: Sequence[float] | Array) -> Player:
    """Return the player who shows the same P(c, z) in every round."""
    steps = np.cumsum(np.array([float(x) for x in cells]))

    def play(draw: np.random.Generator, runs: int, trials: int) -> Cells:
        places = np.searchsorted(steps / steps[-1], draw.random((runs, trials)), side="right")
        return np.asarray(places.clip(max=len(steps) - 1), dtype=np.uint8)

    return play


def best_local(setup: Setup, factor: Factor) -> Player:
    """Return the steady player whose mean of a test factor is largest: a source point and a box of the
    setup.
    """
    weights = 2.0 ** factor.logs()
    tops, found = Oracle(setup.setting, factor.condition).rows(weights)
    rows = found.at(0.0)
    level = max(
        float(rows[k] @ np.log(weights.clip(1e-300))) for k in range(len(tops)) if tops[k] > tops[0] - 1e-9
    )
    chosen = next(
        row
        for top, row in zip(tops, rows, strict=True)
        if top > tops[0] - 1e-9 and float(row @ np.log(weights.clip(1e-300))) >= level
    )
    return steady(chosen)


def leaning(epsilon: float) -> Player:
    """Return PR boxes whose next two settings lean on the last outcome of A: (E) covers them, (A2) does
    not.
    """

    def play(draw: np.random.Generator, runs: int, trials: int) -> Cells:
        found = np.empty((runs, trials), dtype=np.uint8)
        chance = np.full(runs, 0.5)
        for i in range(trials):
            x, y = (draw.random(runs) < chance).astype(int), (draw.random(runs) < chance).astype(int)
            a = draw.integers(0, 2, runs)
            found[:, i] = 8 * x + 4 * y + 2 * a + (a ^ (x & y))
            chance = np.where(a == 1, 0.5 + epsilon, 0.5 - epsilon)
        return found

    return play


@dataclass(frozen=True)
class Coverage:
    """How many of `runs` passed a level, and the exact interval of their probability (error 1/100)."""

    passed: int
    runs: int
    low: float
    high: float


def coverage(passed: int, runs: int) -> Coverage:
    """Return a frequency with its exact interval."""
    low, high = interval(int(passed), int(runs), Fraction(1, 100))
    return Coverage(passed, runs, float(low), float(high))


def with_memory(
    logs: Array, cells: Array, choose: Choice, runs: int, trials: int, level: float, seed: int
) -> Coverage:
    """Return how often a product reaches 1/level, whose player chooses a row in every round.

    Row j shows P(c, z) = `cells[j]` and multiplies by 2^`logs[j]`; `choose` hears each run's log2 of the
    product so far, and returns each run's row.
    """
    draw, steps = np.random.default_rng(seed), np.cumsum(cells, axis=1)
    now, most = np.zeros(runs), np.zeros(runs)
    for _ in range(trials):
        rows = choose(draw, now)
        shown = (draw.random(runs)[:, None] * steps[rows, -1:] >= steps[rows]).sum(axis=1)
        now = now + logs[rows, shown.clip(max=cells.shape[1] - 1)]
        most = np.maximum(most, now)
    return coverage(int((most >= -np.log2(level)).sum()), runs)


def bold(logs: Array, cells: Array) -> Choice:
    """Return the choice of the row that varies most while the product is below 1, and least above."""
    held = np.where(cells > 0, logs, 0.0)
    spread = (cells * held**2).sum(axis=1) - (cells * held).sum(axis=1) ** 2
    wild, calm = int(spread.argmax()), int(spread.argmin())
    return lambda _, now: np.where(now <= 0, wild, calm)


def mixed(weights: Sequence[float] | Array) -> Choice:
    """Return the choice of a row by weights, anew in every round: an attack and its W."""
    steps = np.cumsum(np.asarray(weights, dtype=float))
    return lambda draw, now: np.searchsorted(steps[:-1] / steps[-1], draw.random(len(now)), side="right")


def running_maximum(logs: Array, player: Player, runs: int, trials: int, level: float, seed: int) -> Coverage:
    """Return how often the running maximum of the product of factors reaches 1/level."""
    draw = np.random.default_rng(seed)
    passed, done = 0, 0
    while done < runs:
        now = min(runs - done, max(1, 4_000_000 // trials))
        paths = np.cumsum(logs[player(draw, now, trials)], axis=1)
        passed += int((paths.max(axis=1) >= -np.log2(level)).sum())
        done += now
    return coverage(passed, runs)


def final_counts(player: Player, runs: int, trials: int, cells: int, seed: int) -> Any:
    """Return counts by cell of each run, an array of shape (runs, cells)."""
    draw = np.random.default_rng(seed)
    return np.array([np.bincount(player(draw, 1, trials)[0], minlength=cells) for _ in range(runs)])
