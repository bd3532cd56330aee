"""Why no strategy passes: what the proof charges for names the cause."""

from __future__ import annotations

from typing import Any

from freerand_opt.bounds.contradictions import beyond, contradiction
from freerand_opt.model.conditions import Keep, Moment, Relations, Test
from freerand_opt.model.question import Question


def reason(question: Question, document: dict[str, Any]) -> str:
    """Return in words what cannot be passed, from a certificate that no strategy exists.

    Prices of 0 on all tests say that the source alone cannot show the observed settings.
    """
    part = document if document.get("kind") == "bracket" else next(_impossible(document), {})
    prices = (part.get("upper") or {}).get("prices", {}).get("tests")
    if prices is None:
        return "no strategy of this adversary passes the tests"
    problem = question.cases()[0] if question.is_written_out else None
    charged = [k for k, price in enumerate(prices) if _charged(price)]
    if not charged:
        said = "" if problem is None else beyond(problem, question.scenario)
        return (
            f"the source cannot show the observed settings: {said or 'they are no average of what it allows'}"
        )
    said = "" if problem is None else contradiction(problem, question.scenario)
    if said:
        return f"no devices at all pass these tests: {said}"
    named = _names(question)
    words = list(dict.fromkeys(named[k] for k in charged if k < len(named)))
    if len(words) == 1:
        return f"no strategy of this adversary passes {words[0]}"
    return f"no strategy of this adversary passes {', '.join(words[:4])} together"


def _impossible(document: dict[str, Any]) -> Any:
    for part in document.get("parts", ()):
        if (part.get("upper") or {}).get("claim") == "none":
            yield part


def _charged(price: Any) -> bool:
    if isinstance(price, dict):
        return any(_charged(value) for key, value in price.items() if key not in ("score", "but"))
    if isinstance(price, list):
        return any(_charged(value) for value in price)
    return str(price) != "0"


def _names(question: Question) -> list[str]:
    """Return a name for each test in joint indices."""
    found: list[str] = []
    for key, tests in (("test", question.tests), ("moment", question.moments)):
        for k, test in enumerate(tests):
            count = len(test.resolved(question.scenario, question.observed, f"{key}[{k}]"))
            found += [f"{key}[{k}] ({_said(test)})"] * count
    return found


def _said(test: Test | Keep | Relations | Moment) -> str:
    if isinstance(test, Test):
        name = test.functional.functional or "score"
        return f"{name} {test.relation} {test.score}"
    if isinstance(test, Keep):
        return f"keep {test.keep}"
    if isinstance(test, Relations):
        return f"relations, violated {test.violated}"
    return f"{test.relation} {test.bound}"
