"""Rows by which boxes in coordinates of orbits of parties pass a test of GHZ relations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, prod

from freerand_opt.model.functional import mermin_sign
from freerand_opt.programs.party_orbits import Counts, Orbits, orbit_states
from freerand_opt.programs.program import Labels, Rows, integer_rows


def normalised(orbits: Orbits, labels: int) -> Rows:
    """Return the row by which probabilities at settings 0 sum to 1."""
    chosen = [
        place
        for place, ((inside, w, _), _) in enumerate(orbit_states(orbits))
        if w == 0 and all(own[2] == own[3] == 0 for own in inside)
    ]
    entries = ((0, g * orbits.count + place, Fraction(1)) for g in range(labels) for place in chosen)
    matrix, right = integer_rows(entries, [Fraction(1)], labels * orbits.count)
    return Rows("zero", matrix, right, Labels("normalised", ()))


def whole_behaviour(orbits: Orbits, labels: int) -> Rows:
    """Return the rows by which the boxes of all guesses add up to the behaviour of the GHZ state."""
    parties = sum(orbits.sizes) + orbits.outside
    right = []
    for (inside, w, r), _ in orbit_states(orbits):
        strings = prod(comb(a + b, b) * comb(c + d, d) for a, b, c, d in inside)
        strings *= 2 ** (orbits.outside - 1) if orbits.outside else 1
        wanted = mermin_sign((1,) * (w + sum(own[2] + own[3] for own in inside)))
        odd = r + sum(own[1] + own[3] for own in inside)
        right.append(Fraction(strings * (1 + wanted * (-1) ** odd), 2**parties))
    entries = (
        (place, g * orbits.count + place, Fraction(1)) for place in range(orbits.count) for g in range(labels)
    )
    matrix, bounds = integer_rows(entries, right, labels * orbits.count)
    return Rows("zero", matrix, bounds, Labels("observed {0}", (tuple(map(str, range(orbits.count))),)))


def broken_relations(orbits: Orbits, labels: int, violated: Fraction) -> Rows:
    """Return the row by which wrong outcomes have at most a total weight, summed over all settings."""
    weights = {
        place: comb(orbits.outside, w) * prod(comb(sum(own), own[2] + own[3]) for own in inside)
        for place, ((inside, w, _), wrong) in enumerate(orbit_states(orbits))
        if wrong
    }
    entries = (
        (0, g * orbits.count + place, Fraction(weight))
        for g in range(labels)
        for place, weight in weights.items()
    )
    matrix, right = integer_rows(entries, [violated], labels * orbits.count)
    return Rows("nonnegative", matrix, right, Labels("broken relations", ()))


def at_settings(inside: Sequence[Counts], w: int, settings: Sequence[int]) -> bool:
    """Return whether an orbit is of joint settings with these of each class, and 0 outside."""
    return not w and not any(
        own[2 - 2 * a] or own[3 - 2 * a] for own, a in zip(inside, settings, strict=True)
    )


def seen_at(orbits: Orbits, labels: int, settings: Sequence[int]) -> Rows:
    """Return the rows by which outcomes of the parties inside are seen as of the GHZ state, at settings."""
    places: dict[tuple[Counts, ...], list[int]] = {}
    for place, ((inside, w, _), _) in enumerate(orbit_states(orbits)):
        if at_settings(inside, w, settings):
            places.setdefault(inside, []).append(place)
    ones = sum(size * a for size, a in zip(orbits.sizes, settings, strict=True))
    wanted = 0 if orbits.outside else mermin_sign((1,) * ones)
    right = []
    for inside in places:
        strings = prod(comb(a + b, b) * comb(c + d, d) for a, b, c, d in inside)
        odd = sum(own[1] + own[3] for own in inside)
        right.append(Fraction(strings * (1 + wanted * (-1) ** odd), 2 ** sum(orbits.sizes)))
    entries = (
        (row, g * orbits.count + place, Fraction(1))
        for row, held in enumerate(places.values())
        for g in range(labels)
        for place in held
    )
    matrix, bounds = integer_rows(entries, right, labels * orbits.count)
    return Rows("zero", matrix, bounds, Labels("seen {0}", (tuple(map(str, range(len(right)))),)))
