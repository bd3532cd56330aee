"""Whether masses are those of a distribution of a source."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import lcm, prod

from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.shared import Shared
from freerand_opt.checker.sources import Average, Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.vectors import Vector, over, summed, total


def check_masses(source: Source, masses: Vector[Fraction], work: Work, where: str) -> None:
    """Raise Rejected unless masses P(w) P(s|w) are of a distribution of the source, times P(w)."""
    if any(x < 0 for x in masses.but.values()) or (masses.default or 0) < 0:
        raise Rejected(f"{where}: a mass is negative")
    if isinstance(source, Average):
        return  # any distribution; the bounds are on average
    if isinstance(source, Point):
        weight = total(masses)
        work.spend(len(source.values.but), where)
        for s in _indices(masses, source.values):
            if masses[s] != weight * source.values[s]:
                raise Rejected(f"{where}: the masses are not proportional to the source's only distribution")
        return
    work.spend(2 * masses.length, where)
    values = masses.values()
    if isinstance(source, Bits):
        _check_bits(source, values, where)
    elif isinstance(source, Limits):
        weight = summed(values)
        for s, mass in enumerate(values):
            if not source.lower[s] * weight <= mass <= source.upper[s] * weight:
                raise Rejected(f"{where}: P({s}|w) is outside its limits")
    elif isinstance(source, Rows):
        if source.full and sum(values, Fraction(0)) and not all(values):
            raise Rejected(f"{where}: a setting has probability 0")
        for row, equal in zip(source.rows, source.equal, strict=True):
            work.spend(len(row), where)
            left = sum((factor * values[s] for s, factor in row.items()), Fraction(0))
            if left < 0 or (equal and left):
                raise Rejected(f"{where}: an inequality of the source is broken")
    else:
        _check_product(source, values, work, where)


def _indices(masses: Vector[Fraction], values: Vector[Fraction]) -> Iterator[int]:
    """Return the indices at which two vectors may differ from their defaults, and one more."""
    special = {*masses.but, *values.but}
    yield from special
    yield from (s for s in range(len(special) + 1) if s not in special and s < masses.length)


def _check_bits(source: Bits, values: list[Fraction], where: str) -> None:
    """Check the one distribution on the leaves that the masses name; leaves must name different settings."""
    if not source.different:
        raise Rejected(f"{where}: several strings name one setting, so masses are given as a flow")
    unit = lcm(*(x.denominator for x in values))
    level = [over(values[s], unit) for s in source.leaves]
    if sum(values) * unit != sum(level):
        raise Rejected(f"{where}: a setting that no string names has a mass")
    for ends in reversed(source.ranges):
        unit = lcm(*(x.denominator for x in ends))
        low, high = (over(x, unit) for x in ends)
        nodes = []
        for left, right in zip(level[::2], level[1::2], strict=True):
            node = left + right
            if not low * node <= unit * left <= high * node:
                raise Rejected(f"{where}: a bit is more biased than the source allows")
            nodes.append(node)
        level = nodes


def _check_product(source: Product | Shared, values: list[Fraction], work: Work, where: str) -> None:
    unit = lcm(*(x.denominator for x in values))
    whole = [over(x, unit) for x in values]
    weight = sum(whole)
    marginals = [[0] * n for n in source.sizes]
    strings = list(product(*(range(n) for n in source.sizes)))
    for digits, mass in zip(strings, whole, strict=True):
        for marginal, x in zip(marginals, digits, strict=True):
            marginal[x] += mass
    if isinstance(source, Shared) and max(whole) > source.bound * weight:
        raise Rejected(f"{where}: a joint setting is likelier than the source allows")
    for part, marginal in zip(source.parts, marginals, strict=True) if isinstance(source, Product) else ():
        held = {x: Fraction(mass, unit) for x, mass in enumerate(marginal)}
        check_masses(part, Vector(len(marginal), None, held), work, where)
    for digits, mass in zip(strings, whole, strict=True):
        shares = prod([marginal[x] for marginal, x in zip(marginals, digits, strict=True)])
        if mass * weight ** (len(marginals) - 1) != shares:
            raise Rejected(f"{where}: the parties' settings are not independent given w")
