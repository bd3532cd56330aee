r"""Tests that contradict normalisation or no-signalling, found by exact linear algebra.

If the source leaves one distribution of settings, these are independent of W, and the observed
conditional probabilities are an average of boxes: no-signalling, whatever the devices are. Else
they are normalised. A combination of tests whose left sides add up to a constant c for all such
boxes,

.. math:: \sum_k y_k f_k(P) = c > \sum_k y_k I_k, \qquad y_k \ge 0 \text{ for } \le, \le 0 \text{ for } \ge,

shows that no strategy passes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from freerand_opt.model.question import Question, Test
from freerand_opt.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Source,
    Uniform,
)
from freerand_opt.programs.limits import (
    Key,
    Weights,
    combined,
    crossed,
    limits,
    parameters,
    signalling,
    unnormalised,
)

#: Equality tests with more coefficients in all are not eliminated: elimination fills in.
MOST_COEFFICIENTS = 2**12
_Item = TypeVar("_Item")


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
    cells = limits(question, masses)
    found = list(crossed(question.scenario, cells)) or list(unnormalised(question.scenario, cells))
    if only is not None and not found:
        found = list(signalling(question.scenario, cells)) or list(combined(question.scenario, cells))
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
        for key, sign in parameters(scenario, o, s, no_signalling=no_signalling):
            row[key] = row.get(key, Fraction(0)) + sign * share
    assert isinstance(test.score, Fraction)
    row[()] = test.score - row.get((), Fraction(0))
    return {key: value for key, value in row.items() if value}


def _less(
    row: dict[_Item, Fraction], factor: Fraction, other: dict[_Item, Fraction]
) -> dict[_Item, Fraction]:
    found = dict(row)
    for key, value in other.items():
        found[key] = found.get(key, Fraction(0)) - factor * value
    return {key: value for key, value in found.items() if value}


def _sorted(weights: Weights) -> tuple[tuple[int, Fraction], ...]:
    return tuple((k, y) for k, y in sorted(weights.items()) if y)
