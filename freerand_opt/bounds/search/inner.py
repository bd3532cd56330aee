"""Inner programs of the search for devices: the guess at a behaviour, and the functional that shows it.

Floats throughout; what is found is asked anew, exactly (`bounds.search.best`). docs/proofs/two-parties.md, 9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from freerand_opt.conic.linear import solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.moments import Moments, moment_program
from freerand_opt.programs.npa.matrix import moment_matrix
from freerand_opt.programs.npa.space import moment_space
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import over_cells

#: From a behaviour P(o|s) to (value, functional up to a constant), or None where none was found: the value
#: is at most the functional at every behaviour, and equal to it at this one.
Inner: TypeAlias = Callable[[Floats], tuple[float, Floats] | None]

#: Level of the relaxation for quantum adversaries.
LEVEL = "2"


def inner_guess(problem: Problem) -> Inner:
    """Return the inner program of a problem that keeps a whole behaviour."""
    return _by_moments(problem) if problem.devices == "quantum" else _by_boxes(problem)


def _tested(names: Sequence[object]) -> tuple[list[int], list[int]]:
    """Return which rows keep the behaviour, and the cell of each."""
    rows = [k for k, name in enumerate(names) if isinstance(name, tuple) and name[0] == "test"]
    return rows, [names[k][2] for k in rows]  # type: ignore[index]


def _by_boxes(problem: Problem) -> Inner:
    program = over_cells(problem, source_cone(problem)).program
    rows, cells = _tested(program.names)
    sides = np.array([float(x) for x in program.right])

    def inner(table: Floats) -> tuple[float, Floats] | None:
        right = sides.copy()
        right[rows] = table.reshape(-1)[cells]
        found = solve(program, right=right.tolist())
        if found.status != "optimal":
            return None
        functional = np.zeros(table.size)
        functional[cells] = found.multipliers[rows]
        return float(found.multipliers @ right), functional.reshape(table.shape)

    return inner


def _by_moments(problem: Problem) -> Inner:
    from freerand_opt.solvers import clarabel

    labels = guesses_of(problem)
    matrix = moment_matrix(problem.parties, LEVEL)
    moments = Moments(moment_space(matrix, None), few_labels(labels), problem)
    program = moment_program(problem, cone_of(problem), moments, labels).program
    rows, cells = _tested(program.names)

    def inner(table: Floats) -> tuple[float, Floats] | None:
        sides = list(program.right)
        for row, cell in zip(rows, cells, strict=True):
            sides[row] = Fraction(float(table.reshape(-1)[cell]))
        # of an optimum in floats that is a little loose, the functional is good enough to search along
        found = clarabel.solve(replace(program, right=tuple(sides)))
        if found.status not in ("optimal", "stopped"):
            return None
        assert isinstance(found.multipliers, np.ndarray)
        functional = np.zeros(table.size)
        functional[cells] = found.multipliers[rows]
        return float(found.multipliers @ np.array([float(x) for x in sides])), functional.reshape(table.shape)

    return inner
