"""The coarsest equitable colouring of rows and columns of a sparse matrix, near-linear in its nonzeros.

When a class splits, its largest part keeps its colour and only the others are looked at again
(Hopcroft's rule; Berkholz, Bonsma, Grohe, arXiv:1509.08251), so a nonzero is touched
O(log n) times. Everything is arrays; colours are compared by 64-bit sums of scrambled codes, which
could at worst merge what is different: what is lifted from the classes is checked in full.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freerand_opt.programs.arrays import IntArray
from freerand_opt.programs.integer_matrix import IntegerMatrix

_ODD = np.uint64(0x9E3779B97F4A7C15)


def equitable_classes(
    matrix: IntegerMatrix, row_keys: list[IntArray], column_keys: list[IntArray]
) -> tuple[IntArray, IntArray]:
    """Return (row classes, column classes), numbered by first occurrence.

    Two rows share a class only if they agree in all `row_keys` and, for every class of columns and
    every value, have equally many entries of that value in it; likewise for columns.
    """
    rows, columns = _Colouring(_mixed(row_keys)), _Colouring(_mixed(column_keys))
    weight = _scramble(np.unique(matrix.codes, return_inverse=True)[1].astype(np.uint64) + np.uint64(1))
    row_starts = matrix.indptr.astype(np.int64)
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(row_starts))
    column_of = matrix.indices.astype(np.int64)
    by_column = np.argsort(column_of, kind="stable")
    column_starts = np.concatenate([[0], np.cumsum(np.bincount(column_of, minlength=matrix.shape[1]))])
    from_columns = (column_starts, row_of[by_column], weight[by_column])
    from_rows = (row_starts, column_of, weight)

    changed_columns = np.arange(matrix.shape[1])
    changed_rows = np.arange(matrix.shape[0])
    first = True
    while len(changed_columns):
        split = _spread(changed_columns, columns, from_columns, rows)
        changed_rows = changed_rows if first else split
        first = False
        changed_columns = _spread(changed_rows, rows, from_rows, columns)
    return _by_first_occurrence(rows.colour), _by_first_occurrence(columns.colour)


class _Colouring:
    """Colours of items, and how many items have each."""

    def __init__(self, codes: IntArray) -> None:
        _, inverse = np.unique(codes, return_inverse=True)
        self.colour: IntArray = inverse.astype(np.int64)
        self.sizes: list[int] = np.bincount(inverse).tolist()

    def split(self, items: IntArray, signatures: NDArray[np.uint64]) -> IntArray:
        """Separate items of one colour by signature (items not named have another); return the recoloured."""
        old = self.colour[items]
        order = np.lexsort((signatures, old))
        items, signatures, old = items[order], signatures[order], old[order]
        begins = np.ones(len(items), dtype=bool)
        begins[1:] = (old[1:] != old[:-1]) | (signatures[1:] != signatures[:-1])
        starts = np.flatnonzero(begins)
        counts = np.diff(np.append(starts, len(items)))
        owner = old[starts]
        first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        recoloured = []
        for low, high in zip(first.tolist(), [*first[1:].tolist(), len(starts)], strict=True):
            colour = int(owner[low])
            untouched = self.sizes[colour] - int(counts[low:high].sum())
            # the untouched keep the colour, they cannot be named; else the largest part does
            keeps = -1 if untouched else low + int(np.argmax(counts[low:high]))
            for part in range(low, high):
                if part == keeps:
                    continue
                members = items[starts[part] : starts[part] + counts[part]]
                self.sizes[colour] -= len(members)
                self.colour[members] = len(self.sizes)
                self.sizes.append(len(members))
                recoloured.append(members)
        return np.concatenate(recoloured) if recoloured else np.zeros(0, dtype=np.int64)


def _spread(
    changed: IntArray,
    own: _Colouring,
    entries: tuple[IntArray, IntArray, NDArray[np.uint64]],
    other: _Colouring,
) -> IntArray:
    """Split the other side's classes by what they see of the changed items; return the recoloured."""
    starts, neighbour, weight = entries
    begin, length = starts[changed], starts[changed + 1] - starts[changed]
    total = int(length.sum())
    if not total:
        return np.zeros(0, dtype=np.int64)
    owner = np.repeat(np.arange(len(changed)), length)
    place = begin[owner] + np.arange(total) - np.repeat(np.cumsum(length) - length, length)
    seen = _scramble(own.colour[changed].astype(np.uint64) * _ODD)[owner] * weight[place]
    reached = neighbour[place]
    order = np.argsort(reached, kind="stable")
    reached, seen = reached[order], seen[order]
    first = np.flatnonzero(np.append(True, reached[1:] != reached[:-1]))
    return other.split(reached[first], np.add.reduceat(seen, first))


def _scramble(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits (the finaliser of splitmix64), so that sums of codes rarely agree by chance."""
    x = (x + _ODD) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(27)
    return (x ^ (x >> np.uint64(31))) | np.uint64(1)


def _mixed(keys: list[IntArray]) -> IntArray:
    mixed = np.zeros(len(keys[0]), dtype=np.uint64)
    for key in keys:
        mixed = _scramble(mixed * _ODD + key.astype(np.uint64))
    return mixed.view(np.int64)


def _by_first_occurrence(codes: IntArray) -> IntArray:
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
