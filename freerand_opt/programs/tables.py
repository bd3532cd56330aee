"""Kept tables with rational entries, where these multiply masses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from freerand_opt.model.problem import Kept
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.rounding import round_down


def rational_table(test: Kept, bits: int, *, outward: bool) -> Kept:
    """Return a table with rational entries that allows at least (`outward`), or at most, what the test does.

    Entries move by less than 2^(1-bits), which the tolerance gains or loses.
    """
    if not any(isinstance(x, Real) for _, row in test.table for x in row):
        return test
    moved = Fraction(2, 2**bits) * (1 if outward else -1)
    table = tuple((s, tuple(round_down(x, bits) for x in row)) for s, row in test.table)
    return replace(test, table=table, tolerance=max(test.tolerance + moved, Fraction(0)))
