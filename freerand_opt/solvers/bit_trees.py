r"""Vectors at the leaves of a tree of bits, one tree for each label: sums, facets, and forms along the tree.

A node has the sum of its children, and for a share in [l, h] two facets, :math:`f = h z_v - z_l` and
:math:`z_l - l z_v`. Facets stand deepest nodes first, two a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Doubles or long doubles.
Reals: TypeAlias = NDArray[np.floating[Any]]
#: Lowest and highest share of each bit, the root's first.
Ranges: TypeAlias = Sequence[tuple[float, float]]
#: Equalities whose part apart from those before is smaller, beside themselves, follow from them.
DEPENDENT = 1e-10


def facets(level: Reals, ranges: Ranges) -> Reals:
    """Return the facets (facet, width) of leaves (tree and leaf, width); without bits the leaves."""
    found = []
    for low, high in reversed(ranges):
        left, whole = level[::2], level[::2] + level[1::2]
        found += [np.stack([high * whole - left, left - low * whole], axis=1).reshape(-1, level.shape[1])]
        level = whole
    return np.concatenate(found) if found else level


def pulled(flat: Reals, ranges: Ranges) -> Reals:
    """Return the transpose of `facets`."""
    if not ranges:
        return flat
    end, width = len(flat), flat.shape[1]
    level: Reals = np.zeros((end // (2 ** (len(ranges) + 1) - 2), width), dtype=flat.dtype)
    for low, high in ranges:
        held = flat[end - 2 * len(level) : end].reshape(-1, 2, width)
        end -= 2 * len(level)
        right = level + high * held[:, 0] - low * held[:, 1]
        level = np.stack([right - held[:, 0] + held[:, 1], right], axis=1).reshape(-1, width)
    return level


def nodes(leaves: Reals) -> Reals:
    """Return all nodes of leaves (tree, leaf, width), the root first."""
    found = [leaves]
    while found[-1].shape[1] > 1:
        found.append(found[-1][:, ::2] + found[-1][:, 1::2])
    return np.concatenate(found[::-1], axis=1)


def middle(ranges: Ranges) -> Reals:
    """Return the shares of the leaves with each bit in the middle of its range."""
    share = np.ones(1)
    for low, high in ranges:
        share = np.stack([share * (low + high) / 2, share * (1 - (low + high) / 2)], axis=1).ravel()
    return share


def independent(rows: Reals, equal: np.ndarray) -> np.ndarray:
    """Return the places of rows without equalities that follow from those before them."""
    basis = np.zeros((0, rows.shape[1]))
    kept = ~equal
    for place in np.flatnonzero(equal):
        left = rows[place] / (np.linalg.norm(rows[place]) or 1.0)
        for _ in range(2):  # once more, for what rounding left
            left = left - (basis @ left) @ basis
        size = float(np.linalg.norm(left))
        if size > DEPENDENT:
            basis = np.vstack([basis, left / size])
            kept[place] = True
    return np.flatnonzero(kept)


class TreeFactor:
    """The quadratic form with one matrix for each facet, factored from the leaves to the roots.

    Of two children the left one is eliminated. Of each diagonal `more` is added, in proportion. Raise
    LinAlgError if rounding leaves no factor.
    """

    def __init__(self, ranges: Ranges, forms: Reals, more: float) -> None:
        self.width = forms.shape[1]
        self.levels: list[tuple[Reals, Reals]] = []
        count = 2 ** len(ranges)
        leaves, end = len(forms) // (2 * count - 2) * count if ranges else 0, 0
        below: Reals = np.zeros((leaves, self.width, self.width)) if ranges else forms
        for low, high in reversed(ranges):
            plus, minus = forms[end : end + len(below) : 2], forms[end + 1 : end + len(below) : 2]
            end += len(below)
            inner = _inverse_factor(below[::2] + below[1::2] + plus + minus, more)
            across = inner @ (below[1::2] + high * plus + low * minus)
            below = below[1::2] + high**2 * plus + low**2 * minus - _turned(across) @ across
            self.levels.append((inner, across))
        self.roots = _inverse_factor(below, more)

    def solve(self, rows: Reals) -> Reals:
        """Return K^-1 of each row."""
        held = rows.reshape(len(rows), -1, self.width).transpose(1, 2, 0)
        halves = []
        for inner, across in self.levels:
            own = inner @ (held[::2] - held[1::2])
            held = held[1::2] + _turned(across) @ own
            halves.append(own)
        held = _turned(self.roots) @ (self.roots @ held)
        for (inner, across), own in zip(reversed(self.levels), reversed(halves), strict=True):
            left = _turned(inner) @ (own + across @ held)
            held = np.stack([left, held - left], axis=1).reshape(-1, *left.shape[1:])
        return np.asarray(held.transpose(2, 0, 1).reshape(len(rows), -1))


def _inverse_factor(squares: Reals, more: float) -> Reals:
    """Return the inverses of Cholesky factors, the diagonal a little larger so that they stay positive."""
    squares = (squares + _turned(squares)) / 2
    diagonal = np.einsum("kii->ki", squares)
    diagonal *= 1 + more
    return np.asarray(np.linalg.inv(np.linalg.cholesky(squares)))


def _turned(matrices: Reals) -> Reals:
    return matrices.transpose(0, 2, 1)
