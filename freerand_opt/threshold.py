"""Critical values: a certificate that the claim holds at one end, an explicit strategy at the other.

A larger epsilon only adds source distributions, so what exists at one epsilon exists above it.
Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless).
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

from freerand_opt.bounding import digest, existence
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

    Every step is decided by a certificate, so an interrupted search has lost only width; regula
    falsi (Illinois) on the margin of the tests chooses the steps. Raise InputError if the
    interval does not hold a change.
    """
    begun = time.perf_counter()

    def at(epsilon: Fraction) -> tuple[Result, float]:
        assert isinstance(question.source, SanthaVazirani)
        asked = replace(question, source=replace(question.source, epsilon=epsilon))
        return existence(
            asked, name=name, instance=f"{instance} epsilon={epsilon}".strip(), solver=solver, time_limit=time_limit
        )

    low, high = threshold.between
    (below, margin_low), (above, margin_high) = at(low), at(high)
    if below.bracket.upper is None or above.bracket.lower is None:
        raise InputError(
            "threshold.between",
            f"at {low}: strategy {below}; at {high}: strategy {above}; there must be none at the first and one at the second",
        )
    for _ in range(MAX_STEPS):
        if high - low <= threshold.width:
            break
        middle = _next(low, high, margin_low, margin_high, threshold.width)
        found, margin = at(middle)
        if found.bracket.upper is not None:
            low, below, margin_low, margin_high = middle, found, margin, margin_high / 2
        elif found.bracket.lower is not None:
            high, above, margin_high, margin_low = middle, found, margin, margin_low / 2
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


def _next(low: Fraction, high: Fraction, margin_low: float, margin_high: float, width: Fraction) -> Fraction:
    """Return a point on the grid width/4 inside (low, high), near the root of the secant."""
    share = -margin_low / (margin_high - margin_low) if margin_high > margin_low else 0.5
    guess = low + (high - low) * Fraction(min(max(share, 0.0), 1.0))
    # aim a little past the root towards the farther end, so that both ends close in
    nudge = width * Fraction(2, 5)
    guess += nudge if guess - low < high - guess else -nudge
    grid = width / 4
    guess = round(guess / grid) * grid
    return guess if low < guess < high else (low + high) / 2


