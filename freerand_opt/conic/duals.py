r"""Exact multipliers of a conic program from a solver's floats.

Whatever they are they prove a bound, so defects cost and never spoil a proof. They are kept small: the
residual c - A'z is spread over the entries of the matrices, each matrix is shifted until it has a Cholesky
factor L, and L is rounded to integers over 2^50 (Jansson, Chaykin and Keil 2007).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import lsmr, splu

from freerand_opt.conic.program import ConicProgram, block_matrix, triangle
from freerand_opt.conic.solution import Dual, Factor, Solution
from freerand_opt.conic.sparse import Floats

#: Bits after the point of what comes from floats; doubles carry no more.
BITS = 50
GRID = 2**BITS


def exact_dual(program: ConicProgram, solution: Solution) -> Dual:
    """Return the exact multipliers of a solution, or those that its floats suggest; always succeeds."""
    if isinstance(solution.multipliers, Dual):
        return solution.multipliers
    z = np.where(np.isfinite(solution.multipliers), solution.multipliers, 0.0)
    linear, equal = program.linear, program.equalities
    z[equal:linear] = np.maximum(z[equal:linear], 0)
    z = z + repair(program, z)
    z[:linear] = np.rint(z[:linear] * GRID) / GRID
    values = {row: Fraction(float(z[row])) for row in range(linear) if z[row]}
    # what the rounding of the linear rows left goes into the matrices once more
    z[linear:] += repair(program, z)[linear:]
    return Dual(values, tuple(factor(block_matrix(z, start, size)) for start, size in program.spans))


def ray(dual: Dual) -> Dual:
    """Return multipliers scaled by a power of 4 to at most 1."""
    sizes = [abs(value) for value in dual.values.values()]
    sizes += [Fraction(max(map(abs, row), default=0) ** 2, 4**f.bits) for f in dual.factors for row in f.rows]
    turns = 0
    while 4**turns < max(sizes, default=1):
        turns += 1
    values = {row: value / 4**turns for row, value in dual.values.items()}
    return Dual(values, tuple(Factor(f.rows, f.bits + turns) for f in dual.factors))


def repair(program: ConicProgram, z: Floats) -> Floats:
    """Return the smallest change (Frobenius) of equalities and matrices after which A'z = c."""
    matrix = csc_array(program.matrix)
    residual = program.cost - matrix.T @ z
    weights = np.zeros(len(program.rows))
    weights[: program.equalities] = 1
    for start, size in program.spans:
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


def factor(matrix: Floats) -> Factor:
    """Return a factor of a symmetric matrix, shifted by a multiple of 1 if it is not semidefinite."""
    whole = np.rint(np.ldexp(lower_factor(matrix), BITS)).tolist()
    return Factor(tuple(tuple(int(x) for x in row[: i + 1]) for i, row in enumerate(whole)), BITS)


def lower_factor(matrix: Floats) -> Floats:
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
