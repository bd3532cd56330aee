"""The vertices of a source, in the order of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from freerand_opt.checker.failures import TooMuch, Work
from freerand_opt.checker.shared import Shared as KernelShared
from freerand_opt.checker.shared import corners, enclosed, nodes
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Bits, Limits, Mutual, Point, Product, Shared, Source

MOST_VERTICES = 2**15


def vertices(
    source: Source, settings: tuple[int, ...], observed: tuple[Fraction, ...] | None
) -> list[tuple[Fraction, ...]]:
    """Return the vertices as distributions of joint settings.

    Raise TooLargeError beyond 2^15 or where unknown.
    """
    count = prod(settings)
    if isinstance(source, Point):
        if source.values is not None:
            return [source.values]
        return [(Fraction(1, count),) * count]
    if isinstance(source, Bits):
        return _bits(source, count)
    if isinstance(source, Limits):
        return _limits(source)
    if isinstance(source, Mutual) and set(settings) == {2} and source.epsilon < Fraction(1, 2):
        return _mutual(len(settings), (1 + 2 * source.epsilon) / (1 - 2 * source.epsilon))
    if isinstance(source, Product):
        own = [vertices(part, (n,), None) for part, n in zip(source.parts, settings, strict=True)]
        _fits(prod(len(each) for each in own))
        return [tuple(prod(xs, start=Fraction(1)) for xs in product(*chosen)) for chosen in product(*own)]
    if isinstance(source, Shared):
        return _shared(source, settings)
    raise TooLargeError("the vertices of this source are not listed")


def _fits(count: int) -> None:
    if count > MOST_VERTICES:
        raise TooLargeError(f"the source has more than {MOST_VERTICES} vertices")


def surely_more(source: Source, most: int) -> bool:
    """Return whether a source of bits has more than `most` vertices, counted without listing them."""
    if not isinstance(source, Bits):
        return False
    free = sum(1 << depth for depth, (low, high) in enumerate(source.ranges) if low != high)
    return free >= most.bit_length()  # 2^free of them


def _bits(source: Bits, count: int) -> list[tuple[Fraction, ...]]:
    if surely_more(source, MOST_VERTICES):
        raise TooLargeError(f"the source has more than {MOST_VERTICES} vertices")
    result = []
    for leaves in bit_vertices(source.ranges):
        masses = [Fraction(0)] * count
        for s, mass in zip(source.leaves, leaves, strict=True):
            masses[s] += mass
        result.append(tuple(masses))
    return result


def bit_vertices(ranges: Sequence[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, ...]]:
    """Return the vertices of bits with these ranges, as distributions of strings."""
    found: list[tuple[Fraction, ...]] = [(Fraction(1),)]
    for low, high in reversed(ranges):
        ends = (low,) if low == high else (low, high)
        found = [
            (*(share * x for x in left), *((1 - share) * x for x in right))
            for share in ends
            for left in found
            for right in found
        ]
    return found


def _limits(source: Limits) -> list[tuple[Fraction, ...]]:
    size = len(source.lower)
    _fits(size << size)
    found: dict[tuple[Fraction, ...], None] = {}
    for rest in range(size):
        ends = [
            (low, high) if low != high else (low,)
            for low, high in zip(source.lower, source.upper, strict=True)
        ]
        ends[rest] = (Fraction(0),)
        for values in product(*ends):
            left = 1 - sum(values, Fraction(0))
            if source.lower[rest] <= left <= source.upper[rest]:
                found[(*values[:rest], left, *values[rest + 1 :])] = None
    return list(found)


def _shared(source: Shared, settings: tuple[int, ...]) -> list[tuple[Fraction, ...]]:
    """Return the points of a polytope around the source, or products of it, by its cuts."""
    held = KernelShared((settings[0], settings[1]), source.bound)
    try:
        around = enclosed(held, [str(m) for m in source.cuts], Work())
    except TooMuch as fault:
        raise TooLargeError(str(fault)) from None
    if not source.inside:
        return list(around.points)
    found: dict[tuple[Fraction, ...], None] = {}
    for piece, listed in nodes(held, source.cuts):
        for m in listed:
            found.update(dict.fromkeys(corners(held, piece, m, held.c / m)))
    return list(found)


def _mutual(parties: int, odds: Fraction) -> list[tuple[Fraction, ...]]:
    heights: list[list[int]] = [[0]]
    for x in range(1, 1 << parties):
        near = [x ^ 1 << b for b in range(parties) if x >> b & 1]
        heights = [
            [*held, d]
            for held in heights
            for d in (held[near[0]] - 1, held[near[0]] + 1)
            if all(abs(held[y] - d) == 1 for y in near)
        ]
        _fits(len(heights))
    found = []
    for held in heights:
        raw = [odds**d for d in held]
        found.append(tuple(x / sum(raw) for x in raw))
    return found
