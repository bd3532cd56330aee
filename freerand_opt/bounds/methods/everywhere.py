"""Strategies in which every setting occurs, where the observed settings are not stated.

The best strategies may leave out a setting whose conditional probabilities are tested or asked; mixed with a
little of one that passes the tests and shows all settings, they lose next to nothing and have a meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from freerand_opt.attacks.pairs import inner
from freerand_opt.attacks.strategies import Strategy, attack_form, strategies
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Problem
from freerand_opt.programs.source_vertices import vertices
from freerand_opt.programs.strategies import Strategies

#: Weight of the strategy that shows all settings.
LITTLE = Fraction(1, 2**34)


def offer_everywhere(
    pool: Pool,
    found: Sequence[Strategy],
    made_for: Callable[[Problem], Strategies],
    options: Options,
    words: str,
) -> bool:
    """Offer strategies, and if no end comes of it a mixture in which every setting occurs."""
    problem = pool.problem
    if pool.offer_attack(attack_form(problem, found), words):
        return True
    if problem.observed is not None or pool.attack is not None:
        return False
    for observed in _centres(problem):
        held = inner(replace(problem.exists, observed=observed))
        made = made_for(held)
        program, hint = settled(held, made.program, options)
        x = inner_point(program, hint) if hint.status == "optimal" else None
        if x is not None:
            spread = strategies(made, x[: made.program.matrix.shape[1]])
            mixed = (*_scaled(found, 1 - LITTLE), *_scaled(spread, LITTLE))
            if pool.offer_attack(attack_form(problem, mixed), f"{words}, all settings shown"):
                return True
    return False


def _centres(problem: Problem) -> Iterator[tuple[Fraction, ...]]:
    """Yield distributions of settings that the source may show and that leave out none."""
    count = problem.shape[0]
    try:
        points = vertices(problem.source, problem.settings, None)
        yield tuple(sum(column, Fraction(0)) / len(points) for column in zip(*points, strict=True))
    except TooLargeError:
        pass
    yield (Fraction(1, count),) * count


def _scaled(found: Sequence[Strategy], share: Fraction) -> list[Strategy]:
    return [
        replace(
            one, masses=tuple(share * x for x in one.masses), strings=tuple(share * x for x in one.strings)
        )
        for one in found
    ]
