"""Quantum boxes and distributions of settings that are best for each other: climbs from many starts at once.

Each climb has a distribution of its own, which is renewed after some rounds of the see-saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks.quantum_box import Quantum
from freerand_opt.attacks.seesaw import Climb, Climbs, exact_strategy, kinds
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Parties

#: Climbs of a call, rounds between two distributions, and how often distributions are renewed.
STARTS, ROUNDS, TURNS = 60, 12, 8
#: The best climbs, which go on for this many rounds at a time, and how near two gains are of one box.
FINALISTS, FINAL_ROUNDS, FINAL_TURNS, ALIKE = 12, 60, 4, 1e-7


#: From gains by joint setting to the best distribution and what it costs.
Distribution: TypeAlias = Callable[[Floats], tuple[Floats, float]]


def joint_climbs(
    scenario: Parties,
    gains: Floats,
    distribution: Distribution,
    dimensions: tuple[int, ...],
    seed: int,
) -> Iterator[tuple[Quantum, float]]:
    """Yield boxes by mean gains[s, o] over the best distribution for each less its cost, the best first."""
    random = np.random.default_rng(seed)
    tried = kinds(scenario, max(dimensions))
    kind = tried[seed % len(tried)]
    masses = np.stack([distribution(row)[0] for row in random.normal(size=(STARTS, gains.shape[0]))])
    climb = Climb(scenario, _tensor(scenario, gains, masses), dimensions)
    held = climb.random(kind, STARTS, random)
    for turns, rounds, kept in ((TURNS, ROUNDS, STARTS), (FINAL_TURNS, FINAL_ROUNDS, FINALISTS)):
        best = np.argsort(-held.values, kind="stable")[:kept].tolist()
        held, masses = held.taken(best), masses[best]
        for _ in range(turns):
            held = Climb(scenario, _tensor(scenario, gains, masses), dimensions).climbed(held, rounds)
            means = (chances(scenario, dimensions, held) * gains).sum(axis=2)
            chosen = [distribution(row) for row in means]
            masses, costs = np.stack([own for own, _ in chosen]), np.array([cost for _, cost in chosen])
            held = Climbs(held.measured, held.states, (masses * means).sum(axis=1) - costs)
    last = np.inf
    for place in np.argsort(-held.values, kind="stable").tolist():
        if held.values[place] < last - ALIKE:
            last = float(held.values[place])
            yield exact_strategy(dimensions, held.taken([place])), last


def _tensor(scenario: Parties, gains: Floats, masses: Floats) -> Floats:
    """Return the weights of each climb, (climbs, outcomes by party, settings by party)."""
    held = (masses[:, :, None] * gains).transpose(0, 2, 1)
    return held.reshape(len(masses), *scenario.outcomes, *scenario.settings)


def chances(scenario: Parties, dimensions: Sequence[int], held: Climbs) -> Floats:
    """Return P(o|s) of each climb, (climbs, s, o)."""
    parties, count = len(dimensions), len(held.states)
    state = held.states.reshape(count, *dimensions)
    letters = "abcdefghijklmnopqrstuvwxyz"
    kets, bras = letters[:parties], letters[parties : 2 * parties]
    pairs = "".join(k + b for k, b in zip(kets, bras, strict=True))
    found = np.einsum(f"z{kets},z{bras}->z{pairs}", state.conj(), state)
    for p, d in enumerate(dimensions):
        own = np.stack([one.elements for one in held.measured[p]], axis=1)
        rest = found.reshape(count, d * d, -1)
        own = own.reshape(count, -1, d * d)
        found = (own @ rest).transpose(0, 2, 1)
    shape = [n for s, o in zip(scenario.settings, scenario.outcomes, strict=True) for n in (s, o)]
    order = [0, *(1 + 2 * p for p in range(parties)), *(2 + 2 * p for p in range(parties))]
    table = found.real.reshape(count, *shape).transpose(order)
    return np.asarray(table.reshape(count, int(np.prod(scenario.settings)), -1))
