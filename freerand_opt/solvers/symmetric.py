r"""Semidefinite programs with a symmetry: solved on small blocks, returned for the full program.

With orbit values y the moment matrices are block diagonal, and from blocks :math:`Z_k` of the dual

.. math:: Z = \sum_k \frac{1}{d_k} \sum_c V_{kc} Z_k V_{kc}^T

is a dual of the full program, which is certified there. Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import clarabel
import numpy as np
from scipy.sparse import csr_array, csr_matrix, diags_array, kron, vstack

from freerand_opt.programs.blocks import Block, split
from freerand_opt.programs.moments import MomentMatrix, triangle
from freerand_opt.programs.program import ConicProgram, FloatArray, IntArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.solution import Solution, Status, without_basis
from freerand_opt.programs.symmetry import Action, orbits
from freerand_opt.solvers.clarabel import TOLERANCE, run


@dataclass(frozen=True, eq=False)
class Reduced:
    """Orbits of moments with signs, and the blocks; `lift` maps orbit values to moments."""

    lift: csr_array
    blocks: list[Block]
    entries: list[FloatArray]


def reduced(matrix: MomentMatrix, actions: Sequence[Action]) -> Reduced | None:
    """Return the reduction by a group given by generators, or None if its blocks were not found."""
    if not actions:
        return None
    orbit, sign, count = orbits(actions, matrix.moments)
    held = np.flatnonzero(sign)
    lift = csr_array((sign[held].astype(np.float64), (held, orbit[held])), shape=(matrix.moments, count))
    classes = matrix.classes
    inside = classes >= 0
    places = np.where(inside, np.maximum(orbit[np.maximum(classes, 0)], 0), 0)
    signs = np.where(inside, sign[np.maximum(classes, 0)], 0).astype(np.float64)
    blocks = split(lambda y: signs * y[places], count)
    if blocks is None:
        return None
    first, weights = representatives(actions, matrix.size)
    entries = [_entries(block, places[first], signs[first], first, weights, count) for block in blocks]
    return Reduced(lift, blocks, entries)


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

    The sum over copies is invariant, so one row for each orbit of words suffices.
    """
    copies, _, width = block.basis.shape
    i, j = triangle(width)
    found = np.empty((len(i), count))
    for row, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        outer = np.einsum("cr,cn->rn", block.basis[:, first, a], block.basis[:, :, b])
        shares = outer * signs * (weights / copies)[:, None]
        found[row] = np.bincount(places.ravel(), weights=shares.ravel(), minlength=count)
    return found


def solve(made: MomentStrategies, held: Reduced, *, time_limit: float | None = None) -> Solution:
    """Solve a relaxation by its reduction; `time_limit` in seconds."""
    begun = time.perf_counter()
    program = made.program
    copies = program.shape[1] // made.moments.moments
    lift = csr_array(kron(np.eye(copies), held.lift, format="csr"))
    zero = np.flatnonzero(program.zero_rows)
    signed = np.flatnonzero(program.linear_rows & ~program.zero_rows)
    matrix, right = program.matrix.astype(np.float64), program.right.floats()
    blocks = [
        (block.basis.shape[2], -csr_array(kron(facet[None, :], entries)))
        for facet in _facets(made)
        for block, entries in zip(held.blocks, held.entries, strict=True)
    ]
    small = Small(
        -(lift.T @ program.objective.floats()),
        csr_array(matrix[zero] @ lift),
        right[zero],
        csr_array(matrix[signed] @ lift),
        right[signed],
        blocks,
    )
    answer = by_clarabel(small, time_limit) if find_spec("qics") is None else by_qics(small, time_limit)
    multipliers = np.zeros(program.shape[0])
    multipliers[zero], multipliers[signed] = answer.zero, answer.signed
    multipliers = _assembled(program, held, answer.blocks, multipliers)
    primal = lift @ answer.x
    return without_basis(
        program,
        status=answer.status,
        solver=f"{answer.solver} on blocks",
        primal=primal,
        multipliers=multipliers,
        begun=begun,
    )


def _facets(made: MomentStrategies) -> list[FloatArray]:
    """Return for each psd block the factors of the copies of the moments."""
    rows = made.cone.inequalities.toarray().astype(np.float64)
    found = []
    for g in range(made.labels):
        label = np.zeros(made.labels)
        label[g] = 1.0
        found += [np.kron(label, row) for row in rows]
    return found


