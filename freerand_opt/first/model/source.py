"""Sources of measurement settings that an adversary who holds W may bias.

Epsilon is Colbeck and Renner's (arXiv:1105.3195, Eq. 1): a bit is epsilon-free if, given
everything that it cannot cause, each of its values has probability in [1/2 - eps, 1/2 + eps].
0 is perfect, 1/2 is useless. Other papers count differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from freerand_opt.first.model.scenario import Scenario

BIT_ORDERS = ("most-significant-first", "least-significant-first", "gray")


@dataclass(frozen=True)
class Uniform:
    """Settings that are uniform and independent of W."""


@dataclass(frozen=True)
class SanthaVazirani:
    """A string of epsilon-free bits in one time order; `epsilon` a fraction in [0, 1/2).

    `order` says whose bit comes when: ``interleaved`` or ``A first``, ``B first``, ..;
    `bits` how a party's bits, in time, encode its setting (one of `BIT_ORDERS`).
    """

    epsilon: Fraction
    order: str = "interleaved"
    bits: str = "most-significant-first"


@dataclass(frozen=True)
class Mutual:
    """Each party's string is epsilon-free given the whole strings of all others, both ways.

    The paper's definition for spacelike separated bits; `epsilon` a fraction in [0, 1/2).
    """

    epsilon: Fraction
    bits: str = "most-significant-first"


@dataclass(frozen=True)
class PerParty:
    """Parties with sources of their own that are independent given W.

    `parts[p]` is Uniform (free settings for that party) or SanthaVazirani on that party's bits;
    its `order` is not used.
    """

    parts: tuple[Uniform | SanthaVazirani, ...]


@dataclass(frozen=True)
class MeasurementDependence:
    """lower <= P(s|w) <= upper for every joint setting s (arXiv:1407.5634); fractions.

    Min-entropy k given W is lower = 0, upper = 2^-k.
    """

    lower: Fraction
    upper: Fraction


@dataclass(frozen=True)
class Inequalities:
    """A source given by its own rows: sum of factors times P(s|w) <= bound, for each row."""

    rows: tuple[tuple[tuple[tuple[int, Fraction], ...], Fraction], ...]


Source: TypeAlias = Uniform | SanthaVazirani | Mutual | PerParty | MeasurementDependence | Inequalities


def bit_count(scenario: Scenario) -> int:
    """Return the number of bits that choose a joint setting; every count is a power of two."""
    return sum(size.bit_length() - 1 for size in scenario.settings)


def time_order(scenario: Scenario, order: str) -> tuple[tuple[int, int], ...]:
    """Return for each bit in time `(party, position among the party's bits)`."""
    counts = [size.bit_length() - 1 for size in scenario.settings]
    if order == "interleaved":
        return tuple((p, j) for j in range(max(counts)) for p, n in enumerate(counts) if j < n)
    first = scenario.parties.index(order.removesuffix(" first"))
    parties = [first, *(p for p in range(len(counts)) if p != first)]
    return tuple((p, j) for p in parties for j in range(counts[p]))


def party_leaves(size: int, bits: str) -> tuple[int, ...]:
    """Return the setting of each leaf of one party's bit tree."""
    alone = Scenario((size,), (1,))
    return leaf_settings(alone, SanthaVazirani(Fraction(0), "interleaved", bits))


def leaf_settings(scenario: Scenario, source: SanthaVazirani) -> tuple[int, ...]:
    """Return the joint setting of each leaf of the bit tree, first bit most significant.

    Leaf l is reached by the bits of l in time order.
    """
    order = time_order(scenario, source.order)
    counts = [size.bit_length() - 1 for size in scenario.settings]
    leaves = []
    for leaf in range(2 ** len(order)):
        settings = [0] * len(counts)
        for time, (party, position) in enumerate(order):
            bit = leaf >> (len(order) - 1 - time) & 1
            place = position if source.bits == "least-significant-first" else counts[party] - 1 - position
            settings[party] |= bit << place
        if source.bits == "gray":
            settings = [_from_gray(value) for value in settings]
        leaves.append(scenario.setting_index(settings))
    return tuple(leaves)


def _from_gray(code: int) -> int:
    value = 0
    while code:
        value ^= code
        code >>= 1
    return value
