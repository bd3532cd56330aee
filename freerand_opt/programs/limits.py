"""Limits of single probabilities P(o|s) that tests give, and what no boxes at all can make of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.simplex import best_point

#: So many limits of single probabilities are combined in fractions.
MOST_LIMITS = 128
Weights: TypeAlias = dict[int, Fraction]
#: Some left side is at most a number, which these weights of tests show.
Limit: TypeAlias = tuple[Fraction, Weights]
Key: TypeAlias = tuple[tuple[int, int, int], ...]


def limits(question: Question, masses: Sequence[Fraction]) -> dict[tuple[int, int, int], Limit]:
    """Return the least limit of sign * P(o|s), by (o, s, sign), that tests of one probability give."""
    outcomes = question.scenario.shape[0]
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
    for s in _settings(found):  # one probability that no test bounds is what the others leave
        for sign in (1, -1):
            unbounded = [o for o in range(outcomes) if (o, s, sign) not in found]
            others = [found.get((o, s, -sign)) for o in range(outcomes) if o not in unbounded]
            if len(unbounded) == 1 and all(others):
                value, weights = _added(limit for limit in others if limit is not None)
                found[unbounded[0], s, sign] = (sign + value, weights)
    return found


def _settings(cells: Iterable[tuple[int, int, int]]) -> list[int]:
    """Return the joint settings of which some probability has a limit; most tests give none."""
    return sorted({s for _, s, _ in cells})


def _added(limits: Iterable[Limit]) -> Limit:
    value, weights = Fraction(0), dict[int, Fraction]()
    for limit, own in limits:
        value += limit
        for k, y in own.items():
            weights[k] = weights.get(k, Fraction(0)) + y
    return value, weights


Found: TypeAlias = tuple[Fraction, str, Weights]
_Marginal: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...]]  # party left out, outcomes, settings


def crossed(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[Found]:
    """Yield the probabilities whose least value is above the largest: by how much, words, weights."""
    for (o, s, sign), (high, _) in cells.items():
        if sign > 0 and (o, s, -1) in cells and high < -cells[o, s, -1][0]:
            low = -cells[o, s, -1][0]
            words = f"{scenario.label(o, s)} is at most {high} and at least {low}"
            yield low - high, words, _added((cells[o, s, 1], cells[o, s, -1]))[1]


def unnormalised(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[Found]:
    """Yield the settings at which the outcomes cannot sum to 1: by how much, words, weights."""
    outcomes = scenario.shape[0]
    for s in _settings(cells):
        for sign in (1, -1):
            held = [cells[o, s, sign] for o in range(outcomes) if (o, s, sign) in cells]
            if len(held) < outcomes:
                continue
            value, weights = _added(held)
            if value < sign:
                side = "at most" if sign > 0 else "at least"
                words = f"the outcomes at settings {scenario.setting_label(s)} sum to {side} {value * sign}"
                yield sign - value, f"{words}, not to 1", weights


def signalling(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[Found]:
    """Yield the marginals that change with another party's setting: by how much, words, weights."""
    groups: dict[_Marginal, dict[int, list[tuple[int, int]]]] = {}
    for s in _settings(cells):
        settings = scenario.joint_settings[s]
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


def combined(scenario: Scenario, cells: dict[tuple[int, int, int], Limit]) -> Iterator[Found]:
    """Yield the combination of limits that no behaviour passes, if the middles of all limits signal.

    With P(o|s) in free parameters, limits x >= 0 that sum to 1 and leave no parameter bound their constant.
    """
    if len(cells) > MOST_LIMITS or any((o, s, -sign) not in cells for o, s, sign in cells):
        return
    middle = {
        (o, s, sign): ((limit[0] - cells[o, s, -sign][0]) / 2, limit[1])
        for (o, s, sign), limit in cells.items()
    }
    signals = max(signalling(scenario, middle), key=lambda one: one[0], default=None)
    if signals is None:
        return
    rows: dict[Key, dict[int, Fraction]] = {}
    for column, (o, s, sign) in enumerate(cells):
        for key, factor in parameters(scenario, o, s, no_signalling=True):
            row = rows.setdefault(key, {})
            row[column] = row.get(column, Fraction(0)) + sign * factor
    constants = rows.pop((), {})
    gains = [constants.get(k, Fraction(0)) - limit for k, (limit, _) in enumerate(cells.values())]
    both = [({k: f * sign for k, f in row.items()}, Fraction(0)) for row in rows.values() for sign in (1, -1)]
    point = best_point(both, Fraction(1), gains)
    excess = sum((g * x for g, x in zip(gains, point or (), strict=bool(point))), Fraction(0))
    if point is not None and excess > 0:
        shares = (
            (x * limit, {k: x * y for k, y in own.items()})
            for x, (limit, own) in zip(point, cells.values(), strict=True)
        )
        yield excess, f"{signals[1]} in their middle, more than they leave room for", _added(shares)[1]


def _without(values: tuple[int, ...], party: int) -> tuple[int, ...]:
    return (*values[:party], *values[party + 1 :])


def parameters(scenario: Scenario, o: int, s: int, *, no_signalling: bool) -> list[tuple[Key, int]]:
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
