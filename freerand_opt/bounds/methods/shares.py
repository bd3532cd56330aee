"""Sums of ratios shared out among the settings; shares move to where prices promise most."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.pairs import inner
from freerand_opt.attacks.strategies import attack_form, strategies
from freerand_opt.bounds.methods.settled import settled
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import Hint
from freerand_opt.model.problem import Problem
from freerand_opt.programs.assembly import Assembly
from freerand_opt.programs.ratios import portioned, ratio_of, shared_out, starts, sums_ratios
from freerand_opt.programs.strategies import Strategies

#: Linear programs solved in search of shares; steps towards one setting, for a gain of at least so much.
MOST_PROGRAMS = 60
STEPS = (1.0, 0.5, 0.25, 0.1, 0.03)
LEAST_GAIN = 1e-9


def shared(
    pool: Pool, options: Options, made: Strategies, hint: Hint, made_for: Any, words: str
) -> Iterator[None]:
    """Share sums of ratios out among the settings, and move the shares to where prices promise most."""
    problem = pool.problem
    left = MOST_PROGRAMS
    for shares in starts(problem, _ratios_seen(problem, made, hint)):
        gained, held = True, shares
        while gained and left > 0:
            prices, value = _at_shares(pool, options, held, made_for, words)
            left -= 1
            yield
            if prices is None:
                break
            gained = False
            for step in STEPS:
                moved = _moved(problem, held, prices, step)
                more, better = _at_shares(pool, options, moved, made_for, words)
                left -= 1
                yield
                if more is not None and better > value + LEAST_GAIN:
                    held, gained = moved, True
                    break
        if left <= 0:
            return


def _at_shares(
    pool: Pool, options: Options, shares: list[dict[int, Fraction]], made_for: Any, words: str
) -> tuple[list[dict[int, float]] | None, float]:
    """Offer the attack at some shares.

    Return what a larger share would be worth by setting, and the value.
    """
    asked = shared_out(inner(pool.problem), shares)
    made = made_for(asked)
    program, hint = settled(asked, made.program, options)
    if hint.status != "optimal":
        return None, float("-inf")
    value = sum(float(c) * hint.x[k] for k, c in program.objective.items())
    x = inner_point(program, hint)
    if x is not None:
        found = strategies(made, x[: made.program.matrix.shape[1]])
        pool.offer_attack(attack_form(pool.problem, found), f"{words}, shares of the test")
    by_test = {
        name[1]: -z if asked.ask.quantity == "strategy" else z
        for name, z in zip(made.program.names, hint.multipliers.tolist(), strict=False)
        if name[0] == "test"
    }
    prices, place = [], 0
    for test in pool.problem.tests:
        if not sums_ratios(pool.problem, test):
            place += 1
            continue
        own = {}
        for s, row in ratio_of(pool.problem, test).parts.items():  # type: ignore[arg-type]
            if row:
                own[s] = abs(by_test.get(place, 0.0))
                place += 1
        prices.append(own)
    return prices, float(value)


def _moved(
    problem: Problem, shares: list[dict[int, Fraction]], prices: list[dict[int, float]], step: float
) -> list[dict[int, Fraction]]:
    held = [ratio_of(problem, test) for test in problem.tests if sums_ratios(problem, test)]  # type: ignore[arg-type]
    weights = []
    for own, price in zip(shares, prices, strict=True):
        total = max(float(sum(own.values())), 1e-300)
        weight = {s: (1 - step) * float(value) / total for s, value in own.items()}
        best = max(price, key=lambda s: price[s])
        weight[best] = weight.get(best, 0.0) + step
        weights.append(weight)
    return portioned(held, weights)


def _ratios_seen(problem: Problem, made: Strategies, hint: Hint) -> list[dict[int, float]]:
    """Return Z_s/P(s) of a relaxed solution for each sum of ratios."""
    found = []
    for test in problem.tests:
        if not sums_ratios(problem, test):
            continue
        own = {}
        for s, row in ratio_of(problem, test).parts.items():  # type: ignore[arg-type]
            assembly = Assembly(made.problem, made.cone, made.space)
            lost = sum(float(v) * hint.x[k] for k, v in assembly.row({s: row}).items())
            mass = sum(float(v) * hint.x[k] for k, v in assembly.row({}, {s: Fraction(1)}).items())
            own[s] = max(lost / mass, 0.0) if mass > 1e-12 else 0.0
        found.append(own)
    return found
