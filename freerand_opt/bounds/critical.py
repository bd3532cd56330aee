"""A threshold of a question: the certificate in which one of its numbers varies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.threshold import Crossing, critical_value, threshold_form
from freerand_opt.bounds.visibility import moving_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.errors import InputError
from freerand_opt.model.quantities import STRATEGY, same
from freerand_opt.model.question import Question
from freerand_opt.model.threshold import Threshold
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.kernel import kernel_number
from freerand_opt.numbers.rounding import power_of_two


@dataclass(frozen=True)
class Sought:
    """A critical value as the kernel sees it: its field, where it is sought, what the answer passes there."""

    field: str
    between: tuple[Fraction, Fraction]
    width: Fraction
    crossing: Crossing

    def form(self, question: Question, places: tuple[Fraction, Fraction]) -> dict[str, Any]:
        """Return what a certificate says of the question; the field is what differs at two places.

        Raise InputError if that is no single number of the question as certificates spell it.
        """
        try:
            moving = moving_form(question, self.field, places)
        except ValueError:
            raise InputError(
                "threshold.of",
                f"{self.field} of kind {question.source.to_dict()['kind']} moves several limits at once, and "
                "a certificate of a critical value has one number that moves; ask at given values",
            ) from None
        return {**moving, "crosses": self.crossing.form()}


def sought(question: Question, threshold: Threshold) -> Sought:
    """Return a threshold in the kernel's numbers: bits are sought as the largest probability, 2^-bits."""
    first, last = threshold.between
    between, width, field = (first, last), threshold.width, threshold.of
    if field == "source.bits":
        field = "source.upper"
        settings = question.scenario.shape[0]
        width = min(width * _power(last, 80) / 2, Fraction(1, 4))
        between = (max(_power(last, 60), Fraction(1, settings)), min(_power(first, 60), Fraction(1)))
    return Sought(field, between, width, _crossing(question, threshold))


def critical_form(
    question: Question, threshold: Threshold, options: Options
) -> tuple[dict[str, Any], dict[str, str], list[Pool]]:
    """Return the certificate of a critical value, how its ends were found, and what was found at all places.

    Raise NoChangeError where nothing changes, InputError if the field is no single number of the question as
    certificates spell it.
    """
    found = sought(question, threshold)
    found.form(question, found.between)  # refused before anything is solved

    quick, pools = replace(options, margin_only=True), list[Pool]()

    @cache
    def at(place: Fraction, how: Options = options) -> Pool:
        asked = question.varied(found.field, place).shortest()
        pool = corridor(asked, how)
        pools.extend([pool] if how is options else [])
        return pool

    low, high = critical_value(
        at,
        found.crossing,
        found.between,
        found.width,
        lambda place: at(place, quick).margin,
        f"{found.field}: {_claim(question, threshold)}",
    )
    how = {"below": _how(low.pool), "above": _how(high.pool)}
    return threshold_form(found.form(question, (low.place, high.place)), low, high), how, pools


def _power(bits: Fraction, digits: int) -> Fraction:
    """Return 2^-bits, exactly for an integer, else within 2^-digits."""
    if bits.denominator == 1:
        return Fraction(1, 2 ** int(bits))
    return Fraction(power_of_two(digits - bits), 2**digits)


def _how(pool: Pool) -> str:
    return pool.how.get("upper" if pool.impossible or pool.attack is None else "attack", "")


def _claim(question: Question, threshold: Threshold) -> str:
    """Return in words what changes at the critical value."""
    row = question.ask.row
    if row.name == STRATEGY:
        return "that no strategy passes"
    return f"{row.name} {'<=' if row.rising else '>='} {threshold.crosses}"


def _crossing(question: Question, threshold: Threshold) -> Crossing:
    """Return what the answer is compared with, as the kernel spells it."""
    if question.ask.quantity == STRATEGY:
        return Crossing()
    tables = question.to_dict()
    one, two = (threshold.limit(Fraction(k), tables) for k in (1, 2))
    assert one is not None
    assert two is not None
    if compare(one, two) != 0:
        if not isinstance(one, Fraction) or compare(two, one * 2) != 0 or threshold.of == "source.bits":
            raise InputError("threshold.crosses", "is a number, or a multiple of the number that varies")
        if question.ask.row.optimum is not same:
            raise InputError(
                "threshold.crosses", f"is a number, since a {question.ask.quantity} is asked for"
            )
        return Crossing("field", one, float(one))
    return _of_number(question, one)


def _of_number(question: Question, number: Exact) -> Crossing:
    if question.ask.row.optimum is not None:
        limit = question.ask.row.optimum(number)
        return Crossing("number", kernel_number(limit), float(limit))
    if not isinstance(number, Fraction):
        raise InputError(
            "threshold.crosses", "is a rational number of bits, since a min-entropy is asked for"
        )
    return Crossing("entropy", number, float(number))
