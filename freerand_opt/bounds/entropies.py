"""The method for entropies: nodes of chords bound them from below, explicit strategies from above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import log, log2

from freerand_opt.bounds.leaks import Prices, leaks
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.chords import nodes_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.chords import chords
from freerand_opt.conic.duals import exact_dual
from freerand_opt.conic.solution import Dual
from freerand_opt.model.problem import Problem
from freerand_opt.programs.entropies import Chords, parties_moments
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.solvers.choose import solver_named

#: Nodes of the first chords, and of the finest.
FIRST, MOST = 8, 128


def trivial(pool: Pool, options: Options) -> Iterator[None]:
    """Offer that an entropy of outcomes is not negative."""
    pool.offer_upper({"claim": "bound", "nodes": []}, "no entropy of outcomes is negative")
    yield


def chords_of_moments(pool: Pool, options: Options) -> Iterator[None]:
    """Offer chords whose nodes are relaxations with the adversary as one more party, finer and finer."""
    problem = pool.problem
    if problem.devices != "quantum" or problem.ask.side != "quantum":
        return
    places, sought = even_nodes(FIRST, problem.ask.count), False
    while True:
        made = program_of(problem, options.level, places)
        solution = solver_named(options.solver)(made.program, options.time_limit)
        dual = exact_dual(made.program, solution)
        nodes = nodes_form(made, dual)
        pool.offer_upper(
            {"claim": "bound", "nodes": nodes}, f"{len(nodes)} nodes of chords, level {options.level}"
        )
        # more than an output can have: no strategy passes
        pool.contradicted = solution.status == "infeasible" or -pool.height > log2(problem.ask.count) + 1e-6
        yield
        places, left = finer(places, made.heights(solution.x), problem.ask.count, float(options.width) / 2)
        if not sought and not pool.contradicted:
            yield from leaks(pool, options, prices_at(made, dual))
            sought = True
        if not left or len(places) > MOST:
            return


def prices_at(made: Chords, dual: Dual) -> Prices:
    """Return the prices of tests, in bits."""
    names = enumerate(made.program.names)
    return {
        name[1:]: float(dual.values.get(row, 0)) / log(2)
        for row, name in names
        if isinstance(name, tuple) and name[0] == "test"
    }


def program_of(problem: Problem, level: str, places: Sequence[Fraction]) -> Chords:
    """Return the program of all nodes, coupled."""
    weights = chords(list(places), problem.ask.count)[1]
    return Chords(problem, cone_of(problem), parties_moments(problem, level), tuple(places), tuple(weights))


def even_nodes(count: int, values: int) -> list[Fraction]:
    """Return the nodes k/count; of two values those up to 1/2."""
    last = count // 2 if values == 2 else count - 1
    return [Fraction(k, count) for k in range(1, last + 1)]


def finer(
    places: Sequence[Fraction], heights: Sequence[float], values: int, width: float
) -> tuple[list[Fraction], bool]:
    """Return up to twice as many nodes, halving where most is lost, and whether that is more than `width`.

    F is convex, and at least 0 and K t - 1: between two nodes it lies above the chords beside them, which
    bounds what the chord between them loses.
    """
    points = [(float(t), h) for t, h in zip(places, heights, strict=True)]
    if values == 2:
        points += [(1 - t, h + 1 - 2 * t) for t, h in reversed(points) if t < 0.5]
    points = [(0.0, 0.0), *points, (1.0, values - 1.0)]
    slopes = [0.0, *((g - f) / (b - a) for (a, f), (b, g) in pairwise(points)), float(values)]
    lost: list[tuple[float, float, float]] = []
    for k, ((a, _), (b, _)) in enumerate(pairwise(points), 1):
        before, own, after = slopes[k - 1 : k + 2]
        gap = (own - before) * (after - own) * (b - a) / max(after - before, 1e-12) if after > before else 0.0
        lost.append((max(gap, 0.0) * (log(b / a) if a else 1.0) / 2 / log(2), a, b))
    found = set(places)
    left = sum(loss for loss, _, _ in lost) > width
    for _, a, b in sorted(lost, reverse=True)[: max(len(places), 1)]:
        middle = (Fraction(a) + Fraction(b)) / 2
        found.add(min(middle, 1 - middle) if values == 2 else middle)
    return sorted(found), left and len(found) > len(places)
