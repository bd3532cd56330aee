"""A linear program solved, so that existence always has an optimum to be read."""

from __future__ import annotations

from freerand_opt.conic.linear import Hint, LinearProgram, solve
from freerand_opt.model.problem import Problem
from freerand_opt.programs.violations import relaxed_if_asked, with_violations


def settled(problem: Problem, program: LinearProgram, time_limit: float | None) -> tuple[LinearProgram, Hint]:
    """Solve a program; where existence is asked for, the least violation, of the settings too if need be."""
    relaxed = relaxed_if_asked(problem, program)
    hint = solve(relaxed, time_limit)
    if problem.ask.quantity == "strategy" and hint.status != "optimal":
        relaxed = with_violations(program, settings=True)
        hint = solve(relaxed, time_limit)
    return relaxed, hint
