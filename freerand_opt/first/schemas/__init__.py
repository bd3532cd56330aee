"""JSON Schemas of the files that people write, for editors and for other programs."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def question_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a question file.

    It knows every table, key and word. What depends on several fields at once (no-signalling, powers
    of two, settings inside the scenario) is checked by `freerand_opt.first.spec.read` alone.

    >>> question_schema()["properties"]["schema"]["const"]
    1
    """
    return _schema("question")


def _schema(name: str) -> dict[str, Any]:
    body = files("freerand_opt.first.schemas").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(body)
    return schema
