"""Numbers of settings and outcomes, and the digits of joint indices (party A slowest)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod


@dataclass(frozen=True)
class Shape:
    """Numbers of settings and of outcomes by party."""

    settings: tuple[int, ...]
    outcomes: tuple[int, ...]

    @property
    def count(self) -> tuple[int, int]:
        """Return the numbers of joint settings and of joint outcomes."""
        return prod(self.settings), prod(self.outcomes)

    @cached_property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """Return the parties' settings of each joint setting."""
        return tuple(product(*map(range, self.settings)))

    @cached_property
    def results(self) -> tuple[tuple[int, ...], ...]:
        """Return the parties' outcomes of each joint outcome."""
        return tuple(product(*map(range, self.outcomes)))

    def parts(self, of: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """Return the outcomes of some parties for each joint outcome."""
        return tuple(tuple(outcome[p] for p in of) for outcome in self.results)
