"""Critical values: at one end a certificate that the claim holds, at the other an explicit attack.

The claim is "there is no strategy", or "the quantity is at most c". What an adversary can do is
monotone in the field (`model.variation`), so against a number c there is one critical value.
Where c itself varies, c = source.epsilon, the claim changes sides between the two ends; other
changes elsewhere are not excluded. Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.answers.answering import answered
from freerand_opt.answers.bounding import bound, margin
from freerand_opt.answers.many_parties import answered_by_orbits
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certificate import honest_json
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.model.question import Question, Threshold
from freerand_opt.model.variation import limit, place, varied
from freerand_opt.numbers.exact import Exact, compare, text
from freerand_opt.proving.certified import digest
from freerand_opt.proving.result import Bracket, Result, exact_text
from freerand_opt.proving.solving import Lifted

MAX_STEPS = 100


class NoChangeError(InputError):
    """An interval at whose ends the claim is not proved once and refuted once.

    `found` says what was: holds, fails, or undecided (at one end at least).
    """

    found = "undecided"


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
    solver: str = "auto",
    time_limit: float | None = None,
    symmetry: Sequence[str] = (),
) -> Result:
    """Return a certified bracket of the value of a field at which the claim begins to fail.

    Raise InputError if the claim does not hold at one end of the interval and fail at the other.
    Where programs and attacks do not meet, the bracket is wider than `threshold.width`.
    """
    begun = time.perf_counter()
    programs: dict[str, dict[str, Any]] = {}
    lifted: dict[str, Lifted] = {}

    def at(value: Fraction) -> End:
        label = f"{instance} {threshold.field.rsplit('.', 1)[-1]}={value}".strip()
        asked = varied(question, threshold, value)
        if asked.relations is not None:
            found = answered_by_orbits(asked, name, label, solver, time_limit)
        else:
            found, needed = answered(asked, name, label, solver, time_limit, symmetry)
            programs.update(needed[0])
            lifted.update(needed[1])
        where = place(question, threshold, value)
        return End(value, where, found, side(found, limit(threshold, where)))

    def hint(value: float) -> float:
        near = simplest(max(Fraction(value) - threshold.width / 16, Fraction(0)), Fraction(value))
        asked = varied(question, threshold, near)
        crosses = limit(threshold, place(question, threshold, near))
        if crosses is None:
            return margin(asked, solver=solver, time_limit=time_limit)
        ends = bound(asked, solver=solver, time_limit=time_limit, symmetry=symmetry).bracket
        return float(ends.lower if ends.upper is None else ends.upper) - float(crosses)  # type: ignore[arg-type]

    low, high = (at(value) for value in threshold.between)
    if low.side * high.side >= 0:
        error = NoChangeError(
            "threshold.between",
            f"at {low.value} the answer is {low.result}, at {high.value} it is {high.result}; the claim must "
            "hold at one end and fail at the other",
        )
        if low.side and high.side:
            error.found = "holds" if low.side < 0 else "fails"
        raise error
    low, high = _narrowed(low, high, at, _tries(hint, threshold), threshold)
    body = {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "threshold",
        "name": name,
        "instance": instance,
        "field": threshold.field,
        "crosses": threshold.crosses if isinstance(threshold.crosses, str) else exact_text(threshold.crosses),
        "answer": {"lower": text(low.place), "upper": text(high.place)},
        "below": low.result.certificate,
        "above": high.result.certificate,
    }
    if threshold.honest is not None:
        body["observed"] = honest_json(threshold.honest, question.tests)
    checker.check(body, programs=programs, lifted=lifted)
    moves = "the claim changes between the ends" if isinstance(threshold.crosses, str) else "monotone"
    return Result(
        name=name,
        instance=instance,
        quantity="threshold",
        bracket=Bracket(low.place, high.place),
        certificate=body,
        digest=digest(body),
        method=f"{high.result.method}; {moves} in {threshold.field}",
        solver=high.result.solver,
        seconds=time.perf_counter() - begun,
    )


@dataclass(frozen=True)
class End:
    """The answer at one value of the field: `place` is its exact value, `side` as `side` says."""

    value: Fraction
    place: Exact
    result: Result
    side: int


def _narrowed(
    low: End, high: End, at: Callable[[Fraction], End], tries: Iterator[Fraction], threshold: Threshold
) -> tuple[End, End]:
    """Return two ends of opposite sides, as near each other as the width asks or the proofs reach.

    Between the two points of `gap` neither side could be proved where it was tried.
    """
    gap: tuple[Fraction, Fraction] | None = None
    for _ in range(MAX_STEPS):
        reach = [(low.value, high.value)] if gap is None else [(low.value, gap[0]), (gap[1], high.value)]
        first, last = max(reach, key=lambda ends: ends[1] - ends[0])
        if last - first <= threshold.width:
            break
        middle = next(tries, None) if gap is None else None
        if middle is None or not first < middle < last:
            middle = simplest((5 * first + 3 * last) / 8, (3 * first + 5 * last) / 8)
        try:
            found = at(middle)
        except TooLargeError:  # too many digits, say
            found = None
        if found is not None and found.side == low.side:
            low = found
        elif found is not None and found.side == high.side:
            high = found
        else:
            gap = (middle, middle) if gap is None else (min(gap[0], middle), max(gap[1], middle))
    return low, high


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction with the least denominator in [low, high], 0 <= low <= high.

    Few digits keep products of probabilities, and with them programs and certificates, small.
    """
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    whole -= 1
    return whole + 1 / simplest(1 / (high - whole), 1 / (low - whole))


def _tries(hint: Callable[[float], float], threshold: Threshold) -> Iterator[Fraction]:
    """Yield two points around a root found in floating point, if there is one."""
    low, high = threshold.between
    try:
        from scipy.optimize import brentq

        guess = Fraction(brentq(hint, float(low), float(high), xtol=float(threshold.width) / 8))
    except TooLargeError:
        return
    except ValueError:  # the root is so near an end that floats on the grid see no change of sign
        return
    near, far = threshold.width / 5, threshold.width / 2
    yield simplest(max(guess - far, low), max(guess - near, low))
    yield simplest(guess + near, guess + far)
