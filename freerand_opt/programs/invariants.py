"""Moment matrices that a group keeps: values of orbits in place of moments, small blocks in place of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq
from scipy.sparse import csr_array

from freerand_opt.programs.blocks import Block, split
from freerand_opt.programs.moments import MomentMatrix, triangle
from freerand_opt.programs.program import FloatArray, IntArray
from freerand_opt.programs.symmetry import Action, FullWords, orbits, word_map


@dataclass(frozen=True, eq=False)
class Reduced:
    """Orbits of moments with signs, and the blocks; `lift` maps orbit values to moments.

    `rows` are the orbits of the program's linear rows: multipliers of one orbit are averaged. `turns`
    are the generators on the words, if the matrices of a block must be averaged over the group too.
    """

    lift: csr_array
    blocks: list[Block]
    entries: list[FloatArray]
    rows: IntArray
    turns: tuple[csr_array, ...] = ()


def reduced(
    matrix: MomentMatrix, full: FullWords, actions: Sequence[Action], rows: IntArray
) -> Reduced | None:
    """Return the reduction by a group given by generators, or None if its blocks were not found."""
    orbit, sign, count = orbits(actions, full.matrix.moments)
    held = np.flatnonzero(sign)
    shape = (full.matrix.moments, count)
    spread = csr_array((sign[held].astype(np.float64), (held, orbit[held])), shape=shape)
    if not full.plain:
        return _by_projectors(matrix, full, spread, actions, rows)
    classes = matrix.classes
    inside = classes >= 0
    places = np.where(inside, np.maximum(orbit[np.maximum(classes, 0)], 0), 0)
    signs = np.where(inside, sign[np.maximum(classes, 0)], 0).astype(np.float64)
    blocks = split(lambda y: signs * y[places], count)
    if blocks is None:
        return None
    first, weights = representatives(actions, matrix.size)
    every, alone = np.arange(matrix.size), np.ones(matrix.size)
    entries = [
        _entries(block, places, signs, every, alone, count)
        if block.together
        else _entries(block, places[first], signs[first], first, weights, count)
        for block in blocks
    ]
    return Reduced(spread, blocks, entries, rows, _turns(full, actions, blocks))


def _by_projectors(
    matrix: MomentMatrix, full: FullWords, spread: csr_array, actions: Sequence[Action], rows: IntArray
) -> Reduced | None:
    """Return the reduction where the group acts on the words linearly, not by permutations.

    Values of orbits must agree with the sums over outcomes. A generator takes the words w to C w with
    E C = P E, P a permutation; so with E'E = R'R the matrix R C R^-1 is orthogonal, and R G R' splits.
    """
    own = spread[full.place]
    defect = csr_array(spread - full.moments.astype(np.float64) @ own)
    values, vectors = np.linalg.eigh((defect.T @ defect).toarray())
    basis = vectors[:, values < 1e-9 * max(1.0, float(values[-1]))]
    lift = own @ basis
    lower = np.linalg.cholesky((full.words.T @ full.words).toarray().astype(np.float64))
    inside, classes = matrix.classes >= 0, np.maximum(matrix.classes, 0)
    blocks = split(lambda y: lower.T @ (inside * (lift @ y)[classes]) @ lower, basis.shape[1])
    if blocks is None:
        return None
    blocks = [replace(block, basis=lower @ block.basis) for block in blocks]
    ones, single = np.where(inside, 1.0, 0.0), np.arange(matrix.size)
    entries = [
        _entries(block, classes, ones, single, np.ones(matrix.size), matrix.moments) @ lift
        for block in blocks
    ]
    return Reduced(csr_array(lift), blocks, entries, rows, _turns(full, actions, blocks))


def _turns(full: FullWords, actions: Sequence[Action], blocks: Sequence[Block]) -> tuple[csr_array, ...]:
    if not any(block.together for block in blocks):
        return ()
    return tuple(csr_array(word_map(full, held).astype(np.float64)) for held in actions)


def representatives(actions: Sequence[Action], size: int) -> tuple[IntArray, FloatArray]:
    """Return the first word of each orbit of words, and the sizes of the orbits."""
    part = np.arange(size)
    while True:
        new = part.copy()
        for held in actions:
            low = np.minimum(new, new[held.word])
            new = low
            np.minimum.at(new, held.word, low)
        if np.array_equal(new, part):
            break
        part = new
    first, count = np.unique(part, return_counts=True)
    return first, count.astype(np.float64)


def _entries(
    block: Block, places: IntArray, signs: FloatArray, first: IntArray, weights: FloatArray, count: int
) -> FloatArray:
    """Return the coefficients (entries of the upper triangle, orbits) of a block's matrix.

    The sum over copies is invariant, so one row for each orbit of words suffices (`first`, and the
    orbits' sizes `weights`); copies that stand together need all rows.
    """
    copies, _, width = block.basis.shape
    i, j = triangle(width)
    found = np.empty((len(i), count))
    for row, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        outer = np.einsum("cr,cn->rn", block.basis[:, first, a], block.basis[:, :, b])
        shares = outer * signs * (weights / copies)[:, None]
        found[row] = np.bincount(places.ravel(), weights=shares.ravel(), minlength=count)
    return found


def invariant_rows(actions: Sequence[Action], width: int, columns: int) -> list[dict[int, fmpq]]:
    """Return rows {column: factor} that set moments of one orbit equal, for all copies of `width` moments."""
    if not actions:
        return []
    place, signs, _ = orbits(actions, width)
    heads: dict[int, int] = {}
    rows = []
    for k in range(width):
        head = heads.setdefault(int(place[k]), k) if signs[k] else k
        if signs[k] and head == k:
            continue
        for first in range(0, columns, width):
            row = {first + k: fmpq(1)}
            if signs[k]:
                row[first + head] = fmpq(-int(signs[k]) * int(signs[head]))
            rows.append(row)
    return rows
