r"""Exact solution of sparse integer systems M x = r.

A floating-point LU factorisation solves for a correction, the residual is computed in integers
and scaled up, and so on: after t passes x is known to about t B bits. Then a common denominator
is guessed by continued fractions and M p = d r is verified in integers. (Wan 2006; Gleixner,
Steffy, Wolter, arXiv:1506.08764.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import splu

from freerand_opt.programs.integer_matrix import IntegerMatrix, divided
from freerand_opt.programs.program import row_shifts

#: Systems whose solution needs more bits than this are given up.
MAX_BITS = 30_000
#: Corrections that do not shrink, as with a singular matrix, before a system is given up.
MAX_STALLS = 3


def solve_exact(
    matrix: IntegerMatrix, right: Sequence[Fraction], columns: Sequence[int] | None = None
) -> list[Fraction] | None:
    """Return the solution of a square system, or None if none was found and verified.

    Floats see long rows divided by powers of 2, or instead column j by 2^columns[j].
    """
    size = matrix.shape[0]
    if size == 0:
        return []
    rows = row_shifts(matrix.row_bits).tolist() if columns is None else [0] * size
    system = _System(matrix, rows, columns or [0] * size)
    scale = math.lcm(*(value.denominator for value in right))
    wanted = [value.numerator * (scale // value.denominator) << system.lift for value in right]
    if not system.regular:
        return None
    residual, total, bits = list(wanted), [0] * size, 0
    attempt, stalls, smallest = 1, 0, math.inf
    for passes in range(1, MAX_BITS):
        step = system.correction(residual)
        if step is None:
            return None
        digits, gained, exponent = step
        if exponent - bits < smallest:
            smallest = exponent - bits
        else:
            stalls += 1
        bits += gained
        image = system.times(digits)
        residual = [(r << gained) - m for r, m in zip(residual, image, strict=True)]
        total = [(t << gained) + d for t, d in zip(total, digits, strict=True)]
        if not any(residual):  # M total = 2^bits r in integers: nothing is left to guess
            return system.unscaled(total, scale << bits)
        if passes == attempt:
            attempt += max(1, attempt // 2)
            found = _reconstruct(total, bits)
            if found is not None:
                numerators, denominator = found
                if system.times(numerators) == [denominator * w for w in wanted]:
                    return system.unscaled(numerators, denominator * scale)
        if bits > MAX_BITS or stalls > MAX_STALLS:
            return None
    return None


class _System:
    r"""A system M x = r as floats and as integers, in the unknowns y_j = 2^{c_j} x_j.

    With C the largest c_j

    .. math:: \sum_j (M_{ij} 2^{-c_j - k_i})\, y_j = 2^{-k_i} r_i, \qquad
       \sum_j (M_{ij} 2^{C - c_j})\, y_j = 2^C r_i .
    """

    def __init__(self, matrix: IntegerMatrix, rows: Sequence[int], columns: Sequence[int]) -> None:
        self.size, self.shifts, self.lift = matrix.shape[0], columns, max(columns)
        self.rows = [k + self.lift for k in rows]
        self.units = [1 << k for k in self.rows]
        self.starts, self.columns = matrix.indptr.tolist(), matrix.indices.tolist()
        self.entries = matrix.entries
        if self.lift:
            places = zip(matrix.entries, self.columns, strict=True)
            self.entries = [value << (self.lift - columns[j]) for value, j in places]
        shifts = np.repeat(np.array(rows), np.diff(matrix.indptr)) + np.array(columns)[matrix.indices]
        floats = divided(matrix.palette, matrix.codes, shifts)
        scaled = csr_array((floats, matrix.indices, matrix.indptr), shape=matrix.shape)
        self.regular = True
        try:
            self.factor = splu(scaled.tocsc())
        except RuntimeError:  # the factorisation found the matrix singular
            self.regular = False

    def times(self, y: list[int]) -> list[int]:
        """Return the left-hand sides in integers."""
        products = [value * y[column] for value, column in zip(self.entries, self.columns, strict=True)]
        return [sum(products[self.starts[i] : self.starts[i + 1]]) for i in range(self.size)]

    def unscaled(self, y: list[int], unit: int) -> list[Fraction]:
        """Return x from unit times y."""
        return [Fraction(value, unit << shift) for value, shift in zip(y, self.shifts, strict=True)]

    def correction(self, residual: list[int]) -> tuple[list[int], int, int] | None:
        """Return integers d, bits B with d close to 2^B times the solution, and its binary exponent."""
        sizes = [value.bit_length() - k for value, k in zip(residual, self.rows, strict=True)]
        shift = max(max(sizes) - 900, 0)  # floats end at 2^1023
        units = [unit << shift for unit in self.units] if shift else self.units
        # the quotient of two Python integers is rounded once, however long they are
        near = [value / unit for value, unit in zip(residual, units, strict=True)]
        approximate: NDArray[np.float64] = self.factor.solve(np.array(near))
        if not np.all(np.isfinite(approximate)):
            return None
        # 2^-52 of the largest entry is noise, and conditioning costs more: keep 36 of 52 bits
        largest = float(np.abs(approximate).max())
        exponent = math.frexp(largest)[1] if largest else 0
        gained = 36 - exponent - shift
        if gained < 1:
            gained = 1
        whole = map(int, np.rint(np.ldexp(approximate, gained)).tolist())
        return [value << shift for value in whole] if shift else list(whole), gained, exponent + shift


def _reconstruct(total: list[int], bits: int) -> tuple[list[int], int] | None:
    """Guess numerators over one common denominator for the numbers total / 2^bits."""
    one = 1 << bits
    half, noise = bits // 2, max(8, bits // 8)
    denominator = 1
    for value in total:
        scaled = (value * denominator) % one
        factor = _denominator(scaled, one, 1 << max(bits - noise - half, 1), 1 << half)
        if factor is None:
            return None
        denominator *= factor
        if denominator.bit_length() > half:
            return None
    return [(value * denominator + (one >> 1)) >> bits for value in total], denominator


def _denominator(numerator: int, one: int, tolerance: int, largest: int) -> int | None:
    """Return the smallest q <= largest with q * numerator / one within tolerance / one of an integer."""
    p, r = one, numerator
    q_old, q = 0, 1
    while True:
        if r <= tolerance or (one - r <= tolerance and q == 1):
            return q
        if r == 0:
            return q
        step = p // r
        p, r = r, p - step * r
        q_old, q = q, step * q + q_old
        if q > largest:
            return None


def basis_matrix(
    matrix: IntegerMatrix, rows: NDArray[np.bool_], columns: NDArray[np.bool_]
) -> IntegerMatrix | None:
    """Return the square submatrix of active rows and basic columns, or None if it is not square."""
    if int(rows.sum()) != int(columns.sum()):
        return None
    return matrix[np.flatnonzero(rows)].columns(np.flatnonzero(columns))
