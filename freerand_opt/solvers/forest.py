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
from typing import TYPE_CHECKING

import numpy as np

from freerand_opt.conic.program import ConicProgram, triangle
from freerand_opt.conic.sparse import Floats, Index
from freerand_opt.model.problem import Bits
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.solvers import bit_trees
from freerand_opt.solvers.bit_trees import Reals

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: What is added to a diagonal, beside it, before a factor is taken; solutions are sought by more than it.
SHARES = (4e-16, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4)


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

    def matrices(self, vectors: Reals) -> list[Reals]:
        """Return the matrices of vectors of moments for each part."""
        return [(entries @ vectors.T).T.reshape(len(vectors), n, n) for n, entries in self.parts]

    def vectors(self, matrices: Sequence[Reals]) -> Reals:
        """Return the transpose of `matrices`."""
        pairs = zip(self.parts, matrices, strict=True)
        return np.asarray(sum((entries.T @ own.reshape(len(own), -1).T).T for (_, entries), own in pairs))


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
        return self.matrices(bit_trees.facets(z.reshape(-1, self.width), self.ranges))

    def back(self, matrices: Sequence[Reals]) -> Reals:
        """Return the transpose of `gamma` at matrices."""
        return np.asarray(bit_trees.pulled(self.vectors(matrices), self.ranges).ravel())

    def middle(self) -> Reals:
        """Return the leaves of the state without any correlation, each bit in the middle of its range."""
        share = bit_trees.middle(self.ranges)
        found = np.zeros((self.carriers, len(share), self.width))
        found[:, :, 0] = share / self.carriers
        return found.ravel()

    def columns(self, z: Reals) -> Floats:
        """Return the columns of the program: all nodes, the root first."""
        found = bit_trees.nodes(z.reshape(self.carriers, -1, self.width))
        return np.asarray(found.ravel(), dtype=np.float64)

    def factored(self, hessians: Sequence[Reals]) -> bit_trees.TreeFactor:
        """Return what solves equations of the quadratic form with these matrices, one a facet."""
        forms = np.stack(hessians)
        for more in SHARES[:-1]:
            try:
                return bit_trees.TreeFactor(self.ranges, forms, more)
            except np.linalg.LinAlgError:
                continue
        return bit_trees.TreeFactor(self.ranges, forms, SHARES[-1])


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

    listed = [leaves([(c, float(x)) for c, x in program.rows[r].items()]) for r in rows]
    matrix, places = np.array(listed).reshape(len(rows), -1), np.array(rows, dtype=np.int64)
    kept = bit_trees.independent(matrix, places < program.equalities)
    return Forest(
        carriers,
        width,
        tuple(entries_of(part.cone, part.rows, len(part.words), width) for part in space.parts),
        places[kept],
        matrix[kept],
        program.sides[places[kept]],
        places[kept] < program.equalities,
        leaves(list(enumerate(program.cost.tolist()))),
        ranges,
    )


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
