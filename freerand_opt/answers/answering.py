"""One question, one program: both ends of its answer with a certificate that has been checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from threadpoolctl import threadpool_limits

from freerand_opt.answers.beyond import beyond
from freerand_opt.answers.impossible import proved_at_once, reason
from freerand_opt.attacks import quantum
from freerand_opt.attacks.independent import enumerated, priced
from freerand_opt.attacks.search import search
from freerand_opt.attacks.sharing import has_ratios, shared_attack
from freerand_opt.certificates import certificate as form
from freerand_opt.certificates.attack import Strategies, Strategy, orbits_or_strategies
from freerand_opt.certificates.certify import objective_value
from freerand_opt.certificates.orbits import prices
from freerand_opt.errors import InputError
from freerand_opt.model.question import Ask, Question
from freerand_opt.numbers.exact import Exact, compare, sign
from freerand_opt.programs.build import Bounds, build
from freerand_opt.programs.ends import trivial_range
from freerand_opt.programs.outer import OuterStrategies
from freerand_opt.programs.pricing import Products
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.quotient import QuotientStrategies
from freerand_opt.programs.refinement import lift_rows
from freerand_opt.programs.relaxed import (
    by_margin,
    by_shift,
    by_violations,
    test_inequalities,
    without_objective,
)
from freerand_opt.programs.strategies import BoxStrategies
from freerand_opt.proving.certified import Needed, certified
from freerand_opt.proving.result import Result
from freerand_opt.proving.routes import Solver
from freerand_opt.proving.scores import Score, by_squares
from freerand_opt.proving.solving import (
    Solved,
    full_floats,
    proof_json,
    solve,
)
from freerand_opt.proving.symmetries import routes
from freerand_opt.solvers.choose import solver_named


class InfeasibleError(InputError):
    """No strategy passes the tests; `result` holds the certificate that proves it."""

    def __init__(self, result: Result, why: tuple[str, str] | None = None) -> None:
        where, words = why or ("tests", "they are more than this adversary can do")
        said = f"{words}; no strategy passes, so nothing can be asked of it; proved ({result.digest})"
        super().__init__(where, said)
        self.result = result


def answered(
    question: Question,
    name: str,
    instance: str,
    solver: str,
    time_limit: float | None,
    symmetry: Sequence[str] = (),
) -> tuple[Result, Needed]:
    """Return the result at one setting, on average or without settings, and what its check needs."""
    # moment matrices are small: threads that wait for each other cost more than they bring
    with threadpool_limits(1) if question.adversary.devices == "quantum" else nullcontext():
        return _answered(question, name, instance, solver, time_limit, symmetry)


def _answered(
    question: Question,
    name: str,
    instance: str,
    solver: str,
    time_limit: float | None,
    symmetry: Sequence[str],
) -> tuple[Result, Needed]:
    begun = time.perf_counter()
    run = solver_named(solver)
    _refuse_symmetry(question, solver, symmetry)
    make = partial(certified, name=name, instance=instance, begun=begun)
    at_once = proved_at_once(question, make)
    if at_once is not None:
        if question.ask.quantity != "strategy":
            raise InfeasibleError(at_once[0], reason(question))
        return at_once
    score = by_squares(question, symmetry, time_limit) if solver == "auto" else None
    if score is not None:
        return _summed(question, score, make)
    bounds = build(question)
    if bounds.below is None and isinstance(bounds.above, BoxStrategies) and not has_ratios(question):
        products = enumerated(question)
        if products is not None:
            return _priced(question, bounds.above, products, run, make)
    if question.ask.quantity == "strategy":
        return _existence(question, bounds, run, time_limit, make)
    above = bounds.above.program
    ways = None
    if isinstance(bounds.above, MomentStrategies) and solver == "auto":
        ways = routes(question, bounds.above, symmetry)
    below = None if bounds.below is None else bounds.below.program
    solved = solve(above, below, run, time_limit, routes=ways)
    limits = trivial_range(question)
    below_range = limits is not None and compare(solved.multipliers.bound, limits[0]) < 0
    if solved.infeasible or below_range or solved.solution.status == "infeasible":
        # the certificate carries the question of existence, so its program must be that question's
        asked = replace(question, ask=Ask("strategy"))
        found, _ = _existence(asked, build(asked), run, time_limit, make)
        if found.infeasible:
            raise InfeasibleError(found, beyond(question, found.certificate))
    attack: Strategies = ()
    value: Exact | None = None
    if bounds.below is not None and solved.point is not None:
        attack = orbits_or_strategies(question, bounds.below, solved.point)
        value = objective_value(bounds.below.program, solved.point)
    elif bounds.below is None:
        attack, value = _found(question, bounds, full_floats(solved), run, time_limit)
    bound, proof = _proof(bounds, above, solved)
    return make(
        question,
        bounds.method,
        solved.solution.solver,
        bound=bound,
        proof=proof,
        about=above,
        attack=attack,
        value=value,
        classes=solved.reduction,
    )


def _refuse_symmetry(question: Question, solver: str, symmetry: Sequence[str]) -> None:
    """Raise InputError for relabellings that are named where nothing would be done with them."""
    if not symmetry:
        return
    if question.adversary.devices != "quantum":
        said = f"devices are {question.adversary.devices}; the programs of quantum devices alone are reduced"
        raise InputError("symmetry", f"{said} by named symmetries (others by colour refinement)")
    if question.ask.quantity == "strategy":
        raise InputError("symmetry", "a question of existence is solved without symmetries")
    if solver != "auto":
        raise InputError("symmetry", f"blocks are solved by the solver auto, not by {solver}")


def _proof(bounds: Bounds, about: ConicProgram, solved: Solved) -> tuple[Exact, dict[str, Any]]:
    """Return what is proved, and its proof in the certificate's form: multipliers, or prices by orbits."""
    if not isinstance(bounds.above, QuotientStrategies):
        return solved.multipliers.bound, proof_json(about, solved)
    values = solved.multipliers.values
    if solved.reduction is not None:
        values = lift_rows(solved.reduction.row_class, values)
    return prices(bounds.above, values)


