r"""Exact solutions of a program's equalities: x = x_0 + N u, and multipliers of the equalities from the rest.

.. math:: E x = e \iff x_j = \sum_i t_{ji} e_i + \sum_l N_{jl} u_l ,

by elimination over the rationals; right sides stay symbols. Columns that stand in few other rows are
eliminated first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq

from freerand_opt.programs.echelon import Echelon
from freerand_opt.programs.program import ConicProgram


@dataclass(frozen=True, eq=False)
class Affine:
    """`free` are columns of the program; `columns[j]` is x_j in these (by place), right sides apart.

    `pivots[j]` are the equality rows, with factors, that add up to x_j plus free columns: of their right
    sides the same sum is what x_j has beside free columns.
    """

    free: tuple[int, ...]
    columns: tuple[Mapping[int, fmpq], ...]
    pivots: Mapping[int, Mapping[int, fmpq]]

    def multipliers(self, cost: Sequence[fmpq]) -> dict[int, fmpq]:
        """Return y with E'y = cost on the eliminated columns; `cost` by column."""
        found: dict[int, fmpq] = {}
        for column, rows in self.pivots.items():
            if cost[column]:
                for row, factor in rows.items():
                    found[row] = found.get(row, 0) + cost[column] * factor
        return found


def affine(program: ConicProgram, more: Sequence[Mapping[int, fmpq]] = ()) -> Affine:
    """Return all solutions of the zero rows, and of `more` rows {column: factor} with right side 0.

    Rows of `more` have no multipliers: they may only be added where all optimal points may be averaged to
    satisfy them.
    """
    matrix, zero = program.matrix, program.zero_rows
    others = np.bincount(matrix[np.flatnonzero(~zero)].indices, minlength=program.shape[1])
    ranks = np.lexsort((-np.arange(program.shape[1]), -others)).argsort().tolist()
    held: Echelon[int, int] = Echelon(ranks.__getitem__, traced=True)
    for row in np.flatnonzero(zero).tolist():
        held.add({j: fmpq(v) for j, v in matrix.row(row)}, {row: fmpq(1)})
    for line in more:
        held.add(line, {})
    held.reduce()
    free = tuple(j for j in range(program.shape[1]) if j not in held.rows)
    place = {j: k for k, j in enumerate(free)}
    found = tuple(
        {place[j]: fmpq(1)}
        if j in place
        else {place[k]: -value for k, value in held.rows[j].items() if k != j}
        for j in range(program.shape[1])
    )
    return Affine(free, found, held.traces)


def to_fmpq(value: Fraction) -> fmpq:
    """Return a fraction of Python as one of flint."""
    return fmpq(value.numerator, value.denominator)
