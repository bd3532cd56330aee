"""Exact sparse matrices whose entries take few distinct values.

Entry i is palette[codes[i]] at (rows[i], columns[i]).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from freerand_opt.checker.vectors import over

#: Indices: bounded by the shapes of matrices that fit into memory.
Index = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sparse:
    """A matrix of fractions as coordinates; no place is listed twice."""

    shape: tuple[int, int]
    rows: Index
    columns: Index
    codes: Index
    palette: tuple[Fraction, ...]

    def floats(self) -> Floats:
        """Return the nearest floats of the entries."""
        return np.array([float(value) for value in self.palette], dtype=np.float64)[self.codes]

    def entries(self) -> Iterable[tuple[int, int, Fraction]]:
        """Return (row, column, value)."""
        values = [self.palette[code] for code in self.codes.tolist()]
        return zip(self.rows.tolist(), self.columns.tolist(), values, strict=True)

    def applied(self, x: Sequence[Fraction]) -> list[Fraction]:
        """Return A x: sums of integers over one denominator of x and one of the entries."""
        unit, scale = lcm(1, *(v.denominator for v in x)), lcm(1, *(v.denominator for v in self.palette))
        whole = [over(v, unit) for v in x]
        factors = [over(v, scale) for v in self.palette]
        found = [0] * self.shape[0]
        for row, column, code in zip(
            self.rows.tolist(), self.columns.tolist(), self.codes.tolist(), strict=True
        ):
            if whole[column]:
                found[row] += factors[code] * whole[column]
        return [Fraction(value, unit * scale) if value else Fraction(0) for value in found]

    def by_row(self) -> list[dict[int, Fraction]]:
        """Return each row as values by column."""
        found: list[dict[int, Fraction]] = [{} for _ in range(self.shape[0])]
        for row, column, value in self.entries():
            found[row][column] = value
        return found

    def dense(self) -> Floats:
        """Return all entries in floats."""
        found = np.zeros(self.shape)
        found[self.rows, self.columns] = self.floats()
        return found

    def times(self, factor: Fraction) -> Sparse:
        """Return a multiple."""
        palette = tuple(value * factor for value in self.palette)
        return Sparse(self.shape, self.rows, self.columns, self.codes, palette)


def sparse(shape: tuple[int, int], entries: Iterable[tuple[int, int, Fraction | int]]) -> Sparse:
    """Return a matrix from (row, column, value); values at one place are added, zeros left out."""
    width = max(shape[1], 1)
    total: dict[int, Fraction | int] = {}  # integers, unlike tuples, are no work for the garbage collector
    for row, column, value in entries:
        place = row * width + column
        held = total.get(place)
        total[place] = value if held is None else held + value
    kept = [place for place, value in total.items() if value]
    places: dict[tuple[int, int], int] = {}  # pairs of integers have quick hashes
    known: dict[int, int] = {}  # most entries are the same few objects
    codes = []
    for place in kept:
        value = total[place]
        code = known.get(id(value))
        if code is None:
            code = known[id(value)] = places.setdefault(value.as_integer_ratio(), len(places))
        codes.append(code)
    rows, columns = np.divmod(np.array(kept, dtype=np.int64), width)
    return Sparse(
        shape, rows, columns, np.array(codes, dtype=np.int64), tuple(Fraction(*value) for value in places)
    )


def identity(size: int) -> Sparse:
    """Return the identity."""
    places = np.arange(size, dtype=np.int64)
    return Sparse((size, size), places, places, np.zeros(size, np.int64), (Fraction(1),))


def kron(left: Sparse, right: Sparse) -> Sparse:
    """Return the Kronecker product, the right index faster."""
    n, m = len(left.codes), len(right.codes)
    a, b = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    palette: dict[Fraction, int] = {}
    table = np.array(
        [[palette.setdefault(x * y, len(palette)) for y in right.palette] for x in left.palette],
        dtype=np.int64,
    ).reshape(len(left.palette), len(right.palette))
    return Sparse(
        (left.shape[0] * right.shape[0], left.shape[1] * right.shape[1]),
        left.rows[a] * right.shape[0] + right.rows[b],
        left.columns[a] * right.shape[1] + right.columns[b],
        table[left.codes[a], right.codes[b]],
        tuple(palette),
    )


def stacked(parts: Sequence[Sparse]) -> Sparse:
    """Return the matrices one below the other."""
    starts = np.cumsum([0, *(part.shape[0] for part in parts)]).tolist()
    return _joined(parts, (starts[-1], parts[0].shape[1] if parts else 0), starts)


def widened(body: Sparse, more: Sparse) -> Sparse:
    """Return the sum of a matrix and a wider one that has nothing in the same places."""
    return _joined([body, more], more.shape, [0, 0])


def _joined(parts: Sequence[Sparse], shape: tuple[int, int], starts: Sequence[int]) -> Sparse:
    """Return the matrices in one, the rows of each from its start on."""
    palette: dict[Fraction, int] = {}
    rows, columns, codes = [], [], []
    for part, start in zip(parts, starts, strict=False):
        new = np.array([palette.setdefault(value, len(palette)) for value in part.palette], dtype=np.int64)
        rows.append(part.rows + start)
        columns.append(part.columns)
        codes.append(new[part.codes] if len(part.codes) else part.codes)
    empty = [np.zeros(0, np.int64)]
    return Sparse(
        shape,
        np.concatenate(rows or empty),
        np.concatenate(columns or empty),
        np.concatenate(codes or empty),
        tuple(palette),
    )
