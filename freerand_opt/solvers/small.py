"""A program on symmetric blocks, solved in integers: its data are floats, the solver's steps are not.

Where blocks are nearly singular, solvers in floats lose half of their digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz

from freerand_opt.conic.affine import to_fmpq
from freerand_opt.conic.echelon import Echelon
from freerand_opt.conic.program import InFloats, block_rows, triangle
from freerand_opt.conic.solution import Solution, Status
from freerand_opt.solvers import interior
from freerand_opt.solvers.block import Block
from freerand_opt.solvers.fixed_point import ZERO, Rows, rows
from freerand_opt.solvers.free_form import MAX_SIZE, floor
from freerand_opt.solvers.interior import Precision

#: Entries are rounded to a multiple of 2^-ENTRY_BITS; those below NOTHING times the largest are noise.
ENTRY_BITS = 60
NOTHING = 1e-13
#: Entries of equations below 2^-NOISE_BITS of the largest are noise.
NOISE_BITS = 34
#: More unknowns than this are left to solvers in floats.
MAX_UNKNOWN = 400
#: More digits than this the data do not have.
COARSE = Precision(bits=144, gap=45, residual=60)


def in_integers(small: InFloats, limit: float | None) -> Solution | None:
    """Solve by `solvers.interior`; None if the program is too large, or its steps have no solution."""
    if len(small.cost) > 2 * MAX_UNKNOWN or any(width > MAX_SIZE for width in small.sizes):
        return None
    held = _eliminated(small)
    free = [k for k in range(len(small.cost)) if k not in held.rows]
    if len(free) > MAX_UNKNOWN:
        return None
    place = {k: n for n, k in enumerate(free)}
    columns = [
        {place[k]: fmpq(1)}
        if k in place
        else {place[c]: -value for c, value in held.rows[k].items() if c in place}
        for k in range(len(small.cost))
    ]
    first = [
        sum((f * _exact(float(small.sides[r])) for r, f in held.traces.get(k, {}).items()), fmpq(0))
        for k in range(len(small.cost))
    ]
    spans = [*((r, 1) for r in range(small.equalities, small.linear)), *small.spans]
    blocks = [_block(small, start, width, columns, first) for start, width in spans]
    costs = [_exact(float(value)) for value in small.cost]
    cost = [ZERO] * len(free)
    for value, row in zip(costs, columns, strict=True):
        for k, factor in row.items():
            cost[k] += floor(value * factor * (fmpz(1) << COARSE.bits))
    point = interior.solve(blocks, cost, limit, COARSE)
    if point is None:
        return None
    unit = 2**COARSE.bits
    u = [int(value) / unit for value in point.u]
    x = [
        float(Fraction(int(f.p), int(f.q)))
        + sum(float(Fraction(int(v.p), int(v.q))) * u[k] for k, v in row.items())
        for f, row in zip(first, columns, strict=True)
    ]
    z = [np.array([[int(v) / unit for v in row] for row in rows(matrix)]) for matrix in point.z]
    others = np.concatenate([block_rows(own) for own in z])
    # the equalities' multipliers make up for the others in the eliminated columns
    left = small.cost - small.matrix[small.equalities :].T @ others
    equal = np.zeros(small.equalities)
    for column, trace in held.traces.items():
        for r, factor in trace.items():
            equal[r] += left[column] * float(Fraction(int(factor.p), int(factor.q)))
    status: Status = "optimal" if point.solved else "stopped"
    return Solution(status, "high precision", np.array(x), np.concatenate([equal, others]))


def _exact(value: float) -> fmpq:
    return to_fmpq(Fraction(value))


def _eliminated(small: InFloats) -> Echelon[int, int]:
    """Solve the equalities exactly, for columns that stand in few other rows."""
    others = np.bincount(small.matrix[small.equalities :].indices, minlength=len(small.cost))
    ranks = np.lexsort((-np.arange(len(others)), -others)).argsort().tolist()
    # rows that depend on others leave noise, which must not become a pivot
    held: Echelon[int, int] = Echelon(ranks.__getitem__, traced=True, least=fmpq(1, 1 << NOISE_BITS))
    zero = small.matrix
    for r in range(small.equalities):
        here = slice(int(zero.indptr[r]), int(zero.indptr[r + 1]))
        pairs = zip(zero.indices[here].tolist(), zero.data[here].tolist(), strict=True)
        unit = _exact(float(np.abs(zero.data[here]).max(initial=0.0)) or 1.0)
        held.add({k: _exact(value) / unit for k, value in pairs if value}, {r: 1 / unit})
    held.reduce()
    return held


def _block(
    small: InFloats, begin: int, width: int, columns: Sequence[Mapping[int, fmpq]], first: Sequence[fmpq]
) -> Block:
    i, j = (part.tolist() for part in triangle(width))
    matrix, right = small.matrix[begin : begin + len(i)], small.sides[begin : begin + len(i)].tolist()
    noise = NOTHING * float(np.abs(matrix.data).max(initial=0.0))
    constant: Rows = [[ZERO] * width for _ in range(width)]
    parts: dict[int, list[tuple[int, int, int]]] = {}
    one = fmpz(1) << COARSE.bits
    for r, (a, b) in enumerate(zip(i, j, strict=True)):
        here = slice(int(matrix.indptr[r]), int(matrix.indptr[r + 1]))
        start, line = _exact(right[r]), dict[int, fmpq]()
        for k, value in zip(matrix.indices[here].tolist(), matrix.data[here].tolist(), strict=True):
            exact = _exact(value)
            start -= exact * first[k]
            for column, factor in columns[k].items():
                line[column] = line.get(column, fmpq(0)) + exact * factor
        constant[a][b] = constant[b][a] = floor(start * one)
        for column, value in line.items():
            h = int(floor(value * 2**ENTRY_BITS + fmpq(1, 2)))
            if abs(h) > noise * 2**ENTRY_BITS:
                parts.setdefault(column, []).append((a, b, h))
    active = tuple(sorted(parts))
    return Block(width, constant, active, tuple(tuple(parts[k]) for k in active), ENTRY_BITS)
