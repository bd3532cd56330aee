r"""Semidefinite programs without interior, in integers: what exposes the face, and the optimum on it.

The largest margin, :math:`\max \tau : \Gamma(x) \succeq \tau 1`, always has an interior and so do its
multipliers (y, Z). Negative, it proves that no point exists. If it is 0, all points have
:math:`\Gamma K = 0` with Z = K K', and rows with y > 0 hold with equality (Borwein and Wolkowicz 1981). On
that face multipliers have blocks :math:`V Y V^T + K W^T + W K^T`, V orthogonal to K; with T = 4^ROOT

.. math:: T K K^T + K W^T + W K^T + W W^T / T + V Y V^T = F F^T, \qquad
   F = (2^{ROOT} K + 2^{-ROOT} W,\; V Y^{1/2}),

which with T y are multipliers of the whole program that lose W W'/T (docs/proofs/quantum.md).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb_mat, ctx, fmpz, fmpz_mat

from freerand_opt.conic.program import ConicProgram, Row, triangle
from freerand_opt.conic.solution import Dual, Solution
from freerand_opt.conic.sparse import Floats
from freerand_opt.solvers import interior
from freerand_opt.solvers.block import Block
from freerand_opt.solvers.fixed_point import (
    ZERO,
    Rows,
    complement,
    independent,
    lower_factor,
    pivoted_factor,
    product,
    rows,
    whole,
)
from freerand_opt.solvers.free_form import FreeForm, exact_dual, free_form, primal
from freerand_opt.solvers.high_precision import FACTOR_BITS, rounded_factor
from freerand_opt.solvers.interior import Interior, Point, Precision

#: The margin program is solved to this precision; a margin below 2^-ZERO_BITS in size is 0.
FINE = Precision(bits=512, gap=150, residual=200)
ON_FACE = Precision(bits=512, gap=60, residual=160)
ZERO_BITS = 110
#: The square root of T, in bits; bits of the factors.
ROOT = 33
DIGITS = 150
#: Multipliers, and pivots, above 2^-SEEN_BITS are not 0; multipliers below 2^-ZERO_BITS are, and pivots of
#: the equations of a face below 2^-PIVOT_BITS: its K is less exact than K K'.
SEEN_BITS, PIVOT_BITS = 30, 80


@dataclass(frozen=True, eq=False)
class Face:
    """For each block of a free form K (rows), V orthogonal to it; the equations K'H(u) = 0 by pivots.

    `lines[p]` has the factors of u in independent equation p, `right[p]` what they add up to, `owner[p]`
    its (block, row, column of K), `pivots[p]` the variable it is solved for. All over 2^bits.
    """

    kernels: list[Rows]
    bases: list[Rows]
    lines: Rows
    right: list[fmpz]
    owner: list[tuple[int, int, int]]
    pivots: list[int]


def solve(program: ConicProgram, *, time_limit: float | None = None) -> Solution | None:
    """Solve a program without interior; `time_limit` in seconds for each of two programs.

    Status `infeasible`: the multipliers prove, with objective 0, that no point exists. Return None for a
    program that has an interior, or is too large, or where the face is not found.
    """
    form = free_form(program, FINE.bits)
    if form is None:
        return None
    used = {place[0] for place in form.places}  # rows without columns that hold would leave no margin
    widened = free_form(by_shift(program, used), FINE.bits)
    if widened is None:
        return None
    point = interior.solve(widened.blocks, widened.cost, time_limit, FINE)
    if point is None or not point.solved:
        return None
    point = replace(point, z=_scaled(point.z, widened, form))
    margin = sum((c * u for c, u in zip(widened.cost, point.u, strict=True)), ZERO) >> FINE.bits
    if abs(margin) >> (FINE.bits - ZERO_BITS):
        if margin > 0:
            return None
        dual = _contradiction(program, form, point)
        return Solution("infeasible", "high precision", primal(form, point.u[:-1]), dual)
    face = _face(form, point)
    found = None if face is None else _on_face(program, form, face, time_limit)
    return None if found is None else Solution("optimal", "high precision on a face", found[1], found[0])


def _scaled(found: Sequence[fmpz_mat], widened: FreeForm, form: FreeForm) -> list[fmpz_mat]:
    """Return multipliers of the widened form's blocks in the scale of the form's own."""
    turns = [block.scale - wide.scale for block, wide in zip(form.blocks, widened.blocks, strict=True)]
    return [
        fmpz_mat([[value << turn if turn > 0 else value >> -turn for value in row] for row in rows(z)])
        for z, turn in zip(found, turns, strict=True)
    ]


def by_shift(program: ConicProgram, used: Set[int]) -> ConicProgram:
    """Return the program of the largest t (last column) with b - A x - t u in the cones.

    u is a unit of the size of each matrix's, or used row's, entries. The optimum is negative where no point
    exists, 0 where all points are on a face, positive for an interior.
    """
    rows = [dict(row) for row in program.rows]
    column = program.columns
    for r in used & set(range(program.equalities, program.linear)):
        rows[r][column] = _unit(rows[r : r + 1])
    for start, size in program.spans:
        i, j = triangle(size)
        unit = _unit(rows[start : start + len(i)])
        for place in (i == j).nonzero()[0].tolist():
            rows[start + place][column] = unit
    return replace(program, rows=tuple(rows), columns=column + 1, objective={column: Fraction(1)})


def _unit(rows: Sequence[Row]) -> Fraction:
    most = max((abs(value) for row in rows for value in row.values()), default=Fraction(1))
    return Fraction(2) ** max(int(most).bit_length() - 1, 0)


def _contradiction(program: ConicProgram, form: FreeForm, point: Point) -> Dual:
    """Return the margin's multipliers: with objective 0 they prove a negative bound."""
    signed, factors = {}, []
    for block, span, z in zip(form.blocks, form.places, point.z, strict=True):
        if span[0] < program.linear:
            signed[span[0]] = int(z[0, 0] >> (form.bits + block.scale - FACTOR_BITS))
        else:
            factors.append(rounded_factor(z, form.bits, block.scale))
    return exact_dual(replace(program, objective={}), form, signed, factors, FACTOR_BITS)


