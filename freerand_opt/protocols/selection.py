r"""Choosing one of 2^n rounds by n epsilon-free bits that lean towards good rounds.

With leaf values 1 (good) and 0 the best that the bits can do is the recursion

    V(leaf) = [good],    V(node) = p max + q min  of its two children,    p, q = 1/2 +- eps.

V is increasing and convex in the values of the leaves. So its mean over independent random leaves
is bounded from above if a distribution of values is spread over a grid with its mean kept, and
from below if values are replaced by means of groups (Jensen): a rigorous enclosure up to rounding of
floats, exact up to n = 4. In the outcome-dependent model good means that the outcome is as guessed,
and for eps -> 0 the bias of fair outcomes is eps * sum_{k<n} C(2^(k+1), 2^k) 2^(-2^(k+1)) -> 1.8247 eps.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: Values kept in a distribution; more make the enclosure narrower.
POINTS = 768
#: What float arithmetic may have lost, relative.
ROUNDING = 1e-11
Weighted = tuple[Floats, Floats]


def select(good: npt.NDArray[np.bool_], heavy: float, generator: np.random.Generator) -> tuple[int, float]:
    """Return a leaf drawn by bits that lean towards good leaves, and the chance of a good one.

    `good` has 2^n entries; each bit takes the heavier side with chance `heavy` = 1/2 + eps.
    """
    values: list[Floats] = [good.astype(np.float64)]
    while len(values[-1]) > 1:
        pairs = values[-1].reshape(-1, 2)
        values.append(heavy * pairs.max(axis=1) + (1 - heavy) * pairs.min(axis=1))
    node = 0
    for level, u in zip(values[-2::-1], generator.random(len(values) - 1), strict=True):
        right_heavy = bool(level[2 * node + 1] > level[2 * node])
        node = 2 * node + (right_heavy == bool(u < heavy))
    return node, float(values[-1][0])


def reach_first(count: int, bits: int, heavy: float, generator: np.random.Generator) -> bool:
    """Return whether `bits` bits that lean towards the first `count` of 2^bits leaves reach one of them."""
    for bit, u in zip(reversed(range(bits)), generator.random(bits), strict=True):
        half = 2**bit
        if count >= 2 * half:
            return True
        # the left side has at least as many good leaves
        count = min(count, half) if u < heavy else max(count - half, 0)
    return count > 0


@lru_cache(maxsize=256)
def mean_value(chance: float, bits: int, heavy: float, first: int = 0) -> tuple[float, float]:
    """Return an enclosure of the mean of V over 2^bits leaves, each good with a `chance` of its own.

    The first `first` leaves are good for certain.
    """
    if heavy == 0.5:
        mean = chance + (1 - chance) * min(first, 2**bits) / 2**bits
        return mean, mean
    ends = []
    for upward in (False, True):
        values, weights = _distribution(chance, bits, heavy, min(first, 2**bits), upward)
        ends.append(float(values @ weights))
    return ends[0] * (1 - ROUNDING), min(1.0, ends[1] * (1 + ROUNDING))


def first_order_bias(bits: int) -> float:
    """Return the bias of fair outcomes divided by eps for eps -> 0, outcome-dependent selection."""
    return sum(comb(2 ** (k + 1), 2**k) / 2.0 ** (2 ** (k + 1)) if k < 9 else _tail(k) for k in range(bits))


def _tail(k: int) -> float:
    """Return C(2n, n) 4^-n for n = 2^k, large, by Stirling's series (relative error below n^-3)."""
    n = 2.0**k
    return float((np.pi * n) ** -0.5 * (1 - 1 / (8 * n) + 1 / (128 * n * n)))


def _distribution(chance: float, bits: int, heavy: float, first: int, upward: bool) -> Weighted:
    """Return the distribution of V, spread out (`upward`) or drawn together where it is too long."""
    if first == 2**bits:
        return np.array([1.0]), np.array([1.0])
    if first > 0:
        half = 2 ** (bits - 1)
        left = _distribution(chance, bits - 1, heavy, min(first, half), upward)
        right = _distribution(chance, bits - 1, heavy, max(first - half, 0), upward)
        return _joined(left, right, heavy, upward)
    return _fair(chance, bits, heavy, upward)


@lru_cache(maxsize=512)
def _fair(chance: float, bits: int, heavy: float, upward: bool) -> Weighted:
    if bits == 0:
        return np.array([0.0, 1.0]), np.array([1 - chance, chance])
    half = _fair(chance, bits - 1, heavy, upward)
    return _joined(half, half, heavy, upward)


def _joined(left: Weighted, right: Weighted, heavy: float, upward: bool) -> Weighted:
    x, y = left[0][:, None], right[0][None, :]
    values = (heavy * np.maximum(x, y) + (1 - heavy) * np.minimum(x, y)).ravel()
    weights = (left[1][:, None] * right[1][None, :]).ravel()
    # values that agree to 44 bits are one value
    values = (values.view(np.int64) & -256).view(np.float64)
    values, place = np.unique(values, return_inverse=True)
    weights = _collected(place.ravel(), weights, len(values))
    if len(values) <= POINTS:
        return values, weights
    grid = _grid(values, weights)
    return _spread(values, weights, grid) if upward else _gathered(values, weights, grid)


def _grid(values: Floats, weights: Floats) -> Floats:
    """Return at most POINTS of the values, dense where there is mass or where the mean comes from."""
    steps = np.linspace(0, 1, POINTS // 2)
    places = [
        np.searchsorted(np.cumsum(mass) / mass.sum(), steps) for mass in (weights, weights * values + 1e-300)
    ]
    return np.unique(
        np.concatenate([values[[0, -1]], values[np.minimum(np.concatenate(places), len(values) - 1)]])
    )


def _spread(values: Floats, weights: Floats, grid: Floats) -> Weighted:
    place = np.clip(np.searchsorted(grid, values, side="right") - 1, 0, len(grid) - 2)
    share = (values - grid[place]) / (grid[place + 1] - grid[place])
    below = _collected(place, weights * (1 - share), len(grid))
    return grid, below + _collected(place + 1, weights * share, len(grid))


def _gathered(values: Floats, weights: Floats, grid: Floats) -> Weighted:
    place = np.clip(np.searchsorted(grid, values, side="right") - 1, 0, len(grid) - 1)
    mass = _collected(place, weights, len(grid))
    mean = _collected(place, weights * values, len(grid))
    kept = mass > 0
    return mean[kept] / mass[kept], mass[kept]


def _collected(place: npt.NDArray[np.int64], weights: Floats, size: int) -> Floats:
    """Return the sums of the weights at each of `size` places."""
    return np.bincount(place, weights=weights, minlength=size).astype(np.float64)
