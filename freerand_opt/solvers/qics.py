r"""Semidefinite programs by QICS, in the form in which fewer numbers are unknown.

``lmi``: moments x free, h - G x in K. ``equality``: the moment matrices are the variables and their
entries of one class are equal; only where every entry of a block is one moment or 0. The work grows
with the cube of the number of moments, or of equalities.
"""

from __future__ import annotations

import time

import numpy as np
import qics
from scipy.sparse import coo_array, csr_array, csr_matrix, vstack

from freerand_opt.programs.moments import triangle
from freerand_opt.programs.program import ConicProgram, FloatArray, IntArray
from freerand_opt.programs.solution import Solution, Status, without_basis

TOLERANCE = 1e-10
MAX_ROUNDS = 100


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution:
    """Solve a program with zero, nonnegative and psd blocks; `time_limit` in seconds."""
    begun = time.perf_counter()
    found = (
        _by_equalities(program, time_limit) if _fewer_equalities(program) else _by_lmi(program, time_limit)
    )
    primal, multipliers, word = found
    status: Status = "optimal" if word == "optimal" else "infeasible" if word == "pinfeas" else "stopped"
    return without_basis(
        program,
        status=status,
        solver="qics",
        primal=primal,
        multipliers=multipliers,
        begun=begun,
    )


def _run(model: object, limit: float | None) -> dict[str, FloatArray | str]:
    solver = qics.Solver(
        model,
        verbose=0,
        tol_gap=TOLERANCE,
        tol_feas=TOLERANCE,
        max_iter=MAX_ROUNDS,
        max_time=3600.0 if limit is None else max(limit, 0.01),
    )
    answer: dict[str, FloatArray | str] = solver.solve()
    return answer


def _by_lmi(program: ConicProgram, limit: float | None) -> tuple[FloatArray, FloatArray, str]:
    zero = np.flatnonzero(program.zero_rows)
    matrix = program.float_matrix
    right = program.float_right
    parts, sides, cones, held = [], [], [], []
    start = 0
    psd = dict(program.psd_blocks)
    for kind, rows in program.blocks:
        here = np.arange(start, start + rows)
        if kind == "nonnegative":
            parts.append(matrix[here])
            sides.append(right[here])
            cones.append(qics.cones.NonNegOrthant(rows))
            held.append((here, 0))
        elif kind == "psd":
            full = _full(psd[start]) + start
            parts.append(matrix[full])
            sides.append(right[full])
            cones.append(qics.cones.PosSemidefinite(psd[start]))
            held.append((here, psd[start]))
        start += rows
    model = qics.Model(
        c=-program.objective.floats()[:, None],
        A=csr_matrix(matrix[zero]),
        b=right[zero][:, None],
        G=csr_matrix(vstack(parts, format="csr")),
        h=np.concatenate(sides)[:, None],
        cones=cones,
    )
    answer = _run(model, limit)
    multipliers = np.zeros(len(right))
    multipliers[zero] = np.asarray(answer["y_opt"]).ravel()
    for (here, size), value in zip(held, answer["z_opt"], strict=True):
        multipliers[here] = _folded(np.asarray(value), size) if size else np.asarray(value).ravel()
    return np.asarray(answer["x_opt"]).ravel(), multipliers, str(answer["sol_status"])


def _full(size: int) -> IntArray:
    """Return for each entry of a matrix, row by row, its place in the upper triangle."""
    i, j = triangle(size)
    place = np.zeros((size, size), dtype=np.int64)
    place[i, j] = place[j, i] = np.arange(len(i))
    return place.ravel()


def _folded(matrix: FloatArray, size: int) -> FloatArray:
    """Return row multipliers of a symmetric matrix: its entries, doubled off the diagonal."""
    i, j = triangle(size)
    square = matrix.reshape(size, size)
    return np.where(i == j, square[i, j], square[i, j] + square[j, i])


# ------------------------------------------------------------------ moment matrices as variables


