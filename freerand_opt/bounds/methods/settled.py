"""A linear program solved, so that existence always has an optimum to be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from freerand_opt.bounds.options import Options
from freerand_opt.conic.inner_point import inner_right
from freerand_opt.conic.linear import Hint, LinearProgram, sharpened, solve
from freerand_opt.conic.program import Builder
from freerand_opt.conic.solution import Dual
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem
from freerand_opt.programs.violations import relaxed_if_asked, with_violations
from freerand_opt.solvers.choose import solver_named

#: How much room limits get where floats find none.
ROOM = 1e-6


def settled(problem: Problem, program: LinearProgram, options: Options) -> tuple[LinearProgram, Hint]:
    """Solve a program; where existence is asked for, the least violation, of the settings too if need be.

    A solver that was named suggests the multipliers of the bound; attacks are vertices, which HiGHS finds.
    """
    relaxed = relaxed_if_asked(problem, program)
    hint = solve(relaxed, options.time_limit)
    if problem.ask.quantity == "strategy" and hint.status != "optimal":
        relaxed = with_violations(program, settings=True)
        hint = solve(relaxed, options.time_limit)
    elif hint.status != "optimal":
        hint = _widened(program, options.time_limit) or hint
    if options.solver not in ("auto", "highs") and hint.status == "optimal":
        hint = replace(hint, named=_named(relaxed, options))
    return relaxed, hint


def _named(program: LinearProgram, options: Options) -> Floats:
    """Return the multipliers that the named solver finds, by row of the linear program."""
    rows = program.matrix.by_row()
    build = Builder(program.matrix.shape[1])
    for k, (line, right, equal) in enumerate(zip(rows, program.right, program.equal, strict=True)):
        build.put(k, line, right, equal=equal)
    conic = build.program(program.objective)
    answer = solver_named(options.solver)(conic, options.time_limit)
    found = np.zeros(len(rows))
    if isinstance(answer.multipliers, Dual):
        for place, exact in answer.multipliers.values.items():
            found[conic.names[place]] = float(exact)  # type: ignore[call-overload]
    else:
        found[list(conic.names)] = answer.multipliers[: len(rows)]  # type: ignore[index]
    return found


def _widened(program: LinearProgram, time_limit: float | None) -> Hint | None:
    """Solve a program that floats find infeasible with more room, and go on from there; None if that fails.

    Limits may be as close to each other as the solver's tolerance: a behaviour kept within 1e-9.
    """
    right = inner_right(program)
    if right is None:
        return None
    room = [float(b) if equal else float(b) + ROOM for b, equal in zip(right, program.equal, strict=True)]
    wide = solve(program, time_limit, right=room)
    found = sharpened(program, wide, right)
    return None if found is wide else found
