"""Rows from the answers to questions of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from freerand_opt.first.answers.verification import Verification
from freerand_opt.first.reporting.figures.row import Row
from freerand_opt.first.spec.file import QuestionFile
from freerand_opt.numbers.exact import Exact

#: Answer the instances of a claim, with fields set to other values: (name or file, {field: text}) -> answers.
Ask: TypeAlias = Callable[[str | QuestionFile, Mapping[str, str]], Iterable[Verification]]


def bracket(found: Verification, series: str, x: Exact | str, panel: str = "") -> Row | None:
    """Return a certified answer as a row; None if no end is proved."""
    ends = found.result.bracket
    if ends.lower is None and ends.upper is None:
        return None
    return Row("bracket", series, x, ends.lower, ends.upper, found.result.digest, panel)


def value_of(found: Verification, field: str) -> str:
    """Return the text of a field in an instance's name, such as ``source.epsilon=1/20``."""
    words = dict(word.split("=", 1) for word in found.instance.name.replace(",", " ").split() if "=" in word)
    return words[field]
