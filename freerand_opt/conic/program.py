r"""Conic programs in exact numbers: equalities, inequalities and semidefinite matrices.

.. math:: \max\; c\cdot x \quad \text{subject to} \quad b - A x \in \{0\}^m \times \mathbb{R}_+^n \times
   \mathbb{S}_+^{k_1} \times \dots, \qquad x \text{ free.}

The rows of a matrix are its upper triangle, column by column, unscaled. A multiplier of row (i, j) is Z_ij if
i = j, else 2 Z_ij, for a positive semidefinite Z.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from freerand_opt.conic.sparse import Floats, Index, sparse
from freerand_opt.errors import TooLargeError
from freerand_opt.numbers.exact import Exact

if TYPE_CHECKING:  # linear programs do without
    from scipy.sparse import csr_array

#: A row by column.
Row = Mapping[int, Fraction]


@dataclass(frozen=True, eq=False)
class Cones:
    """What rows are: `equalities` first, then `inequalities`, then upper triangles of matrices of `sizes`."""

    equalities: int
    inequalities: int
    sizes: tuple[int, ...]

    @property
    def linear(self) -> int:
        """Return the number of rows before the matrices."""
        return self.equalities + self.inequalities

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return (first row, size) of each matrix."""
        found, start = [], self.linear
        for size in self.sizes:
            found.append((start, size))
            start += size * (size + 1) // 2
        return tuple(found)


@dataclass(frozen=True, eq=False)
class InFloats(Cones):
    """A program whose numbers are floats: `matrix` A, `sides` b, `cost` c."""

    matrix: csr_array
    sides: Floats
    cost: Floats


@dataclass(frozen=True, eq=False)
class ConicProgram(Cones):
    """Rows A by column and right sides b.

    `names[i]` says which linear row it is, `blocks[k]` which matrix.
    """

    rows: tuple[Row, ...]
    right: tuple[Exact, ...]
    columns: int
    objective: Row
    names: tuple[Hashable, ...] = ()
    blocks: tuple[Hashable, ...] = ()

    @cached_property
    def matrix(self) -> csr_array:
        """Return A in floats; raise TooLargeError for a number beyond their range."""
        from scipy.sparse import csr_array

        entries = [(r, c, value) for r, row in enumerate(self.rows) for c, value in row.items()]
        held = sparse((len(self.rows), self.columns), entries)
        try:
            values = held.floats()
        except OverflowError:
            raise TooLargeError("a coefficient is beyond 10^308, where floats end") from None
        return csr_array((values, (held.rows, held.columns)), shape=held.shape)

    @cached_property
    def sides(self) -> Floats:
        """Return b in floats; raise TooLargeError for a number beyond their range."""
        try:
            return np.array([float(value) for value in self.right], dtype=np.float64)
        except OverflowError:
            raise TooLargeError("a bound is beyond 10^308, where floats end") from None

    @cached_property
    def cost(self) -> Floats:
        """Return c in floats."""
        found = np.zeros(self.columns)
        for column, value in self.objective.items():
            found[column] = float(value)
        return found


class Builder:
    """A program that is written row by row, in any order of cones."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.linear: dict[bool, list[tuple[Hashable, Row, Exact]]] = {True: [], False: []}
        self.psd: list[tuple[Hashable, int, Sequence[Row], Sequence[Exact]]] = []

    def put(self, name: Hashable, row: Row, right: Exact = Fraction(0), *, equal: bool) -> None:
        """Add right - row x = 0 or >= 0."""
        self.linear[equal].append((name, {c: value for c, value in row.items() if value}, right))

    def put_matrix(
        self, name: Hashable, size: int, rows: Sequence[Row], right: Sequence[Exact] | None = None
    ) -> None:
        """Add a matrix right - rows x, given by its upper triangle."""
        self.psd.append((name, size, rows, right or [Fraction(0)] * len(rows)))

    def program(self, objective: Row) -> ConicProgram:
        """Return the program."""
        linear = [*self.linear[True], *self.linear[False]]
        return ConicProgram(
            rows=(*(row for _, row, _ in linear), *(row for _, _, rows, _ in self.psd for row in rows)),
            right=(*(b for _, _, b in linear), *(b for *_, right in self.psd for b in right)),
            columns=self.columns,
            objective={c: value for c, value in objective.items() if value},
            equalities=len(self.linear[True]),
            inequalities=len(self.linear[False]),
            sizes=tuple(size for _, size, _, _ in self.psd),
            names=tuple(name for name, _, _ in linear),
            blocks=tuple(name for name, *_ in self.psd),
        )


# ------------------------------------------------------------------ triangles


def triangle(size: int) -> tuple[Index, Index]:
    """Return the index arrays (i, j) of an upper triangle, column by column."""
    j, i = np.tril_indices(size)
    return np.asarray(i, dtype=np.int64), np.asarray(j, dtype=np.int64)


def block_matrix(rows: Floats, start: int, size: int) -> Floats:
    """Return the symmetric matrix of a matrix's multipliers, which begin at row `start`."""
    i, j = triangle(size)
    held = np.zeros((size, size))
    part = rows[start : start + len(i)]
    held[i, j] = np.where(i == j, part, part / 2)
    return held + np.triu(held, 1).T


def block_rows(matrix: Floats) -> Floats:
    """Return the row multipliers of a symmetric matrix: its entries, doubled off the diagonal."""
    i, j = triangle(len(matrix))
    return np.where(i == j, matrix[i, j], 2 * matrix[i, j])


def spread(size: int) -> csr_array:
    """Return the matrix that takes an upper triangle, column by column, to all size^2 entries."""
    from scipy.sparse import csr_array

    i, j = triangle(size)
    rows = np.arange(len(i))
    off = i != j
    places = np.concatenate([i * size + j, (j * size + i)[off]])
    return csr_array((np.ones(size * size), (places, np.concatenate([rows, rows[off]]))))
