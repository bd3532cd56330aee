"""Answers for figures, each computed where it is needed."""

from __future__ import annotations

from freerand_opt.claims.verify import read, verify
from freerand_opt.model.files.catalogue import path_of
from freerand_opt.model.files.file import in_memory
from freerand_opt.model.question import Question


def asking():
    """Return what answers the instances of a claim, file or question with fields set to other values."""

    def ask(name, fields):
        file = in_memory(name.to_dict(), fields) if isinstance(name, Question) else name
        file = read(path_of(file), fields) if isinstance(file, str) else file
        for instance in file.instances:
            yield verify(file, instance)

    return ask
