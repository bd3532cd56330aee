"""Sparse matrices of integers of any size: a pattern of codes, and the few integers that they stand for.

Entry (i, j) is palette[pattern[i, j]]. Codes are int64: there are no more of them than entries. What
adds or multiplies entries does so in int64 only where a bound on the result, formed first, is below 2^62.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.sparse import kron as sparse_kron

from freerand_opt.programs.arrays import SAFE, FloatArray, IntArray, Integers, whole


@dataclass(frozen=True, eq=False)
class IntegerMatrix:
    """A sparse matrix of exact integers; the palette is 0, then the others in ascending order.

    `pattern` has no stored zeros and no repeated places, its columns ascend in each row.
    """

    pattern: csr_array
    palette: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns)."""
        rows, columns = self.pattern.shape
        return rows, columns

    @property
    def nnz(self) -> int:
        """Return the number of entries that are not 0."""
        return int(self.pattern.nnz)

    @property
    def indptr(self) -> IntArray:
        """Return where each row's entries begin, and the end of the last one."""
        return np.asarray(self.pattern.indptr)

    @property
    def indices(self) -> IntArray:
        """Return the columns of the entries, row by row."""
        return np.asarray(self.pattern.indices)

    @property
    def codes(self) -> IntArray:
        """Return the places of the entries in the palette, row by row."""
        return np.asarray(self.pattern.data)

    @cached_property
    def entries(self) -> list[int]:
        """Return the entries that are not 0, row by row, exactly."""
        return [self.palette[code] for code in self.codes.tolist()]

    @property
    def largest(self) -> int:
        """Return a number that no entry exceeds in size; rows that were left out may have reached it."""
        return max(-self.palette[1], self.palette[-1], 0) if len(self.palette) > 1 else 0

    def row(self, index: int) -> Iterator[tuple[int, int]]:
        """Yield (column, entry) of a row."""
        here = slice(int(self.indptr[index]), int(self.indptr[index + 1]))
        codes = self.codes[here].tolist()
        return zip(self.indices[here].tolist(), (self.palette[code] for code in codes), strict=True)

    def __neg__(self) -> IntegerMatrix:
        """Return the matrix with every sign turned."""
        pattern = self.pattern.copy()
        pattern.data = len(self.palette) - pattern.data  # the order of the palette turns as well
        return IntegerMatrix(pattern, (0, *(-value for value in self.palette[:0:-1])))

    def __getitem__(self, rows: IntArray | slice | Sequence[int]) -> IntegerMatrix:
        """Return the rows named, in that order."""
        return IntegerMatrix(csr_array(self.pattern[rows]), self.palette)

    def columns(self, kept: IntArray | slice) -> IntegerMatrix:
        """Return the columns named, in that order."""
        pattern = csr_array(self.pattern[:, kept])
        pattern.sort_indices()
        return IntegerMatrix(pattern, self.palette)

    @property
    def transposed(self) -> IntegerMatrix:
        """Return the matrix with rows and columns exchanged."""
        return IntegerMatrix(csr_array(self.pattern.T.tocsr()), self.palette)

    def equals(self, other: IntegerMatrix) -> bool:
        """Return whether two matrices have the same shape and entries."""
        if self.shape != other.shape or self.nnz != other.nnz:
            return False
        same = np.array_equal(self.indptr, other.indptr) and np.array_equal(self.indices, other.indices)
        return same and np.array_equal(*aligned(self, other))

    def times(self, other: csr_array) -> IntegerMatrix:
        """Return the product with a sparse matrix of int64 entries, exactly."""
        longest = int(np.diff(self.indptr).max(initial=0))
        most = int(np.abs(other.data).max()) if other.nnz else 0
        if self.largest * max(most, 1) * max(longest, 1) < SAFE:
            values = np.array(self.palette, dtype=np.int64)
            held = csr_array((values[self.codes], self.indices, self.indptr), shape=self.shape)
            return of_small(csr_array(held @ other))
        starts, columns, factors = other.indptr.tolist(), other.indices.tolist(), other.data.tolist()
        lines: list[dict[int, int]] = []
        for index in range(self.shape[0]):
            line: dict[int, int] = {}
            for middle, entry in self.row(index):
                for k in range(starts[middle], starts[middle + 1]):
                    line[columns[k]] = line.get(columns[k], 0) + entry * factors[k]
            lines.append(line)
        return of_rows(lines, other.shape[1])

    @cached_property
    def row_bits(self) -> IntArray:
        """Return the number of binary digits of each row's largest entry, 0 for an empty row."""
        sizes = np.array([value.bit_length() for value in self.palette], dtype=np.int64)[self.codes]
        found = np.zeros(self.shape[0], dtype=np.int64)
        held = np.flatnonzero(np.diff(self.indptr))
        if len(held):
            found[held] = np.maximum.reduceat(sizes, self.indptr[held])
        return found

    def floats(self, shifts: IntArray) -> csr_array:
        """Return the matrix with row i divided by 2^shifts[i], entries rounded to the nearest float.

        Raise OverflowError where the shift leaves an entry beyond the range of floats.
        """
        owner = np.repeat(shifts, np.diff(self.indptr))
        return csr_array(
            (divided(self.palette, self.codes, owner), self.indices, self.indptr), shape=self.shape
        )

    def toarray(self) -> Integers:
        """Return all entries, zeros included."""
        return np.asarray(whole(self.palette)[self.pattern.toarray()])


