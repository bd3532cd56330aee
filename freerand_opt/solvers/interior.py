r"""A small semidefinite program to many digits, in integers, so that every machine finds the same.

.. math:: \max\; c\cdot u \;:\; S = H_0 - \sum_l u_l H_l \succeq 0,
   \qquad \min\; \langle H_0, Z\rangle \;:\; \langle H_l, Z\rangle = c_l,\; Z \succeq 0,

by primal-dual steps in the direction of Helmberg, Rendl, Vanderbei and Wolkowicz (1996), with
Mehrotra's predictor and corrector, from Z = S = 100. With W = S^-1 the equations of a step are
:math:`M_{kl} = \mathrm{tr}(H_k W H_l Z)`. All numbers are integers over 2^bits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb_mat, ctx, fmpz, fmpz_mat

from freerand_opt.solvers.block import Block, form_of
from freerand_opt.solvers.fixed_point import (
    COARSE,
    ZERO,
    halved,
    lower_factor,
    lower_inverse,
    product,
    reach,
    rows,
    shifted,
    whole,
)

START = 100
MAX_ROUNDS = 80
#: Rounds that do not make the gap this much smaller show that no multipliers are optimal.
WINDOW, GAIN = 10, 8
#: Steps go this far towards the boundary, over 2^COARSE, and to 1 at most.
SHARE = 9 * 2**COARSE // 10
#: Steps shorter than 2^-this lead nowhere.
LEAST_BITS = 20
#: Multipliers larger than this are those of a program without a solution.
LARGE_BITS = 60


@dataclass(frozen=True)
class Precision:
    """Bits after the point; a program is solved if gap and residual are below 2^-these."""

    bits: int = 192
    gap: int = 60
    residual: int = 80


@dataclass(frozen=True, eq=False)
class Point:
    """u, and Z and S for each block, over 2^bits; `gap` and `residual` say how nearly it is optimal."""

    u: list[fmpz]
    z: list[fmpz_mat]
    s: list[fmpz_mat]
    gap: fmpz
    residual: fmpz
    rounds: int
    solved: bool


class Interior:
    """The program's data, arranged for its steps."""

    def __init__(self, blocks: Sequence[Block], cost: Sequence[fmpz], precision: Precision) -> None:
        self.blocks, self.cost, self.precision = tuple(blocks), list(cost), precision
        self.bits = precision.bits
        self.order = sum(block.size for block in blocks)
        self.forms = [form_of(block) for block in blocks]

    def slack(self, place: int, u: Sequence[fmpz]) -> fmpz_mat:
        """Return H_0 - sum u_l H_l of a block."""
        return fmpz_mat(self.blocks[place].constant) - self.combined(place, u)

    def combined(self, place: int, u: Sequence[fmpz]) -> fmpz_mat:
        """Return sum u_l H_l of a block."""
        block = self.blocks[place]
        return shifted(self.forms[place].combined([u[k] for k in block.active]), block.scale)

    def products(self, matrices: Sequence[fmpz_mat]) -> list[fmpz]:
        """Return <H_l, X> for all l."""
        found = [ZERO] * len(self.cost)
        for block, matrix, form in zip(self.blocks, matrices, self.forms, strict=True):
            for k, value in zip(block.active, form.products(matrix), strict=True):
                found[k] += value >> block.scale
        return found

    def schur(self, inverses: Sequence[fmpz_mat], z: Sequence[fmpz_mat]) -> list[list[fmpz]]:
        """Return the matrix M of a step."""
        found = [[ZERO] * len(self.cost) for _ in self.cost]
        for block, form, w, held in zip(self.blocks, self.forms, inverses, z, strict=True):
            for k, line in zip(block.active, form.schur(w, held, self.bits), strict=True):
                for j, value in zip(block.active, line, strict=False):
                    change = value >> 2 * block.scale
                    found[j][k] += change
                    if j != k:
                        found[k][j] += change
        return found


def solve(
    blocks: Sequence[Block],
    cost: Sequence[fmpz],
    time_limit: float | None,
    precision: Precision,
) -> Point | None:
    """Return the best point that was reached, None if none was (a singular step, or no time)."""
    task = Interior(blocks, cost, precision)
    unit = fmpz(1) << task.bits
    identity = [
        fmpz_mat([[START * unit * (i == j) for j in range(b.size)] for i in range(b.size)]) for b in blocks
    ]
    begun = time.monotonic()
    point = Point([ZERO] * len(task.cost), identity, identity, ZERO, ZERO, 0, False)
    best: Point | None = None
    gaps: list[fmpz] = []
    with ctx.workprec(task.bits + 64):
        for _ in range(MAX_ROUNDS):
            if time_limit is not None and time.monotonic() - begun > time_limit:
                break
            step = _Step.at(task, point)
            if step is None:
                break
            best = _better(best, step.point, precision)
            gaps.append(step.point.gap)
            stalled = len(gaps) > WINDOW and gaps[-1] * GAIN > gaps[-1 - WINDOW]
            if step.point.solved or stalled or step.diverges():
                break
            following = step.next()
            if following is None:
                break
            point = following
    return best


def _better(best: Point | None, point: Point, precision: Precision) -> Point:
    """Return the point whose residual is small, and of two such the one with the smaller gap."""
    if best is None:
        return point
    limit = fmpz(1) << (precision.bits - precision.residual)
    return min(best, point, key=lambda held: (max(held.residual, limit), held.gap))


