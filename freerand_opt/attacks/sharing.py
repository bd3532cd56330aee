r"""Inner ends for sums of ratios: an attack under free observed settings that passes a test such as I_N <= I.

Whoever keeps each term below its share, :math:`Z_s \le u_s P(s)` with :math:`\sum_s u_s \le I`, passes the
test, and for fixed shares u that question is linear (`programs.ratios`). The shares are sought: those of
the relaxed solution, even ones, all on one or two settings; then moved towards the setting where the
prices of the linear program promise most. Whatever is found is a valid attack, checked as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks.independent import priced
from freerand_opt.attacks.search import search
from freerand_opt.certificates.attack import Strategy, strategies
from freerand_opt.certificates.certify import objective_value
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, enclose
from freerand_opt.programs.boxes import float_table
from freerand_opt.programs.build import Bounds, build
from freerand_opt.programs.observation import rows_of_tests
from freerand_opt.programs.outer import OuterStrategies, StrategyProgram
from freerand_opt.programs.program import FloatArray
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.quotient import QuotientStrategies
from freerand_opt.programs.ratios import parts, share_label, shared_out, sums_ratios
from freerand_opt.programs.relaxed import by_margin, test_inequalities, without_objective
from freerand_opt.programs.strategies import BoxStrategies, VertexStrategies
from freerand_opt.proving.routes import Solver
from freerand_opt.proving.solving import Solved, full_floats, solve

Shares: TypeAlias = list[dict[int, Fraction]]
#: Shares lie on the grid 2^-SHARE_BITS.
SHARE_BITS = 24
#: At most so many linear programs are solved in search of shares.
MAX_PROGRAMS = 60
#: An attack this close to the upper end is good enough.
CLOSE = 1e-9
#: Shares move by these fractions towards one setting, for a gain of at least LEAST_GAIN.
STEPS = (1.0, 0.5, 0.25, 0.1, 0.03)
LEAST_GAIN = 1e-9


@dataclass(frozen=True)
class _Found:
    """The best attack at some shares: its worth (for existence: its margin) and each setting's price."""

    worth: float
    value: Fraction
    attack: tuple[Strategy, ...]
    shares: Shares
    prices: dict[str, float]


def has_ratios(question: Question) -> bool:
    """Return whether a test of the question is a sum of ratios."""
    return any(sums_ratios(question, test) for test in question.tests)


def shared_attack(
    question: Question, above: StrategyProgram, primal: FloatArray, run: Solver, time_limit: float | None
) -> tuple[tuple[Strategy, ...], Fraction | None]:
    """Return the best attack found and its value (1 for existence; None if no attack was found).

    `primal` is a float solution of the relaxed program `above`, whose optimum bounds every attack.
    """
    exists = question.ask.quantity == "strategy"
    limit = np.inf if exists else float(above.program.objective.floats() @ primal[: above.program.shape[1]])
    left = MAX_PROGRAMS
    best: _Found | None = None
    for start in _starts(question, above, primal):
        found = _at(question, start, run, time_limit)
        left -= 1
        while found is not None and left > 0 and not _done(found, limit, exists=exists):
            better, tried = _improved(question, found, run, time_limit)
            left -= tried
            if better is None:
                break
            found = better
        if found is not None and (best is None or found.worth > best.worth):
            best = found
        if left <= 0 or (best is not None and _done(best, limit, exists=exists)):
            break
    if best is None or (exists and best.worth < 0):
        return (), None
    return best.attack, Fraction(1) if exists else best.value


def _done(found: _Found, limit: float, *, exists: bool) -> bool:
    return found.worth >= 0 if exists else found.worth > limit - CLOSE


# ------------------------------------------------------------------ shares


def _scores(question: Question) -> list[tuple[list[int], Exact]]:
    """Return (settings, I) of each test that sums ratios."""
    found = [parts(question.scenario, test) for test in question.tests if sums_ratios(question, test)]
    return [(list(each), score) for each, score in found]


def _portioned(scores: Sequence[tuple[list[int], Exact]], weights: Sequence[dict[int, float]]) -> Shares:
    """Return shares in proportion to weights, rounded down, so that they never add up to more than I."""
    shares = []
    for (settings, score), weight in zip(scores, weights, strict=True):
        total = sum(weight.values())
        limit = enclose(score)[0]
        shares.append(
            {
                s: Fraction(
                    floor(limit * Fraction(weight.get(s, 0.0) / total) * 2**SHARE_BITS), 2**SHARE_BITS
                )
                for s in settings
            }
        )
    return shares


def _starts(question: Question, above: StrategyProgram, primal: FloatArray) -> Iterator[Shares]:
    scores = _scores(question)
    if any(enclose(score)[0] <= 0 for _, score in scores):
        yield [dict.fromkeys(settings, Fraction(0)) for settings, _ in scores]
        return
    joint = _joint(question, above, primal)
    held = [test for test in question.tests if sums_ratios(question, test)]
    used = []
    for test in held:
        each, _ = parts(question.scenario, test)
        weights = {}
        for s, part in each.items():
            mass = joint[:, s].sum()
            lost = sum(float(factor) * joint[o, s] for o, _, factor in part.terms)
            weights[s] = max(lost / mass, 0.0) if mass > 1e-12 else 0.0
        used.append(weights)
    if all(sum(weights.values()) > 1e-12 for weights in used):
        yield _portioned(scores, used)
    yield _portioned(scores, [dict.fromkeys(settings, 1.0) for settings, _ in scores])
    count = max(len(settings) for settings, _ in scores)
    for k in range(count):
        yield _portioned(scores, [{settings[k % len(settings)]: 1.0} for settings, _ in scores])
    for k in range(1, count):
        pairs = [{settings[0]: 1.0, settings[k % len(settings)]: 1.0} for settings, _ in scores]
        yield _portioned(scores, pairs)


