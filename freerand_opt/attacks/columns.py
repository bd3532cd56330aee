r"""Local devices with too many deterministic boxes to list: boxes are generated at a program's prices.

.. math:: \max_{g, s, \lambda} \sum_s s(s)\, h_g(\lambda(s), s) > r

A box that gains at the prices of the boxes found so far is added, until no box gains; then the prices hold
for all boxes, which the kernel checks by trying them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np

from freerand_opt.attacks.gains import prices_at, spent_at, worths
from freerand_opt.attacks.replies import (
    MOST_OTHERS,
    MOST_VALUED,
    largest_means,
    others_of,
    replies,
    sizes_of,
    valued,
)
from freerand_opt.conic.linear import Hint, LinearProgram, solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Average, Bits, Limits, Point, Problem, Product, Shared
from freerand_opt.programs.box import Box
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.ratios import sums_ratios
from freerand_opt.programs.source_vertices import vertices
from freerand_opt.programs.strategies import Strategies, over_boxes
from freerand_opt.programs.violations import with_violations

#: Boxes added in one round, and rounds.
ADDED, MOST_ROUNDS = 40, 400
#: What a box must gain, and violations that are none.
GAIN, BROKEN = 1e-10, 1e-9
#: Penalties of violations that are tried in turn.
PENALTIES = (8.0, 256.0, 8192.0, 262144.0)


def generated(problem: Problem) -> tuple[Box, ...]:
    """Return boxes whose program has the value of all boxes' program, as far as floats see.

    Raise TooLargeError where boxes cannot be tried, or the source's distributions are not listed.
    """
    source = problem.source
    listed = isinstance(source, Average | Bits | Limits | Point | Product | Shared)
    if not listed or any(sums_ratios(problem, test) for test in problem.tests):
        raise TooLargeError("boxes are not generated for this source or these tests")
    single = isinstance(source, Point)
    if single and others_of(problem) > MOST_OTHERS:
        raise TooLargeError("there are too many deterministic boxes of all parties but one to try")
    if not single and prod(sizes_of(problem)) > MOST_VALUED:
        raise TooLargeError("there are too many deterministic boxes to try")
    search = _Search(problem)
    found: dict[Box, None] = dict.fromkeys(search.gaining(np.zeros(problem.shape), (), -np.inf, 1))
    exists = problem.ask.quantity == "strategy"
    for penalty in (None,) if exists else PENALTIES:
        hint, columns = _priced(search, found, partial(with_violations, penalty=penalty))
        if float(hint.x[columns:].sum()) < BROKEN and not exists:
            # without violations, so that the last prices are those of the program itself
            _priced(search, found, lambda program: program)
            break
    return tuple(found)


def _priced(
    search: _Search, found: dict[Box, None], relaxed: Callable[[LinearProgram], LinearProgram]
) -> tuple[Hint, int]:
    """Add boxes until none gains; return the last solution and the columns without violations."""
    for _ in range(MOST_ROUNDS):
        made = over_boxes(search.problem, list(found))
        hint = solve(relaxed(made.program))
        new = [box for box in search.at(hint, made) if box not in found] if hint.status == "optimal" else []
        if not new:
            break
        found.update(dict.fromkeys(new))
    return hint, made.program.matrix.shape[1]


class _Search:
    """Boxes that gain at given prices, the best first."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.worth = worths(problem, guesses_of(problem))
        if problem.ask.told:  # a deterministic box: the best guess at each setting and outcome
            self.worth = [np.max(self.worth, axis=0)]
        self.point = np.zeros(0)
        if isinstance(problem.source, Point):
            (point,) = vertices(problem.source, problem.settings, problem.observed)
            self.point = np.array([float(x) for x in point])

    def at(self, hint: Hint, made: Strategies) -> list[Box]:
        """Return the boxes that gain at the prices of a solution."""
        names = made.program.names
        h = prices_at(self.problem, names, hint.multipliers)
        return self.gaining(h, spent_at(names, hint.multipliers), GAIN, ADDED)

    def gaining(self, h: Floats, spent: tuple[float, ...], least: float, count: int) -> list[Box]:
        """Return at most `count` boxes for each guess that gain more than `least`."""
        found: dict[Box, None] = {}
        for worth in self.worth:
            gains = h + worth
            if len(self.point):
                listed = iter([replies(self.problem, self.point[:, None] * gains)])
            else:
                listed = valued(self.problem, gains, largest_means(self.problem, spent))
            best = []
            for values, box in listed:
                places = np.argsort(-values, kind="stable")[:count]
                best += [(float(values[k]), int(k), box) for k in places if values[k] > least]
            best.sort(key=lambda one: -one[0])
            found.update(dict.fromkeys(box(place) for _, place, box in best[:count]))
        return list(found)