def _units(program: ConicProgram) -> bool:
    """Whether each entry of the blocks is one moment, or 0, and every moment is an entry."""
    seen = np.zeros(program.shape[1], dtype=bool)
    for start, size in program.psd_blocks:
        rows = slice(start, start + size * (size + 1) // 2)
        part = program.float_matrix[rows]
        if np.any(np.diff(part.indptr) > 1) or np.any(part.data != -1):
            return False
        seen[part.indices] = True
    held = program.right.codes[~program.linear_rows]
    return bool(seen.all()) and all(program.right.palette[code] == 0 for code in set(held.tolist()))


def _fewer_equalities(program: ConicProgram) -> bool:
    entries = sum(size * (size + 1) // 2 for _, size in program.psd_blocks)
    return 2 * program.shape[1] > entries and _units(program)


def _entries(
    program: ConicProgram, offset: int
) -> tuple[IntArray, IntArray, IntArray, IntArray, list[tuple[int, int]]]:
    """Return (first entry of each moment, entries, the first ones they equal, vanishing ones, blocks)."""
    first = np.full(program.shape[1], -1, dtype=np.int64)
    left, same, gone, places = [], [], [], []
    for start, size in program.psd_blocks:
        i, j = triangle(size)
        part = program.float_matrix[start : start + len(i)]
        held = np.diff(part.indptr) == 1
        classes = np.full(len(i), -1, dtype=np.int64)
        classes[held] = part.indices
        entry = offset + i * size + j
        for place in np.flatnonzero(held).tolist():
            if first[classes[place]] < 0:
                first[classes[place]] = entry[place]
        other = held & (first[np.maximum(classes, 0)] != entry)
        left.append(entry[other])
        same.append(first[classes[other]])
        gone.append(entry[~held])
        places.append((offset, size))
        offset += size * size
    return first, np.concatenate(left), np.concatenate(same), np.concatenate(gone), places


def _by_equalities(program: ConicProgram, limit: float | None) -> tuple[FloatArray, FloatArray, str]:
    """Variables: slacks of the nonnegative rows, then the moment matrices."""
    columns = program.shape[1]
    matrix, right = program.float_matrix, program.float_right
    zero = np.flatnonzero(program.zero_rows)
    signed = np.flatnonzero(program.linear_rows & ~program.zero_rows)
    slacks = len(signed)
    first, left, same, gone, places = _entries(program, slacks)
    offset = places[-1][0] + places[-1][1] ** 2
    lift = csr_array((np.ones(columns), (np.arange(columns), first)), shape=(columns, offset))
    count = len(left)
    equalities = coo_array(
        (
            np.tile([1.0, -1.0], count),
            (np.repeat(np.arange(count), 2), np.column_stack([left, same]).ravel()),
        ),
        shape=(count, offset),
    )
    nothing = coo_array((np.ones(len(gone)), (np.arange(len(gone)), gone)), shape=(len(gone), offset))
    own = coo_array((np.ones(slacks), (np.arange(slacks), np.arange(slacks))), shape=(slacks, offset))
    rows = csr_array(
        vstack(
            [matrix[zero] @ lift, matrix[signed] @ lift + csr_array(own), equalities, nothing], format="csr"
        )
    )
    rows = rows @ _symmetric(places, slacks, offset)
    cones = [qics.cones.NonNegOrthant(slacks)] if slacks else []
    cones += [qics.cones.PosSemidefinite(size) for _, size in places]
    cost = (-program.objective.floats()) @ lift @ _symmetric(places, slacks, offset)
    model = qics.Model(
        c=np.asarray(cost).reshape(-1, 1),
        A=csr_matrix(rows),
        b=np.concatenate([right[zero], right[signed], np.zeros(count + len(gone))])[:, None],
        cones=cones,
    )
    answer = _run(model, limit)
    values = np.asarray(answer["x_opt"]).ravel()
    y = np.asarray(answer["y_opt"]).ravel()
    multipliers = np.zeros(len(right))
    multipliers[zero] = y[: len(zero)]
    multipliers[signed] = np.maximum(y[len(zero) : len(zero) + slacks], 0)
    z = answer["z_opt"]
    for (start, size), matrix_z in zip(program.psd_blocks, z[1:] if slacks else z, strict=True):
        multipliers[start : start + size * (size + 1) // 2] = _folded(np.asarray(matrix_z), size)
    return values[first], multipliers, str(answer["sol_status"])


def _symmetric(places: list[tuple[int, int]], slacks: int, total: int) -> csr_array:
    """Return the map that averages each entry of a matrix with its mirror image."""
    rows, columns, data = [np.arange(slacks)], [np.arange(slacks)], [np.ones(slacks)]
    for offset, size in places:
        own = np.arange(size * size)
        mirror = (own % size) * size + own // size
        rows += [offset + own, offset + own]
        columns += [offset + own, offset + mirror]
        data += [np.full(size * size, 0.5)] * 2
    return csr_array(
        (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=(total, total)
    )
