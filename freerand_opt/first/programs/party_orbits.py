"""Orbits of joint settings and outcomes under exchanges of parties (docs/proofs/ghz-orbits.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import comb, prod
from typing import TypeAlias

from freerand_opt.first.model.functional import mermin_sign

#: (n00, n01, n10, n11): how many parties of a class have setting a and outcome b.
Counts: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True)
class Orbits:
    """The orbits of joint settings and outcomes: classes by size, and the parties outside them."""

    sizes: tuple[int, ...]
    outside: int

    @cached_property
    def states(self) -> tuple[tuple[Counts, ...], ...]:
        """Return the counts that each class can have, in order."""
        return tuple(tuple(counts(size)) for size in self.sizes)

    @cached_property
    def places(self) -> tuple[dict[Counts, int], ...]:
        """Return the place of each class's counts among its `states`."""
        return tuple({state: place for place, state in enumerate(each)} for each in self.states)

    @property
    def far(self) -> int:
        """Return the number of states (w, r) of the parties outside."""
        return 2 * (self.outside + 1) if self.outside else 1

    @property
    def count(self) -> int:
        """Return the number of orbits."""
        return prod(comb(size + 3, 3) for size in self.sizes) * self.far

    def column(self, inside: Sequence[Counts], w: int, r: int) -> int:
        """Return the place of an orbit: classes in order, the first slowest, then w, then r."""
        place = 0
        for own, places in zip(inside, self.places, strict=True):
            place = place * len(places) + places[own]
        return place * self.far + (2 * w + r if self.outside else 0)

    def far_states(self) -> list[tuple[int, int]]:
        """Return (w, r) in order."""
        return [(w, r) for w in range(self.outside + 1) for r in (0, 1)] if self.outside else [(0, 0)]


def counts(size: int) -> Iterator[Counts]:
    """Yield all (n00, n01, n10, n11) that sum to `size`, in lexicographic order."""
    for a in range(size + 1):
        for b in range(size + 1 - a):
            for c in range(size + 1 - a - b):
                yield a, b, c, size - a - b - c


def orbit_states(orbits: Orbits) -> Iterator[tuple[tuple[tuple[Counts, ...], int, int], bool]]:
    """Yield ((classes' counts, w, r), whether a relation is broken) in column order."""
    for inside in product(*orbits.states):
        ones = sum(own[2] + own[3] for own in inside)
        odd = sum(own[1] + own[3] for own in inside)
        for w, r in orbits.far_states():
            wanted = mermin_sign((1,) * (ones + w))
            yield (inside, w, r), wanted != 0 and (-1) ** (odd + r) != wanted
