"""Questions about GHZ relations of many parties: both ends by orbits of parties, certified and checked."""

from __future__ import annotations

import time
from dataclasses import replace

from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certify import Multipliers, objective_value
from freerand_opt.model.question import Question
from freerand_opt.numbers.digits import at_most
from freerand_opt.programs.build import by_relations
from freerand_opt.programs.program import vector
from freerand_opt.programs.refinement import lift_rows
from freerand_opt.proving.certified import digest
from freerand_opt.proving.result import Bracket, Result
from freerand_opt.proving.solving import Solved, solve
from freerand_opt.solvers.choose import solver_named


def answered_by_orbits(
    question: Question, name: str, instance: str, solver: str, time_limit: float | None
) -> Result:
    """Return the result; the certificate's programs are rebuilt by the checker from the question."""
    begun = time.perf_counter()
    run = solver_named(solver)
    bounds = by_relations(question)
    above, below = bounds.above.program, bounds.below.program
    solved = solve(above, above, run, time_limit)
    found = whole_multipliers(solved)
    attack = (solved if below is above else solve(below, below, run, time_limit)).point
    value = None if attack is None else at_most(objective_value(below, attack))
    ends = form.answer_ends(question, found.bound, value)
    body = form.bracket(
        question,
        name=name,
        instance=instance,
        answer=ends,
        multipliers={
            **form.multipliers_json(above, found, lift=None, bound=found.bound),
            "program": None,
        },
        attack=None if attack is None else {"value": str(value), "point": vector(attack).as_json()},
    )
    checker.check(body)
    return Result(
        name=name,
        instance=instance,
        quantity=question.ask.quantity,
        bracket=Bracket(*ends),
        certificate=body,
        digest=digest(body),
        method=bounds.method,
        solver=solved.solution.solver,
        seconds=time.perf_counter() - begun,
    )


def whole_multipliers(solved: Solved) -> Multipliers:
    """Return the multipliers by row of the program itself, if it was reduced."""
    if solved.reduction is None:
        return solved.multipliers
    values = lift_rows(solved.reduction.row_class, solved.multipliers.values)
    return replace(solved.multipliers, values=values)
