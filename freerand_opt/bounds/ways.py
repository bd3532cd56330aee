"""Ways to bound a problem with a linear program: boxes of a cycle, deterministic boxes, cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from freerand_opt.certificates.proofs import boxes_proof, cells_proof, prices_of
from freerand_opt.model.problem import Kept, Problem, Test
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.boxes import cell_space, deterministic_boxes
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.source_cone import source_cone, vertex_cone
from freerand_opt.programs.strategies import Strategies, build, over_boxes
from freerand_opt.programs.tables import rational_table


@dataclass(frozen=True)
class Upper:
    """The upper end of a certificate in JSON, and the program and hint that it came from."""

    form: dict[str, Any]
    made: Strategies


def rational_scores(problem: Problem, bits: int = 60) -> tuple[Problem, dict[int, Any]]:
    """Return the problem with rational scores where they multiply masses, and those scores.

    They are rounded outward; of a kept table (least, most) by cell, None where it was rational.
    """
    if problem.observed is not None:
        return problem, {}
    tests: list[Any] = []
    found: dict[int, Any] = {}
    for k, test in enumerate(problem.tests):
        if isinstance(test, Test) and test.functional.on == "conditional" and isinstance(test.score, Real):
            score = (round_down if test.relation == ">=" else round_up)(test.score, bits)
            found[k] = score
            test = replace(test, score=score)
        elif isinstance(test, Kept):
            kept = rational_table(test, bits, outward=True)
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


def cells(problem: Problem, *, by_vertices: bool = False) -> Strategies:
    """Return the program of no-signalling boxes in cells."""
    guesses = guesses_of(problem)
    labels = few_labels(guesses)
    cone = vertex_cone(problem) if by_vertices else source_cone(problem)
    return build(problem, cone, cell_space(problem, labels), guesses, tuple(range(labels)))


def deterministic(problem: Problem) -> Strategies:
    """Return the program of deterministic boxes: one carrier for each box and guess, the best where told."""
    return over_boxes(problem, deterministic_boxes(problem))


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
