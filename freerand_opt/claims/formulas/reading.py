"""What closed forms read from a question: its epsilon, its bits, the score of its one test."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.question import Question
from freerand_opt.model.source import Source
from freerand_opt.numbers.exact import Exact


def kind(source: Source) -> str:
    """Return the kind of a source, as files spell it."""
    return source.tag()["kind"]


def epsilon(question: Question) -> Fraction:
    """Return epsilon of a Santha-Vazirani or mutual source, 0 of uniform settings; ValueError else."""
    if kind(question.source) not in ("santha-vazirani", "mutual", "uniform"):
        raise ValueError("the formula is about a source of kind santha-vazirani, mutual or uniform")
    found: Fraction = getattr(question.source, "epsilon", Fraction(0))
    return found


def imperfect(question: Question) -> dict[int, Fraction]:
    """Return the epsilon of each party whose bits are not perfect; ValueError for sources of other kinds."""
    source: Any = question.source
    parties = range(len(question.scenario.settings))
    if kind(source) in ("santha-vazirani", "mutual", "independent"):
        return dict.fromkeys(parties, source.epsilon)
    parts = source.parts if kind(source) == "mixture" else ()
    if not parts or any(kind(part) not in ("uniform", "santha-vazirani") for part in parts):
        raise ValueError(
            "the formula is about sources of kind santha-vazirani, mutual, independent or mixture"
        )
    return {p: part.epsilon for p, part in enumerate(parts) if part.varying}


def bits(question: Question) -> int:
    """Return how many bits choose the settings of all parties."""
    return sum(size.bit_length() - 1 for size in question.scenario.settings)


def score(question: Question, *names: str) -> tuple[Exact, str]:
    """Return the score of the one test, and which of these functionals it is about; ValueError for others."""
    scenario = question.scenario
    if len(question.tests) == 1 and not question.moments:
        found = question.tests[0].resolved(scenario, question.observed, "test[0]")
        for name in names:
            asked = Functional.named(name).resolved(scenario, "test[0]")
            if len(found) == 1 and isinstance(found[0], forms.Test) and found[0].functional == asked:
                return found[0].score, name
    raise ValueError(f"the formula needs one test, with the functional {' or '.join(names)}")
