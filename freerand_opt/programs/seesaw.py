r"""Quantum strategies by a see-saw over states and measurements, in floats, then rounded exactly.

For fixed measurements the best state is the top eigenvector of :math:`B = \sum f_{o,s} \otimes_p
\Pi^p_{o_p|s_p}`; for fixed state and other parties, each measurement is best on its own: signs of a
difference of two operators, or steps of a polar decomposition for more outcomes. Real states and
projective measurements; any score that is reached is a lower end, the best one is not promised
(Werner and Wolf, quant-ph/0102024; Liang and Doherty, quant-ph/0608128).
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm, prod

import numpy as np

from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.boxes import Quantum
from freerand_opt.programs.program import FloatArray

#: Bits of the integers in a rounded strategy; the score is stationary, so its error is the square.
BITS = 22
MAX_ROUNDS = 300
#: The state is dropped into the eigenvector of a matrix of at most this size.
MAX_DIMENSION = 512


def best_strategy(
    scenario: Scenario, gains: FloatArray, dimensions: tuple[int, ...], *, starts: int, seed: int = 0
) -> tuple[Quantum, float] | None:
    """Return the best strategy found for sum_{o,s} gains[o, s] P(o|s), rounded, and its float score.

    None if the joint dimension exceeds `MAX_DIMENSION`.
    """
    if prod(dimensions) > MAX_DIMENSION:
        return None
    random = np.random.default_rng(seed)
    tensor = gains.reshape(*scenario.outcomes, *scenario.settings)
    best: tuple[float, FloatArray, list[list[FloatArray]]] | None = None
    for _ in range(starts):
        found = _climb(scenario, tensor, dimensions, random)
        if best is None or found[0] > best[0] + 1e-12:
            best = found
    assert best is not None
    value, state, bases = best
    return _rounded(scenario, dimensions, state, bases), value


def _climb(
    scenario: Scenario, tensor: FloatArray, dimensions: tuple[int, ...], random: np.random.Generator
) -> tuple[float, FloatArray, list[list[FloatArray]]]:
    """Alternate until nothing is gained; projectors are (outcomes, d, d) arrays by party and setting."""
    measured = [
        [_random_measurement(d, count, random) for _ in range(settings)]
        for d, count, settings in zip(dimensions, scenario.outcomes, scenario.settings, strict=True)
    ]
    value, state = -np.inf, np.zeros(prod(dimensions))
    for _ in range(MAX_ROUNDS):
        energies, vectors = np.linalg.eigh(_operator(scenario, tensor, dimensions, measured))
        state, now = vectors[:, -1], float(energies[-1])
        if now < value + 1e-14 * max(1.0, abs(now)):
            value = max(value, now)
            break
        value = now
        for party in range(len(dimensions)):
            measured[party] = _improved(scenario, tensor, dimensions, measured, state, party)
    return value, state, measured


def _random_measurement(size: int, count: int, random: np.random.Generator) -> FloatArray:
    basis = np.linalg.qr(random.normal(size=(size, size)))[0]
    owner = random.permutation(np.arange(size) % count)
    return np.stack([basis[:, owner == k] @ basis[:, owner == k].T for k in range(count)])


def _stacked(measured: list[FloatArray]) -> FloatArray:
    """Return the projectors of one party as (outcome, setting, d, d)."""
    return np.stack(measured, axis=1)


def _operator(
    scenario: Scenario, tensor: FloatArray, dimensions: tuple[int, ...], measured: list[list[FloatArray]]
) -> FloatArray:
    """Return the operator whose expectation is the score."""
    parties = len(dimensions)
    held = tensor
    for party in range(parties):
        # axes: outcomes p.., settings p.., then row and column of the parties before
        left = parties - party
        held = np.tensordot(held, _stacked(measured[party]), axes=([0, left], [0, 1]))
    order = [2 * p for p in range(parties)] + [2 * p + 1 for p in range(parties)]
    size = prod(dimensions)
    return np.asarray(held.transpose(order).reshape(size, size))


def _improved(
    scenario: Scenario,
    tensor: FloatArray,
    dimensions: tuple[int, ...],
    measured: list[list[FloatArray]],
    state: FloatArray,
    party: int,
) -> list[FloatArray]:
    """Return the best measurements of one party, all else fixed."""
    parties = len(dimensions)
    psi = state.reshape(dimensions)
    others = [p for p in range(parties) if p != party]
    # bring the party's outcome and setting to the end, contract the others one by one
    held = np.moveaxis(tensor, (party, parties + party), (-2, -1))
    for place, other in enumerate(others):
        left = len(others) - place
        held = np.tensordot(held, _stacked(measured[other]), axes=([0, left], [0, 1]))
    # held: outcome, setting of the party, then (row, column) of each other party
    rest = prod(dimensions[p] for p in others)
    count = len(others)
    order = [0, 1, *(2 + 2 * k for k in range(count)), *(3 + 2 * k for k in range(count))]
    operators = held.transpose(order).reshape(held.shape[0], held.shape[1], rest, rest)
    amplitude = np.moveaxis(psi, party, 0).reshape(dimensions[party], rest)
    reduced = np.einsum("ai,oxij,bj->oxab", amplitude, operators, amplitude)
    return [_best_measurement(reduced[:, x], measured[party][x]) for x in range(scenario.settings[party])]


def _best_measurement(operators: FloatArray, start: FloatArray) -> FloatArray:
    """Return projectors that maximise sum_k tr(P_k K_k); from `start` upwards if they are more than two."""
    symmetric = (operators + operators.transpose(0, 2, 1)) / 2
    size = symmetric.shape[1]
    if len(symmetric) == 2:
        values, vectors = np.linalg.eigh(symmetric[0] - symmetric[1])
        plus = vectors[:, values > 0]
        first = plus @ plus.T
        return np.stack([first, np.eye(size) - first])
    # with all K_k positive, the polar step never loses
    shifted = symmetric + np.eye(size) * (1e-9 + max(0.0, -float(np.linalg.eigvalsh(symmetric).min())))
    owner, basis = _basis(start)
    for _ in range(50):
        step = np.stack([shifted[owner[k]] @ basis[:, k] for k in range(size)], axis=1)
        u, _, v = np.linalg.svd(step)
        basis = u @ v
    return np.stack([basis[:, owner == k] @ basis[:, owner == k].T for k in range(len(symmetric))])


def _basis(projectors: FloatArray) -> tuple[np.ndarray, FloatArray]:
    """Return the outcome of each vector of an orthonormal basis, and the basis in columns."""
    owner: list[int] = []
    columns = []
    for outcome, projector in enumerate(projectors):
        values, vectors = np.linalg.eigh(projector)
        for k in np.flatnonzero(values > 0.5).tolist():
            owner.append(outcome)
            columns.append(vectors[:, k])
    return np.array(owner), np.stack(columns, axis=1)


# ------------------------------------------------------------------ exact strategies


def _rounded(
    scenario: Scenario, dimensions: tuple[int, ...], state: FloatArray, bases: list[list[FloatArray]]
) -> Quantum:
    grid = 2**BITS
    return Quantum(
        dimensions,
        tuple(round(float(x) * grid) for x in state),
        tuple(tuple(_exact_measurement(projectors) for projectors in party) for party in bases),
        "a state with measurements",
    )


def _exact_measurement(projectors: FloatArray) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Return orthogonal integer vectors for each outcome: rounded, then Gram and Schmidt exactly."""
    owner, basis = _basis(projectors)
    done: list[list[Fraction]] = []
    whole: list[tuple[int, ...]] = []
    for column in basis.T:
        v = [Fraction(round(float(x) * 2**BITS)) for x in column]
        for u in done:
            share = sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0)) / sum(a * a for a in u)
            v = [b - share * a for a, b in zip(u, v, strict=True)]
        unit = lcm(*(x.denominator for x in v))
        done.append(v)
        whole.append(tuple(int(x * unit) for x in v))
    return tuple(
        tuple(v for v, outcome in zip(whole, owner.tolist(), strict=True) if outcome == k)
        for k in range(len(projectors))
    )
