"""Whatever names a question: itself, a dict, a file with one, a claim of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model.files import catalogue
from freerand_opt.model.files.file import Instance, read
from freerand_opt.model.question import Question
from freerand_opt.model.tables.text import shown
from freerand_opt.model.threshold import Threshold, threshold_of

Asked: TypeAlias = Question | Instance | Mapping[str, Any] | str | Path


def question_of(
    asked: Asked,
    given: Threshold | Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> tuple[Question, Threshold | None]:
    """Return the question and the critical value that is sought of it; raise InputError for anything else.

    `fields` replace axes of a file's grid, as on the command line.
    """
    if isinstance(asked, str | Path):
        asked = _instance(asked, fields or {})
    if isinstance(asked, Mapping):
        asked = Question.from_dict(asked)
    if isinstance(asked, Instance):
        given = asked.threshold if given is None else given
        asked = asked.question
    if not isinstance(asked, Question):
        raise InputError(
            "question", f"{shown(asked)} is none; a Question, a dict, a path or a claim's name is needed"
        )
    return asked, None if given is None else threshold_of(given, asked)


def _instance(name: str | Path, fields: Mapping[str, Any]) -> Instance:
    """Return the only question of a file."""
    path = catalogue.path_of(name, "question")
    instances = read(path, fields).instances
    if len(instances) != 1:
        names = ", ".join(one.name or "(the first)" for one in instances[:6])
        more = ", .." if len(instances) > 6 else ""
        raise InputError(
            str(name), f"holds {len(instances)} questions ({names}{more}); take one of read(path).instances"
        )
    return instances[0]
