"""Verdicts by the certificates beside a file: checked again, nothing is solved."""

from __future__ import annotations

import json
from pathlib import Path

from freerand_opt.bounds.answers.about import is_about
from freerand_opt.bounds.answers.result import result_of
from freerand_opt.claims.verify import Answer, File, Instance, Verification, compared
from freerand_opt.errors import InputError
from freerand_opt.files import file_name
from freerand_opt.model.files.file import Instance as Asks


def place(file: File, instance: Instance) -> Path:
    """Return where the certificate of an instance is, whether there is one or not."""
    folder = file.path.parent / "certificates" / file_name(file.name)
    return folder / f"{file_name(instance.name)}.json"


def held(file: File, instance: Instance) -> Verification | None:
    """Return the verdict by the certificate of an instance, None if there is none about its question.

    Raise the checker's Rejected, Unreadable or TooMuch for a certificate that proves nothing.
    """
    try:
        text = place(file, instance).read_text(encoding="utf-8").rstrip("\n")
    except OSError:
        return None
    found = answer_of(instance, text)
    return None if found is None else compared(file, instance, found)


def answer_of(instance: Instance, certificate: str) -> Answer | None:
    """Return what a certificate says of an instance, None if it is about something else."""
    if not isinstance(instance, Asks):
        from freerand_opt.claims.conjecture.computed import computed_of

        try:
            return computed_of(instance.computation, certificate)
        except InputError:
            return None
    if not is_about(json.loads(certificate), instance.question, instance.threshold):
        return None
    return result_of(instance.question, certificate, threshold=instance.threshold)
