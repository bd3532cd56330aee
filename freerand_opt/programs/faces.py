r"""Faces of the cones: where a semidefinite program has no interior.

If multipliers (y, Z) have :math:`A^T y + G^*(Z) = 0`, :math:`b\cdot y = 0`, y >= 0 on inequalities and
Z positive semidefinite, then every feasible point has :math:`\langle Z, \Gamma\rangle = 0`, so the
moment matrices vanish on the columns K of Z = K K', and rows with y > 0 hold with equality (Borwein
and Wolkowicz 1981). Perfect GHZ relations are of this kind: (1 + A0 B0 C0)|psi> = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, eye_array, kron, vstack

from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, FloatArray, IntArray

#: Entries of a kernel's reduced form below this are noise.
NOISE = 1e-11


@dataclass(frozen=True, eq=False)
class Face:
    """Rows that hold with equality, and for each psd block columns that its matrix takes to 0."""

    equal: IntArray
    kernels: tuple[FloatArray, ...]


def echelon(kernel: FloatArray) -> FloatArray:
    """Return the reduced basis of a column space: some rows are those of the identity; floats."""
    held = kernel.T.copy()
    for row in range(len(held)):
        part = np.abs(held[row:])
        place, column = divmod(int(np.argmax(part)), part.shape[1])
        held[np.array([row, row + place])] = held[np.array([row + place, row])]
        held[row] /= held[row, column]
        others = np.arange(len(held)) != row
        held[others] -= np.outer(held[others, column], held[row])
    held[np.abs(held) < NOISE] = 0
    return np.asarray(held.T)


def symmetric_products(left: FloatArray, right: FloatArray) -> csr_array:
    """Return the map from C (flat) to the row multipliers of Z = left C right' + right C' left'."""
    i, j = triangle(len(left))
    parts = np.einsum("ma,mc->mac", left[i], right[j]) + np.einsum("ma,mc->mac", left[j], right[i])
    found = parts.reshape(len(i), -1) * np.where(i == j, 1.0, 2.0)[:, None]
    found[np.abs(found) < 1e-14] = 0
    return csr_array(found)


def square_rows(program: ConicProgram, start: int, size: int) -> csr_array:
    """Return the rows of A for all size^2 entries of a block."""
    return csr_array(program.float_matrix[start + _square(size)])


def equalities(program: ConicProgram, face: Face) -> tuple[csr_array, FloatArray]:
    """Return (E, e) with E x = e on the face: its equal rows, then Gamma K = 0 without repetitions."""
    right = program.float_right
    parts, sides = [program.float_matrix[face.equal]], [right[face.equal]]
    for (start, size), kernel in zip(program.psd_blocks, face.kernels, strict=True):
        if not kernel.shape[1]:
            continue
        pick = csr_array(kron(csr_array(echelon(kernel).T), eye_array(size)))
        parts.append(csr_array(pick @ square_rows(program, start, size)))
        sides.append(pick @ right[start + _square(size)])
    whole, side = csr_array(vstack(parts, format="csr")), np.concatenate(sides)
    whole.data[np.abs(whole.data) < NOISE] = 0
    whole.eliminate_zeros()
    whole.sort_indices()
    kept, seen = [], set()
    for row in range(whole.shape[0]):
        here = slice(whole.indptr[row], whole.indptr[row + 1])
        values = whole.data[here]
        if len(values):
            form = (*whole.indices[here].tolist(), *np.round([*values, side[row]] / values[0], 9).tolist())
            if form not in seen:
                seen.add(form)
                kept.append(row)
    return csr_array(whole[kept]), side[kept]


def _square(size: int) -> IntArray:
    i, j = triangle(size)
    place = np.zeros((size, size), dtype=np.int64)
    place[i, j] = place[j, i] = np.arange(len(i))
    return place.ravel()
