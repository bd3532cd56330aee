"""What shows that local models cannot, or can, pass the tests: Bell inequalities and local models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

from freerand_opt.answers import inequality
from freerand_opt.answers.bounding import bound
from freerand_opt.answers.inequality import BellInequality, bell_inequality
from freerand_opt.answers.verification import Verification
from freerand_opt.certificates.attack import Strategy
from freerand_opt.certificates.certificate import question_from_json
from freerand_opt.model.question import Question
from freerand_opt.numbers.rounding import decimal_below
from freerand_opt.programs.boxes import Deterministic

#: Scenarios with more probabilities P(o|s) are not solved once more for no-signalling devices.
MOST_CELLS = 64


def refutation(found: Verification) -> tuple[Question, BellInequality, str] | None:
    """Return (question, inequality, where) if no local model passes the tests, or none below a threshold.

    None if no-signalling devices are proved not to pass either: then local ones are no news.
    """
    shown = _inequality(found)
    return None if shown is None or _none_at_all(shown[0]) else shown


def _inequality(found: Verification) -> tuple[Question, BellInequality, str] | None:
    body = found.result.certificate
    where = ""
    if body.get("kind") == "threshold" and body["crosses"] is None:
        sides = [body[side] for side in ("below", "above") if body[side]["answer"]["lower"] is None]
        if not sides:
            return None
        body = sides[0]
        end = "lower" if body is found.result.certificate["below"] else "upper"
        where = f" at {found.result.certificate['field']} = {found.result.certificate['answer'][end]}"
    if body.get("kind") != "bracket":
        return None
    asked = question_from_json(body["question"])
    made = bell_inequality(asked, body)
    return None if made is None else (asked, made, where)


def _none_at_all(asked: Question) -> bool:
    """Return whether no-signalling devices are proved not to pass; only small scenarios are looked at."""
    if prod(asked.scenario.shape) > MOST_CELLS:
        return False
    others = replace(asked.adversary, devices="no-signalling")
    return bound(replace(asked, adversary=others)).infeasible


def lines(found: Verification) -> Iterator[str]:
    """Yield the inequality in words."""
    shown = _inequality(found)
    if shown is None:
        return
    asked, made, where = shown
    if _none_at_all(asked):
        yield f"            no-signalling devices do not pass these tests either{where} (proved)"
        return
    yield f"inequality  {inequality.words(asked, made)}"
    over = "the boxes of docs/proofs/cycle-boxes.md" if made.by_cycle else "all deterministic boxes"
    yield f"            for every local model with settings from this source{where} (exact, over {over});"
    yield f"            P(outcomes,settings) joint; the tests give at least {decimal_below(made.observed)}"


def record(found: Verification) -> dict[str, Any]:
    """Return the inequality and the local model as plain data, None where there is none."""
    shown = refutation(found)
    asked = found.instance.question
    model = None
    if asked is not None and asked.adversary.devices == "local" and asked.ask.quantity == "strategy":
        model = [
            {
                "weight": str(strategy.weight),
                "outcomes": [list(party) for party in strategy.box.outcomes],
                "settings": [str(mass / strategy.weight) for mass in strategy.masses],
            }
            for strategy in found.result.attack
            if isinstance(strategy, Strategy) and isinstance(strategy.box, Deterministic)
        ]
    return {
        "inequality": None if shown is None else inequality.record(shown[0], shown[1]),
        "local_model": model or None,
    }
