r"""Attacks by a few vertices of a deep tree of bits, whose program is too large to be met exactly.

What each box holds of the tree in floats is taken apart, vertex by vertex: subtracting as much of one as the
shares of the rest allow makes a share more extreme. With these points, and what is observed, in place of the
tree, columns are pairs of a point and a box, and there are a few rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from freerand_opt.conic.linear import Hint
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Bits
from freerand_opt.programs.source_cone import by_costly
from freerand_opt.programs.strategies import Strategies, over_boxes

#: What is left of a box below this mass is left out.
LITTLE = 1e-9
#: Vertices that are used.
MOST_POINTS = 500


def over_few(made: Strategies, hint: Hint) -> Strategies | None:
    """Return the program over the boxes with a mass and the vertices that they use, and what is observed.

    What is observed is a point of the source, with which weights of the others are completed exactly. None
    for other sources than bits whose strings name each setting once.
    """
    problem, source = made.problem, made.problem.source
    count = problem.shape[0]
    if not isinstance(source, Bits) or problem.observed is None or sorted(source.leaves) != [*range(count)]:
        return None
    masses = hint.x[: len(made.labels) * made.cone.nodes].reshape(len(made.labels), made.cone.nodes)
    used = [k for k in range(len(masses)) if masses[k, 0] > LITTLE]
    points = dict.fromkeys([problem.observed])
    for k in used:
        for choices in taken_apart(masses[k], source):
            by_setting = dict(zip(source.leaves, vertex_of(choices, source), strict=True))
            points[tuple(by_setting[s] for s in range(count))] = None
    if len(points) > MOST_POINTS:
        return None
    kept = list(dict.fromkeys(made.space.boxes[k] for k in used))
    return over_boxes(problem, kept, by_costly([(point, ()) for point in points], (), count))


def taken_apart(masses: Floats, source: Bits) -> Iterator[list[np.ndarray]]:
    """Yield vertices that masses of nodes, in heap order, are a mixture of: which left children have more."""
    left = np.maximum(masses, 0.0)
    ranges = [(float(low), float(high)) for low, high in source.ranges]
    for _ in range(len(left)):
        if left[0] < LITTLE:
            return
        choices, vertex, most = [], np.ones(1), left[0]
        for depth, (low, high) in enumerate(ranges):
            first = 2**depth - 1
            above, child = left[first : 2 * first + 1], left[2 * first + 1 : 4 * first + 3 : 2]
            more, less = child - low * above, high * above - child  # of the first child
            chosen = more >= less
            room = np.where(chosen, more, less)
            if high > low:  # as much as the shares of what is left allow
                there = vertex > 0
                most = min(most, float((room[there] / vertex[there]).min()) / (high - low))
            share = np.where(chosen, high, low)
            vertex = np.stack([vertex * share, vertex * (1 - share)], axis=1).ravel()
            choices.append(chosen)
        yield choices
        if most <= 0:
            return
        held = vertex
        for depth in reversed(range(len(ranges) + 1)):
            start = 2**depth - 1
            left[start : 2 * start + 1] -= most * held
            held = held.reshape(-1, 2).sum(axis=1) if depth else held
        left = np.maximum(left, 0.0)


def vertex_of(choices: Sequence[np.ndarray], source: Bits) -> list[Fraction]:
    """Return the masses of strings."""
    found = [Fraction(1)]
    for chosen, (low, high) in zip(choices, source.ranges, strict=True):
        shares = [high if more else low for more in chosen.tolist()]
        found = [x * part for x, share in zip(found, shares, strict=True) for part in (share, 1 - share)]
    return found
