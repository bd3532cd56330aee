"""Arrays of numbers by outcomes and settings: NumPy's, or nested lists; no number is rounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.problem import joint
from freerand_opt.model.scenario import joined
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.text import kind, shown
from freerand_opt.numbers.exact import Exact


def shape(values: Any, where: str) -> tuple[int, ...]:
    """Return the sizes of nested sequences; raise InputError if they differ within."""
    if not hasattr(values, "__len__") or isinstance(values, str) or getattr(values, "shape", None) == ():
        return ()
    inner = {shape(entry, where) for entry in values}
    if len(inner) != 1:
        raise InputError(where, f"{shown(values)} is no array: its rows have different lengths, or none")
    return (len(values), *inner.pop())


def flat(values: Any, where: str) -> Iterator[tuple[tuple[int, ...], Exact]]:
    """Return (index, exact number) of each entry."""
    if not hasattr(values, "__len__") or isinstance(values, str) or getattr(values, "shape", None) == ():
        yield (), exact(values, where)
        return
    for k, entry in enumerate(values):
        for index, number in flat(entry, f"{where}[{k}]"):
            yield (k, *index), number


def entries(
    values: Any, axes: str, where: str
) -> tuple[tuple[int, ...], tuple[int, ...], dict[tuple[int, int], Exact]]:
    """Return (settings, outcomes) by party, and the numbers by (joint setting, joint outcome).

    `axes` names each axis of the array: letters before n are outcomes of A, B, .. in alphabetical order, the
    others their settings.
    """
    letters = sorted(axes) if isinstance(axes, str) else []
    outcomes, settings = (
        [letter for letter in letters if (letter < "n") == early] for early in (True, False)
    )
    if len(set(letters)) < len(letters) or len(outcomes) != len(settings) or not "".join(letters).islower():
        raise InputError(
            where,
            f"axes {shown(axes)}: an outcome and a setting of each party are needed, as 'abxy' or 'xyab', "
            "'abcxyz' for three",
        )
    sizes = shape(values, where)
    if len(sizes) != len(axes):
        raise InputError(
            where, f"an array of {len(sizes)} axes ({kind(values)}), but {shown(axes)} names {len(axes)}"
        )
    ds, ns = ([sizes[axes.index(letter)] for letter in own] for own in (outcomes, settings))
    places = [[axes.index(letter) for letter in own] for own in (settings, outcomes)]
    found = {}
    for index, number in flat(values, where):
        s, o = (
            joint([index[k] for k in own], own_sizes) for own, own_sizes in zip(places, (ns, ds), strict=True)
        )
        found[s, o] = number
    return tuple(ns), tuple(ds), found


def collins_gisin(table: Any, outcomes: Sequence[int], where: str) -> tuple[int, int]:
    """Return both parties' numbers of settings in a Collins-Gisin table; raise InputError for other sizes."""
    sizes, (d, e) = shape(table, where), outcomes
    if len(sizes) != 2 or (sizes[0] - 1) % (d - 1) or (sizes[1] - 1) % (e - 1):
        raise InputError(
            where, f"an array of {sizes}: 1 + settings * (outcomes - 1) rows and columns are needed"
        )
    return (sizes[0] - 1) // (d - 1), (sizes[1] - 1) // (e - 1)


def cell_label(s: int, o: int, settings: Sequence[int], outcomes: Sequence[int]) -> str:
    """Return the label of P(o|s)."""
    return f"P({joined(_digits(o, outcomes), outcomes)}|{joined(_digits(s, settings), settings)})"


def _digits(index: int, sizes: Sequence[int]) -> list[int]:
    return [index // prod(sizes[k + 1 :]) % size for k, size in enumerate(sizes)]
