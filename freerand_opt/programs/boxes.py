r"""What stands for a box in a linear program: a listed box (one number), or cells of a no-signalling box.

A *carrier* has K columns x at each node of the source; P(o|s) and the mass are linear in x, and
positive rows G x >= 0 say what a box is. Cells are marginal probabilities without each party's last
outcome (Collins and Gisin's coordinates), in which no-signalling and normalisation hold identically.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

from freerand_opt.conic.sparse import Sparse, sparse
from freerand_opt.model.problem import Problem
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.programs.box import Box


@dataclass(frozen=True, eq=False)
class Space:
    """Carriers with `width` columns each; `positive` the rows G; column 0 of a carrier is its mass.

    A functional sum of f[o] P(o|s) is `value(c, s, f)`, factors of the carrier's columns.
    """

    carriers: int
    width: int
    positive: Sparse
    outcomes: int
    boxes: tuple[Box, ...] = ()

    def word(self, carrier: int, name: str) -> dict[int, Fraction]:
        """Return the real mean of a word of a listed box as factors of the carrier's columns."""
        mean = self.boxes[carrier].word(name)
        return {0: mean} if mean else {}

    @cached_property
    def _rows(self) -> list[dict[int, Any]]:
        """Return P(o|s) by cells, whole numbers as integers: products with them are sooner done."""
        rows = self.positive.by_row()
        return [{k: int(x) if x.denominator == 1 else x for k, x in row.items()} for row in rows]

    def value(self, carrier: int, s: int, f: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Return sum of f[o] P(o|s) as factors of the carrier's columns."""
        if self.boxes and self.boxes[carrier].answers is not None:
            worth = f.get(self.boxes[carrier].outcome(s))
            return {0: worth} if worth else {}
        if self.boxes:
            chances = self.boxes[carrier].at(s)
            total = sum((factor * chances[o] for o, factor in f.items() if o in chances), Fraction(0))
            return {0: total} if total else {}
        found: dict[int, Fraction] = {}
        for o, factor in f.items():
            for column, share in self._rows[s * self.outcomes + o].items():
                found[column] = found.get(column, 0) + factor * share
        return {column: value for column, value in found.items() if value}


def box_space(boxes: Sequence[Box], outcomes: int) -> Space:
    """Return one column for each box."""
    return Space(len(boxes), 1, sparse((1, 1), [(0, 0, 1)]), outcomes, tuple(boxes))


def cell_space(problem: Problem, labels: int) -> Space:
    """Return the cells of a no-signalling box for each guess label."""
    cells = cell_matrix(problem)
    return Space(labels, cells.shape[1], cells, problem.shape[1])


def cell_matrix(problem: Problem | AnyScenario) -> Sparse:
    """Return P(o|s), row s * outcomes + o, in cells; cell 0 is the mass."""
    sizes = [1 + n * (d - 1) for n, d in zip(problem.settings, problem.outcomes, strict=True)]
    count, width = problem.shape
    entries: list[tuple[int, int, int]] = []
    for s, settings in enumerate(problem.joint_settings):
        for o, outcomes in enumerate(problem.joint_outcomes):
            found = [(0, 1)]
            for x, out, d, size in zip(settings, outcomes, problem.outcomes, sizes, strict=True):
                own = [(1 + x * (d - 1) + out, 1)]
                if out == d - 1:
                    own = [(0, 1), *((1 + x * (d - 1) + k, -1) for k in range(d - 1))]
                found = [(cell * size + k, value * sign) for cell, value in found for k, sign in own]
            entries += [(s * width + o, cell, value) for cell, value in found]
    return sparse((count * width, prod(sizes)), entries)
