"""Question files (TOML): base question, named instances, grids, and what is expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from freerand_opt.computations.roots import FUNCTIONS, Computation
from freerand_opt.errors import InputError
from freerand_opt.exact import Exact
from freerand_opt.formulas import NAMED, OF_LOCAL_ERRORS, OF_PARTIES
from freerand_opt.model.local_errors import LocalErrors
from freerand_opt.model.question import Expect, Question, Threshold
from freerand_opt.model.relations import POWERS, Relations, SumOfBiases
from freerand_opt.spec import tables, thresholds
from freerand_opt.spec.fields import Decimal, Fields, attempt, contents, kind, number, shortened, shown
from freerand_opt.spec.grids import MAX_INSTANCES, cells

MAX_BYTES = 256 * 1024
#: Keys of a file that say nothing of the question itself.
HEADER = ("schema", "title", "claim", "reference", "tier", "instances", "grid")
_NESTED = re.compile(r"(?:\.[ \t]*[^\s.=,{}\[\]#]++[ \t]*){30}")
TIERS = ("core", "long")
VERDICTS = ("PROVED", "REFUTED", "UNDECIDED")
#: Names of claims that are proved by a finite exact computation.
COMPUTATIONS = (*FUNCTIONS, "sum-of-biases", "local-errors")
Asked: TypeAlias = Computation | SumOfBiases | LocalErrors
#: Tables that an instance replaces as a whole.
REPLACED = ("expect", "grid", "threshold", "of")


@dataclass(frozen=True)
class Instance:
    """One question of a file with what is expected of it.

    Exactly one of `question` and `computation` is given; `threshold` seeks a critical value.
    `corner` is False for a cell of a grid that is not at the ends of all its axes; `row` and
    `column` are its place in a table, if the grid has a field with alternatives by name.
    """

    name: str
    question: Question | None
    computation: Asked | None
    expect: Expect | None
    threshold: Threshold | None
    corner: bool = True
    row: str = ""
    column: str = ""


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
    path: str | Path, overrides: Mapping[str, str] | None = None, *, threshold: str | None = None
) -> QuestionFile:
    """Read a question file; raise InputError naming file, key path, what was read and what is allowed.

    `overrides` maps field paths (``source.epsilon``) to texts: a number, ``a:b:step`` or ``a,b,c``.
    `threshold`, as ``source.epsilon=0:1/4``, asks for a critical value instead of what the file asks;
    the file's own expectations then do not apply.
    """
    path = Path(path)
    try:
        raw = _load(path)
        if threshold is not None:
            raw = _seeking(raw, threshold)
        return _file(path, raw, overrides or {})
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


def _file(path: Path, raw: dict[str, Any], overrides: Mapping[str, str]) -> QuestionFile:
    root = Fields(raw, "")
    schema = root.get("schema", int, 1)
    if schema != 1:
        raise root.fail("schema", f"{schema} is not known to this version; allowed: 1")
    title = root.get("title", str, path.stem)
    claim = root.get("claim", str, "")
    reference = _reference(root.table_at("reference"))
    tier = root.choice("tier", TIERS, "core")
    variants = root.get("instances", list, [])
    root.get("grid", dict)
    base = {key: value for key, value in raw.items() if key == "grid" or key not in HEADER}
    instances: list[Instance] = []
    for place, variant in enumerate([{}, *variants]):
        where = "" if place == 0 else f"instances[{place - 1}]"
        if not isinstance(variant, dict):
            raise InputError(
                where, f"{shown(variant)} is {kind(variant)}; a table is needed, as [[instances]]"
            )
        name = "" if place == 0 else _name(Fields(variant, where))
        try:
            body = merged(base, {key: value for key, value in variant.items() if place == 0 or key != "name"})
            for cell in cells(body, overrides, MAX_INSTANCES - len(instances)):
                full, row = (" ".join(p for p in (name, word) if p) for word in (cell.label, cell.row))
                found = _instance(full, cell.body, path.parent, HEADER if place == 0 else ("name", "grid"))
                instances.append(replace(found, corner=cell.corner, row=row, column=cell.column))
        except InputError as error:
            raise (error.within(f"{where} ({shortened(name)})") if place else error) from None
    return QuestionFile(path, path.stem, title, claim, reference, tier, tuple(instances))


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

    A table whose kind or family changes is replaced, since its other keys belong to the old one.
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
    return all(new[key] == old.get(key) for key in ("kind", "family") if key in new)


# ------------------------------------------------------------------ one instance


def _instance(name: str, body: dict[str, Any], folder: Path, also: tuple[str, ...]) -> Instance:
    """Return the question of a body; `also` names keys of the file that were read before."""
    root = Fields(body, "")
    root.known.extend(also)
    if root.has("computation"):
        computation = _computation(root.table_at("computation"))
        expect = _expect(root.table_at("expect"), computation, Fraction(0))
        root.done()
        return Instance(name, None, computation, expect, None)
    question = tables.question(root, folder)
    threshold = thresholds.threshold(root.table_at("threshold"), body, question, folder)
    expect = _expect(root.table_at("expect"), question, Fraction(0) if threshold is None else threshold.width)
    root.done()
    return Instance(name, question, None, expect, threshold)


def _computation(fields: Fields | None) -> Asked:
    assert fields is not None
    name = fields.choice("name", COMPUTATIONS)
    if name == "sum-of-biases":
        parties = fields.get("M", int, required=True)
        kind_of = fields.choice("relations", POWERS)
        fields.done()
        return SumOfBiases(attempt(fields.at("M"), lambda: Relations(parties, kind_of)))
    if name == "local-errors":
        parties = fields.get("M", int, required=True)
        epsilon = fields.fraction("epsilon", required=True)
        fields.done()
        assert epsilon is not None
        return attempt(fields.path, lambda: LocalErrors(parties, epsilon))
    parameters = []
    for key in FUNCTIONS[name][1]:
        value = fields.fraction(key, required=True)
        assert value is not None
        parameters.append((key, value))
    width = fields.fraction("width", Fraction(1, 10**12))
    fields.done()
    assert width is not None
    if width < Fraction(1, 10**300) or width > Fraction(1, 10):
        raise fields.fail("width", f"{width} is not in [1e-300, 1/10]")
    return Computation(name, tuple(parameters), width)


def _expect(fields: Fields | None, question: Question | Asked, within: Fraction) -> Expect | None:
    if fields is None or not fields.table:
        return None
    ends: dict[str, Exact] = {}
    words = []
    for key, sign in (("value", "="), ("at_most", "<="), ("at_least", ">=")):
        if fields.has(key):
            ends[key], word = _expected(fields, key, question)
            words.append(f"{sign} {word}")
    allowed = fields.fraction("within", within)
    verdict = fields.choice("verdict", VERDICTS, "PROVED")
    rests_on = fields.get("rests_on", str)
    fields.done()
    assert allowed is not None
    if allowed < 0:
        raise fields.fail("within", f"{allowed} is negative")
    if not ends and verdict == "PROVED":
        raise fields.fail("", "one of value, at_most, at_least is needed (expect = {} is no claim)")
    return Expect(
        value=ends.get("value"),
        at_most=ends.get("at_most"),
        at_least=ends.get("at_least"),
        within=allowed,
        verdict=None if verdict == "PROVED" else verdict,
        rests_on=rests_on,
        shown=", ".join(words),
    )


def _expected(fields: Fields, key: str, question: Question | Asked) -> tuple[Exact, str]:
    """Return (number, words): a number, { formula = name }, or exists / none for a strategy."""
    value = fields.table[key]
    if isinstance(value, dict):
        inner = Fields(value, fields.at(key))
        name = inner.choice("formula", (*NAMED, *OF_PARTIES, *OF_LOCAL_ERRORS))
        inner.done()
        if isinstance(question, Question) and name in NAMED:
            return attempt(inner.at("formula"), lambda: NAMED[name](question)), name
        if isinstance(question, SumOfBiases) and name in OF_PARTIES:
            return OF_PARTIES[name](question.relations.parties), name
        if isinstance(question, LocalErrors) and name in OF_LOCAL_ERRORS:
            return OF_LOCAL_ERRORS[name](question), name
        if isinstance(question, Computation):
            raise inner.fail("formula", "a root has no question to evaluate a formula on")
        whose = "a question" if name in NAMED else "a sum of biases" if name in OF_PARTIES else "local errors"
        raise inner.fail("formula", f"{name!r} is a formula of {whose}")
    if isinstance(question, Question) and question.ask.quantity == "strategy" and value in ("exists", "none"):
        return Fraction(int(value == "exists")), value
    found = number(value, fields.at(key))
    return found, str(value)
