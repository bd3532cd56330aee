r"""Multipliers from an optimal point that is known to the last digits: those that vanish on it, by turns.

At a point x whose matrices have the range of all optimal ones, multipliers are :math:`Z = V Y V^T` with V
orthogonal to that range, :math:`A^T z = c` and Y semidefinite. The turns of Douglas and Rachford (1956;
Lions and Mercier 1979) between these two sets end soon where an inner Y exists. In floats; nothing rests on
it.
"""

from __future__ import annotations

import numpy as np

from freerand_opt.conic.program import ConicProgram, block_rows, triangle
from freerand_opt.conic.solution import Solution
from freerand_opt.conic.sparse import Floats

#: Eigenvalues below this are none; one between it and NOTHING leaves the range in doubt.
SEEN, NOTHING = 1e-6, 1e-11
#: By what equations may be missed, and how far the sets may be apart in the end.
MISSED, ENOUGH = 1e-9, 1e-12
ROUNDS = 400
#: Directions that matter less than this, beside the first, are rounding.
FLAT = 1e-10
#: More entries of the equations than this take longer than a solver.
MOST = 3 * 10**6


def solve(program: ConicProgram, x: Floats) -> Solution | None:
    """Return multipliers that vanish on a point; None if it is not optimal, or rounds do not end."""
    left = program.sides - program.matrix @ x
    bases = []
    for start, size in program.spans:
        i, j = triangle(size)
        held = np.zeros((size, size))
        held[i, j] = held[j, i] = left[start : start + len(i)]
        sizes, vectors = np.linalg.eigh(held)
        doubt = (np.abs(sizes) > NOTHING) & (sizes < SEEN)
        if doubt.any():
            return None
        bases.append(vectors[:, sizes < SEEN])
    count = program.linear + sum(v.shape[1] * (v.shape[1] + 1) // 2 for v in bases)
    if count * program.columns > MOST or np.abs(left[: program.equalities]).max(initial=0.0) > MISSED:
        return None
    rows = program.matrix
    inner = program.linear
    parts = [rows[:inner].toarray().T]
    for (start, size), basis in zip(program.spans, bases, strict=True):
        across = _outer(basis) @ rows[start : start + size * (size + 1) // 2].toarray()
        parts.append(across.T)
    sets = _Sets(program, bases, np.concatenate(parts, axis=1))
    found = sets.met()
    if found is None:
        return None
    z = np.zeros(len(program.rows))
    z[:inner] = found[:inner]
    for (start, size), own, basis in zip(program.spans, sets.matrices(found), bases, strict=True):
        z[start : start + size * (size + 1) // 2] = block_rows(basis @ own @ basis.T)
    return Solution("optimal", "an attack", x, z)


def _outer(basis: Floats) -> Floats:
    """Return the row multipliers of V E V' for an orthonormal basis of symmetric E, one a row."""
    i, j = triangle(basis.shape[1])
    scale = np.where(i == j, 0.5, np.sqrt(0.5))
    pairs = basis[:, i].T[:, :, None] * basis[:, j].T[:, None, :]
    pairs = (pairs + pairs.transpose(0, 2, 1)) * scale[:, None, None]
    return np.array([block_rows(pair) for pair in pairs]).reshape(len(i), len(basis) * (len(basis) + 1) // 2)


class _Sets:
    """Multipliers and entries of Y that meet the equations, and those whose Y and inequalities are so."""

    def __init__(self, program: ConicProgram, bases: list[Floats], equations: Floats) -> None:
        self.linear, self.equalities = program.linear, program.equalities
        self.widths = [basis.shape[1] for basis in bases]
        self.equations, self.cost = equations, program.cost
        left, sizes, right = np.linalg.svd(equations, full_matrices=False)
        kept = sizes > FLAT * sizes.max(initial=0.0)
        self.inverse = (right[kept].T / sizes[kept]) @ left[:, kept].T

    def met(self) -> Floats | None:
        """Return a point of the equations that is as near to the cones as floats tell."""
        point = self._on(np.zeros(self.equations.shape[1]))
        if np.abs(self.equations @ point - self.cost).max() > MISSED:
            return None
        for _ in range(ROUNDS):
            inside = self._inside(point)
            across = self._on(2 * inside - point)
            apart = float(np.linalg.norm(across - inside))
            if apart < ENOUGH * max(1.0, float(np.linalg.norm(inside))):
                return self._on(inside)
            point = point + across - inside
        return None

    def matrices(self, point: Floats) -> list[Floats]:
        """Return the matrices Y."""
        found, at = [], self.linear
        for width in self.widths:
            i, j = triangle(width)
            own = np.zeros((width, width))
            own[i, j] = own[j, i] = point[at : at + len(i)] * np.where(i == j, 1.0, np.sqrt(0.5))
            found.append(own)
            at += len(i)
        return found

    def _on(self, point: Floats) -> Floats:
        return np.asarray(point - self.inverse @ (self.equations @ point - self.cost))

    def _inside(self, point: Floats) -> Floats:
        found = [point[: self.equalities], np.maximum(point[self.equalities : self.linear], 0.0)]
        for own in self.matrices(point):
            i, j = triangle(len(own))
            sizes, vectors = np.linalg.eigh(own)
            kept = (vectors * np.maximum(sizes, 0.0)) @ vectors.T
            found.append(kept[i, j] * np.where(i == j, 1.0, np.sqrt(2.0)))
        return np.concatenate(found)