def _face(form: FreeForm, point: Point) -> Face | None:
    """Return the face that the margin's multipliers expose; None if a rank is in doubt."""
    bits = form.bits
    kernels = [pivoted_factor(rows(z), bits, SEEN_BITS, ZERO_BITS) for z in point.z]
    known = [kernel for kernel in kernels if kernel is not None]
    if len(known) < len(kernels):
        return None
    lines: Rows = []
    right: list[fmpz] = []
    owner = []
    for place, (block, kernel) in enumerate(zip(form.blocks, known, strict=True)):
        rank = len(kernel[0])
        if not rank:
            continue
        own: list[Rows] = [[[ZERO] * len(form.cost) for _ in range(rank)] for _ in range(block.size)]
        for k, part in zip(block.active, block.entries, strict=True):
            for i, j, h in part:
                for a, b in ((i, j), (j, i)) if i != j else ((i, i),):
                    for c in range(rank):
                        own[a][c][k] += h * kernel[b][c] >> block.scale
        constant = rows(product(fmpz_mat(block.constant), fmpz_mat(kernel), bits))
        for i in range(block.size):
            for c in range(rank):
                lines.append(own[i][c])
                right.append(constant[i][c])
                owner.append((place, i, c))
    pivots = independent(lines, bits, SEEN_BITS, PIVOT_BITS)
    if pivots is None:
        return None
    kept = [row for row, _ in pivots]
    return Face(
        known,
        [complement(kernel, bits) for kernel in known],
        [lines[row] for row in kept],
        [right[row] for row in kept],
        [owner[row] for row in kept],
        [column for _, column in pivots],
    )


