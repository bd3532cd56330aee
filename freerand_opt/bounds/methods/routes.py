"""Routes to a relaxation's multipliers, in a fixed order: high precision first, then solvers in floats.

No route is chosen by a solver's status. Symmetries make programs smaller; nothing rests on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from freerand_opt.bounds.methods.from_attack import from_attack, may_come_from_attack
from freerand_opt.conic.basis import exact_multipliers
from freerand_opt.conic.linear import LinearProgram, solve
from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Dual, Solution
from freerand_opt.conic.sparse import Index, sparse
from freerand_opt.errors import FreerandError, InputError
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.symmetry.actions import (
    Action,
    FullWords,
    action,
    full_words,
    moved_rows,
    row_orbits,
)
from freerand_opt.programs.symmetry.candidates import candidates
from freerand_opt.programs.symmetry.exchange import half_of
from freerand_opt.programs.symmetry.orbits import Reduced, invariant_rows, reduced
from freerand_opt.solvers import exposing, high_precision, on_trees
from freerand_opt.solvers.branches import branches_of
from freerand_opt.solvers.choose import solver_named, solvers_in_floats
from freerand_opt.solvers.forest import forest_of

Route: TypeAlias = tuple[str, Callable[[], Solution | None]]
#: Moment matrices smaller than this are solved as they are.
SYMMETRIC_SIZE = 20
#: Clarabel needs gigabytes, and others hours, for programs with more rows.
MOST_ROWS = 5000


@dataclass(frozen=True, eq=False)
class Symmetries:
    """What keeps a relaxation: actions on words and moments, and the image of each linear row."""

    full: FullWords
    actions: tuple[Action, ...]
    rows: tuple[Index, ...]


def routes(
    made: MomentProgram, solver: str, symmetry: Sequence[str], time_limit: float | None
) -> Iterator[Route]:
    """Yield (words, solver) in order; raise InputError for what is no symmetry of the relaxation."""
    program = made.program
    if solver != "auto":
        yield solver, lambda: solver_named(solver)(program, time_limit)
        return
    if not program.sizes:
        yield "linear", lambda: _linear(program, time_limit)
    held = symmetries(made, symmetry)
    blocks = None if held is None else blocks_of(made, held)
    half = half_of(made)
    part = program if half is None else half.program

    def whole(found: Solution | None) -> Solution | None:
        return found if half is None or found is None else half.lifted(found)

    if may_come_from_attack(made):
        yield "from an attack", lambda: whole(from_attack(made, part, half))
    more = invariant_rows(
        held.actions if held is not None and held.full.plain else (), made.moments.width, part.columns
    )
    yield "high precision", lambda: whole(high_precision.solve(part, time_limit=time_limit, more=more))
    forest = forest_of(made, part) or branches_of(made, part)
    if forest is not None:
        yield "along the trees", lambda: whole(on_trees.solve(made, part, forest, time_limit))
    # blocks rest on eigenvectors in floats; what is small enough without them is the same on every machine.
    # Integers take ten times as long, and are for blocks that are nearly singular
    if blocks is not None:
        yield "blocks in floats", lambda: _on_blocks(made, blocks, "floats", time_limit)
        yield "blocks in high precision", lambda: _on_blocks(made, blocks, "integers", time_limit)
    yield "on its face", lambda: whole(exposing.solve(part, time_limit=time_limit))
    for name in solvers_in_floats(part):
        plain = forest is None and (name != "clarabel" or blocks is None)
        if plain or len(part.rows) <= MOST_ROWS:
            yield name, lambda name=name: whole(solver_named(name)(part, time_limit))  # type: ignore[misc]


def _linear(program: ConicProgram, time_limit: float | None) -> Solution | None:
    """Solve a program without matrices exactly, from a basis; None if that fails."""
    columns, count = program.columns, len(program.rows)
    entries = ((r, c, value) for r, row in enumerate(program.rows) for c, value in row.items())
    equal = tuple(r < program.equalities for r in range(count))
    plain = LinearProgram(
        sparse((count, columns), entries), equal, program.right, program.names, dict(program.objective)
    )
    hint = solve(plain, time_limit)
    z = exact_multipliers(plain, hint)
    if z is None or any(value < 0 for value in z[program.equalities :]):
        return None
    dual = Dual({r: value for r, value in enumerate(z) if value}, ())
    return Solution("optimal", "linear", hint.x, dual)


def margins(program: ConicProgram, time_limit: float | None) -> Iterator[Route]:
    """Yield ways to see that a program without objective has no point: in high precision, then in floats."""
    yield "high precision", lambda: exposing.solve(program, time_limit=time_limit)
    for name in solvers_in_floats(program):
        yield name, lambda name=name: solver_named(name)(program, time_limit)  # type: ignore[misc]


def symmetries(made: MomentProgram, symmetry: Sequence[str]) -> Symmetries | None:
    """Return the known symmetries and those named, as ``A0 -> B0, B0 -> -A0``, that a relaxation has.

    On a face, where programs are small, none is used. Raise InputError for one that is named and is no
    symmetry of the program.
    """
    matrix = made.moments.matrix
    beside = len(matrix.parties) > len(made.problem.settings)  # an adversary, whom no relabelling names
    if beside or made.moments.space.face is not None or (matrix.size < SYMMETRIC_SIZE and not symmetry):
        return None
    tried = candidates(made.problem, symmetry)
    try:
        full = full_words(matrix) if tried else None
    except FreerandError:  # a level that lacks images, or one too large: no reason to give no answer
        if symmetry:
            raise
        return None
    if full is None:
        return None
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


def blocks_of(made: MomentProgram, held: Symmetries) -> Reduced | None:
    """Return a relaxation on the blocks of its symmetries, None if they were not found."""
    return reduced(made.moments.matrix, held.full, held.actions, row_orbits(held.rows))


def _on_blocks(made: MomentProgram, held: Reduced, way: str, time_limit: float | None) -> Solution | None:
    from freerand_opt.solvers import small, symmetric

    run = small.in_integers if way == "integers" else symmetric.in_floats
    return symmetric.solve(made, held, run, time_limit=time_limit)