def divided(palette: Sequence[int], codes: IntArray, shifts: IntArray) -> FloatArray:
    """Return palette[code] / 2^shift for each pair, rounded to the nearest float."""
    kinds, place = shifted_kinds(codes, shifts)
    # the quotient of two Python integers is rounded once, however long they are
    return np.array([palette[code] / (1 << shift) for code, shift in kinds], dtype=np.float64)[place]


def shifted_kinds(codes: IntArray, shifts: IntArray) -> tuple[list[tuple[int, int]], IntArray]:
    """Return the different pairs (code, shift), and the place of each pair among them."""
    if not shifts.any():
        seen = np.bincount(codes) > 0
        return [(code, 0) for code in np.flatnonzero(seen).tolist()], (np.cumsum(seen) - 1)[codes]
    width = int(shifts.max()) + 1  # codes are below the number of entries, shifts below 2^14
    keys, place = np.unique(codes * width + shifts, return_inverse=True)
    return [divmod(key, width) for key in keys.tolist()], place.ravel()


def aligned(left: IntegerMatrix, right: IntegerMatrix) -> tuple[IntArray, IntArray]:
    """Return the codes of both matrices for one palette."""
    _, (first, second) = _merged([left.palette, right.palette])
    return first[left.codes], second[right.codes]


def _merged(palettes: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], list[IntArray]]:
    """Return one palette for several, and for each of them the new codes of its old ones."""
    if len(set(palettes)) == 1:
        return palettes[0], [np.arange(len(palettes[0]))] * len(palettes)
    palette = (0, *sorted({value for held in palettes for value in held[1:]}))
    places = {value: code for code, value in enumerate(palette)}
    return palette, [np.array([places[value] for value in held], dtype=np.int64) for held in palettes]


# ------------------------------------------------------------------ making them


def of_small(matrix: csr_array) -> IntegerMatrix:
    """Return a sparse matrix of int64 entries, which the caller has kept from overflowing."""
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    values, inverse = np.unique(matrix.data, return_inverse=True)
    codes = inverse.astype(np.int64) + 1
    pattern = csr_array((codes, matrix.indices, matrix.indptr), shape=matrix.shape)
    return IntegerMatrix(pattern, (0, *map(int, values.tolist())))


