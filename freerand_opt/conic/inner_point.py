r"""Exact points whose right sides are irrational: a vertex for rounded ones, mixed with an interior point.

.. math:: (1 - \lambda) x_{\text{vertex}} + \lambda x_{\text{interior}}, \qquad \lambda = 2^{-64}, \dots

Rounding breaks degenerate rows by about as much as it moves the right sides; the interior point has room in
all.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from freerand_opt.conic.basis import basic_point, exact_point
from freerand_opt.conic.linear import Hint, LinearProgram, sharpened, solve
from freerand_opt.conic.sparse import sparse, stacked
from freerand_opt.numbers.rounding import round_down

BITS = 64


def inner_right(program: LinearProgram) -> list[Fraction] | None:
    """Return right sides, irrational ones rounded down; None for an irrational equality."""
    found = []
    for value, equal in zip(program.right, program.equal, strict=True):
        if not isinstance(value, Fraction):
            if equal:
                return None
            value = round_down(value, BITS)
        found.append(value)
    return found


def inner_point(program: LinearProgram, hint: Hint) -> list[Fraction] | None:
    """Return an exact point of the program from the solver's basis, repaired where needed.

    Return None if that fails.
    """
    right = inner_right(program)
    if right is None:
        return None
    x = exact_point(program, hint, right)
    if x is None:
        hint = sharpened(program, hint, right)
        x = exact_point(program, hint, right)
    if x is not None:
        return x
    x = basic_point(program, hint, right)
    inside = None if x is None else _interior(program, right)
    if x is None or inside is None:
        return None
    return _mixed(program, x, inside, right)


def _interior(program: LinearProgram, right: list[Fraction]) -> list[Fraction] | None:
    """Return a point with the largest margin in all inequalities, None if there is no margin."""
    rows, columns = program.matrix.shape
    body = sparse(
        (rows, columns + 1),
        [
            *program.matrix.entries(),
            *((row, columns, 1) for row, equal in enumerate(program.equal) if not equal),
        ],
    )
    margin = sparse((1, columns + 1), [(0, columns, 1)])
    wide = LinearProgram(
        stacked([body, margin]),
        (*program.equal, False),
        (*right, Fraction(1)),
        (*program.names, ("margin",)),
        {columns: Fraction(1)},
        (*(program.sizes or (0,) * columns), 0),
    )
    ends = [*right, Fraction(1)]
    hint = solve(wide)
    x = exact_point(wide, hint, ends)
    if x is None or x[columns] <= 0:
        x = exact_point(wide, sharpened(wide, hint, ends), ends)
    return None if x is None or x[columns] <= 0 else x[:columns]


def _mixed(
    program: LinearProgram, x: Sequence[Fraction], inside: Sequence[Fraction], right: Sequence[Fraction]
) -> list[Fraction] | None:
    """Return the mixture with the least weight of the interior point among powers of 2."""
    rows = program.matrix.shape[0]
    left, room = [Fraction(0)] * rows, [Fraction(0)] * rows
    for row, column, value in program.matrix.entries():
        left[row] += value * x[column]
        room[row] += value * inside[column]
    share = Fraction(0)
    for a, b, bound, equal in zip(left, room, right, program.equal, strict=True):
        if equal and a != bound:
            return None
        if a > bound and not equal:  # (1 - t) a + t b <= bound
            share = max(share, (a - bound) / (a - b))
    weight = Fraction(1, 2**BITS)
    while weight < share:
        weight *= 2
    return [(1 - weight) * a + weight * b for a, b in zip(x, inside, strict=True)] if weight <= 1 else None
