"""Rows over carriers of boxes at nodes of a source: functionals of P(o, s), and of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, Protocol

from freerand_opt.checker.vectors import over
from freerand_opt.model.problem import Problem
from freerand_opt.programs.source_cone import Cone


class Carriers(Protocol):
    """What a carrier is: how many there are, their columns at a node, and P(o|s) in these."""

    @property
    def carriers(self) -> int:
        """Return the number of carriers."""

    @property
    def width(self) -> int:
        """Return the number of columns of a carrier at a node."""

    def value(self, carrier: int, s: int, f: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Return sum of f[o] P(o|s) as factors of the carrier's columns."""

    def word(self, carrier: int, name: str) -> dict[int, Fraction]:
        """Return the real mean of a product of operators as factors of the carrier's columns."""


class Assembly:
    """Rows and objective of a program over carriers and nodes."""

    def __init__(self, problem: Problem, cone: Cone, space: Carriers) -> None:
        self.problem, self.cone, self.space = problem, cone, space
        self.columns = space.carriers * cone.nodes * space.width
        self.at: list[list[tuple[int, Fraction]]] = [[] for _ in range(problem.shape[0])]
        for s, node, value in cone.masses.entries():
            self.at[s].append((node, value))
        self.unit = lcm(1, *(value.denominator for value in cone.masses.palette))
        self.whole = [[(node, over(value, self.unit)) for node, value in at] for at in self.at]

    def row(
        self, f: dict[int, dict[int, Fraction]], constants: dict[int, Fraction] | None = None
    ) -> dict[int, Fraction]:
        """Return sum over s, o of f[s][o] P(o, s) + constants[s] P(s), over all carriers."""
        rows = [*f.values(), constants or {}]
        unit = lcm(1, *(x.denominator for row in rows for x in row.values()))
        whole = {s: {o: over(x, unit) for o, x in row.items()} for s, row in f.items()}
        added = {s: over(x, unit) for s, x in (constants or {}).items()}
        total: dict[int, Any] = {}
        for carrier in range(self.space.carriers):
            self._add(total, carrier, whole, added, self.whole)
        return {column: Fraction(value, unit * self.unit) for column, value in total.items() if value}

    def words(self, words: Sequence[tuple[str, Fraction]]) -> dict[int, Fraction]:
        """Return sum over w of P(w) times the functional of words, over all carriers."""
        total: dict[int, Fraction] = {}
        for name, factor in words:
            for carrier in range(self.space.carriers):
                for place, share in self.space.word(carrier, name).items():
                    for at in self.at:
                        for node, mass in at:
                            column = (carrier * self.cone.nodes + node) * self.space.width + place
                            total[column] = total.get(column, Fraction(0)) + factor * share * mass
        return {column: value for column, value in total.items() if value}

    def add(
        self,
        total: dict[int, Fraction],
        carrier: int,
        f: dict[int, dict[int, Fraction]],
        constants: dict[int, Fraction],
    ) -> None:
        """Add a carrier's part of a functional."""
        self._add(total, carrier, f, constants, self.at)

    def _add(
        self,
        total: dict[int, Any],
        carrier: int,
        f: Mapping[int, Mapping[int, Any]],
        constants: Mapping[int, Any],
        masses: Sequence[Sequence[tuple[int, Any]]],
    ) -> None:
        """Add it in fractions, or all in integers, which is sooner done."""
        for s in {**f, **constants}:
            factors = self.space.value(carrier, s, f.get(s, {}))
            if constants.get(s):
                factors[0] = factors.get(0, 0) + constants[s]
            for node, mass in masses[s]:
                start = (carrier * self.cone.nodes + node) * self.space.width
                for place, value in factors.items():
                    before, share = total.get(start + place), mass * value
                    total[start + place] = share if before is None else before + share
