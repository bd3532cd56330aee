r"""The way of a question: forms, programs, hints, proofs, and what the kernel reads from the certificate.

.. math:: \max \sum_w p_w \langle \text{payoff}, s_w q_w \rangle \;:\; s_w \in S,\; q_w \in Q,\;
   \sum_w p_w s_w q_w \text{ passes the tests}
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.critical import critical_form, form_of
from freerand_opt.bounds.notes import notes_of
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.questions import Asked, question_of
from freerand_opt.bounds.result import Result, result_of
from freerand_opt.bounds.worst import worst_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.errors import FreerandError
from freerand_opt.model.ask import WORST
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Problem
from freerand_opt.model.threshold import Threshold

#: Width of a bracket that is as narrow as usual: linear programs are exact, relaxations are not.
USUAL_WIDTH = {"quantum": Fraction(1, 10**6)}
EXACT_WIDTH = Fraction(1, 10**9)


def bound(
    question: Asked,
    *,
    threshold: Threshold | None = None,
    solver: str = "auto",
    time_limit: float | None = None,
    width: Fraction | None = None,
    symmetry: Sequence[str] = (),
) -> Result:
    """Return the certified bracket of a question's answer, or of a critical value.

    `question` is a Question, a dict, the path of a file with one question, or the name of a claim. `width`
    is how narrow the bracket is sought (default 1e-9, quantum devices 1e-6), `time_limit` seconds for each
    program. That no strategy passes the tests is an answer: `Result.impossible`. Raise InputError for what is
    no question, TooLargeError if no program fits, NothingFoundError if neither end was found,
    SolverUnavailableError if `solver` cannot run.
    """
    begun = time.perf_counter()
    asked, threshold = question_of(question, threshold)
    devices = asked.adversary.devices
    width = USUAL_WIDTH.get(devices, EXACT_WIDTH) if width is None else width
    options = Options(width, time_limit, solver, asked.adversary.level, tuple(symmetry))
    pools: list[Pool] = []

    def answer(form: Problem | Many) -> Pool:
        pools.append(corridor(form, options))
        return pools[-1]

    if threshold is not None:
        certificate, how = critical_form(asked, threshold, answer)
    elif asked.ask.at == WORST:
        certificate, how = worst_form([answer(form) for form in asked.cases()])
    else:
        pool = answer(form_of(asked))
        certificate, how = pool.best, pool.how
    notes = notes_of(pools, options)
    if any(part["upper"] is None and part["attack"] is None for part in _parts(certificate)):
        raise NothingFoundError("; ".join(notes) or "neither end was found")
    text = json.dumps(certificate, separators=(",", ":"))
    seconds = time.perf_counter() - begun
    return result_of(asked, text, threshold=threshold, how=how, notes=notes, seconds=seconds)


class NothingFoundError(FreerandError):
    """No method proved a bound or found an attack; the message says what was tried."""


def _parts(certificate: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a certificate that have an upper end or an attack."""
    if certificate["kind"] == "threshold":
        return [certificate["below"], certificate["above"]]
    return certificate["parts"] if certificate["kind"] == "worst" else [certificate]
