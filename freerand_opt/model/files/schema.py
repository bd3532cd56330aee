"""The JSON schema of question files, for editors and other programs; generated from the tables."""

from __future__ import annotations

from typing import Any

from freerand_opt.model.files.expect import Expect
from freerand_opt.model.files.head import Head
from freerand_opt.model.question import Question
from freerand_opt.model.tables.kinds import Schema
from freerand_opt.model.tables.table import Field, Table, fields
from freerand_opt.model.threshold import Threshold

_AXIS = {
    "anyOf": [{"type": "array", "minItems": 1}, {"type": "string"}, {"type": "object", "minProperties": 1}]
}


def question_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a question file.

    It knows every table, key and word. What depends on several fields at once (no-signalling, powers of
    two, settings inside the scenario) is checked where a question is made. With a grid, fields that it sets
    may be missing elsewhere; instances may be partial: their fields replace those of the file's own tables.

    >>> question_schema()["properties"]["schema"]["maximum"]
    1
    """
    found = file_schema("freerand_opt question", Question, Threshold, Expect)
    other = {"type": "object", "description": "a named computation in place of a question"}
    for held in (found, found["properties"]["instances"]["items"]):
        held["properties"]["computation"] = other
    found["allOf"][0]["if"]["not"]["anyOf"].append({"required": ["computation"]})
    tables = dict.fromkeys((field.key for field in fields(Question)), False)
    found["allOf"].append({"if": {"required": ["computation"]}, "then": {"properties": tables}})
    return found


def file_schema(title: str, root: type[Table], *more: type[Table]) -> Schema:
    """Return the schema of a file with the tables of `root`, `more` tables beside, instances and a grid."""
    tables = {cls.__name__: cls for cls in reachable(root, *more, Head)}
    inner = {field.key: field for field in fields(root)}
    strict = {key: field.kind.schema | {"description": field.words} for key, field in inner.items()}
    strict |= {cls.__name__.lower(): {"$ref": f"#/$defs/{cls.__name__}"} for cls in more}
    partial = {key: _partial(field) for key, field in inner.items()} | {
        cls.__name__.lower(): {"type": "object"} for cls in more
    }
    grid = {"type": "object", "additionalProperties": _AXIS}
    grid["description"] = (
        "values of fields by key path: lists, ranges, or tables by name; their product is gone through"
    )
    name = {"type": "string", "minLength": 1, "description": "name of the instance"}
    instance = _closed({**partial, "grid": grid, "name": name}, ["name"])
    file = {**_properties(Head), **partial, "grid": grid, "instances": {"type": "array", "items": instance}}
    needed = [field.key for field in fields(root) if field.required]
    alone = {"not": {"anyOf": [{"required": ["grid"]}]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": _summary(root),
        **_closed(file, []),
        "allOf": [{"if": alone, "then": {"properties": strict, "required": needed}}],
        "$defs": {key: _table(cls) for key, cls in sorted(tables.items())},
    }


def reachable(*roots: type[Table]) -> list[type[Table]]:
    """Return the tables that these tables hold, and themselves, each once."""
    found: dict[type[Table], None] = {}
    waiting = list(roots)
    while waiting:
        cls = waiting.pop(0)
        if cls not in found:
            found[cls] = None
            waiting = [table for field in fields(cls) for table in field.kind.tables] + waiting
    return list(found)


def _summary(cls: type[Table]) -> str:
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def _closed(properties: dict[str, Any], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _properties(cls: type[Table]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(cls):
        if field.spread:
            found |= {} if field.by_letter else _spread(field)
            continue
        found[field.key] = field.kind.schema | {"description": field.words}
        if not field.required and field.default is not None and not isinstance(field.default, tuple | Table):
            found[field.key]["default"] = field.kind.write(field.default)
    return found


def _spread(field: Field) -> dict[str, Any]:
    """Return the keys of a table that stand in the one around it; under its own key it may stand whole.

    Whole it is a table of its keys, or of labels.
    """
    [cls] = field.kind.tables
    found = _properties(cls)
    whole = [field.kind.schema, *(own.kind.schema for own in fields(cls) if own.key == "terms")]
    word = found[field.key]
    found[field.key] = {"anyOf": [word, *whole], "description": word.pop("description")}
    return found


def _table(cls: type[Table]) -> Schema:
    """Return the schema of one table."""
    tag = {key: {"const": word} for key, word in cls.tag().items()}
    required = [*tag, *(field.key for field in fields(cls) if field.required and not field.spread)]
    found = _closed({**tag, **_properties(cls)}, required) | {"description": _summary(cls)}
    for field in fields(cls):
        if field.by_letter:
            found["patternProperties"] = {"^[A-Z]$": field.kind.schema}
        elif field.spread and field.required:
            found |= field.kind.tables[0].rules
    return found | cls.rules


def _partial(field: Field) -> Schema:
    """Return the keys of a table of which only a part may be given; of a list of tables, the whole schema."""
    words = {"description": field.words}
    if field.kind.schema.get("type") == "array":
        return field.kind.schema | words
    keys = sorted({key for cls in field.kind.tables for key in cls.key_names()})
    return {"type": "object", "propertyNames": {"enum": keys}} | words
