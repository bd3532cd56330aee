"""The equations of a step along the tree of a source: one small factor a node."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from freerand_opt.conic.sparse import Floats


class TreeFactor:
    """K = sum of f^T G^T diag(weight) G f, factored from the leaves to the roots.

    Of two children the left one is eliminated. Rows of `weight` are facets of all trees, two a node, deepest
    first; of each diagonal `more` is added, in proportion. Raise LinAlgError if rounding leaves no factor.
    """

    def __init__(
        self, ranges: Sequence[tuple[float, float]], positive: Floats, weight: Floats, more: float
    ) -> None:
        self.width = positive.shape[1]
        self.levels: list[tuple[Floats, Floats]] = []
        count = 2 ** len(ranges)
        leaves, end = len(weight) // (2 * count - 2) * count, 0
        below = np.zeros((leaves, self.width, self.width))
        for low, high in reversed(ranges):
            count = len(below) // 2
            own = weight[end : end + 2 * count].reshape(count, 2, -1)
            end += 2 * count
            plus, minus = (np.matmul(positive.T * own[:, k, None, :], positive) for k in (0, 1))
            inner = _inverse_factor(below[::2] + below[1::2] + plus + minus, more)
            across = inner @ (below[1::2] + high * plus + low * minus)
            below = below[1::2] + high**2 * plus + low**2 * minus - _turned(across) @ across
            self.levels.append((inner, across))
        self.roots = _inverse_factor(below, more)

    def solve(self, rows: Floats) -> Floats:
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


def _inverse_factor(squares: Floats, more: float) -> Floats:
    """Return the inverses of Cholesky factors, the diagonal a little larger so that they stay positive."""
    squares = (squares + _turned(squares)) / 2
    diagonal = np.einsum("kii->ki", squares)
    diagonal *= 1 + more
    return np.asarray(np.linalg.inv(np.linalg.cholesky(squares)))


def _turned(matrices: Floats) -> Floats:
    return matrices.transpose(0, 2, 1)
