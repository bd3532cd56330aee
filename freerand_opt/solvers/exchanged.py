r"""Relaxations that stay the same if both guesses and all outcomes are exchanged: half the program.

Of two guess labels the second has the moments :math:`z(1, v; k) = \pm z(0, v; k)`, minus for products of an
odd number of observables. The half is solved; its dual is written out for the full program and
certified there. Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array, eye_array

from freerand_opt.programs.integer_matrix import stacked
from freerand_opt.programs.moments import MomentMatrix, triangle
from freerand_opt.programs.program import ConicProgram, ExactVector, IntArray, constant, joined
from freerand_opt.programs.quantum import FLOW_PATTERN, MomentStrategies
from freerand_opt.programs.solution import Solution, without_basis

#: Programs with fewer columns are solved as they are.
MIN_COLUMNS = 1000


def applies(made: MomentStrategies) -> bool:
    """Return whether the exchange keeps objective and every linear row of a program worth halving."""
    program = made.program
    if made.labels != 2 or program.shape[1] < MIN_COLUMNS:
        return False
    if any(party.outcomes != 2 for party in made.moments.parties):
        return False
    half, signs = _columns(made)
    objective = program.objective.floats()
    if np.any(objective[half:] != signs * objective[:half]):
        return False
    _, others, _ = _rows(made)
    rows = csr_array(program.float_matrix[others]).tocsc()
    return bool(abs(rows[:, half:] - rows[:, :half] * signs[None, :]).sum() == 0)


def solve(
    made: MomentStrategies,
    run: Callable[[ConicProgram, float | None], Solution],
    *,
    time_limit: float | None = None,
) -> Solution:
    """Solve a relaxation to which the exchange applies by `run`; `time_limit` in seconds."""
    begun = time.perf_counter()
    program = made.program
    half, signs = _columns(made)
    flow, others, psd = _rows(made)
    first = np.concatenate([flow, others, psd])
    small = _half(program, half, signs, flow, others, psd)
    found = run(small, time_limit)
    z = np.zeros(program.shape[0])
    # the rows of the half that solvers see may be divided by other powers of 2
    z[first] = np.ldexp(found.multipliers, program.shifts[first] - small.shifts)
    # the half counts every column twice in the rows that both labels share
    z[flow] /= 2
    z[psd] /= 2
    z[flow + len(flow)] = z[flow] * np.tile(_moment_signs(made.moments), len(flow) // made.moments.moments)
    i, j = triangle(made.moments.size)
    words = _word_signs(made.moments)
    z[psd + len(psd)] = z[psd] * np.tile(words[i] * words[j], len(psd) // len(i))
    return without_basis(
        program,
        status=found.status,
        solver=f"{found.solver} on one guess",
        primal=np.concatenate([found.primal, signs * found.primal]),
        multipliers=z,
        begun=begun,
    )


def _half(
    program: ConicProgram, half: int, signs: IntArray, flow: IntArray, others: IntArray, psd: IntArray
) -> ConicProgram:
    """Return the program in the first label's columns."""
    matrix = program.matrix.columns(slice(half))
    twice = matrix[others].times(csr_array(2 * eye_array(half, dtype=np.int64, format="csr")))
    zero = program.zero_rows[others]
    # equalities stand in front, so that each kind is one block
    blocks = [("zero", len(flow) + int(zero.sum())), ("nonnegative", int((~zero).sum()))]
    kept = [block for block in blocks if block[1]]
    sizes = [size for kind, size in program.blocks if kind == "psd"]
    objective = program.objective
    return ConicProgram(
        matrix=stacked([matrix[flow], twice, matrix[psd]]),
        blocks=(*kept, *(("psd", size) for size in sizes[: len(sizes) // 2])),
        right=joined([constant(0, len(flow)), program.right.take(others), constant(0, len(psd))]),
        objective=ExactVector(tuple(2 * value for value in objective.palette), objective.codes[:half]),
        lower=program.lower.take(np.arange(half)),
        upper=program.upper.take(np.arange(half)),
        row_labels=(),
        column_labels=(),
    )


def _columns(made: MomentStrategies) -> tuple[int, IntArray]:
    """Return the number of columns of a label, and the sign with which each enters the other's."""
    half = made.program.shape[1] // 2
    signs = _moment_signs(made.moments)
    return half, np.tile(signs, half // len(signs))


def _rows(made: MomentStrategies) -> tuple[IntArray, IntArray, IntArray]:
    """Return the first label's flow rows, the rows that labels share, and the first label's psd rows."""
    program = made.program
    flow, start = np.zeros(0, dtype=np.int64), 0
    for labels in program.row_labels:
        if labels.pattern == FLOW_PATTERN:
            flow = np.arange(start, start + len(labels))
        start += len(labels)
    linear = program.linear_rows.copy()
    linear[flow] = False
    psd = np.flatnonzero(~program.linear_rows)
    return flow[: len(flow) // 2], np.flatnonzero(linear), psd[: len(psd) // 2]


def _word_signs(matrix: MomentMatrix) -> IntArray:
    """Return -1 for words of an odd number of observables, else 1."""
    lengths = sum(party.lengths[matrix.words[:, place]] for place, party in enumerate(matrix.parties))
    return np.where(np.asarray(lengths) % 2, -1, 1)


def _moment_signs(matrix: MomentMatrix) -> IntArray:
    words = _word_signs(matrix)
    found = np.ones(matrix.moments, dtype=np.int64)
    found[matrix.classes.ravel()] = np.outer(words, words).ravel()
    return found