def _summed(
    question: Question, score: Score, make: Callable[..., tuple[Result, Needed]]
) -> tuple[Result, Needed]:
    """Return both ends of a score, the upper one of the program by a sum of squares."""
    attack, value = quantum.best_box(question, float(score.bound))
    ends = {"bound": score.bound, "plain": {"squares": score.proof}, "attack": attack, "value": value}
    return make(question, score.method, score.solver, about=None, **ends)


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
    question: Question,
    bounds: Bounds,
    floats: tuple[FloatArray, FloatArray],
    run: Solver,
    time_limit: float | None,
) -> tuple[tuple[Strategy, ...], Exact | None]:
    """Return an attack where only a bound has a program, and its value, or none."""
    above = bounds.above
    if isinstance(above, MomentStrategies):
        if has_ratios(question):
            return (), None  # a state is no linear program's variable; its scores are ratios here
        primal, duals = floats
        # its programs are linear, and exact weights need a basis, which not every solver has
        exact = solver_named("auto")
        return quantum.search(question, above, primal[: above.program.shape[1]], duals, exact)
    if isinstance(above, QuotientStrategies):
        return (), None  # exact, so an attack is only missing if no exact point was found
    if has_ratios(question):
        return shared_attack(question, above, floats[0], run, time_limit)
    if isinstance(above, BoxStrategies):
        # products of distributions that are too many to be priced exactly
        found = priced(question, above, None, run)
        return found.attack, found.value
    assert isinstance(above, OuterStrategies)  # by vertices a program is exact
    return search(question, above, *floats, run)


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
    easier = easier_program(full)
    below = None if bounds.below is None else easier(without_objective(bounds.below.program))
    solved = solve(easier(full), below, run, time_limit)
    # tight pairs of tests may leave the best margin without an exact point; violations need no margin
    lost = below is not None and solved.point is None and sign(solved.multipliers.bound) >= 0
    if easier is by_margin and (lost or solved.solution.status == "infeasible"):
        below = None if bounds.below is None else by_violations(without_objective(bounds.below.program))
        solved = solve(by_violations(full), below, run, time_limit)
    proof, bound = None, solved.multipliers.bound
    attack: Strategies = ()
    value: Exact | None = None
    if sign(solved.multipliers.bound) < 0:
        bound, proof = _proof(bounds, full, solved)
        proof = proof if sign(bound) < 0 else None
    elif solved.point is not None and below is not None and objective_value(below, solved.point) >= 0:
        assert bounds.below is not None
        attack = orbits_or_strategies(question, bounds.below, solved.point[: full.shape[1]])
        value = Fraction(1)
    elif bounds.below is None:
        primal, duals = full_floats(solved)
        if isinstance(bounds.above, OuterStrategies) and not has_ratios(question):
            primal, duals = full_floats(solve(bounds.above.program, None, run, time_limit))
        attack, value = _found(question, bounds, (primal, duals), run, time_limit)
    found, needed = make(
        question,
        bounds.method,
        solved.solution.solver,
        bound=None if proof is None else bound,
        proof=proof,
        about=full,
        attack=attack,
        value=value,
        classes=solved.reduction,
    )
    return replace(found, infeasible=proof is not None), needed


def easier_program(full: ConicProgram) -> Callable[[ConicProgram], ConicProgram]:
    """Return what turns a question of existence into a program with an optimum: margin, or violations."""
    if full.psd_blocks:
        return by_shift
    return by_margin if len(test_inequalities(full)) else by_violations
