r"""All extreme no-signalling boxes of a scenario, exactly, by the double description method.

In the coordinates of Collins and Gisin (arXiv:quant-ph/0306129) no-signalling boxes are the points of a cone
:math:`\{x : P_x(o|s) \ge 0\}` with mass 1. Half-spaces are added one by one: rays inside stay, and each edge
between a ray inside and one outside is cut; two rays are the ends of an edge if no third one lies on all the
facets that they share (Fukuda and Prodon 1996). Integers throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.behaviours.behaviour import Behaviour
from freerand_opt.model.scenario import AnyScenario, Scenario
from freerand_opt.programs.boxes import cell_matrix

#: Most rays that are held at a time, and most probabilities P(o|s) of a scenario.
MOST_RAYS, MOST_CELLS = 2**15, 2**8
Ray = tuple[int, ...]


def extreme_boxes(scenario: AnyScenario) -> tuple[Behaviour, ...]:
    """Return every extreme no-signalling box of a scenario, in order; raise TooLargeError beyond 2^15 rays.

    >>> len(extreme_boxes(Scenario((2, 2), (2, 2))))
    24
    """
    count, width = scenario.shape
    if count * width > MOST_CELLS:
        raise TooLargeError(f"{count * width} probabilities P(o|s); boxes of at most {MOST_CELLS} are listed")
    matrix = cell_matrix(scenario)
    found = []
    facets = [tuple(int(row.get(k, 0)) for k in range(matrix.shape[1])) for row in matrix.by_row()]
    for ray in _rays(list(dict.fromkeys(facets))):
        values = [Fraction(_dot(row, ray), ray[0]) for row in facets]
        found.append(tuple(tuple(values[s * width : (s + 1) * width]) for s in range(count)))
    plain = Scenario(*scenario.sizes)
    return tuple(Behaviour(plain, rows) for rows in sorted(found))


def _rays(rows: Sequence[Ray]) -> list[Ray]:
    """Return the extreme rays of the cone where all rows are at least 0.

    The simplex with every coordinate at least 0, and their sum at most their number, holds all boxes.
    """
    n = len(rows[0]) - 1
    places = [tuple(int(j == k) for j in range(n + 1)) for k in range(1, n + 1)]
    done: list[Ray] = [*places, (n, *(-1,) * n)]
    rays: list[Ray] = [(1, *(0,) * n), *((1, *(n * x for x in place[1:])) for place in places)]
    for row in rows:
        if row not in places:
            rays = _cut(rays, done, row)
            done.append(row)
    return rays


def _cut(rays: list[Ray], before: Sequence[Ray], row: Ray) -> list[Ray]:
    """Return the rays of the part of a cone where one more row is at least 0."""
    values = [_dot(row, ray) for ray in rays]
    if min(values) >= 0:
        return rays
    masks = _masks(rays, before)
    inside, outside = (np.array([k for k, x in enumerate(values) if s * x > 0], dtype=int) for s in (1, -1))
    found = [ray for ray, x in zip(rays, values, strict=True) if x >= 0]
    least = len(row) - 2
    for i in inside:
        shared = masks[outside] & masks[i]
        near = np.bitwise_count(shared).sum(axis=1) >= least
        for j, common in zip(outside[near], shared[near], strict=True):
            if (((masks & common) == common).all(axis=1)).sum() == 2:
                found.append(_between(rays[i], values[i], rays[j], values[j]))
        if len(found) > MOST_RAYS:
            raise TooLargeError(f"more than {MOST_RAYS} extreme boxes on the way; they are not listed")
    return found


def _between(one: Ray, x: int, other: Ray, y: int) -> Ray:
    """Return the coprime ray between two at which a row is 0, where its values are x > 0 and y < 0."""
    mixed = [x * q - y * p for p, q in zip(one, other, strict=True)]
    common = gcd(*mixed)
    return tuple(z // common for z in mixed)


def _masks(rays: Sequence[Ray], rows: Sequence[Ray]) -> np.ndarray:
    """Return by ray on which rows it is 0, as bits of 64-bit words (sets, no numbers)."""
    words = -(-len(rows) // 64)
    found = np.zeros((len(rays), words), dtype=np.uint64)
    for k, ray in enumerate(rays):
        for w in range(words):
            bits = sum(1 << j for j, row in enumerate(rows[64 * w : 64 * w + 64]) if _dot(row, ray) == 0)
            found[k, w] = bits
    return found


def _dot(row: Ray, ray: Ray) -> int:
    return sum(x * y for x, y in zip(row, ray, strict=True) if x)
