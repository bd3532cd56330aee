r"""Numerical block diagonalisation of all moment matrices that share a symmetry.

The invariant matrices :math:`\sum_o y_o G_o` split as :math:`\oplus_k Y_k \otimes 1_{d_k}`. The eigenspaces
of a random one are the copies of one row of a block; a second random one links those of one block
(Murota, Kanno, Kojima and Kojima 2010). Floats, used to find a dual; nothing rests on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from freerand_opt.conic.sparse import Floats

#: Eigenvalues closer than this, relative to the largest, are one.
CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Block:
    """`basis[c]` (n, m) brings copy c of a block to the same m x m matrix.

    `together`: copies that are not alike stand in one block, whose matrices have a structure of their own.
    """

    basis: Floats
    together: bool = False


def split(invariant: Callable[[Floats], Floats], orbits: int, seed: int = 0) -> list[Block] | None:
    """Return the blocks, or None if the random matrices do not split as expected.

    `invariant(y)` is the matrix with orbit values y. Where copies are linked by more than one matrix
    (rotations without reflections), they are left together as one block.
    """
    random = np.random.default_rng(seed)
    first, second, third = (invariant(random.normal(size=orbits)) for _ in range(3))
    values, vectors = np.linalg.eigh(first)
    width = CLOSE * max(float(np.abs(values).max()), 1.0)
    cuts = [0, *(np.flatnonzero(np.diff(values) > width) + 1).tolist(), len(values)]
    spaces = [slice(a, b) for a, b in pairwise(cuts)]
    scale = float(np.abs(second).sum(axis=1).max())
    links = vectors.T @ second @ vectors
    rest = list(range(len(spaces)))
    found = []
    while rest:
        head = rest.pop(0)
        reference = spaces[head]
        columns = [vectors[:, reference]]
        for other in list(rest):
            link = links[spaces[other], reference]
            if link.shape[0] != link.shape[1]:
                continue
            size = float(np.linalg.norm(link)) / np.sqrt(link.shape[0])
            if size < 1e-7 * scale:
                continue
            if float(np.abs(link.T @ link - size**2 * np.eye(link.shape[1])).max()) > 1e-6 * size**2:
                return None
            columns.append(vectors[:, spaces[other]] @ (link / size))
            rest.remove(other)
        held = Block(np.stack(columns, axis=2).transpose(1, 0, 2))
        found.append(held if _alike(held, third) else Block(np.concatenate(columns, axis=1)[None], True))
    return found if _split_well(found, third) else None


def _alike(block: Block, matrix: Floats) -> bool:
    """Whether a matrix has the same block in each copy and nothing between two copies."""
    size = 1e-7 * max(1.0, float(np.abs(matrix).max()))
    small = block.basis[0].T @ (matrix @ block.basis[0])
    for c, basis in enumerate(block.basis):
        moved = matrix @ basis
        for d, other in enumerate(block.basis):
            if float(np.abs(other.T @ moved - (small if c == d else 0.0)).max()) > size:
                return False
    return True


def _split_well(blocks: list[Block], matrix: Floats) -> bool:
    """Whether a third matrix is the sum of its blocks, tried on a random vector."""
    probe = np.random.default_rng(1).normal(size=len(matrix))
    rebuilt = np.zeros(len(matrix))
    for block in blocks:
        small = block.basis[0].T @ (matrix @ block.basis[0])
        for basis in block.basis:
            rebuilt += basis @ (small @ (basis.T @ probe))
    wanted = matrix @ probe
    return bool(np.abs(rebuilt - wanted).max() < 1e-7 * max(1.0, float(np.abs(wanted).max())))
