"""What was tested, as its author would write it: a functional by its name, or as a sum of correlators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import Functional, Question, Test, split
from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import show
from freerand_opt.checker.question import read_question
from freerand_opt.checker.varied import Varied
from freerand_opt.model.families import FUNCTIONALS
from freerand_opt.model.scenario import AnyScenario, Scenario, joined
from freerand_opt.model.scenarios import chained, chsh

#: Terms of a sum that are shown, and most joint settings of scenarios whose functionals are compared.
TERMS, MOST_SETTINGS = 16, 64


def retold(lines: Sequence[str], q: Question) -> list[str]:
    """Return the kernel's lines about a question, those about tests by name or correlators where they are."""
    own = dict(_tests(q))
    return [own.get(line.partition(":")[0], line) if line.startswith("test ") else line for line in lines]


def of_document(lines: Sequence[str], document: Mapping[str, Any]) -> list[str]:
    """Return the lines about the question of a certificate that the kernel has read, as `retold` does."""
    kind = document.get("kind") if document.get("format") == "freerand-certificate" else None
    if kind == "bracket":
        return retold(lines, read_question(document["question"], Work()))
    if kind == "threshold":  # the lines are those of its lower end
        return retold(lines, Varied(document, Work()).question(Fraction(document["below"]["at"])))
    return list(lines)


def _tests(q: Question) -> Iterator[tuple[str, str]]:
    for k, test in enumerate(q.tests):
        if isinstance(test, Test):
            words = in_words(test.functional, q)
            if words:
                yield f"test {k}", f"test {k}: {words} {test.relation} {show(test.score)}"


def in_words(f: Functional, q: Question) -> str:
    """Return ``chsh = E00 + E01 + E10 - E11``, one of both, or nothing if it has neither."""
    if f.words or len(q.settings) > 6 or len({s for s, _ in f.terms}) > MOST_SETTINGS:
        return ""
    bar = "" if f.on == "conditional" else " of P(o, s)"
    said = [part for part in (_name(f, q), _correlators(f, q)) if part]
    return " = ".join(said) + (bar if said else "")


def _name(f: Functional, q: Question) -> str:
    """Return the name of the functional, in the scenario of its numbers or the family that has them."""
    scenarios: list[AnyScenario] = [Scenario(q.settings, q.outcomes)]
    if set(q.outcomes) == {2} and len(q.settings) == 2 and q.settings[0] == q.settings[1] > 1:
        scenarios.append(chsh() if q.settings[0] == 2 else chained(q.settings[0]))
    for name, make in FUNCTIONALS.items():
        for scenario in scenarios:
            try:
                cells = {key: x for key, x in make(scenario).items() if x}
            except ValueError:  # of another scenario
                continue
            if cells == f.terms:
                return name
    return ""


def _correlators(f: Functional, q: Question) -> str:
    parts = []
    for s, x in (correlators(f.terms, q.outcomes) or {}).items():
        size = "" if abs(x) == 1 else f"{abs(x)} "
        parts.append(f"{'-' if x < 0 else '+'} {size}E{joined(split(s, q.settings), q.settings)}")
    more = f" + .. ({len(parts)} terms)" if len(parts) > TERMS else ""
    return (" ".join(parts[:TERMS]) + more).removeprefix("+ ")


def correlators(
    cells: Mapping[tuple[int, int], Fraction], outcomes: Sequence[int]
) -> dict[int, Fraction] | None:
    """Return the factors of full correlators by joint setting, None if a functional is no sum of these."""
    if set(outcomes) != {2}:
        return None
    signs = [(-1) ** sum(split(o, tuple(outcomes))) for o in range(2 ** len(outcomes))]
    found = {}
    for s in sorted({s for s, _ in cells}):
        row = {cells.get((s, o), Fraction(0)) * sign for o, sign in enumerate(signs)}
        if len(row) > 1:
            return None
        found[s] = row.pop()
    return {s: x for s, x in found.items() if x}
