r"""Sums of ratios: conditional tests at several settings whose probabilities are not stated.

.. math:: \sum_s Z_s / P(s) \le I', \qquad Z_s = \sum_o g_{os} P(o, s), \quad g = f - \min_o f \ge 0

Above, it has the linear consequences :math:`\sum Z_s/M_s \le I'`, :math:`\sum Z_s/R_s \le I' P(s_0)`,
:math:`Z_s \le I' P(s)`; below, whoever keeps :math:`Z_s \le u_s P(s)` with :math:`\sum u_s \le I'` passes
(docs/proofs/ratios.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any

from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.checker.support import largest_mass, largest_ratio
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Functional, Kept, Problem, Test
from freerand_opt.numbers.exact import Exact, enclose
from freerand_opt.numbers.rounding import round_up

#: Scores multiply masses as fractions on this grid; shares lie on that one.
SCORE_BITS, SHARE_BITS = 60, 24


@dataclass(frozen=True, eq=False)
class Ratio:
    """A sum of ratios turned into <=: g by setting and outcome, I' (rounded up), M_s and R_s (None: none)."""

    turn: int
    parts: dict[int, dict[int, Fraction]]
    score: Exact
    limit: Fraction
    masses: dict[int, Fraction]
    ratios: dict[int, Fraction] | None


def sums_ratios(problem: Problem, test: Test | Kept) -> bool:
    """Return whether a test is a sum of ratios."""
    if problem.observed is not None or isinstance(test, Kept):
        return False
    return test.functional.on == "conditional" and len(test.functional.settings) > 1


def ratio_of(problem: Problem, test: Test) -> Ratio:
    """Return a sum of ratios by its parts."""
    turn = -1 if test.relation == ">=" else 1
    width = problem.shape[1]
    rows: dict[int, dict[int, Fraction]] = {s: {} for s in test.functional.settings}
    for s, o, factor in test.functional.terms:
        rows[s][o] = turn * factor
    low = {s: min(row.get(o, Fraction(0)) for o in range(width)) for s, row in rows.items()}
    parts = {
        s: {o: value for o in range(width) if (value := row.get(o, Fraction(0)) - low[s])}
        for s, row in rows.items()
    }
    score = test.score * turn - sum(low.values(), Fraction(0))
    q = read_question(question_form(problem), Work(10**9))
    work = Work(10**9)
    masses = {s: largest_mass(q.source, s, q.shape[0], work) for s in parts}
    ratios: dict[int, Fraction] | None = None
    at = problem.ask.at
    if at is not None:
        found = {s: largest_ratio(q.source, s, at, work) for s in parts}
        if None not in found.values():
            ratios = {s: value for s, value in found.items() if value is not None}
    return Ratio(turn, parts, score, round_up(score, SCORE_BITS), masses, ratios)


Row = tuple[dict[int, dict[int, Fraction]], dict[int, Fraction], bool, Exact, Any, int]


def relaxed_rows(problem: Problem, test: Test) -> list[Row]:
    """Return the rows of the linear consequences, of a sum of ratios.

    Their "cell" is "masses", "ratios" or the setting's place.
    """
    held = ratio_of(problem, test)
    found: list[Row] = []
    divided = {s: {o: x / held.masses[s] for o, x in row.items()} for s, row in held.parts.items()}
    if problem.ask.at is None:  # else the mass of the setting asked for is 1, and the total is not
        found.append((divided, {}, False, held.limit, "masses", 1))
    if held.ratios is not None and problem.ask.at is not None:
        divided = {s: {o: x / held.ratios[s] for o, x in row.items()} for s, row in held.parts.items()}
        found.append((divided, {problem.ask.at: -held.limit}, False, Fraction(0), "ratios", 1))
    for place, (s, row) in enumerate(held.parts.items()):
        found.append(({s: row}, {s: -held.limit}, False, Fraction(0), place, 1))
    return found


def price_form(problem: Problem, test: Test, prices: dict[Any, Fraction]) -> dict[str, Any]:
    """Return the prices of a sum of ratios in the certificate's grammar."""
    held = ratio_of(problem, test)
    settings = [str(max(prices.get(place, Fraction(0)), Fraction(0))) for place in range(len(held.parts))]
    return {
        "masses": str(max(prices.get("masses", Fraction(0)), Fraction(0))),
        "ratios": str(max(prices.get("ratios", Fraction(0)), Fraction(0))),
        "settings": settings,
        "score": str(held.limit),
    }


# ------------------------------------------------------------------ shared out


def shared_out(problem: Problem, shares: Sequence[dict[int, Fraction]]) -> Problem:
    """Return the problem with one test Z_s <= u_s P(s) for each term of its sums of ratios."""
    tests: list[Test | Kept] = []
    left = iter(shares)
    for test in problem.tests:
        if not sums_ratios(problem, test):
            tests.append(test)
            continue
        assert isinstance(test, Test)
        held = ratio_of(problem, test)
        own = next(left)
        for s, row in held.parts.items():
            terms = tuple((s, o, x) for o, x in sorted(row.items()))
            if terms:
                tests.append(Test(Functional("conditional", terms), "<=", own[s]))
    return replace(problem, tests=tuple(tests))


def starts(problem: Problem, seen: Sequence[dict[int, float]] | None) -> Iterator[list[dict[int, Fraction]]]:
    """Yield shares to begin with: those of a relaxed solution, even ones, all on one setting or two."""
    held = [
        ratio_of(problem, test)
        for test in problem.tests
        if isinstance(test, Test) and sums_ratios(problem, test)
    ]
    if seen is not None and all(sum(weights.values()) > 1e-12 for weights in seen):
        yield portioned(held, seen)
    yield portioned(held, [dict.fromkeys(each.parts, 1.0) for each in held])
    count = max(len(each.parts) for each in held)
    for k in range(count):
        yield portioned(held, [{list(each.parts)[k % len(each.parts)]: 1.0} for each in held])
    for k in range(1, count):
        pairs = []
        for each in held:
            settings = list(each.parts)
            pairs.append({settings[0]: 1.0, settings[k % len(settings)]: 1.0})
        yield portioned(held, pairs)


def portioned(held: Sequence[Ratio], weights: Sequence[dict[int, float]]) -> list[dict[int, Fraction]]:
    """Return shares in proportion to weights, rounded down, so that they never add up to more than I'."""
    found = []
    for each, weight in zip(held, weights, strict=True):
        total = sum(weight.values())
        limit = enclose(each.score)[0]
        found.append(
            {
                s: Fraction(
                    floor(limit * Fraction(weight.get(s, 0.0) / total) * 2**SHARE_BITS), 2**SHARE_BITS
                )
                for s in each.parts
            }
        )
    return found
