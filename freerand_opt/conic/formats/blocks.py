"""A program in doubles as vectorised blocks, which modelling layers take at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from freerand_opt.conic.formats.conic import Conic
from freerand_opt.conic.program import ConicProgram, spread
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


def blocks_of(program: ConicProgram) -> tuple[Floats, list[Block]]:
    """Return the same of a program whose equalities come first, then inequalities, then triangles."""
    matrix, right, equal = program.matrix, program.sides, program.equalities
    linear = (("zero", slice(0, equal)), ("nonnegative", slice(equal, program.linear)))
    found = [Block(cone, matrix[rows], right[rows]) for cone, rows in linear if rows.start < rows.stop]
    for start, n in program.spans:
        rows = slice(start, start + n * (n + 1) // 2)
        found.append(Block("psd", csr_array(spread(n) @ matrix[rows]), spread(n) @ right[rows], n))
    return program.cost, found


def multipliers_of(parts: Sequence[Block], duals: Iterable[Any]) -> Floats:
    """Return the multipliers of a program's rows from those of its blocks (None: zeros), in the dual cone."""
    found: list[Floats] = []
    for part, dual in zip(parts, duals, strict=True):
        value = np.zeros(len(part.right)) if dual is None else np.asarray(dual, dtype=np.float64).ravel()
        if part.cone == "psd":  # an entry of the triangle stands for two of the matrix
            value = np.asarray(spread(part.size).T @ value)
        found.append(np.maximum(value, 0) if part.cone == "nonnegative" else value)
    return np.concatenate(found)
