r"""Exact points whose right sides are irrational: a vertex for rounded ones, mixed with an interior point.

.. math:: (1 - \lambda) x_{\text{vertex}} + \lambda x_{\text{interior}}, \qquad \lambda = 2^{-128}, \dots

Rounding breaks degenerate rows by about as much as it moves the right sides; the interior point has room in
all inequalities, and both meet the equalities, whose right sides are rational, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from freerand_opt.conic.basis import basic_point, exact_point
from freerand_opt.conic.linear import Hint, LinearProgram, sharpened, solve
from freerand_opt.conic.sparse import sparse, stacked
from freerand_opt.numbers.rounding import round_down

BITS = 128
#: More equalities than these are not met by elimination.
MOST_EQUALITIES = 2000


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
    x = None if x is None else _met(program, x, right)
    inside = None if x is None else _interior(program, right)
    return None if x is None or inside is None else _mixed(program, x, inside, right)


def _met(program: LinearProgram, x: list[Fraction], right: Sequence[Fraction]) -> list[Fraction] | None:
    """Return a point near x that meets all equalities; None if there is none, or they are too many."""
    left = program.matrix.applied(x)
    missed = {k: b - a for k, (a, b) in enumerate(zip(left, right, strict=True)) if program.equal[k]}
    if not any(missed.values()):
        return x
    if len(missed) > MOST_EQUALITIES:
        return None
    from flint import fmpq  # of most programs nothing is missed

    from freerand_opt.conic.affine import to_fmpq, to_fraction
    from freerand_opt.conic.echelon import Echelon

    rows: dict[int, dict[int, fmpq]] = {k: {-1: to_fmpq(gap)} for k, gap in missed.items()}
    for row, column, value in program.matrix.entries():
        if row in rows:
            rows[row][column] = to_fmpq(Fraction(value))
    held: Echelon[int, int] = Echelon(int)
    for line in rows.values():
        held.add({column: value for column, value in line.items() if value})
    if -1 in held.rows:
        return None
    held.reduce()
    return [
        value + to_fraction(held.rows[k].get(-1, fmpq(0))) if k in held.rows else value
        for k, value in enumerate(x)
    ]


def _interior(program: LinearProgram, right: list[Fraction]) -> list[Fraction] | None:
    """Return a point with room in all inequalities, by the largest margin; None if none is found."""
    rows, columns = program.matrix.shape
    full = sorted({row for row, _, _ in program.matrix.entries() if not program.equal[row]})
    body = sparse((rows, columns + 1), [*program.matrix.entries(), *((row, columns, 1) for row in full)])
    margin = sparse((1, columns + 1), [(0, columns, 1)])
    wide = LinearProgram(
        stacked([body, margin]),
        (*program.equal, False),
        (*right, Fraction(1)),
        (*program.names, ("margin",)),
        {columns: Fraction(1)},
        (*(program.sizes or (0,) * columns), 0),
    )
    # its own vertex may break degenerate rows by their rounding, but not by the margin, which may be small
    x = basic_point(wide, sharpened(wide, solve(wide), [*right, Fraction(1)]), [*right, Fraction(1)])
    return None if x is None else _met(program, x[:columns], right)


def _mixed(
    program: LinearProgram, x: Sequence[Fraction], inside: Sequence[Fraction], right: Sequence[Fraction]
) -> list[Fraction] | None:
    """Return the mixture with the least weight of the interior point among powers of 2."""
    share = Fraction(0)
    for a, b, bound, equal in zip(
        program.matrix.applied(x), program.matrix.applied(inside), right, program.equal, strict=True
    ):
        if b > bound or (equal and (a != bound or b != bound)):
            return None
        if a > bound:  # (1 - t) a + t b <= bound
            share = max(share, (a - bound) / (a - b))
    weight = Fraction(1, 2**BITS)
    while weight < share:
        weight *= 2
    return [(1 - weight) * a + weight * b for a, b in zip(x, inside, strict=True)] if weight <= 1 else None
