r"""Quantum strategies by a see-saw over states and measurements: floats, many starts; then exactly.

For fixed measurements the best state is the top eigenvector of :math:`B = \sum f_{o,s} \otimes_p
E^p_{o_p|s_p}`; for fixed state and other parties, each measurement is best on its own: signs of a difference
of two operators, an iteration for more outcomes (`attacks.measurement`). Any score that is reached is a lower
end, the best one is not promised (Werner and Wolf, quant-ph/0102024; Liang and Doherty, quant-ph/0608128).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from freerand_opt.attacks.angles import Angles
from freerand_opt.attacks.gaussian import orthogonal, rounded
from freerand_opt.attacks.measurement import (
    Complex,
    Measurement,
    best_of_two,
    dilated,
    random_measurements,
)
from freerand_opt.attacks.quantum_box import Quantum, Vector
from freerand_opt.attacks.word_means import Word, words_gains, words_operator
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Parties

#: Bits of the integers in a rounded strategy; the score is stationary, so its error is the square.
BITS = 22
#: Rounds of all starts, and then of the best ones alone.
ROUNDS, FINAL_ROUNDS, FINALISTS = 40, 300, 3
#: A climb that gains less than this in ten rounds is at its end.
STILL = 1e-13
#: Rounds by which a real climb of qubits is seen to go on; its angles then take larger steps.
MORE_ROUNDS = 30
#: Eigenvalues this near to the largest, relative to it, belong to one space of best states.
EQUAL = 1e-8
#: Larger joint dimensions are not tried.
MAX_DIMENSION = 128
#: By how much complex or general strategies must beat those that are simpler.
GAIN = 1e-8


@dataclass(frozen=True)
class Kind:
    """Where a climb begins, and so where it stays: real or complex, projective or general."""

    real: bool
    general: bool = False


def kinds(scenario: Parties, size: int) -> tuple[Kind, ...]:
    """Return the kinds that may matter in a local dimension, the simplest first.

    For at most two settings with two outcomes real projectors suffice (Jordan's lemma); measurements
    of two outcomes are best projective, and others are general for qubits alone: projectors of a
    larger dimension include them.
    """
    several = max(scenario.outcomes) > 2
    if not several and max(scenario.settings) <= 2:
        return (Kind(real=True),)
    plain = (Kind(real=True), Kind(real=False))
    return (*plain, Kind(real=False, general=True)) if several and size == 2 else plain


@dataclass(eq=False)
class Climbs:
    """Strategies of several climbs: `measured[party][setting]`, states (starts, D), and scores."""

    measured: list[list[Measurement]]
    states: Complex
    values: Floats

    def taken(self, places: Sequence[int]) -> Climbs:
        """Return the climbs at these places."""
        kept = list(places)
        measured = [[own.taken(kept) for own in party] for party in self.measured]
        return Climbs(measured, self.states[kept], self.values[kept])


def best_strategy(
    scenario: Parties,
    gains: Floats,
    dimensions: tuple[int, ...],
    *,
    starts: int,
    seed: int = 0,
    words: Sequence[tuple[float, Word]] = (),
) -> tuple[Quantum, float] | None:
    """Return the best strategy found for sum_{s,o} gains[s, o] P(o|s), rounded, and its float score.

    To the score are added the real parts of the means of `words` (factor, word), products of operators;
    with them no step is sure to gain. `starts` climbs of each kind. None if the joint dimension exceeds
    `MAX_DIMENSION`.
    """
    if prod(dimensions) > MAX_DIMENSION:
        return None
    tried = kinds(scenario, max(dimensions))
    best = best_climb(scenario, gains, dimensions, tried, starts=starts, seed=seed, words=words)
    return exact_strategy(dimensions, best), float(best.values[0])


def best_climb(
    scenario: Parties,
    gains: Floats,
    dimensions: tuple[int, ...],
    tried: Sequence[Kind],
    *,
    starts: int,
    seed: int = 0,
    words: Sequence[tuple[float, Word]] = (),
) -> Climbs:
    """Return the best strategy found, in floats, as one climb; see `best_strategy`."""
    random = np.random.default_rng(seed)
    tensor = gains.T.reshape(*scenario.outcomes, *scenario.settings)
    best: Climbs | None = None
    for kind in tried:
        climb = Climb(scenario, tensor, dimensions, words)
        found = climb.climbed(climb.random(kind, starts, random), ROUNDS)
        first = np.argsort(-found.values, kind="stable")[:FINALISTS].tolist()
        found = climb.climbed(found.taken(first), FINAL_ROUNDS)
        top = found.taken([int(np.argmax(found.values))])
        if kind.real and not words:
            top = _risen(climb, top, gains)
        if best is None or top.values[0] > best.values[0] + GAIN:
            best = top
    assert best is not None
    return best


def _risen(climb: Climb, top: Climbs, gains: Floats) -> Climbs:
    """Return where steps in the angles of real qubits lead a climb that is not at its end."""
    if set(climb.dimensions) != {2} or set(climb.scenario.outcomes) != {2}:
        return top
    on = climb.climbed(top, MORE_ROUNDS)
    zeros = np.array([own.elements[0, 0].real for party in top.measured for own in party])
    if on.values[0] < top.values[0] + GAIN or np.any(np.abs(np.trace(zeros, axis1=1, axis2=2) - 1) > 0.5):
        return on if on.values[0] > top.values[0] else top
    angles, _ = Angles(climb.scenario, gains).risen(
        np.arctan2(2 * zeros[:, 0, 1], zeros[:, 0, 0] - zeros[:, 1, 1])
    )
    one, other = np.cos(angles / 2), np.sin(angles / 2)
    first = np.array([[one * one, one * other], [one * other, other * other]]).transpose(2, 0, 1)
    elements = np.stack([first, np.eye(2) - first], axis=1)
    ends = np.cumsum([0, *climb.scenario.settings])
    measured = [[Measurement(own[None]) for own in elements[a:b]] for a, b in pairwise(ends)]
    found = climb.climbed(Climbs(measured, on.states, on.values), 1)
    return found if found.values[0] > on.values[0] else on


class Climb:
    """The steps of a see-saw: for one score, or for one of each climb, the first axis of `tensor`."""

    def __init__(
        self,
        scenario: Parties,
        tensor: Floats,
        dimensions: tuple[int, ...],
        words: Sequence[tuple[float, Word]] = (),
    ) -> None:
        self.scenario, self.dimensions, self.words = scenario, dimensions, words
        self.parties = len(dimensions)
        # one axis a party: (outcome, setting)
        order = [1 + axis for p in range(self.parties) for axis in (p, self.parties + p)]
        self.sizes = [d * n for d, n in zip(scenario.outcomes, scenario.settings, strict=True)]
        held = tensor if tensor.ndim > 2 * self.parties else tensor[None]
        self.tensor = held.transpose(0, *order).reshape(-1, *self.sizes)

    def random(self, kind: Kind, starts: int, random: np.random.Generator) -> Climbs:
        """Return random measurements."""
        scenario = self.scenario
        measured = [
            [
                random_measurements(starts, d, count, random, real=kind.real, general=kind.general)
                for _ in range(settings)
            ]
            for d, count, settings in zip(self.dimensions, scenario.outcomes, scenario.settings, strict=True)
        ]
        states = random.normal(size=(starts, prod(self.dimensions)))
        return Climbs(measured, states, np.full(starts, -np.inf))

    def climbed(self, begin: Climbs, rounds: int) -> Climbs:
        """Return where the climbs end after some rounds, or when none gains any more."""
        measured, states, values = [list(party) for party in begin.measured], begin.states, begin.values
        before = values
        for turn in range(rounds):
            total = self._operators(measured)
            if self.words:
                total = total + words_operator(self.words, self.dimensions, measured)
            values, states = _best_states(total, states)
            if turn % 10 == 9:
                if np.all(values < before + STILL * np.maximum(1.0, np.abs(values))):
                    break
                before = values
            if turn == rounds - 1:
                break
            for party in range(self.parties):
                held = self._gains(measured, states, party)
                if not self.words and measured[party][0].columns is None:  # all settings at once
                    elements = best_of_two(held)
                    measured[party] = [Measurement(elements[:, x]) for x in range(elements.shape[1])]
                    continue
                for x in range(self.scenario.settings[party]):
                    own = held[:, :, x]
                    if self.words:
                        own = own + words_gains(self.words, self.dimensions, measured, states, (party, x))
                    measured[party][x] = measured[party][x].improved(own)
        return Climbs(measured, states, values)

    def _stacked(self, measured: list[list[Measurement]], party: int) -> Complex:
        """Return a party's elements as (starts, outcome and setting, d * d)."""
        held = np.stack([own.elements for own in measured[party]], axis=2)
        return held.reshape(len(held), self.sizes[party], -1)

    def _operators(self, measured: list[list[Measurement]]) -> Complex:
        """Return the operators whose expectation is the score, (starts, D, D)."""
        held = self._contracted(measured, range(self.parties))
        shape = [n for d in self.dimensions for n in (d, d)]
        order = [0, *(1 + 2 * p for p in range(self.parties)), *(2 + 2 * p for p in range(self.parties))]
        size = prod(self.dimensions)
        return held.reshape(-1, *shape).transpose(order).reshape(-1, size, size)

    def _contracted(self, measured: list[list[Measurement]], parties: Sequence[int]) -> Complex:
        """Return the tensor with parties contracted: (starts, rest of the axes, d * d of each party)."""
        others = [p for p in range(self.parties) if p not in parties]
        held: Complex = self.tensor.transpose([0, *(1 + p for p in (*others, *parties))])
        count = len(measured[0][0].elements)
        width, size = prod(self.sizes[p] for p in others), prod(self.sizes)
        held = np.broadcast_to(held.reshape(-1, width, size // width), (count, width, size // width))
        for p in parties:
            # the party's own axis is the first of what is left, its d * d goes to the end
            each = held.reshape(count, width, self.sizes[p], -1).transpose(0, 1, 3, 2)
            held = (each @ self._stacked(measured, p)[:, None]).reshape(count, width, -1)
        return held

    def _gains(self, measured: list[list[Measurement]], states: Complex, party: int) -> Complex:
        """Return operators K_{o,x} of a party, all else fixed: the score is sum tr(E_{o|x} K_{o,x})."""
        others = [p for p in range(self.parties) if p != party]
        held = self._contracted(measured, others)
        count, rest = len(held), prod(self.dimensions[p] for p in others)
        shape = [n for p in others for n in (self.dimensions[p],) * 2]
        number = len(others)
        order = [0, 1, *(2 + 2 * k for k in range(number)), *(3 + 2 * k for k in range(number))]
        operators = held.reshape(count, -1, *shape).transpose(order).reshape(count, -1, rest, rest)
        psi = np.moveaxis(states.reshape(count, *self.dimensions), 1 + party, 1)
        amplitude = psi.reshape(count, 1, self.dimensions[party], rest)
        # K[b, a] = sum of conj(psi[a, i]) O[i, j] psi[b, j]
        found = amplitude @ operators.transpose(0, 1, 3, 2) @ amplitude.conj().transpose(0, 1, 3, 2)
        d = self.dimensions[party]
        return found.reshape(count, self.scenario.outcomes[party], self.scenario.settings[party], d, d)


def _best_states(total: Complex, near: Complex) -> tuple[Floats, Complex]:
    """Return the largest eigenvalues and, of their eigenvectors, the ones nearest to given states."""
    energies, vectors = np.linalg.eigh(total)
    top = energies[:, -1:]
    kept = energies > top - EQUAL * np.maximum(1.0, np.abs(top))
    shares = np.einsum("nij,ni->nj", vectors.conj(), near) * kept
    found = np.einsum("nij,nj->ni", vectors, shares)
    sizes = np.linalg.norm(found, axis=1, keepdims=True)
    found = np.where(sizes < EQUAL, vectors[:, :, -1], found / np.maximum(sizes, EQUAL))
    return energies[:, -1], found / np.linalg.norm(found, axis=1, keepdims=True)


# ------------------------------------------------------------------ exact strategies


def exact_strategy(dimensions: tuple[int, ...], best: Climbs) -> Quantum:
    """Return the one strategy in Gaussian integers, general measurements as projectors of a larger space."""
    held = [[own.vectors() for own in party] for party in best.measured]
    sizes = tuple(
        max(d, *(len(owner) for owner, _ in party)) for d, party in zip(dimensions, held, strict=True)
    )
    state = best.states[0]
    whole = np.zeros(sizes, dtype=state.dtype)
    whole[tuple(slice(d) for d in dimensions)] = state.reshape(dimensions)
    measurements = tuple(
        tuple(
            _exact_measurement(*dilated(owner, columns, size), own.elements.shape[1])
            for (owner, columns), own in zip(party, measured, strict=True)
        )
        for party, measured, size in zip(held, best.measured, sizes, strict=True)
    )
    field = "real" if not np.any(np.abs(whole.imag) > 2.0**-BITS) else "complex"
    words = f"a {field} state of dimension {' x '.join(map(str, dimensions))}"
    general = ", general measurements" if sizes != dimensions else ""
    return Quantum(sizes, rounded(whole.ravel().tolist(), BITS), measurements, words + general)


def _exact_measurement(owner: np.ndarray, basis: Complex, count: int) -> tuple[tuple[Vector, ...], ...]:
    """Return orthogonal vectors for each outcome: rounded, then made orthogonal exactly."""
    whole = orthogonal([rounded(column.tolist(), BITS) for column in basis.T])
    return tuple(
        tuple(v for v, outcome in zip(whole, owner.tolist(), strict=True) if outcome == k)
        for k in range(count)
    )
