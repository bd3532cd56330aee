r"""Finding the relabellings that a question has, in small scenarios.

Functionals are compared without the part on which normalised no-signalling behaviours agree: for each
party, a function of the setting alone counts by its mean only. What is left is moved by relabellings
like the behaviour itself. All relabellings of all parties but one are tried; that one's is then read off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product
from math import factorial, prod
from typing import TypeAlias

import numpy as np

from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Parties
from freerand_opt.programs.symmetry.generators import Generator, Image

#: Relabellings tried, and elements of the group that are listed, at most.
MAX_TRIED = 40_000
MAX_ORDER = 20_000
#: A relabelling of one party: for each setting (new setting, new outcomes).
Own: TypeAlias = tuple[tuple[int, tuple[int, ...]], ...]


def found_generators(scenario: Parties, functionals: Sequence[Floats]) -> list[Generator]:
    """Return generators of all relabellings that keep each functional, given as arrays [o, s].

    Raise TooLargeError if there are too many candidates.
    """
    parties = len(scenario.settings)
    sizes = [
        factorial(n) * factorial(d) ** n for n, d in zip(scenario.settings, scenario.outcomes, strict=True)
    ]
    last = max(range(parties), key=sizes.__getitem__)
    orders = [
        order
        for order in permutations(range(parties))
        if all(_shape(scenario, p) == _shape(scenario, q) for p, q in enumerate(order))
    ]
    tried = len(orders) * prod(sizes) // sizes[last]
    if tried > MAX_TRIED:
        raise TooLargeError(f"{tried} relabellings are more than {MAX_TRIED}; name generators instead")
    tensor = np.stack([_essential(scenario, table) for table in functionals], axis=-1)
    group: set[Generator] = {_identity(scenario)}
    kept: list[Generator] = []
    for order in orders:
        for held in _matching(scenario, tensor, order, last):
            if held not in group:
                kept.append(held)
                group = _generated(scenario, kept)
                if len(group) > MAX_ORDER:
                    return kept
    return kept


def _shape(scenario: Parties, party: int) -> tuple[int, int]:
    return scenario.settings[party], scenario.outcomes[party]


def _identity(scenario: Parties) -> Generator:
    return Generator(
        tuple(
            tuple((p, s, tuple(range(d))) for s in range(n))
            for p, (n, d) in enumerate(zip(scenario.settings, scenario.outcomes, strict=True))
        )
    )


def _essential(scenario: Parties, table: Floats) -> Floats:
    """Return a functional as a tensor with one axis a party, (setting, outcome), without its idle part."""
    parties = len(scenario.settings)
    held = table.reshape(*scenario.outcomes, *scenario.settings)
    for p in range(parties):
        means = held.mean(axis=p, keepdims=True)
        held = held - means + means.mean(axis=parties + p, keepdims=True)
    held = held.transpose([axis for p in range(parties) for axis in (parties + p, p)])
    shape = [n * d for n, d in zip(scenario.settings, scenario.outcomes, strict=True)]
    return np.round(held.reshape(shape) / max(float(np.abs(held).max()), 1e-300), 9) + 0.0


def _matching(scenario: Parties, tensor: Floats, order: tuple[int, ...], last: int) -> Iterator[Generator]:
    """Yield for each relabelling of the others one of the party `last`; party p goes to order[p]."""
    others = [p for p in range(len(order)) if p != last]
    # axis q of `moved` is what the party that goes to q had
    moved = tensor.transpose([*(order.index(q) for q in range(len(order))), len(order)])
    target = _slices(tensor, order[last])
    for chosen in product(*(_own(scenario, p) for p in others)):
        held = moved
        for p, own in zip(others, chosen, strict=True):
            # entry (new setting, new outcome) of the image is the old one
            d = scenario.outcomes[p]
            old = np.empty(len(own) * d, dtype=np.int64)
            for s, (new, outcomes) in enumerate(own):
                for o, other in enumerate(outcomes):
                    old[new * d + other] = s * d + o
            held = held.take(old, axis=order[p])
        rest = _read(scenario, last, _slices(held, order[last]), target)
        if rest is not None:
            images: list[tuple[Image, ...]] = [()] * len(order)
            for p, party in [*zip(others, chosen, strict=True), (last, rest)]:
                images[p] = tuple((order[p], new, outcomes) for new, outcomes in party)
            yield Generator(tuple(images))


def _own(scenario: Parties, party: int) -> Iterator[Own]:
    n, d = _shape(scenario, party)
    for settings in permutations(range(n)):
        for outcomes in product(permutations(range(d)), repeat=n):
            yield tuple(zip(settings, outcomes, strict=True))


def _slices(tensor: Floats, axis: int) -> list[bytes]:
    rows = np.moveaxis(tensor, axis, 0)
    return [np.ascontiguousarray(row).tobytes() for row in rows]


def _read(scenario: Parties, party: int, old: list[bytes], new: list[bytes]) -> Own | None:
    """Return how the party's settings and outcomes go from the slices `old` to `new`, or None."""
    n, d = _shape(scenario, party)
    free = list(range(n))
    found: list[tuple[int, tuple[int, ...]]] = []
    for s in range(n):
        mine = old[s * d : (s + 1) * d]
        there = next((t for t in free if sorted(new[t * d : (t + 1) * d]) == sorted(mine)), None)
        if there is None:
            return None
        free.remove(there)
        places = list(range(d))
        outcomes = []
        for held in mine:
            place = next(o for o in places if new[there * d + o] == held)
            places.remove(place)
            outcomes.append(place)
        found.append((there, tuple(outcomes)))
    return tuple(found)


def _generated(scenario: Parties, generators: Sequence[Generator]) -> set[Generator]:
    """Return the group, or its first elements beyond `MAX_ORDER`."""
    one = _identity(scenario)
    group, fresh = {one}, [one]
    while fresh and len(group) <= MAX_ORDER:
        fresh = [made for held in fresh for g in generators if (made := _after(g, held)) not in group]
        fresh = list(dict.fromkeys(fresh))
        group.update(fresh)
    return group


def _after(second: Generator, first: Generator) -> Generator:
    return Generator(
        tuple(
            tuple(_through(second.images[q][t], outcomes) for q, t, outcomes in party)
            for party in first.images
        )
    )


def _through(image: Image, outcomes: tuple[int, ...]) -> Image:
    return image[0], image[1], tuple(image[2][o] for o in outcomes)
