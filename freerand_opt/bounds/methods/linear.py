"""Methods by linear programs, each a generator that offers ends to the pool step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.pairs import inner
from freerand_opt.attacks.strategies import strategies
from freerand_opt.bounds.methods.everywhere import offer_everywhere
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.methods.shares import shared
from freerand_opt.bounds.methods.ways import rational_scores, upper_form
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.proofs import rounded
from freerand_opt.conic.basis import exact_multipliers
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import Hint, LinearProgram
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Average, Bits, Point, Problem, Rows, Shared
from freerand_opt.programs.boxes import cell_space
from freerand_opt.programs.cycle import cycle_of
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.listed import ListedBoxes, boxes_of_local, boxes_on_cycle
from freerand_opt.programs.ratios import sums_ratios
from freerand_opt.programs.source_cone import Cone, vertex_cone
from freerand_opt.programs.source_vertices import surely_more
from freerand_opt.programs.strategies import Strategies, over_boxes, over_cells
from freerand_opt.programs.violations import optimum_of

#: Sources with more vertices than this are taken by their facets first.
FEW_VERTICES = 64
#: Columns beyond which the program by vertices is left out.
MOST_COLUMNS = 60_000
#: Columns of cells beyond which products of facets are the faster way.
MOST_CELLS = 30_000
#: Violations, in all, that floats take for none.
PASSES = 1e-12
#: What is said where floats found a strategy and its numbers were not found exactly.
INEXACT = "the solver's basis gives no exact strategy"


def orbits(pool: Pool, options: Options) -> Iterator[None]:
    """Count errors on a cycle with bits in one time order: both ends by orbits."""
    shape = None
    if isinstance(pool.problem.source, Bits) and cycle_of(pool.problem) is not None:
        from freerand_opt.bounds.methods import shapes  # what other questions do not need

        with suppress(TooLargeError):
            shape = shapes.orbits(pool.problem)
    if shape is None:
        return
    program, hint = settled(pool.problem, shape.program, options)
    pool.margin = optimum_of(pool.problem, program, hint)
    yield
    rows, columns = shape.program.matrix.shape

    def above() -> None:
        pool.offer_upper(shape.upper(multipliers(program, hint)[:rows]), shape.words)

    def below() -> None:
        x = inner_point(program, hint)
        if x is not None:
            pool.offer_attack(shape.attack(x[:columns]), shape.words)
        else:
            pool.failures.append(f"{shape.words}: {INEXACT}")

    for end in (below, above) if _passes(pool.problem, program, hint) else (above, below):
        end()
        yield


def cycle_boxes(pool: Pool, options: Options) -> Iterator[None]:
    """Take the boxes of a cycle, whatever the source: both ends."""
    listed = None
    with suppress(TooLargeError):
        listed = boxes_on_cycle(pool.problem, MOST_COLUMNS)
    if listed is not None:
        yield from _both_ends(pool, options, listed)


def deterministic(pool: Pool, options: Options) -> Iterator[None]:
    """Take all deterministic boxes of local devices, and the whole source: both ends."""
    try:
        listed = boxes_of_local(pool.problem)
    except TooLargeError:
        from freerand_opt.attacks.columns import generated

        try:
            boxes = generated(rational_scores(pool.problem)[0])
        except TooLargeError as error:
            pool.failures.append(f"deterministic boxes: {error}")
            return
        words = f"{len(boxes)} deterministic boxes, generated; all tried"
        listed = ListedBoxes("deterministic", boxes, words)
    if listed is not None:
        yield from _both_ends(pool, options, listed)


def _both_ends(pool: Pool, options: Options, listed: ListedBoxes) -> Iterator[None]:
    def made_for(held: Problem, cone: Cone | None = None) -> Strategies:
        return over_boxes(held, listed.boxes, cone)

    more = {} if listed.edges is None else {"edges": listed.edges}
    yield from _complete(pool, options, made_for, listed.way, listed.words, **more)


def vertices(pool: Pool, options: Options) -> Iterator[None]:
    """Take no-signalling boxes in cells at each vertex of a source that has few: both ends."""
    problem = pool.problem
    if problem.devices != "no-signalling" or isinstance(problem.source, Rows):
        return
    if isinstance(problem.source, Average) and problem.source.information:
        return
    if surely_more(problem.source, FEW_VERTICES):
        return
    try:
        cone = vertex_cone(problem)
        labels = few_labels(guesses_of(problem))
    except TooLargeError as error:
        pool.failures.append(f"vertices of the source: {error}")
        return
    space = cell_space(problem, labels)
    many = cone.nodes > FEW_VERTICES and not isinstance(problem.source, Average | Shared)
    if many or cone.nodes * space.width * labels > MOST_CELLS:
        size = f"{cone.nodes} x {space.width} cells x {labels} guess labels"
        pool.failures.append(f"vertices of the source: {size}, too many")
        return

    def made_for(held: Problem) -> Strategies:
        return over_cells(held, cone if held.source == problem.source else vertex_cone(held))

    words = f"{cone.nodes} vertices of the source x {space.width} cells"
    by_vertices = not isinstance(problem.source, Point)
    yield from _complete(pool, options, made_for, "cells", words, vertices=by_vertices)


def _complete(
    pool: Pool, options: Options, made_for: Any, way: str, words: str, **more: Any
) -> Iterator[None]:
    """Solve a complete program once for the bound, and for the attack with scores on the strict side."""
    problem = pool.problem
    if isinstance(problem.source, Average) and problem.source.information:
        from freerand_opt.bounds.methods.information import by_information  # it has a solver of its own

        yield from by_information(pool, made_for, way, words, more.get("edges"))
        return
    outer, rational = rational_scores(problem)
    made = made_for(outer)
    program, hint = settled(problem, made.program, options)
    if hint.status != "optimal":
        pool.failures.append(f"{words}: {hint.status.lower()}")
        if problem.ask.quantity != "strategy":
            pool.contradicted = True
            yield
        return
    pool.margin = optimum_of(pool.problem, program, hint)
    yield
    first = _passes(problem, program, hint)
    if not first:
        offer(pool, made, program, hint, rational, way, words, **more)
        yield
    if any(sums_ratios(problem, test) for test in problem.tests):
        yield from shared(pool, options, made, hint, made_for, words)
        return
    strict = inner(problem)
    within = made if strict == outer else made_for(strict)
    solved = (program, hint) if strict == outer else settled(problem, within.program, options)
    x = inner_point(*solved)
    if x is not None:
        found = strategies(within, x[: within.program.matrix.shape[1]])
        offer_everywhere(pool, found, made_for, options, words)
    else:
        pool.failures.append(f"{words}: {INEXACT}")
    yield
    if first:
        offer(pool, made, program, hint, rational, way, words, **more)
        yield


def _passes(problem: Problem, program: LinearProgram, hint: Hint) -> bool:
    """Return whether a strategy is asked for and floats find one: it is sought before a proof of none."""
    if problem.ask.quantity != "strategy" or any(sums_ratios(problem, test) for test in problem.tests):
        return False
    return sum(float(worth) * float(hint.x[k]) for k, worth in program.objective.items()) > -PASSES


def offer(
    pool: Pool,
    made: Strategies,
    program: LinearProgram,
    hint: Hint,
    rational: dict[int, Any],
    way: str,
    words: str,
    **more: Any,
) -> None:
    """Offer the bound of a program's multipliers, or the proof that there is no strategy."""
    offer_prices(
        pool, made, multipliers(program, hint)[: made.program.matrix.shape[0]], rational, way, words, **more
    )


def offer_prices(
    pool: Pool,
    made: Strategies,
    z: Sequence[Fraction],
    rational: dict[int, Any],
    way: str,
    words: str,
    **more: Any,
) -> None:
    """Offer the bound of multipliers, or the proof that there is no strategy."""
    claim = "none" if pool.problem.ask.quantity == "strategy" else "bound"
    pool.offer_folded(upper_form(pool.problem, made, z, rational, way, claim, **more), words)


def multipliers(program: LinearProgram, hint: Hint) -> Sequence[Fraction]:
    """Return exact multipliers, those of a basis or rounded ones."""
    if hint.named is not None:
        return rounded(hint.named)
    exact = exact_multipliers(program, hint)
    return rounded(hint.multipliers) if exact is None else exact
