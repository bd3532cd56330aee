r"""Questions that stay the same when all outcomes are turned round: programs over one of two guess labels.

Each party's outcome a becomes d - 1 - a, so a joint outcome o of n becomes n - 1 - o. If that keeps the tests
and exchanges the two labels, a strategy z with labels 0, 1 may be averaged with its image, and

.. math:: z_1 = T z_0, \qquad f(z_0) + f(T z_0) \text{ in place of } f(z_0) + f(z_1).

Multipliers of what is left are half of the whole program's, and the images of these.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import prod

import numpy as np

from freerand_opt.conic.linear import Hint, LinearProgram
from freerand_opt.conic.sparse import Sparse, kron, sparse
from freerand_opt.model.problem import Average, Kept, Problem
from freerand_opt.programs.assembly import Assembly
from freerand_opt.programs.box import Box
from freerand_opt.programs.boxes import Space, cell_space
from freerand_opt.programs.guesses import Guesses, guesses_of
from freerand_opt.programs.ratios import sums_ratios
from freerand_opt.programs.source_cone import Cone
from freerand_opt.programs.strategies import Strategies, build

Rows = Mapping[int, Mapping[int, Fraction]]


@dataclass(frozen=True, eq=False)
class Half:
    """The program over the first label of a whole one, and how cells turn."""

    whole: Strategies
    first: Strategies
    turn: Sparse

    def lifted(self, z: Sequence[Fraction]) -> list[Fraction]:
        """Return multipliers of the whole program from those of the first label's."""
        found: dict[Hashable, Fraction] = {}
        equal: dict[int, dict[int, Fraction]] = {}
        width, lines = self.whole.problem.shape[1], self.turn.by_row()
        for name, value in zip(self.first.program.names, z, strict=True):
            assert isinstance(name, tuple)
            half = value / 2 if value else value
            if name[0] == "facet":
                _, _, facet, cell = name
                found[name] = found["facet", 1, facet, _image(cell, width)] = half
            elif name[0] == "equal":
                found[name] = half
                own = equal.setdefault(name[2], {})
                for k, factor in lines[name[3]].items() if half else ():
                    own[k] = own.get(k, Fraction(0)) + half * factor
            elif name[0] == "test" and isinstance(self.whole.problem.tests[name[1]], Kept):
                _, test, cell, side = name
                for place in (cell, _image(cell, width)):
                    found["test", test, place, side] = half if _image(cell, width) != cell else value
            else:
                found[name] = value
        found |= {("equal", 1, row, k): x for row, own in equal.items() for k, x in own.items()}
        return [found.get(name, Fraction(0)) for name in self.whole.program.names]

    def hint(self, hint: Hint, z: Sequence[Fraction]) -> Hint:
        """Return the hint of the whole program, without a basis."""
        cells = hint.x.reshape(-1, self.first.space.width)
        x = np.concatenate([cells, cells @ self.turn.dense().T]).ravel()
        return Hint(hint.status, x, np.array([float(value) for value in z]), None, None)


def half_of(whole: Strategies) -> Half | None:
    """Return half of a program over cells with two labels, None if it does not stay the same."""
    problem = whole.problem
    if whole.labels != (0, 1) or whole.zeros or not _turns(problem, guesses_of(problem)):
        return None
    return Half(whole, of_first(problem, whole.cone, cell_space(problem, 1)), _turn(problem))


def of_first(problem: Problem, cone: Cone, space: Space) -> Strategies:
    """Return the program over carriers of the first label, whose images are those of the other one."""
    made = build(problem, cone, space, guesses_of(problem), (0,) * space.carriers, assembly=_Folded)
    program = _without_images(made.program, problem)
    worth = {column: 2 * value for column, value in program.objective.items()}
    return replace(made, program=replace(program, objective=worth))