@dataclass(frozen=True, eq=False)
class _Step:
    """A point with what its next step needs: factors' inverses, W = S^-1, residuals."""

    task: Interior
    point: Point
    inner_z: list[fmpz_mat]
    inner_s: list[fmpz_mat]
    w: list[fmpz_mat]
    defect: list[fmpz_mat]

    @staticmethod
    def at(task: Interior, point: Point) -> _Step | None:
        bits, precision = task.bits, task.precision
        lowers = [[lower_factor(rows(x), bits) for x in held] for held in (point.z, point.s)]
        if any(lower is None for held in lowers for lower in held):
            return None
        inner_z, inner_s = (
            [lower_inverse(lower, bits) for lower in held if lower is not None] for held in lowers
        )
        w = [product(held.transpose(), held, bits) for held in inner_s]
        defect = [task.slack(place, point.u) - s for place, s in enumerate(point.s)]
        wanted = task.products(point.z)
        residual = max((abs(c - v) for c, v in zip(task.cost, wanted, strict=True)), default=ZERO)
        lost = max((abs(value) for held in defect for value in held.entries()), default=ZERO)
        gap = sum((_inner(z, s) >> bits for z, s in zip(point.z, point.s, strict=True)), ZERO)
        solved = gap < fmpz(1) << (bits - precision.gap) and max(residual, lost) < fmpz(1) << (
            bits - precision.residual
        )
        held = Point(point.u, point.z, point.s, gap, residual, point.rounds, solved)
        return _Step(task, held, inner_z, inner_s, w, defect)

    def diverges(self) -> bool:
        """Return whether the multipliers are so large that the program has no point."""
        return any(
            value >> (self.task.bits + LARGE_BITS) for z in self.point.z for value in z.entries() if value > 0
        )

    def next(self) -> Point | None:
        """Return the next point, None if the equations of the step have no solution."""
        task, point, bits = self.task, self.point, self.task.bits
        equations = arb_mat(fmpz_mat(task.schur(self.w, point.z)))
        crossed = [halved(z, d, w, bits) for z, d, w in zip(point.z, self.defect, self.w, strict=True)]
        affine = self._direction(equations, ZERO, crossed, None)
        if affine is None:
            return None
        limit = 1 << COARSE
        step = min(self._reach(affine, limit))
        mean = self.point.gap // task.order
        # sigma is the square of what the affine step leaves, at least 1/10
        left = (1 << COARSE) - step
        sigma = max(left * left >> COARSE, (1 << COARSE) // 10)
        square = step * step >> COARSE
        second = [
            shifted(halved(dz, ds, w, bits) * square, COARSE)
            for dz, ds, w in zip(affine.z, affine.s, self.w, strict=True)
        ]
        found = self._direction(equations, mean * sigma >> COARSE, crossed, second)
        if found is None:
            return None
        steps = [min(limit, length * SHARE >> COARSE) for length in self._reach(found, 2 * limit)]
        if min(steps) < limit // 2:
            plain = self._direction(equations, mean * 7 // 10, crossed, None)
            if plain is not None:
                found = plain
                steps = [min(limit, length * SHARE >> COARSE) for length in self._reach(found, 2 * limit)]
        return self._moved(found, *steps) if min(steps) > limit >> LEAST_BITS else None

    def _direction(
        self, equations: arb_mat, mean: fmpz, crossed: list[fmpz_mat], second: list[fmpz_mat] | None
    ) -> _Direction | None:
        task, point, bits = self.task, self.point, self.task.bits
        aims = []
        for place, w in enumerate(self.w):
            aim = shifted(w * mean, bits) - crossed[place]
            aims.append(aim if second is None else aim - second[place])
        right = [c - v for c, v in zip(task.cost, task.products(aims), strict=True)]
        column = fmpz_mat(len(right), 1, [value << bits for value in right])
        try:
            answer = equations.solve(arb_mat(column), algorithm="approx").entries()
        except ZeroDivisionError:
            return None
        if not all(value.is_finite() for value in answer):
            return None
        du = [whole(value) for value in answer]
        ds, dz = [], []
        for place, w in enumerate(self.w):
            linear = -task.combined(place, du)
            ds.append(self.defect[place] + linear)
            moved = halved(point.z[place], linear, w, bits)
            dz.append(aims[place] - point.z[place] - moved)
        return _Direction(du, dz, ds)

    def _reach(self, held: _Direction, most: int) -> tuple[int, int]:
        """Return how far Z and S may go, over 2^COARSE."""
        bits = self.task.bits
        z = min(reach(inner, dz, bits, most) for inner, dz in zip(self.inner_z, held.z, strict=True))
        s = min(reach(inner, ds, bits, most) for inner, ds in zip(self.inner_s, held.s, strict=True))
        return z, s

    def _moved(self, held: _Direction, step_z: int, step_s: int) -> Point:
        point, whole = self.point, 1 << COARSE
        u = [value + (change * step_s >> COARSE) for value, change in zip(point.u, held.u, strict=True)]
        z = [old + shifted(new * step_z, COARSE) for old, new in zip(point.z, held.z, strict=True)]
        if step_s == whole:
            s = [self.task.slack(place, u) for place in range(len(self.task.blocks))]
        else:
            s = [old + shifted(new * step_s, COARSE) for old, new in zip(point.s, held.s, strict=True)]
        return Point(u, z, s, ZERO, ZERO, point.rounds + 1, False)


@dataclass(frozen=True, eq=False)
class _Direction:
    u: list[fmpz]
    z: list[fmpz_mat]
    s: list[fmpz_mat]


def _inner(left: fmpz_mat, right: fmpz_mat) -> fmpz:
    return sum((x * y for x, y in zip(left.entries(), right.entries(), strict=True)), ZERO)
