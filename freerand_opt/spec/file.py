"""Question files (TOML): base question, named instances, grids, and what is expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.certificates.check import safe
from freerand_opt.errors import InputError
from freerand_opt.model.question import Expect, Question, Threshold
from freerand_opt.spec import tables, thresholds
from freerand_opt.spec.computations import Asked, computation
from freerand_opt.spec.expectations import expected
from freerand_opt.spec.fields import (
    Decimal,
    Fields,
    contents,
    kind,
    require_printable,
    shortened,
    shown,
)
from freerand_opt.spec.grids import MAX_INSTANCES, Cell, Grid, Place, grid
from freerand_opt.spec.shards import Shard

MAX_BYTES = 256 * 1024
#: Keys of a file that say nothing of the question itself.
HEADER = ("schema", "title", "claim", "reference", "tier", "instances", "grid")
_NESTED = re.compile(r"(?:\.[ \t]*[^\s.=,{}\[\]#]++[ \t]*){30}")
TIERS = ("core", "long")
#: Tables that an instance replaces as a whole.
REPLACED = ("expect", "grid", "threshold", "of")


@dataclass(frozen=True)
class Instance:
    """One question of a file with what is expected of it.

    Exactly one of `question` and `computation` is given; `threshold` seeks a critical value.
    `corner` is False for a cell of a grid that is not at the ends of all its axes; `row` and
    `column` are its place in a table, if the grid has a field with alternatives by name. `at` is its
    place on the grid's axes, `variant` the number of the file's instance that it belongs to (0: none).
    """

    name: str
    question: Question | None
    computation: Asked | None
    expect: Expect | None
    threshold: Threshold | None
    corner: bool = True
    row: str = ""
    column: str = ""
    at: Place = ()
    variant: int = 0


@dataclass(frozen=True)
class QuestionFile:
    """A file's own words, and its instances in order."""

    path: Path
    name: str
    title: str
    claim: str
    reference: str
    tier: str
    instances: tuple[Instance, ...]


def read(
    path: str | Path,
    overrides: Mapping[str, str] | None = None,
    *,
    threshold: str | None = None,
    shard: Shard | None = None,
    keep: Callable[[int, Place], bool] | None = None,
) -> QuestionFile:
    """Read a question file; raise InputError naming file, key path, what was read and what is allowed.

    `overrides` maps field paths (``source.epsilon``) to texts: a number, ``a:b:step`` or ``a,b,c``.
    `threshold`, as ``source.epsilon=0:1/4``, asks for a critical value instead of what the file asks;
    the file's own expectations then do not apply. Only the cells of a `shard` are made, and only
    those for which `keep(variant, place)` holds.
    """
    path = Path(path)
    try:
        raw = _load(path)
        if threshold is not None:
            raw = _seeking(raw, threshold)
        return _file(path, raw, overrides or {}, shard or Shard(1, 1), keep or (lambda variant, at: True))
    except InputError as error:
        raise error.within(str(path)) from None


def _load(path: Path) -> dict[str, Any]:
    body = contents(path, "", MAX_BYTES, "put large tables into a CSV file")
    if _NESTED.search(body):
        raise InputError("", "has a key of more than 30 parts joined by points; at most 3 mean anything")
    try:
        raw = tomllib.loads(body, parse_float=lambda digits: Decimal(digits.replace("_", "")))
    except RecursionError:
        raise InputError("", "is nested too deeply") from None
    except ValueError as error:  # a TOMLDecodeError, or an integer of thousands of digits
        raise InputError("", f"is not TOML: {error}. A question is a TOML file (see README)") from None
    if not raw:
        raise InputError("", "is empty; a question needs at least scenario, source, adversary and ask")
    require_printable(raw)
    return raw


def _seeking(raw: dict[str, Any], threshold: str) -> dict[str, Any]:
    """Return the file's tables with a threshold over one field instead of its expectations."""
    field, equals, ends = (part.strip() for part in threshold.partition("="))
    if not equals or ends.count(":") != 1:
        raise InputError(
            "--threshold", f"{shown(threshold)}: write field=first:last, as source.epsilon=0:1/4"
        )
    known = raw.get("threshold", {})
    kept = {"width": known["width"]} if isinstance(known, dict) and "width" in known else {}
    grid = raw.get("grid", {})
    grid = {key: value for key, value in grid.items() if key != field} if isinstance(grid, dict) else grid
    changed: dict[str, Any] = {
        "threshold": kept | {"of": field, "between": [end.strip() for end in ends.split(":")]},
        "expect": {},
        "grid": {key: value for key, value in grid.items() if key != field}
        if isinstance(grid, dict)
        else grid,
        "instances": [],
    }
    return {**raw, **changed}


