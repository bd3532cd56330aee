"""Where the nodes of an entropy's chords are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import log

from freerand_opt.model.problem import Ask

#: Nodes of the first chords, and of the finest.
FIRST, MOST = 8, 128


def even_nodes(count: int, values: int) -> list[Fraction]:
    """Return the nodes k/count; of two values those up to 1/2."""
    last = count // 2 if values == 2 else count - 1
    return [Fraction(k, count) for k in range(1, last + 1)]


def first_nodes(ask: Ask) -> list[Fraction]:
    """Return the nodes to begin with: F of a value that is known has its kink at the noise."""
    found = {*even_nodes(FIRST, ask.count), *([ask.noise] if ask.noise else [])}
    return sorted(found)


def finer(places: Sequence[Fraction], heights: Sequence[float], values: int) -> tuple[list[Fraction], float]:
    """Return up to twice as many nodes, halving where most is lost, and the bits lost at most; 0 for no more.

    F is convex, and at least 0 and K t - 1: between two nodes it lies above the chords beside them, which
    bounds what the chord between them loses.
    """
    points = [(float(t), h) for t, h in zip(places, heights, strict=True)]
    if values == 2:
        points += [(1 - t, h + 1 - 2 * t) for t, h in reversed(points) if t < 0.5]
    points = [(0.0, 0.0), *points, (1.0, values - 1.0)]
    slopes = [0.0, *((g - f) / (b - a) for (a, f), (b, g) in pairwise(points)), float(values)]
    lost: list[tuple[float, float, float]] = []
    for k, ((a, _), (b, _)) in enumerate(pairwise(points), 1):
        before, own, after = slopes[k - 1 : k + 2]
        gap = (own - before) * (after - own) * (b - a) / max(after - before, 1e-12) if after > before else 0.0
        lost.append((max(gap, 0.0) * (log(b / a) if a else 1.0) / 2 / log(2), a, b))
    found = set(places)
    for _, a, b in sorted(lost, reverse=True)[: max(len(places), 1)]:
        middle = (Fraction(a) + Fraction(b)) / 2
        found.add(min(middle, 1 - middle) if values == 2 else middle)
    return sorted(found), sum(loss for loss, _, _ in lost) if len(found) > len(places) else 0.0
