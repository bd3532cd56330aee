"""Critical values: at one end a certificate that the claim holds, at the other an explicit attack.

The claim is "there is no strategy", or "the quantity is at most c". A larger epsilon (or upper
bound, or a smaller lower bound) only adds source distributions, so what an adversary can do at
one value she can do beyond it. Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from scipy.optimize import brentq

from freerand_opt.bounding import answered, bound, digest, margin
from freerand_opt.certificates import check as checker
from freerand_opt.errors import InputError
from freerand_opt.exact import Exact, compare, text
from freerand_opt.model.question import Question, Threshold
from freerand_opt.model.source import MeasurementDependence, Mutual, SanthaVazirani
from freerand_opt.result import Bracket, Result
from freerand_opt.solving import Lifted

MAX_STEPS = 100


def varied(question: Question, field: str, value: Fraction) -> Question:
    """Return the question with another value of a source's field, as ``source.epsilon``."""
    source = question.source
    if isinstance(source, SanthaVazirani | Mutual) and field == "source.epsilon":
        return replace(question, source=replace(source, epsilon=value))
    if isinstance(source, MeasurementDependence) and field == "source.lower":
        return replace(question, source=replace(source, lower=value))
    if isinstance(source, MeasurementDependence) and field == "source.upper":
        return replace(question, source=replace(source, upper=value))
    raise InputError("threshold.of", f"this source has no {field}")


def side(result: Result, crosses: Exact | None) -> int:
    """Return -1 if the claim is proved, 1 if an attack refutes it, 0 if neither.

    The claim: no strategy exists; or the answer is at most `crosses` (min-entropy: at least).
    """
    lower, upper = result.bracket.lower, result.bracket.upper
    if crosses is None:
        return 1 if lower is not None else -1 if upper is not None else 0
    if result.quantity == "min-entropy":
        lower, upper = None if upper is None else -upper, None if lower is None else -lower
        crosses = -crosses
    if upper is not None and compare(upper, crosses) <= 0:
        return -1
    return 1 if lower is not None and compare(lower, crosses) > 0 else 0


def critical_value(
    question: Question,
    threshold: Threshold,
    *,
    name: str = "question",
    instance: str = "",
    solver: str = "highs",
    time_limit: float | None = None,
) -> Result:
    """Return a certified bracket of the value of a field at which the claim begins to fail.

    Raise InputError if the interval does not hold a change.
    """
    begun = time.perf_counter()

    programs: dict[str, dict[str, Any]] = {}
    lifted: dict[str, Lifted] = {}

    def at(value: Fraction) -> Result:
        label = f"{instance} {threshold.field.removeprefix('source.')}={value}".strip()
        found, needed = answered(varied(question, threshold.field, value), name, label, solver, time_limit)
        programs.update(needed[0])
        lifted.update(needed[1])
        return found

    def hint(value: float) -> float:
        asked = varied(question, threshold.field, _on_grid(Fraction(value), threshold))
        if threshold.crosses is None:
            return margin(asked, solver=solver, time_limit=time_limit)
        ends = bound(asked, solver=solver, time_limit=time_limit).bracket
        return float(ends.lower if ends.upper is None else ends.upper) - float(threshold.crosses)  # type: ignore[arg-type]

    low, high = threshold.between
    below, above = at(low), at(high)
    first, last = side(below, threshold.crosses), side(above, threshold.crosses)
    if first * last >= 0:
        raise InputError(
            "threshold.between",
            f"at {low} the answer is {below}, at {high} it is {above}; the claim must hold at one end and "
            "fail at the other",
        )
    doubt: tuple[Fraction, Fraction] | None = None
    for middle in _steps(hint, low, high, threshold):
        if (gap := _widest_gap(low, high, doubt))[1] - gap[0] <= threshold.width:
            break
        if doubt is not None or not low < middle < high:
            middle = _on_grid((gap[0] + gap[1]) / 2, threshold)
        found = at(middle)
        where = side(found, threshold.crosses)
        if where == first:
            low, below = middle, found
        elif where == last:
            high, above = middle, found
        else:  # neither proved nor refuted: what is certain lies on both sides
            doubt = (middle, middle) if doubt is None else (min(doubt[0], middle), max(doubt[1], middle))
    body = {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "threshold",
        "name": name,
        "instance": instance,
        "field": threshold.field,
        "crosses": None if threshold.crosses is None else text(threshold.crosses),
        "answer": {"lower": str(low), "upper": str(high)},
        "below": below.certificate,
        "above": above.certificate,
    }
    checker.check(body, programs=programs, lifted=lifted)
    return Result(
        name=name,
        instance=instance,
        quantity="threshold",
        bracket=Bracket(low, high),
        certificate=body,
        digest=digest(body),
        attack=(above if last > 0 else below).attack,
        method=f"{above.method}; monotone in {threshold.field}",
        solver=above.solver,
        seconds=time.perf_counter() - begun,
    )


def _widest_gap(
    low: Fraction, high: Fraction, doubt: tuple[Fraction, Fraction] | None
) -> tuple[Fraction, Fraction]:
    """Return the wider of the two intervals beside those values where neither side could be proved."""
    if doubt is None:
        return low, high
    return max((low, doubt[0]), (doubt[1], high), key=lambda gap: gap[1] - gap[0])


def _on_grid(value: Fraction, threshold: Threshold) -> Fraction:
    grid = threshold.width / 16
    return round(value / grid) * grid


def _steps(
    hint: Callable[[float], float], low: Fraction, high: Fraction, threshold: Threshold
) -> list[Fraction]:
    """Return points to try: two around a root found in floating point, then (as `low`) bisection."""
    tries = [low] * MAX_STEPS
    try:
        guess = Fraction(brentq(hint, float(low), float(high), xtol=float(threshold.width) / 8))
    except ValueError:  # the root is so near an end that floats on the grid see no change of sign
        return tries
    reach = threshold.width * Fraction(2, 5)
    return [_on_grid(guess - reach, threshold), _on_grid(guess + reach, threshold), *tries]
