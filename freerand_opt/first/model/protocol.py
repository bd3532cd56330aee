r"""Protocol Pi_N of Colbeck and Renner (arXiv:1105.3195, proof of Theorem 2), and a repair of it.

M rounds; in each the devices get settings (a, b) chosen by r = log2 N bits each. T is the set of
rounds on the 2N edges |a-b| = 1 or (a, b) = (0, 2N-1). *As written*: abort in step 2 if |T| is not in
[M/N, 3M/N], in step 3 if a round of T errs; else output X_f for f in T chosen by the source.
*Repaired* (docs/simulation.md): only the first L rounds of T are tested and selected among.
Epsilon is the paper's: 0 is perfect, 1/2 is useless.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Literal, TypeAlias

HOLDS = ("most-tests", "fewest-tests", "fewest-errors")
SELECTIONS = ("common-cause", "outcome-dependent")
ROUTES = ("counts", "rounds", "conditional")


@dataclass(frozen=True)
class UniformBits:
    """Perfectly free bits."""


@dataclass(frozen=True)
class HeldBits:
    """Epsilon-free bits, every one at an end of [1/2 - eps, 1/2 + eps], the same way in each round.

    `hold`: the chance that a round is tested is largest or smallest, or the chance is smallest that
    a tested round is on the edge (0, 2N-1). `order` and `bits` as in `model.source.SanthaVazirani`.
    """

    epsilon: Fraction
    hold: str = "most-tests"
    order: str = "interleaved"
    bits: str = "least-significant-first"


@dataclass(frozen=True)
class ReplayedBits:
    """Bits of a file, used once and in order: 2r for each round, then those of step 4.

    `form`: text of the digits 0 and 1 (white space is skipped), or bytes of 8 bits, highest first.
    """

    path: Path
    form: Literal["text", "bytes"] = "text"
    order: str = "interleaved"
    bits: str = "least-significant-first"


BitSource: TypeAlias = UniformBits | HeldBits | ReplayedBits


@dataclass(frozen=True)
class Devices:
    """Honest devices, and the rounds in which X = Y = +1 whatever the settings.

    Honest: ``quantum`` errs with sin^2(pi/4N) on every edge, ``zero-error`` (a no-signalling box)
    never; both have a fair X. A deterministic round errs on the edge (0, 2N-1) alone. It is each round
    with probability `fraction`, or every round until `first` tested rounds were deterministic.
    """

    honest: Literal["quantum", "zero-error"] = "quantum"
    fraction: Fraction = Fraction(0)
    first: int = 0

    @property
    def cheat(self) -> bool:
        """Return whether any round is deterministic."""
        return self.fraction > 0 or self.first > 0


@dataclass(frozen=True)
class Protocol:
    """One protocol with its source and devices.

    N = `size` is a power of two, M = `rounds`; `tests` is L of the repaired protocol, None as written.
    `exponent` is m with M = floor(N^m), or l with L = floor(N^l), if the size was given so; `limit` is i
    of I* = 2 N^-i. `selection` says on what the bits of step 4 may depend.
    """

    size: int
    rounds: int
    tests: int | None = None
    exponent: Fraction | None = None
    limit: Fraction = Fraction(1, 100)
    source: BitSource = UniformBits()
    devices: Devices = Devices()
    selection: str = "common-cause"

    @property
    def bits(self) -> int:
        """Return r = log2 N."""
        return self.size.bit_length() - 1

    @property
    def epsilon(self) -> Fraction | None:
        """Return the source's epsilon, or None if nothing is known of it."""
        if isinstance(self.source, HeldBits):
            return self.source.epsilon
        return Fraction(0) if isinstance(self.source, UniformBits) else None

    @property
    def window(self) -> tuple[int, int]:
        """Return the least and the largest |T| that step 2 lets pass."""
        if self.tests is not None:
            return self.tests, self.rounds
        return -(-self.rounds // self.size), min(self.rounds, 3 * self.rounds // self.size)

    def tested(self, count: int) -> int:
        """Return how many of `count` rounds in T are looked at by step 3."""
        return count if self.tests is None else min(count, self.tests)


@dataclass(frozen=True)
class Sampling:
    """How a protocol is sampled: number of runs, seed, route and confidence of each interval.

    ``rounds`` draws every round; ``counts`` draws |T| and its deterministic rounds from their binomial
    distributions; ``conditional`` draws runs in which no test fails and multiplies by the exact
    probability of that.
    """

    runs: int
    seed: int = 1
    route: str = "counts"
    confidence: Fraction = Fraction(99, 100)


def floor_power(base: int, exponent: Fraction) -> int:
    """Return floor(base^exponent) for a base >= 1 and an exponent >= 0, exactly."""
    whole, degree = base**exponent.numerator, exponent.denominator
    if degree == 2:
        return isqrt(whole)
    low, high = 0, 1 << (whole.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= whole else (low, middle)
    return low
