r"""Semidefinite programs without interior: what exposes their face, and their solution on it.

What exposes a face is the dual of the largest margin,

.. math:: \max\; \tau \;:\; b - A x \in K \text{ in the linear rows},\; \Gamma(x) \succeq \tau 1,

which is 0 exactly if no feasible point is positive definite. On the face x = x_0 + N u solves all
equalities, and the moment matrices are V Y V' with V orthogonal to the kernel. All in floats.
"""

from __future__ import annotations

from dataclasses import dataclass

import clarabel
import numpy as np
from scipy.linalg import qr
from scipy.sparse import csr_array, diags_array, hstack, vstack
from scipy.sparse.linalg import lsmr

from freerand_opt.programs.faces import Face, equalities, square_rows, symmetric_products
from freerand_opt.programs.moments import block_matrix, block_rows, triangle
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.solvers.clarabel import block_cones, run

#: A margin above this is an interior; so are smaller multipliers none.
MARGIN = 1e-7
RANK = 1e-6
#: Programs with more columns are not solved on a face.
MAX_COLUMNS = 3000


@dataclass(frozen=True, eq=False)
class Exposed:
    """Multipliers y of the linear rows (0 on psd rows), and K for each psd block: Z = K K'."""

    multipliers: FloatArray
    kernels: tuple[FloatArray, ...]


def exposed(program: ConicProgram, time_limit: float | None) -> Exposed | None:
    """Return what exposes the face of a program without interior, None if there is one (or no answer)."""
    if program.shape[1] > MAX_COLUMNS:
        return None
    scales, cones = block_cones(program)
    one = np.zeros(program.shape[0])
    for start, size in program.psd_blocks:
        i, j = triangle(size)
        one[start : start + len(i)] = i == j
    matrix = csr_array(hstack([program.float_matrix, csr_array(one[:, None])]))
    cost = np.zeros(program.shape[1] + 1)
    cost[-1] = -1.0
    right = program.float_right * scales
    x, z, _ = run(cost, csr_array(diags_array(scales) @ matrix), right, cones, time_limit)
    if not abs(x[-1]) < MARGIN:
        return None
    z = z * scales
    kernels = []
    for start, size in program.psd_blocks:
        values, vectors = np.linalg.eigh(block_matrix(z, start, size))
        kept = values > RANK
        kernels.append(vectors[:, kept] * np.sqrt(values[kept]))
    y = np.where(program.linear_rows, z, 0)
    y[~program.zero_rows & (y < RANK)] = 0
    return Exposed(y, tuple(kernels))


def solve(program: ConicProgram, face: Face, time_limit: float | None) -> FloatArray:
    """Return multipliers of all rows, optimal on the face.

    They satisfy A'z = c, but the matrices of the psd rows are semidefinite only on the complement of
    the kernels.
    """
    matrix, right = program.float_matrix, program.float_right
    signed = program.linear_rows & ~program.zero_rows
    signed[face.equal] = False
    rows, side = equalities(program, face)
    first, free = _solutions(rows, side)
    parts, sides = [matrix[signed]], [right[signed]]
    cones: list[object] = [clarabel.NonnegativeConeT(int(signed.sum()))]
    bases = []
    for (start, size), kernel in zip(program.psd_blocks, face.kernels, strict=True):
        basis = complement(kernel)
        bases.append(basis)
        width = basis.shape[1]
        if width:
            a, b = triangle(width)
            weights = np.where(a == b, 1.0, np.sqrt(2.0))
            pairs = np.einsum("ma,na->amn", basis[:, a], basis[:, b]).reshape(len(a), -1)
            parts.append(csr_array(csr_array(pairs * weights[:, None]) @ square_rows(program, start, size)))
            sides.append(np.zeros(len(a)))
            cones.append(clarabel.PSDTriangleConeT(width))
    whole = csr_array(vstack(parts, format="csr"))
    _, z, _ = run(
        -(free.T @ program.objective.floats()),
        csr_array(whole @ free),
        np.concatenate(sides) - whole @ first,
        cones,
        time_limit,
    )
    found = np.zeros(program.shape[0])
    count = int(signed.sum())
    found[signed] = np.maximum(z[:count], 0)
    for (start, _), basis in zip(program.psd_blocks, bases, strict=True):
        width = basis.shape[1]
        a, b = triangle(width)
        small = np.zeros((width, width))
        small[a, b] = z[count : count + len(a)] * np.where(a == b, 1.0, np.sqrt(0.5))
        count += len(a)
        full = basis @ (small + np.triu(small, 1).T) @ basis.T
        rows_of = block_rows(full)
        found[start : start + len(rows_of)] = rows_of
    return found + _across(program, face, program.objective.floats() - matrix.T @ found)


def complement(kernel: FloatArray) -> FloatArray:
    """Return an orthonormal basis of what is orthogonal to the columns."""
    return np.asarray(np.linalg.qr(kernel, mode="complete")[0][:, kernel.shape[1] :])


def _solutions(rows: csr_array, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (x, N): all solutions are x + N u, N orthonormal."""
    dense = rows.toarray()
    basis, upper, _ = qr(dense.T, mode="full", pivoting=True)
    sizes = np.abs(np.diag(upper))
    rank = int((sizes > 1e-9 * max(sizes[0], 1e-300)).sum())
    return np.linalg.lstsq(dense, right, rcond=None)[0], basis[:, rank:]


def _across(program: ConicProgram, face: Face, residual: FloatArray) -> FloatArray:
    """Return multipliers of the equal rows, and K W' + W K' in the blocks, that make up a residual."""
    matrix = program.float_matrix
    maps = [csr_array(matrix[face.equal].T)]
    inner = []
    for (start, size), kernel in zip(program.psd_blocks, face.kernels, strict=True):
        inner.append(symmetric_products(np.eye(size), kernel))
        maps.append(csr_array(matrix[start : start + size * (size + 1) // 2].T @ inner[-1]))
    parts = lsmr(csr_array(hstack(maps)), residual, atol=1e-15, btol=1e-15, maxiter=20000)[0]
    found = np.zeros(program.shape[0])
    found[face.equal] = parts[: len(face.equal)]
    offset = len(face.equal)
    for (start, _), held in zip(program.psd_blocks, inner, strict=True):
        found[start : start + held.shape[0]] = held @ parts[offset : offset + held.shape[1]]
        offset += held.shape[1]
    return found
