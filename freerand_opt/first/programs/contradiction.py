r"""Tests that contradict normalisation or no-signalling, found by exact linear algebra.

If the source leaves one distribution of settings, these are independent of W, and the observed
conditional probabilities are an average of boxes: no-signalling, whatever the devices are. Else
they are normalised. A combination of tests whose left sides add up to a constant c for all such
boxes,

.. math:: \sum_k y_k f_k(P) = c > \sum_k y_k I_k, \qquad y_k \ge 0 \text{ for } \le, \le 0 \text{ for } \ge,

shows that no strategy passes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, TypeVar

from freerand_opt.first.model.question import Question, Test
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
)

#: Equality tests with more coefficients in all are not eliminated: elimination fills in.
MOST_COEFFICIENTS = 2**12
Weights: TypeAlias = dict[int, Fraction]
#: Some left side is at most a number, which these weights of tests show.
Limit: TypeAlias = tuple[Fraction, Weights]
Key: TypeAlias = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Contradiction:
    """Weights of tests, by their places, that no box passes together; `words` say what is wrong."""

    words: str
    weights: tuple[tuple[int, Fraction], ...]


def contradicted(question: Question) -> Contradiction | None:
    """Return why no box at all passes the tests, if linear algebra shows it, else None.

    Looked at are tests with rational scores: equalities of any kind, and bounds on single probabilities.
    """
    if question.relations is not None or not question.tests:
        return None
    only = sole_distribution(question.source, question.scenario.shape[1])
    masses = question.setting_weights() or only
    if masses is None or (only is not None and masses != only):
        return None
    cells = _limits(question, masses)
    found = list(_crossed(question.scenario, cells)) or list(_unnormalised(question.scenario, cells))
    if only is not None and not found:
        found = list(_signalling(question.scenario, cells))
    if found:
        _, words, weights = max(found, key=lambda one: one[0])
        return Contradiction(words, _sorted(weights))
    return _eliminated(question, masses, no_signalling=only is not None)


def sole_distribution(source: Source, settings: int) -> tuple[Fraction, ...] | None:
    """Return the distribution of settings that a source has if it has no other, else None."""
    even = (Fraction(1, settings),) * settings
    if isinstance(source, MeasurementDependence):
        return even if even[0] in (source.lower, source.upper) else None
    if isinstance(source, Inequalities):
        return _pinned(source, settings)
    parts = source.parts if isinstance(source, PerParty) else (source,)
    free = all(
        isinstance(part, Uniform) or (isinstance(part, SanthaVazirani | Mutual) and part.epsilon == 0)
        for part in parts
    )
    return even if free else None


def _pinned(source: Inequalities, settings: int) -> tuple[Fraction, ...] | None:
    """Return P(s|w) if rows with one term each give it an upper and an equal lower end."""
    highs: dict[int, Fraction] = {}
    lows: dict[int, Fraction] = {}
    for terms, limit in source.rows:
        if len(terms) == 1 and terms[0][1]:
            s, factor = terms[0]
            if factor > 0:
                highs[s] = min(limit / factor, highs.get(s, limit / factor))
            else:
                lows[s] = max(limit / factor, lows.get(s, limit / factor))
    if any(s not in highs or highs[s] != lows.get(s) for s in range(settings)):
        return None
    return tuple(highs[s] for s in range(settings))


# ------------------------------------------------------------------ single probabilities


def _limits(question: Question, masses: Sequence[Fraction]) -> dict[tuple[int, int, int], Limit]:
    """Return the least limit of sign * P(o|s), by (o, s, sign), that tests of one probability give."""
    outcomes, settings = question.scenario.shape
    found: dict[tuple[int, int, int], Limit] = {}
    for k, test in enumerate(question.tests):
        if len(test.functional.terms) != 1 or not isinstance(test.score, Fraction):
            continue
        o, s, factor = test.functional.terms[0]
        factor *= 1 if test.functional.on == "conditional" else masses[s]
        for sign in (1, -1):
            # sign P = y factor P with y of the sign that the relation allows
            y = sign / factor if factor else Fraction(0)
            if not y or (test.relation == "<=" and y < 0) or (test.relation == ">=" and y > 0):
                continue
            limit = (y * test.score, {k: y})
            if (o, s, sign) not in found or limit[0] < found[o, s, sign][0]:
                found[o, s, sign] = limit
    for s in range(settings):  # one probability that no test bounds is what the others leave
        for sign in (1, -1):
            unbounded = [o for o in range(outcomes) if (o, s, sign) not in found]
            others = [found.get((o, s, -sign)) for o in range(outcomes) if o not in unbounded]
            if len(unbounded) == 1 and all(others):
                value, weights = _added(limit for limit in others if limit is not None)
                found[unbounded[0], s, sign] = (sign + value, weights)
    return found


def _added(limits: Iterable[Limit]) -> Limit:
    value, weights = Fraction(0), dict[int, Fraction]()
    for limit, own in limits:
        value += limit
        for k, y in own.items():
            weights[k] = weights.get(k, Fraction(0)) + y
    return value, weights


_Found: TypeAlias = tuple[Fraction, str, Weights]
_Marginal: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...]]  # party left out, outcomes, settings
_Item = TypeVar("_Item")


def _crossed(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[_Found]:
    """Yield the probabilities whose least value is above the largest: by how much, words, weights."""
    for (o, s, sign), (high, _) in cells.items():
        if sign > 0 and (o, s, -1) in cells and high < -cells[o, s, -1][0]:
            low = -cells[o, s, -1][0]
            words = f"{scenario.label(o, s)} is at most {high} and at least {low}"
            yield low - high, words, _added((cells[o, s, 1], cells[o, s, -1]))[1]


def _unnormalised(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[_Found]:
    """Yield the settings at which the outcomes cannot sum to 1: by how much, words, weights."""
    outcomes, settings = scenario.shape
    for s in range(settings):
        for sign in (1, -1):
            held = [cells[o, s, sign] for o in range(outcomes) if (o, s, sign) in cells]
            if len(held) < outcomes:
                continue
            value, weights = _added(held)
            if value < sign:
                side = "at most" if sign > 0 else "at least"
                words = f"the outcomes at settings {scenario.setting_label(s)} sum to {side} {value * sign}"
                yield sign - value, f"{words}, not to 1", weights


def _signalling(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[_Found]:
    """Yield the marginals that change with another party's setting: by how much, words, weights."""
    groups: dict[_Marginal, dict[int, list[tuple[int, int]]]] = {}
    for s, settings in enumerate(scenario.joint_settings):
        for o, outcomes in enumerate(scenario.joint_outcomes):
            for party, setting in enumerate(settings):
                name = (party, _without(outcomes, party), _without(settings, party))
                groups.setdefault(name, {}).setdefault(setting, []).append((o, s))
    for (party, rest, others), marginals in groups.items():
        highs, lows = (
            {
                a: _added(cells[o, s, sign] for o, s in own)
                for a, own in marginals.items()
                if all((o, s, sign) in cells for o, s in own)
            }
            for sign in (1, -1)
        )
        pairs = [(lows[a][0] + highs[b][0], a, b) for a in lows for b in highs if a != b]
        change, a, b = min(pairs, default=(Fraction(0), 0, 0))
        if change < 0:
            letters = [letter for p, letter in enumerate(scenario.parties) if p != party]
            what = ", ".join(f"{letter}={x}" for letter, x in zip(letters, rest, strict=True))
            where = ", ".join(f"{letter}={x}" for letter, x in zip(letters, others, strict=True))
            known = all(x in lows and x in highs and lows[x][0] == -highs[x][0] for x in (a, b))
            words = f"P({what}) at settings {where} changes by {'' if known else 'at least '}{-change}"
            words = f"they signal: {words} when {scenario.parties[party]} measures {a} instead of {b}"
            yield -change, words, _added((lows[a], highs[b]))[1]


