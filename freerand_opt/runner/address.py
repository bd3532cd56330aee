"""The name of an answer: a digest of what was asked, and not of how it is spelt or was solved."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from freerand_opt.bounds.answers.about import asked_form
from freerand_opt.claims.verify import Instance
from freerand_opt.model.files.file import Instance as Asks


@cache
def checker_version() -> str:
    """Return the first 16 digits of the SHA-256 of the checkers' own source: kernel and computations.

    An answer that another kernel accepted has another address: after a repair of the kernel nothing that
    the old one accepted is served.
    """
    digest = hashlib.sha256()
    for package in ("freerand_opt.checker", "freerand_opt.claims.conjecture.checker"):
        for part in sorted(files(package).iterdir(), key=lambda part: part.name):
            if part.name.endswith(".py"):
                digest.update(part.name.encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()[:16]


def asked(instance: Instance, solver: str = "auto") -> dict[str, Any]:
    """Return all that the answer to an instance depends on, as plain data with exact numbers as texts.

    A solver that is named has answers of its own.
    """
    plain: dict[str, Any] = {"format": "freerand-question", "version": 2, "checker": checker_version()}
    if not isinstance(instance, Asks):
        width = str(getattr(instance.computation, "width", ""))
        return plain | {
            "kind": "computation",
            "computation": instance.computation.parameters(),
            "width": width,
        }
    question, threshold = instance.question, instance.threshold
    plain |= asked_form(question, threshold) | {"quantity": question.ask.quantity}
    if question.adversary.level:
        plain["level"] = " ".join(question.adversary.level.split())
    if solver != "auto":
        plain["solver"] = solver
    if threshold is not None:
        plain["of"], plain["width"] = threshold.of, str(threshold.width)
        plain["between"] = [str(end) for end in threshold.between]
    return plain


def address(instance: Instance, solver: str = "auto") -> str:
    """Return the SHA-256, in hexadecimal digits, of what is asked: JSON, keys sorted, no white space."""
    text = json.dumps(asked(instance, solver), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
