r"""Quantum strategies by a see-saw over states and measurements, in floats, then rounded exactly.

For fixed measurements the best state is the top eigenvector of :math:`B = \sum f_{o,s} \otimes_p
E^p_{o_p|s_p}`; for fixed state and other parties, each measurement is best on its own: signs of a
difference of two operators, a small semidefinite program for more outcomes. Real or complex states,
projective or general measurements; any score that is reached is a lower end, the best one is not
promised (Werner and Wolf, quant-ph/0102024; Liang and Doherty, quant-ph/0608128).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.gaussian import orthogonal, parts, rounded
from freerand_opt.programs.measurement import (
    Complex,
    best_measurement,
    dilated,
    random_measurement,
    vectors_of,
)
from freerand_opt.programs.program import FloatArray
from freerand_opt.programs.quantum_box import Quantum, Vector
from freerand_opt.programs.word_means import Word, words_gains, words_operator

#: Bits of the integers in a rounded strategy; the score is stationary, so its error is the square.
BITS = 22
MAX_ROUNDS = 300
#: A climb whose score gains less than this is near its end; it takes so many more rounds. Both are far
#: above the rounding of floats, so that all processors round to the same integers.
STILL = 1e-11
FINAL = 20
#: Eigenvalues this near to the largest, relative to it, belong to one space of best states.
EQUAL = 1e-8
#: The state is dropped into the eigenvector of a matrix of at most this size.
MAX_DIMENSION = 512
#: By how much a strategy must beat the ones before it, and a complex or general one those that are simpler.
BETTER, GAIN = 1e-9, 1e-8


@dataclass(frozen=True)
class Kind:
    """Where a climb begins, and so where it stays: real or complex, projective or general."""

    real: bool
    general: bool = False


def kinds(scenario: Scenario, size: int) -> tuple[Kind, ...]:
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


def best_strategy(
    scenario: Scenario,
    gains: FloatArray,
    dimensions: tuple[int, ...],
    *,
    starts: int,
    seed: int = 0,
    tried: Sequence[Kind] | None = None,
    words: Sequence[tuple[float, Word]] = (),
    near: Quantum | None = None,
) -> tuple[Quantum, float] | None:
    """Return the best strategy found for sum_{o,s} gains[o, s] P(o|s), rounded, and its float score.

    To the score are added the real parts of the means of `words` (factor, word), products of operators;
    with them no step is sure to gain. `starts` climbs of each kind in `tried` (None: as `kinds` says), and
    one from the measurements of a strategy `near`, which has the same dimensions.
    None if the joint dimension exceeds `MAX_DIMENSION`.
    """
    if prod(dimensions) > MAX_DIMENSION:
        return None
    random = np.random.default_rng(seed)
    tensor = gains.reshape(*scenario.outcomes, *scenario.settings)
    best: tuple[float, Complex, list[list[Complex]]] | None = None
    for kind in kinds(scenario, max(dimensions)) if tried is None else tried:
        first = True
        for turn in range(starts + (near is not None)):
            begin = None if near is None or turn < starts else elements(near)
            found = _climb(scenario, tensor, dimensions, kind, random, words, begin)
            if best is None or found[0] > best[0] + (GAIN if first else BETTER):
                best, first = found, False
    assert best is not None
    value, state, measured = best
    return _rounded(dimensions, state, measured), value


def _climb(
    scenario: Scenario,
    tensor: FloatArray,
    dimensions: tuple[int, ...],
    kind: Kind,
    random: np.random.Generator,
    words: Sequence[tuple[float, Word]],
    begin: list[list[Complex]] | None,
) -> tuple[float, Complex, list[list[Complex]]]:
    """Alternate until nothing is gained; elements are (outcomes, d, d) arrays by party and setting."""
    measured = begin or [
        [random_measurement(d, count, random, real=kind.real, general=kind.general) for _ in range(settings)]
        for d, count, settings in zip(dimensions, scenario.outcomes, scenario.settings, strict=True)
    ]
    state: Complex = random.normal(size=prod(dimensions)).astype(np.complex128)
    best: tuple[float, Complex, list[list[Complex]]] | None = None
    left = MAX_ROUNDS
    while left:
        left -= 1
        total = _operator(scenario, tensor, dimensions, measured)
        if words:
            total = total + words_operator(words, dimensions, measured)
        value, state = _best_state(total, state)
        if best is not None and value < best[0] + STILL * max(1.0, abs(value)):
            left = min(left, FINAL)
        if best is None or value > best[0] - STILL:
            best = value, state, [list(party) for party in measured]
        for party in range(len(dimensions)):
            held = _gains(scenario, tensor, dimensions, measured, state, party)
            for x in range(scenario.settings[party]):
                more = words_gains(words, dimensions, measured, state, (party, x)) if words else 0
                measured[party][x] = best_measurement(held[:, x] + more, measured[party][x])
    assert best is not None
    return best


def _best_state(total: Complex, near: Complex) -> tuple[float, Complex]:
    """Return the largest eigenvalue and, of its eigenvectors, the one nearest to a state."""
    energies, vectors = np.linalg.eigh(total)
    top = vectors[:, energies > energies[-1] - EQUAL * max(1.0, abs(float(energies[-1])))]
    found = top @ (top.conj().T @ near)
    size = float(np.linalg.norm(found))
    if size < EQUAL:  # none of them is near
        found, size = vectors[:, -1], 1.0
    return float(energies[-1]), np.asarray(found / size)


def _stacked(measured: list[Complex]) -> Complex:
    """Return the elements of one party as (outcome, setting, d, d)."""
    return np.stack(measured, axis=1)


def _operator(
    scenario: Scenario, tensor: FloatArray, dimensions: tuple[int, ...], measured: list[list[Complex]]
) -> Complex:
    """Return the operator whose expectation is the score."""
    parties = len(dimensions)
    held = tensor.astype(np.complex128)
    for party in range(parties):
        # axes: outcomes p.., settings p.., then row and column of the parties before
        left = parties - party
        held = np.tensordot(held, _stacked(measured[party]), axes=([0, left], [0, 1]))
    order = [2 * p for p in range(parties)] + [2 * p + 1 for p in range(parties)]
    size = prod(dimensions)
    return np.asarray(held.transpose(order).reshape(size, size))


def _gains(
    scenario: Scenario,
    tensor: FloatArray,
    dimensions: tuple[int, ...],
    measured: list[list[Complex]],
    state: Complex,
    party: int,
) -> Complex:
    """Return operators K_{o,x} of one party, all else fixed: the score is sum tr(E_{o|x} K_{o,x})."""
    parties = len(dimensions)
    psi = state.reshape(dimensions)
    others = [p for p in range(parties) if p != party]
    # bring the party's outcome and setting to the end, contract the others one by one
    held = np.moveaxis(tensor, (party, parties + party), (-2, -1)).astype(np.complex128)
    for place, other in enumerate(others):
        left = len(others) - place
        held = np.tensordot(held, _stacked(measured[other]), axes=([0, left], [0, 1]))
    # held: outcome, setting of the party, then (row, column) of each other party
    rest = prod(dimensions[p] for p in others)
    count = len(others)
    order = [0, 1, *(2 + 2 * k for k in range(count)), *(3 + 2 * k for k in range(count))]
    operators = held.transpose(order).reshape(held.shape[0], held.shape[1], rest, rest)
    amplitude = np.moveaxis(psi, party, 0).reshape(dimensions[party], rest)
    return np.asarray(np.einsum("ai,oxij,bj->oxba", amplitude.conj(), operators, amplitude))


# ------------------------------------------------------------------ exact strategies


def elements(box: Quantum) -> list[list[Complex]]:
    """Return a strategy's projectors in floats, by party and setting, as (outcomes, d, d)."""

    def projector(vectors: Sequence[Vector], size: int) -> Complex:
        found = np.zeros((size, size), dtype=np.complex128)
        for vector in vectors:
            a, b = parts(vector)
            v = np.array([complex(float(x), float(y)) for x, y in zip(a, b, strict=True)])
            found += np.outer(v, v.conj()) / float(np.linalg.norm(v)) ** 2
        return found

    return [
        [np.stack([projector(vs, size) for vs in outcomes]) for outcomes in party]
        for party, size in zip(box.measurements, box.dimensions, strict=True)
    ]


def _rounded(dimensions: tuple[int, ...], state: Complex, measured: list[list[Complex]]) -> Quantum:
    """Return the strategy in Gaussian integers, general measurements as projectors of a larger space."""
    held = [[vectors_of(elements) for elements in party] for party in measured]
    sizes = tuple(
        max(d, *(len(owner) for owner, _ in party)) for d, party in zip(dimensions, held, strict=True)
    )
    whole = np.zeros(sizes, dtype=state.dtype)
    whole[tuple(slice(d) for d in dimensions)] = state.reshape(dimensions)
    measurements = tuple(
        tuple(
            _exact_measurement(*dilated(owner, columns, size), len(elements))
            for (owner, columns), elements in zip(party, own, strict=True)
        )
        for party, own, size in zip(held, measured, sizes, strict=True)
    )
    field = "real" if not np.iscomplexobj(whole) or not np.any(whole.imag) else "complex"
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
