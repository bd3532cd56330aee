"""Why there is no answer: no strategy passes, or what is asked cannot be whatever the devices; in words."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import Any

from freerand_opt.errors import TooLargeError
from freerand_opt.model.behaviours.behaviour import assigned
from freerand_opt.model.conditions import Keep, Moment, Relations, Test
from freerand_opt.model.problem import Kept, Point, Problem
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.programs.source_vertices import vertices

#: The least and the largest value that tests leave for something.
Range = tuple[Exact, Exact]


def beyond(problem: Problem, scenario: AnyScenario) -> str:
    """Return which observed setting is likelier, or less, than the source allows; an empty text if none."""
    assert problem.observed is not None
    try:
        points = vertices(problem.source, problem.settings, problem.observed)
    except TooLargeError:
        return ""
    found: list[tuple[Fraction, str]] = []
    for s, seen in enumerate(problem.observed):
        own = [point[s] for point in points]
        for end, over, words in ((max(own), seen - max(own), "more"), (min(own), min(own) - seen, "less")):
            said = f"P(settings {scenario.setting_label(s)}) = {_share(seen)} is {words} than {_share(end)}"
            found.append((over, said))
    over, said = max(found)
    return said if over > 0 else ""


def _share(x: Fraction) -> str:
    return f"{x} ({float(100 * x):.4g} %)"


def contradiction(problem: Problem, scenario: AnyScenario) -> str:
    """Return how tests of single probabilities contradict each other, an empty text if they do not so.

    Settings that depend on W may carry what looks like signalling, so it counts only where they do not.
    """
    cells = _cells(problem)
    for (s, o), (low, high) in cells.items():
        if compare(low, high) > 0:
            return f"{scenario.label(s, o)} is at most {high} and at least {low}"
    count = problem.shape[1]
    sums = {s: _sum(cells, s, range(count)) for s in range(problem.shape[0])}
    for s, (low, high) in sums.items():
        if compare(high, Fraction(1)) < 0 or compare(low, Fraction(1)) > 0:
            end = f"at most {high}" if compare(high, Fraction(1)) < 0 else f"at least {low}"
            return f"the outcomes at settings {scenario.setting_label(s)} sum to {end}, not to 1"
    if not isinstance(problem.source, Point):
        return ""
    changes = [
        found for parties in _subsets(len(problem.settings)) for found in _changes(problem, cells, parties)
    ]
    if not changes:
        return ""
    change, sure, rest, s, other = max(changes, key=lambda found: float(found[0]))
    names = scenario.parties
    parties = tuple(p for p, _ in rest)
    others = [p for p in range(len(problem.settings)) if p not in parties]
    ours = assigned("".join(names[p] for p in parties), tuple(problem.joint_settings[s][p] for p in parties))
    outcome = assigned("".join(names[p] for p in parties), tuple(x for _, x in rest))
    moved = [p for p in others if problem.joint_settings[s][p] != problem.joint_settings[other][p]]
    here, there = (", ".join(str(problem.joint_settings[place][p]) for p in moved) for place in (s, other))
    verb = "measures" if len(moved) == 1 else "measure"
    by = f"changes by {change}" if sure else f"changes by at least {change}"
    return (
        f"they signal: P({outcome}) at settings {ours} {by} when {', '.join(names[p] for p in moved)} {verb} "
        f"{there} instead of {here}"
    )


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, count):
        yield from combinations(range(count), size)


def _cells(problem: Problem) -> dict[tuple[int, int], Range]:
    """Return what tests leave for single probabilities P(o|s)."""
    found: dict[tuple[int, int], Range] = {}

    def narrow(s: int, o: int, low: Exact, high: Exact) -> None:
        least, most = found.get((s, o), (Fraction(0), Fraction(1)))
        found[s, o] = (low if compare(low, least) > 0 else least, high if compare(high, most) < 0 else most)

    for test in problem.tests:
        if isinstance(test, Kept):
            for s, row in test.table:
                for o, p in enumerate(row):
                    narrow(s, o, p - test.tolerance, p + test.tolerance)
        elif test.functional.on == "conditional" and len(test.functional.terms) == 1:
            ((s, o, factor),) = test.functional.terms
            p, relation = test.score / factor, test.relation
            if factor < 0 and relation != "=":
                relation = ">=" if relation == "<=" else "<="
            narrow(s, o, Fraction(0) if relation == "<=" else p, Fraction(1) if relation == ">=" else p)
    return found


def _sum(cells: dict[tuple[int, int], Range], s: int, outcomes: range | list[int]) -> Range:
    """Return the least and the largest sum of probabilities at a setting."""
    low: Exact = Fraction(0)
    high: Exact = Fraction(0)
    for o in outcomes:
        least, most = cells.get((s, o), (Fraction(0), Fraction(1)))
        low, high = low + least, high + most
    return low, high


def _changes(
    problem: Problem, cells: dict[tuple[int, int], Range], parties: tuple[int, ...]
) -> Iterator[tuple[Exact, bool, tuple[tuple[int, int], ...], int, int]]:
    """Yield (change, whether it is exactly so, outcomes by party, from joint setting, to) of marginals."""
    rests = sorted({tuple((p, o[p]) for p in parties) for o in problem.joint_outcomes})
    for rest in rests:
        ours = [o for o, x in enumerate(problem.joint_outcomes) if all(x[p] == v for p, v in rest)]
        others = [o for o in range(problem.shape[1]) if o not in ours]
        by_setting: dict[tuple[int, ...], list[tuple[int, Range]]] = {}
        for s, settings in enumerate(problem.joint_settings):
            low, high = _sum(cells, s, ours)
            least, most = _sum(cells, s, others)
            low = 1 - most if compare(1 - most, low) > 0 else low
            high = 1 - least if compare(1 - least, high) < 0 else high
            by_setting.setdefault(tuple(settings[p] for p in parties), []).append((s, (low, high)))
        for listed in by_setting.values():
            for (s, first), (other, second) in combinations(listed, 2):
                sure = first[0] == first[1] and second[0] == second[1]
                for change in (first[0] - second[1], second[0] - first[1]):
                    if compare(change, Fraction(0)) > 0:
                        yield change, sure, rest, other, s


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
