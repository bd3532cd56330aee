"""Answers for figures, each computed where it is needed; a runner with a store is faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from freerand_opt.claims.verify import File, Verification, read, verify
from freerand_opt.errors import InputError, nearest
from freerand_opt.model import catalogue
from freerand_opt.model.file import in_memory
from freerand_opt.model.question import Question
from freerand_opt.reporting.figures.answers import Ask


def asking(**options: Any) -> Ask:
    """Return what answers the instances of a claim or file; `options` are those of `bounds.bound.bound`."""

    def ask(name: str | File | Question, fields: Mapping[str, str]) -> Iterator[Verification]:
        if isinstance(name, Question):
            file: File = in_memory(name.to_dict(), fields)
        else:
            file = read(_path(name), fields) if isinstance(name, str) else name
        for instance in file.instances:
            yield verify(file, instance, **options)

    return ask


def _path(name: str) -> Path:
    found = catalogue.find(name)
    if found is not None:
        return found
    path = Path(name)
    if path.suffix != ".toml":
        near = nearest(name, (claim.stem for claim in catalogue.claims()))
        raise InputError(name, f"is no claim and no file that ends in .toml{near}")
    return path
