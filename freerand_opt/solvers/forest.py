r"""Moments over a tree of bits, one tree for each label: what a solver that follows the tree works on.

The columns are vectors z of moments at the leaves; a node has the sum of its children, and each of its two
facets, :math:`f = h z_v - z_l` and :math:`z_l - l z_v` for a share in [l, h], has a matrix,

.. math:: \max\; c \cdot z \;:\; A z = b \;(\le),\; \Gamma_p(f) \succeq 0 \text{ for each facet f and part p.}

In floats; nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from freerand_opt.conic.program import ConicProgram, triangle
from freerand_opt.conic.sparse import Floats, Index
from freerand_opt.model.problem import Bits
from freerand_opt.programs.moments import MomentProgram

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Equalities whose part apart from those before is smaller, beside themselves, follow from them.
DEPENDENT = 1e-10
#: What is added to a diagonal, beside it, before a factor is taken; solutions are refined.
SHARES = (4e-16, 1e-14, 1e-12, 1e-10, 1e-8)
#: Doubles or long doubles.
Reals: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class OnTrees:
    """Trees for `carriers` labels, vectors of `width` moments at their leaves.

    `parts` (size, size^2 x width) are the matrices of a facet; `rows` the places in the program of the linear
    rows A z, `right` their sides, `equal` which are equalities.
    """

    carriers: int
    width: int
    parts: tuple[tuple[int, csr_array], ...]
    rows: Index
    matrix: Reals
    right: Reals
    equal: np.ndarray
    cost: Reals


@dataclass(frozen=True, eq=False)
class Forest(OnTrees):
    """Trees of bits whose shares are `ranges`.

    With vertices of the source instead of bits each label and vertex is a tree of one node.
    """

    ranges: tuple[tuple[float, float], ...]

    @property
    def depth(self) -> int:
        """Return the number of bits."""
        return len(self.ranges)

    @property
    def counts(self) -> list[tuple[int, int, int]]:
        """Return (labels, nodes, facets of a node) of each depth, deepest first."""
        if not self.ranges:
            return [(self.carriers, 1, 1)]
        return [(self.carriers, 2**d, 2) for d in reversed(range(self.depth))]

    @property
    def facets(self) -> int:
        """Return the number of facets of all trees."""
        return sum(map(prod, self.counts))

    def gamma(self, z: Reals) -> list[Reals]:
        """Return the matrices of all facets, deepest nodes first, for each part."""
        level, found = z.reshape(self.carriers, -1, self.width), []
        for low, high in reversed(self.ranges):
            left, whole = level[:, ::2], level[:, ::2] + level[:, 1::2]
            held = np.stack([high * whole - left, left - low * whole], axis=2)
            found.append(held.reshape(-1, self.width))
            level = whole
        flat = np.concatenate(found) if found else level.reshape(-1, self.width)
        return [(entries @ flat.T).T.reshape(len(flat), n, n) for n, entries in self.parts]

    def back(self, matrices: Sequence[Reals]) -> Reals:
        """Return the transpose of `gamma` at matrices."""
        flat: Reals = np.zeros((self.facets, self.width), dtype=matrices[0].dtype)
        for (_, entries), own in zip(self.parts, matrices, strict=True):
            flat = flat + (entries.T @ own.reshape(len(own), -1).T).T
        if not self.ranges:
            return np.asarray(flat.ravel())
        level = np.zeros((self.carriers, 1, self.width), dtype=matrices[0].dtype)
        end = len(flat)
        for (low, high), count in zip(self.ranges, reversed(self.counts), strict=True):
            held = flat[end - prod(count) : end].reshape(*count, self.width)
            end -= prod(count)
            right = level + high * held[:, :, 0] - low * held[:, :, 1]
            left = right - held[:, :, 0] + held[:, :, 1]
            level = np.stack([left, right], axis=2).reshape(self.carriers, -1, self.width)
        return np.asarray(level.ravel())

    def middle(self) -> Reals:
        """Return the leaves of the state without any correlation, each bit in the middle of its range."""
        share = np.ones(1)
        for low, high in self.ranges:
            share = np.stack([share * (low + high) / 2, share * (1 - (low + high) / 2)], axis=1).ravel()
        found = np.zeros((self.carriers, len(share), self.width))
        found[:, :, 0] = share / self.carriers
        return found.ravel()

    def columns(self, z: Reals) -> Floats:
        """Return the columns of the program: all nodes, the root first."""
        level, found = z.reshape(self.carriers, -1, self.width), []
        while True:
            found.append(level)
            if level.shape[1] == 1:
                return np.asarray(np.concatenate(found[::-1], axis=1).ravel(), dtype=np.float64)
            level = level[:, ::2] + level[:, 1::2]

    def factored(self, hessians: Sequence[Reals]) -> Factors:
        """Return what solves equations of the quadratic form with these matrices, one a facet.

        With the sum of two children fixed the left one is eliminated.
        """
        levels: list[list[tuple[Reals, Reals]]] = []
        below: list[Reals] = [np.zeros((self.width, self.width))] * (self.carriers * 2**self.depth)
        if not self.ranges:
            below = list(hessians)
        facets = iter(hessians)
        for low, high in reversed(self.ranges):
            level, above = [], []
            for left, right in zip(below[::2], below[1::2], strict=True):
                plus, minus = next(facets), next(facets)
                below_left = lower(left + right + plus + minus)
                across = solve_triangular(below_left, right + high * plus + low * minus, lower=True)
                rest = right + high**2 * plus + low**2 * minus - across.T @ across
                level.append((below_left, across))
                above.append((rest + rest.T) / 2)
            levels.append(level)
            below = above
        return Factors(self, levels, [lower(root) for root in below])


@dataclass(frozen=True, eq=False)
class Factors:
    """Factors of left children, deepest nodes first, and of roots."""

    of: Forest
    levels: Sequence[Sequence[tuple[Reals, Reals]]]
    roots: Sequence[Reals]

    def inverse(self, rows: Reals) -> Reals:
        """Return the solution for each row, as far as floats know."""
        held = rows.reshape(len(rows), -1, self.of.width).transpose(1, 2, 0)
        halves = []
        for level in self.levels:
            gaps = held[::2] - held[1::2]
            own = [
                solve_triangular(lower, gap, lower=True) for (lower, _), gap in zip(level, gaps, strict=True)
            ]
            held = np.stack([h + a.T @ x for h, (_, a), x in zip(held[1::2], level, own, strict=True)])
            halves.append(own)
        held = np.stack([cho_solve((root, True), own) for root, own in zip(self.roots, held, strict=True)])
        for level, own in zip(reversed(self.levels), reversed(halves), strict=True):
            left = np.stack(
                [
                    solve_triangular(lower, x + across @ whole, lower=True, trans="T")
                    for (lower, across), x, whole in zip(level, own, held, strict=True)
                ]
            )
            held = np.stack([left, held - left], axis=1).reshape(-1, *left.shape[1:])
        return np.asarray(held.transpose(2, 0, 1).reshape(len(rows), -1))


def lower(matrix: Reals) -> Reals:
    """Return the Cholesky factor with as little more on the diagonal as lets rounding leave it positive."""
    for share in SHARES[:-1]:
        try:
            return np.asarray(np.linalg.cholesky(matrix + np.diag(share * np.diag(matrix))))
        except np.linalg.LinAlgError:
            continue
    return np.asarray(np.linalg.cholesky(matrix + np.diag(SHARES[-1] * np.diag(matrix))))


def forest_of(made: MomentProgram, program: ConicProgram) -> Forest | None:
    """Return the trees of a program, or of half of it.

    None if its source has no tree and no vertices, a share is fixed, or there is one matrix alone.
    """
    source, space = made.problem.source, made.moments.space
    kinds = {name[0] for name in made.cone.names}
    ranges: tuple[tuple[float, float], ...] = ()
    if kinds == {"node", "last"} and isinstance(source, Bits):
        ranges = tuple((float(low), float(high)) for low, high in source.ranges)
    elif kinds != {"last"} or made.cone.equalities.shape[0]:
        return None
    if any(low >= high for low, high in ranges) or any(part.cone == "zero" for part in space.parts):
        return None
    nodes = made.cone.nodes if ranges else 1
    width, inner = space.width, nodes // 2
    carriers = program.columns // (nodes * width)
    if not program.sizes or (carriers == 1 and not ranges):
        return None
    rows = [r for r in range(program.linear) if program.names[r][0] not in ("equal", "part")]  # type: ignore[index]

    def leaves(row: Sequence[tuple[int, float]]) -> Reals:
        found = np.zeros((carriers, nodes, width))
        for column, value in row:
            found.ravel()[column] = value
        assert not found[:, :inner].any()  # what is observed, tested and asked is at the leaves
        return found[:, inner:].ravel()

    listed = {r: leaves([(c, float(x)) for c, x in program.rows[r].items()]) for r in rows}
    rows = independent(listed, program.equalities)
    return Forest(
        carriers,
        width,
        tuple(entries_of(part.cone, part.rows, len(part.words), width) for part in space.parts),
        np.array(rows, dtype=np.int64),
        np.array([listed[r] for r in rows]).reshape(len(rows), -1),
        program.sides[rows],
        np.array(rows) < program.equalities,
        leaves(list(enumerate(program.cost.tolist()))),
        ranges,
    )


def independent(rows: Mapping[int, Reals], equalities: int) -> list[int]:
    """Return the rows without equalities that follow from others before them."""
    basis: list[Reals] = []
    found = []
    for r, row in rows.items():
        left = row / (np.linalg.norm(row) or 1.0)
        for _ in range(2):
            for other in basis:
                left = left - (left @ other) * other
        size = float(np.linalg.norm(left))
        if r >= equalities or size > DEPENDENT:
            found.append(r)
        if r < equalities and size > DEPENDENT:
            basis.append(left / size)
    return found


def entries_of(
    cone: str, rows: Sequence[Mapping[int, Fraction]], words: int, width: int
) -> tuple[int, csr_array]:
    """Return the size of a part and its entries in moments; a nonnegative row is a matrix of size 1."""
    from scipy.sparse import csr_array

    size = words if cone == "psd" else 1
    places: dict[tuple[int, int], float] = {}
    for i, j, row in zip(*(part.tolist() for part in triangle(size)), rows, strict=True):
        for k, value in row.items():
            places[i * size + j, k] = places[j * size + i, k] = float(value)
    at = np.array(list(places), dtype=np.int64).reshape(-1, 2)
    return size, csr_array((list(places.values()), (at[:, 0], at[:, 1])), shape=(size * size, width))
