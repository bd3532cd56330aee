"""What became of runs: counts that add up, whoever counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.selection import select

Bools = npt.NDArray[np.bool_]
#: Returns which of 2^n rounds the bits of step 4 choose, given which are good for the adversary.
Pick = Callable[[Bools, np.random.Generator], int]


@dataclass(frozen=True)
class Tally:
    """Numbers of runs: all, aborted in step 2, aborted in step 3, passed.

    Of those that passed, those with a deterministic output round, and with an output as guessed.
    """

    runs: int = 0
    window: int = 0
    error: int = 0
    passed: int = 0
    deterministic: int = 0
    guessed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(x + y for x, y in zip(astuple(self), astuple(other), strict=True)))


def leaning(heavy: float) -> Pick:
    """Return how bits choose of which each leans to the better side with chance `heavy` = 1/2 + eps."""

    def pick(good: Bools, generator: np.random.Generator) -> int:
        if heavy == 0.5:
            return int(generator.integers(0, len(good)))
        return select(good, heavy, generator)[0]

    return pick


def choose_output(
    protocol: Protocol, deterministic: Bools, pick: Pick, generator: np.random.Generator
) -> tuple[bool, bool]:
    """Return for one run that passed whether f is deterministic, and whether R is as guessed.

    `deterministic` says it of each tested round in order; the selection is among the first 2^n of them,
    n = floor(log2 of their number). The guess is right on a deterministic round, and the outcome of an
    honest one is a fair coin.
    """
    among = deterministic[: 1 << (len(deterministic).bit_length() - 1)]
    if not protocol.sees_outcomes:
        chosen = pick(among, generator)
        known = bool(among[chosen])
        return known, known or bool(generator.random() < 0.5)
    good = among | (generator.integers(0, 2, len(among), dtype=np.uint8) == 0)
    chosen = pick(good, generator)
    return bool(among[chosen]), bool(good[chosen])


def errors(
    protocol: Protocol, deterministic: Bools, on_edge: Bools, honest: float, generator: np.random.Generator
) -> Bools:
    """Return for each round of T whether step 3 sees it err."""
    if honest == 0:
        return deterministic & on_edge
    failed: Bools = np.where(deterministic, on_edge, generator.random(len(on_edge)) < honest)
    return failed