def of_rows(rows: Sequence[dict[int, int]], columns: int) -> IntegerMatrix:
    """Return the matrix whose row i has the entries rows[i], by column."""
    lines = [sorted(row.items()) for row in rows]
    if any(0 in row.values() for row in rows):
        lines = [[(column, value) for column, value in line if value] for line in lines]
    palette = (0, *sorted({value for line in lines for _, value in line}))
    places = {value: code for code, value in enumerate(palette)}
    indices = np.array([column for line in lines for column, _ in line], dtype=np.int64)
    codes = np.array([places[value] for line in lines for _, value in line], dtype=np.int64)
    indptr = np.cumsum([0, *map(len, lines)])
    return IntegerMatrix(csr_array((codes, indices, indptr), shape=(len(lines), columns)), palette)


def of_entries(entries: Iterable[tuple[int, int, int]], shape: tuple[int, int]) -> IntegerMatrix:
    """Return the matrix with these (row, column, integer); entries at one place are added."""
    rows: list[dict[int, int]] = [{} for _ in range(shape[0])]
    for row, column, value in entries:
        rows[row][column] = rows[row].get(column, 0) + value
    return of_rows(rows, shape[1])


def of_codes(codes: IntArray, places: IntArray, columns: int, palette: tuple[int, ...]) -> IntegerMatrix:
    """Return the matrix with palette[codes[i, k]] at (i, places[i, k]); places ascend in each row."""
    rows, each = codes.shape
    indptr = np.arange(rows + 1) * each
    return IntegerMatrix(csr_array((codes.ravel(), places.ravel(), indptr), shape=(rows, columns)), palette)


def identity(size: int) -> IntegerMatrix:
    """Return the identity matrix."""
    places = np.arange(size + 1)
    return IntegerMatrix(
        csr_array((np.ones(size, np.int64), places[:-1], places), shape=(size, size)), (0, 1)
    )


def empty(columns: int) -> IntegerMatrix:
    """Return a matrix without rows."""
    return IntegerMatrix(csr_array((0, columns), dtype=np.int64), (0,))


def stacked(parts: Sequence[IntegerMatrix]) -> IntegerMatrix:
    """Return the rows of all parts, one part after the other."""
    palette, codes = _merged([part.palette for part in parts])
    moved = [_recoded(part, new) for part, new in zip(parts, codes, strict=True)]
    return IntegerMatrix(csr_array(vstack(moved, format="csr", dtype=np.int64)), palette)


def beside(left: IntegerMatrix, right: IntegerMatrix) -> IntegerMatrix:
    """Return the matrix with the columns of `left`, then those of `right`."""
    return stacked([left.transposed, right.transposed]).transposed


def _recoded(part: IntegerMatrix, codes: IntArray) -> csr_array:
    return csr_array((codes[part.codes], part.indices, part.indptr), shape=part.shape)


def kron(left: IntegerMatrix, right: IntegerMatrix) -> IntegerMatrix:
    """Return the Kronecker product: the block matrix of left[i, j] times `right`."""
    if left.palette == (0, 1):
        return IntegerMatrix(_kron(left.pattern, right.pattern), right.palette)
    if right.palette == (0, 1):
        return IntegerMatrix(_kron(left.pattern, right.pattern), left.palette)
    first, second = _kron(left.pattern, _ones(right)), _kron(_ones(left), right.pattern)
    # pairs of codes are numbered below the product of two numbers of entries, which memory keeps small
    pairs, place = np.unique(first.data * len(right.palette) + second.data, return_inverse=True)
    codes = [divmod(pair, len(right.palette)) for pair in pairs.tolist()]
    values = [left.palette[a] * right.palette[b] for a, b in codes]
    palette = (0, *sorted(set(values)))
    places = {value: code for code, value in enumerate(palette)}
    first.data = np.array([places[value] for value in values], dtype=np.int64)[place.ravel()]
    return IntegerMatrix(first, palette)


def _kron(left: csr_array, right: csr_array) -> csr_array:
    found = csr_array(sparse_kron(left, right, format="csr"), dtype=np.int64)  # floats if it is empty
    found.sort_indices()
    return found


def _ones(matrix: IntegerMatrix) -> csr_array:
    return csr_array((np.ones(matrix.nnz, np.int64), matrix.indices, matrix.indptr), shape=matrix.shape)
