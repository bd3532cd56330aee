"""Extreme distributions of bits in one time order, and products of them, as S P(s|w) by joint setting."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from freerand_opt.errors import TooLargeError
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import PerParty, SanthaVazirani, Uniform, bit_count, leaf_settings

#: More vertices of a source than this are not enumerated.
MAX_VERTICES = 256


def tree_vertices(source: SanthaVazirani, scenario: Scenario) -> tuple[tuple[Fraction, ...], ...]:
    """Return the extreme distributions of bits in one time order; n bits have 2^(2^n - 1)."""
    settings = scenario.shape[1]
    if source.epsilon == 0:
        return ((Fraction(1),) * settings,)
    bits = bit_count(scenario)
    if 2 ** (2**bits - 1) > MAX_VERTICES:
        raise TooLargeError(f"a Santha-Vazirani source of {bits} bits has 2^{2**bits - 1} vertices")
    leaves = leaf_settings(scenario, source)
    most, least = 1 + 2 * source.epsilon, 1 - 2 * source.epsilon
    found = []
    for choice in product((0, 1), repeat=2**bits - 1):
        masses = [Fraction(1)] * (2 ** (bits + 1) - 1)
        for node, bit in enumerate(choice):
            masses[2 * node + 1 + bit] = masses[node] * most
            masses[2 * node + 2 - bit] = masses[node] * least
        vertex = [Fraction(0)] * settings
        for place, setting in enumerate(leaves):
            vertex[setting] = masses[2**bits - 1 + place]
        found.append(tuple(vertex))
    return tuple(found)


def product_vertices(source: PerParty, scenario: Scenario) -> tuple[tuple[Fraction, ...], ...]:
    """Return all products of the parties' extreme distributions."""
    parts = []
    count = 1
    for part, size in zip(source.parts, scenario.settings, strict=True):
        alone = Scenario((size,), (1,))
        free = ((Fraction(1),) * size,)
        parts.append(free if isinstance(part, Uniform) else tree_vertices(part, alone))
        count *= len(parts[-1])
        if count > MAX_VERTICES:
            raise TooLargeError(f"a product of sources with more than {MAX_VERTICES} vertices")
    found = []
    for choice in product(*parts):
        vertex = []
        for settings in scenario.joint_settings:
            value = Fraction(1)
            for own, setting in zip(choice, settings, strict=True):
                value *= own[setting]
            vertex.append(value)
        found.append(tuple(vertex))
    return tuple(dict.fromkeys(found))
