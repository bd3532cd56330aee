"""The vertices of a source, in the order of certificates: the kernel lists them."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from freerand_opt.checker.failures import Rejected, TooMuch, Work
from freerand_opt.checker.shared import Shared as KernelShared
from freerand_opt.checker.shared import corners, enclosed, nodes
from freerand_opt.checker.sources import read_source
from freerand_opt.checker.vertices import ENTRY
from freerand_opt.checker.vertices import vertices as kernel_vertices
from freerand_opt.errors import TooLargeError
from freerand_opt.model.certificate_form import source_form
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
        return [source.values or (Fraction(1, count),) * count]
    if isinstance(source, Shared):
        return _shared(source, settings)
    if not isinstance(source, Bits | Limits | Mutual | Product):
        raise TooLargeError("the vertices of this source are not listed")
    most = f"the source has more than {MOST_VERTICES} vertices"
    if surely_more(source, MOST_VERTICES):
        raise TooLargeError(most)
    # all vertices and, of bits, those of their parts
    work = Work(2 * ENTRY * MOST_VERTICES * count)
    try:
        found = kernel_vertices(read_source(source_form(source, observed, count), settings, None, work), work)
    except TooMuch:
        raise TooLargeError(most) from None
    except Rejected:
        raise TooLargeError("the vertices of this source are not listed") from None
    if len(found) > MOST_VERTICES:
        raise TooLargeError(most)
    return [tuple(vertex) for vertex in found]


def surely_more(source: Source, most: int) -> bool:
    """Return whether a source of bits has more than `most` vertices, counted without listing them."""
    if not isinstance(source, Bits):
        return False
    free = sum(1 << depth for depth, (low, high) in enumerate(source.ranges) if low != high)
    return free >= most.bit_length()  # 2^free of them


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
