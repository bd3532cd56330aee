r"""Sources of full support: the guess at one setting of a behaviour that is kept whole.

.. math:: G_0 = \max \sum_g z_g(X = g | o) \;:\; \sum_g z_g(\cdot | o) = P(\cdot | o), \quad
   z_g(x|s) = 0 \text{ wherever } P(x|s) = 0

over unnormalised no-signalling boxes z_g. It is the supremum over all sources with P(s|w) > 0, approached by
strategies that choose the setting o with all but a weight delta of their guesses
(docs/proofs/full-support.md). Other questions, too, have suprema that no strategy need attain: for those
every setting is given at least a small share, and the strategies of that source come close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from freerand_opt.attacks.pairs import inner
from freerand_opt.attacks.strategies import Strategy, attack_form, strategies
from freerand_opt.bounds.methods.linear import offer
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Kept, Limits, Problem
from freerand_opt.programs.box import Box, deterministic_boxes
from freerand_opt.programs.source_cone import source_cone, vertex_cone
from freerand_opt.programs.strategies import Strategies, over_boxes, over_cells

#: Weight of the other settings among those of a guess.
DELTA = Fraction(1, 2**40)
#: The least share of a setting where the strategies of a source with such limits are taken.
LEAST = Fraction(1, 2**26)


def full_support(pool: Pool, options: Options) -> Iterator[None]:
    """Offer the bound of the program with zeros, then the strategies that come close to it."""
    problem = pool.problem
    from freerand_opt.programs.moments import forced_zeros

    width = problem.shape[1]
    zeros = {zero.setting * width + zero.outcome: zero.test for zero in forced_zeros(problem)}
    try:
        made = over_cells(problem, source_cone(problem), zeros)
    except TooLargeError:
        return
    program, hint = settled(problem, made.program, options)
    if hint.status != "optimal":
        pool.contradicted = problem.ask.quantity != "strategy"
        yield
        return
    words = f"full support, {len(zeros)} zeros"
    offer(pool, made, program, hint, {}, "cells", words)
    yield
    x = inner_point(program, hint)
    found = () if x is None else _strategies(problem, made, x)
    if found:
        pool.offer_attack(attack_form(problem, found), words)
    if pool.attack is None:
        _offer_with_shares(pool, options)
    yield


def _offer_with_shares(pool: Pool, options: Options) -> None:
    """Offer the best strategies in which every setting has a least share."""
    problem = pool.problem
    count = problem.shape[0]
    held = inner(replace(problem, source=Limits((LEAST,) * count, (Fraction(1),) * count)))
    try:
        if problem.devices != "no-signalling":
            made = over_boxes(held, deterministic_boxes(held), vertex_cone(held))
        else:
            made = over_cells(held, vertex_cone(held))
    except TooLargeError:
        return
    solved = settled(held, made.program, options)
    x = inner_point(*solved) if solved[1].status == "optimal" else None
    if x is not None:
        found = strategies(made, x[: made.program.matrix.shape[1]])
        pool.offer_attack(attack_form(problem, found), f"every setting with a share of {LEAST} or more")


def _strategies(problem: Problem, made: Strategies, x: Sequence[Fraction]) -> tuple[Strategy, ...]:
    """Return a strategy for each guess, and the rest, if one behaviour is kept whole; () else."""
    place, observed, tests = problem.ask.at, problem.observed, problem.tests
    if place is None or observed is None or len(tests) != 1 or not isinstance(tests[0], Kept):
        return ()
    kept = dict(tests[0].table)
    if tests[0].tolerance or len(kept) < problem.shape[0] or problem.devices != "no-signalling":
        return ()
    boxes = [_cells(problem, made, x, g, place) for g in range(made.space.carriers)]
    found, rest = [], {}
    for s, row in kept.items():
        for o, p in enumerate(row):
            total = sum((box[s][o] for box in boxes), Fraction(0)) / observed[place]
            assert isinstance(p, Fraction)
            rest[s, o] = (p - DELTA * total) / (1 - DELTA)
    if min(rest.values()) < 0:
        return ()
    for g, box in enumerate(boxes):
        weight = sum(box[place], Fraction(0)) / observed[place]
        if weight:
            table = [[value / weight / observed[place] for value in row] for row in box]
            shares = [mass * weight * (1 - DELTA if s == place else DELTA) for s, mass in enumerate(observed)]
            found.append(Strategy(tuple(shares), _box(problem, table, f"guess {g}")))
    masses = tuple(mass * (DELTA if s == place else 1 - DELTA) for s, mass in enumerate(observed))
    table = [[rest[s, o] for o in range(problem.shape[1])] for s in range(problem.shape[0])]
    return (*found, Strategy(masses, _box(problem, table, "rest")))


def _cells(
    problem: Problem, made: Strategies, x: Sequence[Fraction], g: int, place: int
) -> list[list[Fraction]]:
    """Return the box of a guess at the setting asked for, times its mass there."""
    (node,) = {node for s, node, _ in made.cone.masses.entries() if s == place}
    start = made.column(g, node, 0)
    count, width = problem.shape
    return [
        [
            sum((f * x[start + k] for k, f in made.space.value(g, s, {o: Fraction(1)}).items()), Fraction(0))
            for o in range(width)
        ]
        for s in range(count)
    ]


def _box(problem: Problem, table: list[list[Fraction]], words: str) -> Box:
    rows = tuple(tuple((o, value) for o, value in enumerate(row) if value) for row in table)
    return Box(None, rows, problem.settings, problem.outcomes, words)
