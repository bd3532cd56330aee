"""Grids: products of the values of several fields of a question, each cell with its tables and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from numbers import Number
from typing import Any, TypeAlias

import msgspec

from freerand_opt.errors import InputError
from freerand_opt.model.tables.text import inline, kind, shown
from freerand_opt.model.tables.values import steps, values_of, with_values

DEVICES, LEVEL = "adversary.devices", "adversary.level"
#: Where a cell is: the fields of its axes and their values, an integer or what the value is called.
Place: TypeAlias = tuple[tuple[str, int | str], ...]


class Cell(msgspec.Struct, frozen=True):
    """One cell of a grid: its label and place, the tables of its question, whether it ends all axes.

    In a table with a column for each named alternative, `row` and `column` are its place.
    """

    label: str
    at: Place
    body: dict[str, Any]
    corner: bool
    row: str
    column: str


class Grid(msgspec.Struct, frozen=True):
    """The product of a question's axes; `axes` are the values of each field, `names` what they are called."""

    body: dict[str, Any]
    axes: dict[str, Sequence[Any]]
    names: dict[str, list[str]]
    overridden: frozenset[str]

    @property
    def size(self) -> int:
        """Return the number of cells."""
        return prod(len(values) for values in self.axes.values())

    def word(self, axis: str) -> str:
        """Return what an axis is called in labels: its last key, or its path if two axes have the same."""
        last = axis.rpartition(".")[2]
        return axis if sum(other.rpartition(".")[2] == last for other in self.axes) > 1 else last

    def cell(self, place: int) -> Cell:
        """Return the cell with a number from 0 on; the last axis runs fastest."""
        choice: dict[str, int] = {}
        for axis, values in reversed(self.axes.items()):
            place, choice[axis] = divmod(place, len(values))
        choice = {axis: choice[axis] for axis in self.axes}
        body = with_values(self.body, {axis: self.axes[axis][k] for axis, k in choice.items()})
        at, words = [], {}
        for axis, k in choice.items():
            value = self.axes[axis][k]
            name = self.names[axis][k] if axis in self.names else ""
            at.append((axis, value if type(value) is int else name or inline(value)))
            if axis not in self.overridden or len(self.axes[axis]) > 1:
                words[axis] = name or f"{self.word(axis)}={inline(value)}"
        ends = all(
            self.axes[axis][k] in (self.axes[axis][0], self.axes[axis][-1]) for axis, k in choice.items()
        )
        across = next(reversed(self.names), "")
        row = " ".join(word for axis, word in words.items() if axis != across)
        return Cell(
            " ".join(words.values()), tuple(at), self._levelled(body), ends, row, words.get(across, "")
        )

    def _levelled(self, cell: dict[str, Any]) -> dict[str, Any]:
        """Leave the level of a question about quantum devices out of cells with other devices.

        A grid of a file that has no quantum cell gives a level for nothing, which stays an error.
        """
        written, adversary = self.body.get("adversary"), cell.get("adversary")
        if DEVICES not in self.axes or LEVEL in self.axes:
            return cell
        if (
            not (isinstance(written, dict) and isinstance(adversary, dict))
            or written.get("devices") != "quantum"
        ):
            return cell
        if adversary["devices"] == "quantum":
            return cell
        if "quantum" not in self.axes[DEVICES] and DEVICES not in self.overridden:
            return cell
        return {**cell, "adversary": {key: value for key, value in adversary.items() if key != "level"}}


def grid(body: Mapping[str, Any], axes: Mapping[str, Any]) -> Grid:
    """Return the grid of a question's tables; `axes` replace those of its table `grid`, or add some.

    An axis is a list, an array, or a text (`values.values_of`); in a file also a table of alternatives by
    name.
    """
    given = body.get("grid", {})
    if not isinstance(given, Mapping):
        raise InputError("grid", f"{shown(given)} is {kind(given)}; a table is needed")
    names = {key: list(value) for key, value in given.items() if _alternatives(value) and key not in axes}
    found: dict[str, Sequence[Any]] = {
        key: list(value.values()) if _alternatives(value) else values_of(value, f'grid."{key}"')
        for key, value in given.items()
    }
    found |= {
        key: values_of([value] if isinstance(value, Number) else value, key) for key, value in axes.items()
    }
    for key in found:
        steps(key)
    rest = {key: value for key, value in body.items() if key != "grid"}
    return Grid(rest, found, names, frozenset(axes))


def _alternatives(value: object) -> bool:
    """Return whether a grid's field has tables by name instead of a list of values."""
    return isinstance(value, Mapping) and bool(value) and all(isinstance(v, Mapping) for v in value.values())
