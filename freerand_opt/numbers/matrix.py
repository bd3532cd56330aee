r"""Small matrices of exact complex numbers, and whether they are Hermitian and positive.

A Hermitian matrix is positive semidefinite if and only if all sums of its principal minors of one
size are nonnegative: they are, up to sign, the coefficients of its characteristic polynomial, whose
roots are real.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import TypeAlias

from freerand_opt.numbers.exact import Exact, sign, text

#: Real and imaginary part.
Complex: TypeAlias = tuple[Exact, Exact]
Matrix: TypeAlias = tuple[tuple[Complex, ...], ...]

ZERO: Complex = (Fraction(0), Fraction(0))
ONE: Complex = (Fraction(1), Fraction(0))
#: More principal minors than this are not searched for a negative one.
MAX_MINORS = 500


def times(x: Complex, y: Complex) -> Complex:
    """Return a product; zeros cost nothing."""
    (a, b), (c, d) = x, y
    if not b and not d:
        return (a * c if a and c else Fraction(0)), Fraction(0)
    return a * c - b * d, a * d + b * c


def plus(x: Complex, y: Complex) -> Complex:
    """Return a sum."""
    return x[0] + y[0], x[1] + y[1]


def conjugate(x: Complex) -> Complex:
    """Return the complex conjugate."""
    return x[0], -x[1]


def shown(x: Complex) -> str:
    """Return a complex number as it is read: ``1/2``, ``1/2 - (sqrt(3))*i``."""
    if not x[1]:
        return text(x[0])
    return f"({text(x[1])})*i" if not x[0] else f"{text(x[0])} + ({text(x[1])})*i"


def trace(matrix: Matrix) -> Complex:
    """Return the sum of the diagonal."""
    total = ZERO
    for k, row in enumerate(matrix):
        total = plus(total, row[k])
    return total


def minors(matrix: Matrix) -> list[Exact]:
    """Return the sums of all principal minors of size 1, 2, .. of a Hermitian matrix, exactly.

    By the recursion of Faddeev and Le Verrier, which divides by whole numbers only.
    """
    size = len(matrix)
    found: list[Exact] = []
    held = [[ONE if i == j else ZERO for j in range(size)] for i in range(size)]
    for k in range(1, size + 1):
        product = [
            [_row_by_column(matrix[i], [held[m][j] for m in range(size)]) for j in range(size)]
            for i in range(size)
        ]
        coefficient: Exact = sum((product[i][i][0] for i in range(size)), Fraction(0)) * Fraction(-1, k)
        found.append(coefficient * (-1) ** k)
        held = [
            [
                plus(product[i][j], (coefficient, Fraction(0))) if i == j else product[i][j]
                for j in range(size)
            ]
            for i in range(size)
        ]
    return found


def _row_by_column(row: Sequence[Complex], column: Sequence[Complex]) -> Complex:
    total = ZERO
    for x, y in zip(row, column, strict=True):
        if x != ZERO and y != ZERO:
            total = plus(total, times(x, y))
    return total


def fault(matrix: Matrix) -> str | None:
    """Return in words why a square matrix is not Hermitian and positive, and by how much, or None.

    Raise UndecidedError if an entry or a sum of minors cannot be told from 0.
    """
    size = len(matrix)
    for i in range(size):
        for j in range(i + 1):
            difference = plus(matrix[i][j], _negated(conjugate(matrix[j][i])))
            if any(sign(part) for part in difference):
                return (
                    f"it is not Hermitian: entry ({i}, {j}) is {shown(matrix[i][j])}, "
                    f"entry ({j}, {i}) is {shown(matrix[j][i])}"
                )
    for size_of, value in enumerate(minors(matrix), start=1):
        if sign(value) < 0:
            return "it is not positive: " + _negative_minor(matrix, size_of, value)
    return None


def _negated(x: Complex) -> Complex:
    return -x[0], -x[1]


def _negative_minor(matrix: Matrix, size: int, total: Exact) -> str:
    if comb(len(matrix), size) <= MAX_MINORS:
        for rows in combinations(range(len(matrix)), size):
            part = tuple(tuple(matrix[i][j] for j in rows) for i in rows)
            value = minors(part)[-1]
            if sign(value) < 0:
                what = "the determinant of the" if size > 1 else "the"
                return f"{what} part of rows and columns {', '.join(map(str, rows))} is {text(value)}"
    return f"its principal minors of size {size} sum to {text(total)}"
