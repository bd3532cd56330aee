"""Symmetric matrices in fixed point: integers of flint over 2^bits. Nothing here depends on a processor."""

from __future__ import annotations

from math import isqrt
from operator import mul
from typing import TypeAlias

from flint import arb, fmpz, fmpz_mat

#: Rows of a matrix; of a lower triangle row i has i + 1 entries.
Rows: TypeAlias = list[list[fmpz]]
ZERO = fmpz(0)
#: Bits of a step length, and of the numbers that decide it.
COARSE = 40


def shifted(matrix: fmpz_mat, bits: int) -> fmpz_mat:
    """Return a matrix over 2^bits, rounded down."""
    return fmpz_mat(matrix.nrows(), matrix.ncols(), [value >> bits for value in matrix.entries()])


def product(left: fmpz_mat, right: fmpz_mat, bits: int) -> fmpz_mat:
    """Return a product in fixed point."""
    return shifted(left * right, bits)


def lower_factor(matrix: Rows, bits: int) -> Rows | None:
    """Return the Cholesky factor of a symmetric matrix, None if it is not positive definite."""
    found: Rows = []
    for i, row in enumerate(matrix):
        own: list[fmpz] = []
        for j in range(i):
            rest = (row[j] << bits) - sum(map(mul, own, found[j]), ZERO)
            own.append(rest // found[j][j])
        rest = (row[i] << bits) - sum(map(mul, own, own), ZERO)
        if rest <= 0 or not (root := rest.isqrt()):
            return None
        found.append([*own, root])
    return found


def lower_inverse(lower: Rows, bits: int) -> fmpz_mat:
    """Return the inverse of a lower triangle as a full matrix."""
    size = len(lower)
    unit = fmpz(1) << (2 * bits)
    columns = []
    for j in range(size):
        held = [unit // lower[j][j]]
        for i in range(j + 1, size):
            held.append(-sum(map(mul, lower[i][j:i], held), ZERO) // lower[i][i])
        columns.append([ZERO] * j + held)
    return fmpz_mat(columns).transpose()


def whole(value: arb) -> fmpz:
    """Return the integer below the middle of a ball."""
    found = value.mid().floor().unique_fmpz()
    assert found is not None  # a middle is one number
    return found


def halved(left: fmpz_mat, middle: fmpz_mat, right: fmpz_mat, bits: int) -> fmpz_mat:
    """Return the symmetric part of a product of three."""
    found = left * middle * right
    return shifted(found + found.transpose(), 2 * bits + 1)


def rows(matrix: fmpz_mat) -> Rows:
    """Return the rows of a matrix."""
    held, width = matrix.entries(), matrix.ncols()
    return [held[start : start + width] for start in range(0, len(held), width)]


def reach(inverse: fmpz_mat, change: fmpz_mat, bits: int, most: int) -> int:
    """Return, over 2^COARSE, how far X + t change stays positive definite, up to `most`.

    `inverse` is that of X's factor. The answer is short of the boundary by at most 1/64 of it.
    """
    small = (inverse * change * inverse.transpose()).entries()
    size, drop = inverse.nrows(), 3 * bits - COARSE
    held = [[int(value >> drop) for value in small[i * size : i * size + i + 1]] for i in range(size)]
    if _definite(held, most):
        return most
    # every eigenvalue is at least minus the Frobenius norm
    norm = isqrt(sum(2 * value * value for row in held for value in row)) + 1
    low, high = min((1 << (2 * COARSE)) // (2 * norm), most), most
    while low and high - low > max(low >> 6, 1):
        middle = (low + high) // 2 if high < 4 * low else isqrt(low * high)
        low, high = (middle, high) if _definite(held, middle) else (low, middle)
    return low


def _definite(change: list[list[int]], step: int) -> bool:
    """Return whether 1 + step change has a Cholesky factor; all over 2^COARSE."""
    found: list[list[int]] = []
    for i, row in enumerate(change):
        own: list[int] = []
        for j in range(i):
            own.append((step * row[j] - sum(map(mul, own, found[j]))) // found[j][j])
        rest = (1 << (2 * COARSE)) + step * row[i] - sum(map(mul, own, own))
        if rest < 1 << COARSE:
            return False
        found.append([*own, isqrt(rest)])
    return True


# ------------------------------------------------------------------ spaces


def pivoted_factor(matrix: Rows, bits: int, seen: int, zero: int) -> Rows | None:
    """Return K with matrix = K K', as rows; None if the rank is in doubt.

    Diagonal entries above 2^-seen count, and what is left must be below 2^-zero.
    """
    left = [list(row) for row in matrix]
    size = len(left)
    columns: list[list[fmpz]] = []
    while True:
        pivot = max(range(size), key=lambda k: left[k][k])
        if left[pivot][pivot] >> (bits - seen) <= 0:
            break
        root = (left[pivot][pivot] << bits).isqrt()
        column = [(left[i][pivot] << bits) // root for i in range(size)]
        for i in range(size):
            left[i] = [
                value - (column[i] * other >> bits) for value, other in zip(left[i], column, strict=True)
            ]
        columns.append(column)
    if any(abs(value) >> (bits - zero) for row in left for value in row):
        return None
    return [[column[i] for column in columns] for i in range(size)]


def complement(kernel: Rows, bits: int) -> Rows:
    """Return an orthonormal basis, as rows (size, size - rank), of what is orthogonal to the columns."""
    size, rank = len(kernel), len(kernel[0]) if kernel else 0
    unit = fmpz(1) << bits
    basis: list[list[fmpz]] = []
    for column in range(rank):
        basis.append(_normal([row[column] for row in kernel], basis, bits))
    rest = [[unit * (i == j) for j in range(size)] for i in range(size)]
    for _ in range(size - rank):
        for _ in range(2):  # once more, for what rounding left
            rest = [_away(vector, basis, bits) for vector in rest]
        longest = max(rest, key=lambda vector: sum(map(mul, vector, vector), ZERO))
        basis.append(_normal(longest, basis, bits))
    return [[vector[i] for vector in basis[rank:]] for i in range(size)]


def _away(vector: list[fmpz], basis: list[list[fmpz]], bits: int) -> list[fmpz]:
    """Return a vector without its parts along orthonormal ones."""
    for other in basis:
        share = sum(map(mul, vector, other), ZERO) >> bits
        vector = [x - (share * y >> bits) for x, y in zip(vector, other, strict=True)]
    return vector


def _normal(vector: list[fmpz], basis: list[list[fmpz]], bits: int) -> list[fmpz]:
    held = _away(_away(vector, basis, bits), basis, bits)
    root = sum(map(mul, held, held), ZERO).isqrt()
    return [(value << bits) // root for value in held]


def independent(lines: Rows, bits: int, seen: int, zero: int) -> list[tuple[int, int]] | None:
    """Return (row, column) of pivots of independent rows, in order; None if the rank is in doubt."""
    held: list[tuple[int, list[fmpz]]] = []
    found: list[tuple[int, int]] = []
    for place, line in enumerate(lines):
        left = line
        for column, other in held:
            if factor := left[column]:
                left = [x - (factor * y >> bits) if y else x for x, y in zip(left, other, strict=True)]
        column = max(range(len(left)), key=lambda k: abs(left[k]))
        most = abs(left[column])
        if most >> (bits - seen):
            head = left[column]
            held.append((column, [(value << bits) // head if value else ZERO for value in left]))
            found.append((place, column))
        elif most >> (bits - zero):
            return None
    return found
