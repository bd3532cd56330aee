"""The method for quantum devices.

Closed boxes, relaxations by several solvers, boxes found at their prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from freerand_opt.attacks.pairs import Hints, attack, prices_at
from freerand_opt.attacks.states import closed_boxes
from freerand_opt.attacks.strategies import attack_form
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.ways import rational_scores
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.question import vector_form
from freerand_opt.certificates.squares import squares_form
from freerand_opt.errors import TooLargeError
from freerand_opt.first.certificates.certify import Multipliers, multipliers
from freerand_opt.first.programs.program import ConicProgram
from freerand_opt.first.programs.solution import Solution
from freerand_opt.first.solvers import exposing, high_precision
from freerand_opt.first.solvers.choose import automatic_name, second_name, solver_named
from freerand_opt.model.problem import Bits, Point, Problem
from freerand_opt.programs.boxes import MOST_BOXES, deterministic_boxes
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.moments import MomentProgram, moment_program, moments_of
from freerand_opt.programs.source_cone import Cone, source_cone, vertex_cone
from freerand_opt.programs.source_vertices import vertices

#: Sources with more vertices get a moment matrix for each facet.
FEW_VERTICES = 32
MOST_DETERMINISTIC = 256
Route = Callable[[ConicProgram, float | None], Solution | None]


def quantum(pool: Pool, options: Options) -> Iterator[None]:
    """Offer closed boxes, the relaxation's bound by one route after the other, and boxes at its prices."""
    problem = pool.problem
    if problem.devices != "quantum":
        return
    yield from _closed(pool)
    outer, rational = rational_scores(problem)
    guesses = guesses_of(outer)
    space = moments_of(outer, options.level, few_labels(guesses))
    made = moment_program(outer, _cone(outer), space, guesses)
    words = f"level {options.level}, {len(made.blocks)} matrices"
    prices: list[float] = []
    for name, route in routes(options.solver):
        solution = route(made.program, options.time_limit)
        if solution is None:
            continue
        found = multipliers(made.program, solution)
        _offer(pool, made, found, rational, f"{words}, {name}")
        prices = [float(found.values.get(row, 0)) * scale for row, scale in enumerate(made.scales)]
        yield
        if pool.bound is not None and not pool.impossible:
            _search(pool, made, prices)
            yield


def _cone(problem: Problem) -> Cone:
    try:
        points = (
            []
            if isinstance(problem.source, Point)
            else vertices(problem.source, problem.settings, problem.observed)
        )
    except TooLargeError:
        points = []
    if (isinstance(problem.source, Bits) and len(points) > FEW_VERTICES) or not points:
        return source_cone(problem)
    return vertex_cone(problem)


def _closed(pool: Pool) -> Iterator[None]:
    """Offer each known strategy alone, with the observed settings."""
    problem = pool.problem
    if problem.observed is None or problem.ask.quantity in ("guessing-probability", "trace-distance"):
        return
    for words, box in closed_boxes(problem):
        pool.offer_attack({"strategies": [{"masses": vector_form(problem.observed), "box": box}]}, words)
        yield


def _offer(pool: Pool, made: MomentProgram, found: Multipliers, rational: dict[int, Any], words: str) -> None:
    """Offer the bound, or the proof that there is no strategy."""
    if pool.problem.ask.quantity != "strategy":
        form = squares_form(made, found, rational, "bound")
        if "bound" in form["prices"]:
            bound = Fraction(form["prices"]["bound"])
            for more in (Fraction(0), *(Fraction(1, 2**bits) for bits in (56, 48, 40, 32, 24, 16))):
                raised = {**form, "prices": {**form["prices"], "bound": str(bound + more)}}
                if pool.offer_upper(raised, words):
                    break
        else:
            pool.offer_upper(form, words)


def routes(solver: str) -> list[tuple[str, Route]]:
    """Return the solvers in their fixed order, or the one that was named."""
    if solver != "auto":
        return [(solver, solver_named(solver))]

    def second(program: ConicProgram, limit: float | None) -> Solution | None:
        name = second_name(automatic_name(program))
        return None if name is None else solver_named(name)(program, limit)

    return [
        ("high precision", lambda program, limit: high_precision.solve(program, time_limit=limit)),
        ("on its face", lambda program, limit: exposing.solve(program, time_limit=limit)),
        ("in floats", solver_named("auto")),
        ("in floats again", second),
    ]


def _search(pool: Pool, made: MomentProgram, z: list[float]) -> None:
    """Offer an attack over boxes found at a relaxation's prices."""
    problem = pool.problem
    tested = [abs(x) for name, x in zip(made.names, z, strict=True) if name[0] == "test"]  # type: ignore[index]
    prices = prices_at(made.problem, made.names, z)
    boxes = []
    count = int(np.prod([float(d) ** n for d, n in zip(problem.outcomes, problem.settings, strict=True)]))
    if count <= min(MOST_DETERMINISTIC, MOST_BOXES):
        boxes = list(deterministic_boxes(problem))
    found = attack(problem, Hints(prices, 1 + 4 * max(tested, default=0.0)), pool.height, more=boxes, turns=8)
    if found:
        pool.offer_attack(attack_form(problem, found), "states found at its prices")
