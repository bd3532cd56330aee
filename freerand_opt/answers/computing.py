"""Answers to computations: claims that no program is needed for."""

from __future__ import annotations

import re
import time
from fractions import Fraction
from typing import Any

from freerand_opt.answers.biases import largest
from freerand_opt.certificates import check as checker
from freerand_opt.computations.local_errors import certificate as local_certificate
from freerand_opt.computations.parameters import Computation
from freerand_opt.computations.roots import FUNCTIONS
from freerand_opt.computations.roots import certificate as root_certificate
from freerand_opt.computations.values import value_certificate
from freerand_opt.errors import FreerandError, InputError
from freerand_opt.model.local_errors import LocalErrors
from freerand_opt.model.relations import SumOfBiases
from freerand_opt.numbers.exact import text
from freerand_opt.numbers.parse import parse
from freerand_opt.proving.certified import digest
from freerand_opt.proving.result import Bracket, Result
from freerand_opt.spec.file import Instance, QuestionFile

_METHODS = {
    "value": "derived twice, exactly",
    "local-errors": "all deterministic models, each with its worst settings",
}


def computed(file: QuestionFile, instance: Instance) -> Result:
    """Return the certified answer to an instance that is a computation; raise InputError without one."""
    begun = time.perf_counter()
    asked = instance.computation
    assert asked is not None
    if isinstance(asked, SumOfBiases):
        found = largest(asked, name=file.name, instance=instance.name)
        checker.check(found.certificate)
        return found
    rests_on = instance.expect.rests_on if instance.expect is not None else None
    try:
        body = _body(asked, file.name, instance.name, rests_on or "")
    except ValueError as error:
        raise InputError("computation", str(error)).within(str(file.path)) from None
    checker.check(body)
    is_root = body["kind"] == "root"
    if is_root:
        check_root(body)
    ends = (None if end is None else parse(end) for end in body["answer"].values())
    return Result(
        name=file.name,
        instance=instance.name,
        quantity=body["kind"],
        bracket=Bracket(*ends),
        certificate=body,
        digest=digest(body),
        method=f"exact signs of {body['function']}" if is_root else _METHODS[body["kind"]],
        solver="none",
        seconds=time.perf_counter() - begun,
    )


def _body(computation: Computation | LocalErrors, name: str, instance: str, rests_on: str) -> dict[str, Any]:
    if isinstance(computation, LocalErrors):
        return local_certificate(computation, name=name, instance=instance)
    if computation.name in FUNCTIONS:
        return root_certificate(computation, name=name, instance=instance, rests_on=rests_on)
    return value_certificate(computation.name, computation.parameters, file=name, instance=instance)


def check_root(body: dict[str, Any]) -> str:
    """Compute the values at both ends of a root anew; raise CertificateError if they differ."""
    number = r"-?\d{1,400}(?:/\d{1,400})?"
    found = re.fullmatch(rf"([a-z0-9-]+)\(((?:\w+={number}(?:, )?)*)\)", body["function"], re.ASCII)
    words = dict(word.split("=") for word in found[2].split(", ") if word) if found else {}
    if found is None or found[1] not in FUNCTIONS or tuple(words) != FUNCTIONS[found[1]][1]:
        raise checker.CertificateError(
            f"function: {body['function'][:80]!r} is none of {', '.join(FUNCTIONS)}"
        )
    for end, key in (("lower", "at_lower"), ("upper", "at_upper")):
        if not re.fullmatch(number, body["answer"][end], re.ASCII):
            raise checker.CertificateError(f"answer: {end}: {body['answer'][end][:80]!r} is no fraction")
        try:
            place = Fraction(body["answer"][end])
            value = FUNCTIONS[found[1]][0](place, **{name: Fraction(word) for name, word in words.items()})
            derived = text(value)
        except (ValueError, ArithmeticError, FreerandError) as error:
            raise checker.CertificateError(f"{key}: {body['function'][:80]} has no value ({error})") from None
        if not 0 <= place <= Fraction(1, 4) or derived != body[key]:
            raise checker.CertificateError(
                f"{key}: claimed {body[key][:200]}, derived {derived[:200]} at {place}"
            )
    return f"the values of {body['function']} were computed anew"
