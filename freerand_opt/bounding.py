"""From a question to a certified bracket: build, reduce, solve, certify, check."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import Multipliers, multipliers, point
from freerand_opt.errors import InputError
from freerand_opt.exact import Exact, sign
from freerand_opt.model.question import Ask, Question
from freerand_opt.programs.build import Bounds, build
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.refinement import Reduction, lift_rows, reduce
from freerand_opt.programs.relaxed import by_margin, by_violations, test_inequalities, without_objective
from freerand_opt.result import Bracket, Result
from freerand_opt.solvers.choose import solver_named
from freerand_opt.solvers.solution import Solution

Lifted: TypeAlias = tuple[list[str], list[int], list[int]]
Solver: TypeAlias = Callable[[ConicProgram, float | None], Solution]


class InfeasibleError(InputError):
    """No strategy passes the tests; `result` holds the certificate that proves it."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            "tests",
            "no strategy of this adversary passes the tests, so nothing can be asked of it; proved by multipliers "
            f"({result.digest}). Weaken the tests (score, tolerance), allow more devices, or ask for quantity = "
            '"strategy"',
        )
        self.result = result


@dataclass(frozen=True)
class _Solved:
    """Exact multipliers (by class if reduced) and a point of the full program, if one was found."""

    multipliers: Multipliers
    point: list[Fraction] | None
    reduction: Reduction | None
    solution: Solution


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
    begun = time.perf_counter()
    if question.ask.at == "worst":
        return _worst(question, name, instance, solver, time_limit)
    run = solver_named(solver)
    bounds = build(question)
    if question.ask.quantity == "strategy":
        return _existence(question, bounds, name, instance, run, time_limit, begun)
    above = bounds.above.program
    solved = _solve(above, None if bounds.below is None else bounds.below.program, run, time_limit)
    if solved.solution.status == "infeasible":
        # the certificate carries the question of existence, so its program must be that question's
        asked = replace(question, ask=Ask("strategy"))
        found = _existence(asked, build(asked), name, instance, run, time_limit, begun)
        if found.infeasible:
            raise InfeasibleError(found)
    proof = _multipliers_json(above, solved)
    attack: tuple[Strategy, ...] = ()
    value: Fraction | None = None
    if bounds.below is not None and solved.point is not None:
        attack = strategies(question, bounds.below, solved.point)
        value = _objective(bounds.below.program, solved.point)
    elif bounds.below is None:
        from freerand_opt.attacks import search

        attack, value = search(question, run, time_limit)
    return _finished(
        question, name, instance, bounds, solved, proof, attack, value, begun, lambda: solved.multipliers.bound
    )


def _finished(
    question: Question,
    name: str,
    instance: str,
    bounds: Bounds,
    solved: _Solved,
    proof: tuple[dict[str, Any], ConicProgram] | None,
    attack: tuple[Strategy, ...],
    value: Fraction | None,
    begun: float,
    proved: Callable[[], Exact],
) -> Result:
    """Put the certificate together and check it with the stand-alone checker."""
    signed = None if value is None else question.ask.sign * value
    ends = form.answer_ends(question, None if proof is None else proved(), signed)
    body = form.bracket(
        question,
        name=name,
        instance=instance,
        answer=ends,
        multipliers=None if proof is None else proof[0],
        attack=None if signed is None else form.attack_json(signed, attack),
    )
    programs: dict[str, dict[str, Any]] = {}
    lifted: dict[str, Lifted] = {}
    if proof is not None:
        programs, lifted = expanded(body, proof[1], solved.reduction)
    if proof is not None or signed is not None:
        checker.check(body, programs=programs, lifted=lifted)
    return Result(
        name=name,
        instance=instance,
        quantity=question.ask.quantity,
        bracket=Bracket(*ends),
        certificate=body,
        digest=digest(body),
        attack=attack,
        method=bounds.method,
        solver=solved.solution.solver,
        seconds=time.perf_counter() - begun,
    )


