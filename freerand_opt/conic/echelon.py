"""Sparse rows of fractions in echelon form by an order of columns, and the rows they are combinations of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from flint import fmpq

C = TypeVar("C", bound=Hashable)
T = TypeVar("T", bound=Hashable)


@dataclass
class Echelon(Generic[C, T]):
    """Rows {column: fraction} with distinct pivots: each the largest column of its row, of factor 1.

    `order` compares columns. `traces[p]` says of which given rows the row with pivot p is a combination; kept
    only with `traced`. What is at most `least` in a row is noise, and dropped before a pivot is chosen.
    """

    order: Callable[[C], Any]
    traced: bool = False
    rows: dict[C, dict[C, fmpq]] = field(default_factory=dict)
    traces: dict[C, dict[T, fmpq]] = field(default_factory=dict)
    least: fmpq | None = None

    def add(self, row: Mapping[C, fmpq], trace: Mapping[T, fmpq] | None = None) -> C | None:
        """Add a row; return its pivot, or None if it depends on the others."""
        left, origin = dict(row), dict(trace or {})
        while left:
            if self.least is not None:
                left = {column: value for column, value in left.items() if abs(value) > self.least}
                if not left:
                    break
            pivot = max(left, key=self.order)
            known = self.rows.get(pivot)
            if known is None:
                break
            self._subtract(left, origin, pivot, known)
        if not left:
            return None
        unit = 1 / left[pivot]
        self.rows[pivot] = left if unit == 1 else {column: value * unit for column, value in left.items()}
        if self.traced:
            self.traces[pivot] = {name: value * unit for name, value in origin.items()}
        return pivot

    def _subtract(
        self, left: dict[C, fmpq], origin: dict[T, fmpq], pivot: C, known: Mapping[C, fmpq]
    ) -> None:
        factor = left[pivot]
        subtract(left, known, factor)
        if self.traced:
            subtract(origin, self.traces[pivot], factor)

    def reduce(self) -> None:
        """Free every row of the pivots of all others."""
        for pivot in sorted(self.rows, key=self.order):
            row, origin = self.rows[pivot], self.traces.get(pivot, {})
            for column in self._known(row, pivot):
                self._subtract(row, origin, column, self.rows[column])

    def _known(self, row: Mapping[C, fmpq], pivot: C) -> Iterator[C]:
        # rows with smaller pivots are free of pivots already, so none comes in anew
        return iter([column for column in row if column != pivot and column in self.rows])


def subtract(left: dict[C, fmpq], row: Mapping[C, fmpq], factor: fmpq) -> None:
    """Subtract a multiple of a row from another, in place; zeros go."""
    for column, value in row.items():
        new = left.get(column, 0) - factor * value
        if new:
            left[column] = new
        else:
            left.pop(column, None)
