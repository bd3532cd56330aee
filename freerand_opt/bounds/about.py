"""Whether a certificate is about a question: its own question, compared with the one that is meant."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.bounds.critical import crossing_of, form_of, varied
from freerand_opt.bounds.threshold import varied_form
from freerand_opt.bounds.visibility import honest_form
from freerand_opt.certificates.question import question_form
from freerand_opt.errors import InputError
from freerand_opt.model.ask import WORST
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Problem
from freerand_opt.model.question import Question
from freerand_opt.model.threshold import Threshold


def require_about(document: dict[str, Any], question: Question, threshold: Threshold | None) -> None:
    """Raise InputError unless a certificate that the kernel accepts is about a question (its threshold)."""
    wanted = _head(document, question, threshold)
    if {key: document.get(key) for key in wanted} != wanted:
        raise InputError("question", "the certificate is about another question")


def _head(document: dict[str, Any], question: Question, threshold: Threshold | None) -> dict[str, Any]:
    """Return what the certificate should say beside proofs."""
    if threshold is not None:
        return _varied(document, question, threshold)
    if question.ask.at != WORST:
        return {"kind": "bracket", "question": _form(form_of(question))}
    cases = question.cases()
    if len(cases) != question.scenario.shape[0]:
        raise InputError("question", "some settings never occur, so the worst ones have no certificate")
    form = _form(cases[0])
    return {"kind": "worst", "question": form | {"ask": form["ask"] | {"at": "?"}}}


def _form(form: Problem | Many) -> dict[str, Any]:
    return form.form() if isinstance(form, Many) else question_form(form)


def _varied(document: dict[str, Any], question: Question, threshold: Threshold) -> dict[str, Any]:
    if document["kind"] != "threshold":
        return {"kind": "threshold"}
    found = {"kind": "threshold", "crosses": crossing_of(question, threshold).form(), "honest": None}
    if threshold.of == "observed.visibility":
        honest = honest_form(question)
        return found | {"question": honest.question, "honest": honest.rows}
    field = "source.upper" if threshold.of == "source.bits" else threshold.of
    places = Fraction(document["below"]["at"]), Fraction(document["above"]["at"])
    low, high = (_form(form_of(varied(question, field, place))) for place in places)
    return found | {"question": varied_form(low, high, places)}
