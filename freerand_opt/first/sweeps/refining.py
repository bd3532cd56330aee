"""More cells near a threshold: between neighbours on different sides of a number.

The cells of a row agree in all fields but one. Where two that are neighbours in it are on different
sides (proved to be at most c, attacked to more than c, or neither), the fraction with the smallest
denominator in the middle third between them is asked too, until they are close enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from freerand_opt.errors import InputError
from freerand_opt.first.answers.threshold import side, simplest
from freerand_opt.first.answers.verification import Verification
from freerand_opt.first.model.question import Threshold
from freerand_opt.first.model.variation import limit
from freerand_opt.first.spec.fields import Fields
from freerand_opt.first.spec.file import Instance, QuestionFile
from freerand_opt.first.spec.grids import Place
from freerand_opt.first.spec.thresholds import crossed
from freerand_opt.numbers.parse import parse


@dataclass(frozen=True)
class Refinement:
    """Neighbours in `field` on different sides of `crosses` come within `spacing` of each other.

    `crosses` is a number or an expression in the field; None asks whether a strategy exists.
    """

    field: str
    spacing: Fraction
    crosses: Threshold

    @classmethod
    def named(cls, words: str, crosses: str | None) -> Refinement:
        """Return what is written as ``source.epsilon=1/1000``; raise InputError otherwise."""
        field, equals, number = words.partition("=")
        try:
            spacing = parse(number)
        except ValueError:
            spacing = Fraction(0)
        if not equals or not isinstance(spacing, Fraction) or spacing <= 0:
            raise InputError("--refine", f"{words!r}: write field=spacing, as source.epsilon=1/1000")
        found = None if crosses is None else crossed(Fields({"crosses": crosses}, ""), field, {})
        return cls(field, spacing, Threshold(field, (Fraction(0), Fraction(0)), spacing, found))

    def require(self, file: QuestionFile) -> None:
        """Raise InputError if a file's cells have no such axis, or their answers no sides."""
        for instance in file.instances:
            if instance.question is None or instance.threshold is not None:
                raise InputError(
                    "--refine", f"{file.name} {instance.name}: a threshold or computation has no sides"
                )
            if self.field not in dict(instance.at):
                raise InputError(
                    "--refine", f"{file.name} has no axis {self.field}; give one, as {self.field}=0:1/5:1/20"
                )
            existence = instance.question.ask.quantity == "strategy"
            if existence != (self.crosses.crosses is None):
                words = (
                    "is of no use where a strategy is asked for"
                    if existence
                    else "is needed: the number to cross"
                )
                raise InputError("--crosses", f"{words} ({file.name})")


Row = tuple[str, int, Place]


def _row(file: QuestionFile, instance: Instance, field: str) -> tuple[Row, Fraction]:
    """Return (what the cells of its row have in common, its value of the field)."""
    value = parse(dict(instance.at)[field])
    if not isinstance(value, Fraction):
        raise InputError("--refine", f"{field} = {value} is irrational; only rational values can be refined")
    return (str(file.path), instance.variant, tuple(pair for pair in instance.at if pair[0] != field)), value


def wanted(answers: Iterable[Verification], rule: Refinement) -> set[tuple[Row, Fraction]]:
    """Return the cells that the rule asks for beside those that are answered, by row and value."""
    rows: dict[Row, list[tuple[Fraction, int]]] = {}
    for found in answers:
        if found.result.notes or found.impossible:
            continue
        row, value = _row(found.file, found.instance, rule.field)
        rows.setdefault(row, []).append((value, side(found.result, limit(rule.crosses, value))))
    cells = set()
    for row, points in rows.items():
        points.sort()
        for (low, first), (high, second) in pairwise(points):
            if first != second and high - low > rule.spacing:
                third = (high - low) / 3
                cells.add((row, between(low + third, high - third)))
    return cells


def between(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction with the least denominator in [low, high], of any sign."""
    if low <= 0 <= high:
        return Fraction(0)
    return simplest(low, high) if low > 0 else -simplest(-high, -low)


def merged(file: QuestionFile, more: QuestionFile, field: str) -> QuestionFile:
    """Return a file with the cells of another, row by row, each row in the order of the field's values."""
    places = [(_row(file, instance, field), instance) for instance in (*file.instances, *more.instances)]
    order = {row: k for k, row in enumerate(dict.fromkeys(row for (row, _), _ in places))}
    places.sort(key=lambda item: (order[item[0][0]], item[0][1]))
    return replace(file, instances=tuple(instance for _, instance in places))


def is_wanted(cells: set[tuple[Row, Fraction]], path: Path, field: str, variant: int, at: Place) -> bool:
    """Return whether a cell, by its variant and place, is one of those that are asked for."""
    rest = tuple(pair for pair in at if pair[0] != field)
    return ((str(path), variant, rest), parse(dict(at)[field])) in cells
