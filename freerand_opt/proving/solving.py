"""One program solved and certified: reduced where large, and lifted to the full program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certify import Multipliers, multipliers, objective_value, point
from freerand_opt.certificates.faces import refined, with_tail
from freerand_opt.errors import FreerandError, InputError
from freerand_opt.model.question import Question
from freerand_opt.programs.arrays import quotients
from freerand_opt.programs.generators import FIND, generator, known_generators
from freerand_opt.programs.guesses import float_worths, functional_table
from freerand_opt.programs.invariants import Reduced, reduced
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.refinement import Reduction, lift_rows, reduce
from freerand_opt.programs.relabellings import found_generators
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.symmetry import action, full_words, moved_rows, row_orbits
from freerand_opt.solvers import exchanged, faces, symmetric
from freerand_opt.solvers.choose import second_opinion, solver_named
from freerand_opt.solvers.highs import sharpen

Lifted: TypeAlias = tuple[list[str], list[int], list[int]]
Solver: TypeAlias = Callable[[ConicProgram, float | None], Solution]
#: Moment matrices smaller than this are solved as they are.
SYMMETRIC_SIZE = 20
#: Many matrices up to this size are solved faster by Clarabel.
MANY_SMALL = 40
#: A certified bound further than this from a semidefinite solver's value is not left at that.
LOSS = 5e-10
#: Multipliers above this are taken as a sign that none are optimal: the program may have no interior.
LARGE = 1e3


@dataclass(frozen=True)
class Solved:
    """Exact multipliers (by class if reduced) and a point of the full program, if one was found."""

    program: ConicProgram
    multipliers: Multipliers
    point: list[Fraction] | None
    reduction: Reduction | None
    solution: Solution


def solve(
    above: ConicProgram,
    below: ConicProgram | None,
    run: Solver,
    time_limit: float | None,
    *,
    face: bool = False,
) -> Solved:
    """Solve once; the same basis serves the bound and, with scores rounded inward, the attack.

    Programs that are too large to travel in a certificate are reduced first. With `face` a
    semidefinite program whose multipliers are very large is solved on its face as well.
    """
    whole = above.psd_blocks or above.matrix.nnz <= form.CARRIED_NONZEROS
    reduction = None if whole else reduce(above)
    small = above if reduction is None else reduction.program
    solution = run(small, time_limit)
    found = multipliers(small, solution)
    if above.psd_blocks and run is solver_named("auto"):
        solution, found = _best_dual(above, solution, found, time_limit)
    if face and above.psd_blocks and float(np.abs(solution.multipliers).max()) > LARGE:
        found = min([found, *_on_face(above, time_limit)], key=lambda item: float(item.bound))
    if below is None:
        return Solved(above, found, None, reduction, solution)
    same = below.matrix is above.matrix or below.matrix.equals(above.matrix)
    if reduction is None or not same:
        # coefficients differ where irrational scores multiply columns: a program of its own
        inner, hint, classes = below, solution if reduction is None else run(below, time_limit), None
    else:
        inner = replace(small, right=below.right.take(reduction.row_first))
        hint, classes = solution, reduction.column_class
    x = point(inner, hint)
    if hint.status == "optimal" and not _closed(inner, found, x):
        sharper = sharpen(inner, hint)
        x = _better(inner, x, point(inner, sharper))
        if hint is solution:
            found = min(found, multipliers(small, sharper), key=lambda item: float(item.bound))
    if x is not None and classes is not None:
        x = [x[place] for place in classes.tolist()]
    return Solved(above, found, x, reduction, solution)


def _best_dual(
    program: ConicProgram, solution: Solution, found: Multipliers, time_limit: float | None
) -> tuple[Solution, Multipliers]:
    """Ask another solver if the certified bound lost more than `LOSS`; keep the better bound."""
    other = second_opinion(solution)
    value = float(program.objective.floats() @ solution.primal)
    if other is None or abs(float(found.bound) - value) < LOSS * max(1.0, abs(value)):
        return solution, found
    again = other(program, time_limit)
    better = multipliers(program, again)
    return (again, better) if float(better.bound) < float(found.bound) else (solution, found)


def _on_face(program: ConicProgram, time_limit: float | None) -> list[Multipliers]:
    """Return the multipliers found on the face of a program without interior, if it is one."""
    exposed = faces.exposed(program, time_limit)
    if exposed is None:
        return []
    tail = refined(program, exposed.multipliers, exposed.kernels)
    if tail is None:
        return []
    return [with_tail(program, faces.solve(program, tail.face(program), time_limit), tail)]


def symmetric_solver(
    question: Question, made: MomentStrategies, symmetry: Sequence[str] = ()
) -> Solver | None:
    """Return a solver on the blocks of the symmetries that the program has, or None.

    Raise InputError for one that is named and is no symmetry of the program.
    """
    blocks = symmetric_blocks(question, made, symmetry)
    if blocks is None:
        return _exchanged(made)
    return lambda program, limit: symmetric.solve(made, blocks, time_limit=limit)


def symmetric_blocks(
    question: Question, made: MomentStrategies, symmetry: Sequence[str] = ()
) -> Reduced | None:
    """Return the blocks by the family's known symmetries and by those named, as ``A0 -> B0, B0 -> -A0``.

    ``find`` has them searched for in a small scenario (`programs.relabellings`).
    """
    scenario = question.scenario
    if made.moments.size < SYMMETRIC_SIZE and not symmetry:
        return None
    wanted = [(text, generator(scenario, text)) for text in symmetry if text != FIND]
    known = [("", held) for held in known_generators(scenario)]
    if FIND in symmetry:
        tables = float_worths(question)
        tables += [quotients(*functional_table(scenario, t.functional.terms)) for t in question.tests]
        known += [("", held) for held in found_generators(scenario, tables)]
    if not wanted and not known:
        return None
    try:
        full = full_words(made.moments)
    except FreerandError:  # a level that lacks images, or one too large: no reason to give no answer
        if symmetry:
            raise
        return None
    actions, rows = [], []
    for text, held in [*wanted, *known]:
        found = action(full, held)
        moved = None if found is None else moved_rows(made.program, full, found)
        if found is not None and moved is not None:
            actions.append(found)
            rows.append(moved)
        elif text:
            raise InputError("symmetry", f"{text[:80]!r} does not keep level, objective and tests")
    return reduced(made.moments, full, actions, row_orbits(rows)) if actions else None


def _exchanged(made: MomentStrategies) -> Solver | None:
    """Return a solver on half the program if guesses and outcomes may be exchanged, or None."""
    if not exchanged.applies(made):
        return None
    run = solver_named("clarabel" if made.moments.size <= MANY_SMALL else "auto")
    return lambda program, limit: exchanged.solve(made, run, time_limit=limit)


def full_floats(solved: Solved) -> tuple[FloatArray, FloatArray]:
    """Return the solver's (primal, multipliers) for the full program."""
    primal, multipliers = solved.solution.primal, solved.solution.multipliers
    reduction = solved.reduction
    if reduction is None:
        return primal, multipliers
    shares = multipliers / np.bincount(reduction.row_class)
    # sums over a class may be divided by another power of 2 than the full program's rows
    moved = solved.program.shifts - reduction.program.shifts[reduction.row_class]
    return primal[reduction.column_class], np.ldexp(shares[reduction.row_class], moved)


