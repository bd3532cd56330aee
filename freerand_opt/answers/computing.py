"""Answers to computations: claims that no program is needed for."""

from __future__ import annotations

import time
from typing import Any

from freerand_opt.answers.biases import largest
from freerand_opt.certificates import check as checker
from freerand_opt.computations.local_errors import certificate as local_certificate
from freerand_opt.computations.parameters import Computation
from freerand_opt.computations.roots import FUNCTIONS
from freerand_opt.computations.roots import certificate as root_certificate
from freerand_opt.computations.values import value_certificate
from freerand_opt.errors import InputError
from freerand_opt.model.local_errors import LocalErrors
from freerand_opt.model.relations import SumOfBiases
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
