r"""Exact multipliers of a program without interior: the optimum on the face, and a tail.

On the face (programs/faces.py) a solver finds multipliers with blocks :math:`Z = V Y V^T + K W^T + W K^T`,
which need not be semidefinite. With T = 4^22 times what exposes the face they are, up to 1/T:

.. math:: Z + T K K^T + W W^T / T = V Y V^T + T (K + W/T)(K + W/T)^T \succeq 0 .

T b.y is 0 up to rounding if y and K are known to more digits than doubles have. They are found by
Newton's method in integers over 2^110. The certificate is one like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsmr

from freerand_opt.certificates.certify import Multipliers, bound
from freerand_opt.certificates.factor import BITS, Factor, lower_factor
from freerand_opt.certificates.semidefinite import GRID, repair, unshifted
from freerand_opt.numbers.exact import enclose
from freerand_opt.programs.faces import Face, echelon, symmetric_products
from freerand_opt.programs.moments import block_matrix, triangle
from freerand_opt.programs.program import ConicProgram, FloatArray, IntArray

Integers: TypeAlias = NDArray[np.object_]
#: Binary digits of y and K after the point, and of the root of T.
DIGITS = 110
ROOT = 22
#: A kernel whose reduced form is this close to fractions with small denominators is taken to have them.
CLOSE = 1e-4
DENOMINATOR = 12
#: Steps of Newton's method; where the kernel is irrational it gains two bits a step.
STEPS = 64
#: Below this what exposes the face is good enough.
ENOUGH = 1e-24


@dataclass(frozen=True, eq=False)
class Tail:
    """Integers over 2^DIGITS: y by row, and K for each psd block, with A'y + G*(K K') = 0 and b.y = 0.

    They are multipliers of the rows that solvers see (`ConicProgram.shifts`).
    """

    values: dict[int, int]
    kernels: tuple[list[list[int]], ...]

    def face(self, program: ConicProgram) -> Face:
        """Return the face that this exposes."""
        equal = set(np.flatnonzero(program.zero_rows).tolist()) | set(self.values)
        floats = tuple(
            np.array(kernel, dtype=object).astype(np.float64).reshape(size, -1) / 2.0**DIGITS
            for (_, size), kernel in zip(program.psd_blocks, self.kernels, strict=True)
        )
        return Face(np.array(sorted(equal), dtype=np.int64), floats)


def refined(program: ConicProgram, values: FloatArray, kernels: Sequence[FloatArray]) -> Tail | None:
    """Return y and K to many digits, from floats; None if they do not converge."""
    spaces = [_fractions(kernel) for kernel in kernels]
    rational = all(space is not None for space in spaces)
    if not rational:
        spaces = [
            np.eye(len(kernel), dtype=np.int64)[:, : len(kernel) * bool(kernel.size)] for kernel in kernels
        ]
    bases = [np.asarray(space, dtype=np.int64) for space in spaces]  # at most lcm(1..DENOMINATOR), 27720
    held = np.flatnonzero(program.linear_rows & (program.zero_rows | (values > 0)))
    state = _State(program, held, bases)
    y = [_fixed(value) for value in values[held].tolist()]
    inner = [
        _integers(np.asarray(np.linalg.lstsq(basis.astype(np.float64), kernel, rcond=None)[0]))
        for basis, kernel in zip(bases, kernels, strict=True)
    ]
    best: tuple[float, Tail] | None = None
    for _ in range(STEPS):
        products = [basis.astype(object) @ part for basis, part in zip(bases, inner, strict=True)]
        residual = state.residual(y, products)
        worst = float(Fraction(max(map(abs, residual)), 4**DIGITS))
        if best is not None and worst > best[0] / 2:
            break
        best = worst, Tail(dict(zip(held.tolist(), y, strict=True)), tuple(p.tolist() for p in products))
        if worst < 2.0 ** (8 - DIGITS):
            break
        step, scale = state.step(residual, products, dense=not rational)
        steps = [_shifted(value, scale) for value in step.tolist()]
        y = [old - new for old, new in zip(y, steps[: len(held)], strict=True)]
        offset = len(held)
        for place, part in enumerate(inner):
            change = np.array(steps[offset : offset + part.size], dtype=object).reshape(part.shape)
            inner[place] = part - change
            offset += part.size
    return best[1] if best is not None and best[0] < ENOUGH else None


class _State:
    """The equations A'y + G*(K K') = 0 and b.y = 0 in y and C, where K = basis C."""

    def __init__(self, program: ConicProgram, held: IntArray, bases: Sequence[IntArray]) -> None:
        self.program, self.held, self.bases = program, held, bases
        matrix = program.matrix
        self.starts, self.columns = matrix.indptr.tolist(), matrix.indices.tolist()
        self.entries, self.shifts = matrix.entries, program.shifts.tolist()
        middles = [sum(enclose(value, 2 * DIGITS)) / 2 for value in program.right.palette]
        pairs = zip(program.right.codes.tolist(), self.shifts, strict=True)
        self.right = [round(middles[code] * 2**DIGITS / 2**shift) for code, shift in pairs]
        # with the right-hand side as one more column
        side = csr_array(program.float_right[:, None])
        self.wide = csr_array(hstack([program.float_matrix, side]))

    def residual(self, y: Sequence[int], kernels: Sequence[Integers]) -> list[int]:
        """Return the left-hand sides over 4^DIGITS."""
        found = [0] * (self.program.shape[1] + 1)
        weights = [(row, value << DIGITS) for row, value in zip(self.held.tolist(), y, strict=True)]
        for (start, size), kernel in zip(self.program.psd_blocks, kernels, strict=True):
            if kernel.size:
                square = (kernel @ kernel.T).tolist()
                i, j = triangle(size)
                pairs = enumerate(zip(i.tolist(), j.tolist(), strict=True))
                weights += [(start + k, square[a][b] * (1 if a == b else 2)) for k, (a, b) in pairs]
        for row, weight in weights:
            for k in range(self.starts[row], self.starts[row + 1]):
                found[self.columns[k]] += weight * self.entries[k] >> self.shifts[row]
            found[-1] += weight * self.right[row] >> DIGITS
        return found

    def step(
        self, residual: Sequence[int], kernels: Sequence[Integers], *, dense: bool
    ) -> tuple[FloatArray, int]:
        """Return the smallest Newton step (y, then C) as floats times 2^scale, over 2^DIGITS."""
        shift = max(map(abs, residual)).bit_length() - 53
        right = np.array([float(value >> shift if shift > 0 else value << -shift) for value in residual])
        maps = [csr_array(self.wide[self.held].T)]
        for (start, size), kernel, basis in zip(self.program.psd_blocks, kernels, self.bases, strict=True):
            if kernel.size:
                floats = np.asarray(kernel.astype(np.float64)) / 2.0**DIGITS
                rows = self.wide[start : start + size * (size + 1) // 2]
                maps.append(csr_array(rows.T @ symmetric_products(basis.astype(np.float64), floats)))
        jacobian = csr_array(hstack(maps))
        if dense:
            # the smallest singular values vanish with the error, so that an iterative method stalls
            step = np.linalg.lstsq(jacobian.toarray(), right, rcond=1e-15)[0]
        else:
            step = lsmr(jacobian, right, atol=1e-14, btol=1e-14, maxiter=2000)[0]
        return np.asarray(step), shift - DIGITS


def _fractions(kernel: FloatArray) -> IntArray | None:
    """Return integer columns that span the same space, or None if none with small denominators do."""
    if not kernel.size:
        return np.zeros(kernel.shape, dtype=np.int64)
    near = echelon(kernel)
    exact = [[Fraction(value).limit_denominator(DENOMINATOR) for value in row] for row in near.tolist()]
    if np.abs(np.array([[float(value) for value in row] for row in exact]) - near).max() > CLOSE:
        return None
    unit = lcm(*(value.denominator for row in exact for value in row))
    # entries are at most `unit`, which divides the least common multiple of 1 to DENOMINATOR
    return np.array([[int(value * unit) for value in row] for row in exact], dtype=np.int64)


def _fixed(value: float) -> int:
    return round(Fraction(value) * (1 << DIGITS))


def _integers(matrix: FloatArray) -> Integers:
    found = np.empty(matrix.shape, dtype=object)
    found[...] = np.array([_fixed(value) for value in matrix.ravel().tolist()], object).reshape(matrix.shape)
    return found


def _shifted(value: float, scale: int) -> int:
    return round(Fraction(value) * Fraction(2) ** scale)


# ------------------------------------------------------------------ with the multipliers on the face


def with_tail(program: ConicProgram, on_face: FloatArray, tail: Tail) -> Multipliers:
    """Return exact multipliers from those on the face and T = 4^ROOT times what exposes it."""
    linear = program.linear_rows
    signed = linear & ~program.zero_rows
    signed[list(tail.values)] = False
    z = on_face + repair(program, on_face)
    z[signed] = np.maximum(z[signed], 0)
    z[linear] = np.rint(z[linear] * GRID) / GRID
    z = z + np.where(linear, 0, repair(program, z))
    values = {row: Fraction(float(z[row])) for row in np.flatnonzero(linear).tolist()}
    for row, value in tail.values.items():
        values[row] += Fraction(value * 4**ROOT, 2**DIGITS)
    zero = program.zero_rows
    values = {row: value for row, value in values.items() if value > 0 or (value and zero[row])}
    values = program.exact_multipliers(values)
    face = tail.face(program)
    held = zip(program.psd_blocks, tail.kernels, face.kernels, strict=True)
    made = (_factor(block_matrix(z, start, size), kernel, floats) for (start, size), kernel, floats in held)
    factors = unshifted(program, made)
    return Multipliers(values, bound(program, values, factors), factors)


def _factor(matrix: FloatArray, kernel: list[list[int]], floats: FloatArray) -> Factor:
    """Return (2^ROOT K + W / 2^ROOT, V Y^(1/2)) in integers over 2^DIGITS."""
    size, rank = floats.shape
    basis = np.linalg.qr(floats, mode="complete")[0]
    inside, outside = basis[:, :rank], basis[:, rank:]
    rows: list[tuple[int, ...]] = [()] * size
    if rank:
        half = inside @ (inside.T @ matrix @ inside) / 2 + outside @ (outside.T @ matrix @ inside)
        weights = half @ np.linalg.inv(inside.T @ floats).T
        near = (np.ldexp(weights, DIGITS - ROOT)).tolist()
        rows = [
            tuple((k << ROOT) + round(w) for k, w in zip(line, shares, strict=True))
            for line, shares in zip(kernel, near, strict=True)
        ]
    if rank < size:
        lower = np.rint(np.ldexp(outside @ lower_factor(outside.T @ matrix @ outside), BITS))
        rows = [
            (*line, *(int(value) << (DIGITS - BITS) for value in rest))
            for line, rest in zip(rows, lower.tolist(), strict=True)
        ]
    return Factor(tuple((0, line) for line in rows), DIGITS)
