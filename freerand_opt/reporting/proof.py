"""The proof that a result holds, as a linear program with multipliers and an attack: VIPR."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import WORK, Result
from freerand_opt.certificates.held import of_proof
from freerand_opt.checker import reading
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Work
from freerand_opt.conic.basis import exact_multipliers
from freerand_opt.conic.formats.named import Named, named
from freerand_opt.conic.formats.vipr import as_vipr
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import solve
from freerand_opt.errors import InputError, UnavailableError
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.numbers.exact import compare, total
from freerand_opt.numbers.kernel import exact
from freerand_opt.programs.many import moments_program
from freerand_opt.programs.names import column_names, row_names
from freerand_opt.programs.of_question import of_many, program_of
from freerand_opt.programs.violations import with_violations


def vipr(result: Result) -> str:
    """Return a proof of a result's bound as VIPR text: rows by name, exact multipliers, and an attack.

    The program that shows the question is solved again, and its bound is at least as sharp as the result's.
    Of a smallest score the negative is maximised. Raise InputError for a critical value, worst settings,
    entropies or quantum devices, whose proofs are no linear combination, UnavailableError where the
    program does not prove the bound, and TooLargeError for more columns than are written out.
    """
    body = result.document
    if body["kind"] != "bracket":
        raise InputError(
            "vipr", "holds one linear program; ask at one value of the field, and at one setting"
        )
    if result.question.adversary.devices == "quantum":
        raise InputError("vipr", "holds linear programs only; take cbf or sdpa, and the certificate itself")
    if result.question.ask.quantity == ENTROPY:
        raise InputError("vipr", "holds one linear program; an entropy is proved by chords, or over boxes")
    upper = body["upper"]
    if upper is None:
        raise InputError("vipr", "the certificate has no upper end, so there is nothing to derive")
    held = _program(result, body)
    held = replace(held, notes=(f"certificate {result.digest}", *result.words, *held.notes))
    if upper["claim"] == "none":
        broken = with_violations(held.program, settings=True)
        return as_vipr(held, _multipliers(held, exact_multipliers(broken, solve(broken))), infeasible=True)
    hint = solve(held.program)
    z = _multipliers(held, exact_multipliers(held.program, hint))
    _require_sharp(result, held, z)
    return as_vipr(held, z, inner_point(held.program, hint))


def _program(result: Result, body: dict[str, Any]) -> Named:
    """Return the program that shows the question, scores rational where the certificate has them so."""
    if body["upper"]["proof"]["way"] == "strings":
        return of_many(moments_program(body["question"], attack=False))
    made = program_of(of_proof(result.question.problem(), body["upper"]))
    return named(made.program, row_names(made), column_names(made))


def _multipliers(held: Named, z: list[Fraction] | None) -> dict[int, Fraction]:
    """Return the multipliers of the program's own rows; raise UnavailableError if they prove nothing."""
    rows = held.program.matrix.shape[0]
    if z is None or any(x < 0 and not equal for x, equal in zip(z, held.program.equal, strict=False)):
        raise UnavailableError("no exact multipliers of this program were found")
    return {row: x for row, x in enumerate(z[:rows]) if x}


def _require_sharp(result: Result, held: Named, z: dict[int, Fraction]) -> None:
    """Raise UnavailableError if multipliers prove less than the certificate does."""
    report = check(reading.load(result.certificate), Work(WORK))
    smallest = result.question.ask.extreme == "smallest"
    end = report.lower if smallest else report.upper
    assert end is not None
    derived = total(held.program.right[row] * x for row, x in z.items())
    if compare(derived, exact(-end if smallest else end)) > 0:
        raise UnavailableError("the program that shows this question proves less than the certificate does")