def _on_face(
    program: ConicProgram, form: FreeForm, face: Face, time_limit: float | None
) -> tuple[Dual, Floats] | None:
    """Return multipliers of the whole program from those on the face, and a point; None if there are none."""
    bits, count = form.bits, len(form.cost)
    task = Interior(form.blocks, form.cost, FINE)
    free = [k for k in range(count) if k not in set(face.pivots)]
    square = [[line[k] for k in face.pivots] for line in face.lines]
    wide = [[value, *(line[k] for k in free)] for value, line in zip(face.right, face.lines, strict=True)]
    solved = _solved(square, wide, bits)
    if solved is None:
        return None
    first, moves = [ZERO] * count, [[ZERO] * count for _ in free]
    for place, k in enumerate(face.pivots):
        first[k] = solved[place][0]
        for v, move in enumerate(moves):
            move[k] = -solved[place][1 + v]
    for v, k in enumerate(free):
        moves[v][k] = fmpz(1) << bits
    blocks = [_inside(task, place, basis, first, moves) for place, basis in enumerate(face.bases)]
    cost = [sum((c * x for c, x in zip(form.cost, move, strict=True)), ZERO) >> bits for move in moves]
    kept = [block for block in blocks if block is not None]
    point = interior.solve(kept, cost, time_limit, ON_FACE) if free else None
    if free and (point is None or not point.solved):
        return None
    inner = iter(point.z if point is not None else [])
    ys = [None if block is None or point is None else next(inner) for block in blocks]
    u = [
        x
        + (
            sum((value * move[k] for value, move in zip(point.u, moves, strict=True)), ZERO) >> bits
            if point
            else ZERO
        )
        for k, x in enumerate(first)
    ]
    outer = [
        fmpz_mat(block.size, block.size) if y is None else _sandwich(fmpz_mat(basis), y, bits)
        for block, basis, y in zip(form.blocks, face.bases, ys, strict=True)
    ]
    left = [c - x for c, x in zip(form.cost, task.products(outer), strict=True)]
    weights = _solved(
        [list(row) for row in zip(*square, strict=True)], [[left[k]] for k in face.pivots], bits
    )
    if weights is None:
        return None
    across = [[[ZERO] * len(kernel[0]) for _ in kernel] for kernel in face.kernels]
    for (place, i, c), (weight,) in zip(face.owner, weights, strict=True):
        across[place][i][c] += weight >> 1
    signed, factors = {}, []
    for place, (block, span) in enumerate(zip(form.blocks, form.places, strict=True)):
        held = _factor(face.kernels[place], across[place], face.bases[place], ys[place], bits, block.scale)
        if span[0] < program.linear:
            signed[span[0]] = int(sum((value * value for value in held[0]), ZERO) >> DIGITS)
        else:
            factors.append(held)
    return exact_dual(program, form, signed, factors, DIGITS), primal(form, u)


def _solved(square: Rows, right: Rows, bits: int) -> Rows | None:
    """Return X with square X = right, in fixed point; None if the matrix is singular."""
    if not square:
        return []
    with ctx.workprec(2 * bits):
        try:
            scaled = fmpz_mat([[value << bits for value in row] for row in right])
            found = arb_mat(fmpz_mat(square)).solve(arb_mat(scaled), algorithm="approx")
        except ZeroDivisionError:
            return None
        return [[whole(value) for value in row] for row in found.tolist()]


def _inside(task: Interior, place: int, basis: Rows, first: list[fmpz], moves: Rows) -> Block | None:
    """Return V' H V of a block on the face, None if nothing is left of it."""
    width = len(basis[0])
    if not width:
        return None
    bits, held = task.bits, fmpz_mat(basis)
    constant = rows(_sandwich(held.transpose(), task.slack(place, first), bits))
    active, entries = [], []
    for v, move in enumerate(moves):
        small = rows(_sandwich(held.transpose(), task.combined(place, move), bits))
        part = [
            (i, j, int(small[i][j]))
            for j in range(width)
            for i in range(j + 1)
            if abs(small[i][j]) >> (bits - ZERO_BITS)
        ]
        if part:
            active.append(v)
            entries.append(tuple(part))
    return Block(width, constant, tuple(active), tuple(entries), bits)


def _sandwich(outer: fmpz_mat, inner: fmpz_mat, bits: int) -> fmpz_mat:
    """Return A B A'."""
    return product(product(outer, inner, bits), outer.transpose(), bits)


def _factor(kernel: Rows, across: Rows, basis: Rows, y: fmpz_mat | None, bits: int, scale: int) -> Rows:
    """Return the rows of F over 2^DIGITS, the block's scale undone."""
    size, drop = len(kernel), bits + scale // 2 - DIGITS
    lower = None if y is None else lower_factor(rows(y), bits)
    found: Rows = []
    rest = (
        rows(product(fmpz_mat(basis), _full(lower), bits)) if lower is not None else [[] for _ in range(size)]
    )
    for k, w, inner in zip(kernel, across, rest, strict=True):
        tail = [(x << ROOT) + (z >> ROOT) for x, z in zip(k, w, strict=True)]
        found.append([value >> drop for value in (*tail, *inner)])
    return found


def _full(lower: Rows) -> fmpz_mat:
    return fmpz_mat([row + [ZERO] * (len(lower) - len(row)) for row in lower])
