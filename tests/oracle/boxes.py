"""Extreme boxes: deterministic ones, and the vertices of the no-signalling polytope by double description."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod

from tests.oracle.polytope import Row, extreme_rays
from tests.oracle.scenario import Scenario

#: A box as P(o|s) in the order of the scenario's indices, o slowest.
Box = tuple[Fraction, ...]


def deterministic_count(scenario: Scenario) -> int:
    return prod(a**x for a, x in zip(scenario.outcomes, scenario.settings, strict=True))


@lru_cache(maxsize=16)
def deterministic(scenario: Scenario) -> tuple[Box, ...]:
    """Return every box in which each party's outcome is a function of its setting."""
    own = [
        list(product(range(a), repeat=x)) for a, x in zip(scenario.outcomes, scenario.settings, strict=True)
    ]
    return tuple(
        tuple(
            Fraction(int(all(f[x] == a for f, x, a in zip(functions, settings, outcomes, strict=True))))
            for outcomes in scenario.joint_outcomes
            for settings in scenario.joint_settings
        )
        for functions in product(*own)
    )


def no_signalling_rows(scenario: Scenario) -> list[Row]:
    """Return the equalities of no-signalling boxes, all settings with the same total included.

    Summed over the outcomes of one party, a box does not change with that party's setting.
    """
    _, settings = scenario.shape
    rows = []
    for party, size in enumerate(scenario.settings):
        others = [range(n) if p != party else (0,) for p, n in enumerate(scenario.outcomes)]
        for rest in product(*others):
            fits = [
                o
                for o, a in enumerate(scenario.joint_outcomes)
                if all(a[p] == rest[p] for p in range(len(rest)) if p != party)
            ]
            for s, x in enumerate(scenario.joint_settings):
                if x[party] + 1 == size:
                    continue
                following = scenario.joint_settings.index((*x[:party], x[party] + 1, *x[party + 1 :]))
                row = [0] * (scenario.shape[0] * settings)
                for o in fits:
                    row[o * settings + s] += 1
                    row[o * settings + following] -= 1
                rows.append(tuple(row))
    return list(dict.fromkeys(rows))


@lru_cache(maxsize=16)
def no_signalling(scenario: Scenario) -> tuple[Box, ...]:
    """Return every extreme no-signalling box; raise TooManyRaysError if there are too many.

    The party with the most settings comes last, which is what double description finds easy.
    """
    order = sorted(range(len(scenario.settings)), key=lambda party: scenario.settings[party])
    if order != sorted(order):
        settings, outcomes = (
            tuple(sizes[p] for p in order) for sizes in (scenario.settings, scenario.outcomes)
        )
        turned = Scenario(settings, outcomes)
        places = [
            turned.joint_outcomes.index(tuple(a[p] for p in order)) * scenario.shape[1]
            + turned.joint_settings.index(tuple(x[p] for p in order))
            for a in scenario.joint_outcomes
            for x in scenario.joint_settings
        ]
        return tuple(tuple(box[place] for place in places) for box in no_signalling(turned))
    cells, columns = prod(scenario.shape), scenario.shape[1]
    found = extreme_rays(cells, no_signalling_rows(scenario), ())
    return tuple(tuple(Fraction(x, sum(ray[::columns])) for x in ray) for ray in found)
