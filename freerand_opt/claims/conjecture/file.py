"""Files with a table ``computation``: its name and parameters, named instances, grids, what is expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from freerand_opt.claims.conjecture.computation import Computation
from freerand_opt.claims.conjecture.ladders import LADDERS
from freerand_opt.claims.conjecture.relations import LocalErrors, Relations
from freerand_opt.claims.conjecture.roots import ROOTS
from freerand_opt.claims.conjecture.values import VALUES
from freerand_opt.errors import InputError
from freerand_opt.model.files.expect import Expect
from freerand_opt.model.files.file import Choose, FileOf, Placed, file_of
from freerand_opt.model.files.head import opened
from freerand_opt.model.tables.grid import Cell, Place
from freerand_opt.model.tables.table import table
from freerand_opt.model.tables.text import listed, shortened

COMPUTATIONS: tuple[type[Computation], ...] = (*ROOTS, *VALUES, Relations, LocalErrors, *LADDERS)
_TABLE = table(*COMPUTATIONS, allowed="a table with name", tag="name", base=Computation)
_EXPECT = table(Expect, allowed="a table")


class Instance(Placed, frozen=True, kw_only=True):
    """One computation of a file with what is expected of it."""

    computation: Computation


class ComputationFile(FileOf[Instance], frozen=True):
    """A file of computations."""


def read(
    path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    choose: Choose | None = None,
    keep: Callable[[int, Place], bool] | None = None,
) -> ComputationFile:
    """Read a file of computations; raise InputError naming file, key path, what was read and is allowed.

    Arguments are those of `model.files.file.read`.
    """
    with opened(path, "computation") as raw:
        return file_of(ComputationFile, path, raw, overrides, choose, keep, _instance)


def computation(given: Any) -> Computation:
    """Return the computation that a table describes; raise InputError."""
    found: Computation = _TABLE.read(given, "computation")
    return found


def _instance(name: str, variant: int, cell: Cell) -> Instance:
    for key in cell.body:
        if key not in ("computation", "expect"):
            raise InputError(
                shortened(key), f"unknown key; a computation has {listed(('computation', 'expect', 'grid'))}"
            )
    asked = computation(cell.body["computation"])
    expect = _EXPECT.read(cell.body["expect"], "expect") if cell.body.get("expect") else None
    if expect is not None and expect.value in ("exists", "none"):
        raise InputError("expect.value", f"{expect.value!r} is what a strategy does; a number is needed")
    return Instance.placed(name, variant, cell, computation=asked, expect=expect)
