"""From a question to a certified bracket: build, reduce, solve, certify, check."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cmp_to_key, partial
from typing import Any, TypeAlias

from freerand_opt.attacks import search
from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import objective_value
from freerand_opt.errors import InputError
from freerand_opt.exact import Exact, compare, sign
from freerand_opt.independent import enumerated, priced
from freerand_opt.model.question import Ask, Question
from freerand_opt.programs.build import Bounds, build
from freerand_opt.programs.outer import OuterStrategies, StrategyProgram
from freerand_opt.programs.pricing import Products
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.refinement import Reduction, lift_rows, reduce
from freerand_opt.programs.relaxed import by_margin, by_violations, test_inequalities, without_objective
from freerand_opt.programs.strategies import BoxStrategies
from freerand_opt.result import Bracket, Result, exact_text
from freerand_opt.solvers.choose import solver_named
from freerand_opt.solving import Lifted, Solver, expanded, full_floats, proof_json, solve


class InfeasibleError(InputError):
    """No strategy passes the tests; `result` holds the certificate that proves it."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            "tests",
            "no strategy of this adversary passes the tests, so nothing can be asked of it; proved by "
            f"multipliers ({result.digest}). Weaken the tests (score, tolerance), allow more devices, or ask "
            'for quantity = "strategy"',
        )
        self.result = result


def bound(
    question: Question,
    *,
    name: str = "question",
    instance: str = "",
    solver: str = "highs",
    time_limit: float | None = None,
) -> Result:
    """Return the certified bracket of a question's answer; every proof is checked before it is returned.

    `time_limit` in seconds for each program. Raise InfeasibleError if no strategy passes the
    tests, TooLargeError if no program fits, SolverUnavailableError if `solver` cannot run.
    """
    if question.ask.at == "worst":
        return _worst(question, name, instance, solver, time_limit)
    return answered(question, name, instance, solver, time_limit)[0]


#: What the checker needs for a certificate that does not carry its program.
Needed: TypeAlias = tuple[dict[str, dict[str, Any]], dict[str, Lifted]]


def answered(
    question: Question, name: str, instance: str, solver: str, time_limit: float | None
) -> tuple[Result, Needed]:
    """Return the result at one setting, on average or without settings, and what its check needs."""
    begun = time.perf_counter()
    run = solver_named(solver)
    bounds = build(question)
    make = partial(_finished, name=name, instance=instance, begun=begun)
    if bounds.below is None and isinstance(bounds.above, BoxStrategies):
        products = enumerated(question)
        if products is not None:
            return _priced(question, bounds.above, products, run, make)
    if question.ask.quantity == "strategy":
        return _existence(question, bounds, run, time_limit, make)
    above = bounds.above.program
    solved = solve(above, None if bounds.below is None else bounds.below.program, run, time_limit)
    if solved.solution.status == "infeasible":
        # the certificate carries the question of existence, so its program must be that question's
        asked = replace(question, ask=Ask("strategy"))
        found, _ = _existence(asked, build(asked), run, time_limit, make)
        if found.infeasible:
            raise InfeasibleError(found)
    attack: tuple[Strategy, ...] = ()
    value: Fraction | None = None
    if bounds.below is not None and solved.point is not None:
        attack = strategies(question, bounds.below, solved.point)
        value = objective_value(bounds.below.program, solved.point)
    elif isinstance(bounds.above, OuterStrategies):
        attack, value = search(question, bounds.above, *full_floats(solved), run)
    elif bounds.below is None:
        attack, value = _found(question, bounds.above, run)
    return make(
        question,
        bounds.method,
        solved.solution.solver,
        bound=solved.multipliers.bound,
        proof=proof_json(above, solved),
        about=above,
        attack=attack,
        value=value,
        classes=solved.reduction,
    )


def _priced(
    question: Question,
    above: BoxStrategies,
    products: Products,
    run: Solver,
    make: Callable[..., tuple[Result, Needed]],
) -> tuple[Result, Needed]:
    """Return both ends by pricing products of distributions."""
    asked = question
    found = priced(question, above, products, run)
    if not found.passed and question.ask.quantity != "strategy":
        # the certificate carries the question of existence, so its program must be that question's
        asked = replace(question, ask=Ask("strategy"))
        asked_above = build(asked).above
        assert isinstance(asked_above, BoxStrategies)
        found = priced(asked, asked_above, products, run)
    assert found.prices is not None
    existence = asked.ask.quantity == "strategy"
    proved = not existence or sign(found.prices.bound) < 0
    result, needed = make(
        asked,
        f"exact: {len(above.boxes)} boxes x products of distributions, priced (docs/proofs/products.md)",
        "highs",
        bound=found.prices.bound if proved else None,
        products=form.products_json(found.program, found.prices) if proved else None,
        about=found.program,
        attack=found.attack,
        value=found.value,
    )
    result = replace(result, infeasible=existence and proved)
    if result.infeasible and asked is not question:
        raise InfeasibleError(result)
    return result, needed


