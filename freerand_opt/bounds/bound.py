r"""The way of a question: forms, programs, hints, proofs, and what the kernel reads from the certificate.

.. math:: \max \sum_w p_w \langle \text{payoff}, s_w q_w \rangle \;:\; s_w \in S,\; q_w \in Q,\;
   \sum_w p_w s_w q_w \text{ passes the tests}
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result, read_result
from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.critical import critical_form
from freerand_opt.bounds.options import Options, options_of
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.ask import WORST
from freerand_opt.model.files.asked import Asked, question_of
from freerand_opt.model.problem import Problem
from freerand_opt.model.threshold import Threshold


def bound(
    question: Asked,
    *,
    threshold: Threshold | Mapping[str, Any] | None = None,
    solver: str = "auto",
    time_limit: float | None = None,
    width: Fraction | float | str | None = None,
    symmetry: Sequence[str] = (),
) -> Result:
    """Return the certified bracket of a question's answer, or of a critical value.

    `question` is a Question, a dict, the path of a file with one question, or the name of a claim. `width`
    is how narrow the bracket is sought (default 1e-9, quantum devices 1e-6, their entropies 1e-3),
    `time_limit` seconds for each program. That no strategy passes the tests is an answer:
    `Result.impossible`. Raise InputError for what is no question, TooLargeError if no program fits,
    SolverUnavailableError if `solver` cannot run.
    """
    begun = time.perf_counter()
    asked, sought = question_of(question, threshold)
    eve = asked.adversary
    options = options_of(
        eve.devices,
        eve.level,
        solver=solver,
        time_limit=time_limit,
        width=width,
        symmetry=symmetry,
        quantity=asked.ask.quantity,
    )
    if sought is not None:
        certificate, how, pools = critical_form(asked, sought, options)
    else:
        worst = asked.ask.at == WORST
        pools = [corridor(form, options) for form in (asked.cases() if worst else [asked.shortest()])]
        for pool in pools:
            pool.shorten()
        certificate, how = _worst(pools) if worst else (pools[0].best, pools[0].how)
    # a critical value has a proof or an attack at both its ends, whatever was tried elsewhere
    found = sought is not None or all(pool.upper is not None or pool.attack is not None for pool in pools)
    text = json.dumps(certificate, separators=(",", ":")) if found else ""
    made = read_result(asked, text, threshold=sought, how=how, seconds=time.perf_counter() - begun)
    # what any probabilities reach may close what a relaxation leaves open
    closed = made.bracket.width is not None and made.bracket.width <= options.width
    return made if closed else replace(made, notes=_notes(pools, options))


def _worst(pools: Sequence[Pool]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the certificate of the worst settings, a part for each, and how the ends were found."""
    best = max(pools, key=lambda pool: pool.height)
    first = pools[0].best
    question = first["question"]
    parts = [{"upper": pool.upper, "attack": None if pool.impossible else pool.attack} for pool in pools]
    found = {"format": first["format"], "version": first["version"], "kind": "worst"}
    asked = {**question, "ask": {**question["ask"], "at": "?"}}
    return {**found, "question": asked, "parts": parts}, best.how


def _notes(pools: Sequence[Pool], options: Options) -> tuple[str, ...]:
    """Return what failed on the last pool that is wider than asked, and a hint; () if none is."""
    open_pools = [pool for pool in pools[-2:] if not pool.settled]
    if not open_pools:
        return ()
    pool = open_pools[-1]
    quantum = isinstance(pool.subject, Problem) and pool.subject.devices == "quantum"
    # of a smallest score and an entropy the program's upper end is the lower one
    ends = ("upper", "lower") if pool.sign > 0 else ("lower", "upper")
    missing = [end for end, found in zip(ends, (pool.upper, pool.attack), strict=True) if found is None]
    said = f"no {' and no '.join(missing)} end was found" if missing else "the ends do not meet as asked"
    hints = ["a higher level (adversary.level)"] if quantum and missing != [ends[1]] else []
    hints += ["a larger --time-limit"] if options.time_limit is not None else []
    hints += ["a wider --width"] if not missing else []
    advice = f"; try {', or '.join(hints)}" if hints else ""
    failed = tuple(dict.fromkeys(failure[:200] for failure in pool.failures[-3:]))
    return (f"{said}{advice}", *failed)
