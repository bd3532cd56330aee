"""Quantum boxes: states and measurements that a see-saw finds for given weights, or of closed form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from freerand_opt.conic.sparse import Floats
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.programs.quantum_box import Quantum, chances
from freerand_opt.first.programs.seesaw import best_strategy
from freerand_opt.model.problem import Problem
from freerand_opt.programs.boxes import Box

#: Climbs of each kind from random starts.
STARTS = 8
#: Settings times outcomes beyond which no see-saw is tried.
MAX_CELLS = 4096


def quantum_oracle(problem: Problem) -> Callable[[Floats], tuple[Floats, Box] | None]:
    """Return the function from weights[s, o] to the best box that a see-saw finds, with qubits (or qudits).


    Starts differ from call to call; the sequence is the same in every run.
    """
    scenario = Scenario(problem.settings, problem.outcomes)
    size = max(2, *problem.outcomes)
    state = {"calls": 0}

    def best(weights: Floats) -> tuple[Floats, Box] | None:
        state["calls"] += 1
        if weights.size > MAX_CELLS:
            return None
        dimensions = (size,) * len(problem.settings)
        found = best_strategy(scenario, weights.T, dimensions, starts=STARTS, seed=state["calls"])
        if found is None:
            return None
        box = state_box(found[0], problem)
        table = np.zeros(problem.shape)
        for s in range(problem.shape[0]):
            for o, chance in box.at(s).items():
                table[s, o] = float(chance)
        return table, box

    return best


def state_box(held: Quantum, problem: Problem) -> Box:
    """Return a state with measurements as a box with its exact chances."""
    rows = []
    for settings in problem.joint_settings:
        rows.append(tuple((o, value) for o, value in enumerate(chances(held, settings)) if value))
    text = json.dumps(held.as_json(), separators=(",", ":"))
    return Box(
        None, tuple(rows), problem.settings, problem.outcomes, held.label or "state and measurements", text
    )


def closed_boxes(problem: Problem) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (words, box in the certificate's form) of known optimal strategies that fit the scenario.

    Chained games (CHSH is N = 2) on a maximally entangled pair, and the GHZ state measured along x and y.
    """
    n = problem.settings
    if len(n) == 2 and n[0] == n[1] and problem.outcomes == (2, 2):
        angles = [[str(Fraction(2 * k + party, 2 * n[0])) for k in range(n[0])] for party in (0, 1)]
        yield "maximally entangled, angles of the chained game", _pair(angles)
        if n == (2, 2):
            yield "maximally entangled, Tsirelson's angles", _pair([["0", "1/2"], ["1/4", "-1/4"]])
    if len(n) > 2 and set(n) == {2} and set(problem.outcomes) == {2}:
        yield "GHZ state, x and y", _ghz(len(n))


def _pair(angles: Sequence[Sequence[str]]) -> dict[str, Any]:
    return {"kind": "qubits", "state": ["0", "1"], "angles": [list(own) for own in angles]}


def _ghz(parties: int) -> dict[str, Any]:
    """Return the state Im (x) (1, i).

    Its observables along z and x have the correlator -cos of the sum of angles.
    """
    state = [(0, 1, 0, -1)[place.bit_count() % 4] for place in range(2**parties)]
    one = [[[[1, 0]], [[0, 1]]], [[[1, 1]], [[-1, 1]]]]
    return {"kind": "quantum", "dimensions": [2] * parties, "state": state, "measurements": [one] * parties}
