r"""A question in the form that programs and certificates are made of.

Joint indices, exact numbers, nothing to decide.

A joint setting s and a joint outcome o are numbers in row-major order, party A slowest. Names of moments are
written as in certificates, ``A0 B1 A1`` sorted by party, ``1`` for the empty product.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from typing import TypeAlias

from freerand_opt.numbers.exact import Exact


@dataclass(frozen=True)
class Point:
    """Settings independent of W with one distribution."""

    values: tuple[Fraction, ...] | None  # None: uniform


@dataclass(frozen=True)
class Bits:
    """P(bit t = 0 | earlier bits, w) in `ranges[t]`.

    String l of all bits names the joint setting `leaves[l]`.

    `order` is the (party, bit of its setting's number) of each bit, None if the leaves are listed.
    """

    ranges: tuple[tuple[Fraction, Fraction], ...]
    leaves: tuple[int, ...]
    order: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class Limits:
    """lower[s] <= P(s|w) <= upper[s]."""

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]


@dataclass(frozen=True)
class Mutual:
    """Each party's bits, in the order of `bits[party]`.

    Within epsilon of fair given all other parties' settings.
    """

    epsilon: Fraction
    bits: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Rows:
    """Sum of factors times P(s|w) stands in a relation (<=, =) to a bound, for each row."""

    rows: tuple[tuple[tuple[tuple[int, Fraction], ...], str, Fraction], ...]


@dataclass(frozen=True)
class Product:
    """Parties independent given w, each with a source of its own settings."""

    parts: tuple[Point | Bits | Limits, ...]


@dataclass(frozen=True)
class Shared:
    """Two parties independent given w, P(xy|w) <= bound.

    Programs take points of a polytope around it, made from `cuts`, or with `inside` of one within it
    (`freerand_opt.checker.shared`); neither is part of the question.
    """

    bound: Fraction
    cuts: tuple[Fraction, ...] = ()
    inside: bool = False


@dataclass(frozen=True)
class FullSupport:
    """P(s|w) > 0."""


@dataclass(frozen=True)
class Average:
    """A bound on average over w on how far P(s|w) lies from P(s): sum of P(w) d_k(P(.|w)) <= bounds[k].

    `measure` is distance (one bound for each pair of settings in `pairs`), departure, largest, bad (the
    weight of an arbitrary part; the rest is in `good`) or information, which alone is no maximum over points.
    """

    measure: str
    bounds: tuple[Fraction, ...]
    pairs: tuple[tuple[int, int], ...] = ()
    good: Point | Bits | Limits | None = None

    @property
    def information(self) -> bool:
        """Return whether it bounds information."""
        return self.measure == "information"


Source: TypeAlias = Average | Point | Bits | Limits | Mutual | Rows | Product | Shared | FullSupport


@dataclass(frozen=True)
class Functional:
    """Factors of P(o|s) (conditional), P(o, s) (joint), by (s, o), or of named moments."""

    on: str
    terms: tuple[tuple[int, int, Fraction], ...] = ()
    words: tuple[tuple[str, Fraction], ...] = ()

    @cached_property
    def settings(self) -> tuple[int, ...]:
        """Return the joint settings that occur."""
        return tuple(sorted({s for s, _, _ in self.terms}))


@dataclass(frozen=True)
class Test:
    """A functional's observed score stands in a relation to a number."""

    functional: Functional
    relation: str
    score: Exact


@dataclass(frozen=True)
class Kept:
    """P(o|s) is `table[s][o]` up to a tolerance at the settings of the table."""

    table: tuple[tuple[int, tuple[Exact, ...]], ...]
    tolerance: Fraction


@dataclass(frozen=True)
class Ask:
    """What is asked: a guess, a score (`sign` -1: the smallest), or whether a strategy exists.

    `values` are by joint outcome of the parties `of`; `at` is a joint setting, None: averaged; `side` is what
    an adversary holds beside W, of an entropy (the least is asked: `sign` -1), `noise` the probability with
    which its output, a bit, is flipped.
    """

    quantity: str
    of: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    count: int = 0
    at: int | None = None
    told: bool = False
    score: Functional | None = None
    sign: int = 1
    side: str = ""
    noise: Fraction = Fraction(0)

    def chance(self, used: int, value: int) -> Fraction:
        """Return the probability that a value is used as another one."""
        return 1 - self.noise if used == value else self.noise


@dataclass(frozen=True)
class Parties:
    """Numbers of settings and outcomes by party."""

    settings: tuple[int, ...]
    outcomes: tuple[int, ...]

    @property
    def letters(self) -> str:
        """Return the letters of the parties."""
        return string.ascii_uppercase[: len(self.settings)]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of joint settings and joint outcomes."""
        return prod(self.settings), prod(self.outcomes)

    @cached_property
    def joint_settings(self) -> tuple[tuple[int, ...], ...]:
        """Return the parties' settings of each joint setting."""
        return tuple(product(*(range(n) for n in self.settings)))

    @cached_property
    def joint_outcomes(self) -> tuple[tuple[int, ...], ...]:
        """Return the parties' outcomes of each joint outcome."""
        return tuple(product(*(range(d) for d in self.outcomes)))


@dataclass(frozen=True)
class Problem(Parties):
    """A question to be answered. `observed` is the distribution of joint settings, None: unconstrained."""

    source: Source
    observed: tuple[Fraction, ...] | None
    devices: str
    tests: tuple[Test | Kept, ...]
    ask: Ask

    @property
    def parties(self) -> Parties:
        """Return the numbers of settings and outcomes alone."""
        return Parties(self.settings, self.outcomes)

    @property
    def exists(self) -> Problem:
        """Return the question whether any strategy passes the tests."""
        return replace(self, ask=Ask("strategy"))

    @cached_property
    def even(self) -> bool:
        """Return whether the observed settings are uniform."""
        if self.observed is None:
            return False
        first = self.observed[0]  # one object many times, if settings are uniform
        return all(x is first or x == first for x in self.observed)

    def factors(self, f: Functional, sign: int) -> dict[int, dict[int, Fraction]]:
        """Return factors of P(o, s) by setting: those of P(o|s) are divided by P(s) where it is given."""
        found: dict[int, dict[int, Fraction]] = {}
        for s, o, factor in f.terms:
            share = Fraction(1)
            if f.on == "conditional" and self.observed is not None:
                share = 1 / self.observed[s]
            found.setdefault(s, {})[o] = sign * factor * share
        return found

    def outputs(self) -> tuple[int, ...]:
        """Return the value of the output at each joint outcome."""
        sizes = [self.outcomes[p] for p in self.ask.of]
        return tuple(
            self.ask.values[joint([outcome[p] for p in self.ask.of], sizes)]
            for outcome in self.joint_outcomes
        )


def joint(parts: Sequence[int], sizes: Sequence[int]) -> int:
    """Return the joint index of digits."""
    index = 0
    for part, size in zip(parts, sizes, strict=True):
        index = index * size + part
    return index
