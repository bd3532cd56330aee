r"""Scores of two parties' correlators alone: the best unit vectors, and the observables they stand for.

.. math:: \max \sum_{xy} c_{xy} \langle u_x, v_y\rangle = \min \sum_i \lambda_i \;:\; \mathrm{diag}(\lambda)
   - \tfrac12 \begin{pmatrix} 0 & c \\ c^T & 0 \end{pmatrix} \succeq 0

(Tsirelson, Lett. Math. Phys. 4, 93, 1980). At the optimum :math:`\lambda_i` is the length of what vector i is
turned to. Vectors of length r are observables :math:`\sum_k u_k \gamma_k` of anticommuting :math:`\gamma_k`
on a maximally entangled state of dimension :math:`2^{\lfloor r/2 \rfloor}` a side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from freerand_opt.attacks.measurement import Complex, Measurement
from freerand_opt.attacks.quantum_box import Quantum
from freerand_opt.attacks.seesaw import Climbs, exact_strategy
from freerand_opt.conic.sparse import Floats

#: The longest vectors that are tried; 7 are states of 8 x 8.
LONGEST = 7
STARTS, ROUNDS, EACH = 4, 4000, 50
#: Newton's equations in floats.
STEPS, MOST_UNKNOWN = 6, 1200
#: Relative to the largest multiplier, eigenvalues above minus this are not negative.
POSITIVE = 1e-9


@dataclass(frozen=True, eq=False)
class Vectors:
    """Unit vectors as rows, A's settings first, their multipliers, and the matrix that they make positive."""

    rows: Floats
    multipliers: Floats
    matrix: Floats


def best_vectors(factors: Mapping[tuple[int, ...], Fraction], settings: tuple[int, ...]) -> Vectors | None:
    """Return optimal vectors for the factors of correlators, None if none are found in floats."""
    a, count = settings[0], sum(settings)
    matrix = np.zeros((count, count))
    for (x, y), factor in factors.items():
        matrix[x, a + y] = matrix[a + y, x] = float(factor) / 2
    random = np.random.default_rng(0)
    for length in range(2, min(LONGEST, count) + 1):
        for _ in range(STARTS):
            rows = _climbed(matrix, a, _unit(random.normal(size=(count, length))))
            rows, multipliers = _polished(matrix, rows)
            held = np.diag(multipliers) - matrix
            if np.linalg.eigvalsh(held)[0] > -POSITIVE * np.abs(multipliers).max():
                return Vectors(rows, multipliers, held)
    return None


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _climbed(matrix: Floats, a: int, rows: Floats) -> Floats:
    """Turn one side's vectors to what the other's ask for, by turns; settings without factors stay."""
    value = -np.inf
    for turn in range(ROUNDS):
        for own in (slice(a), slice(a, None)):
            asked = matrix[own] @ rows
            size = np.linalg.norm(asked, axis=1, keepdims=True)
            rows[own] = np.where(size > 0, asked / np.where(size > 0, size, 1.0), rows[own])
        if turn % EACH == 0:
            now = float((rows * (matrix @ rows)).sum())
            if now <= value + 1e-15 * abs(value):
                break
            value = now
    return rows


def _polished(matrix: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Return vectors and multipliers to the last digits of floats, by Newton's steps of least length."""
    count, length = rows.shape
    multipliers = (rows * (matrix @ rows)).sum(axis=1)
    for _ in range(STEPS if count * (length + 1) <= MOST_UNKNOWN else 0):
        held = matrix - np.diag(multipliers)
        left = np.concatenate([(held @ rows).ravel(), ((rows**2).sum(axis=1) - 1) / 2])
        turned = np.zeros((count * length, count))
        for i in range(count):
            turned[i * length : (i + 1) * length, i] = rows[i]
        jacobian = np.block([[np.kron(held, np.eye(length)), -turned], [turned.T, np.zeros((count, count))]])
        step = np.linalg.lstsq(jacobian, -left, rcond=1e-11)[0]
        rows = _unit(rows + step[: count * length].reshape(rows.shape))
        multipliers = (rows * (matrix @ rows)).sum(axis=1)
        if np.abs(step).max() < 1e-15:
            break
    return rows, multipliers


def tsirelson_box(held: Vectors, settings: tuple[int, ...]) -> Quantum:
    """Return the state and observables of vectors, in integers."""
    gammas = _anticommuting(held.rows.shape[1])
    size = gammas.shape[-1]
    observables = np.einsum("ik,kab->iab", held.rows, gammas)
    observables[settings[0] :] = observables[settings[0] :].swapaxes(-1, -2)
    one = np.eye(size)
    elements = (np.stack([one + own, one - own])[None] / 2 for own in observables)
    measured = [Measurement(own.astype(np.complex128)) for own in elements]
    state = one.reshape(1, -1).astype(np.complex128) / np.sqrt(size)
    parties = [measured[: settings[0]], measured[settings[0] :]]
    return exact_strategy((size, size), Climbs(parties, state, np.zeros(1)))


def _anticommuting(count: int) -> Complex:
    """Return Hermitian matrices with square 1 that anticommute, real ones if there are two."""
    x, y, z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
    found = [z.astype(complex), x.astype(complex), y]
    while len(found) < count:
        found = [*(np.kron(x, own) for own in found), *(np.kron(p, np.eye(len(found[0]))) for p in (y, z))]
    return np.array(found[:count])
