"""The whole way: derive an answer, certify and check it, and compare it with what a file claims."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.bounding import bound, digest, expanded
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certificate import question_from_json
from freerand_opt.computations.roots import certificate as root_certificate
from freerand_opt.errors import FreerandError
from freerand_opt.programs.build import build
from freerand_opt.programs.relaxed import without_objective
from freerand_opt.result import Bracket, Result, verdict
from freerand_opt.spec.file import Instance, QuestionFile
from freerand_opt.threshold import critical_epsilon


@dataclass(frozen=True)
class Verification:
    """A claim beside its certified answer; `verdict` is None without a claim.

    `as_expected` is False if the verdict is not the one that the file foresees.
    """

    file: QuestionFile
    instance: Instance
    result: Result
    verdict: str | None
    as_expected: bool


def answer(
    file: QuestionFile, instance: Instance, *, solver: str = "highs", time_limit: float | None = None
) -> Result:
    """Return the certified answer to one instance of a file."""
    if instance.computation is not None:
        return _computed(file, instance)
    assert instance.question is not None
    if instance.threshold is not None:
        return critical_epsilon(
            instance.question,
            instance.threshold,
            name=file.name,
            instance=instance.name,
            solver=solver,
            time_limit=time_limit,
        )
    return bound(instance.question, name=file.name, instance=instance.name, solver=solver, time_limit=time_limit)


def _computed(file: QuestionFile, instance: Instance) -> Result:
    begun = time.perf_counter()
    assert instance.computation is not None
    rests_on = instance.expect.rests_on if instance.expect is not None else None
    body = root_certificate(instance.computation, name=file.name, instance=instance.name, rests_on=rests_on or "")
    checker.check(body)
    ends = (Fraction(body["answer"]["lower"]), Fraction(body["answer"]["upper"]))
    return Result(
        name=file.name,
        instance=instance.name,
        quantity="root",
        bracket=Bracket(*ends),
        certificate=body,
        digest=digest(body),
        attack=(),
        method=f"exact signs of {body['function']}",
        solver="none",
        seconds=time.perf_counter() - begun,
    )


def verify(
    file: QuestionFile, instance: Instance, *, solver: str = "highs", time_limit: float | None = None
) -> Verification:
    """Derive, certify and check one instance, and compare it with what the file expects."""
    result = answer(file, instance, solver=solver, time_limit=time_limit)
    return compared(file, instance, result)


def compared(file: QuestionFile, instance: Instance, result: Result) -> Verification:
    """Return the verdict on a result."""
    if instance.expect is None:
        return Verification(file, instance, result, None, True)
    found = verdict(result.bracket, instance.expect)
    wanted = instance.expect.verdict or "PROVED"
    return Verification(file, instance, result, found, found.rstrip("*") == wanted)


# ------------------------------------------------------------------ checking without a solver


def check_certificate(body: dict[str, Any]) -> tuple[str, ...]:
    """Check a certificate, rebuilding programs that it does not carry; return what was proved.

    Raise check.CertificateError if it does not prove what it states.
    """
    programs: dict[str, Any] = {}
    lifted: dict[str, Any] = {}
    for part in _brackets(body):
        proof = part.get("multipliers")
        if not isinstance(proof, dict) or "program" not in proof or "question" not in part:
            continue
        try:
            question = question_from_json(part["question"])
            program = build(question).above.program
        except (KeyError, TypeError, ValueError, AttributeError, FreerandError, AssertionError) as error:
            raise checker.CertificateError(f"question: no program can be built from it ({error})") from None
        if question.ask.quantity == "strategy":
            program = without_objective(program)
        if program.digest != proof.get("digest"):
            raise checker.CertificateError(
                f"multipliers: they are about the program {proof.get('digest')}, the question's is {program.digest}"
            )
        if proof["program"] is None:
            more, raised = expanded(part, program, None)
            programs |= more
            lifted |= raised
    report = checker.check(body, programs=programs, lifted=lifted)
    return (*report.lines, "the question's program was rebuilt" if programs else "the file carries its program")


def _brackets(body: Any) -> Iterable[dict[str, Any]]:
    if not isinstance(body, dict):
        return
    if body.get("kind") == "bracket":
        yield body
    for key in ("below", "above"):
        yield from _brackets(body.get(key))
    parts = body.get("parts")
    for part in parts if isinstance(parts, list) else ():
        yield from _brackets(part)


def certificate_path(folder: Path, result: Result) -> Path:
    """Return where a result's certificate is kept below a folder."""
    words = "".join(c if c.isalnum() or c in "=.-" else "_" for c in result.instance) or "main"
    return folder / result.name / f"{words}.json"


def load(path: Path) -> dict[str, Any]:
    """Read a certificate file; raise check.CertificateError if it is no JSON object."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise checker.CertificateError(f"is no JSON ({error}); was it cut off?") from None
    if not isinstance(body, dict):
        raise checker.CertificateError("is no JSON object")
    return body
