"""The proof that a result holds, as a linear program with multipliers and an attack: VIPR."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from freerand_opt.attacks.held import point
from freerand_opt.bounds.result import Result
from freerand_opt.certificates.held import multipliers, of_proof, strings
from freerand_opt.conic.formats.named import named
from freerand_opt.conic.formats.vipr import as_vipr
from freerand_opt.errors import InputError, UnavailableError
from freerand_opt.model.problem import Point, Problem
from freerand_opt.programs.many import moments_program
from freerand_opt.programs.names import column_names, row_names
from freerand_opt.programs.of_question import by_cells, by_cycle, by_deterministic, of_many
from freerand_opt.programs.strategies import Strategies


def vipr(result: Result) -> str:
    """Return the certificate of a result as VIPR text: rows by name, its multipliers and its attack.

    Of a smallest score the negative is maximised. Raise InputError for a critical value, worst settings or
    quantum devices, whose proofs are no linear combination, UnavailableError for a proof without multipliers
    of rows (zeros of the question), and TooLargeError for more columns than are written out.
    """
    body = result.document
    if body["kind"] != "bracket":
        raise InputError(
            "vipr", "holds one linear program; ask at one value of the field, and at one setting"
        )
    if result.question.adversary.devices == "quantum":
        raise InputError("vipr", "holds linear programs only; take cbf or sdpa, and the certificate itself")
    upper = body["upper"]
    if upper is None:
        raise InputError("vipr", "the certificate has no upper end, so there is nothing to derive")
    notes = [f"certificate {result.digest}", *result.words]
    infeasible = upper["claim"] == "none"
    if upper["proof"]["way"] == "strings":
        many = moments_program(body["question"], attack=False)
        held = of_many(many)
        held = replace(held, notes=(*notes, *held.notes))
        return as_vipr(held, strings(many, upper), infeasible=infeasible)
    made = _program(of_proof(result.question.problem(), upper), upper["proof"])
    z = multipliers(made, upper)
    x = None if body["attack"] is None else point(made, body["attack"])
    held = named(made.program, row_names(made), column_names(made), notes)
    return as_vipr(held, z, x, infeasible=infeasible)


def _program(problem: Problem, proof: dict[str, Any]) -> Strategies:
    if proof["way"] == "deterministic":
        return by_deterministic(problem)
    if proof["way"] == "cells":
        vertices = any("vertices" in label for label in proof["labels"])
        return by_cells(problem, vertices=vertices or isinstance(problem.source, Point))
    made = by_cycle(problem) if proof["way"] == "cycle" else None
    if made is None:
        raise UnavailableError(f"a proof by {proof['way']} has no multipliers of a linear program's rows")
    return made