def _better(
    program: ConicProgram, x: list[Fraction] | None, y: list[Fraction] | None
) -> list[Fraction] | None:
    """Return the point with the larger objective; None is no point."""
    if x is None or y is None:
        return x if y is None else y
    return x if objective_value(program, x) >= objective_value(program, y) else y


def _closed(program: ConicProgram, found: Multipliers, x: list[Fraction] | None) -> bool:
    """Return whether bound and point meet as well as doubles can tell."""
    return x is not None and float(found.bound - objective_value(program, x)) < 1e-14


def proof_json(program: ConicProgram, solved: Solved) -> dict[str, Any]:
    """Return the proof of the bound in the certificate's form; `program` is what it is about."""
    found, reduction = solved.multipliers, solved.reduction
    if reduction is None:
        return form.multipliers_json(program, found, lift=None, bound=found.bound)
    named = {int(reduction.row_first[row]): value for row, value in found.values.items()}
    return form.multipliers_json(
        program, Multipliers(named, found.bound), lift="colour-refinement", bound=found.bound
    )


def expanded(
    certificate: form.Certificate, program: ConicProgram, reduction: Reduction | None
) -> tuple[dict[str, dict[str, Any]], dict[str, Lifted]]:
    """Return what the checker needs for a certificate that does not carry its program.

    The first mapping is {digest: program}, the second {digest: (palette, rows, codes)} of lifted
    multipliers. Classes are found anew if `reduction` is None.
    """
    proof = certificate["multipliers"]
    if proof is None or proof["program"] is not None:
        return {}, {}
    programs = {program.digest: program.plain}
    if proof["lift"] is None:
        return programs, {}
    classes = reduction if reduction is not None else reduce(program)
    places = {int(first): place for place, first in enumerate(classes.row_first)}
    try:
        values = {
            places[row]: Fraction(proof["palette"][code])
            for row, code in zip(proof["rows"], proof["codes"], strict=True)
        }
    except (KeyError, IndexError, ValueError) as error:
        raise checker.CertificateError(f"multipliers: no value for the row classes ({error})") from None
    rows = lift_rows(classes.row_class, values)
    palette: dict[Fraction, int] = {}
    codes = [palette.setdefault(value, len(palette)) for value in rows.values()]
    return programs, {program.digest: ([str(value) for value in palette], list(rows), codes)}
