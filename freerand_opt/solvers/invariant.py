r"""The dual of a large moment matrix with a symmetry: one factor that generates all of it.

The invariant moment matrices are block diagonal. With the blocks as unknowns there is one
equation for each orbit of pairs of words beyond the first with the same orbit of moments, which are
few; so the dual

.. math:: \min\; \lambda_0 \quad \text{subject to} \quad Z = \sum_j \lambda_j E_j - F \succeq 0

is small (chained N = 32 at 1 + A B: a matrix of 1089 words, 525 856 moments, 290 unknowns, 65 blocks
of at most 17 rows). Z is invariant, and so is its root R; with one word i for each orbit of words, of
w_i words, the group's average of the products of the columns sqrt(w_i) R e_i is Z. Floats throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from freerand_opt.conic.program import InFloats, triangle
from freerand_opt.conic.solution import Solution
from freerand_opt.conic.sparse import Floats, Index
from freerand_opt.errors import TooLargeError
from freerand_opt.programs.npa.matrix import MomentMatrix
from freerand_opt.programs.symmetry.actions import Action, orbits
from freerand_opt.programs.symmetry.blocks import Block, split
from freerand_opt.programs.symmetry.orbits import representatives
from freerand_opt.solvers import clarabel
from freerand_opt.solvers.small import in_integers

#: How often a dual is made to fit the score and then semidefinite again.
ROUNDS = 4
#: A bound this near to the solver's value, relative to 1 and to it, is left at that.
LOSS = 4e-9
#: Numbers of one array of a block; 8 bytes each.
MOST_ENTRIES = 10**8


@dataclass(frozen=True, eq=False)
class Invariant:
    """Orbit and sign (0 where it vanishes) of the moment of each pair of words; `count` orbits."""

    actions: tuple[Action, ...]
    orbit: Index
    sign: Index
    count: int

    def spread(self, values: Floats) -> Floats:
        """Return the matrix whose entries have these values by orbit."""
        return np.asarray(self.sign * values[self.orbit])

    def sums(self, matrix: Floats) -> Floats:
        """Return the sum of a matrix's entries by orbit, with signs."""
        weights = (self.sign * matrix).ravel()
        return np.asarray(np.bincount(self.orbit.ravel(), weights, self.count), dtype=np.float64)


def invariant(matrix: MomentMatrix, actions: Sequence[Action]) -> Invariant:
    """Return the orbits of moments, with signs, for all pairs of words."""
    place, sign, count = orbits(actions, matrix.moments)
    inside = matrix.classes >= 0
    classes = np.maximum(matrix.classes, 0)
    signs = np.where(inside, sign[classes], 0)
    return Invariant(tuple(actions), np.where(signs != 0, place[classes], 0), signs, count)


def generating_factor(
    held: Invariant, goal: Mapping[int, float], time_limit: float | None
) -> tuple[Floats, str] | None:
    """Return the columns (words, orbits of words) of a factor, and the solver's name.

    None if the blocks were not found. `goal` has the coefficients of what is maximised by orbit,
    those of one orbit added up.
    """
    blocks = split(held.spread, held.count)
    if blocks is None:
        return None
    wanted = np.zeros(held.count)
    for orbit, value in goal.items():
        wanted[orbit] = -value
    best: tuple[float, Floats, str] | None = None
    for run in (clarabel.solve, in_integers):
        found = _solved(held, blocks, wanted, run, time_limit)
        if found is None:
            break
        dual, value, solver = found
        bound, factor = _factor(held, wanted, dual)
        if best is None or bound < best[0]:
            best = bound, factor, solver
        if abs(bound - value) < LOSS * max(1.0, abs(value)):
            break
    assert best is not None
    return best[1], best[2]


def _factor(held: Invariant, wanted: Floats, dual: Floats) -> tuple[float, Floats]:
    """Return the bound that a dual proves, made to fit the score and semidefinite, and its columns."""
    sizes = np.bincount(held.orbit.ravel(), weights=np.abs(held.sign).ravel(), minlength=held.count)
    sizes = np.maximum(sizes, 1.0)
    first, weights = representatives(held.actions, len(held.orbit))
    best: tuple[float, Floats] | None = None
    for _ in range(ROUNDS):
        # what differs from the score is spread over the entries of an orbit
        defect = wanted - held.sums(dual)
        defect[0] = 0.0
        dual = dual + held.spread(defect / sizes)
        values, vectors = np.linalg.eigh(dual)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        dual = root @ root.T
        sums = held.sums(dual)
        bound = sums[0] + float(np.abs(sums - wanted)[1:].sum()) - wanted[0]
        if best is None or bound < best[0]:
            best = bound, (root @ vectors[first].T) * np.sqrt(weights)
    assert best is not None
    return best


