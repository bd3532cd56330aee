"""Grids: products of lists and ranges over the fields of a question file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.first.spec.fields import Fields, kind, number, shown

MAX_INSTANCES = 10_000
DEVICES, LEVEL = "adversary.devices", "adversary.level"


def values_of(source: object, path: str) -> list[Any]:
    """Return the values of a list, or of a text: ``a : b : step`` (b included) or ``a, b, c``."""
    if isinstance(source, list):
        if not source:
            raise InputError(path, "[] has no values; leave the field out, or give it one")
        return source
    if type(source) is str and ":" in source:
        ends = [number(part.strip(), path) for part in source.split(":")]
        fractions = [end for end in ends if isinstance(end, Fraction)]
        if len(ends) != 3 or len(fractions) != 3 or fractions[2] <= 0:
            raise InputError(
                path,
                f"{shown(source)} is no range; write first : last : step with rational numbers, step > 0",
            )
        first, last, step = fractions
        if last < first:
            raise InputError(path, f"{shown(source)} is an empty range; first <= last is needed")
        count = int((last - first) / step)
        if count >= MAX_INSTANCES:
            raise InputError(path, f"{shown(source)} has more than {MAX_INSTANCES} values")
        return [_plain(first + step * k) for k in range(count + 1)]
    if type(source) is str:
        return [part.strip() for part in source.split(",")]
    hint = '; write the name of a field in quotes, as "source.epsilon"' if isinstance(source, dict) else ""
    raise InputError(
        path,
        f'{shown(source)} is {kind(source)}; a list, or a range such as "0 : 1/5 : 1/100", is needed{hint}',
    )


def _plain(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else str(value)


#: Where a cell is: the fields of its axes and their values, a number as it was written or a name.
Place: TypeAlias = tuple[tuple[str, int | str], ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a grid: its label and place, the tables of its question, whether it ends all axes.

    In a table with a column for each named alternative, `row` and `column` are its place.
    """

    label: str
    at: Place
    body: dict[str, Any]
    corner: bool
    row: str
    column: str


@dataclass(frozen=True)
class Grid:
    """The product of a file's axes; `axes` are the values of each field, `names` what they are called."""

    body: dict[str, Any]
    axes: dict[str, list[Any]]
    names: dict[str, list[str]]
    overridden: frozenset[str]

    @property
    def size(self) -> int:
        """Return the number of cells."""
        return prod(len(values) for values in self.axes.values())

    def cell(self, place: int) -> Cell:
        """Return the cell with a number from 0 on; the last axis runs fastest."""
        choice: dict[str, int] = {}
        for axis, values in reversed(self.axes.items()):
            place, choice[axis] = divmod(place, len(values))
        choice = {axis: choice[axis] for axis in self.axes}
        body, at, words = self.body, [], {}
        for axis, k in choice.items():
            value = self.axes[axis][k]
            body = _set(body, axis, value)
            name = self.names[axis][k] if axis in self.names else None
            at.append((axis, value if type(value) is int else name or str(value)))
            if axis not in self.overridden or len(self.axes[axis]) > 1:
                words[axis] = name or f"{axis.rsplit('.', 1)[-1]}={value}"
        body = _levelled(body, self)
        ends = all(
            self.axes[axis][k] in (self.axes[axis][0], self.axes[axis][-1]) for axis, k in choice.items()
        )
        across = next(reversed(self.names), "")
        row = " ".join(word for axis, word in words.items() if axis != across)
        return Cell(" ".join(words.values()), tuple(at), body, ends, row, words.get(across, ""))


def grid(body: Mapping[str, Any], overrides: Mapping[str, str]) -> Grid:
    """Return the grid of a file's tables, where `overrides` replace axes or add some."""
    given = Fields(body, "").get("grid", dict, {})
    names = {
        key: list(value) for key, value in given.items() if _alternatives(value) and key not in overrides
    }
    axes: dict[str, list[Any]] = {
        key: list(value.values()) if _alternatives(value) else values_of(value, f'grid."{key}"')
        for key, value in given.items()
    }
    axes |= {key: [_typed(value) for value in values_of(text, key)] for key, text in overrides.items()}
    rest = {key: value for key, value in body.items() if key != "grid"}
    return Grid(rest, axes, names, frozenset(overrides))


def _levelled(cell: dict[str, Any], grid: Grid) -> dict[str, Any]:
    """Leave the level of a file about quantum devices out of cells with other devices.

    A file whose own grid has no quantum cell gives a level for nothing, which stays an error.
    """
    written, adversary = grid.body.get("adversary"), cell.get("adversary")
    if DEVICES not in grid.axes or LEVEL in grid.axes:
        return cell
    if not (isinstance(written, dict) and isinstance(adversary, dict)) or written.get("devices") != "quantum":
        return cell
    if adversary["devices"] == "quantum":
        return cell
    if "quantum" not in grid.axes[DEVICES] and DEVICES not in grid.overridden:
        return cell
    return {**cell, "adversary": {key: value for key, value in adversary.items() if key != "level"}}


def _alternatives(value: object) -> bool:
    """Return whether a grid's field has tables by name instead of a list of values."""
    return isinstance(value, dict) and bool(value) and all(isinstance(v, dict) for v in value.values())


def _typed(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,100}", value) else value


def _set(body: Mapping[str, Any], field: str, value: object, above: str = "") -> dict[str, Any]:
    first, _, rest = field.partition(".")
    if not rest:
        return {**body, first: value}
    inner = body.get(first, {})
    if not isinstance(inner, dict):
        raise InputError(
            above + first, f"{shown(inner)} is {kind(inner)}; a field of it ({rest}) cannot be set"
        )
    return {**body, first: _set(inner, rest, value, f"{above}{first}.")}


def assignments(words: list[str]) -> dict[str, str]:
    """Return {field: text} from words such as ``source.epsilon=1/20``; raise InputError otherwise."""
    overrides = {}
    for word in words:
        field, equals, value = word.partition("=")
        if not equals or not field or not value:
            raise InputError(word, "fields are set as field=value, for example source.epsilon=1/20")
        overrides[field] = value
    return overrides
