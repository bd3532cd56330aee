"""Deterministic boxes at given weights, in floats: all of all parties but one, who replies best.

Where the source is not one distribution every box is valued, for its best distribution depends on the box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import prod

import numpy as np

from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Average, Bits, Limits, Point, Problem, Product, Shared
from freerand_opt.programs.box import Box
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.source_vertices import vertices

#: Boxes of the others, and boxes in all where each is valued, that are tried; boxes valued at a time.
MOST_OTHERS = 2**17
MOST_VALUED = 2**17
CHUNK = 2**13


def sizes_of(problem: Problem) -> list[int]:
    """Return each party's number of deterministic boxes."""
    return [d**n for n, d in zip(problem.settings, problem.outcomes, strict=True)]


def others_of(problem: Problem) -> int:
    """Return the number of boxes of all parties but the one with the most."""
    sizes = sizes_of(problem)
    return prod(sizes) // max(sizes)


def replies(problem: Problem, weights: Floats) -> tuple[Floats, Callable[[int], Box]]:
    """Return the weight of the best reply to each box of the others, and what writes that box out."""
    sizes = sizes_of(problem)
    last = max(range(len(sizes)), key=lambda p: (sizes[p], p))
    order = [p for p in range(len(sizes)) if p != last] + [last]
    tensor = weights.reshape(*problem.settings, *problem.outcomes)
    table = tensor.transpose(*order, *(len(order) + p for p in order))[None]
    for party in order[:-1]:
        rest = (table.ndim - 1) // 2
        rows = np.moveaxis(table, 1 + rest, 2)  # boxes so far, setting, outcome, the other parties
        held = rows[:, 0]
        for x in range(1, problem.settings[party]):
            held = (held[:, :, None] + rows[:, None, x]).reshape(len(rows), -1, *rows.shape[3:])
        table = held.reshape(-1, *rows.shape[3:])
    best = table.argmax(axis=2)

    def box(place: int) -> Box:
        answers: dict[int, tuple[int, ...]] = {last: tuple(best[place].tolist())}
        for p in reversed(order[:-1]):
            place, own = divmod(place, sizes[p])
            answers[p] = digits(own, problem.settings[p], problem.outcomes[p])
        return _box(problem, answers)

    return table.max(axis=2).sum(axis=1), box


def digits(number: int, count: int, base: int) -> tuple[int, ...]:
    """Return the digits of a number, the last fastest."""
    return tuple(number // base ** (count - 1 - k) % base for k in range(count))


def _box(problem: Problem, answers: dict[int, tuple[int, ...]]) -> Box:
    listed = tuple(answers[p] for p in range(len(problem.settings)))
    words = " ".join("".join(map(str, own)) for own in listed)
    return Box(listed, None, problem.settings, problem.outcomes, f"outcomes {words}")


def valued(
    problem: Problem, gains: Floats, most: Callable[[Floats], Floats]
) -> Iterator[tuple[Floats, Callable[[int], Box]]]:
    """Yield the value of every box, some thousand at a time: `most` of its gains by joint setting."""
    sizes = sizes_of(problem)
    settings = np.array(problem.joint_settings)
    for first in range(0, prod(sizes), CHUNK):
        numbers = np.arange(first, min(first + CHUNK, prod(sizes)))
        outcome = np.zeros((len(numbers), problem.shape[0]), dtype=int)
        later = prod(sizes)
        for p, (n, d) in enumerate(zip(problem.settings, problem.outcomes, strict=True)):
            later //= sizes[p]
            own = numbers // later % sizes[p]
            answer = own[:, None] // d ** (n - 1 - settings[None, :, p]) % d
            outcome = outcome * d + answer

        def box(place: int, start: int = first) -> Box:
            number, answers = start + place, {}
            for p in reversed(range(len(sizes))):
                number, own = divmod(number, sizes[p])
                answers[p] = digits(own, problem.settings[p], problem.outcomes[p])
            return _box(problem, answers)

        yield most(gains[np.arange(problem.shape[0])[None, :], outcome]), box


def largest_means(problem: Problem, prices: tuple[float, ...] = ()) -> Callable[[Floats], Floats]:
    """Return the function from rows of gains by joint setting to their largest means over the source.

    `prices` are those of bounds on average over W. Raise TooLargeError for a source that is not listed.
    """
    source = problem.source
    if isinstance(source, Bits):
        leaves, ranges = np.array(source.leaves), source.ranges
        return lambda rows: _fold(ranges, rows[:, leaves])
    if isinstance(source, Limits):
        lower, upper = (np.array([float(x) for x in own]) for own in (source.lower, source.upper))
        return lambda rows: _greedy(lower, upper, rows)
    costs = np.zeros(1)
    if isinstance(source, Average):
        cone = source_cone(problem)
        points = cone.masses.dense()
        costs = np.array(prices) @ cone.dear if prices else costs
    elif isinstance(source, Product | Point | Shared):
        found = vertices(source, problem.settings, problem.observed)
        points = np.array([[float(x) for x in own] for own in found]).T
    else:
        raise TooLargeError("the vertices of this source are not listed")
    return lambda rows: np.asarray((rows @ points - costs).max(axis=1))


def _fold(ranges: tuple[tuple[Fraction, Fraction], ...], level: Floats) -> Floats:
    for low, high in reversed(ranges):
        left, right = level[:, ::2], level[:, 1::2]
        share = np.where(left > right, float(high), float(low))
        level = share * left + (1 - share) * right
    return level[:, 0]


def _greedy(lower: Floats, upper: Floats, rows: Floats) -> Floats:
    order = np.argsort(-rows, axis=1)
    room = (upper - lower)[order]
    before = np.cumsum(room, axis=1) - room
    share = np.clip(1 - lower.sum() - before, 0, room)
    return np.asarray(rows @ lower + (share * np.take_along_axis(rows, order, axis=1)).sum(axis=1))
