"""The symmetries of a relaxation: the family's known ones and those named, and solvers that use them.

Nothing rests on them but speed: multipliers are certified for the full program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from freerand_opt.errors import FreerandError, InputError
from freerand_opt.model.question import Question
from freerand_opt.programs.arrays import quotients
from freerand_opt.programs.generators import FIND, Generator, generator, known_generators
from freerand_opt.programs.guesses import float_worths, functional_table
from freerand_opt.programs.invariants import Reduced, reduced
from freerand_opt.programs.program import ConicProgram, IntArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.relabellings import found_generators
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.symmetry import Action, FullWords, action, full_words, moved_rows, row_orbits
from freerand_opt.proving.routes import MaybeSolver, Route, of_moments
from freerand_opt.solvers import exchanged
from freerand_opt.solvers.choose import solver_named

#: Moment matrices smaller than this are solved as they are.
SYMMETRIC_SIZE = 20
#: Many matrices up to this size are solved faster by Clarabel.
MANY_SMALL = 40


@dataclass(frozen=True, eq=False)
class Symmetries:
    """What keeps a relaxation: actions on words and moments, and the image of each linear row."""

    full: FullWords
    actions: tuple[Action, ...]
    rows: tuple[IntArray, ...]


def routes(question: Question, made: MomentStrategies, symmetry: Sequence[str] = ()) -> list[Route]:
    """Return the routes to a relaxation's multipliers; raise InputError for what is no symmetry of it."""
    held = symmetries(question, made, symmetry)
    exact = () if held is None or not held.full.plain else held.actions
    exchanged_half = _exchanged(made)
    if held is None:
        return of_moments(made, exact, [exchanged_half] if exchanged_half is not None else [])
    return of_moments(made, exact, _by_blocks(made, held))


def symmetries(question: Question, made: MomentStrategies, symmetry: Sequence[str]) -> Symmetries | None:
    """Return the family's symmetries and those named, as ``A0 -> B0, B0 -> -A0``, that a relaxation has.

    ``find`` has them searched for in a small scenario (`programs.relabellings`). On a face, where programs
    are small, none is used. Raise InputError for one that is named and is no symmetry of the program.
    """
    scenario = question.scenario
    wanted = [(text, generator(scenario, text)) for text in symmetry if text != FIND]
    if not made.whole or (made.moments.size < SYMMETRIC_SIZE and not symmetry):
        return None
    known = [("", held) for held in known_generators(scenario)]
    if FIND in symmetry:
        tables = float_worths(question)
        tables += [quotients(*functional_table(scenario, t.functional.terms)) for t in question.tests]
        known += [("", held) for held in found_generators(scenario, tables)]
    try:
        full = full_words(made.moments) if wanted or known else None
    except FreerandError:  # a level that lacks images, or one too large: no reason to give no answer
        if symmetry:
            raise
        return None
    return None if full is None else _kept(made, full, [*wanted, *known])


def _kept(
    made: MomentStrategies, full: FullWords, tried: Sequence[tuple[str, Generator]]
) -> Symmetries | None:
    actions, rows = [], []
    for text, held in tried:
        found = action(full, held)
        moved = None if found is None else moved_rows(made.program, full, found)
        if found is not None and moved is not None:
            actions.append(found)
            rows.append(moved)
        elif text:
            raise InputError("symmetry", f"{text[:80]!r} does not keep level, objective and tests")
    return Symmetries(full, tuple(actions), tuple(rows)) if actions else None


def symmetric_blocks(
    question: Question, made: MomentStrategies, symmetry: Sequence[str] = ()
) -> Reduced | None:
    """Return the blocks into which a relaxation's matrices split, or None if none are known."""
    held = symmetries(question, made, symmetry)
    return None if held is None else _blocks(made, held)


def _blocks(made: MomentStrategies, held: Symmetries) -> Reduced | None:
    return reduced(made.moments, held.full, held.actions, row_orbits(held.rows))


def _by_blocks(made: MomentStrategies, held: Symmetries) -> list[MaybeSolver]:
    """Return solvers on the blocks, which are found when the first is called: in floats, then in integers."""
    known: list[Reduced | None] = []

    def solver(name: str) -> MaybeSolver:
        def run(program: ConicProgram, limit: float | None) -> Solution | None:
            from freerand_opt.solvers import small, symmetric

            if not known:
                known.append(_blocks(made, held))
            if known[0] is None:
                return None
            way = symmetric.in_floats if name == "floats" else small.in_integers
            return symmetric.solve(made, known[0], way, time_limit=limit)

        return run

    return [solver("floats"), solver("integers")]


def _exchanged(made: MomentStrategies) -> MaybeSolver | None:
    """Return a solver in floats on half of a large program that an exchange of guesses keeps, or None."""
    turned = exchanged.exchange(made) if made.program.shape[1] >= exchanged.MIN_COLUMNS else None
    if turned is None:
        return None
    run = solver_named("clarabel" if made.moments.size <= MANY_SMALL else "auto")
    return lambda program, limit: exchanged.solve(made, turned, run, time_limit=limit)
