"""Critical values: a certificate that the claim holds at one end, an explicit strategy at the other.

A larger epsilon only adds source distributions, so what exists at one epsilon exists above it.
Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless).
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

from scipy.optimize import brentq

from freerand_opt.bounding import bound, digest, margin
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question, Threshold
from freerand_opt.model.source import SanthaVazirani
from freerand_opt.result import Bracket, Result

MAX_STEPS = 100


def critical_epsilon(
    question: Question,
    threshold: Threshold,
    *,
    name: str = "question",
    instance: str = "",
    solver: str = "highs",
    time_limit: float | None = None,
) -> Result:
    """Return a certified bracket of the smallest epsilon at which a strategy exists.

    Raise InputError if the interval does not hold a change.
    """
    begun = time.perf_counter()

    def at(epsilon: Fraction) -> Result:
        assert isinstance(question.source, SanthaVazirani)
        asked = replace(question, source=replace(question.source, epsilon=epsilon))
        label = f"{instance} epsilon={epsilon}".strip()
        return bound(asked, name=name, instance=label, solver=solver, time_limit=time_limit)

    def hint(epsilon: float) -> float:
        assert isinstance(question.source, SanthaVazirani)
        grid = threshold.width / 16
        source = replace(question.source, epsilon=round(Fraction(epsilon) / grid) * grid)
        return margin(replace(question, source=source), solver=solver, time_limit=time_limit)

    low, high = threshold.between
    below, above = at(low), at(high)
    if below.bracket.upper is None or above.bracket.lower is None:
        raise InputError(
            "threshold.between",
            f"at {low}: strategy {below}; at {high}: strategy {above}; "
            "there must be none at the first and one at the second",
        )
    # two certified ends around a root found in floating point, then bisection if that was not enough
    tries: list[Fraction] = []
    try:
        guess = Fraction(brentq(hint, float(low), float(high), xtol=float(threshold.width) / 8))
        tries = [guess - threshold.width * Fraction(2, 5), guess + threshold.width * Fraction(2, 5)]
    except ValueError:  # the root is so near an end that floats on the grid see no change of sign
        pass
    for _ in range(MAX_STEPS):
        if high - low <= threshold.width:
            break
        grid = threshold.width / 16
        middle = round((tries.pop(0) if tries else (low + high) / 2) / grid) * grid
        if not low < middle < high:
            continue
        found = at(middle)
        if found.bracket.upper is not None:
            low, below = middle, found
        elif found.bracket.lower is not None:
            high, above = middle, found
        else:
            break
    body = {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "threshold",
        "name": name,
        "instance": instance,
        "field": threshold.field,
        "answer": {"lower": str(low), "upper": str(high)},
        "below": below.certificate,
        "above": above.certificate,
    }
    return Result(
        name=name,
        instance=instance,
        quantity="threshold",
        bracket=Bracket(low, high),
        certificate=body,
        digest=digest(body),
        attack=above.attack,
        method=f"{above.method}; existence grows with epsilon",
        solver=above.solver,
        seconds=time.perf_counter() - begun,
    )