def _assembled(
    program: ConicProgram, held: Reduced, found: Sequence[FloatArray], multipliers: FloatArray
) -> FloatArray:
    parts = iter(found)
    for start, size in program.psd_blocks:
        full = np.zeros((size, size))
        for block in held.blocks:
            small = next(parts) / len(block.basis)
            for basis in block.basis:
                full += basis @ small @ basis.T
        i, j = triangle(size)
        multipliers[start : start + len(i)] = np.where(i == j, full[i, j], 2 * full[i, j])
    return multipliers


# ------------------------------------------------------------------ the small program in floats


@dataclass(frozen=True, eq=False)
class Small:
    """Minimise cost.x, with equalities, inequalities <= and blocks -A x (upper triangles) in the cone."""

    cost: FloatArray
    zero: csr_array
    zero_right: FloatArray
    signed: csr_array
    signed_right: FloatArray
    blocks: list[tuple[int, csr_array]]


@dataclass(frozen=True, eq=False)
class Answer:
    """Point, multipliers of the rows, dual matrix of each block."""

    status: Status
    solver: str
    x: FloatArray
    zero: FloatArray
    signed: FloatArray
    blocks: list[FloatArray]


def by_qics(small: Small, limit: float | None) -> Answer:
    """Solve by QICS; `limit` in seconds."""
    import qics

    # blocks of one row are plain inequalities
    narrow = [k for k, (width, _) in enumerate(small.blocks) if width == 1]
    plain = vstack([small.signed, *(small.blocks[k][1] for k in narrow)], format="csr")
    parts, sides, cones = [], [], []
    if plain.shape[0]:
        parts.append(plain)
        sides.append(np.concatenate([small.signed_right, np.zeros(len(narrow))]))
        cones.append(qics.cones.NonNegOrthant(plain.shape[0]))
    for width, rows in small.blocks:
        if width == 1:
            continue
        i, j = triangle(width)
        place = np.zeros((width, width), dtype=np.int64)
        place[i, j] = place[j, i] = np.arange(len(i))
        parts.append(rows[place.ravel()])
        sides.append(np.zeros(width * width))
        cones.append(qics.cones.PosSemidefinite(width))
    model = qics.Model(
        c=small.cost[:, None],
        A=csr_matrix(small.zero),
        b=small.zero_right[:, None],
        G=csr_matrix(vstack(parts, format="csr")),
        h=np.concatenate(sides)[:, None],
        cones=cones,
    )
    seconds = 3600.0 if limit is None else max(limit, 0.01)
    found = qics.Solver(model, verbose=0, tol_gap=TOLERANCE, tol_feas=TOLERANCE, max_time=seconds).solve()
    z = [np.asarray(part) for part in found["z_opt"]]
    signed = z.pop(0).ravel() if plain.shape[0] else np.zeros(0)
    count = small.signed.shape[0]
    single = iter(signed[count:])
    wide = iter(z)
    blocks = [
        np.array([[next(single)]]) if width == 1 else next(wide).reshape(width, width)
        for width, _ in small.blocks
    ]
    word = str(found["sol_status"])
    return Answer(
        "optimal" if word == "optimal" else "infeasible" if word == "pinfeas" else "stopped",
        "qics",
        np.asarray(found["x_opt"]).ravel(),
        np.asarray(found["y_opt"]).ravel(),
        signed[:count],
        blocks,
    )


def by_clarabel(small: Small, limit: float | None) -> Answer:
    """Solve by Clarabel; `limit` in seconds."""
    cones = [clarabel.ZeroConeT(small.zero.shape[0]), clarabel.NonnegativeConeT(small.signed.shape[0])]
    parts, sides = [small.zero, small.signed], [small.zero_right, small.signed_right]
    for width, rows in small.blocks:
        i, j = triangle(width)
        parts.append(csr_array(diags_array(np.where(i == j, 1.0, np.sqrt(2.0))) @ rows))
        sides.append(np.zeros(len(i)))
        cones.append(clarabel.PSDTriangleConeT(width))
    stacked = csr_array(vstack(parts, format="csr"))
    x, z, status = run(small.cost, stacked, np.concatenate(sides), cones, limit)
    cuts = np.cumsum([small.zero.shape[0], small.signed.shape[0]])
    blocks, offset = [], int(cuts[1])
    for width, _ in small.blocks:
        i, j = triangle(width)
        held = np.zeros((width, width))
        held[i, j] = z[offset : offset + len(i)] * np.where(i == j, 1.0, np.sqrt(0.5))
        blocks.append(held + np.triu(held, 1).T)
        offset += len(i)
    return Answer(status, "clarabel", x, z[: cuts[0]], z[cuts[0] : cuts[1]], blocks)