def _joint(question: Question, above: StrategyProgram, primal: FloatArray) -> FloatArray:
    """Return the masses P(o, s) of a float solution, up to a factor."""
    outcomes, settings = question.scenario.shape
    total = np.zeros((outcomes, settings))
    if isinstance(above, BoxStrategies):
        columns = primal[: len(above.boxes) * len(above.cone.names)]
        held = columns.reshape(len(above.boxes), len(above.cone.names))[:, above.cone.leaf]
        for masses, box in zip(held, above.boxes, strict=True):
            total += float_table(question.scenario, box) * masses
    elif not isinstance(above, VertexStrategies):
        nodes = len(above.cone.names)
        columns = primal[: above.labels * nodes * outcomes * settings]
        tensor = columns.reshape(above.labels, nodes, outcomes, settings).sum(axis=0)
        for s, leaf in enumerate(above.cone.leaf):
            total[:, s] = tensor[leaf, :, s]
    else:
        cells = primal[: len(above.vertices) * above.labels * outcomes * settings]
        by_vertex = cells.reshape(len(above.vertices), above.labels, outcomes, settings).sum(axis=1)
        weights = np.array([[float(mass) for mass in vertex] for vertex in above.vertices])
        total = np.einsum("vos,vs->os", by_vertex, weights)
    return total


# ------------------------------------------------------------------ one linear program, and the next


def _at(question: Question, shares: Shares, run: Solver, time_limit: float | None) -> _Found | None:
    """Return the best attack at these shares, or None if there is none."""
    asked = shared_out(question, shares)
    bounds = build(asked)
    # orbits are for observed settings, and quantum devices come with no program for ratios
    assert not isinstance(bounds.above, QuotientStrategies | MomentStrategies)
    assert not isinstance(bounds.below, QuotientStrategies)
    if question.ask.quantity == "strategy":
        return _margin_at(asked, bounds, shares, run, time_limit)
    if bounds.below is None:
        solved = solve(bounds.above.program, None, run, time_limit)
        if solved.solution.status == "infeasible":
            return None
        if isinstance(bounds.above, BoxStrategies):
            found = priced(asked, bounds.above, None, run)
            attack, value = found.attack, found.value
        else:
            assert isinstance(bounds.above, OuterStrategies)  # by vertices a program is exact
            attack, value = search(asked, bounds.above, *full_floats(solved), run)
        return None if value is None else _Found(float(value), value, attack, shares, {})
    solved = solve(bounds.above.program, bounds.below.program, run, time_limit)
    if solved.point is None or solved.solution.status == "infeasible":
        return None
    value = objective_value(bounds.below.program, solved.point)
    attack = strategies(asked, bounds.below, solved.point)
    prices = _prices(asked, bounds, solved, attack)
    return _Found(float(value), value, attack, shares, prices)


def _margin_at(
    asked: Question, bounds: Bounds, shares: Shares, run: Solver, time_limit: float | None
) -> _Found | None:
    if bounds.below is None:  # an outer program: its points are no strategies
        return None
    assert not isinstance(bounds.below, QuotientStrategies)  # orbits are for observed settings
    full = without_objective(bounds.above.program)
    if not len(test_inequalities(full)):
        return None
    below = by_margin(without_objective(bounds.below.program))
    solved = solve(by_margin(full), below, run, time_limit)
    if solved.point is None:
        return None
    worth = objective_value(below, solved.point)
    attack = strategies(asked, bounds.below, solved.point[: full.shape[1]])
    prices = _prices(asked, bounds, solved, attack)
    return _Found(float(worth) if worth else 0.0, worth, attack, shares, prices)


def _prices(asked: Question, bounds: Bounds, solved: Solved, attack: Sequence[Strategy]) -> dict[str, float]:
    """Return by a test's label what a larger share would be worth; nothing for other programs than boxes."""
    made = bounds.above
    if not isinstance(made, BoxStrategies):
        return {}
    multipliers = full_floats(solved)[1]
    rows = rows_of_tests(asked, made.program)
    mass = [float(sum(held)) for held in zip(*(strategy.masses for strategy in attack), strict=True)]
    prices = {}
    for test, row, scale in zip(asked.tests, rows, made.test_scales, strict=True):
        (s, *others) = sorted(test.functional.settings())
        prices[test.label] = 0.0 if others else made.program.charge(multipliers, row, scale) * mass[s]
    return prices


def _improved(
    question: Question, found: _Found, run: Solver, time_limit: float | None
) -> tuple[_Found | None, int]:
    """Move shares towards the settings of the highest price; return (a better attack or None, programs)."""
    held = [test for test in question.tests if sums_ratios(question, test)]
    if not found.prices:
        return None, 0
    best = []
    for test, shares in zip(held, found.shares, strict=True):
        prices = {s: found.prices[share_label(question, test, s, shares[s])] for s in shares}
        best.append(max((price, s) for s, price in prices.items())[1])
    for tried, step in enumerate(STEPS, start=1):
        weights = [
            {
                s: (1 - step) * float(value) / max(float(sum(shares.values())), 1e-300)
                for s, value in shares.items()
            }
            for shares in found.shares
        ]
        for weight, s in zip(weights, best, strict=True):
            weight[s] += step
        better = _at(question, _portioned(_scores(question), weights), run, time_limit)
        if better is not None and better.worth > found.worth + LEAST_GAIN:
            return better, tried
    return None, len(STEPS)
