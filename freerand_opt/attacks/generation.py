r"""Column generation: strategies are added one by one as prices ask for them.

The restricted program holds the pairs (source distribution, box) found so far; its prices y say
what a pair must be worth to be missed,

.. math:: \text{gain}(s, q) = \langle c - A^T y,\; s \otimes q \rangle > 0,

and an oracle seeks such pairs. They are sought at prices between those of the restricted program
and the best known ones, which need not wander (Wentges, Int. Trans. Oper. Res. 4 (1997) 151).
Where the oracle's maximum m(y) is the true one, b.y + m(y) bounds all strategies. All in floats:
what comes of it, an attack or prices, is made exact and checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from freerand_opt.programs.program import FloatArray

#: Worths are at most about 1 in size here (`unit_of`): distances of prices and gains are meant so.
#: The weight of the best known prices where new pairs are sought.
SMOOTHING = 0.9
#: The first distance of the restricted program's prices from those known; where it must give, it grows.
WIDTH = 0.02
#: Times that it grows, eightfold, before a question is taken to have no strategy.
MAX_WIDENINGS = 8
#: Gains below this are noise of double precision.
NOISE = 1e-10
#: Slacks, in all, below this are none.
NO_SLACK = 1e-9
MAX_TURNS = 400


@dataclass(frozen=True, eq=False)
class Candidate:
    """A pair: its worth, its column in the rows, and what it is; equal keys are equal pairs."""

    worth: float
    column: FloatArray
    key: Hashable


#: (prices, active candidates) -> (candidates, the largest gain per unit of weight if it is the true one)
Oracle: TypeAlias = Callable[[FloatArray, Sequence[Candidate]], tuple[list[Candidate], float | None]]


@dataclass(frozen=True, eq=False)
class Generated:
    """The pairs with weight, the best prices and their bound (inf: none known), and what is left over.

    `value` is the restricted program's; `slack` how far its weights are from passing all tests.
    """

    pairs: tuple[Candidate, ...]
    value: float
    slack: float
    prices: FloatArray
    bound: float


def generate(
    lower: FloatArray,
    upper: FloatArray,
    oracle: Oracle,
    *,
    center: FloatArray,
    unit: FloatArray,
    proved: bool = False,
    existence: bool = False,
) -> Generated:
    """Add pairs until the value meets the bound or no pair is missed.

    Rows lie between `lower` (-inf: no end) and `upper`. `center` are prices to start
    from, `proved` if no pair gains at them; `existence` asks only whether the tests can be passed: a
    negative bound says no. Adding `unit` to prices lowers every gain by at least one.
    """
    from freerand_opt.solvers.restricted import Restricted

    master = Restricted(lower, upper, center, WIDTH)
    held: list[Candidate] = []
    known: set[Hashable] = set()
    best = _bound(lower, upper, center) if proved else np.inf
    widenings, full = 0, False
    value, slack = -np.inf, np.inf
    active: list[Candidate] = []
    for _ in range(MAX_TURNS):
        weights, prices, slack = master.solve()
        active = [pair for pair, weight in zip(held, weights, strict=True) if weight > NOISE]
        value = float(sum(pair.worth * w for pair, w in zip(held, weights, strict=True)))
        if slack < NO_SLACK and (existence or value > best - NOISE):
            break
        if existence and best < -NO_SLACK:
            break
        trial = prices if full else SMOOTHING * center + (1 - SMOOTHING) * prices
        found, most = oracle(trial, active)
        if most is not None:
            shifted = trial + most * unit
            if (bound := _bound(lower, upper, shifted)) < best:
                best, center = bound, shifted
        fresh = [
            pair
            for pair in found
            if pair.key not in known and pair.worth - float(prices @ pair.column) > NOISE
        ]
        for pair in fresh:
            if pair.key not in known:
                known.add(pair.key)
                held.append(pair)
                master.add(pair.worth, pair.column)
        if fresh:
            full = False
        elif not full:
            full = True
        elif slack > NO_SLACK and widenings < MAX_WIDENINGS:
            master.widen(8)
            widenings, full = widenings + 1, False
        else:
            break
    return Generated(tuple(active), value, slack, center, best)


def unit_of(worths: FloatArray) -> float:
    """Return the power of 2, at least 1, in units of which no worth exceeds 1."""
    return float(2.0 ** max(np.frexp(np.abs(worths).max(initial=0.0))[1], 0))


def _bound(lower: FloatArray, upper: FloatArray, prices: FloatArray) -> float:
    """Return the largest value of prices . rows; rows without a lower end have prices >= 0."""
    ends = np.where((prices < 0) & np.isfinite(lower), lower, upper)
    return float(np.where(np.isfinite(lower), prices, np.maximum(prices, 0)) @ ends)
