"""A linear program solved, so that existence always has an optimum to be read."""

from __future__ import annotations

from freerand_opt.conic.inner_point import inner_right
from freerand_opt.conic.linear import Hint, LinearProgram, sharpened, solve
from freerand_opt.model.problem import Problem
from freerand_opt.programs.violations import relaxed_if_asked, with_violations

#: How much room limits get where floats find none.
ROOM = 1e-6


def settled(problem: Problem, program: LinearProgram, time_limit: float | None) -> tuple[LinearProgram, Hint]:
    """Solve a program; where existence is asked for, the least violation, of the settings too if need be."""
    relaxed = relaxed_if_asked(problem, program)
    hint = solve(relaxed, time_limit)
    if problem.ask.quantity == "strategy" and hint.status != "optimal":
        relaxed = with_violations(program, settings=True)
        hint = solve(relaxed, time_limit)
    elif hint.status != "optimal":
        hint = _widened(program, time_limit) or hint
    return relaxed, hint


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
