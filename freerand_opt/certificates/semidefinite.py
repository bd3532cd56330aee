r"""Exact multipliers of a program with psd blocks, from a solver's floats.

For any multipliers :math:`c\cdot x \le z\cdot b + \sum_j \max_{[l_j,u_j]} (c - A^T z)_j x_j`
(Jansson, Chaykin and Keil 2007), so defects cost and never spoil a proof. They are kept small: the
residual c - A'z is spread over the entries of the blocks, each block is shifted until it has a
Cholesky factor L, and L is rounded to integers over 2^50.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import lsmr, splu

from freerand_opt.certificates.factor import Factor, entries, factor
from freerand_opt.programs.moments import block_matrix, triangle
from freerand_opt.programs.program import ConicProgram, FloatArray

GRID = 2**50


def exact_multipliers(
    program: ConicProgram, multipliers: FloatArray
) -> tuple[dict[int, Fraction], tuple[Factor, ...]]:
    """Return (multipliers by row without psd rows, factors of the psd blocks); always succeeds."""
    z = np.where(np.isfinite(multipliers), multipliers, 0.0)
    linear = program.linear_rows
    signed = linear & ~program.zero_rows
    z[signed] = np.maximum(z[signed], 0)
    z = z + repair(program, z)
    z[linear] = np.rint(z[linear] * GRID) / GRID
    values = {row: Fraction(float(z[row])) for row in np.flatnonzero(linear).tolist() if z[row]}
    # what the rounding of the linear rows left goes into the blocks once more
    z = z + np.where(linear, 0, repair(program, z))
    factors = (factor(block_matrix(z, start, size)) for start, size in program.psd_blocks)
    return program.exact_multipliers(values), unshifted(program, factors)


def unshifted(program: ConicProgram, factors: Iterable[Factor]) -> tuple[Factor, ...]:
    """Return the factors of the exact rows' multipliers from those of the rows that solvers see."""
    return tuple(
        replace(held, bits=held.bits + int(program.shifts[start]) // 2)
        for (start, _), held in zip(program.psd_blocks, factors, strict=True)
    )


def row_numerators(program: ConicProgram, factors: tuple[Factor, ...]) -> tuple[dict[int, int], int]:
    """Return (numerators by psd row, common denominator)."""
    unit = 4 ** max((held.bits for held in factors), default=0)
    found: dict[int, int] = {}
    for (start, _), held in zip(program.psd_blocks, factors, strict=True):
        share = unit // 4**held.bits
        for place, value in enumerate(entries(held)):
            if value:
                found[start + place] = value * share
    return found, unit


def repair(program: ConicProgram, z: FloatArray) -> FloatArray:
    """Return the smallest change (Frobenius) of equality and psd rows after which A'z = c."""
    matrix = csc_array(program.float_matrix)
    residual = program.objective.floats() - matrix.T @ z
    weights = program.zero_rows.astype(np.float64)
    for start, size in program.psd_blocks:
        i, j = triangle(size)
        weights[start : start + len(i)] = np.where(i == j, 1.0, 2.0)
    normal = csc_array(matrix.T @ diags_array(weights) @ matrix)
    if normal.nnz == np.count_nonzero(normal.diagonal()):
        diagonal = normal.diagonal()
        shares = np.divide(residual, diagonal, out=np.zeros_like(residual), where=diagonal > 0)
    else:
        try:
            shares = splu(normal).solve(residual)
        except RuntimeError:  # singular
            shares = lsmr(normal, residual, atol=1e-14, btol=1e-14)[0]
    if not np.all(np.isfinite(shares)):
        return np.zeros_like(z)
    return np.asarray(weights * (matrix @ shares))
