r"""Measurements of many climbs in floats: the best ones for given gains, and as projectors in a larger space.

Elements are Hermitian arrays (starts, outcomes, d, d), positive semidefinite, with sum 1. For gains K_o the
best measurement solves the semidefinite program

.. math:: \max \sum_o \mathrm{tr}(E_o K_o) \;:\; E_o \succeq 0,\; \sum_o E_o = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from freerand_opt.conic.sparse import Index

#: Climbs of real strategies stay in real numbers, which take half the time.
Complex: TypeAlias = NDArray[np.inexact[Any]]
#: Steps of the iteration for more than two outcomes, at each call.
STEPS = 5
#: Eigenvalues of a difference of gains, relative to the largest, below this are 0.
NOTHING = 1e-9
#: Pivots of an element's factor below this are 0.
SEEN = 1e-6


@dataclass(frozen=True, eq=False)
class Measurement:
    """Elements, and for more than two outcomes vectors w (starts, d, k) with E_o = sum of w w* of owner o."""

    elements: Complex
    columns: Complex | None = None
    owner: Index | None = None

    def taken(self, places: Sequence[int]) -> Measurement:
        """Return the measurements of some climbs."""
        kept = list(places)
        columns = None if self.columns is None else self.columns[kept]
        return Measurement(self.elements[kept], columns, self.owner)

    def improved(self, operators: Complex) -> Measurement:
        r"""Return elements that gain most; for more than two outcomes no less than these.

        For two outcomes by signs of a difference. Else by the iteration :math:`w \mapsto K_{o(w)} w` on
        vectors with :math:`E_o = \sum w w^*`, made a resolution of 1 again after each step: it never loses;
        that it ends at the optimum is not promised (Jezek, Rehacek and Fiurasek, arXiv:quant-ph/0201109).
        """
        if self.columns is None or self.owner is None:
            return Measurement(best_of_two(operators))
        gains = (operators + operators.conj().swapaxes(-1, -2)) / 2
        # with all K_o positive, no step loses
        lowest = np.linalg.eigvalsh(gains).min(axis=(1, 2))
        shifted = gains + (1e-9 + np.maximum(0.0, -lowest))[:, None, None, None] * np.eye(gains.shape[-1])
        columns = self.columns
        for _ in range(STEPS):
            columns = _resolution(np.einsum("nkab,nbk->nak", shifted[:, self.owner], columns))
        return with_columns(columns, self.owner, gains.shape[1])

    def vectors(self) -> tuple[Index, Complex]:
        """Return (outcome of each vector, vectors in columns) with E_o = sum w w*, of the first climb.

        They are columns of Cholesky factors, without those that vanish: unlike eigenvectors they do not
        turn with the rounding of elements that have equal eigenvalues.
        """
        owner: list[int] = []
        columns = []
        for outcome, element in enumerate(self.elements[0]):
            left = np.array(element)
            for k in range(len(left)):
                pivot = float(left[k, k].real)
                if pivot > SEEN:
                    columns.append(left[:, k] / np.sqrt(pivot))
                    owner.append(outcome)
                    left = left - np.outer(columns[-1], columns[-1].conj())
        return np.array(owner), _resolution(np.stack(columns, axis=1))


def best_of_two(operators: Complex) -> Complex:
    """Return the elements (starts, .., 2, d, d) that gain most, for gains (starts, 2, .., d, d)."""
    apart = operators[:, 0] - operators[:, 1]
    change: Complex = (apart + apart.conj().swapaxes(-1, -2)) / 2
    one = np.eye(change.shape[-1])
    if len(one) == 2:  # a + R with R^2 = r^2
        middle = np.trace(change, axis1=-2, axis2=-1).real[..., None, None] / 2
        rest = change - middle * one
        length = np.sqrt((np.abs(rest[..., :1, :]) ** 2).sum(axis=-1, keepdims=True))
        least = NOTHING * np.maximum(np.abs(middle) + length, NOTHING)
        upper = (one + rest / np.maximum(length, NOTHING**2)) / 2
        first = np.where(middle - length > least, one, np.where(middle + length > least, upper, 0 * one))
    else:
        values, vectors = np.linalg.eigh(change)
        # what gains nothing has outcome 1, whatever the sign of its rounding
        most = np.abs(values).max(axis=-1, keepdims=True)
        plus = vectors * (values > NOTHING * np.maximum(most, NOTHING))[..., None, :]
        first = plus @ plus.conj().swapaxes(-1, -2)
    return np.stack([first, one - first], axis=-3)


def with_columns(columns: Complex, owner: Index, count: int) -> Measurement:
    """Return the measurements with these vectors."""
    parts = [columns * (owner == k) for k in range(count)]
    elements = np.stack([part @ part.conj().swapaxes(-1, -2) for part in parts], axis=1)
    return Measurement(elements, columns, owner)


def random_measurements(
    starts: int, size: int, count: int, random: np.random.Generator, *, real: bool, general: bool
) -> Measurement:
    """Return random measurements: projectors, or (`general`) elements of full rank."""
    width = size * count if general else size
    held: Complex = random.normal(size=(starts, width, width))
    if not real:
        held = held + 1j * random.normal(size=held.shape)
    columns = np.linalg.qr(held)[0][:, :size]
    owner = np.arange(width) // size if general else (np.arange(width) + int(random.integers(count))) % count
    made = with_columns(columns, owner, count)
    return Measurement(made.elements) if count == 2 else made


def _resolution(columns: Complex) -> Complex:
    """Return the closest vectors w with sum w w* = 1."""
    u, _, v = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u @ v)


def dilated(owner: Index, columns: Complex, size: int) -> tuple[Index, Complex]:
    """Return (outcomes, orthonormal basis of dimension `size`) whose first entries are `columns` (Naimark).

    `size` is at least the number of columns; what is added beyond them belongs to outcome 0.
    """
    height, count = columns.shape
    whole = np.eye(size, dtype=columns.dtype)
    rest = np.linalg.svd(columns)[2][height:]
    whole[:count, :count] = np.vstack([columns, rest])
    return np.concatenate([owner, np.zeros(size - count, dtype=np.int64)]), whole
