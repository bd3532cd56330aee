"""The table `threshold`: which field is varied between which ends, and what is crossed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.question import THRESHOLD_FIELDS, Question, Threshold
from freerand_opt.model.variation import passed_by_noise, varied
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.spec.fields import Fields, number, shortened, shown
from freerand_opt.spec.observed import observed

_FIELD = re.compile(r"\b(?:source|observed)\.[a-z]+\b")


def threshold(
    fields: Fields | None, body: Mapping[str, Any], question: Question, folder: Path
) -> Threshold | None:
    """Return the threshold that a table asks for; InputError if the question has none in that field."""
    if fields is None:
        return None
    of = fields.choice("of", THRESHOLD_FIELDS)
    between = _between(fields, of, question)
    width = fields.fraction("width", Fraction(1, 10**6))
    assert width is not None
    if width <= 0:
        raise fields.fail("width", f"{width} is not positive")
    crosses = crossed(fields, of, body) if fields.has("crosses") else None
    fields.done()
    honest = None
    if of == "observed.visibility":
        table = {key: value for key, value in body.get("observed", {}).items() if key != "visibility"}
        honest, _ = observed(Fields(table, "observed"), question.scenario, folder)
        if honest is None:
            raise fields.fail(
                "of", f"{of} needs observed.behaviour or observed.table to mix with white noise"
            )
        if honest.missing:
            raise fields.fail("of", f"{of} needs the whole behaviour, and observed.table has a part of it")
        if question.adversary.moments:
            raise fields.fail("of", f"{of}: conditions on moments are not monotone in the visibility")
    found = Threshold(of, between, width, crosses, honest)
    _suits(found, question)
    return found


def _between(fields: Fields, of: str, question: Question) -> tuple[Fraction, Fraction]:
    ends = fields.get("between", list, required=True)
    exact = [number(end, f"{fields.at('between')}[{i}]") for i, end in enumerate(ends)]
    fractions = [end for end in exact if isinstance(end, Fraction)]
    settings = question.scenario.shape[1]
    least, most = {
        "source.epsilon": (Fraction(0), Fraction(1, 2)),
        "source.lower": (Fraction(0), Fraction(1, settings)),
        "source.upper": (Fraction(1, settings), Fraction(1)),
        "source.bits": (Fraction(0), Fraction(settings.bit_length() - 1)),
        "observed.visibility": (Fraction(0), Fraction(1)),
    }[of]
    fits = len(exact) == len(fractions) == 2 and least <= fractions[0] < fractions[1] <= most
    if not fits or (of == "source.epsilon" and fractions[1] == most):
        below = "<" if of == "source.epsilon" else "<="
        raise fields.fail(
            "between",
            f"{shown(ends)}: two rational numbers {least} <= first < second {below} {most} are needed",
        )
    return fractions[0], fractions[1]


def crossed(fields: Fields, of: str, body: Mapping[str, Any]) -> Exact | str | None:
    """Return a number, or the text of an expression in the field `of`; other fields are put in."""
    value = fields.table["crosses"]
    if type(value) is not str or not _FIELD.search(value):
        return fields.number("crosses")
    if len(value) > 200:
        raise fields.fail("crosses", f"has {len(value)} characters; at most 200 are read")

    def put_in(match: re.Match[str]) -> str:
        name = match[0]
        if name == of:
            return of
        table, key = name.split(".")
        given = body.get(table, {}).get(key)
        if given is None:
            raise fields.fail(
                "crosses", f"{shown(value)}: the question has no {name}; a number, or a field that it has"
            )
        return f"({text(number(given, name))})"

    found = _FIELD.sub(put_in, value)
    if of not in found:
        return number(found, fields.at("crosses"))
    number(found.replace(of, "(1/3)"), fields.at("crosses"))  # a number is needed in place of the field
    return found


def _suits(threshold: Threshold, question: Question) -> None:
    """Raise InputError for a threshold in a field that the question does not have, or of nothing."""
    quantity = question.ask.quantity
    name = threshold.field.removeprefix("source.")
    try:
        varied(question, threshold, threshold.between[1])
    except ValueError:
        raise InputError(
            "threshold.of",
            f"this source has no {name}; source.epsilon needs kind santha-vazirani, mutual, independent or "
            "mixture; source.lower and source.upper need measurement-dependence, source.bits min-entropy",
        ) from None
    if question.ask.at == "worst":
        raise InputError("threshold", 'needs fixed settings or "average"; ask.at is "worst"')
    if quantity == "score":
        raise InputError("threshold", "of a score is not offered; ask for a strategy that passes a test")
    if (quantity == "strategy") != (threshold.crosses is None):
        needed = (
            "must not be given" if quantity == "strategy" else "is missing; the number to cross is needed"
        )
        raise InputError("threshold.crosses", f"{needed} (ask.quantity is {quantity})")
    if threshold.field == "observed.visibility":
        for at, test in enumerate(question.tests):
            if test.slack is None and not passed_by_noise(test, question):
                raise InputError(
                    f"test[{at}]",
                    f"{shortened(test.label)}: white noise does not pass this given score, so the answer is "
                    'not monotone in the visibility; use score = "observed"',
                )
