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
from numpy.typing import NDArray
from scipy.sparse import csr_array

from freerand_opt.programs.program import (
    MAX_ENTRY,
    ConicProgram,
    ExactVector,
    IntArray,
    Labels,
)

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Reduction:
    """A reduced program with the classes that made it; class i has the first index `*_first[i]`."""

    program: ConicProgram
    row_class: IntArray
    column_class: IntArray
    row_first: IntArray
    column_first: IntArray


def classes(program: ConicProgram) -> tuple[IntArray, IntArray]:
    """Return the coarsest equitable colouring (row classes, column classes).

    Classes are numbered by first occurrence. Colours are compared by 64-bit sums of scrambled
    codes; `equitable` tells without chance whether the result is a partition of that kind.
    """
    matrix = program.matrix
    rows = _refined([program.right.codes, program.zero_rows.astype(np.int64)])
    columns = _refined([program.objective.codes, program.lower.codes, program.upper.codes])
    _, value = np.unique(matrix.data, return_inverse=True)
    value = _scramble(value.astype(np.uint64) + np.uint64(1))
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    by_column = np.argsort(matrix.indices, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(matrix.indices, minlength=matrix.shape[1]))])
    count = (-1, -1)
    while count != (int(rows.max()) + 1, int(columns.max()) + 1):
        count = int(rows.max()) + 1, int(columns.max()) + 1
        seen = _scramble(columns.astype(np.uint64) * _ODD)[matrix.indices] * value
        rows = _refined([rows, _segment_sums(seen, matrix.indptr)])
        seen = (_scramble(rows.astype(np.uint64) * _ODD)[row_of] * value)[by_column]
        columns = _refined([columns, _segment_sums(seen, starts)])
    return _by_first_occurrence(rows), _by_first_occurrence(columns)


def _scramble(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits (the finaliser of splitmix64), so that sums of codes rarely agree by chance."""
    x = (x + _ODD) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(27)
    return (x ^ (x >> np.uint64(31))) | np.uint64(1)


def _segment_sums(values: NDArray[np.uint64], starts: NDArray[np.integer]) -> IntArray:
    """Return the sums, modulo 2^64, of values[starts[i]:starts[i+1]]."""
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return (total[starts[1:]] - total[starts[:-1]]).view(np.int64)


def _refined(keys: list[NDArray[np.int64]]) -> IntArray:
    """Return classes of equal key tuples, in no particular order."""
    mixed = np.zeros(len(keys[0]), dtype=np.uint64)
    for key in keys:
        mixed = _scramble(mixed * _ODD + key.astype(np.uint64))
    return np.unique(mixed, return_inverse=True)[1]


def _by_first_occurrence(codes: IntArray) -> IntArray:
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def equitable(program: ConicProgram, row_class: IntArray, column_class: IntArray) -> bool:
    """Return whether the classes are equitable, by exact integer sums."""
    row_sums = _class_sums(program.matrix, column_class)
    column_sums = _class_sums(csr_array(program.matrix.T.tocsr()), row_class)
    return _constant_on(row_sums, row_class) and _constant_on(column_sums, column_class)


def _class_sums(matrix: csr_array, column_class: IntArray) -> csr_array:
    """Add up the columns of each class."""
    size = int(column_class.max()) + 1
    ones = np.ones(len(column_class), dtype=np.int64)
    gather = csr_array((ones, (np.arange(len(column_class)), column_class)), shape=(len(column_class), size))
    summed = csr_array(matrix @ gather)
    summed.eliminate_zeros()
    summed.sort_indices()
    return summed


def _constant_on(sums: csr_array, row_class: IntArray) -> bool:
    _, first = np.unique(row_class, return_index=True)
    expected = sums[first[row_class]]
    difference = csr_array(sums - expected)
    difference.eliminate_zeros()
    return bool(difference.nnz == 0)


def reduce(program: ConicProgram) -> Reduction:
    """Return the program reduced by its coarsest equitable partition.

    Raise OverflowError if sums of a class leave the range of exact integers.
    """
    row_class, column_class = classes(program)
    _, row_first = np.unique(row_class, return_index=True)
    _, column_first, sizes = np.unique(column_class, return_index=True, return_counts=True)
    kept = program.matrix[row_first]
    summed = _class_sums(csr_array(kept), column_class)
    if summed.nnz and int(np.abs(summed.data).max()) >= MAX_ENTRY:
        raise OverflowError("class sums above 2^50")
    objective = program.objective.take(column_first)
    totals = [objective[i] * int(size) for i, size in enumerate(sizes)]
    places: dict[object, int] = {}
    codes = np.array([places.setdefault(total, len(places)) for total in totals], dtype=np.int64)
    palette: list[Fraction] = [total for total in places if isinstance(total, Fraction)]
    zero = program.zero_rows[row_first]
    blocks = []
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