def turned(box: Box) -> Box:
    """Return a box with all outcomes turned."""
    table, last = box.table, prod(box.outcomes) - 1
    if box.answers is not None:
        answers = (tuple(d - 1 - a for a in own) for own, d in zip(box.answers, box.outcomes, strict=True))
        return replace(box, answers=tuple(answers), label=f"{box.label}, turned")
    assert table is not None
    rows = tuple(tuple((last - o, chance) for o, chance in reversed(row)) for row in table)
    return replace(box, table=rows, label=f"{box.label}, turned")


def _image(cell: int, width: int) -> int:
    """Return the place s n + n - 1 - o of a place s n + o."""
    return cell + width - 1 - 2 * (cell % width)


def _turned(rows: Rows, width: int) -> dict[int, dict[int, Fraction]]:
    return {s: {width - 1 - o: x for o, x in row.items()} for s, row in rows.items()}


def _turns(problem: Problem, guesses: Guesses) -> bool:
    """Return whether turning all outcomes keeps the tests and exchanges the two labels."""
    if isinstance(problem.source, Average) or not guesses.outputs:
        return False
    width = problem.shape[1]
    for test in problem.tests:
        if isinstance(test, Kept):
            if any(tuple(reversed(row)) != tuple(row) for _, row in test.table):
                return False
            continue
        if test.functional.on == "moments" or sums_ratios(problem, test):
            return False
        factors = problem.factors(test.functional, 1)
        if _turned(factors, width) != factors:
            return False
    settings = range(problem.shape[0])
    first, other = ({s: guesses.worth(guesses.at(g, s), s) for s in settings} for g in (0, 1))
    return _turned(first, width) == {s: dict(row) for s, row in other.items()}


class _Folded(Assembly):
    """Rows of the first label: a functional of it, and of its image."""

    def row(
        self, f: dict[int, dict[int, Fraction]], constants: dict[int, Fraction] | None = None
    ) -> dict[int, Fraction]:
        total = super().row(f, constants)
        for column, value in super().row(_turned(f, self.problem.shape[1]), constants).items():
            total[column] = total.get(column, Fraction(0)) + value
        return {column: value for column, value in total.items() if value}


def _without_images(program: LinearProgram, problem: Problem) -> LinearProgram:
    """Return the program without the rows that say of an image what another says of its cell."""
    width = problem.shape[1]

    def kept(name: Hashable) -> bool:
        assert isinstance(name, tuple)
        table = name[0] == "test" and isinstance(problem.tests[name[1]], Kept)
        return not table or name[2] <= _image(name[2], width)

    keep = np.array([kept(name) for name in program.names])
    places, matrix = np.cumsum(keep) - 1, program.matrix
    held = keep[matrix.rows]
    rows = Sparse(
        (int(keep.sum()), matrix.shape[1]),
        places[matrix.rows[held]],
        matrix.columns[held],
        matrix.codes[held],
        matrix.palette,
    )
    chosen = np.flatnonzero(keep).tolist()
    return replace(
        program,
        matrix=rows,
        equal=tuple(program.equal[k] for k in chosen),
        right=tuple(program.right[k] for k in chosen),
        names=tuple(program.names[k] for k in chosen),
    )


def _turn(problem: Problem) -> Sparse:
    """Return the cells of a box whose outcomes are turned, in those of the box."""
    return reduce(kron, (_of_party(n, d) for n, d in zip(problem.settings, problem.outcomes, strict=True)))


def _of_party(settings: int, outcomes: int) -> Sparse:
    """Return a party's part: outcome d - 1 - k in place of k, where the last one is 1 minus the others."""
    size = 1 + settings * (outcomes - 1)

    def entries() -> Iterator[tuple[int, int, int]]:
        yield 0, 0, 1
        for first in range(1, size, outcomes - 1):
            yield first, 0, 1
            yield from ((first, first + k, -1) for k in range(outcomes - 1))
            yield from ((first + k, first + outcomes - 1 - k, 1) for k in range(1, outcomes - 1))

    return sparse((size, size), entries())
