r"""Semidefinite programs with a symmetry: solved on small blocks, returned for the full program.

With orbit values y the moment matrices are block diagonal, and from blocks :math:`Z_k` of the dual

.. math:: Z = \sum_k \frac{1}{d_k} \sum_c V_{kc} Z_k V_{kc}^T

is a dual of the full program, which is certified there. Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_array, eye_array, kron, vstack

from freerand_opt.conic.program import ConicProgram, InFloats, block_matrix, block_rows
from freerand_opt.conic.solution import Dual, Solution
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import import_fault
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.symmetry.orbits import Reduced
from freerand_opt.solvers import clarabel

#: Powers of a generator, and rounds over all of them, in an average over the group.
MAX_TURNS = 1000


def solve(
    made: MomentProgram,
    held: Reduced,
    run: Callable[[InFloats, float | None], Solution | None],
    *,
    time_limit: float | None = None,
) -> Solution | None:
    """Solve a relaxation by its reduction, that by `run`; `time_limit` in seconds."""
    program = made.program
    copies = program.columns // made.moments.width
    lift = csr_array(kron(np.eye(copies), held.lift, format="csr"))
    facets, linear = _facets(made), program.linear
    blocks = [-kron(facet[None, :], entries) for facet in facets for entries in held.entries]
    matrix = csr_array(vstack([program.matrix[:linear] @ lift, *blocks], format="csr"))
    small = InFloats(
        program.equalities,
        program.inequalities,
        tuple(block.basis.shape[2] for _ in facets for block in held.blocks),
        matrix,
        np.concatenate([program.sides[:linear], np.zeros(matrix.shape[0] - linear)]),
        lift.T @ program.cost,
    )
    answer = run(small, time_limit)
    if answer is None:
        return None
    assert not isinstance(answer.multipliers, Dual)
    multipliers = np.zeros(len(program.rows))
    multipliers[:linear] = answer.multipliers[:linear]
    totals = np.bincount(held.rows, weights=multipliers[:linear])
    multipliers[:linear] = (totals / np.bincount(held.rows))[held.rows]
    parts = [block_matrix(answer.multipliers, *span) for span in small.spans]
    multipliers = _assembled(program, held, parts, multipliers)
    return Solution(answer.status, f"{answer.solver} on blocks", lift @ answer.x, multipliers)


def _facets(made: MomentProgram) -> list[Floats]:
    """Return for each matrix the factors of the copies of the moments."""
    labels, rows = np.eye(made.moments.carriers), made.cone.facets.dense()
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


def in_floats(program: InFloats, time_limit: float | None) -> Solution:
    """Solve by QICS or, if it is not here, by Clarabel; `time_limit` in seconds."""
    if import_fault("qics"):
        return clarabel.solve(program, time_limit)
    from freerand_opt.solvers import qics

    return qics.solve(program, time_limit)