def _solved(
    held: Invariant,
    blocks: list[Block],
    wanted: Floats,
    run: Callable[[InFloats, float | None], Solution | None],
    time_limit: float | None,
) -> tuple[Floats, float, str] | None:
    """Return the dual of the full matrix from a solver on the blocks, its value, and the solver's name."""
    pairs = _pairs(held)
    orbit, sign = held.orbit[pairs.left, pairs.right], held.sign[pairs.left, pairs.right]
    # the first pair of words that shows each orbit; the others are equal to it
    head = np.full(held.count, -1, dtype=np.int64)
    shown = np.flatnonzero(sign)[::-1]
    head[orbit[shown]] = shown
    others = np.flatnonzero((sign == 0) | (head[orbit] != np.arange(len(orbit))))
    used = np.flatnonzero(wanted)
    needed = np.unique(np.concatenate([head[[0]], head[used], others, head[orbit[others]]]))
    place = {int(pair): row for row, pair in enumerate(needed)}
    signs = np.where(sign[needed] == 0, 1, sign[needed])
    one = place[int(head[0])]
    own = np.array([place[int(pair)] for pair in others], dtype=np.int64)
    same = np.array([place[int(head[orbit[pair]])] for pair in others], dtype=np.int64)
    vanish = sign[others] == 0
    parts, sides = [], []
    for block in blocks:
        i, j = triangle(block.basis.shape[2])
        outer = pairs.inside(block, needed)
        entries = (outer[:, i, j] + outer[:, j, i]) / 2 * signs[:, None]
        equal = entries[own] - np.where(vanish[:, None], 0.0, entries[same])
        score = sum(-wanted[o] * entries[place[int(head[o])]] for o in used)
        parts.append(-np.column_stack([entries[one], *equal]))
        sides.append(-score)
    cost = np.zeros(len(others) + 1)
    cost[0] = -1.0
    sizes = tuple(block.basis.shape[2] for block in blocks)
    small = InFloats(0, 0, sizes, csr_array(np.vstack(parts)), np.concatenate(sides), cost)
    answer = run(small, time_limit)
    if answer is None:
        return None
    size = len(held.orbit)
    dual = np.zeros((size, size))
    for block, rows, right in zip(blocks, parts, sides, strict=True):
        i, j = triangle(width := block.basis.shape[2])
        found = np.zeros((width, width))
        found[i, j] = found[j, i] = right - rows @ answer.x
        for basis in block.basis:
            dual += basis @ (found / len(block.basis)) @ basis.T
    return dual, float(answer.x[0]) - wanted[0], answer.solver


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of words that are not related by the group: orbit k has first pair (left[k], right[k]).

    `place` and `sign` have the orbit of each pair in the upper triangle, sign 0 where its mean vanishes.
    """

    left: Index
    right: Index
    place: Index
    sign: Index

    def inside(self, block: Block, wanted: Index) -> Floats:
        """Return the group's mean of each wanted pair's matrix unit in a block (pairs, width, width)."""
        if not block.together:  # the sum over copies is the mean
            x, y = block.basis[:, self.left[wanted]], block.basis[:, self.right[wanted]]
            if (entries := len(wanted) * x.shape[-1] * y.shape[-1]) > MOST_ENTRIES:
                raise TooLargeError(
                    f"a block of this level's symmetries takes {entries} numbers, more than {MOST_ENTRIES}; "
                    "use a lower level"
                )
            return np.asarray(np.einsum("cqa,cqb->qab", x, y))
        (basis,) = block.basis
        i, j = triangle(len(basis))
        members = np.split(np.argsort(self.place, kind="stable"), np.cumsum(np.bincount(self.place + 1)))
        found = np.empty((len(wanted), basis.shape[1], basis.shape[1]))
        for row, orbit in enumerate(wanted.tolist()):
            own = members[orbit + 1]
            mean = (basis[i[own]] * self.sign[own, None]).T @ basis[j[own]]
            found[row] = mean / len(own)
        return found


def _pairs(held: Invariant) -> Pairs:
    """Return the orbits of pairs of words."""
    size = len(held.orbit)
    i, j = triangle(size)
    moved = []
    for each in held.actions:
        a, b = each.word[i], each.word[j]
        low, high = np.minimum(a, b), np.maximum(a, b)
        moved.append(Action(each.word, each.sign, high * (high + 1) // 2 + low, each.sign[i] * each.sign[j]))
    place, sign, count = orbits(moved, len(i))
    first = np.zeros(count, dtype=np.int64)
    kept = np.flatnonzero(sign)[::-1]
    first[place[kept]] = kept
    return Pairs(i[first], j[first], place, sign)
