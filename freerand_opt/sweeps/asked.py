"""What an instance asks, as plain data with a digest, and whether a certificate is of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.certificates.certificate import honest_json, question_json
from freerand_opt.certificates.check import CHECKER
from freerand_opt.model.question import Ask, Question, Threshold
from freerand_opt.model.variation import varied
from freerand_opt.numbers.parse import parse
from freerand_opt.proving.result import Bracket, exact_text
from freerand_opt.spec.computations import BIASES, ERRORS, Asked
from freerand_opt.spec.file import Instance, QuestionFile

VERSION = 1


def asked(instance: Instance, solver: str = "auto") -> dict[str, Any]:
    """Return all that the answer to an instance depends on, as plain data with exact numbers as texts.

    The value of a field in which a threshold is sought is not used, and is replaced by its first end. A
    solver that is named has answers of its own, and so has each version of the checker.
    """
    question, seeks, computation = instance.question, instance.threshold, instance.computation
    plain: dict[str, Any] = {"format": "freerand-question", "version": VERSION, "checker": CHECKER}
    if solver != "auto":
        plain["solver"] = solver
    if question is not None and seeks is not None:
        honest = None if seeks.honest is None else honest_json(seeks.honest, question.tests)
        plain["threshold"] = {
            "field": seeks.field,
            "between": [str(end) for end in seeks.between],
            "width": str(seeks.width),
            "crosses": _crosses(seeks),
            "observed": honest,
        }
        question = varied(question, seeks, seeks.between[0])
    if question is not None:
        plain["question"] = question_json(question)
    if computation is not None:
        rests_on = instance.expect.rests_on if instance.expect is not None else None
        plain["computation"] = {
            "name": computation.name,
            "parameters": [[key, str(value)] for key, value in computation.parameters],
            "width": str(getattr(computation, "width", 0)),
            "rests_on": rests_on or "",
        }
    return plain


def address(instance: Instance, solver: str = "auto") -> str:
    """Return the SHA-256, in hexadecimal digits, of what is asked: JSON, keys sorted, no white space."""
    return sha256(asked(instance, solver))


def sha256(plain: dict[str, Any]) -> str:
    """Return the digest of plain data: JSON, keys sorted, no white space."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _crosses(threshold: Threshold) -> str | None:
    crosses = threshold.crosses
    return crosses if isinstance(crosses, str) else exact_text(crosses)


def about(body: dict[str, Any], file: QuestionFile, instance: Instance) -> bool:
    """Return whether a certificate is of this instance of a file, says so, and is as narrow as asked.

    It is not checked here.
    """
    try:
        named = (body["name"], body["instance"]) == (file.name, instance.name)
        return named and answers(body, instance) and _narrow(body, instance.threshold)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        return False


def answers(body: dict[str, Any], instance: Instance) -> bool:
    """Return whether a certificate is of this instance, or proves that it has no answer."""
    question, kind = instance.question, body["kind"]
    if instance.computation is not None:
        return _computes(body, instance.computation)
    assert question is not None
    if instance.threshold is not None:
        return _seeks(body, question, instance.threshold)
    if kind == "worst":
        parts = [_strip_at(part["question"]) for part in body["parts"]]
        return all(part == _strip_at(question_json(question)) for part in parts)
    none = question_json(replace(question, ask=Ask("strategy")))
    return bool(kind == "bracket" and body["question"] in (question_json(question), none))


def _computes(body: dict[str, Any], computation: Asked) -> bool:
    given = {key: str(x) for key, x in computation.parameters}
    if body["kind"] in (BIASES, ERRORS):
        held = {"M": body["parties"]} | {key: body[key] for key in ("relations", "epsilon") if key in body}
        return bool(body["kind"] == computation.name and {k: str(x) for k, x in held.items()} == given)
    if body["kind"] == "value":
        return bool(body["computation"] == {"name": computation.name} | given)
    words = ", ".join(f"{key}={x}" for key, x in given.items())
    return bool(body["kind"] == "root" and body["function"] == f"{computation.name}({words})")


def _strip_at(question: dict[str, Any]) -> dict[str, Any]:
    return {**question, "ask": {key: value for key, value in question["ask"].items() if key != "at"}}


def _seeks(body: dict[str, Any], question: Question, threshold: Threshold) -> bool:
    """Return whether a certificate is of this threshold; its ends, which check, may be anywhere between."""
    honest = None if threshold.honest is None else honest_json(threshold.honest, question.tests)
    if body["kind"] != "threshold" or (body["field"], body.get("crosses")) != (
        threshold.field,
        _crosses(threshold),
    ):
        return False
    if body.get("observed") != honest:
        return False
    for side, end in (("below", "lower"), ("above", "upper")):
        found = body[side]["question"]
        if threshold.field == "source.bits":  # the end is -log2 of the upper bound, which was checked
            wanted = {**question_json(question), "source": found["source"]}
            if found["source"]["kind"] != "measurement-dependence":
                return False
        else:
            wanted = question_json(varied(question, threshold, Fraction(body["answer"][end])))
        if found != wanted:
            return False
    return True


def _narrow(body: dict[str, Any], threshold: Threshold | None) -> bool:
    if threshold is None:
        return True
    width = Bracket(parse(body["answer"]["lower"]), parse(body["answer"]["upper"])).width
    # ends in bits are logarithms of rounded numbers
    return width is not None and width <= threshold.width * Fraction(17, 16)
