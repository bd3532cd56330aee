"""Means of products of operators in floats: as an operator of the state, and as gains of one measurement."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from freerand_opt.first.programs.measurement import Complex

#: (party, setting, outcome) of each operator; outcome None is the observable, outcome 0 less outcome 1.
Word: TypeAlias = Sequence[tuple[int, int, int | None]]


def words_operator(
    words: Sequence[tuple[float, Word]], dimensions: tuple[int, ...], measured: list[list[Complex]]
) -> Complex:
    """Return the Hermitian part of the sum of factors times words."""
    size = prod(dimensions)
    total = np.zeros((size, size), dtype=np.complex128)
    for factor, word in words:
        held = np.eye(size, dtype=np.complex128)
        for place in word:
            held = held @ _operator(place, dimensions, measured)
        total += factor * held
    return (total + total.conj().T) / 2


def words_gains(
    words: Sequence[tuple[float, Word]],
    dimensions: tuple[int, ...],
    measured: list[list[Complex]],
    state: Complex,
    place: tuple[int, int],
) -> Complex:
    """Return operators K_o of a measurement (party, setting): the words' mean changes by tr(dE_o K_o).

    The mean itself is linear in the measurement where no word has it twice.
    """
    party, setting = place
    count, size = len(measured[party][setting]), dimensions[party]
    found = np.zeros((count, size, size), dtype=np.complex128)
    shape = (prod(dimensions[:party]), size, prod(dimensions[party + 1 :]))
    for factor, word in words:
        for k, (p, s, outcome) in enumerate(word):
            if (p, s) != place:
                continue
            # <state| left O right |state> = tr(O right |state><state| left)
            left, right = state.conj(), state
            for other in word[:k]:
                left = left @ _operator(other, dimensions, measured)
            for other in reversed(word[k + 1 :]):
                right = _operator(other, dimensions, measured) @ right
            held = np.einsum("iaj,ibj->ab", right.reshape(shape), left.reshape(shape))
            held = factor * (held + held.conj().T) / 2
            if outcome is None:
                found[0] += held
                found[1] -= held
            else:
                found[outcome] += held
    return found


def _operator(
    place: tuple[int, int, int | None], dimensions: tuple[int, ...], measured: list[list[Complex]]
) -> Complex:
    party, setting, outcome = place
    elements = measured[party][setting]
    own = elements[0] - elements[1] if outcome is None else elements[outcome]
    before, behind = prod(dimensions[:party]), prod(dimensions[party + 1 :])
    return np.asarray(np.kron(np.kron(np.eye(before), own), np.eye(behind)))
