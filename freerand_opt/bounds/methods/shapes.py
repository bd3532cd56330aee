"""Programs whose shape does not depend on a number of the source: basis in, certificate's forms out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.flows import chain_form
from freerand_opt.attacks.strategies import flow_form, spelt_form, strategies
from freerand_opt.bounds.methods.ways import upper_form
from freerand_opt.conic.linear import LinearProgram
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Bits, Limits, Problem
from freerand_opt.programs.cycle import cycle_of
from freerand_opt.programs.listed import ListedBoxes, boxes_of_local, boxes_on_cycle
from freerand_opt.programs.quotient import prices, quotient
from freerand_opt.programs.strategies import over_boxes

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
    for make in (orbits, _on_cycle, _of_local):
        try:
            found = make(problem)
        except TooLargeError:
            continue
        if found is not None and found.program.matrix.shape[1] <= MOST_COLUMNS:
            return found
    return None


def orbits(problem: Problem) -> Shape | None:
    """Return the program over orbits of a tree of bits, None for other questions; may be too large."""
    cycle = cycle_of(problem)
    made = None if cycle is None else quotient(cycle)
    if made is None:
        return None
    words = f"{len(made.copies)} orbits of boxes on a cycle"
    return Shape(made.program, lambda z: prices(made, z), lambda x: chain_form(made, x), words)


def _on_cycle(problem: Problem) -> Shape | None:
    return _listed(problem, boxes_on_cycle(problem, MOST_COLUMNS))


def _of_local(problem: Problem) -> Shape | None:
    return _listed(problem, boxes_of_local(problem))


def _listed(problem: Problem, boxes: ListedBoxes | None) -> Shape | None:
    """Return the shape of a program whose boxes are written out."""
    if boxes is None or len(boxes.boxes) * problem.shape[0] > MOST_COLUMNS:
        return None
    made = over_boxes(problem, boxes.boxes)
    more = {} if boxes.edges is None else {"edges": boxes.edges}

    def upper(z: Sequence[Fraction]) -> dict[str, Any]:
        return upper_form(problem, made, z, {}, boxes.way, "bound", **more)

    def attack(x: Sequence[Fraction]) -> dict[str, Any]:
        source, found = problem.source, strategies(made, x)
        return flow_form(source, found) if isinstance(source, Bits) else spelt_form(found)

    return Shape(made.program, upper, attack, boxes.words)
