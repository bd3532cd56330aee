"""What a solver of conic programs says: a hint, in floats, or exact numbers that are nearly optimal."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from freerand_opt.conic.sparse import Floats

Status: TypeAlias = Literal["optimal", "infeasible", "unbounded", "stopped"]


@dataclass(frozen=True)
class Factor:
    """Rows of integers; the multipliers of a matrix are Z = L L' / 4^bits, so Z is semidefinite."""

    rows: tuple[tuple[int, ...], ...]
    bits: int


@dataclass(frozen=True)
class Dual:
    """Exact multipliers of linear rows (0 left out, those of inequalities positive), and factors."""

    values: dict[int, Fraction]
    factors: tuple[Factor, ...]


@dataclass(frozen=True, eq=False)
class Solution:
    """A point x, and multipliers: of all rows in floats, in the order of `conic.program`, or exact ones.

    `status` says why the solver stopped; nothing rests on it.
    """

    status: Status
    solver: str
    x: Floats
    multipliers: Floats | Dual