def _found(
    question: Question, above: StrategyProgram, run: Solver
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return an attack of products of distributions that are too many to be priced exactly."""
    assert isinstance(above, BoxStrategies)
    found = priced(question, above, None, run)
    return found.attack, found.value


def _finished(
    question: Question,
    method: str,
    solver: str,
    *,
    bound: Exact | None,
    about: ConicProgram,
    attack: tuple[Strategy, ...],
    value: Fraction | None,
    name: str,
    instance: str,
    begun: float,
    proof: dict[str, Any] | None = None,
    products: dict[str, Any] | None = None,
    classes: Reduction | None = None,
) -> tuple[Result, Needed]:
    """Put the certificate together and check it with the stand-alone checker."""
    signed = None if value is None else question.ask.sign * value
    ends = form.answer_ends(question, bound, signed)
    body = form.bracket(
        question,
        name=name,
        instance=instance,
        answer=ends,
        multipliers=proof,
        attack=None if signed is None else form.attack_json(signed, attack),
    )
    # the classes of a relaxed program may be finer, so those of the program itself are found anew
    same = classes is not None and len(classes.column_class) == about.shape[1]
    needed: Needed = ({}, {})
    if proof is not None:
        needed = expanded(body, about, classes if same else None)
    elif products is not None:
        body["products"] = products
        needed = ({about.digest: about.plain}, {})
    if bound is not None or signed is not None:
        checker.check(body, programs=needed[0], lifted=needed[1])
    found = Result(
        name=name,
        instance=instance,
        quantity=question.ask.quantity,
        bracket=Bracket(*ends),
        certificate=body,
        digest=digest(body),
        attack=attack,
        method=method,
        solver=solver,
        seconds=time.perf_counter() - begun,
    )
    return found, needed


def digest(certificate: form.Certificate) -> str:
    """Return the SHA-256 of a certificate's JSON text, with prefix."""
    body = json.dumps(certificate, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


# ------------------------------------------------------------------ does a strategy exist?


def _existence(
    question: Question,
    bounds: Bounds,
    run: Solver,
    time_limit: float | None,
    make: Callable[..., tuple[Result, Needed]],
) -> tuple[Result, Needed]:
    """Return a strategy, or multipliers that prove that there is none."""
    full = without_objective(bounds.above.program)
    easier = _easier(full)
    below = None if bounds.below is None else easier(without_objective(bounds.below.program))
    solved = solve(easier(full), below, run, time_limit)
    if solved.solution.status == "infeasible" and easier is by_margin:
        below = None if bounds.below is None else by_violations(without_objective(bounds.below.program))
        solved = solve(by_violations(full), below, run, time_limit)
    proof = None
    attack: tuple[Strategy, ...] = ()
    value = None
    if sign(solved.multipliers.bound) < 0:
        proof = proof_json(full, solved)
    elif solved.point is not None and below is not None and objective_value(below, solved.point) >= 0:
        assert bounds.below is not None
        attack = strategies(question, bounds.below, solved.point[: full.shape[1]])
        value = Fraction(1)
    elif isinstance(bounds.above, OuterStrategies):
        floats = solve(bounds.above.program, None, run, time_limit)
        attack, value = search(question, bounds.above, *full_floats(floats), run)
    elif bounds.below is None:
        attack, value = _found(question, bounds.above, run)
    found, needed = make(
        question,
        bounds.method,
        solved.solution.solver,
        bound=None if proof is None else solved.multipliers.bound,
        proof=proof,
        about=full,
        attack=attack,
        value=value,
        classes=solved.reduction,
    )
    return replace(found, infeasible=proof is not None), needed


def proofs(
    question: Question, *, solver: str = "highs", time_limit: float | None = None
) -> tuple[ConicProgram, dict[int, Fraction], list[Fraction] | None]:
    """Return (program, multipliers by row, exact point or None) of a question's program, for exports.

    For a question of existence, and where no strategy passes the tests, the objective is 0 and the
    multipliers prove infeasibility, or the point is a strategy.
    """
    run = solver_named(solver)
    bounds = build(question)
    program = bounds.above.program
    below = None if bounds.below is None else bounds.below.program
    solved = solve(program, below, run, time_limit)
    if question.ask.quantity == "strategy" or solved.solution.status == "infeasible":
        program = without_objective(program)
        easier = _easier(program)
        below = None if below is None else easier(without_objective(below))
        solved = solve(easier(program), below, run, time_limit)
    point = None if solved.point is None else solved.point[: program.shape[1]]
    if sign(solved.multipliers.bound) < 0:
        point = None
    if solved.reduction is None:
        return program, solved.multipliers.values, point
    return program, lift_rows(solved.reduction.row_class, solved.multipliers.values), point


def margin(question: Question, *, solver: str = "highs", time_limit: float | None = None) -> float:
    """Return the solver's estimate of the margin by which a strategy passes all tests; a hint only."""
    full = without_objective(build(question).above.program)
    easier = _easier(full)(full)
    small = easier if easier.matrix.nnz <= form.CARRIED_NONZEROS else reduce(easier).program
    solution = solver_named(solver)(small, time_limit)
    return float(small.objective.floats() @ solution.primal)


def _easier(full: ConicProgram) -> Callable[[ConicProgram], ConicProgram]:
    return by_margin if len(test_inequalities(full)) else by_violations


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
