"""Extreme rays of a cone in the nonnegative orthant, by double description in integers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

Row = tuple[int, ...]


class TooManyRaysError(Exception):
    """The cone has more extreme rays on the way than a small formulation should hold."""


def integral(row: Sequence[Fraction | int]) -> Row:
    """Return a positive multiple in integers without a common factor."""
    fractions = [Fraction(value) for value in row]
    bottom = lcm(*(value.denominator for value in fractions))
    whole = [int(value * bottom) for value in fractions]
    divisor = gcd(*whole) or 1
    return tuple(value // divisor for value in whole)


def extreme_rays(
    dimension: int, equalities: Sequence[Row], inequalities: Sequence[Row], limit: int = 3000
) -> list[Row]:
    """Return the extreme rays of {x >= 0 : every equality . x = 0, every inequality . x >= 0}.

    Rays are kept with the set of constraints that they meet with equality; two are adjacent if no third one
    meets all that both do (Fukuda and Prodon, 1996).
    """
    rays = {
        tuple(int(i == j) for j in range(dimension)): ((1 << dimension) - 1) ^ (1 << i)
        for i in range(dimension)
    }
    bit = dimension
    for row, equal in [*((row, True) for row in equalities), *((row, False) for row in inequalities)]:
        values = {ray: sum(a * x for a, x in zip(row, ray, strict=True)) for ray in rays}
        rays = _cut(rays, values, equal, bit, dimension - 2 - len(equalities))
        bit += 1
        if len(rays) > limit:
            raise TooManyRaysError(f"{len(rays)} rays")
    return list(rays)


def _cut(rays: dict[Row, int], values: dict[Row, int], equal: bool, bit: int, least: int) -> dict[Row, int]:
    """Return the rays of the cone on one side of a hyperplane, or on it, with what they meet."""
    kept = {ray: tight | (1 << bit) for ray, tight in rays.items() if values[ray] == 0}
    if not equal:
        kept |= {ray: tight for ray, tight in rays.items() if values[ray] > 0}
    above = [(ray, tight) for ray, tight in rays.items() if values[ray] > 0]
    below = [(ray, tight) for ray, tight in rays.items() if values[ray] < 0]
    sets = list(rays.values())
    for up, tight_up in above:
        for down, tight_down in below:
            common = tight_up & tight_down
            if common.bit_count() < least or sum(common & tight == common for tight in sets) > 2:
                continue
            a, b = values[up], -values[down]
            made = integral([b * x + a * y for x, y in zip(up, down, strict=True)])
            kept[made] = common | (1 << bit)
    return kept


def points(
    dimension: int, equalities: Sequence[Row], inequalities: Sequence[Row], limit: int = 3000
) -> list[tuple[Fraction, ...]]:
    """Return the rays scaled to sum 1: the vertices of the cone's distributions."""
    found = extreme_rays(dimension, equalities, inequalities, limit)
    return [tuple(Fraction(x, sum(ray)) for x in ray) for ray in found]
