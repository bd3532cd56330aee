"""More cells near a threshold: between neighbours on different sides of a number.

The cells of a row agree in all fields but one. Where two that are neighbours in it are on different
sides (proved to be at most c, attacked to more than c, or neither), the fraction with the smallest
denominator in the middle third between them is asked too, until they are close enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from freerand_opt.bounds.answers.result import Result
from freerand_opt.claims.verify import File, Instance
from freerand_opt.errors import InputError
from freerand_opt.model.files.file import Instance as Asks
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.model.tables.grid import Place
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.text import shown
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.rounding import simplest
from freerand_opt.runner.answer import Answer

#: What the cells of a row have in common: file, instance of the file, the other axes.
Row: TypeAlias = tuple[str, int, Place]
Cell: TypeAlias = tuple[Row, Fraction]


@dataclass(frozen=True)
class Refinement:
    """Neighbours in `field` on different sides of `crosses` come within `spacing` of each other.

    `crosses` is a number or an expression in the field, as text; None asks whether a strategy exists.
    """

    field: str
    spacing: Fraction
    crosses: str | None

    @classmethod
    def named(cls, words: str, crosses: str | None) -> Refinement:
        """Return what is written as ``source.epsilon=1/1000``; raise InputError otherwise."""
        field, equals, number = words.partition("=")
        try:
            spacing = exact(number, "--refine")
        except InputError:
            spacing = Fraction(0)
        if not equals or not isinstance(spacing, Fraction) or spacing <= 0:
            raise InputError("--refine", f"{shown(words)}: write field=spacing, as source.epsilon=1/1000")
        found = cls(field, spacing, crosses)
        found.limit(spacing)
        return found

    def limit(self, value: Fraction) -> Exact | None:
        """Return the number to cross where the field has a value, None for existence."""
        if self.crosses is None:
            return None
        return exact(self.crosses.replace(self.field, f"({value})"), "--crosses")

    def side(self, result: Result, value: Fraction) -> int:
        """Return -1 if an answer is proved to be at most the number (or none to exist), 1 if more, else 0."""
        limit = self.limit(value)
        if limit is None:
            return -1 if result.impossible else 1 if str(result) == "exists" else 0
        lower, upper = result.bracket.lower, result.bracket.upper
        if upper is not None and compare(upper, limit) <= 0:
            return -1
        return 1 if lower is not None and compare(lower, limit) > 0 else 0

    def require(self, file: File) -> None:
        """Raise InputError if a file's cells have no such axis, or their answers no sides."""
        for instance in file.instances:
            if not isinstance(instance, Asks) or instance.threshold is not None:
                raise InputError(
                    "--refine", f"{file.name} {instance.name}: a threshold or computation has no sides"
                )
            if self.field not in dict(instance.at):
                raise InputError(
                    "--refine", f"{file.name} has no axis {self.field}; give one, as {self.field}=0:1/5:1/20"
                )
            existence = instance.question.ask.quantity == STRATEGY
            if existence != (self.crosses is None):
                of_no_use = "is of no use where a strategy is asked for"
                words = of_no_use if existence else "is needed: the number to cross"
                raise InputError("--crosses", f"{words} ({file.name})")

    def wanted(self, answers: Iterable[Answer]) -> set[Cell]:
        """Return the cells that are asked for beside those that are answered, by row and value."""
        rows: dict[Row, list[tuple[Fraction, int]]] = {}
        for one in answers:
            if not isinstance(one.result, Result) or (one.result.impossible and self.crosses is not None):
                continue
            row, value = _cell(one.file, one.instance, self.field)
            rows.setdefault(row, []).append((value, self.side(one.result, value)))
        cells = set()
        for row, points in rows.items():
            points.sort()
            for (low, first), (high, second) in pairwise(points):
                if first != second and high - low > self.spacing:
                    third = (high - low) / 3
                    cells.add((row, simplest(low + third, high - third)))
        return cells


def _cell(file: File, instance: Instance, field: str) -> Cell:
    value = exact(dict(instance.at)[field], field)
    if not isinstance(value, Fraction):
        raise InputError("--refine", f"{field} = {value} is irrational; only rational values can be refined")
    return (str(file.path), instance.variant, tuple(pair for pair in instance.at if pair[0] != field)), value


def merged(file: File, more: File, field: str) -> File:
    """Return a file with the cells of another, row by row, each row in the order of the field's values."""
    places = [(_cell(file, instance, field), instance) for instance in (*file.instances, *more.instances)]
    order = {row: k for k, row in enumerate(dict.fromkeys(row for (row, _), _ in places))}
    places.sort(key=lambda item: (order[item[0][0]], item[0][1]))
    return replace(file, instances=tuple(instance for _, instance in places))


def is_wanted(cells: set[Cell], path: Path, field: str, variant: int, at: Place) -> bool:
    """Return whether a cell, by its variant and place, is one of those that are asked for."""
    rest = tuple(pair for pair in at if pair[0] != field)
    return ((str(path), variant, rest), exact(dict(at)[field], field)) in cells
