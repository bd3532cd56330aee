r"""Factors from bounds on guesses (maximum-probability estimators), for any scenario and any devices.

.. math:: B = a - \mu f / (S u(z)), \qquad F = b^{-\beta} (1 + \beta - \beta B / b),

f a functional, S the number of joint settings; the slope mu is the price of f's mean in a bound on the
guesses, a what the kernel then proves (docs/proofs/experiments.md, section 9). No extreme points are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.guess import END_BITS, Estimator, Guess, classes, excess, guess_terms
from freerand_opt.experiment_checker.powers import MAX_POWER
from freerand_opt.experiments.factors import UNIT, WORK, Factor, filled
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.setup import Setup
from freerand_opt.model.problem import Ask, Point, Problem, Test
from freerand_opt.model.problem import Functional as Terms

#: Slopes are whole multiples of 1/GRID.
GRID = 64
LEVELS = {2: "1 + A B", 3: "1 + A B + A C + B C"}
#: Joint settings whose guesses are tried for a slope.
TRIED = 8


@dataclass(frozen=True)
class Proved:
    """An estimator and, for one guess of each class, the kernel's proof."""

    estimator: Estimator
    raw: tuple[Fraction, ...]
    guesses: tuple[tuple[Guess, dict[str, Any]], ...]

    def form(self, scale: Fraction) -> dict[str, Any]:
        """Return the estimator as certificates hold it."""
        listed = [{"at": z, "outcomes": list(part), "upper": upper} for (z, part), upper in self.guesses]
        return {"bound": [str(b) for b in self.raw], "scale": str(scale), "guesses": listed}


def by_guesses(
    setup: Setup,
    plan: Sequence[float] | Array,
    trials: int,
    cost: float,
    of: tuple[int, ...],
    power: int | None = None,
) -> Factor:
    """Return the factor from the setup's functional with the k and b that certify most bits on a plan.

    `cost` is log2 1/delta. Raise InputError where nothing is proved of the functional.
    """
    nu = filled(plan, trials)
    raw = sloped(setup, nu, of)
    held = prove(setup, raw, of)
    k, scale = _best(np.array([float(b) for b in held.estimator.bound]), nu, trials, cost, power)
    estimator = Estimator(held.estimator.bound, scale)
    room = [float(1 + (1 - b / scale) / k) for b in estimator.bound]
    values = tuple(max(1, int(x * float(scale) ** (-1 / k) * 2**UNIT)) if x > 0 else 0 for x in room)
    largest = excess(estimator, k, values)
    return Factor(setup, setup.condition(k, of=of), values, largest, math.nan, held.form(scale))


def sloped(setup: Setup, nu: Array, of: tuple[int, ...]) -> tuple[Fraction, ...]:
    """Return B without its constant: the price of the functional's mean on a plan, at the worst setting."""
    assert setup.functional is not None
    held = setup.functional.resolved(setup.scenario, "functional")
    if held.on == "moments":
        raise InputError("functional", "is of moments; one of probabilities is needed")
    settings, outcomes = setup.shape.count
    share = nu.reshape(settings, outcomes)
    share = share / share.sum(axis=1)[:, None]
    weight = {(s, o): x * (setup.centre[s] if held.on == "joint" else 1) for s, o, x in held.terms}
    mean = sum(float(x) * float(share[s, o]) for (s, o), x in weight.items())
    terms = Terms("conditional", tuple((s, o, x) for (s, o), x in sorted(weight.items())))
    test = Test(terms, "=", Fraction(round(mean * 2**20), 2**20))
    values = tuple(range(math.prod(setup.shape.outcomes[p] for p in of)))
    worst: tuple[Fraction, Fraction] | None = None
    for z in range(1 if setup.setting.devices == "quantum" else min(settings, TRIED)):
        ask = Ask("guessing-probability", of=of, values=values, count=len(values), at=z)
        pool = _answered(_problem(setup, Point(setup.centre), setup.centre, (test,), ask), setup.level)
        if pool.upper is None or pool.bound is None:
            raise InputError("functional", f"its mean on the plan, {mean:.6g}, is beyond these devices")
        end = enclose(pool.bound, END_BITS)[1]
        if worst is None or end > worst[0]:
            worst = end, Fraction(pool.upper["prices"]["tests"][0])
    assert worst is not None
    slope = Fraction(round(worst[1] * settings * GRID), settings * GRID)
    raw = [Fraction(0)] * (settings * outcomes)
    for (s, o), x in weight.items():
        raw[s * outcomes + o] = slope * x / setup.centre[s]
    return tuple(raw)


def prove(setup: Setup, raw: tuple[Fraction, ...], of: tuple[int, ...]) -> Proved:
    """Return B with the least constant that the kernel proves for every guess."""
    same, found = classes(setup.shape, of, raw, Work(WORK)), {}
    points = isinstance(setup.source, Point)
    for guess in sorted(set(same.values())):
        terms = guess_terms(setup.shape, of, setup.centre, raw, guess)
        ask = Ask("score", score=Terms("joint", tuple((z, c, Fraction(x)) for z, c, x in terms)))
        pool = _answered(
            _problem(setup, setup.source, setup.centre if points else None, (), ask), setup.level
        )
        if pool.upper is None or pool.bound is None:
            raise InputError("functional", f"no bound of guesses was proved: {'; '.join(pool.failures[:2])}")
        found[guess] = pool.upper, enclose(pool.bound, END_BITS)[1]
    left = max(over for _, over in found.values())
    whole = tuple(b + left for b in raw)
    return Proved(
        Estimator(whole, Fraction(1)), raw, tuple((guess, upper) for guess, (upper, _) in found.items())
    )


@lru_cache(maxsize=512)
def _answered(problem: Problem, level: str) -> Pool:
    """Return the first proved end: for linear programs it is the optimum, for quantum devices any will do."""
    score, quantum = problem.ask.score, problem.devices == "quantum"
    size = sum((abs(x) for _, _, x in score.terms), Fraction(1)) if score else Fraction(1, 100)
    usual = LEVELS.get(len(problem.settings), "1")
    return corridor(problem, Options(width=size, level=(level or usual) if quantum else ""))


def _problem(setup: Setup, source: Any, observed: Any, tests: Any, ask: Ask) -> Problem:
    shape = setup.shape
    return Problem(shape.settings, shape.outcomes, source, observed, setup.setting.devices, tests, ask)


def _best(bound: Array, nu: Array, trials: int, cost: float, power: int | None) -> tuple[int, Fraction]:
    """Return k and b of the most bits k (n sum nu log2 F - cost), b on a grid of 2^-20."""
    powers = [power] if power else sorted({round(3 * (MAX_POWER / 3) ** (j / 80)) for j in range(81)})
    mean = float(nu @ bound)
    if mean <= 0:
        raise InputError("functional", "its mean on the plan is beyond these devices")
    best: tuple[float, int, float] | None = None
    for k in powers:
        place, width = mean, 1.2
        for _ in range(4):
            tried = place * np.exp(width * np.linspace(-1, 1, 81))
            room = 1 + (1 - bound[None, :] / tried[:, None]) / k
            logs = np.log2(room.clip(1e-300)) @ nu - np.log2(tried) / k
            gains = np.where(room.min(axis=1) > 0, logs, -np.inf)
            place, width = float(tried[int(gains.argmax())]), width / 20
        worth = k * (trials * float(gains.max()) - cost)
        if best is None or worth > best[0]:
            best = worth, k, place
    assert best is not None
    return best[1], Fraction(math.ceil(best[2] * 2**20), 2**20)
