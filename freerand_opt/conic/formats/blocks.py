"""A program in doubles as vectorised blocks, which modelling layers take at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from freerand_opt.conic.formats.conic import Conic
from freerand_opt.conic.sparse import Floats


@dataclass(frozen=True, eq=False)
class Block:
    """`right - matrix x` is zero, nonnegative, or (`size` > 0) the entries of a psd matrix, row by row."""

    cone: str
    matrix: csr_array
    right: Floats
    size: int = 0


def blocks(held: Conic) -> tuple[Floats, list[Block]]:
    """Return the objective and the blocks: equalities, inequalities, then a block for each matrix."""
    columns = len(held.columns)
    cost = np.zeros(columns)
    for column, value in held.objective.items():
        cost[column] = value
    i, j, x = (np.array(part) for part in zip(*held.linear, strict=True)) if held.linear else ([], [], [])
    whole = csr_array(coo_array((x, (i, j)), shape=(len(held.rows), columns)))
    equal, right = np.array(held.equal, dtype=bool), np.array(held.right)
    found = [
        Block(cone, whole[np.flatnonzero(rows)], right[rows])
        for cone, rows in (("zero", equal), ("nonnegative", ~equal))
        if rows.any()
    ]
    for k, size in enumerate(held.sizes):
        entries = [(a, b, c, x) for block, a, b, c, x in held.inside if block == k]
        entries += [(b, a, c, x) for a, b, c, x in entries if a != b]
        a, b, c, x = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_array(coo_array((x, (a * size + b, c)), shape=(size * size, columns)))
        fixed = np.zeros((size, size))
        for block, p, q, value in held.fixed:
            if block == k:
                fixed[p, q] = fixed[q, p] = value
        found.append(Block("psd", matrix, fixed.ravel(), size))
    return cost, found
