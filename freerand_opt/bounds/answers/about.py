"""Whether a certificate is about a question: a proof of something else proves nothing here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.critical import sought
from freerand_opt.errors import InputError
from freerand_opt.model.ask import WORST
from freerand_opt.model.certificate_form import plain_form, question_form
from freerand_opt.model.question import Question
from freerand_opt.model.threshold import Threshold


def asked_form(question: Question, threshold: Threshold | None = None) -> dict[str, Any]:
    """Return what is asked as plain data, in the grammar of certificates (docs/kernel.md).

    Two questions that are spelt differently and mean the same have one form. The value of the number that a
    threshold varies does not matter.
    """
    if threshold is None:
        return as_read({"kind": _kind(question), "question": _form(question)})
    found = sought(question, threshold)
    return as_read({"kind": "threshold", **found.form(question, found.between)})


def is_about(certificate: Mapping[str, Any], question: Question, threshold: Threshold | None = None) -> bool:
    """Return whether a certificate, which may prove anything or nothing, is about this question."""
    try:
        if threshold is None:
            asked = {"kind": _kind(question), "question": _form(question)}
        else:
            found = sought(question, threshold)
            low, high = (Fraction(certificate[side]["at"]) for side in ("below", "above"))
            asked = {"kind": "threshold", **found.form(question, (low, high))}
    except (InputError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return False
    return all(certificate.get(key) == value for key, value in as_read(asked).items())


def require_about(
    certificate: Mapping[str, Any], question: Question, threshold: Threshold | None = None
) -> None:
    """Raise InputError unless a certificate is about this question."""
    if not is_about(certificate, question, threshold):
        raise InputError("question", "the certificate is about another question")


def _kind(question: Question) -> str:
    return "worst" if question.ask.at == WORST else "bracket"


def _form(question: Question) -> dict[str, Any]:
    if question.ask.at == WORST:
        form = question_form(question.cases()[0])
        return {**form, "ask": {**form["ask"], "at": "?"}}
    return plain_form(question.shortest())


def as_read(form: dict[str, Any]) -> dict[str, Any]:
    """Return the form as JSON gives it back."""
    return json.loads(json.dumps(form))  # type: ignore[no-any-return]
