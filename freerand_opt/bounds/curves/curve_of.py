"""Ask for a curve: the answer to a question as a function of one number of it."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from freerand_opt.bounds.answers.about import as_read
from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.curves.concave import lines_and_points
from freerand_opt.bounds.curves.curve import WORK, Curve
from freerand_opt.bounds.curves.fitting import places_in
from freerand_opt.bounds.curves.pieces import family_of
from freerand_opt.bounds.curves.walk import walked
from freerand_opt.bounds.methods.edges import edge_parts, in_epsilon
from freerand_opt.bounds.methods.leakage import leakage_of, leakage_parts
from freerand_opt.bounds.visibility import moving_form
from freerand_opt.checker import reading
from freerand_opt.checker.document import FORMAT, check
from freerand_opt.checker.failures import Work
from freerand_opt.errors import InputError
from freerand_opt.model.ask import WORST
from freerand_opt.model.files.asked import Asked, question_of
from freerand_opt.model.files.beside import contents
from freerand_opt.model.problem import Problem
from freerand_opt.model.quantities import ENTROPY, STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.number import place_of

SOURCE_FIELDS = ("source.epsilon", "source.lower", "source.upper")
#: Single certificates along the interval where no program has a shape that a curve needs.
SINGLE = 17


def curve(
    question: Asked,
    field: str,
    between: tuple[Any, Any],
    *,
    width: Fraction | float | str | None = None,
    time_limit: float | None = None,
) -> Curve:
    """Return the certified answer as a function of `field` on an interval, as ("0", "1/8").

    `field` is source.epsilon, source.lower or source.upper, a score or tolerance of a test (test.score),
    observed.visibility or one party's observed.efficiency.B. `width` is how near chords come to lines where
    the answer is concave (an entropy: convex). Raise InputError for what has no curve.
    """
    begun = time.perf_counter()
    low, high = (place_of(x, "between") for x in between)
    asked, _ = question_of(question, fields={field: [str(low)]})
    if low >= high:
        raise InputError("between", f"{low}, {high}: two rational numbers, first < second, are needed")
    if asked.ask.at == WORST or asked.ask.quantity == STRATEGY or asked.data is not None:
        raise InputError(
            "curve", "needs fixed settings or averages, and a guess, a score or an entropy that is asked for"
        )
    if field == "observed.efficiency":
        raise InputError(
            field,
            "has no curve: scores are no lines in the losses of all parties, and an answer need be neither "
            f"convex nor concave; give one party's, as {field}.B, a sweep, as {field}=0.8:1:0.01, "
            "or a threshold",
        )
    if field.startswith("source.") and field not in SOURCE_FIELDS:
        raise InputError(
            field,
            f"has no curve; a source's are in {', '.join(SOURCE_FIELDS)}; sweep it, as {field}=a:b:step",
        )
    if asked.problem().observed is None:
        raise InputError("observed.settings", 'of a curve are stated, as "uniform"')
    asked.varied(field, high)  # the last value is one of the field's as well
    if field in SOURCE_FIELDS:
        certificate = _moving(asked, field, (low, high), width, time_limit)
    else:
        certificate = _still(asked, field, (low, high), width, time_limit)
    text = json.dumps({"format": FORMAT, "version": 2, "kind": "curve", **certificate}, separators=(",", ":"))
    made = Curve(asked, field, text, time.perf_counter() - begun)
    _ = made.report
    return made


def load_curve(path: str | Path, question: Asked, field: str) -> Curve:
    """Return a curve that was saved, checked anew; raise InputError where it is about another question."""
    text = contents(Path(path), str(path), reading.MOST_BYTES, "no certificate is longer").strip()
    try:
        report = check(reading.load(text), Work(WORK))
    except ValueError as error:
        raise InputError(str(path), f"proves nothing: {error}") from None
    if report.curve is None:
        raise InputError(str(path), "is the certificate of one answer, and not of a curve")
    ends = report.curve.domain
    asked, _ = question_of(question, fields={field: [str(ends[0])]})
    if json.loads(text)["question"] != as_read(_asked_form(asked, field, ends))["question"]:
        raise InputError("question", "the certificate is about another question")
    found = Curve(asked, field, text)
    found.__dict__["report"] = report  # the cached property: it is checked once
    return found


def _moving(
    asked: Question, name: str, ends: tuple[Fraction, Fraction], width: Any, time_limit: float | None
) -> dict[str, Any]:
    """Return the certificate of a curve in a number of the source; an entropy has single certificates."""
    form = _asked_form(asked, name, ends)

    def problem(x: Fraction) -> Problem:
        return asked.varied(name, x).problem()

    made = leakage_of(problem(ends[0])) if in_epsilon(problem, ends) else None
    closed = edge_parts(problem, ends, form) if made is None else leakage_parts(made, ends)
    if closed is not None:
        upper, lower = closed
        return {**form, "upper": upper, "lower": lower, "points": []}
    places = places_in(ends)
    entropy = asked.ask.quantity == ENTROPY
    family = None if entropy else family_of(problem, ends, places)
    upper, lower, points = ([], [], []) if family is None else walked(family, form)
    if family is None:
        low, high = ends
        for k in range(SINGLE):
            x = low + (high - low) * k / (SINGLE - 1)
            found = bound(asked.varied(name, x), width=width if entropy else None, time_limit=time_limit)
            document = found.document
            if document and not found.impossible:
                points.append({"at": str(x), "upper": document["upper"], "attack": document["attack"]})
    return {**form, "upper": upper, "lower": lower, "points": points}


def _still(
    asked: Question, name: str, ends: tuple[Fraction, Fraction], width: Any, time_limit: float | None
) -> dict[str, Any]:
    """Return the certificate of a curve in what stands on the right side: a score, or the visibility."""
    form = _asked_form(asked, name, ends)

    held = width_of_curves(asked) if width is None else place_of(width, "width")
    entropy = asked.ask.quantity == ENTROPY

    def answer(x: Fraction) -> Result:
        return bound(asked.varied(name, x), width=held / 4 if entropy else width, time_limit=time_limit)

    upper, points = lines_and_points(answer, form, ends, held)
    return {**form, "upper": upper, "lower": [], "points": points}


def width_of_curves(asked: Question) -> Fraction:
    """Return how near the ends of a curve are sought if nothing is said: quantum devices have a band."""
    if asked.ask.quantity == ENTROPY:
        return Fraction(1, 50)
    return Fraction(1, 10**4) if asked.adversary.devices == "quantum" else Fraction(1, 10**9)


def _asked_form(asked: Question, name: str, ends: tuple[Fraction, Fraction]) -> dict[str, Any]:
    """Return the question with "?" at its number, and beside it the behaviour that moves."""
    try:
        found = moving_form(asked, name, ends, whole=True)
    except ValueError as error:
        raise InputError(name, f"has no curve: {error}") from None
    if not {"honest", "path"} & found.keys() and '"?"' not in json.dumps(found):
        raise InputError(name, "does not change the question")
    return found
