"""What data say of a question about one round, or of a score: by regions.

Behaviours: Clopper and Pearson's intervals as tests of the question, for independent and identical rounds
alone, as the answer says. A score: its average over rounds, under any memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.data.counts import Counts
from freerand_opt.errors import InputError
from freerand_opt.experiments.games import wins
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.regions import (
    ScoreRegion,
    behaviour_region,
    best_lambda,
    score_estimator,
    score_region,
)
from freerand_opt.experiments.setup import Setup
from freerand_opt.experiments.signalling import Signalling, signalling
from freerand_opt.model.behaviours.functional import Functional
from freerand_opt.model.conditions import Test
from freerand_opt.model.data import ALIKE
from freerand_opt.model.question import Question

ROUNDS = (
    "rounds are independent and identically distributed (assumed): the region holds except with probability "
    "alpha, and the bracket speaks of one round of such a device"
)


@dataclass(frozen=True)
class RegionBracket:
    """The kernel's bracket over the region of P(c|z); an empty region is an answer (`result.impossible`)."""

    setup: Setup
    result: Result
    counts: Counts
    region: dict[tuple[int, int], tuple[Fraction, Fraction]] = field(hash=False)
    alpha: Fraction
    beside: Signalling
    words: tuple[str, ...] = (ROUNDS,)
    running: None = None

    @property
    def certificate(self) -> dict[str, Any] | None:
        """Return the kernel's certificate."""
        return self.result.document or None


def bracket(
    question: Question, setup: Setup, counts: Counts, alpha: Fraction | str, *, rounds: str
) -> RegionBracket:
    """Return the bracket of a question's answer over the Clopper-Pearson region of counts.

    `rounds` must be "independent"; tests of the question are kept. Raise InputError else.
    """
    if rounds != ALIKE:
        raise InputError(
            "rounds",
            f'{rounds!r}: a region of behaviours means something for rounds = "{ALIKE}" alone; p_value, '
            "bits and score_region hold under any memory",
        )
    region = behaviour_region(counts, alpha)
    tests = []
    for (z, c), (low, high) in region.items():
        cell = Functional.from_terms({counts.scenario.label(z, c): 1})
        tests += [Test(cell, ">=", low)] if low > 0 else []
        tests += [Test(cell, "<=", high)] if high < 1 else []
    held = question.changed(data=None, tests=(*question.tests, *tests))
    return RegionBracket(setup, bound(held), counts, region, Fraction(alpha), signalling(setup, counts))


@dataclass(frozen=True)
class AverageScore:
    """The rounds' average chance to win a game, mean over joint settings, is at least `region.end` except
    with probability alpha; a functional's own score is `offset` + `slope` times that.
    """

    setup: Setup
    region: ScoreRegion
    counts: Counts
    offset: Fraction
    slope: Fraction
    beside: Signalling
    words: tuple[str, ...]
    certificate: None = None
    running: None = None

    @property
    def score(self) -> Fraction:
        """Return the end in units of the functional."""
        return self.offset + self.slope * self.region.end


def average_score(
    setup: Setup,
    counts: Counts,
    functional: Functional,
    alpha: Fraction | str,
    plan: Sequence[float] | Array,
    *,
    extreme: str = "largest",
    origin: str = "theory",
) -> AverageScore:
    """Return a lower end of the average score of a game under any memory; lambda is fixed by a plan P(c, z).

    The game is won at a functional's larger ("smallest": smaller) value at each joint setting; the step
    between the two must be the same at all. Raise InputError for other functionals.
    """
    counts.require_settings()
    cells = wins(counts.scenario, functional, extreme=extreme)
    settings, outcomes = counts.scenario.shape
    held = functional.resolved(counts.scenario, "ask")
    if held.on != "conditional":
        raise InputError("ask.functional", f"is {held.on}; a score of P(outcomes|settings) is needed")
    terms = {(s, o): x for s, o, x in held.terms}
    won, lost = [Fraction(0)] * settings, [Fraction(0)] * settings
    for k in range(settings * outcomes):
        (won if k in set(cells) else lost)[k // outcomes] = terms.get(divmod(k, outcomes), Fraction(0))
    steps = {x - y for x, y in zip(won, lost, strict=True)}
    if len(steps) != 1:
        raise InputError("ask.functional", "steps by different amounts at different settings")
    estimator = score_estimator(setup, cells)
    mean = sum(float(p) * float(g) for p, g in zip(plan, estimator, strict=True))
    level = Fraction(alpha)
    region = score_region(counts, estimator, level, best_lambda(mean, counts.total, level))
    words = (
        f"lambda = {float(region.lam):.6g}, fixed before the {counts.total} scored trials; plan: {origin}",
        "the number of trials was fixed beforehand",
        "devices may have any memory; the score is that of each round given its past, averaged over rounds",
    )
    offset, slope = sum(lost, Fraction(0)), steps.pop() * settings
    return AverageScore(setup, region, counts, offset, slope, signalling(setup, counts), words)
