"""The method for entropies: nodes of chords bound them from below, explicit strategies from above."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from math import log, log2

from freerand_opt.bounds.methods.leaks import Prices, leaks
from freerand_opt.bounds.methods.nodes import MOST, finer, first_nodes
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.chords import nodes_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.chords import chords
from freerand_opt.checker.failures import Work
from freerand_opt.checker.quadrature import quadrature
from freerand_opt.conic.duals import exact_dual
from freerand_opt.conic.solution import Dual
from freerand_opt.model.problem import Average, Kept, Point, Problem
from freerand_opt.programs.entropies import Chords, parties_moments
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.programs.quadrature import Quadrature, radau_nodes
from freerand_opt.solvers.choose import solver_named

#: Why entropies have no end above 0 where information with W is bounded: the kernel knows extreme boxes
#: there, and no nodes, but neither is sought.
NO_INFORMATION = (
    "no bound of an entropy is sought where information is at most c; ask with the departure "
    "sqrt(c ln 2 / 2) that it implies"
)
#: Operators of a node that are put into one matrix at most.
MOST_CROSSED = 4
#: More nodes of chords than these are drawn where quadratures do not pay.
FEW = 32
#: Nodes of quadratures before 1, and the columns of the largest program that is solved for one.
RULES, MOST_COLUMNS = (7, 11), 4000


def trivial(pool: Pool, options: Options) -> Iterator[None]:
    """Offer that an entropy of outcomes is not negative."""
    pool.offer_upper({"claim": "bound", "nodes": []}, "no entropy of outcomes is negative")
    yield
    source = pool.problem.source
    if isinstance(source, Average) and source.information:
        pool.failures.append(NO_INFORMATION)


def chords_of_moments(pool: Pool, options: Options) -> Iterator[None]:
    """Offer chords whose nodes are relaxations with the adversary as one more party, finer and finer."""
    problem = pool.problem
    if problem.devices != "quantum" or problem.ask.side != "quantum":
        return
    places, width = first_nodes(problem.ask), float(options.width)
    # at a CHSH score crossed operators tell nothing more, of a whole behaviour they do
    kept = any(isinstance(test, Kept) for test in problem.tests)
    ruled = False
    cross, alone = False, None  # whether operators are crossed, and what the first nodes show if they are not
    while True:
        made = program_of(problem, options.level, places, cross=cross)
        solution = solver_named(options.solver)(made.program, options.time_limit)
        dual = exact_dual(made.program, solution)
        nodes = nodes_form(made, dual)
        pool.offer_upper(
            {"claim": "bound", "nodes": nodes},
            f"{len(nodes)} nodes of chords, level {options.level}" + ", operators crossed" * cross,
        )
        # more than an output can have: no strategy passes
        pool.contradicted = solution.status == "infeasible" or -pool.height > log2(problem.ask.count) + 1e-6
        yield
        heights, count = made.heights(solution.x), len(places)
        base, weights = chords(list(places), problem.ask.count)
        hoped = (float(base) - sum(float(c) * f for c, f in zip(weights, heights, strict=True))) / log(2)
        more, lost = finer(places, heights, problem.ask.count)
        if alone is None and not pool.contradicted:
            yield from leaks(pool, options, prices_at(made, dual))
            alone = hoped
            cross = -pool.top - hoped - lost > width / 2 and made.letters <= MOST_CROSSED and kept
            if cross:
                continue
        if cross and hoped - (alone or 0) < width / 8:
            cross = False  # finer nodes gain more
        places = more
        if lost <= width / 2 or len(places) > (MOST // 2 if cross else MOST):
            short = max(hoped + pool.height, 0.0)
            pool.failures.append(
                f"{count} nodes lose at most {lost:.1e} bits, the solver {short:.1e}; the rest is the "
                f"level's ({options.level}) or the strategies'"
            )
            return
        # where strategies or the level leave more than the width it would not be reached
        near = -pool.top - hoped - lost <= width
        if len(places) > FEW and near and not ruled and not pool.contradicted:
            ruled = True
            if (yield from quadratures(pool, options)):
                return


def quadratures(pool: Pool, options: Options) -> Generator[None, None, bool]:
    """Offer quadratures, and return whether they are still better than chords; see docs/entropies.md."""
    problem, found = pool.problem, False
    ask = problem.ask
    fixed = len(ask.of) == 1 and not ask.noise and (ask.at is not None or ask.told)
    for count in RULES if fixed and isinstance(problem.source, Point) else ():
        made = ruled_program(problem, options.level, radau_nodes(count))
        if made.program.columns > MOST_COLUMNS:
            return False
        dual = exact_dual(made.program, solver_named(options.solver)(made.program, options.time_limit))
        form = {"claim": "bound", "rule": "quadrature", "nodes": nodes_form(made, dual)}
        found = pool.offer_upper(form, f"quadrature of {count + 1} nodes, level {options.level}")
        yield
        if not found:
            return False
    if found:
        pool.failures.append(
            f"a quadrature of {RULES[-1] + 1} nodes shows more than chords; the rest is the rule's, the "
            f"solver's, the level's ({options.level}) or the strategies'"
        )
    return found


def prices_at(made: Chords, dual: Dual) -> Prices:
    """Return the prices of tests, in bits."""
    names = enumerate(made.program.names)
    return {
        name[1:]: float(dual.values.get(row, 0)) / log(2)
        for row, name in names
        if isinstance(name, tuple) and name[0] == "test"
    }


def program_of(problem: Problem, level: str, places: Sequence[Fraction], *, cross: bool = False) -> Chords:
    """Return the program of all nodes, coupled; `cross`: with moments of two of the adversary's operators."""
    weights = chords(list(places), problem.ask.count)[1]
    moments = parties_moments(problem, level)
    return Chords(problem, cone_of(problem), moments, tuple(places), tuple(weights), cross)


def ruled_program(problem: Problem, level: str, places: Sequence[Fraction]) -> Quadrature:
    """Return the program of a quadrature's nodes, coupled."""
    weights = quadrature(list(places), Work())[1]
    return Quadrature(
        problem, cone_of(problem), parties_moments(problem, level), tuple(places), tuple(weights)
    )
