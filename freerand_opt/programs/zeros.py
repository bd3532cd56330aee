r"""Outcomes that no box may show, because a test stands at its algebraic end.

.. math:: \sum_s \pi_s \sum_o c_{o,s} P(o|s) \le \sum_s \pi_s \min_o c_{o,s}
   \quad\Rightarrow\quad P(o|s) = 0 \text{ where } \pi_s > 0,\; c_{o,s} > \min_o c_{o,s}

and the same with the largest values for >=, with either for =; pi_s is 1 in a conditional test, the known
P(s) in a joint one. Where every distribution of the source has P(s|w) > 0 the zero holds for each value w
of the adversary's variable, whatever source and guesses are. Exact numbers alone are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.model.question import Question, Test
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import MeasurementDependence, Mutual, PerParty, SanthaVazirani, Source, Uniform
from freerand_opt.numbers.exact import Exact, UndecidedError, compare
from freerand_opt.programs.ends import setting_shares
from freerand_opt.programs.support import best_distribution


@dataclass(frozen=True, order=True)
class Zero:
    """P(outcome|setting) = 0 for every box of every strategy, by the test at place `test`."""

    test: int
    setting: int
    outcome: int


@dataclass(frozen=True)
class Zeros:
    """All zeros of a question; `settled[k]` tells whether test k holds wherever its zeros do."""

    zeros: tuple[Zero, ...]
    settled: tuple[bool, ...]


def zeros(question: Question) -> Zeros:
    """Return the zeros that a question's tests force at settings with full support."""
    supported = full_support(question.source, question.scenario)
    found: dict[tuple[int, int], Zero] = {}
    settled = []
    for place, test in enumerate(question.tests):
        cells = forbidden(question, test)
        used = [(s, o) for s, o in cells or () if supported[s]]
        settled.append(cells is not None and len(used) == len(cells))
        for s, o in used:
            found.setdefault((s, o), Zero(place, s, o))
    return Zeros(tuple(sorted(found.values())), tuple(settled))


def forbidden(question: Question, test: Test) -> list[tuple[int, int]] | None:
    """Return the cells (s, o) of which a test at its algebraic end forbids all mass; None if it is not there.

    Whether the mass of a single box vanishes there depends on the source, see `full_support`.
    """
    for sign in (1, -1):  # <= at the smallest value, >= at the largest
        if test.relation == (">=" if sign > 0 else "<="):
            continue
        rows = _rows(question, test, sign)
        ends = {s: min(row) for s, row in rows.items()}
        end: Exact = Fraction(0)
        if _of_all_settings(question, test):
            lowest = min(ends.values())
            ends, end = dict.fromkeys(ends, lowest), lowest
        else:
            shares = setting_shares(question, test.functional.on)
            end = sum((shares[s] * value for s, value in ends.items()), Fraction(0))
            rows = {s: row for s, row in rows.items() if shares[s]}
        if _equal(test.score * sign, end):
            return [(s, o) for s, row in rows.items() for o, value in enumerate(row) if value > ends[s]]
    return None


def _rows(question: Question, test: Test, sign: int) -> dict[int, list[Fraction]]:
    """Return {s: coefficients by outcome}, times a sign; of all settings where P(s) is not known."""
    outcomes, settings = question.scenario.shape
    known = range(settings) if _of_all_settings(question, test) else sorted(test.functional.settings())
    rows = {s: [Fraction(0)] * outcomes for s in known}
    for o, s, factor in test.functional.terms:
        rows[s][o] += sign * factor
    return rows


def _of_all_settings(question: Question, test: Test) -> bool:
    """Whether P(o, s) is tested with P(s) unknown, so that the end is that of all cells together."""
    return question.settings == "free" and test.functional.on == "joint"


def _equal(x: Exact, y: Fraction) -> bool:
    try:
        return compare(x, y) == 0
    except UndecidedError:
        return False


def full_support(source: Source, scenario: Scenario) -> tuple[bool, ...]:
    """Return for each joint setting whether P(s|w) > 0 in every distribution of the source."""
    settings = scenario.shape[1]
    if isinstance(source, Uniform | SanthaVazirani | Mutual | PerParty):
        return (all(epsilon < Fraction(1, 2) for epsilon in _epsilons(source)),) * settings
    if isinstance(source, MeasurementDependence):
        return (source.lower > 0 or 1 - (settings - 1) * source.upper > 0,) * settings
    found = []
    for s in range(settings):
        gains = [Fraction(-(place == s)) for place in range(settings)]
        found.append(best_distribution(source, scenario, gains)[s] > 0)
    return tuple(found)


def _epsilons(source: Source) -> list[Fraction]:
    if isinstance(source, PerParty):
        return [epsilon for part in source.parts for epsilon in _epsilons(part)]
    return [source.epsilon] if isinstance(source, SanthaVazirani | Mutual) else []
