"""Answers taken from certificates that were kept, so that an interrupted run can be resumed."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.certificates.certificate import honest_json, question_json
from freerand_opt.certificates.check import CertificateError
from freerand_opt.certified import digest
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question, Threshold
from freerand_opt.model.variation import varied
from freerand_opt.parse import parse
from freerand_opt.result import Bracket, Result, exact_text
from freerand_opt.spec.file import Instance, QuestionFile
from freerand_opt.verification import Verification, check_certificate, compared, load


def kept(path: Path, file: QuestionFile, instance: Instance) -> Verification | None:
    """Return the answer in a certificate file if it checks and is about this instance, else None.

    A threshold has to be as narrow as the instance asks.
    """
    if instance.question is None or not path.exists():
        return None
    begun = time.perf_counter()
    try:
        body = load(path)
        check_certificate(body)
    except (CertificateError, InputError):
        return None
    if (body.get("name"), body.get("instance")) != (file.name, instance.name):
        return None
    seeks = instance.threshold
    if not (_answers(body, instance.question) if seeks is None else _seeks(body, instance.question, seeks)):
        return None
    lower, upper = body["answer"]["lower"], body["answer"]["upper"]
    result = Result(
        name=file.name,
        instance=instance.name,
        quantity=instance.question.ask.quantity if seeks is None else "threshold",
        bracket=Bracket(None if lower is None else parse(lower), None if upper is None else parse(upper)),
        certificate=body,
        digest=digest(body),
        attack=(),
        method="certificate checked",
        solver="none",
        seconds=time.perf_counter() - begun,
        solved=False,
    )
    return compared(file, instance, result)


def _answers(body: dict[str, Any], question: Question) -> bool:
    return bool(body["kind"] == "bracket" and body["question"] == question_json(question))


def _seeks(body: dict[str, Any], question: Question, threshold: Threshold) -> bool:
    """Return whether a certificate is of this threshold; its ends, which check, may be anywhere between."""
    crosses = threshold.crosses if isinstance(threshold.crosses, str) else exact_text(threshold.crosses)
    honest = None if threshold.honest is None else honest_json(threshold.honest, question.tests)
    if body["kind"] != "threshold" or (body["field"], body.get("crosses")) != (threshold.field, crosses):
        return False
    if body.get("observed") != honest:
        return False
    for side, end in (("below", "lower"), ("above", "upper")):
        asked = body[side]["question"]
        if threshold.field == "source.bits":  # the end is -log2 of the upper bound, which was checked
            wanted = {**question_json(question), "source": asked["source"]}
            if asked["source"]["kind"] != "measurement-dependence":
                return False
        else:
            wanted = question_json(varied(question, threshold, Fraction(body["answer"][end])))
        if asked != wanted:
            return False
    width = Bracket(parse(body["answer"]["lower"]), parse(body["answer"]["upper"])).width
    # ends in bits are logarithms of rounded numbers
    return width is not None and width <= threshold.width * Fraction(17, 16)
