"""Rows from the answers to questions of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from freerand_opt.claims.verify import File, Verification
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact
from freerand_opt.reporting.figures.row import Row

#: Answer a claim, file or question with fields set to other values: (which, {field: text}) -> answers.
Ask: TypeAlias = "Callable[[str | File | Question, Mapping[str, str]], Iterable[Verification]]"


def bracket(found: Verification, series: str, x: Exact | str, panel: str = "") -> list[Row]:
    """Return a certified answer as one row; none if no end is proved."""
    ends = found.result.bracket
    proved = ends.lower is not None or ends.upper is not None
    row = Row("bracket", series, x, ends.lower, ends.upper, found.result.digest, panel)
    return [row] if proved else []


def question_of(found: Verification) -> Question:
    """Return the question of an answer; raise InputError for a computation, which has none."""
    question = getattr(found.instance, "question", None)
    if not isinstance(question, Question):
        raise InputError(found.file.name, "is a computation; a figure of questions is drawn from questions")
    return question
