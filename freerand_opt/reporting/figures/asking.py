"""Answers for figures, each computed where it is needed; a runner with a store is faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from freerand_opt.claims.verify import File, Verification, verify
from freerand_opt.model.question import Question
from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.runner.sweep import reader


def asking(**options: Any) -> Ask:
    """Return what answers the instances of a claim or file; `options` are those of `bounds.bound.bound`."""

    def ask(name: str | File | Question, fields: Mapping[str, str]) -> Iterator[Verification]:
        file = reader(name)(fields, None)
        for instance in file.instances:
            yield verify(file, instance, **options)

    return ask
