"""From a problem to its certified ends: one loop over the methods, which keeps the best of all routes."""

from __future__ import annotations

from collections.abc import Iterator

from freerand_opt.bounds.methods import METHODS, methods_of, shares_information
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Problem


def corridor(problem: Problem | Many, options: Options) -> Pool:
    """Return the best ends that the methods find; a route can only improve an answer."""
    pool = Pool(problem, options.width, options.relative)
    methods = methods_of(problem)
    if methods is METHODS and shares_information(pool.problem):
        methods = (*methods, ("departure for information", _departure))
    for _, method in methods:
        for _ in method(pool, options):
            if options.margin_only and pool.margin is not None:
                return pool
            if pool.settled:
                return pool
            if pool.contradicted:
                return _impossible(pool, options)
    return pool


def _departure(pool: Pool, options: Options) -> Iterator[None]:
    """Bound what is not over a list of boxes by the departure that a bound on information implies."""
    from freerand_opt.bounds.methods.information import by_departures

    yield from by_departures(pool, lambda problem: corridor(problem, options))


def _impossible(pool: Pool, options: Options) -> Pool:
    """Prove that no strategy passes the tests, so that nothing can be asked of it."""
    found = corridor(pool.problem.exists, options)
    if found.impossible and found.upper is not None:
        pool.offer_upper(found.upper, f"no strategy: {found.how['upper']}")
    return pool
