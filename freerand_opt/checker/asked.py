"""The question of a certificate: who measures, which source, what is observed, tested and asked.

A joint setting s and a joint outcome o are numbers in row-major order, party A slowest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.checker.failures import Rejected
from freerand_opt.checker.numbers import Number
from freerand_opt.checker.sources import Source
from freerand_opt.checker.vectors import Vector
from freerand_opt.checker.words import Algebra, Word

GUESSES = ("guessing-probability", "trace-distance")
ENTROPY = "entropy"


@dataclass(frozen=True)
class Functional:
    """Factors of P(o|s) (`on` conditional), of P(o, s) (joint), or of means of words (moments).

    `errors` are the (joint setting, right parity) that it was given by, if it counts wrong parities.
    """

    on: str
    terms: dict[tuple[int, int], Fraction]
    words: dict[Word, Fraction]
    errors: tuple[tuple[int, int], ...] | None = None

    @property
    def settings(self) -> list[int]:
        """Return the joint settings that occur, ascending."""
        return sorted({s for s, _ in self.terms})


@dataclass(frozen=True)
class Test:
    """The observed score of a functional stands in a relation to a number."""

    functional: Functional
    relation: str
    score: Number


@dataclass(frozen=True)
class Kept:
    """Observed P(o|s) is within `tolerance` of `table[s][o]` at these settings."""

    table: dict[int, list[Number]]
    tolerance: Fraction


@dataclass(frozen=True)
class Relations:
    """Products of outcomes of many parties: `signs[k]` at settings with k ones, 0 if not tested.

    Wrong outcomes weigh at most `violated` in all; or `whole`: the GHZ state's behaviour is observed.
    """

    signs: tuple[int, ...]
    violated: Fraction
    whole: bool


@dataclass(frozen=True)
class Picked:
    """The output is the outcome of one of the parties, picked by bits within `epsilon` of fair."""

    bits: int
    selection: str
    epsilon: Fraction


@dataclass(frozen=True)
class Ask:
    """A guess of `values[outcomes of the parties `of`]` at a joint setting (None: averaged), or a score.

    `told`: the adversary learns the settings before she guesses (averages alone). `side` is what she holds
    beside W of an entropy's output: quantum or classical (nothing more than W); `noise` is the probability
    with which that output, a bit, is flipped before it is used, which nobody knows.
    """

    quantity: str
    of: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    count: int = 0
    picked: Picked | None = None
    at: int | None = None
    told: bool = False
    score: Functional | None = None
    sign: int = 1
    side: str = ""
    noise: Fraction = Fraction(0)

    def chance(self, used: int, value: int) -> Fraction:
        """Return the probability that a value is used as another one."""
        return 1 - self.noise if used == value else self.noise

    def uses(self, value: int) -> tuple[tuple[int, Fraction], ...]:
        """Return (value that is used, its probability)."""
        kept = (value, 1 - self.noise)
        return (kept, (1 - value, self.noise)) if self.noise else (kept,)


@dataclass(frozen=True)
class Question:
    """Who measures, which source, what is observed, which devices, what is tested and asked."""

    settings: tuple[int, ...]
    outcomes: tuple[int, ...]
    source: Source
    observed: Vector[Fraction] | None
    devices: str
    tests: tuple[Test | Kept, ...]
    relations: Relations | None
    ask: Ask
    algebra: Algebra
    #: What both ends need, made once.
    made: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of joint settings and joint outcomes."""
        return prod(self.settings), prod(self.outcomes)

    def digits(self, s: int) -> list[int]:
        """Return the parties' settings of a joint setting."""
        return split(s, self.settings)

    def weight(self, s: int) -> Fraction:
        """Return the observed probability of a setting where P(o|s) is spoken of."""
        assert self.observed is not None
        if not self.observed[s]:
            raise Rejected(f"setting {s} is never observed, P(.|{s}) has no meaning")
        return self.observed[s]


def split(index: int, sizes: tuple[int, ...]) -> list[int]:
    """Return the digits of a joint index, the last party fastest."""
    parts = []
    for size in reversed(sizes):
        index, part = divmod(index, size)
        parts.append(part)
    return parts[::-1]


def joint(parts: list[int], sizes: tuple[int, ...]) -> int:
    """Return the joint index of digits."""
    index = 0
    for part, size in zip(parts, sizes, strict=True):
        index = index * size + part
    return index
