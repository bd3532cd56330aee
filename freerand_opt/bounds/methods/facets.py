"""Products of facets in cells, solved along a tree, over one of two labels or as they are; both ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from freerand_opt.attacks import turned
from freerand_opt.attacks.pairs import attack as search
from freerand_opt.attacks.pairs import hints_of
from freerand_opt.attacks.strategies import attack_form
from freerand_opt.bounds.methods.everywhere import offer_everywhere
from freerand_opt.bounds.methods.linear import multipliers, offer_prices
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.methods.ways import rational_scores
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.inner_point import inner_right
from freerand_opt.conic.linear import Hint, LinearProgram, sharpened
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Average, Shared
from freerand_opt.programs.box import deterministic_boxes
from freerand_opt.programs.boxes import cell_space
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.listed import of_moments
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import Strategies, over_boxes, over_cells
from freerand_opt.programs.turned import Half, half_of
from freerand_opt.programs.violations import optimum_of
from freerand_opt.solvers import linear_trees

#: Products of a source's facets with those of boxes beyond which their program is left out.
MOST_PRODUCTS = 200_000
#: The same over all guess labels: such a program is not solved in minutes.
MOST_OF_LABELS = 400_000


def facets(pool: Pool, options: Options) -> Iterator[None]:
    """Bound by products of facets in cells, and seek an attack box by box."""
    problem = pool.problem
    if problem.devices == "quantum" or any(of_moments(test) for test in problem.tests):
        return
    if isinstance(problem.source, Average | Shared):  # a list of points, taken by vertices
        return
    try:
        labels = few_labels(guesses_of(problem))
    except TooLargeError as error:
        pool.failures.append(f"products of facets: {error}")
        return
    outer, rational = rational_scores(problem)
    cone, space = source_cone(outer), cell_space(outer, labels)
    products = len(cone.names) * space.positive.shape[0]
    if products > MOST_PRODUCTS or labels * products > MOST_OF_LABELS:
        pool.failures.append(
            f"{labels} guess labels x {len(cone.names)} facets of the source x "
            f"{space.positive.shape[0]} of boxes: too many products"
        )
        return
    made = over_cells(outer, cone)
    words = (
        f"products of {len(made.cone.names)} facets of the source x {made.space.positive.shape[0]} of boxes"
    )
    half = half_of(made)
    program, hint, z = _solved(made, half, options)
    if hint.status == "optimal":
        pool.margin = optimum_of(problem, program, hint)
        yield
        offer_prices(pool, made, z, rational, "cells", words)
        yield
        yield from _attacks(pool, made, half, hint, options)
    elif problem.ask.quantity != "strategy":
        pool.contradicted = True
        yield


def _attacks(pool: Pool, made: Strategies, half: Half | None, hint: Hint, options: Options) -> Iterator[None]:
    """Seek attacks with boxes that are found at the prices of the program."""
    problem, hints = pool.problem, hints_of(made, hint)
    found = () if half is None or problem != made.problem else turned.attack(problem, hints, pool.height)
    if found:
        pool.offer_attack(attack_form(problem, found), "boxes and their images, found at its prices")
        yield
    found, why = search(problem, hints, pool.height)
    if why:
        pool.failures.append(f"boxes found at its prices: {why}")
    else:
        offer_everywhere(
            pool,
            found,
            lambda held: over_boxes(held, deterministic_boxes(held)),
            options,
            "boxes found at its prices",
        )
    yield


def _solved(
    made: Strategies, half: Half | None, options: Options
) -> tuple[LinearProgram, Hint, Sequence[Fraction]]:
    """Solve a program of cells: over half of its labels, along its source's tree, or as it is.

    Limits may be as near each other as a solver's tolerance, so a basis is made feasible beyond it.
    """
    by_tree = None if half is not None else _by_tree(made, options)
    if by_tree is not None:
        return *by_tree, multipliers(*by_tree)
    program, hint = settled(made.problem, made.program if half is None else half.first.program, options)
    right = inner_right(program)
    if right is not None:
        hint = sharpened(program, hint, right)
    z = multipliers(program, hint) if hint.status == "optimal" else ()
    if half is None or hint.status != "optimal":
        return program, hint, z[: len(made.program.names)]
    z = half.lifted(z)
    return made.program, half.hint(hint, z), z


def _by_tree(made: Strategies, options: Options) -> tuple[LinearProgram, Hint] | None:
    """Solve a large program along the tree of its source; None if it has none, or a solver was named."""
    asked = made.problem.ask.quantity != "strategy" and options.solver == "auto"
    trees = linear_trees.trees_of(made) if asked else None
    hint = None if trees is None else linear_trees.solve(made, trees, options.time_limit)
    return None if hint is None else (made.program, hint)
