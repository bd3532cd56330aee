"""Quantum boxes: states and measurements that a see-saw finds for given weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks.joint import Distribution, joint_climbs
from freerand_opt.attacks.quantum_box import Quantum, chances, moment
from freerand_opt.attacks.seesaw import MAX_DIMENSION, best_strategy
from freerand_opt.attacks.zeros import best_with_zeros
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem, Test
from freerand_opt.programs.box import Box, operators
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.moments import forced_zeros

#: (word, factor) in floats.
Words: TypeAlias = Sequence[tuple[str, float]]
#: Climbs of each kind from random starts.
STARTS = 40
#: Dimensions that are tried where Jordan's lemma does not say that qubits suffice.
MORE_SIZES = 3
#: Settings times outcomes beyond which no see-saw is tried.
MAX_CELLS = 4096


def quantum_oracle(problem: Problem) -> Callable[[Floats, Words], tuple[Floats, Box] | None]:
    """Return the function from weights[s, o], and of words, to the best box that a see-saw finds.

    Starts differ from call to call, and dimensions where more than qubits may help; the sequence is the same
    in every run.
    """
    scenario = problem.parties
    base, parties = max(2, *problem.outcomes), len(problem.settings)
    spoken = words_of(problem)
    # Jordan's lemma: qubits suffice, unless words of one party count
    few = max(*problem.settings, *problem.outcomes) <= 2 and not spoken
    sizes = [d for d in ((base,) if few else range(base, base + MORE_SIZES)) if d**parties <= MAX_DIMENSION]
    if not sizes and 2**parties <= MAX_DIMENSION:  # qubits with general measurements are projectors of `base`
        sizes = [2]
    state = {"calls": 0}
    labels = max(len(guesses_of(problem).worths), 1)
    zeros = [(zero.setting, zero.outcome) for zero in forced_zeros(problem)]

    def best(weights: Floats, words: Words) -> tuple[Floats, Box] | None:
        if weights.size > MAX_CELLS or not sizes:
            return None
        size = sizes[state["calls"] // (2 * labels) % len(sizes)]
        state["calls"] += 1
        held = best_with_zeros(scenario, weights, zeros, seed=state["calls"]) if zeros else None
        if held is None:
            priced = [(factor, operators(name)) for name, factor in words]
            found = best_strategy(
                scenario, weights, (size,) * parties, starts=STARTS, seed=state["calls"], words=priced
            )
            held = None if found is None else found[0]
        if held is None:
            return None
        box = state_box(held, problem, spoken)
        table = np.zeros(problem.shape)
        for s in range(problem.shape[0]):
            for o, chance in box.at(s).items():
                table[s, o] = float(chance)
        return table, box

    return best


def joint_oracle(problem: Problem) -> Callable[[Floats, Distribution], Iterator[Box]] | None:
    """Return the function from gains and best distributions to boxes that are best for theirs, of qubits.

    None where outcomes are forbidden, or the scenario is large.
    """
    scenario, parties = problem.parties, len(problem.settings)
    base = max(2, *problem.outcomes)
    if problem.shape[0] * problem.shape[1] > MAX_CELLS or base**parties > MAX_DIMENSION:
        return None
    if words_of(problem) or forced_zeros(problem):
        return None
    calls = count(1)

    def found(gains: Floats, distribution: Distribution) -> Iterator[Box]:
        for held, _ in joint_climbs(scenario, gains, distribution, (base,) * parties, next(calls)):
            yield state_box(held, problem)

    return found


def words_of(problem: Problem) -> tuple[str, ...]:
    """Return the words that a problem speaks of."""
    functionals = [t.functional for t in problem.tests if isinstance(t, Test)]
    functionals += [problem.ask.score] if problem.ask.score is not None else []
    return tuple(dict.fromkeys(word for f in functionals for word, _ in f.words))


def state_box(held: Quantum, problem: Problem, words: Sequence[str] = ()) -> Box:
    """Return a state with measurements as a box with its exact chances, and means of words."""
    rows = []
    for settings in problem.joint_settings:
        rows.append(tuple((o, value) for o, value in enumerate(chances(held, settings)) if value))
    text = json.dumps(held.as_json(), separators=(",", ":"))
    label = held.label or "state and measurements"
    means = tuple((word, moment(held, operators(word))) for word in words)
    return Box(None, tuple(rows), problem.settings, problem.outcomes, label, text, means)