def _without(values: tuple[int, ...], party: int) -> tuple[int, ...]:
    return (*values[:party], *values[party + 1 :])


# ------------------------------------------------------------------ equalities of any kind


def _eliminated(
    question: Question, masses: Sequence[Fraction], *, no_signalling: bool
) -> Contradiction | None:
    """Return the first equality that the ones before it contradict, by Gaussian elimination."""
    chosen = [
        (k, test)
        for k, test in enumerate(question.tests)
        if test.relation == "=" and isinstance(test.score, Fraction)
    ]
    if sum(len(test.functional.terms) for _, test in chosen) > MOST_COEFFICIENTS:
        return None
    pivots: dict[Key, tuple[dict[Key, Fraction], Weights]] = {}
    for k, test in chosen:
        row, weights = _row(question, test, masses, no_signalling=no_signalling), {k: Fraction(1)}
        while lead := max(row, default=()):
            if lead not in pivots:
                pivots[lead] = row, weights
                break
            other, own = pivots[lead]
            factor = row[lead] / other[lead]
            row = _less(row, factor, other)
            weights = _less(weights, factor, own)
        else:
            rest = row.get((), Fraction(0))  # of the score, the boxes' constant taken off
            if rest:
                signed = {j: y * (1 if rest < 0 else -1) for j, y in weights.items()}
                return Contradiction(_contradiction_words(question, weights, rest), _sorted(signed))
    return None


