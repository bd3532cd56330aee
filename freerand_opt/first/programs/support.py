r"""The support function of a source, max over its distributions of sum_s g(s) S P(s|w), and samples.

Exact where gains are fractions: a backward recursion on the tree of bits for Santha-Vazirani
sources, filling up from the largest gain for bounds on each probability, a simplex for rows. For
parties that are independent given W the recursion is repeated party by party until nothing
improves: the result is a distribution of the source, but perhaps not its best. A mutual source
whose vertices are not enumerated gets such a product too.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random

from freerand_opt.errors import TooLargeError
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import (
    Inequalities,
    MeasurementDependence,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
    leaf_settings,
)
from freerand_opt.first.programs.simplex import best_point
from freerand_opt.first.programs.vertices import source_vertices


def best_distribution(source: Source, scenario: Scenario, gains: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return S P(s|w) by joint setting of a distribution with the largest gain (see above for products)."""
    if isinstance(source, Uniform):
        return (Fraction(1),) * scenario.shape[1]
    if isinstance(source, SanthaVazirani):
        return _best_flow(source, scenario, gains)
    if isinstance(source, MeasurementDependence):
        return _filled(source, gains)
    if isinstance(source, PerParty):
        return _best_product(source, scenario, gains)
    if isinstance(source, Inequalities):
        return _best_of_rows(source, gains)
    try:
        return max(source_vertices(source, scenario), key=lambda vertex: gain(gains, vertex))
    except TooLargeError:
        own = SanthaVazirani(source.epsilon, "interleaved", source.bits)
        return _best_product(PerParty((own,) * len(scenario.settings)), scenario, gains)


def gain(gains: Sequence[Fraction], masses: Sequence[Fraction]) -> Fraction:
    """Return sum_s gains(s) masses(s)."""
    return sum((g * m for g, m in zip(gains, masses, strict=True)), Fraction(0))


def _best_flow(source: SanthaVazirani, scenario: Scenario, gains: Sequence[Fraction]) -> tuple[Fraction, ...]:
    leaves = leaf_settings(scenario, source)
    most, least = 1 + 2 * source.epsilon, 1 - 2 * source.epsilon
    values = [gains[s] for s in leaves]
    choices: list[list[bool]] = []
    while len(values) > 1:
        pairs = list(zip(values[::2], values[1::2], strict=True))
        choices.append([left >= right for left, right in pairs])
        values = [(max(pair) * most + min(pair) * least) / 2 for pair in pairs]
    masses = [Fraction(1)]
    for level in reversed(choices):
        masses = [
            mass * (most if (left == first) else least)
            for mass, first in zip(masses, level, strict=True)
            for left in (True, False)
        ]
    found = [Fraction(0)] * len(leaves)
    for s, mass in zip(leaves, masses, strict=True):
        found[s] = mass
    return tuple(found)


def _filled(source: MeasurementDependence, gains: Sequence[Fraction]) -> tuple[Fraction, ...]:
    settings = len(gains)
    low, high = source.lower * settings, source.upper * settings
    masses = [low] * settings
    left = settings - low * settings
    for s in sorted(range(settings), key=lambda place: gains[place], reverse=True):
        masses[s] += min(left, high - low)
        left -= masses[s] - low
    return tuple(masses)


def _best_of_rows(source: Inequalities, gains: Sequence[Fraction]) -> tuple[Fraction, ...]:
    rows = []
    for terms, limit in source.rows:
        row: dict[int, Fraction] = {}
        for s, factor in terms:  # a setting may occur twice
            row[s] = row.get(s, Fraction(0)) + factor
        rows.append((row, limit * len(gains)))
    found = best_point(rows, Fraction(len(gains)), gains)
    if found is None:
        raise ValueError("no distribution obeys all rows of the source")
    return found


def _best_product(source: PerParty, scenario: Scenario, gains: Sequence[Fraction]) -> tuple[Fraction, ...]:
    parts = [(Fraction(1),) * size for size in scenario.settings]
    best, value = _product(parts, scenario), None
    while value is None or gain(gains, best) > value:
        value = gain(gains, best)
        for party, part in enumerate(source.parts):
            own = [Fraction(0)] * scenario.settings[party]
            for s, settings in enumerate(scenario.joint_settings):
                weight = gains[s]
                for other, setting in enumerate(settings):
                    if other != party:
                        weight *= parts[other][setting]
                own[settings[party]] += weight
            parts[party] = best_distribution(part, Scenario((scenario.settings[party],), (1,)), own)
        best = _product(parts, scenario)
    return best


def _product(parts: Sequence[Sequence[Fraction]], scenario: Scenario) -> tuple[Fraction, ...]:
    found = []
    for settings in scenario.joint_settings:
        value = Fraction(1)
        for own, setting in zip(parts, settings, strict=True):
            value *= own[setting]
        found.append(value)
    return tuple(found)


def sample(source: Source, scenario: Scenario, random: Random) -> tuple[Fraction, ...]:
    """Return a random distribution of the source, S P(s|w) by joint setting, exact."""
    if isinstance(source, PerParty):
        return _product(
            [
                sample(part, Scenario((size,), (1,)), random)
                for part, size in zip(source.parts, scenario.settings, strict=True)
            ],
            scenario,
        )
    weights = [Fraction(random.randrange(1, 20)) for _ in range(3)]
    points = [
        best_distribution(
            source, scenario, [Fraction(random.randrange(-50, 50)) for _ in range(scenario.shape[1])]
        )
        for _ in weights
    ]
    total = sum(weights)
    return tuple(
        sum((w * point[s] for w, point in zip(weights, points, strict=True)), Fraction(0)) / total
        for s in range(scenario.shape[1])
    )
