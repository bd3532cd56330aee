"""The part that each joint setting plays in a question that counts errors on a cycle.

Scaled as in `cones`: t(s) = S P(w, s). Joint settings without a part of their own share one colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import cycle
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.boxes import edge_values
from freerand_opt.programs.guesses import box_values
from freerand_opt.programs.program import IntArray


@dataclass(frozen=True, eq=False)
class Parts:
    """What a unit of t(s) is worth, and what it adds to the tests, all tests turned into <=.

    A box that errs on one edge gains `erring` (or `gains[s][0]`) at each s and `own[s]` more at its
    edge s, where it adds `errors[j][s]` to test j, which must stay within `scores[j]`; the box
    without errors gains `unbiased` (or `gains[s][1]`). `colours[s]` tells joint settings apart.
    """

    edges: frozenset[int]
    weights: tuple[Fraction, ...] | None
    settings: int
    erring: Fraction
    unbiased: Fraction
    gains: Mapping[int, tuple[Fraction, Fraction]]
    own: Mapping[int, Fraction]
    errors: tuple[Mapping[int, Fraction], ...]
    scores: tuple[Exact, ...]
    colours: IntArray

    @property
    def named(self) -> frozenset[int]:
        """Return joint settings among which every scaled weight occurs."""
        if self.weights is None:
            return self.edges
        return frozenset({weight: s for s, weight in enumerate(self.weights)}.values())

    def scaled(self, s: int) -> Fraction:
        """Return S P(s)."""
        return Fraction(1) if self.weights is None else self.weights[s] * self.settings

    def gain(self, s: int, *, unbiased: bool) -> Fraction:
        """Return what a unit of t(s) is worth to a box, without its own edge."""
        erring, even = self.gains.get(s, (self.erring, self.unbiased))
        return even if unbiased else erring


def parts(question: Question) -> Parts:
    """Return the parts of a question that `build.cycle_boxes` covers, with given observed settings."""
    scenario, ask = question.scenario, question.ask
    game = cycle(scenario)
    assert game is not None
    settings = scenario.shape[1]
    weights = None if question.settings == "uniform" else question.setting_weights()
    edges = frozenset(scenario.setting_index((a, b)) for a, b, _ in game.edges)

    def share(s: int, on: str) -> Fraction:
        """Return the factor from t(s) to P(.|s) or P(., s)."""
        if on == "joint":
            return Fraction(1, settings)
        weight = Fraction(1) if weights is None else weights[s] * settings
        return 1 / weight if weight else Fraction(0)

    def split(functional: Functional) -> tuple[dict[int, Fraction], dict[int, Fraction]]:
        values = edge_values(scenario, functional)
        assert values is not None
        errors = {s: more * share(s, functional.on) for s, (_, more) in values.items() if more}
        return {s: base * share(s, functional.on) for s, (base, _) in values.items() if base}, errors

    errors, scores = [], []
    for test in question.tests:
        sign = -1 if test.relation == ">=" else 1
        base, more = split(test.functional)
        always = sum(
            (v * (1 if weights is None else weights[s] * settings) for s, v in base.items()), Fraction(0)
        )
        errors.append({s: sign * value for s, value in more.items()})
        scores.append(sign * (test.score - always))
    zero = Fraction(0)
    erring = unbiased = zero
    gains: dict[int, tuple[Fraction, Fraction]] = {}
    own: dict[int, Fraction] = {}
    if ask.functional is not None:
        base, more = split(ask.functional)
        gains = {s: (ask.sign * value, ask.sign * value) for s, value in base.items()}
        own = {s: ask.sign * value for s, value in more.items()}
    elif ask.output is not None:
        worth = _worths(question)
        if isinstance(ask.at, tuple):
            here = scenario.setting_index(ask.at)
            gains = {here: (worth[0] * share(here, "conditional"), worth[1] * share(here, "conditional"))}
        else:
            erring, unbiased = worth[0] / settings, worth[1] / settings
    colours = _colours(settings, edges, weights, gains, own, errors)
    return Parts(
        edges, weights, settings, erring, unbiased, gains, own, tuple(errors), tuple(scores), colours
    )


def _worths(question: Question) -> tuple[Fraction, Fraction]:
    """Return what a known output, and one of two unbiased outcomes, are worth to a guess."""
    tables = np.zeros((2, 4, 1), dtype=np.int64)  # zeros and ones
    tables[0, 0], tables[1, 0], tables[1, 3] = 1, 1, 1
    worth, bottoms = box_values(question, tables, np.array([1, 2], dtype=np.int64))
    return Fraction(int(worth[0, 0]), int(bottoms[0])), Fraction(int(worth[1, 0]), int(bottoms[1]))


def _colours(
    settings: int,
    edges: frozenset[int],
    weights: tuple[Fraction, ...] | None,
    gains: Mapping[int, tuple[Fraction, Fraction]],
    own: Mapping[int, Fraction],
    errors: list[dict[int, Fraction]],
) -> IntArray:
    colours = np.zeros(settings, dtype=np.int64)  # below twice the number of settings, and one
    places: dict[object, int] = {}
    if weights is not None:
        colours = np.array([places.setdefault(weight, len(places)) for weight in weights], dtype=np.int64)
    for s in sorted(edges | set(gains)):
        part = (int(colours[s]), s in edges, gains.get(s), own.get(s), tuple(e.get(s) for e in errors))
        colours[s] = places.setdefault(part, settings + len(places))
    return colours