def _file(
    path: Path,
    raw: dict[str, Any],
    overrides: Mapping[str, str],
    shard: Shard,
    keep: Callable[[int, Place], bool],
) -> QuestionFile:
    root = Fields(raw, "")
    schema = root.get("schema", int, 1)
    if schema != 1:
        raise root.fail("schema", f"{schema} is not known to this version; allowed: 1")
    title, claim = (" ".join(root.get(key, str, "").split()) for key in ("title", "claim"))
    reference = _reference(root.table_at("reference"))
    tier = root.choice("tier", TIERS, "core")
    variants = root.get("instances", list, [])
    root.get("grid", dict)
    base = {key: value for key, value in raw.items() if key == "grid" or key not in HEADER}
    tables_of: list[tuple[str, str]] = []
    grids: list[Grid] = []
    fault: InputError | None = None
    for place, variant in enumerate([{}, *variants]):
        try:
            name, where, body = _variant(base, variant, place)
            with _within(where):
                grids.append(grid(body, overrides))
            tables_of.append((name, where))
        except InputError as error:  # said after the faults of what stands before it
            fault = error
            break
    wanted = shard.of([found.size for found in grids], MAX_INSTANCES)
    instances: list[Instance] = []
    for place, cells in enumerate(wanted):
        name, where = tables_of[place]
        known = HEADER if place == 0 else ("name", "grid")
        with _within(where):
            chosen = (grids[place].cell(k) for k in cells)
            instances += [
                _in_grid(name, place, cell, path.parent, known) for cell in chosen if keep(place, cell.at)
            ]
    if fault is not None:
        raise fault
    return QuestionFile(
        path, safe(path.stem), title or safe(path.stem), claim, reference, tier, tuple(instances)
    )


def _variant(base: dict[str, Any], variant: object, place: int) -> tuple[str, str, dict[str, Any]]:
    """Return (name, where it stands, its tables) of the file's base (place 0) or of one of its instances."""
    where = "" if place == 0 else f"instances[{place - 1}]"
    if not isinstance(variant, dict):
        raise InputError(where, f"{shown(variant)} is {kind(variant)}; a table is needed, as [[instances]]")
    name = "" if place == 0 else _name(Fields(variant, where))
    own = {key: value for key, value in variant.items() if place == 0 or key != "name"}
    return name, f"{where} ({shortened(name)})" if place else "", merged(base, own)


@contextmanager
def _within(where: str) -> Iterator[None]:
    """Say of errors in which instance they are."""
    try:
        yield
    except InputError as error:
        raise (error.within(where) if where else error) from None


def _in_grid(name: str, variant: int, cell: Cell, folder: Path, also: tuple[str, ...]) -> Instance:
    full, row = (" ".join(part for part in (name, word) if part) for word in (cell.label, cell.row))
    found = _instance(full, cell.body, folder, also)
    return replace(found, corner=cell.corner, row=row, column=cell.column, at=cell.at, variant=variant)


def _name(fields: Fields) -> str:
    name: str = fields.get("name", str, required=True)
    if not name:
        raise fields.fail("name", "is empty; every instance has a name")
    return name


def _reference(fields: Fields | None) -> str:
    if fields is None:
        return ""
    paper, label, arxiv = (fields.get(key, str, "") for key in ("paper", "label", "arxiv"))
    fields.done()
    return ", ".join(part for part in (paper, label, f"arXiv:{arxiv}" if arxiv else "") if part)


def merged(base: Mapping[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    """Return base with a variant's fields: tables merge, all else (and `REPLACED`) is replaced.

    A table whose kind, family or name changes is replaced, since its other keys belong to the old one.
    """
    result = dict(base)
    for key, value in variant.items():
        old = result.get(key)
        if (
            isinstance(value, dict)
            and isinstance(old, dict)
            and key not in REPLACED
            and _same_kind(old, value)
        ):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def _same_kind(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return all(new[key] == old.get(key) for key in ("kind", "family", "name") if key in new)


# ------------------------------------------------------------------ one instance


def _instance(name: str, body: dict[str, Any], folder: Path, also: tuple[str, ...]) -> Instance:
    """Return the question of a body; `also` names keys of the file that were read before."""
    root = Fields(body, "")
    root.known.extend(also)
    if root.has("computation"):
        wanted = computation(root.table_at("computation"))
        expect = expected(root.table_at("expect"), wanted, Fraction(0))
        root.done()
        return Instance(name, None, wanted, expect, None)
    question = tables.question(root, folder)
    threshold = thresholds.threshold(root.table_at("threshold"), body, question, folder)
    within = Fraction(0) if threshold is None else threshold.width
    expect = expected(root.table_at("expect"), question, within)
    root.done()
    return Instance(name, question, None, expect, threshold)
