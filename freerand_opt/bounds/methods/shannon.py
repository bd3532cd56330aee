r"""Entropies given W alone: nodes of chords over sets of values, boxes of their programs mixed from above.

.. math:: F(t) = \sum_w P(w) \max_T \sum_{v \in T} (t - p_w(v))

over sets T of values of the output: the programs of guesses with another worth (docs/proofs/entropies.md, 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from freerand_opt.attacks.strategies import attack_form, strategies
from freerand_opt.bounds.methods.leaks import Leaks, Prices, mixtures
from freerand_opt.bounds.methods.linear import multipliers
from freerand_opt.bounds.methods.nodes import FIRST, MOST, finer, first_nodes
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.methods.ways import upper_form
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.squares import squares_form
from freerand_opt.checker.chords import Worths, chords
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.conic.basis import exact_multipliers
from freerand_opt.conic.duals import exact_dual
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import solve
from freerand_opt.errors import TooLargeError
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Problem
from freerand_opt.programs.box import Box
from freerand_opt.programs.boxes import cell_space
from freerand_opt.programs.guesses import Guesses, few_labels
from freerand_opt.programs.moments import moment_program, moments_of
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.programs.strategies import build
from freerand_opt.solvers.choose import solver_named

#: Boxes whose parities are fixed at each setting are listed up to this number.
MOST_PARITIES = 64


def chords_of_sets(pool: Pool, options: Options) -> Iterator[None]:
    """Offer chords whose labels are sets of values, finer and finer, and mixtures of the boxes found."""
    problem = pool.problem
    if problem.ask.side != "classical":
        return
    found = Leaks(problem)
    if problem.devices == "local":
        yield from mixtures(pool, options, found, {})
        return
    if problem.devices == "no-signalling":
        found.boxes += parity_boxes(problem)
        if found.extreme:
            yield from extreme(pool, options, found)
            return
    places, sought = first_nodes(problem.ask), False
    while True:
        try:
            nodes = Sets(problem, options, places)
            heights = [nodes.height(k) for k in range(len(places))]
        except TooLargeError as error:
            pool.failures.append(f"sets of values: {error}")
            return
        pool.contradicted = nodes.contradicted
        if pool.contradicted:
            yield
            return
        words = f"{len(places)} nodes of chords, sets of values"
        pool.offer_upper({"claim": "bound", "nodes": nodes.forms}, words)
        yield
        if not sought:
            found.boxes += nodes.boxes
            yield from mixtures(pool, options, found, nodes.prices)
            sought = True
        count = len(places)
        places, lost = finer(places, heights, problem.ask.count)
        if lost <= float(options.width) / 2 or len(places) > MOST:
            pool.failures.append(
                f"{count} nodes lose at most {lost:.1e} bits; the rest is that nodes are bounded one by one, "
                "the level's or the strategies'"
            )
            return


class Sets:
    """The programs of nodes, and what they give: nodes of a certificate, boxes, prices of the tests."""

    def __init__(self, problem: Problem, options: Options, places: Sequence[Fraction]) -> None:
        self.problem, self.options, self.places = problem, options, places
        self.weights = chords(list(places), problem.ask.count)[1]
        self.q = read_question(question_form(problem), Work(10**12))
        self.forms: list[dict[str, Any]] = []
        self.boxes: list[Box] = []
        self.prices: Prices = {}
        self.contradicted = False

    def height(self, k: int) -> float:
        """Solve node k and return F there."""
        if self.contradicted:
            return 0.0
        form, height = (self._cells if self.problem.devices == "no-signalling" else self._squares)(k)
        self.forms.append(
            {"at": str(self.places[k]), "prices": form.get("prices"), "proof": form.get("proof")}
        )
        return height / float(self.weights[k])

    def guesses(self, k: int) -> Guesses:
        """Return the sets of values as guesses, worth c (t |T| - [v in T])."""
        problem, place, weight = self.problem, self.places[k], self.weights[k]
        ask = problem.ask
        sizes = tuple(problem.settings[p] for p in ask.of)
        count, turns = 2**ask.count, prod(sizes) if ask.told else 1
        worths = [
            tuple(
                weight
                * sum((place - ask.chance(v, value) for v in range(ask.count) if t >> v & 1), Fraction(0))
                for value in range(ask.count)
            )
            for t in range(count)
        ]
        labels = count**turns if ask.count * turns <= 12 else 1 << 20
        return Guesses(problem, tuple(worths), labels, sizes, problem.outputs())

    def _cells(self, k: int) -> tuple[dict[str, Any], float]:
        problem, guesses = self.problem, self.guesses(k)
        cone, labels = cone_of(problem), few_labels(guesses)
        made = build(problem, cone, cell_space(problem, labels), guesses, tuple(range(labels)))
        hint = solve(made.program, self.options.time_limit)
        if hint.status != "optimal":
            self.contradicted = True
            return {}, 0.0
        z = exact_multipliers(made.program, hint)
        z = [Fraction(round(float(x) * 2**60), 2**60) for x in hint.multipliers] if z is None else z
        self._add_prices(made.program.names, z)
        x = inner_point(made.program, hint)
        vertices = all(name[0] == "last" for name in cone.names)
        if x is not None and vertices and len(self.forms) < FIRST:
            self.boxes += [one.box for one in strategies(made, x[: made.program.matrix.shape[1]])]
        by_vertices = vertices and cone.nodes > 1
        z = z[: made.program.matrix.shape[0]]
        form = upper_form(problem, made, z, {}, "cells", "bound", vertices=by_vertices)
        return form, sum(float(c) * hint.x[j] for j, c in made.program.objective.items())

    def _squares(self, k: int) -> tuple[dict[str, Any], float]:
        problem, guesses = self.problem, self.guesses(k)
        moments = moments_of(problem, self.options.level, few_labels(guesses))
        made = moment_program(problem, cone_of(problem), moments, guesses)
        solution = solver_named(self.options.solver)(made.program, self.options.time_limit)
        self.contradicted = solution.status == "infeasible"
        dual = exact_dual(made.program, solution)
        self._add_prices(
            made.program.names, [dual.values.get(r, Fraction(0)) for r in range(made.program.linear)]
        )
        worth = Worths(self.q, self.places[k], self.weights[k], Work(10**12))
        return squares_form(made, dual, {}, "bound", worth), float(made.program.cost @ solution.x)

    def _add_prices(self, names: Sequence[Any], z: Sequence[Fraction]) -> None:
        for name, value in zip(names, z, strict=False):
            if isinstance(name, tuple) and name[0] == "test":
                self.prices[name[1:]] = self.prices.get(name[1:], 0.0) + float(value) / float(np.log(2))


def extreme(pool: Pool, options: Options, found: Leaks) -> Iterator[None]:
    """Offer both ends of the program over all extreme boxes."""
    made = found.program()
    program, hint = settled(pool.problem, made.program, options)
    pool.contradicted = hint.status != "optimal"
    if not pool.contradicted:
        z = multipliers(program, hint)[: made.program.matrix.shape[0]]
        words = f"{len(found.boxes)} boxes, the extreme ones among them"
        pool.offer_upper(upper_form(pool.problem, made, z, {}, "extreme", "bound"), words)
        yield
        x = inner_point(program, hint)
        if x is not None:
            columns = x[: made.program.matrix.shape[1]]
            pool.offer_attack(attack_form(pool.problem, strategies(made, columns)), words)
    yield


def parity_boxes(problem: Problem) -> list[Box]:
    """Return the boxes of two parties whose outcomes are unbiased and have a fixed parity at each setting."""
    if problem.outcomes != (2, 2) or 2 ** problem.shape[0] > MOST_PARITIES:
        return []
    half = Fraction(1, 2)
    rows = [((0, half), (3, half)), ((1, half), (2, half))]
    return [
        Box(None, tuple(rows[parity] for parity in parities), problem.settings, problem.outcomes)
        for parities in product((0, 1), repeat=problem.shape[0])
    ]
