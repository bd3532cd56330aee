"""Ways to bound a problem with a linear program: boxes of a cycle, deterministic boxes, cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.certificates.proofs import boxes_proof, cells_proof, prices_of
from freerand_opt.model.problem import Kept, Problem, Test
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.strategies import Strategies
from freerand_opt.programs.tables import rational_table

#: Rational scores and tables are multiples of 2^-BITS.
BITS = 60


def rational_scores(problem: Problem) -> tuple[Problem, dict[int, Any]]:
    """Return the problem with rational scores where they multiply masses, and those scores.

    They are rounded outward; of a kept table (least, most) by cell, None where it was rational.
    """
    if problem.observed is not None:
        return problem, {}
    tests: list[Any] = []
    found: dict[int, Any] = {}
    for k, test in enumerate(problem.tests):
        if isinstance(test, Test) and test.functional.on == "conditional" and isinstance(test.score, Real):
            score = (round_down if test.relation == ">=" else round_up)(test.score, BITS)
            found[k] = score
            test = replace(test, score=score)
        elif isinstance(test, Kept):
            kept = rational_table(test, BITS, outward=True)
            if kept != test:
                found[k] = _limits(test, kept)
            test = kept
        tests.append(test)
    return replace(problem, tests=tuple(tests)), found


def _limits(test: Kept, kept: Kept) -> list[tuple[Fraction, Fraction] | None]:
    """Return the limits of each cell of a table whose probability was irrational."""
    found: list[tuple[Fraction, Fraction] | None] = []
    for (_, row), (_, rounded) in zip(test.table, kept.table, strict=True):
        for x, near in zip(row, rounded, strict=True):
            assert isinstance(near, Fraction)
            irrational = isinstance(x, Real)
            found.append((near - kept.tolerance, near + kept.tolerance) if irrational else None)
    return found


def upper_form(
    problem: Problem,
    made: Strategies,
    z: Sequence[Fraction],
    rational: dict[int, Any],
    way: str,
    claim: str,
    **more: Any,
) -> dict[str, Any]:
    """Return the upper end for multipliers z."""
    if way == "cells":
        proof = cells_proof(made, z, vertices=more.get("vertices", False))
    else:
        plain = {"way": way, **({"edges": more["edges"]} if "edges" in more else {})}
        proof = boxes_proof(made, z, plain, more.get("order", range(made.space.carriers)))
    return {"claim": claim, "prices": prices_of(made.program.names, z, problem, rational), "proof": proof}
