r"""One question along one of its fields, and the number that its answer is held against there.

What an adversary can do grows with epsilon and with an upper bound on P(s|w); it shrinks with a
lower bound, with min-entropy, and with the visibility v of the honest behaviour P,

.. math:: P_v = v\, P + (1 - v)\, \text{white noise},

since she can add white noise to her boxes (docs/proofs/thresholds.md). Epsilon is Colbeck and
Renner's (0 perfect, 1/2 useless).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from freerand_opt.model.behaviour import Behaviour, score, white_noise
from freerand_opt.model.question import Question, Test, Threshold
from freerand_opt.model.source import MeasurementDependence, Mutual, PerParty, SanthaVazirani, Source
from freerand_opt.numbers.exact import Exact, compare, log2, text
from freerand_opt.numbers.parse import parse
from freerand_opt.numbers.rounding import power_of_two


def varied(question: Question, threshold: Threshold, value: Fraction) -> Question:
    """Return the question with another value of the threshold's field; ValueError if it has none.

    Min-entropy k stands for upper = 2^-k, rounded to a fraction: `place` is the exact value.
    """
    if threshold.field == "observed.visibility":
        if threshold.honest is None:
            raise ValueError("a threshold in the visibility needs the honest behaviour")
        return replace(question, tests=noisy(question.tests, threshold.honest, value))
    source = _varied_source(question.source, threshold, value, question.scenario.shape[1])
    return replace(question, source=source)


def _varied_source(source: Source, threshold: Threshold, value: Fraction, settings: int) -> Source:
    name = threshold.field.removeprefix("source.")
    if name == "epsilon" and isinstance(source, SanthaVazirani | Mutual):
        return replace(source, epsilon=value)
    if name == "epsilon" and isinstance(source, PerParty):
        parts = tuple(
            replace(part, epsilon=value) if isinstance(part, SanthaVazirani) else part
            for part in source.parts
        )
        if parts != source.parts or any(isinstance(part, SanthaVazirani) for part in parts):
            return PerParty(parts)
    if isinstance(source, MeasurementDependence):
        if name == "lower":
            return replace(source, lower=value)
        if name == "upper":
            return replace(source, upper=value)
        if name == "bits" and source.lower == 0:
            return replace(source, upper=max(_power_of_half(value, threshold.width), Fraction(1, settings)))
    raise ValueError(f"this source has no {name} to vary")


def _power_of_half(bits: Fraction, width: Fraction) -> Fraction:
    """Return 2^-bits to a relative accuracy far below `width`; exactly for an integer."""
    if bits.denominator == 1:
        return Fraction(1, 2 ** int(bits))
    digits = 8 + int(bits) + max(0, width.denominator.bit_length() - width.numerator.bit_length())
    return Fraction(power_of_two(digits - bits), 2**digits)


def place(question: Question, threshold: Threshold, value: Fraction) -> Exact:
    """Return the exact value of the field in `varied(question, threshold, value)`."""
    if threshold.field != "source.bits":
        return value
    source = varied(question, threshold, value).source
    assert isinstance(source, MeasurementDependence)
    return -log2(source.upper)


def limit(threshold: Threshold, value: Exact) -> Exact | None:
    """Return the number that the quantity crosses at a value of the field, or None for existence."""
    if isinstance(threshold.crosses, str):
        return parse(threshold.crosses.replace(threshold.field, f"({text(value)})"))
    return threshold.crosses


def noisy(tests: Sequence[Test], honest: Behaviour, visibility: Fraction) -> tuple[Test, ...]:
    """Return the tests with the scores that the honest behaviour has at a visibility."""
    white = white_noise(honest.scenario)
    found = []
    for test in tests:
        if test.slack is not None:
            observed = visibility * score(test.functional, honest)
            observed = observed + (1 - visibility) * score(test.functional, white) + test.slack
            test = replace(test, score=observed)
        found.append(test)
    return tuple(found)


def passed_by_noise(test: Test, question: Question) -> bool:
    """Return whether white noise, at the observed settings, passes a test.

    With free settings a joint score is not known, and the answer is False.
    """
    functional, share = test.functional, Fraction(1, question.scenario.shape[0])
    weights = question.setting_weights()
    if functional.on == "joint" and weights is None:
        return False
    total = Fraction(0)
    for _, s, factor in functional.terms:
        total += factor * share * (weights[s] if functional.on == "joint" and weights is not None else 1)
    order = compare(total, test.score)
    return {"<=": order <= 0, ">=": order >= 0, "=": order == 0}[test.relation]
