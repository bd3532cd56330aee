"""From a question to a certified bracket, at one setting or at the worst; proofs for exports."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from freerand_opt.answers.answering import answered, easier_program
from freerand_opt.answers.many_parties import answered_by_orbits
from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, compare, sign
from freerand_opt.programs.build import build, programs
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.refinement import lift_rows, reduce
from freerand_opt.programs.relaxed import without_objective
from freerand_opt.proving.certified import digest
from freerand_opt.proving.result import Bracket, Result, exact_text
from freerand_opt.proving.solving import Lifted, solve
from freerand_opt.solvers.choose import solver_named


def bound(
    question: Question,
    *,
    name: str = "question",
    instance: str = "",
    solver: str = "auto",
    time_limit: float | None = None,
    symmetry: Sequence[str] = (),
) -> Result:
    """Return the certified bracket of a question's answer; every proof is checked before it is returned.

    `time_limit` in seconds for each program. `symmetry` names symmetries of a question about quantum
    devices beside those of its family, as ``"A0 -> A1, A1 -> A0, B1 -> -B1"``, or ``"find"`` (see
    docs/levels.md): they make the program small; no certificate rests on them. Raise InfeasibleError if no
    strategy passes the tests, TooLargeError if no program fits, SolverUnavailableError if `solver`
    cannot run, InputError for what is no symmetry.
    """
    if question.relations is not None:
        if symmetry:
            raise InputError(
                "symmetry", "relations are reduced by permutations of parties, without being asked"
            )
        return answered_by_orbits(question, name, instance, solver, time_limit)
    if question.ask.at == "worst":
        if symmetry:
            raise InputError("symmetry", 'at = "worst" is a question for each setting; ask at one of them')
        return _worst(question, name, instance, solver, time_limit)
    return answered(question, name, instance, solver, time_limit, symmetry)[0]


def proofs(
    question: Question, *, solver: str = "auto", time_limit: float | None = None
) -> tuple[ConicProgram, dict[int, Fraction], list[Fraction] | None]:
    """Return (program, multipliers by row, exact point or None) of a question's program, for exports.

    For a question of existence, and where no strategy passes the tests, the objective is 0 and the
    multipliers prove infeasibility, or the point is a strategy.
    """
    run = solver_named(solver)
    bounds = programs(question)
    program = bounds.above.program
    below = None if bounds.below is None else bounds.below.program
    solved = solve(program, below, run, time_limit)
    if question.ask.quantity == "strategy" or solved.infeasible or solved.solution.status == "infeasible":
        program = without_objective(program)
        easier = easier_program(program)
        below = None if below is None else easier(without_objective(below))
        solved = solve(easier(program), below, run, time_limit)
    point = None if solved.point is None else solved.point[: program.shape[1]]
    if sign(solved.multipliers.bound) < 0:
        point = None
    if solved.reduction is None:
        return program, solved.multipliers.values, point
    return program, lift_rows(solved.reduction.row_class, solved.multipliers.values), point


def margin(question: Question, *, solver: str = "auto", time_limit: float | None = None) -> float:
    """Return the solver's estimate of the margin by which a strategy passes all tests; a hint only."""
    full = without_objective(build(question).above.program)
    easier = easier_program(full)(full)
    small = easier if easier.matrix.nnz <= form.CARRIED_NONZEROS else reduce(easier).program
    solution = solver_named(solver)(small, time_limit)
    return float(small.objective.floats() @ solution.primal)


# ------------------------------------------------------------------ the worst settings


def _worst(question: Question, name: str, instance: str, solver: str, time_limit: float | None) -> Result:
    """Ask at every joint setting and keep the ends that hold for all."""
    begun = time.perf_counter()
    parts: list[Result] = []
    programs: dict[str, dict[str, Any]] = {}
    lifted: dict[str, Lifted] = {}
    for settings in question.scenario.joint_settings:
        asked = replace(question, ask=replace(question.ask, at=settings))
        part, needed = answered(asked, name, f"{instance} at {settings}".strip(), solver, time_limit)
        parts.append(part)
        programs |= needed[0]
        lifted |= needed[1]
    smallest = question.ask.quantity == "min-entropy"
    lower = _extreme([part.bracket.lower for part in parts], smallest=smallest, all_needed=smallest)
    upper = _extreme([part.bracket.upper for part in parts], smallest=smallest, all_needed=not smallest)
    body = {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "worst",
        "name": name,
        "instance": instance,
        "answer": {"lower": exact_text(lower), "upper": exact_text(upper)},
        "parts": [part.certificate for part in parts],
    }
    checker.check(body, programs=programs, lifted=lifted)
    reached = [part.bracket.upper if smallest else part.bracket.lower for part in parts]
    worst = parts[reached.index(upper if smallest else lower)]
    return replace(
        worst,
        instance=instance,
        bracket=Bracket(lower, upper),
        certificate=body,
        digest=digest(body),
        method=f"{worst.method}, at each of {len(parts)} joint settings",
        seconds=time.perf_counter() - begun,
    )


def _extreme(ends: Sequence[Exact | None], *, smallest: bool, all_needed: bool) -> Exact | None:
    """Return the largest (smallest) known end, or None if all are needed and one is missing."""
    known = [end for end in ends if end is not None]
    if not known or (all_needed and len(known) < len(ends)):
        return None
    return (min if smallest else max)(known, key=cmp_to_key(compare))
