"""Answers to claims that are proved by a finite exact computation, with their certificates."""

from __future__ import annotations

import time
from fractions import Fraction

from freerand_opt.answering import digest
from freerand_opt.biases import largest
from freerand_opt.computations.local_errors import certificate as local_certificate
from freerand_opt.computations.roots import certificate as root_certificate
from freerand_opt.errors import InputError
from freerand_opt.model.local_errors import LocalErrors
from freerand_opt.model.relations import SumOfBiases
from freerand_opt.result import Bracket, Result
from freerand_opt.spec.file import Instance, QuestionFile


def computed(file: QuestionFile, instance: Instance) -> Result:
    """Return the answer to an instance that is a computation, with a certificate that is to be checked."""
    begun = time.perf_counter()
    asked = instance.computation
    assert asked is not None
    if isinstance(asked, SumOfBiases):
        return largest(asked, name=file.name, instance=instance.name)
    if isinstance(asked, LocalErrors):
        body = local_certificate(asked, name=file.name, instance=instance.name)
        quantity, method = "local-errors", "all deterministic models, each with its worst settings"
    else:
        rests_on = instance.expect.rests_on if instance.expect is not None else None
        try:
            body = root_certificate(asked, name=file.name, instance=instance.name, rests_on=rests_on or "")
        except ValueError as error:
            raise InputError("computation", str(error)).within(str(file.path)) from None
        quantity, method = "root", f"exact signs of {body['function']}"
    return Result(
        name=file.name,
        instance=instance.name,
        quantity=quantity,
        bracket=Bracket(Fraction(body["answer"]["lower"]), Fraction(body["answer"]["upper"])),
        certificate=body,
        digest=digest(body),
        attack=(),
        method=method,
        solver="none",
        seconds=time.perf_counter() - begun,
    )
