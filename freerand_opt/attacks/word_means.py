"""Means of products of operators in floats: as operators of the states, and as gains of one measurement."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks.measurement import Complex, Measurement

#: (party, setting, outcome) of each operator; outcome None is the observable, outcome 0 less outcome 1.
Word: TypeAlias = Sequence[tuple[int, int, int | None]]


def words_operator(
    words: Sequence[tuple[float, Word]], dimensions: tuple[int, ...], measured: list[list[Measurement]]
) -> Complex:
    """Return the Hermitian parts of the sums of factors times words, (starts, D, D)."""
    count, size = len(measured[0][0].elements), prod(dimensions)
    total: Complex = np.zeros((count, size, size))  # real where all operators are
    for factor, word in words:
        held: Complex = np.broadcast_to(np.eye(size), total.shape)
        for place in word:
            held = held @ _operator(place, dimensions, measured)
        total = total + factor * held
    return np.asarray(total + total.conj().swapaxes(-1, -2)) / 2


def words_gains(
    words: Sequence[tuple[float, Word]],
    dimensions: tuple[int, ...],
    measured: list[list[Measurement]],
    states: Complex,
    place: tuple[int, int],
) -> Complex:
    """Return operators K_o of a measurement (party, setting): the words' means change by tr(dE_o K_o).

    The mean itself is linear in the measurement where no word has it twice.
    """
    party, setting = place
    found = np.zeros_like(measured[party][setting].elements)
    shape = (len(states), prod(dimensions[:party]), dimensions[party], prod(dimensions[party + 1 :]))
    for factor, word in words:
        for k, (p, s, outcome) in enumerate(word):
            if (p, s) != place:
                continue
            # <state| left O right |state> = tr(O right |state><state| left)
            left, right = states.conj()[:, None, :], states[:, :, None]
            for other in word[:k]:
                left = left @ _operator(other, dimensions, measured)
            for other in reversed(word[k + 1 :]):
                right = _operator(other, dimensions, measured) @ right
            held = np.einsum("niaj,nibj->nab", right.reshape(shape), left.reshape(shape))
            held = factor * (held + held.conj().swapaxes(-1, -2)) / 2
            if outcome is None:
                found[:, 0] += held
                found[:, 1] -= held
            else:
                found[:, outcome] += held
    return found


def _operator(
    place: tuple[int, int, int | None], dimensions: tuple[int, ...], measured: list[list[Measurement]]
) -> Complex:
    party, setting, outcome = place
    elements = measured[party][setting].elements
    own = elements[:, 0] - elements[:, 1] if outcome is None else elements[:, outcome]
    before, behind = np.eye(prod(dimensions[:party])), np.eye(prod(dimensions[party + 1 :]))
    size = prod(dimensions)
    return np.asarray(np.einsum("ab,ncd,ef->nacebdf", before, own, behind).reshape(len(own), size, size))
