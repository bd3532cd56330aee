"""Questions without an answer that need no program: the settings, or the tests by linear algebra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from freerand_opt.model.question import Ask, Question
from freerand_opt.model.source import PerParty
from freerand_opt.programs.contradiction import contradicted
from freerand_opt.programs.membership import unshown
from freerand_opt.proving.certified import Needed
from freerand_opt.proving.result import Result


def reason(question: Question) -> tuple[str, str] | None:
    """Return (place, words) of what no devices at all can show, if linear algebra finds it, else None."""
    settings = unshown(question)
    if settings is not None:
        return "observed.settings", f"the source cannot show these settings: {settings.words}"
    tests = contradicted(question)
    if tests is not None:
        return "tests", f"no devices at all pass these tests: {tests.words}"
    return None


def to_do(question: Question) -> str:
    """Return what to do about a question to which no strategy answers."""
    found = reason(question)
    if (found is not None and found[0] == "observed.settings") or not question.tests:
        return (
            "Give the source more room (epsilon, limits); settings that are chosen freely with other "
            'frequencies than uniform ones are rows of source.kind = "inequalities"'
        )
    if found is not None:
        return "Keep the behaviour with a larger tolerance, or test one score with <= or >="
    return 'Weaken the tests (score, tolerance), allow more devices, or ask for quantity = "strategy"'


def proved_at_once(
    question: Question, make: Callable[..., tuple[Result, Needed]]
) -> tuple[Result, Needed] | None:
    """Return the certified answer that there is no strategy if the settings or linear algebra show it."""
    settings = unshown(question)
    tests = None if settings is not None else contradicted(question)
    proof: dict[str, object]
    if settings is not None:
        proof = {"gains": list(settings.gains)} if isinstance(question.source, PerParty) else {}
    elif tests is not None:
        proof = {"weights": [[k, str(y)] for k, y in tests.weights]}
    else:
        return None
    result, needed = make(
        replace(question, ask=Ask("strategy")),
        "exact: observed settings against the source"
        if tests is None
        else "exact: linear algebra of the tests",
        "none",
        bound=Fraction(-1),
        about=None,
        attack=(),
        value=None,
        plain={"settings" if tests is None else "contradiction": proof},
    )
    return replace(result, infeasible=True), needed
