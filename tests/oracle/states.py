"""Boxes of quantum states and projective measurements in floats, at random or with a large score."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from tests.oracle.scenario import Scenario

Array = np.ndarray[Any, Any]
Measurements = list[list[list[Array]]]
#: Times that the state and all measurements are improved in turn.
TURNS = 12


def measured_box(
    random: Random, floats: np.random.Generator, scenario: Scenario, wanted: Array, tries: int
) -> Array:
    """Return P(o|s) of a random state and measurements; after some tries, that with the largest score."""
    size = max(2, *scenario.outcomes) if len(scenario.settings) < 3 else 2
    found = []
    for _ in range(max(tries, 1)):
        real = random.random() < 0.5
        measured = [
            [_measurement(floats, size, outcomes, real) for _ in range(settings)]
            for settings, outcomes in zip(scenario.settings, scenario.outcomes, strict=True)
        ]
        state = _vector(floats, size ** len(scenario.settings), real)
        for _ in range(TURNS * bool(tries)):
            state = np.linalg.eigh(_operator(scenario, measured, wanted))[1][:, -1]
            for party, outcomes in enumerate(scenario.outcomes):
                if outcomes == 2:
                    _improve(scenario, measured, wanted, state, party, size)
        found.append(_chances(scenario, measured, state))
    return max(found, key=lambda box: float((box * wanted).sum()))


def _vector(floats: np.random.Generator, size: int, real: bool) -> Array:
    vector = floats.normal(size=size) + (0 if real else 1j * floats.normal(size=size))
    return np.asarray(vector / np.linalg.norm(vector))


def _measurement(floats: np.random.Generator, size: int, outcomes: int, real: bool) -> list[Array]:
    """Return orthogonal projectors that add up to 1; each basis vector goes to one outcome."""
    matrix = floats.normal(size=(size, size)) + (0 if real else 1j * floats.normal(size=(size, size)))
    basis, _ = np.linalg.qr(matrix)
    places = [column % outcomes for column in range(size)]
    return [
        sum(
            (np.outer(basis[:, k], basis[:, k].conj()) for k in range(size) if places[k] == a),
            np.zeros((size, size)),
        )
        for a in range(outcomes)
    ]


def _effects(scenario: Scenario, measured: Measurements, o: int, s: int) -> list[Array]:
    joint = zip(scenario.joint_outcomes[o], scenario.joint_settings[s], strict=True)
    return [measured[party][x][a] for party, (a, x) in enumerate(joint)]


def _operator(scenario: Scenario, measured: Measurements, wanted: Array) -> Array:
    total: Any = 0
    for o, s in np.argwhere(wanted):
        product: Any = np.ones((1, 1))
        for effect in _effects(scenario, measured, o, s):
            product = np.kron(product, effect)
        total = total + wanted[o, s] * product
    return np.asarray((total + total.conj().T) / 2)


def _improve(
    scenario: Scenario,
    measured: Measurements,
    wanted: Array,
    state: Array,
    party: int,
    size: int,
) -> None:
    """Give one party the best measurements of two outcomes for the others' measurements and the state."""
    parties = len(scenario.settings)
    tensor = np.moveaxis(state.reshape((size,) * parties), party, 0).reshape(size, -1)
    gains = [[np.zeros((size, size), dtype=complex) for _ in range(2)] for _ in measured[party]]
    for o, s in np.argwhere(wanted):
        others: Any = np.ones((1, 1))
        for other, effect in enumerate(_effects(scenario, measured, o, s)):
            if other != party:
                others = np.kron(others, effect)
        a, x = scenario.joint_outcomes[o][party], scenario.joint_settings[s][party]
        gains[x][a] += wanted[o, s] * (tensor.conj() @ others @ tensor.T).T.conj()
    for x, (first, second) in enumerate(gains):
        difference = first - second
        values, vectors = np.linalg.eigh((difference + difference.conj().T) / 2)
        good = vectors[:, values > 0]
        projector = good @ good.conj().T
        measured[party][x] = [projector, np.eye(size) - projector]


def _chances(scenario: Scenario, measured: Measurements, state: Array) -> Array:
    found = np.zeros(scenario.shape)
    for o in range(scenario.shape[0]):
        for s in range(scenario.shape[1]):
            product: Any = np.ones((1, 1))
            for effect in _effects(scenario, measured, o, s):
                product = np.kron(product, effect)
            found[o, s] = np.real(state.conj() @ product @ state)
    return found
