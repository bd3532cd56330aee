"""Programs whose shape does not depend on a number of the source: basis in, certificate's forms out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.flows import chain_form
from freerand_opt.attacks.graph import Graph, leaves_root
from freerand_opt.attacks.strategies import attack_form, box_form, strategies
from freerand_opt.bounds.ways import upper_form
from freerand_opt.conic.linear import LinearProgram
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Bits, Kept, Limits, Problem
from freerand_opt.programs.boxes import deterministic_boxes
from freerand_opt.programs.cycle import boxes_of, cycle_of, edge_form
from freerand_opt.programs.quotient import prices, quotient
from freerand_opt.programs.strategies import Strategies, over_boxes

#: Columns of programs that are solved exactly at many places.
MOST_COLUMNS = 20_000


@dataclass(frozen=True)
class Shape:
    """A program, and what its multipliers and its points are in a certificate."""

    program: LinearProgram
    upper: Callable[[Sequence[Fraction]], dict[str, Any]]
    attack: Callable[[Sequence[Fraction]], dict[str, Any]]
    words: str


def shape_of(problem: Problem) -> Shape | None:
    """Return the smallest program of boxes that suffice, None if there is none with a curve."""
    if not isinstance(problem.source, Bits | Limits) or problem.observed is None:
        return None
    for make in (_orbits, _cycle, _deterministic):
        try:
            found = make(problem)
        except TooLargeError:
            continue
        if found is not None and found.program.matrix.shape[1] <= MOST_COLUMNS:
            return found
    return None


def _orbits(problem: Problem) -> Shape | None:
    cycle = cycle_of(problem)
    made = None if cycle is None else quotient(cycle)
    if made is None:
        return None

    def attack(x: Sequence[Fraction]) -> dict[str, Any]:
        return chain_form(made, x)

    return Shape(
        made.program, lambda z: prices(made, z), attack, f"{len(made.copies)} orbits of boxes on a cycle"
    )


def _cycle(problem: Problem) -> Shape | None:
    cycle = cycle_of(problem)
    if cycle is None:
        return None
    if len(cycle.edges) * problem.shape[0] > MOST_COLUMNS:
        return None
    boxes = boxes_of(cycle)
    return _listed(
        problem, over_boxes(problem, boxes), "cycle", f"{len(boxes)} boxes of a cycle", edges=edge_form(cycle)
    )


def _deterministic(problem: Problem) -> Shape | None:
    if problem.devices != "local" or any(
        not isinstance(test, Kept) and test.functional.on == "moments" for test in problem.tests
    ):
        return None
    boxes = deterministic_boxes(problem)
    if len(boxes) * problem.shape[0] > MOST_COLUMNS:
        return None
    return _listed(problem, over_boxes(problem, boxes), "deterministic", f"{len(boxes)} deterministic boxes")


def _listed(problem: Problem, made: Strategies, way: str, words: str, **more: Any) -> Shape:
    """Return the shape of a program whose boxes are written out."""

    def upper(z: Sequence[Fraction]) -> dict[str, Any]:
        return upper_form(problem, made, z, {}, way, "bound", **more)

    def attack(x: Sequence[Fraction]) -> dict[str, Any]:
        source = problem.source
        if not isinstance(source, Bits):
            return attack_form(problem, strategies(made, x))
        graph, listed = Graph(), []
        for one in strategies(made, x):
            masses = one.strings or [one.masses[s] for s in source.leaves]
            node = leaves_root(graph, masses, source.ranges)
            listed.append({"weight": str(one.weight), "node": node, "box": box_form(one.box)})
        return {"flow": graph.form(), "strategies": listed}

    return Shape(made.program, upper, attack, words)
