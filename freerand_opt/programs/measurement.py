r"""Measurements in floats: the best one for given gains, and as projectors in a larger space.

Elements are Hermitian arrays (outcomes, d, d), positive semidefinite, with sum 1. For gains K_o the
best measurement solves the semidefinite program

.. math:: \max \sum_o \mathrm{tr}(E_o K_o) \;:\; E_o \succeq 0,\; \sum_o E_o = 1.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from freerand_opt.programs.program import IntArray

Complex: TypeAlias = NDArray[np.complex128]
#: Steps of the iteration for more than two outcomes, at each call.
STEPS = 10
#: Eigenvalues of an element, or of a difference of gains relative to the largest, below this are 0.
NOTHING = 1e-9
#: Pivots of an element's factor below this are 0.
SEEN = 1e-6


def random_basis(size: int, random: np.random.Generator, *, real: bool) -> Complex:
    """Return a random orthonormal basis in columns."""
    held = random.normal(size=(size, size)) + (0 if real else 1j * random.normal(size=(size, size)))
    return np.asarray(np.linalg.qr(held)[0])


def random_measurement(
    size: int, count: int, random: np.random.Generator, *, real: bool, general: bool
) -> Complex:
    """Return a random measurement: projectors, or (`general`) elements of full rank."""
    if general:
        whole = random_basis(size * count, random, real=real)[:size].reshape(size, count, size)
        return np.asarray(np.einsum("iok,jok->oij", whole, whole.conj()))
    basis = random_basis(size, random, real=real)
    owner = random.permutation(np.arange(size) % count)
    return np.stack([basis[:, owner == k] @ basis[:, owner == k].conj().T for k in range(count)])


def best_measurement(operators: Complex, start: Complex) -> Complex:
    r"""Return elements that maximise sum_o tr(E_o K_o); for more than two outcomes no worse than `start`.

    For two outcomes by signs of a difference. Else by the iteration :math:`w \mapsto K_{o(w)} w` on
    vectors with :math:`E_o = \sum w w^*`, made a resolution of 1 again after each step: it never loses;
    that it ends at the optimum is not promised (Jezek, Rehacek and Fiurasek, arXiv:quant-ph/0201109).
    Elements keep the rank of `start`, so projectors stay projectors.
    """
    gains = (operators + operators.conj().transpose(0, 2, 1)) / 2
    size = gains.shape[1]
    if len(gains) == 2:
        values, vectors = np.linalg.eigh(gains[0] - gains[1])
        # what gains nothing has outcome 1, whatever the sign of its rounding
        plus = vectors[:, values > NOTHING * max(float(np.abs(values).max()), NOTHING)]
        first = plus @ plus.conj().T
        return np.stack([first, np.eye(size) - first])
    # with all K_o positive, no step loses
    shifted = gains + np.eye(size) * (1e-9 + max(0.0, -float(np.linalg.eigvalsh(gains).min())))
    owner, columns = vectors_of(start)
    for _ in range(STEPS):
        step = np.stack([shifted[o] @ columns[:, k] for k, o in enumerate(owner)], axis=1)
        columns = _resolution(step)
    return np.stack([columns[:, owner == k] @ columns[:, owner == k].conj().T for k in range(len(gains))])


def _resolution(columns: Complex) -> Complex:
    """Return the closest vectors w with sum w w* = 1."""
    u, _, v = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u @ v)


def vectors_of(elements: Complex) -> tuple[IntArray, Complex]:
    """Return (outcome of each vector, vectors in columns) with E_o = sum w w*.

    The vectors are columns of Cholesky factors, without those that vanish: unlike eigenvectors they do not
    turn with the rounding of elements that have equal eigenvalues.
    """
    owner: list[int] = []
    columns = []
    for outcome, element in enumerate(elements):
        left = np.array(element)
        for k in range(len(left)):
            pivot = float(left[k, k].real)
            if pivot > SEEN:
                columns.append(left[:, k] / np.sqrt(pivot))
                owner.append(outcome)
                left = left - np.outer(columns[-1], columns[-1].conj())
    return np.array(owner), _resolution(np.stack(columns, axis=1))


def dilated(owner: IntArray, columns: Complex, size: int) -> tuple[IntArray, Complex]:
    """Return (outcomes, orthonormal basis of dimension `size`) whose first entries are `columns` (Naimark).

    `size` is at least the number of columns; what is added beyond them belongs to outcome 0.
    """
    height, count = columns.shape
    whole = np.eye(size, dtype=columns.dtype)
    rest = np.linalg.svd(columns)[2][height:]
    whole[:count, :count] = np.vstack([columns, rest])
    return np.concatenate([owner, np.zeros(size - count, dtype=np.int64)]), whole
