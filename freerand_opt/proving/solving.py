"""One program solved and certified: reduced where large, and lifted to the full program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certify import Multipliers, multipliers, objective_value, point
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.refinement import Reduction, lift_rows, reduce
from freerand_opt.programs.solution import Solution
from freerand_opt.proving.routes import Route, Solver, best, of_solver

Lifted: TypeAlias = tuple[list[str], list[int], list[int]]


@dataclass(frozen=True)
class Solved:
    """Exact multipliers (by class if reduced) and a point of the full program, if one was found.

    `infeasible`: the multipliers of some route, with objective 0, prove that there is no point.
    """

    program: ConicProgram
    multipliers: Multipliers
    point: list[Fraction] | None
    reduction: Reduction | None
    solution: Solution
    infeasible: bool = False


def solve(
    above: ConicProgram,
    below: ConicProgram | None,
    run: Solver,
    time_limit: float | None,
    *,
    routes: Sequence[Route] | None = None,
) -> Solved:
    """Solve once; the same basis serves the bound and, with scores rounded inward, the attack.

    Programs that are too large to travel in a certificate are reduced first. Semidefinite programs go
    through `routes`; without any through those of `run`.
    """
    if above.psd_blocks:
        pool = best(above, of_solver(run) if routes is None else routes, time_limit)
        return Solved(above, pool.multipliers, None, None, pool.solution, pool.infeasible)
    reduction = None if above.matrix.nnz <= form.CARRIED_NONZEROS else reduce(above)
    small = above if reduction is None else reduction.program
    solution = run(small, time_limit)
    found = multipliers(small, solution)
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
        from freerand_opt.solvers.highs import sharpen

        sharper = sharpen(inner, hint)
        x = _better(inner, x, point(inner, sharper))
        if hint is solution:
            found = min(found, multipliers(small, sharper), key=lambda item: float(item.bound))
    if x is not None and classes is not None:
        x = [x[place] for place in classes.tolist()]
    return Solved(above, found, x, reduction, solution)


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
