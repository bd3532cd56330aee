"""Boxes written out that suffice for a question: those of a cycle, or all deterministic ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Kept, Point, Problem, Test
from freerand_opt.programs.box import Box, deterministic_boxes
from freerand_opt.programs.cycle import boxes_of, cycle_of, edge_form


@dataclass(frozen=True)
class ListedBoxes:
    """Boxes, the kernel's way to prove over them, words for them, and the edges of a cycle."""

    way: str
    boxes: Sequence[Box]
    words: str
    edges: int | list[list[int]] | None = None


def boxes_on_cycle(problem: Problem, most: int) -> ListedBoxes | None:
    """Return the boxes of a cycle, None without one; raise TooLargeError for more columns than `most`."""
    cycle = cycle_of(problem)
    if cycle is None:
        return None
    nodes = 1 if isinstance(problem.source, Point) else problem.shape[0]
    require_columns(len(cycle.edges) * nodes, most)
    boxes = boxes_of(cycle)
    return ListedBoxes("cycle", boxes, f"{len(boxes)} boxes of a cycle", edge_form(cycle))


def boxes_of_local(problem: Problem) -> ListedBoxes | None:
    """Return all deterministic boxes, None where devices are not local; raise TooLargeError for too many."""
    if problem.devices != "local" or any(of_moments(test) for test in problem.tests):
        return None
    boxes = deterministic_boxes(problem)
    return ListedBoxes("deterministic", boxes, f"{len(boxes)} deterministic boxes")


def require_columns(columns: int, most: int) -> None:
    """Raise TooLargeError for a program with more columns than `most`."""
    if columns > most:
        raise TooLargeError(f"the program has {columns} columns, more than the {most} that are written out")


def of_moments(test: Test | Kept) -> bool:
    """Return whether a test is about moments, which boxes do not have."""
    return isinstance(test, Test) and test.functional.on == "moments"
