"""Grids: products of lists and ranges over the fields of a question file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.spec.fields import Fields, kind, number, shown

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


@dataclass(frozen=True)
class Cell:
    """One cell of a grid: its label, the tables of its question, whether it is at the ends of all axes.

    In a table with a column for each named alternative, `row` and `column` are its place.
    """

    label: str
    body: dict[str, Any]
    corner: bool
    row: str
    column: str


def cells(body: Mapping[str, Any], overrides: Mapping[str, str], most: int) -> Iterator[Cell]:
    """Yield each of at most `most` cells of the product of the grid's fields."""
    grid = Fields(body, "").get("grid", dict, {})
    named = {key: list(value) for key, value in grid.items() if _alternatives(value)}
    axes: dict[str, list[Any]] = {
        key: list(value.values()) if key in named else values_of(value, f'grid."{key}"')
        for key, value in grid.items()
    }
    axes |= {key: [_typed(value) for value in values_of(text, key)] for key, text in overrides.items()}
    count = prod(len(values) for values in axes.values())
    if count > most:
        raise InputError(
            "grid", f"has {count} cells; a file has at most {MAX_INSTANCES}, its instances counted"
        )
    across = next((axis for axis in reversed(named) if axis not in overrides), None)
    rest = {key: value for key, value in body.items() if key != "grid"}
    for choice in product(*axes.values()):
        cell = rest
        for field, value in zip(axes, choice, strict=True):
            cell = _set(cell, field, value)
        cell = _levelled(cell, body, axes)
        words = {
            axis: named[axis][axes[axis].index(value)]
            if axis in named and axis not in overrides
            else f"{axis.rsplit('.', 1)[-1]}={value}"
            for axis, value in zip(axes, choice, strict=True)
            if axis not in overrides or len(axes[axis]) > 1
        }
        ends = all(value in (axes[axis][0], axes[axis][-1]) for axis, value in zip(axes, choice, strict=True))
        row = " ".join(word for axis, word in words.items() if axis != across)
        yield Cell(" ".join(words.values()), cell, ends, row, words.get(across or "", ""))


def _levelled(cell: dict[str, Any], body: Mapping[str, Any], axes: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Leave the level of a file about quantum devices out of a grid's cells with other devices."""
    written, adversary = body.get("adversary"), cell.get("adversary")
    if (
        DEVICES not in axes
        or LEVEL in axes
        or not (isinstance(written, dict) and isinstance(adversary, dict))
    ):
        return cell
    if written.get("devices") != "quantum" or "quantum" not in axes[DEVICES]:
        return cell
    if adversary["devices"] == "quantum":
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