def digest(certificate: form.Certificate) -> str:
    """Return the SHA-256 of a certificate's JSON text, with prefix."""
    body = json.dumps(certificate, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


def _objective(program: ConicProgram, x: list[Fraction]) -> Fraction:
    total = Fraction(0)
    for code, value in zip(program.objective.codes.tolist(), x, strict=True):
        factor = program.objective.palette[code]
        if factor and value:
            assert isinstance(factor, Fraction)
            total += factor * value
    return total


def _solve(above: ConicProgram, below: ConicProgram | None, run: Solver, time_limit: float | None) -> _Solved:
    """Solve once; the same basis serves the bound and, with scores rounded inward, the attack.

    Programs that are too large to travel in a certificate are reduced first.
    """
    reduction = None if above.matrix.nnz <= form.CARRIED_NONZEROS else reduce(above)
    small = above if reduction is None else reduction.program
    inner = below
    if below is not None and reduction is not None:
        same = below.matrix is above.matrix or (below.matrix != above.matrix).nnz == 0
        inner = replace(small, right=below.right.take(reduction.row_first)) if same else reduce(below).program
    solution = run(small, time_limit)
    found = multipliers(small, solution)
    x = None if inner is None else point(inner, solution)
    if inner is not None and solution.status == "optimal" and not _closed(inner, found, x):
        from freerand_opt.solvers.highs import sharpen

        sharper = sharpen(inner, solution)
        x = _better(inner, x, point(inner, sharper))
        found = min(found, multipliers(small, sharper), key=lambda item: float(item.bound))
    if x is not None and reduction is not None:
        x = [x[place] for place in reduction.column_class.tolist()]
    return _Solved(found, x, reduction, solution)


def _better(program: ConicProgram, x: list[Fraction] | None, y: list[Fraction] | None) -> list[Fraction] | None:
    """Return the point with the larger objective; None is no point."""
    if x is None or y is None:
        return x if y is None else y
    return x if _objective(program, x) >= _objective(program, y) else y


def _closed(program: ConicProgram, found: Multipliers, x: list[Fraction] | None) -> bool:
    """Return whether bound and point meet as well as doubles can tell."""
    return x is not None and float(found.bound - _objective(program, x)) < 1e-14


def _multipliers_json(program: ConicProgram, solved: _Solved) -> tuple[dict[str, Any], ConicProgram]:
    """Return the proof of the bound in the certificate's form, with the full program it is about."""
    found, reduction = solved.multipliers, solved.reduction
    if reduction is None:
        return form.multipliers_json(program, found, lift=None, bound=found.bound), program
    named = Multipliers({int(reduction.row_first[row]): value for row, value in found.values.items()}, found.bound)
    return form.multipliers_json(program, named, lift="colour-refinement", bound=found.bound), program


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


# ------------------------------------------------------------------ does a strategy exist?


def _existence(
    question: Question,
    bounds: Bounds,
    name: str,
    instance: str,
    run: Solver,
    time_limit: float | None,
    begun: float,
) -> Result:
    """Return a strategy, or multipliers that prove that there is none."""
    full = without_objective(bounds.above.program)
    easier = _easier(full)
    below = None if bounds.below is None else easier(without_objective(bounds.below.program))
    solved = _solve(easier(full), below, run, time_limit)
    if solved.solution.status == "infeasible" and easier is by_margin:
        below = None if bounds.below is None else by_violations(without_objective(bounds.below.program))
        solved = _solve(by_violations(full), below, run, time_limit)
    proof = None
    attack: tuple[Strategy, ...] = ()
    value = None
    if sign(solved.multipliers.bound) < 0:
        proof = _multipliers_json(full, solved)
    elif solved.point is not None and below is not None and _objective(below, solved.point) >= 0:
        assert bounds.below is not None
        attack = strategies(question, bounds.below, solved.point[: full.shape[1]])
        value = Fraction(1)
    found = _finished(
        question, name, instance, bounds, solved, proof, attack, value, begun, lambda: solved.multipliers.bound
    )
    return replace(found, infeasible=proof is not None)


def proofs(
    question: Question, *, solver: str = "highs", time_limit: float | None = None
) -> tuple[ConicProgram, dict[int, Fraction], list[Fraction] | None]:
    """Return (program, multipliers by row, exact point or None) of a question's program, for exports."""
    bounds = build(question)
    program = bounds.above.program
    below = None if bounds.below is None else bounds.below.program
    solved = _solve(program, below, solver_named(solver), time_limit)
    if solved.reduction is None:
        return program, solved.multipliers.values, solved.point
    return program, lift_rows(solved.reduction.row_class, solved.multipliers.values), solved.point


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
    parts = []
    for settings in question.scenario.joint_settings:
        asked = replace(question, ask=replace(question.ask, at=settings))
        label = f"{instance} at {settings}".strip()
        parts.append(bound(asked, name=name, instance=label, solver=solver, time_limit=time_limit))
    pick = min if question.ask.quantity == "min-entropy" else max
    lower = pick((p.bracket.lower for p in parts if p.bracket.lower is not None), key=_key, default=None)
    upper = pick((p.bracket.upper for p in parts if p.bracket.upper is not None), key=_key, default=None)
    if any(part.bracket.upper is None for part in parts) and pick is max:
        upper = None
    if any(part.bracket.lower is None for part in parts) and pick is min:
        lower = None
    body = {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "worst",
        "name": name,
        "instance": instance,
        "answer": {
            "lower": None if lower is None else str(lower),
            "upper": None if upper is None else str(upper),
        },
        "parts": [part.certificate for part in parts],
    }
    best = max(parts, key=lambda part: _key(part.bracket.lower) if pick is max else -_key(part.bracket.upper))
    return replace(
        best,
        instance=instance,
        bracket=Bracket(lower, upper),
        certificate=body,
        digest=digest(body),
        method=f"{best.method}, at each of {len(parts)} joint settings",
        seconds=time.perf_counter() - begun,
    )


def _key(x: Exact | None) -> float:
    return float("-inf") if x is None else float(x)
