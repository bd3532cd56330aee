"""The methods in the order in which a question is tried; the file of one is loaded when it first applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Average, Bits, FullSupport, Point, Problem, Shared
from freerand_opt.model.quantities import ENTROPY

#: A method offers ends to the pool, one at each step, until it has nothing more.
Method = Callable[[Pool, Options], Iterator[None]]


def _late(
    home: str, name: str, applies: Callable[[Problem], bool] | None = None, *, closed: bool = False
) -> Method:
    """Return a method whose file is loaded when the method first applies.

    Matrices are small: threads that wait for each other cost more than they bring. A closed form has none.
    """

    def method(pool: Pool, options: Options) -> Iterator[None]:
        if applies is not None and not applies(pool.problem):
            return
        steps = getattr(import_module(f"freerand_opt.bounds.methods.{home}"), name)
        if closed:
            yield from steps(pool, options)
            return
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            yield from steps(pool, options)

    return method


def shares_information(problem: Problem) -> bool:
    """Return whether information with W is bounded, which only lists of boxes are solved with."""
    return isinstance(problem.source, Average) and problem.source.information


def _shares_none(problem: Problem) -> bool:
    return not shares_information(problem)


def _is_quantum(problem: Problem) -> bool:
    return problem.devices == "quantum" and _shares_none(problem)


def _is_local(problem: Problem) -> bool:
    return problem.devices == "local"


def _is_no_signalling(problem: Problem) -> bool:
    return problem.devices == "no-signalling"


def _settings_are_open(problem: Problem) -> bool:
    """Return whether it is not plain that the source shows the observed settings."""
    source = problem.source
    if problem.observed is None:
        return False
    if isinstance(source, Point):
        return source.values != problem.observed and not (source.values is None and problem.even)
    halves = isinstance(source, Bits) and all(low + high == 1 for low, high in source.ranges)
    return not (problem.even and halves and isinstance(source, Bits) and source.order is not None)


_SHOWN = _late("shown", "shown", _settings_are_open)
#: The methods in order, those that cost more after those that cost less.
METHODS: tuple[tuple[str, Method], ...] = (
    ("observed settings", _SHOWN),
    (
        "full support",
        _late("full_support", "full_support", lambda problem: isinstance(problem.source, FullSupport)),
    ),
    ("moments", _late("quantum", "quantum", _is_quantum)),
    ("paths to the edges of a cycle", _late("edges", "paths", _is_local, closed=True)),
    ("closed form of leakage", _late("leakage", "leakage", _is_no_signalling, closed=True)),
    ("orbits of a cycle", _late("linear", "orbits")),
    ("boxes of a cycle", _late("linear", "cycle_boxes")),
    ("deterministic boxes", _late("linear", "deterministic")),
    ("vertices of the source", _late("linear", "vertices")),
    ("products of facets", _late("facets", "facets")),
)
OF_ENTROPIES: tuple[tuple[str, Method], ...] = (
    ("observed settings", _SHOWN),
    ("not negative", _late("entropies", "trivial")),
    (
        "chords of moments",
        _late("entropies", "chords_of_moments", _shares_none),
    ),
    ("chords of sets", _late("shannon", "chords_of_sets", _shares_none)),
)
OF_CURVED: tuple[tuple[str, Method], ...] = (
    ("observed settings", _SHOWN),
    ("points around the source", _late("curved", "curved")),
)
OF_MANY: tuple[tuple[str, Method], ...] = (("relations", _late("relations", "relations")),)


def methods_of(problem: Problem | Many) -> tuple[tuple[str, Method], ...]:
    """Return the methods for a problem, by name and in order."""
    if isinstance(problem, Many):
        return OF_MANY
    if problem.ask.quantity == ENTROPY:
        return OF_ENTROPIES
    return OF_CURVED if isinstance(problem.source, Shared) else METHODS
