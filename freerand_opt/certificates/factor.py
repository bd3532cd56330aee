"""Multipliers of psd blocks, Z = L L' / 4^bits with an integer matrix L: semidefinite by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpz_mat

from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import FloatArray

#: Bits of L after the binary point; doubles carry no more.
BITS = 50
#: A block with at least this share of nonzeros in L is multiplied as a dense matrix.
DENSE = 0.05


@dataclass(frozen=True)
class Factor:
    """Row i of L has the integers `rows[i][1]` from column `rows[i][0]` on; all others are 0."""

    rows: tuple[tuple[int, tuple[int, ...]], ...]
    bits: int = BITS

    def as_json(self) -> dict[str, Any]:
        """Return the factor in the certificate's form."""
        return {"bits": self.bits, "rows": [[first, *entries] for first, entries in self.rows]}


def factor(matrix: FloatArray) -> Factor:
    """Return a factor of a symmetric matrix, shifted by a multiple of 1 if it is not semidefinite."""
    whole = np.rint(np.ldexp(lower_factor(matrix), BITS))
    return triangular([[int(value) for value in line] for line in whole.tolist()], BITS)


def triangular(rows: Sequence[Sequence[int]], bits: int) -> Factor:
    """Return the factor with these rows of integers over 2^bits, without zeros at the ends."""
    found = []
    for row in rows:
        held = [place for place, value in enumerate(row) if value]
        found.append((held[0], tuple(row[held[0] : held[-1] + 1])) if held else (0, ()))
    return Factor(tuple(found), bits)


def lower_factor(matrix: FloatArray) -> FloatArray:
    """Return the Cholesky factor of a matrix, shifted as far as it needs to be."""
    size = len(matrix)
    scale = max(float(np.abs(matrix).max()), 1e-300)
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    shift = max(0.0, -lowest) + 8e-16 * size * scale
    while True:
        try:
            return np.asarray(np.linalg.cholesky(matrix + shift * np.eye(size)))
        except np.linalg.LinAlgError:
            shift *= 2


def entries(held: Factor) -> list[int]:
    """Return 4^bits times the row multipliers: Z_ij, twice that off the diagonal, column by column."""
    size = len(held.rows)
    filled = sum(len(values) for _, values in held.rows)
    if filled >= DENSE * size * size:
        dense = fmpz_mat(
            [[0] * first + list(values) + [0] * (size - first - len(values)) for first, values in held.rows]
        )
        product = (dense * dense.transpose()).tolist()
        i, j = triangle(size)
        return [
            int(product[a][b]) if a == b else 2 * int(product[a][b])
            for a, b in zip(i.tolist(), j.tolist(), strict=True)
        ]
    found = []
    for b, (first, values) in enumerate(held.rows):
        for a in range(b + 1):
            start, others = held.rows[a]
            value = _dot(start, others, first, values)
            found.append(value if a == b else 2 * value)
    return found


def _dot(start: int, left: Sequence[int], first: int, right: Sequence[int]) -> int:
    low, high = max(start, first), min(start + len(left), first + len(right))
    if low >= high:
        return 0
    return sum(
        x * y
        for x, y in zip(left[low - start : high - start], right[low - first : high - first], strict=True)
    )
