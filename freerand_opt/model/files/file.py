"""Question files (TOML): a question, its named instances and grids, and what is expected of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeAlias, TypeVar

import msgspec

from freerand_opt.errors import InputError
from freerand_opt.model.behaviours.behaviour import SCENARIO
from freerand_opt.model.files import catalogue
from freerand_opt.model.files.beside import inlined
from freerand_opt.model.files.expect import Expect
from freerand_opt.model.files.head import HEADER, Head, opened
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.grid import Cell, Place, grid
from freerand_opt.model.tables.kinds import line
from freerand_opt.model.tables.table import fields, table
from freerand_opt.model.tables.text import kind, listed, nearest, shortened, shown, within
from freerand_opt.model.tables.values import MAX_INSTANCES
from freerand_opt.model.threshold import Threshold, threshold_of

#: Tables that an instance replaces as a whole.
REPLACED = ("expect", "grid", "threshold", "of")
T = TypeVar("T")
F = TypeVar("F", bound="FileOf[Any]")
#: For each grid of a file its size; returned are the numbers of the cells that are wanted.
Choose: TypeAlias = Callable[[Sequence[int]], Sequence[Sequence[int]]]


#: Tables of one instance.
BODY = (*(field.key for field in fields(Question)), "threshold", "expect")


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked by an instance of a file or a cell of its grid; `body` holds its tables.

    `corner` is False for a cell of a grid that is not at the ends of all its axes; `row` and `column` are
    its place in a table, if the grid has a field with alternatives by name. `at` is its place on the grid's
    axes, `variant` the number of the file's instance that it belongs to (0: none).
    """

    name: str
    expect: Expect | None = None
    body: Mapping[str, Any] = {}
    corner: bool = True
    row: str = ""
    column: str = ""
    at: Place = ()
    variant: int = 0

    @classmethod
    def placed(cls, name: str, variant: int, cell: Cell, **asked: Any) -> Self:
        """Return what is asked in a cell of an instance with this name."""
        full, row = (" ".join(part for part in (name, word) if part) for word in (cell.label, cell.row))
        place: dict[str, Any] = {
            "corner": cell.corner,
            "row": row,
            "column": cell.column,
            "at": cell.at,
            "variant": variant,
        }
        return cls(name=full, body=cell.body, **place, **asked)

    @property
    def expected(self) -> str:
        """Return the claim in words, or nothing."""
        return "" if self.expect is None else self.expect.claimed(self.body.get("expect", {}))


class Instance(Placed, frozen=True, kw_only=True):
    """One question of a file with what is expected of it; `threshold` seeks a critical value."""

    question: Question
    threshold: Threshold | None = None


class FileOf(msgspec.Struct, Generic[T], frozen=True):
    """A file's own words, and its instances in order; `notes` say which spellings are about to go."""

    path: Path
    name: str
    title: str
    claim: str
    reference: str
    tier: str
    instances: tuple[T, ...]
    notes: tuple[str, ...] = ()


class QuestionFile(FileOf[Instance], frozen=True):
    """A file of questions."""


def read(
    path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    threshold: str | None = None,
    choose: Choose | None = None,
    keep: Callable[[int, Place], bool] | None = None,
) -> QuestionFile:
    """Read a question file, or a claim by its name; raise InputError with file, key path and what is allowed.

    `overrides` maps key paths (``source.epsilon``, ``test[0].score``) to values: lists, arrays, or texts
    such as ``a:b:step`` or ``a,b,c``. `threshold`, as ``source.epsilon=0:1/4``, asks for a critical value
    instead of what the file asks; the file's own expectations then do not apply. Of the grids' cells only
    those are made that `choose` returns and for which `keep(variant, place)` holds.
    """
    if isinstance(path, str) and not Path(path).suffix:
        path = catalogue.find(path) or path
    with opened(path, "question") as raw:
        tables = raw if threshold is None else _seeking(raw, threshold)
        folder = Path(path).parent
        return file_of(QuestionFile, path, tables, overrides, choose, keep, partial(_instance, folder))


def all_cells(sizes: Sequence[int]) -> Sequence[Sequence[int]]:
    """Return all cells of grids; raise InputError for more than one run has."""
    if sum(sizes) > MAX_INSTANCES:
        raise InputError(
            "grid", f"has {sum(sizes)} cells; one run has at most {MAX_INSTANCES}, instances counted"
        )
    return [range(size) for size in sizes]


def _seeking(raw: dict[str, Any], threshold: str) -> dict[str, Any]:
    """Return the file's tables with a threshold over one field instead of its expectations."""
    asked = seeking(threshold, "--threshold")
    field = asked["of"]
    known, axes = raw.get("threshold", {}), raw.get("grid", {})
    kept = {"width": known["width"]} if isinstance(known, dict) and "width" in known else {}
    axes = {key: value for key, value in axes.items() if key != field} if isinstance(axes, dict) else axes
    return raw | {"threshold": kept | asked, "expect": {}, "grid": axes, "instances": []}


def seeking(threshold: str, where: str) -> dict[str, Any]:
    """Return the table of a threshold written as ``source.epsilon=0:1/4``; InputError at `where` else."""
    field, equals, ends = (part.strip() for part in threshold.partition("="))
    if not equals or ends.count(":") != 1:
        raise InputError(where, f"{shown(threshold)}: write field=first:last, as source.epsilon=0:1/4")
    return {"of": field, "between": [end.strip() for end in ends.split(":")]}