def _contradiction_words(question: Question, weights: Weights, rest: Fraction) -> str:
    named = [f"{y} ({question.tests[k].label})" for k, y in sorted(weights.items())]
    shown = " + ".join(named[:4]) + (f" + {len(named) - 4} more" if len(named) > 4 else "")
    return f"the equalities contradict each other: {shown} would make 0 = {rest} for every box"


def _row(
    question: Question, test: Test, masses: Sequence[Fraction], *, no_signalling: bool
) -> dict[Key, Fraction]:
    """Return a test's left side in free parameters of the boxes; at () its score less the constant."""
    scenario = question.scenario
    row: dict[Key, Fraction] = {}
    for o, s, factor in test.functional.terms:
        share = factor * (1 if test.functional.on == "conditional" else masses[s])
        for key, sign in _parameters(scenario, o, s, no_signalling=no_signalling):
            row[key] = row.get(key, Fraction(0)) + sign * share
    assert isinstance(test.score, Fraction)
    row[()] = test.score - row.get((), Fraction(0))
    return {key: value for key, value in row.items() if value}


def _parameters(scenario: Scenario, o: int, s: int, *, no_signalling: bool) -> list[tuple[Key, int]]:
    """Return P(o|s) in probabilities without last outcomes: marginal ones, or of this joint setting."""
    if not no_signalling:
        last = scenario.shape[0] - 1
        others = [(((-1, s, x),), -1) for x in range(last)]
        return [(((-1, s, o),), 1)] if o < last else [((), 1), *others]
    held: list[tuple[Key, int]] = [((), 1)]
    for p, (x, a, d) in enumerate(
        zip(scenario.joint_outcomes[o], scenario.joint_settings[s], scenario.outcomes, strict=True)
    ):
        others = [(((p, a, y),), -1) for y in range(d - 1)]
        parts: list[tuple[Key, int]] = [(((p, a, x),), 1)] if x < d - 1 else [((), 1), *others]
        held = [(key + more, sign * factor) for key, sign in held for more, factor in parts]
    return held


def _less(
    row: dict[_Item, Fraction], factor: Fraction, other: dict[_Item, Fraction]
) -> dict[_Item, Fraction]:
    found = dict(row)
    for key, value in other.items():
        found[key] = found.get(key, Fraction(0)) - factor * value
    return {key: value for key, value in found.items() if value}


def _sorted(weights: Weights) -> tuple[tuple[int, Fraction], ...]:
    return tuple((k, y) for k, y in sorted(weights.items()) if y)
