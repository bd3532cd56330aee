"""From a problem to its certified ends.

An ordered list of methods, and one loop that keeps the best of all routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from threadpoolctl import threadpool_limits

from freerand_opt.bounds import linear
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.shown import shown
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Average, FullSupport, Problem, Shared
from freerand_opt.model.quantities import ENTROPY

#: A method offers ends to the pool, one at each step, until it has nothing more.
Method = Callable[[Pool, Options], Iterator[None]]


def _late(home: str, name: str, applies: Callable[[Problem], bool] | None = None) -> Method:
    """Return a method whose file is loaded when the method first applies."""

    def method(pool: Pool, options: Options) -> Iterator[None]:
        if applies is None or applies(pool.problem):
            yield from getattr(import_module(f"freerand_opt.bounds.{home}"), name)(pool, options)

    return method


def _shares_information(problem: Problem) -> bool:
    return isinstance(problem.source, Average) and problem.source.information


def _shares_none(problem: Problem) -> bool:
    return not _shares_information(problem)


def _is_quantum(problem: Problem) -> bool:
    return problem.devices == "quantum" and _shares_none(problem)


def _departure(pool: Pool, options: Options) -> Iterator[None]:
    """Bound what is not over a list of boxes by the departure that a bound on information implies."""
    if _shares_information(pool.problem):
        from freerand_opt.bounds.information import by_departures

        yield from by_departures(pool, lambda problem: corridor(problem, options))


#: The methods in order, those that cost more after those that cost less.
METHODS: tuple[tuple[str, Method], ...] = (
    ("observed settings", shown),
    ("moments", _late("quantum", "quantum", _is_quantum)),
    ("paths to the edges of a cycle", _late("edges", "paths", lambda problem: problem.devices == "local")),
    ("orbits of a cycle", linear.orbits),
    ("boxes of a cycle", linear.cycle_boxes),
    ("deterministic boxes", linear.deterministic),
    ("vertices of the source", linear.vertices),
    (
        "full support",
        _late("full_support", "full_support", lambda problem: isinstance(problem.source, FullSupport)),
    ),
    ("products of facets", linear.facets),
    ("departure for information", _departure),
)
OF_ENTROPIES: tuple[tuple[str, Method], ...] = (
    ("observed settings", shown),
    ("not negative", _late("entropies", "trivial")),
    (
        "chords of moments",
        _late("entropies", "chords_of_moments", _shares_none),
    ),
    ("chords of sets", _late("shannon", "chords_of_sets", _shares_none)),
)
OF_CURVED: tuple[tuple[str, Method], ...] = (
    ("observed settings", shown),
    ("points around the source", _late("curved", "curved")),
)
OF_MANY: tuple[tuple[str, Method], ...] = (("relations", _late("relations", "relations")),)


def corridor(problem: Problem | Many, options: Options) -> Pool:
    """Return the best ends that the methods find; a route can only improve an answer."""
    # matrices are small: threads that wait for each other cost more than they bring
    with threadpool_limits(1):
        return _corridor(problem, options)


def _corridor(problem: Problem | Many, options: Options) -> Pool:
    pool = Pool(problem, options.width, options.relative)
    methods = OF_MANY if isinstance(problem, Many) else METHODS
    if isinstance(problem, Problem) and problem.ask.quantity == ENTROPY:
        methods = OF_ENTROPIES
    elif isinstance(problem, Problem) and isinstance(problem.source, Shared):
        methods = OF_CURVED
    for _, method in methods:
        for _ in method(pool, options):
            if options.margin_only and pool.margin is not None:
                return pool
            if pool.settled:
                return pool
            if pool.contradicted:
                return _impossible(pool, options)
    return pool


def _impossible(pool: Pool, options: Options) -> Pool:
    """Prove that no strategy passes the tests, so that nothing can be asked of it."""
    found = corridor(pool.problem.exists, options)
    if found.impossible and found.upper is not None:
        pool.offer_upper(found.upper, f"no strategy: {found.how['upper']}")
    return pool
