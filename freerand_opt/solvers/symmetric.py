r"""Semidefinite programs with a symmetry: solved on small blocks, returned for the full program.

With orbit values y the moment matrices are block diagonal, and from blocks :math:`Z_k` of the dual

.. math:: Z = \sum_k \frac{1}{d_k} \sum_c V_{kc} Z_k V_{kc}^T

is a dual of the full program, which is certified there. Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import clarabel
import numpy as np
from scipy.sparse import csr_array, csr_matrix, diags_array, eye_array, kron, vstack

from freerand_opt.programs.invariants import Reduced
from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.solution import Solution, without_basis
from freerand_opt.solvers.clarabel import TOLERANCE, run
from freerand_opt.solvers.small import Answer, Small

#: Powers of a generator, and rounds over all of them, in an average over the group.
MAX_TURNS = 1000


def solve(
    made: MomentStrategies,
    held: Reduced,
    run: Callable[[Small, float | None], Answer | None],
    *,
    time_limit: float | None = None,
) -> Solution | None:
    """Solve a relaxation by its reduction, that by `run`; `time_limit` in seconds."""
    begun = time.perf_counter()
    program = made.program
    copies = program.shape[1] // made.moments.moments
    lift = csr_array(kron(np.eye(copies), held.lift, format="csr"))
    zero = np.flatnonzero(program.zero_rows)
    signed = np.flatnonzero(program.linear_rows & ~program.zero_rows)
    matrix, right = program.float_matrix, program.float_right
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
    answer = run(small, time_limit)
    if answer is None:
        return None
    multipliers = np.zeros(program.shape[0])
    multipliers[zero], multipliers[signed] = answer.zero, answer.signed
    linear = np.flatnonzero(program.linear_rows)
    totals = np.bincount(held.rows, weights=multipliers[linear])
    multipliers[linear] = (totals / np.bincount(held.rows))[held.rows]
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
        full = _averaged(full, held.turns)
        i, j = triangle(size)
        multipliers[start : start + len(i)] = np.where(i == j, full[i, j], 2 * full[i, j])
    return multipliers


def _averaged(matrix: FloatArray, turns: Sequence[csr_array]) -> FloatArray:
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
