"""From a problem to its certified ends: an ordered list of methods, and one loop that keeps the best of all routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.bounds import linear, quantum
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.problem import Problem

#: A method offers ends to the pool, one at each step, until it has nothing more.
Method = Callable[[Pool, "Options"], Iterator[None]]


@dataclass(frozen=True)
class Options:
    """How far to go: the width of the bracket, seconds for each program, and what quantum devices need."""

    width: Fraction = Fraction(1, 10**9)
    time_limit: float | None = None
    solver: str = "auto"
    level: str = ""
    symmetry: tuple[str, ...] = ()


METHODS: tuple[tuple[str, Method], ...] = (
    ("moments", quantum.quantum),
    ("orbits of a cycle", linear.orbits),
    ("boxes of a cycle", linear.cycle_boxes),
    ("deterministic boxes", linear.deterministic),
    ("vertices of the source", linear.vertices),
    ("products of facets", linear.facets),
)


def bound(problem: Problem, options: Options | None = None) -> Pool:
    """Return the best ends that the methods find; a route can only improve an answer."""
    options = options or Options()
    pool = Pool(problem)
    for _, method in METHODS:
        for _ in method(pool, options):
            if pool.settled(options.width):
                return pool
    return pool
