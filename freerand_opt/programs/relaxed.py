r"""Does a point exist? The program whose optimum decides it, with the same rows.

.. math:: \max\, -v \quad \text{subject to} \quad b_i + v - (Ax)_i \ge 0 \text{ for the tests } i,

all other rows as they are, v of any sign (times a unit u_i >= 1 of the row): the largest margin by
which all tests can be passed.
A negative bound on it, proved by multipliers z, is a Farkas proof for the program itself, since
the multipliers of the same rows with objective 0 prove the same bound. Where even the other rows
cannot hold, every row gets violations of its own instead.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np

from freerand_opt.numbers.exact import Exact, enclose
from freerand_opt.programs.integer_matrix import IntegerMatrix, beside, of_rows
from freerand_opt.programs.moments import triangle
from freerand_opt.programs.observation import TEST_PATTERN
from freerand_opt.programs.program import ConicProgram, ExactVector, IntArray, Labels, constant, joined


def test_inequalities(program: ConicProgram) -> IntArray:
    """Return the indices of the nonnegative rows that are tests."""
    found, start = [], 0
    for labels in program.row_labels:
        rows = np.arange(start, start + len(labels))
        if labels.pattern == TEST_PATTERN:
            found.append(rows[~program.zero_rows[rows]])
        start += len(labels)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def by_margin(program: ConicProgram) -> ConicProgram:
    """Return the program of the largest common margin v of the test inequalities (last column)."""
    tests = test_inequalities(program)
    # in units of each row's largest entry, or solvers drop the column from rows with large ones
    lines: list[dict[int, int]] = [{} for _ in range(program.shape[0])]
    size, most = 1, max(map(_size, program.upper.palette))
    for row in tests.tolist():
        entries = [abs(entry) for _, entry in program.matrix.row(row)]
        unit = 2 ** (max(entries, default=1).bit_length() - 1)
        lines[row][0] = -unit
        size += ceil(Fraction(_size(program.right[row]) + sum(entries) * most, unit))
    column = of_rows(lines, 1)
    return _extended(program, column, lower=constant(-size, 1), upper=constant(size, 1))


def by_shift(program: ConicProgram) -> ConicProgram:
    """Return the program of the least v (last column) by which inequalities and matrices must be shifted.

    Its optimum is positive where no point exists, 0 where all points are on a face, negative for an interior.
    """
    lines: list[dict[int, int]] = [{} for _ in range(program.shape[0])]
    bits, size = program.matrix.row_bits.tolist(), 1
    for row in np.flatnonzero(program.linear_rows & ~program.zero_rows).tolist():
        lines[row][0] = -_unit(bits[row])
    for start, width in program.psd_blocks:
        i, j = triangle(width)
        unit = _unit(max(bits[start : start + len(i)]))
        for place in np.flatnonzero(i == j).tolist():
            lines[start + place][0] = -unit
    most = _size(max(program.upper.palette, key=float))
    for row in np.flatnonzero(~program.zero_rows).tolist():
        size = max(size, _size(program.right[row]) + most * sum(abs(e) for _, e in program.matrix.row(row)))
    return _extended(program, of_rows(lines, 1), lower=constant(-size, 1), upper=constant(size, 1))


def _unit(bits: int) -> int:
    return 1 << max(bits - 1, 0)


def by_violations(program: ConicProgram) -> ConicProgram:
    """Return the program of the smallest total violation, one column for each row direction.

    Violations of long rows are in units of 2^k (`ConicProgram.shifts`). Rows with right-hand side 0 hold
    at x = 0 and stay as they are.
    """
    shifts = program.shifts.tolist()
    rows = [row for row in range(program.shape[0]) if program.right[row] != 0]
    signs = [(row, sign) for row in rows for sign in ((-1, 1) if program.zero_rows[row] else (-1,))]
    lines: list[dict[int, int]] = [{} for _ in range(program.shape[0])]
    for column, (row, sign) in enumerate(signs):
        lines[row][column] = sign << shifts[row]
    matrix = of_rows(lines, len(signs))
    size = max([ceil(Fraction(_size(program.right[row]), 1 << shifts[row])) for row in rows], default=1)
    return _extended(program, matrix, lower=constant(0, len(signs)), upper=constant(size, len(signs)))


def _extended(
    program: ConicProgram, extra: IntegerMatrix, *, lower: ExactVector, upper: ExactVector
) -> ConicProgram:
    columns, count = program.shape[1], extra.shape[1]
    return replace(
        program,
        matrix=beside(program.matrix, extra),
        objective=joined([constant(0, columns), constant(Fraction(-1), count)]),
        lower=joined([program.lower, lower]),
        upper=joined([program.upper, upper]),
        column_labels=(*program.column_labels, Labels("violation {0}", (tuple(map(str, range(count))),))),
    )


def _size(value: Exact) -> int:
    lower, upper = enclose(value)
    return ceil(max(abs(lower), abs(upper)))


def without_objective(program: ConicProgram) -> ConicProgram:
    """Return the program with objective 0, whose negative bound is a proof of infeasibility."""
    return replace(program, objective=constant(0, program.shape[1]))