def file_of(
    made: type[F],
    path: str | Path,
    raw: dict[str, Any],
    overrides: Mapping[str, Any] | None,
    choose: Choose | None,
    keep: Callable[[int, Place], bool] | None,
    make: Callable[[str, int, Cell], Any],
) -> F:
    """Return a file with what `make` says of (name, variant, cell) of its instances and grids; see `read`."""
    head = Head.from_dict({key: value for key, value in raw.items() if key in HEADER})
    variants = raw.get("instances", [])
    if not isinstance(variants, list):
        raise InputError(
            "instances", f"{shown(variants)} is {kind(variants)}; an array is needed, as [[instances]]"
        )
    base = {key: value for key, value in raw.items() if key not in (*HEADER, "instances")}
    named, grids = [], []
    for place, variant in enumerate([{}, *variants]):
        name, where, body = variant_of(base, variant, place)
        with within(where):
            grids.append(grid(body, overrides or {}))
        named.append((name, where))
    found = []
    for place, cells in enumerate((choose or all_cells)([own.size for own in grids])):
        name, where = named[place]
        with within(where):
            for k in cells:
                cell = grids[place].cell(k)
                if keep is None or keep(place, cell.at):
                    found.append(make(name, place, cell))
    stem, reference, notes = shortened(Path(path).stem), str(head.reference or ""), _notes([raw, *variants])
    words = (stem, head.title or stem, head.claim, reference, head.tier)
    return made(Path(path), *words, tuple(found), notes)


def variant_of(base: dict[str, Any], variant: Any, place: int) -> tuple[str, str, dict[str, Any]]:
    """Return (name, where it stands, its tables) of the file's base (place 0) or of one of its instances."""
    where = f"instances[{place - 1}]" if place else ""
    if not isinstance(variant, dict):
        raise InputError(where, f"{shown(variant)} is {kind(variant)}; a table is needed, as [[instances]]")
    name = ""
    if place:
        if not variant.get("name"):
            said = "is empty" if "name" in variant else "is missing"
            raise InputError(f"{where}.name", f"{said}; every instance has a name")
        name = line().read(variant["name"], f"{where}.name")
    own = {key: value for key, value in variant.items() if key != "name"} if place else {}
    return name, f"{where} ({shortened(name)})" if place else "", merged(base, own)


def merged(base: Mapping[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    """Return base with a variant's fields: a table's fields are replaced one by one, all else as a whole.

    What one field holds (terms by label, a behaviour, a distribution) is never put together from two places:
    that would be a third one. A table whose kind, family or name changes is replaced, since its other keys
    belong to the old one, and so are the tables in `REPLACED`.
    """
    result = dict(base)
    for key, value in variant.items():
        old = result.get(key)
        both = isinstance(value, dict) and isinstance(old, dict) and key not in REPLACED
        if both and all(value[k] == old.get(k) for k in ("kind", "family", "name") if k in value):  # type: ignore[union-attr]
            result[key] = {**old, **value}  # type: ignore[dict-item]
        else:
            result[key] = value
    return result


def _instance(folder: Path, name: str, variant: int, cell: Cell) -> Instance:
    question, threshold, expect = _read(cell.body, folder)
    return Instance.placed(name, variant, cell, question=question, threshold=threshold, expect=expect)


def _read(body: dict[str, Any], folder: Path) -> tuple[Question, Threshold | None, Expect | None]:
    for key in body:
        if key not in BODY:
            raise InputError(
                shortened(key) or '""',
                f"unknown key; allowed here: {listed(sorted((*BODY, *HEADER, 'grid', 'instances')))}"
                f"{nearest(key[:60], (*BODY, *HEADER, 'grid', 'instances'))}",
            )
    tables = {key: value for key, value in body.items() if key not in ("threshold", "expect")}
    if isinstance(tables.get("observed"), dict) and "scenario" in tables:
        scenario: Any = SCENARIO.read(tables["scenario"], "scenario")
        tables["observed"] = inlined(tables["observed"], scenario, folder)
    question = Question.from_dict(tables)
    threshold = expect = None
    if "threshold" in body:
        threshold = threshold_of(body["threshold"], question)
        threshold.limit(threshold.between[0], body)
    if body.get("expect"):
        expect = table(Expect, allowed="a table").read(body["expect"], "expect")
        if expect.value == "exists" and question.ask.quantity != STRATEGY:
            raise InputError("expect.value", "'exists' is what a strategy does; a number is needed")
    return question, threshold, expect


def _notes(bodies: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what to say of spellings that a later version will not know."""
    seen = [body.get("observed") for body in bodies]
    free = any(isinstance(table, Mapping) and table.get("settings") == "free" for table in seen)
    return ('observed.settings = "free" is now written "unconstrained"',) if free else ()


def in_memory(
    body: Mapping[str, Any],
    axes: Mapping[str, Any],
    choose: Choose = all_cells,
    keep: Callable[[int, Place], bool] | None = None,
) -> QuestionFile:
    """Return the cells of a question that is in no file, from its tables."""
    made = grid(body, axes)
    cells = [made.cell(k) for k in choose([made.size])[0]]
    instances = [_instance(Path(), "", 0, cell) for cell in cells if keep is None or keep(0, cell.at)]
    return QuestionFile(Path("question"), "question", "", "", "", "core", tuple(instances))
