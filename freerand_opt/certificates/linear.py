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

from freerand_opt.programs.program import IntArray

#: Systems whose solution needs more bits than this are given up.
MAX_BITS = 30_000
#: Corrections that do not shrink, as with a singular matrix, before a system is given up.
MAX_STALLS = 3


def solve_exact(matrix: csr_array, right: Sequence[Fraction]) -> list[Fraction] | None:
    """Return the solution of a square integer system, or None if none was found and verified."""
    size = matrix.shape[0]
    if size == 0:
        return []
    scale = math.lcm(*(value.denominator for value in right))
    wanted = [int(value * scale) for value in right]
    try:
        factor = splu(matrix.astype(np.float64).tocsc())
    except RuntimeError:  # the factorisation found the matrix singular
        return None
    start, indices = matrix.indptr.tolist(), matrix.indices.tolist()
    values = matrix.data.tolist()

    def times(x: list[int]) -> list[int]:
        products = [value * x[column] for value, column in zip(values, indices, strict=True)]
        return [sum(products[start[i] : start[i + 1]]) for i in range(size)]

    residual, total, bits = list(wanted), [0] * size, 0
    attempt, stalls, smallest = 1, 0, math.inf
    for passes in range(1, MAX_BITS):
        step = _correction(factor.solve, residual)
        if step is None:
            return None
        digits, gained, exponent = step
        if exponent - bits < smallest:
            smallest = exponent - bits
        else:
            stalls += 1
        bits += gained
        image = times(digits)
        residual = [(r << gained) - m for r, m in zip(residual, image, strict=True)]
        total = [(t << gained) + d for t, d in zip(total, digits, strict=True)]
        if not any(residual):  # M total = 2^bits r in integers: nothing is left to guess
            return [Fraction(t, scale << bits) for t in total]
        if passes == attempt:
            attempt += max(1, attempt // 2)
            found = _reconstruct(total, bits)
            if found is not None:
                numerators, denominator = found
                if times(numerators) == [denominator * w for w in wanted]:
                    return [Fraction(n, denominator * scale) for n in numerators]
        if bits > MAX_BITS or stalls > MAX_STALLS:
            return None
    return None


def _correction(solve: object, residual: list[int]) -> tuple[list[int], int, int] | None:
    """Return integers d, bits B with d close to 2^B times the solution, and its binary exponent."""
    assert callable(solve)
    size = max(abs(value) for value in residual).bit_length()
    shift = max(size - 900, 0)  # floats end at 2^1023
    approximate: NDArray[np.float64] = solve(np.array([float(value >> shift) for value in residual]))
    if not np.all(np.isfinite(approximate)):
        return None
    # 2^-52 of the largest entry is noise, and conditioning costs more: keep 36 of 52 bits
    largest = float(np.abs(approximate).max())
    exponent = math.frexp(largest)[1] if largest else 0
    gained = 36 - exponent - shift
    if gained < 1:
        gained = 1
    digits = [
        int(value) << shift if shift else int(value) for value in np.rint(np.ldexp(approximate, gained))
    ]
    return digits, gained, exponent + shift


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


def basis_matrix(matrix: csr_array, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> csr_array | None:
    """Return the square submatrix of active rows and basic columns, or None if it is not square."""
    if int(rows.sum()) != int(columns.sum()):
        return None
    kept: IntArray = np.flatnonzero(columns)
    return csr_array(csr_array(matrix[np.flatnonzero(rows)])[:, kept])
