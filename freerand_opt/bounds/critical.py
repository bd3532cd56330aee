"""A threshold of a question: the certificate in which one of its numbers varies."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

from freerand_opt.bounds.threshold import Crossing, critical_value, threshold_form, varied_form
from freerand_opt.bounds.visibility import honest_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.errors import InputError
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Problem
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.model.threshold import Threshold
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.rounding import power_of_two

Answer = Callable[[Problem | Many], Pool]


def varied(question: Question, field: str, value: Fraction) -> Question:
    """Return the question with another value of a field, as ``source.epsilon``."""
    if field == "observed.visibility":
        return question.changed(observed=question.observed.changed(visibility=value))
    return question.changed(source=question.source.varied(field.removeprefix("source."), value))


def form_of(question: Question) -> Problem | Many:
    """Return what programs are made of: joint indices, or the short form of many parties."""
    if question.is_written_out:
        return question.problem()
    held = question.many()
    assert held is not None  # what can be built can be asked
    return held


def critical_form(
    question: Question, sought: Threshold, answer: Answer
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the certificate of a critical value, and how its ends were found; raise NoChangeError."""
    field, width = sought.of, sought.width
    between = (sought.between[0], sought.between[1])
    if field == "source.bits":  # the kernel's field is the largest probability, 2^-bits
        field = "source.upper"
        settings = question.scenario.shape[0]
        width = min(width * _power(between[1], 80) / 2, Fraction(1, 4))
        between = (_power(between[1], 60), _power(between[0], 60))
        between = (max(between[0], Fraction(1, settings)), min(between[1], Fraction(1)))
    crossing = _crossing(question, sought)

    @cache
    def at(place: Fraction) -> Pool:
        return answer(form_of(varied(question, field, place)))

    low, high = critical_value(at, crossing, between, width)
    how = {"below": _how(low.pool), "above": _how(high.pool)}
    if field == "observed.visibility":
        honest = honest_form(question)
        return threshold_form(honest.question, crossing, low, high, honest.rows), how
    asked = varied_form(low.pool.question, high.pool.question, (low.place, high.place))
    return threshold_form(asked, crossing, low, high), how


def _power(bits: Fraction, digits: int) -> Fraction:
    """Return 2^-bits, exactly for an integer, else within 2^-digits."""
    if bits.denominator == 1:
        return Fraction(1, 2 ** int(bits))
    return Fraction(power_of_two(digits - bits), 2**digits)


def _how(pool: Pool) -> str:
    return pool.how.get("upper" if pool.impossible or pool.attack is None else "attack", "")


def _crossing(question: Question, sought: Threshold) -> Crossing:
    """Return what the answer is compared with, as the kernel spells it."""
    if question.ask.quantity == STRATEGY:
        return Crossing()
    tables = question.to_dict()
    one, two = (sought.limit(Fraction(k), tables) for k in (1, 2))
    assert one is not None
    assert two is not None
    if compare(one, two) != 0:
        if not isinstance(one, Fraction) or compare(two, one * 2) != 0 or sought.of == "source.bits":
            raise InputError("threshold.crosses", "is a number, or a multiple of the number that varies")
        if question.ask.quantity == "min-entropy":
            raise InputError("threshold.crosses", "is a number of bits, since a min-entropy is asked for")
        return Crossing("field", one)
    return _of_number(question, one)


def _of_number(question: Question, number: Exact) -> Crossing:
    from freerand_opt.certificates.number import kernel_number

    if question.ask.quantity != "min-entropy":
        return Crossing("number", kernel_number(number))
    if not isinstance(number, Fraction):
        raise InputError(
            "threshold.crosses", "is a rational number of bits, since a min-entropy is asked for"
        )
    return Crossing("entropy", number)
