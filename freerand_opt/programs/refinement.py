r"""Colour refinement: a smaller linear program with the same optimum, whatever its symmetry.

An equitable partition of rows and columns (all rows of a class see the same sums of coefficients
in every class of columns, and the other way round) gives a reduced program: keep one row of a
class and add up the columns of a class. Its solution, copied to all columns of a class, solves
the full program; its multipliers, divided by the sizes of the row classes, are multipliers of the
full program with the same bound (Grohe, Kersting, Mladenov, Selman, arXiv:1307.5697; proof:
docs/proofs/colour-refinement.md). Nothing rests on the classes: what is lifted is checked in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

from freerand_opt.programs.colours import equitable_classes
from freerand_opt.programs.integer_matrix import IntegerMatrix
from freerand_opt.programs.program import (
    ConicProgram,
    ExactVector,
    IntArray,
    Labels,
)


@dataclass(frozen=True, eq=False)
class Reduction:
    """A reduced program with the classes that made it; class i has the first index `*_first[i]`."""

    program: ConicProgram
    row_class: IntArray
    column_class: IntArray
    row_first: IntArray
    column_first: IntArray


def classes(program: ConicProgram) -> tuple[IntArray, IntArray]:
    """Return the coarsest equitable colouring (row classes, column classes), by first occurrence."""
    return equitable_classes(
        program.matrix,
        [program.right.codes, program.zero_rows.astype(np.int64)],
        [program.objective.codes, program.lower.codes, program.upper.codes],
    )


def equitable(program: ConicProgram, row_class: IntArray, column_class: IntArray) -> bool:
    """Return whether the classes are equitable, by exact integer sums."""
    row_sums = _class_sums(program.matrix, column_class)
    column_sums = _class_sums(program.matrix.transposed, row_class)
    return _constant_on(row_sums, row_class) and _constant_on(column_sums, column_class)


def _class_sums(matrix: IntegerMatrix, column_class: IntArray) -> IntegerMatrix:
    """Add up the columns of each class, exactly."""
    size = int(column_class.max()) + 1
    ones = np.ones(len(column_class), dtype=np.int64)
    gather = csr_array((ones, (np.arange(len(column_class)), column_class)), shape=(len(column_class), size))
    return matrix.times(gather)


def _constant_on(sums: IntegerMatrix, row_class: IntArray) -> bool:
    _, first = np.unique(row_class, return_index=True)
    return sums.equals(sums[first[row_class]])


def reduce(program: ConicProgram) -> Reduction:
    """Return the program reduced by its coarsest equitable partition."""
    row_class, column_class = classes(program)
    _, row_first = np.unique(row_class, return_index=True)
    _, column_first, sizes = np.unique(column_class, return_index=True, return_counts=True)
    summed = _class_sums(program.matrix[row_first], column_class)
    objective = program.objective.take(column_first)
    totals = [objective[i] * int(size) for i, size in enumerate(sizes)]
    places: dict[object, int] = {}
    codes = np.array([places.setdefault(total, len(places)) for total in totals], dtype=np.int64)
    palette: list[Fraction] = [total for total in places if isinstance(total, Fraction)]
    zero = program.zero_rows[row_first]
    blocks: list[tuple[str, int]] = []
    for flag in zero.tolist():
        cone = "zero" if flag else "nonnegative"
        if blocks and blocks[-1][0] == cone:
            blocks[-1] = (cone, blocks[-1][1] + 1)
        else:
            blocks.append((cone, 1))
    reduced = ConicProgram(
        matrix=summed,
        blocks=tuple(blocks),
        right=program.right.take(row_first),
        objective=ExactVector(tuple(palette), codes),
        lower=program.lower.take(column_first),
        upper=program.upper.take(column_first),
        row_labels=(Labels("row class {0}", (tuple(map(str, row_first.tolist())),)),),
        column_labels=(Labels("column class {0}", (tuple(map(str, column_first.tolist())),)),),
    )
    return Reduction(reduced, row_class, column_class, row_first, column_first)


def lift_rows(row_class: IntArray, values: dict[int, Fraction]) -> dict[int, Fraction]:
    """Return multipliers of the full program from those of the classes, {class: value}."""
    sizes = np.bincount(row_class)
    shares = {place: value / int(sizes[place]) for place, value in values.items()}
    return {row: shares[place] for row, place in enumerate(row_class.tolist()) if place in shares}
