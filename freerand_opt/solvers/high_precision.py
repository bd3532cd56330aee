"""Semidefinite programs to some eighteen digits, in integers: multipliers are the same on every machine.

The work grows with the square of the number of free columns (`solvers.free_form`), so that larger
programs are left to solvers in floats (`solvers.interior` has the method).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flint import fmpq, fmpz, fmpz_mat

from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution
from freerand_opt.solvers import interior
from freerand_opt.solvers.fixed_point import Rows, lower_factor, rows
from freerand_opt.solvers.free_form import MAX_FREE, MAX_SIZE, exact_dual, free_form, primal
from freerand_opt.solvers.interior import Precision

__all__ = ["MAX_FREE", "MAX_SIZE", "rounded_factor", "solve"]
#: Bits of the factors of matrices, and of the multipliers of linear rows, and what they are computed with.
FACTOR_BITS = 60
USUAL = Precision(bits=192, gap=60, residual=80)


def solve(
    program: ConicProgram, *, time_limit: float | None = None, more: Sequence[Mapping[int, fmpq]] = ()
) -> Solution | None:
    """Solve a program with matrices; `time_limit` in seconds.

    `more` are equalities that hold for averages over symmetries. Return None for a program that is too
    large, has a column without bounds in its blocks, or whose steps have no solution.
    """
    form = free_form(program, USUAL.bits, more) if program.sizes else None
    point = None if form is None else interior.solve(form.blocks, form.cost, time_limit, USUAL)
    if form is None or point is None:
        return None
    signed: dict[int, int] = {}
    factors: list[Rows] = []
    for block, span, z in zip(form.blocks, form.places, point.z, strict=True):
        if span[0] < program.linear:
            signed[span[0]] = int(z[0, 0] >> (form.bits + block.scale - FACTOR_BITS))
        else:
            factors.append(rounded_factor(z, form.bits, block.scale))
    return Solution(
        "optimal" if point.solved else "stopped",
        "high precision",
        primal(form, point.u),
        exact_dual(program, form, signed, factors, FACTOR_BITS),
    )


def rounded_factor(z: fmpz_mat, bits: int, scale: int) -> Rows:
    """Return the factor of Z / 2^scale over 2^FACTOR_BITS, Z over 2^bits; scale is even."""
    lower = lower_factor(rows(z), bits)
    assert lower is not None  # the point has a factor, or its step would not have been made
    drop = bits + scale // 2 - FACTOR_BITS
    half = fmpz(1) << (drop - 1)
    return [[(value + half) >> drop for value in row] for row in lower]
