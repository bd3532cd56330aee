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
        masses = cone.masses
        self.unit = lcm(1, *(value.denominator for value in masses.palette))
        # masses as fractions and in units, and which of them a node has at each setting
        self.masses, self.whole = masses.palette, [over(value, self.unit) for value in masses.palette]
        self.coded: list[list[tuple[int, int]]] = [[] for _ in range(problem.shape[0])]
        for s, node, code in zip(
            masses.rows.tolist(), masses.columns.tolist(), masses.codes.tolist(), strict=True
        ):
            self.coded[s].append((node, code))

    def at(self, s: int) -> list[tuple[int, Fraction]]:
        """Return the nodes with a mass at a setting, and the masses."""
        return [(node, self.masses[code]) for node, code in self.coded[s]]

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
                    for at in self.coded:
                        for node, code in at:
                            column = (carrier * self.cone.nodes + node) * self.space.width + place
                            more = factor * share * self.masses[code]
                            total[column] = total.get(column, Fraction(0)) + more
        return {column: value for column, value in total.items() if value}

    def add(
        self,
        total: dict[int, Fraction],
        carrier: int,
        f: dict[int, dict[int, Fraction]],
        constants: dict[int, Fraction],
    ) -> None:
        """Add a carrier's part of a functional."""
        self._add(total, carrier, f, constants, self.masses)

    def _add(
        self,
        total: dict[int, Any],
        carrier: int,
        f: Mapping[int, Mapping[int, Any]],
        constants: Mapping[int, Any],
        masses: Sequence[Any],
    ) -> None:
        """Add it in fractions, or all in integers, which is sooner done."""
        for s in {**f, **constants}:
            factors = self.space.value(carrier, s, f.get(s, {}))
            if constants.get(s):
                factors[0] = factors.get(0, 0) + constants[s]
            for node, code in self.coded[s]:
                start = (carrier * self.cone.nodes + node) * self.space.width
                for place, value in factors.items():
                    before, share = total.get(start + place), masses[code] * value
                    total[start + place] = share if before is None else before + share
