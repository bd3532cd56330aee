r"""Semidefinite programs with a symmetry: solved on small blocks, returned for the full program.

With orbit values y the moment matrices are block diagonal, and from blocks :math:`Z_k` of the dual

.. math:: Z = \sum_k \frac{1}{d_k} \sum_c V_{kc} Z_k V_{kc}^T

is a dual of the full program, which is certified there. Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import clarabel
import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, kron, vstack

from freerand_opt.conic.program import ConicProgram, block_rows, triangle
from freerand_opt.conic.solution import Solution
from freerand_opt.conic.sparse import Floats
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.symmetry.orbits import Reduced
from freerand_opt.solvers.clarabel import run
from freerand_opt.solvers.small import Answer, Small

#: Powers of a generator, and rounds over all of them, in an average over the group.
MAX_TURNS = 1000


def solve(
    made: MomentProgram,
    held: Reduced,
    run: Callable[[Small, float | None], Answer | None],
    *,
    time_limit: float | None = None,
) -> Solution | None:
    """Solve a relaxation by its reduction, that by `run`; `time_limit` in seconds."""
    program = made.program
    copies = program.columns // made.moments.width
    lift = csr_array(kron(np.eye(copies), held.lift, format="csr"))
    equal, linear = program.equalities, program.linear
    matrix, right = program.matrix, program.sides
    blocks = [
        (block.basis.shape[2], -csr_array(kron(facet[None, :], entries)))
        for facet in _facets(made)
        for block, entries in zip(held.blocks, held.entries, strict=True)
    ]
    small = Small(
        -(lift.T @ program.cost),
        csr_array(matrix[:equal] @ lift),
        right[:equal],
        csr_array(matrix[equal:linear] @ lift),
        right[equal:linear],
        blocks,
    )
    answer = run(small, time_limit)
    if answer is None:
        return None
    multipliers = np.zeros(len(program.rows))
    multipliers[:equal], multipliers[equal:linear] = answer.zero, answer.signed
    totals = np.bincount(held.rows, weights=multipliers[:linear])
    multipliers[:linear] = (totals / np.bincount(held.rows))[held.rows]
    multipliers = _assembled(program, held, answer.blocks, multipliers)
    return Solution(answer.status, f"{answer.solver} on blocks", lift @ answer.x, multipliers)


def _facets(made: MomentProgram) -> list[Floats]:
    """Return for each matrix the factors of the copies of the moments."""
    rows = np.zeros(made.cone.facets.shape)
    for f, node, value in made.cone.facets.entries():
        rows[f, node] = float(value)
    labels = np.eye(made.moments.carriers)
    return [np.asarray(np.kron(label, row), np.float64) for label in labels for row in rows]


def _assembled(program: ConicProgram, held: Reduced, found: Sequence[Floats], multipliers: Floats) -> Floats:
    parts = iter(found)
    for start, size in program.spans:
        full = np.zeros((size, size))
        for block in held.blocks:
            small = next(parts) / len(block.basis)
            for basis in block.basis:
                full += basis @ small @ basis.T
        rows = block_rows(_averaged(full, held.turns))
        multipliers[start : start + len(rows)] = rows
    return multipliers


def _averaged(matrix: Floats, turns: Sequence[csr_array]) -> Floats:
    """Return the average of C' Z C over the group, by turns over the powers of each generator."""
    for _ in range(MAX_TURNS):
        before = matrix
        for turn in turns:
            total, moved, count = matrix, turn.T @ matrix @ turn, 1
            power = turn
            while abs(power - eye_array(len(matrix))).max() > 0 and count < MAX_TURNS:
                total, moved, count = total + moved, turn.T @ moved @ turn, count + 1
                power = power @ turn
            matrix = total / count
        if float(np.abs(matrix - before).max(initial=0.0)) < 1e-14 * float(np.abs(matrix).max()):
            break
    return matrix


# ------------------------------------------------------------------ the small program


def in_floats(small: Small, limit: float | None) -> Answer:
    """Solve by QICS or, if it is not installed, by Clarabel; `limit` in seconds."""
    return by_clarabel(small, limit) if find_spec("qics") is None else by_qics(small, limit)


def by_qics(small: Small, limit: float | None) -> Answer:
    """Solve by QICS; `limit` in seconds."""
    import qics

    from freerand_opt.solvers.qics import full_rows
    from freerand_opt.solvers.qics import run as run_qics

    # blocks of one row are plain inequalities
    narrow = [rows for width, rows in small.blocks if width == 1]
    wide = [(width, rows) for width, rows in small.blocks if width > 1]
    plain = vstack([small.signed, *narrow], format="csr")
    parts, sides, cones = [], [], []
    if plain.shape[0]:
        parts.append(plain)
        sides.append(np.concatenate([small.signed_right, np.zeros(len(narrow))]))
        cones.append(qics.cones.NonNegOrthant(plain.shape[0]))
    for width, rows in wide:
        parts.append(rows[full_rows(width)])
        sides.append(np.zeros(width * width))
        cones.append(qics.cones.PosSemidefinite(width))
    stacked = vstack(parts, format="csr")
    x, y, z, status = run_qics(
        small.cost, small.zero, small.zero_right, stacked, np.concatenate(sides), cones, limit
    )
    signed = z.pop(0).ravel() if plain.shape[0] else np.zeros(0)
    count = small.signed.shape[0]
    single, square = iter(signed[count:]), iter(z)
    blocks = [
        np.array([[next(single)]]) if width == 1 else next(square).reshape(width, width)
        for width, _ in small.blocks
    ]
    return Answer(status, "qics", x, y, signed[:count], blocks)


def by_clarabel(small: Small, limit: float | None) -> Answer:
    """Solve by Clarabel; `limit` in seconds."""
    cones: list[object] = [
        clarabel.ZeroConeT(small.zero.shape[0]),
        clarabel.NonnegativeConeT(small.signed.shape[0]),
    ]
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
