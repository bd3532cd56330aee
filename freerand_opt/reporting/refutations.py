"""What shows that local models cannot, or can, pass the tests: Bell inequalities and local models."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.bounds.answers import inequality
from freerand_opt.bounds.answers.inequality import BellInequality, bell_inequality
from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import text
from freerand_opt.numbers.rounding import decimal_below

#: Scenarios with more probabilities P(o|s) are not asked once more for no-signalling devices.
MOST_CELLS = 64


def refutation(result: Result) -> tuple[Question, BellInequality, str] | None:
    """Return (question, inequality, where) if no local model passes the tests (at an end of a threshold)."""
    question, body, where = result.question, result.document, ""
    if not question.is_written_out or question.adversary.devices != "local":
        return None
    if body.get("kind") == "threshold" and result.threshold is not None and "honest" not in body:
        sides = [body[side] for side in ("below", "above") if body[side]["upper"] is not None]
        if result.threshold.of == "source.bits" or not sides:
            return None
        body = sides[0]
        where = f" at {result.threshold.of} = {body['at']}"
        question = question.varied(result.threshold.of, Fraction(body["at"]))
    made = bell_inequality(question.problem(), body.get("upper"))
    return None if made is None else (question, made, where)


def no_devices_at_all(question: Question) -> bool:
    """Return whether no-signalling devices are proved not to pass either, in small scenarios."""
    if prod(question.scenario.shape) > MOST_CELLS:
        return False
    return bound(question.changed(adversary={"devices": "no-signalling"})).impossible


def lines(result: Result) -> Iterator[tuple[str, str]]:
    """Yield (name, words) of the inequality, or that no-signalling devices fail too."""
    shown = refutation(result)
    if shown is None:
        yield from _of_quantum(result)
        return
    asked, made, where = shown
    if no_devices_at_all(asked):
        yield "", f"no-signalling devices do not pass these tests either{where} (proved)"
        return
    over = "the boxes of docs/proofs/cycle-boxes.md" if made.by_cycle else "all deterministic boxes"
    yield "inequality", inequality.words(made)
    yield "", f"for every local model with settings from this source{where} (exact, over {over});"
    yield "", f"P(outcomes,settings) joint; the tests give at least {decimal_below(made.observed)}"


def _of_quantum(result: Result) -> Iterator[tuple[str, str]]:
    question = result.question
    if not question.is_written_out or result.document.get("kind") != "bracket":
        return
    if question.adversary.devices != "quantum":
        return
    from freerand_opt.bounds.answers.quantum_inequality import quantum_inequality  # programs, numpy

    problem = question.cases()[0]
    found = None if problem.observed is None else quantum_inequality(problem, result.document.get("upper"))
    if found is not None:
        yield "inequality", found.words()
        yield "", f"for all quantum devices (proved); the test gives at least {decimal_below(found.observed)}"


def record(result: Result) -> dict[str, Any]:
    """Return the inequality and the local model as plain data, None where there is none."""
    shown = refutation(result)
    if shown is not None and no_devices_at_all(shown[0]):
        shown = None
    return {"inequality": None if shown is None else plain(shown[1]), "local_model": _model(result)}


def plain(found: BellInequality) -> dict[str, Any]:
    """Return an inequality as plain data: terms [o, s, integer], exact ends as text, and LaTeX."""
    return {
        "terms": [list(term) for term in found.terms],
        "bound": str(found.bound),
        "observed_at_least": text(found.observed),
        "over": "boxes of docs/proofs/cycle-boxes.md" if found.by_cycle else "all deterministic boxes",
        "words": inequality.words(found),
        "latex": inequality.words(found, latex=True),
    }


def _model(result: Result) -> list[dict[str, Any]] | None:
    """Return the strategies of a local model that passes the tests."""
    attack = result.document.get("attack")
    if attack is None or result.quantity != "strategy" or result.question.adversary.devices != "local":
        return None
    if not result.question.is_written_out:
        return None
    from freerand_opt.attacks.held import strategies  # programs, numpy

    found = []
    for masses, box in strategies(result.question.problem(), attack):
        weight = sum(masses)
        shares = [str(mass / weight) for mass in masses]
        found.append({"weight": str(weight), "outcomes": box["outcomes"], "settings": shares})
    return found
