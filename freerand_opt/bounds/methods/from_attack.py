"""Multipliers of a relaxation from an attack that meets it: no solver is asked.

Boxes are sought without the relaxation's prices and made better together; their moments are then an optimal
point to the last digits, and multipliers are what vanishes there (docs/levels.md).
"""

from __future__ import annotations

from math import prod

import numpy as np

from freerand_opt.attacks.gains import prices_at, worths
from freerand_opt.attacks.oracles import best_box
from freerand_opt.attacks.pairs import BROKEN, inner
from freerand_opt.attacks.polished import Mixed, polished
from freerand_opt.attacks.states import words_of
from freerand_opt.conic.linear import solve
from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Point
from freerand_opt.programs.box import deterministic_boxes
from freerand_opt.programs.guesses import GUESSES, guesses_of
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.strategies import over_boxes
from freerand_opt.programs.symmetry.exchange import Half
from freerand_opt.programs.violations import with_violations
from freerand_opt.solvers import complementary
from freerand_opt.solvers.free_form import MAX_FREE

#: Programs of at most so many moments are solved in less time than an attack is sought; those of more than
#: the other number are not solved in high precision, and floats take less time too.
FEW_MOMENTS, MOST_MOMENTS = 120, MAX_FREE
#: How often boxes are sought, and what a mixture may miss.
TURNS, EXACT = 10, 1e-12
#: What a unit of a test's violation costs while boxes are sought, and deterministic ones that are listed.
PENALTY, MOST_FIXED = 64.0, 256


def may_come_from_attack(made: MomentProgram) -> bool:
    """Return whether a program is the guess at one setting of two outcomes each, settings as observed."""
    problem = made.problem
    return (
        problem.ask.quantity in GUESSES
        and problem.ask.at is not None
        and bool(problem.tests)
        and isinstance(problem.source, Point)
        and set(problem.outcomes) == {2}
        and made.moments.space.face is None
        and FEW_MOMENTS < made.moments.width <= MOST_MOMENTS
        and not words_of(problem)
    )


def from_attack(made: MomentProgram, part: ConicProgram, half: Half | None) -> Solution | None:
    """Return multipliers of a program, or of half of it, from an attack that meets it; None without one."""
    problem = inner(made.problem)
    guesses, masses = guesses_of(problem), np.array([float(p) for p in problem.observed or ()])
    each, best = worths(problem, guesses), best_box(problem)
    few = prod(float(d) ** n for d, n in zip(problem.outcomes, problem.settings, strict=True)) <= MOST_FIXED
    boxes = dict.fromkeys(deterministic_boxes(problem) if few else ())
    for _ in range(TURNS):
        listed = over_boxes(problem, list(boxes))
        program = with_violations(listed.program, PENALTY)
        hint = solve(program)
        broken = float(hint.x[listed.program.matrix.shape[1] :].sum()) if boxes else np.inf
        mixed = polished(listed, hint) if broken < BROKEN else None
        if mixed is not None and mixed.missed < EXACT:
            found = complementary.solve(part, _moments(made, mixed, each, half))
            if found is not None:
                return found
        prices = prices_at(problem, listed.program.names, hint.multipliers)
        for worth in each:
            reply = best(masses[:, None] * (prices + worth), ())
            if reply is not None:
                boxes.setdefault(reply[1])
        boxes.update(dict.fromkeys(mixed.boxes if mixed else ()))
    return None


def _moments(made: MomentProgram, mixed: Mixed, each: list[Floats], half: Half | None) -> Floats:
    """Return the columns of the program, or of half of it, at a mixture."""
    words = [label.strip("<>") for label in made.moments.matrix.labels]
    found = np.zeros((1 if half else made.moments.carriers, made.moments.width))
    for row, mass in zip(mixed.rows, mixed.masses, strict=True):
        shown = mixed.tables.seen(row).chances.reshape(each[0].shape)
        label = int(np.argmax([(worth * shown).sum() for worth in each]))
        means = mass * mixed.tables.means(row, words)
        if half:  # the mixture and its image, each with half of the masses
            found[0] += (half.signs if label else 1) * means / 2
        else:
            found[label] += means
    return found.ravel()
