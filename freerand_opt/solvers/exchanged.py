r"""Relaxations that an exchange of both guesses and of some parties' outcomes keeps: half the program.

Of two guess labels the second has the moments :math:`z(1, v; k) = \pm z(0, v; k)`, minus for products of an
odd number of those parties' observables. The half is solved; its dual is written out for the full program and
certified there. Nothing rests on the symmetry but speed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np

from freerand_opt.programs.moments import MomentMatrix, triangle
from freerand_opt.programs.program import ConicProgram, ExactVector, IntArray, constant, joined
from freerand_opt.programs.quantum import FLOW_PATTERN, MomentStrategies
from freerand_opt.programs.solution import ExactDual, Solution, without_basis

#: Programs with fewer columns are solved as they are by solvers in floats.
MIN_COLUMNS = 1000


def exchange(made: MomentStrategies) -> tuple[int, ...] | None:
    """Return parties whose outcomes may be exchanged together with the guesses.

    All parties are tried first. None if there are no such parties, or more than two guesses.
    """
    if made.labels != 2 or not made.whole or any(party.outcomes != 2 for party in made.moments.parties):
        return None
    program, parties = made.program, range(len(made.moments.parties))
    half = program.shape[1] // 2
    objective = program.objective.floats()
    rows = program.float_matrix[_rows(made)[1]].tocsc()
    for size in reversed(range(1, len(parties) + 1)):
        for turned in combinations(parties, size):
            signs = _columns(made, turned)
            if np.any(objective[half:] != signs * objective[:half]):
                continue
            if abs(rows[:, half:] - rows[:, :half] * signs[None, :]).sum() == 0:
                return turned
    return None


def solve(
    made: MomentStrategies,
    turned: tuple[int, ...],
    run: Callable[[ConicProgram, float | None], Solution | None],
    *,
    time_limit: float | None = None,
) -> Solution | None:
    """Solve a relaxation by `run` that an exchange of guesses and of the outcomes of `turned` keeps."""
    begun = time.perf_counter()
    program = made.program
    half, signs = program.shape[1] // 2, _columns(made, turned)
    flow, others, psd = _rows(made)
    first = np.concatenate([flow, others, psd])
    small = _half(program, half, flow, others, psd)
    found = run(small, time_limit)
    if found is None:
        return None
    z = np.zeros(program.shape[0])
    # the rows of the half that solvers see may be divided by other powers of 2
    z[first] = np.ldexp(found.multipliers, program.shifts[first] - small.shifts)
    flow_signs = np.tile(_moment_signs(made.moments, turned), len(flow) // made.moments.moments)
    z[flow + len(flow)] = z[flow] * flow_signs
    i, j = triangle(made.moments.size)
    words = _word_signs(made.moments, turned)
    z[psd + len(psd)] = z[psd] * np.tile(words[i] * words[j], len(psd) // len(i))
    exact = None
    if found.exact is not None:
        images = dict(zip(flow.tolist(), flow_signs.tolist(), strict=True))
        values = {int(first[row]): value for row, value in found.exact.values.items()}
        values |= {row + len(flow): values[row] * sign for row, sign in images.items() if row in values}
        factors = [_turned(lower, words.tolist()) for lower in found.exact.lowers]
        exact = ExactDual(values, (*found.exact.lowers, *factors), found.exact.bits)
    return without_basis(
        program,
        status=found.status,
        solver=f"{found.solver} on one guess",
        primal=np.concatenate([found.primal, signs * found.primal]),
        multipliers=z,
        begun=begun,
        exact=exact,
    )


def _turned(lower: Sequence[Sequence[int]], signs: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(sign * value for value in row) for row, sign in zip(lower, signs, strict=True))


def _half(program: ConicProgram, half: int, flow: IntArray, others: IntArray, psd: IntArray) -> ConicProgram:
    """Return the program in the first label's columns: shared rows hold for both labels' sum, so for half."""
    zero = program.zero_rows[others]
    # equalities stand in front, so that each kind is one block
    blocks = [("zero", len(flow) + int(zero.sum())), ("nonnegative", int((~zero).sum()))]
    kept = [block for block in blocks if block[1]]
    sizes = [size for kind, size in program.blocks if kind == "psd"]
    right = program.right.take(others)
    halves = ExactVector(tuple(value * Fraction(1, 2) for value in right.palette), right.codes)
    return ConicProgram(
        matrix=program.matrix.columns(slice(half))[np.concatenate([flow, others, psd])],
        blocks=(*kept, *(("psd", size) for size in sizes[: len(sizes) // 2])),
        right=joined([constant(0, len(flow)), halves, constant(0, len(psd))]),
        objective=ExactVector(program.objective.palette, program.objective.codes[:half]),
        lower=program.lower.take(np.arange(half)),
        upper=program.upper.take(np.arange(half)),
        row_labels=(),
        column_labels=(),
    )


def _columns(made: MomentStrategies, turned: tuple[int, ...]) -> IntArray:
    """Return the sign with which each column of a label enters the other's."""
    signs = _moment_signs(made.moments, turned)
    return np.tile(signs, made.program.shape[1] // 2 // len(signs))


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


def _word_signs(matrix: MomentMatrix, turned: tuple[int, ...]) -> IntArray:
    """Return -1 for words of an odd number of observables of these parties, else 1."""
    lengths = sum(matrix.parties[place].lengths[matrix.words[:, place]] for place in turned)
    return np.where(np.asarray(lengths) % 2, -1, 1)


def _moment_signs(matrix: MomentMatrix, turned: tuple[int, ...]) -> IntArray:
    words = _word_signs(matrix, turned)
    found = np.ones(matrix.moments, dtype=np.int64)
    inside = matrix.classes >= 0
    found[matrix.classes[inside]] = np.outer(words, words)[inside]
    return found
