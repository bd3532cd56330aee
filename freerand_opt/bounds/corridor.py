"""From a problem to its certified ends.

An ordered list of methods, and one loop that keeps the best of all routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from threadpoolctl import threadpool_limits

from freerand_opt.bounds import linear
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.shown import shown
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Average, FullSupport, Problem, Shared
from freerand_opt.model.quantities import ENTROPY

#: Why entropies have no end above 0 where information with W is bounded: the kernel knows extreme boxes
#: there, and no nodes, but neither is sought.
NO_INFORMATION = (
    "no bound of an entropy is sought where information is at most c; ask with the departure "
    "sqrt(c ln 2 / 2) that it implies"
)
#: A method offers ends to the pool, one at each step, until it has nothing more.
Method = Callable[[Pool, Options], Iterator[None]]


def _moments(pool: Pool, options: Options) -> Iterator[None]:
    """Bound quantum devices; what linear programs do not need is loaded here."""
    source = pool.problem.source
    if pool.problem.devices == "quantum" and not (isinstance(source, Average) and source.information):
        from freerand_opt.bounds.quantum import quantum

        yield from quantum(pool, options)


def _curved(pool: Pool, options: Options) -> Iterator[None]:
    from freerand_opt.bounds.curved import curved

    yield from curved(pool, options)


def _full_support(pool: Pool, options: Options) -> Iterator[None]:
    if isinstance(pool.problem, Problem) and isinstance(pool.problem.source, FullSupport):
        from freerand_opt.bounds.full_support import full_support

        yield from full_support(pool, options)


def _relations(pool: Pool, options: Options) -> Iterator[None]:
    from freerand_opt.bounds.relations import relations

    yield from relations(pool, options)


def _paths(pool: Pool, options: Options) -> Iterator[None]:
    if pool.problem.devices == "local":
        from freerand_opt.bounds.edges import paths

        yield from paths(pool, options)


def _entropies(pool: Pool, options: Options) -> Iterator[None]:
    """Bound entropies: not negative, chords of moments, chords of sets."""
    from freerand_opt.bounds import entropies, shannon

    yield from entropies.trivial(pool, options)
    source = pool.problem.source
    if isinstance(source, Average) and source.information:
        pool.failures.append(NO_INFORMATION)
        return
    for method in (entropies.chords_of_moments, shannon.chords_of_sets):
        yield from method(pool, options)


def _departure(pool: Pool, options: Options) -> Iterator[None]:
    """Bound what is not over a list of boxes by the departure that a bound on information implies."""
    if isinstance(pool.problem.source, Average) and pool.problem.source.information:
        from freerand_opt.bounds.information import by_departures

        yield from by_departures(pool, lambda problem: corridor(problem, options))


METHODS: tuple[tuple[str, Method], ...] = (
    ("observed settings", shown),
    ("moments", _moments),
    ("paths to the edges of a cycle", _paths),
    ("orbits of a cycle", linear.orbits),
    ("boxes of a cycle", linear.cycle_boxes),
    ("deterministic boxes", linear.deterministic),
    ("vertices of the source", linear.vertices),
    ("full support", _full_support),
    ("products of facets", linear.facets),
    ("departure for information", _departure),
)
OF_ENTROPIES: tuple[tuple[str, Method], ...] = (
    ("observed settings", shown),
    ("entropies", _entropies),
)
OF_CURVED: tuple[tuple[str, Method], ...] = (
    ("observed settings", shown),
    ("points around the source", _curved),
)
OF_MANY: tuple[tuple[str, Method], ...] = (("relations", _relations),)


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
