r"""Sums of conditional probabilities under free observed settings: a sum of ratios, bracketed.

A test such as I_N <= I adds :math:`Z_s / P(s)`, where :math:`Z_s = \sum_o g_s(o) P(o, s)`, g >= 0, is linear
in the strategy and so is P(s), the observed probability of the joint setting s. Free P(s) makes this no
linear test, so two linear questions take its place (docs/proofs/ratios.md):

.. math:: \text{relaxed:}\ \sum_s Z_s / M_s \le I,\ \sum_s Z_s / R_s \le I\, P(s_0),\ Z_s \le I P(s)
   \qquad \text{shared out:}\ Z_s \le u_s P(s),\ \sum_s u_s \le I

with M_s the largest P(s|w) of the source and R_s its largest P(s|w)/P(s_0|w), s_0 the settings asked for.
Every strategy passes the first, and whoever passes the second passes the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

from freerand_opt.model.functional import Functional, from_terms
from freerand_opt.model.question import Question, Test
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import Mutual, SanthaVazirani, Source, leaf_settings
from freerand_opt.numbers.exact import Exact, enclose
from freerand_opt.programs.cones import source_cone
from freerand_opt.programs.observation import normalised_at
from freerand_opt.programs.support import best_distribution

#: Irrational scores, which may multiply columns, are rounded to this grid.
SCORE_BITS = 30


def sums_ratios(question: Question, test: Test) -> bool:
    """Return whether a test adds conditional probabilities of several settings that are free."""
    functional = test.functional
    return question.settings == "free" and functional.on == "conditional" and len(functional.settings()) > 1


def parts(scenario: Scenario, test: Test) -> tuple[dict[int, Functional], Exact]:
    """Return ({s: g_s >= 0}, I) with sum_s g_s(P(.|s)) <= I equivalent to the test, a <= or >=."""
    sign = -1 if test.relation == ">=" else 1
    rows: dict[int, dict[int, Fraction]] = {}
    for o, s, factor in test.functional.terms:
        rows.setdefault(s, dict.fromkeys(range(scenario.shape[0]), Fraction(0)))[o] += sign * factor
    score = sign * test.score
    found = {}
    for s, row in sorted(rows.items()):
        least = min(row.values())
        score = score - least
        nonnegative = from_terms({(o, s): value - least for o, value in row.items()})
        if nonnegative.terms:
            found[s] = nonnegative
    return found, score


def relaxed(question: Question) -> Question:
    """Return a linear question that every strategy of this one answers at least as well: an upper end."""
    tests: list[Test] = []
    for test in question.tests:
        tests += _relaxed(question, test) if sums_ratios(question, test) else [test]
    return replace(question, tests=tuple(tests))


def _relaxed(question: Question, test: Test) -> list[Test]:
    scenario = question.scenario
    each, score = parts(scenario, test)
    found = [
        Test(part, "<=", score, f"{test.label}, {scenario.setting_label(s)} alone")
        for s, part in each.items()
    ]
    most = {s: largest(question.source, scenario, s) for s in each}
    found.append(_weighted(each, most, score, f"{test.label}, denominators at their largest"))
    here = normalised_at(question)
    ratios = None if here is None else {s: largest_ratio(question.source, scenario, s, here) for s in each}
    if here is not None and ratios is not None and None not in ratios.values():
        known = {s: value for s, value in ratios.items() if value is not None}
        joint = _weighted(each, known, score, "")
        terms = {(o, s): factor for o, s, factor in joint.functional.terms}
        limit = _coarse(joint.score)
        for o in range(scenario.shape[0]):
            terms[o, here] = terms.get((o, here), Fraction(0)) - limit
        words = f"{test.label}, denominators at their largest beside {scenario.setting_label(here)}"
        found.append(Test(from_terms(terms, "joint"), "<=", Fraction(0), words))
    return found


def _weighted(each: dict[int, Functional], most: dict[int, Fraction], score: Exact, label: str) -> Test:
    """Return sum_s (top/most_s) Z_s <= top I with top = max most_s."""
    top = max(most.values(), default=Fraction(1))
    terms = {(o, s): factor * top / most[s] for s, part in each.items() for o, _, factor in part.terms}
    return Test(from_terms(terms, "joint"), "<=", _coarse(score * top), label)


def _coarse(score: Exact) -> Fraction:
    """Return the number, rounded up if it is irrational."""
    if isinstance(score, Fraction):
        return score
    return Fraction(ceil(enclose(score, 2 * SCORE_BITS)[1] * 2**SCORE_BITS), 2**SCORE_BITS)


def largest(source: Source, scenario: Scenario, s: int) -> Fraction:
    """Return a number that no P(s|w) of the source exceeds; its largest value but for mutual sources."""
    settings = scenario.shape[1]
    if isinstance(source, Mutual):
        return source_cone(source, scenario).growth / settings
    gains = [Fraction(int(place == s)) for place in range(settings)]
    return best_distribution(source, scenario, gains)[s] / settings


def largest_ratio(source: Source, scenario: Scenario, s: int, here: int) -> Fraction | None:
    """Return a number that no P(s|w)/P(here|w) exceeds, or None if there is none."""
    if s == here:
        return Fraction(1)
    if isinstance(source, SanthaVazirani):
        leaves = leaf_settings(scenario, source)
        apart = (leaves.index(s) ^ leaves.index(here)).bit_length()
        return ((1 + 2 * source.epsilon) / (1 - 2 * source.epsilon)) ** apart
    return source_cone(source, scenario).ratio


def shared_out(question: Question, shares: Sequence[dict[int, Fraction]]) -> Question:
    """Return the linear question in which setting s may have at most shares[k][s] of test k's score.

    `shares` has one entry for each test that sums ratios. Whoever passes it passes the question.
    """
    left = iter(shares)
    tests: list[Test] = []
    for test in question.tests:
        if not sums_ratios(question, test):
            tests.append(test)
            continue
        each, _ = parts(question.scenario, test)
        allowed = next(left)
        tests += [
            Test(part, "<=", allowed[s], share_label(question, test, s, allowed[s]))
            for s, part in each.items()
        ]
    return replace(question, tests=tuple(tests))


def share_label(question: Question, test: Test, s: int, share: Fraction) -> str:
    """Return the words for one setting's share of a test."""
    return f"{test.label}, {share} of it at {question.scenario.setting_label(s)}"
