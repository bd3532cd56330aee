"""A result put together: the certificate of both ends, checked before it is returned."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any, TypeAlias

from freerand_opt.certificates import certificate as form
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.attack import Strategies, conditioned, written
from freerand_opt.model.question import Question
from freerand_opt.numbers.digits import at_most
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.refinement import Reduction
from freerand_opt.proving.result import Bracket, Result
from freerand_opt.proving.solving import Lifted, expanded

#: What the checker needs for a certificate that does not carry its program.
Needed: TypeAlias = tuple[dict[str, dict[str, Any]], dict[str, Lifted]]


def certified(
    question: Question,
    method: str,
    solver: str,
    *,
    bound: Exact | None,
    about: ConicProgram | None,
    attack: Strategies,
    value: Exact | None,
    name: str,
    instance: str,
    begun: float,
    proof: dict[str, Any] | None = None,
    products: dict[str, Any] | None = None,
    plain: dict[str, Any] | None = None,
    classes: Reduction | None = None,
) -> tuple[Result, Needed]:
    """Put the certificate together and check it with the checker; `plain` are proofs without a program.

    An attack with numbers that cannot be written, or without settings that are conditioned on, is left
    out; a long value is claimed a little lower.
    """
    if value is not None:
        whole = written(attack) and conditioned(question, attack)
        attack, value = (attack, at_most(value)) if whole else ((), None)
    signed = None if value is None else question.ask.sign * value
    ends = form.answer_ends(question, bound, signed)
    body = form.bracket(
        question,
        name=name,
        instance=instance,
        answer=ends,
        multipliers=proof,
        attack=None if signed is None else form.attack_json(signed, attack),
    )
    body |= plain or {}
    needed: Needed = ({}, {})
    if about is not None and proof is not None:
        # the classes of a relaxed program may be finer, so those of the program itself are found anew
        same = classes is not None and len(classes.column_class) == about.shape[1]
        needed = expanded(body, about, classes if same else None)
    elif about is not None and products is not None:
        body["products"] = products
        needed = ({about.digest: about.plain}, {})
    if bound is not None or signed is not None:
        checker.check(body, programs=needed[0], lifted=needed[1])
    found = Result(
        name=name,
        instance=instance,
        quantity=question.ask.quantity,
        bracket=Bracket(*ends),
        certificate=body,
        digest=digest(body),
        method=method,
        solver=solver,
        seconds=time.perf_counter() - begun,
    )
    return found, needed


def digest(certificate: form.Certificate) -> str:
    """Return the SHA-256 of a certificate's JSON text, with prefix."""
    body = json.dumps(certificate, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()
