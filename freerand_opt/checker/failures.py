"""How a check ends: unreadable (2), not proved (1), too much work (3)."""

from __future__ import annotations

from collections.abc import Iterable
from math import lcm

MOST_BITS_OF_ALL = 1 << 18


class Unreadable(ValueError):
    """The file says nothing that has a meaning here: a key, a number or an order that is not allowed."""


class Rejected(ValueError):
    """What is claimed does not follow."""


class TooMuch(ValueError):
    """The work limit was reached, or a sign could not be decided within it."""


def product_of_bits(bits: int) -> int:
    """Return the steps of work of a product of integers, 1 if they are short."""
    return 1 + (bits >> 9) ** 2 // 4


class Work:
    """Count steps before they are made, so that every machine gives up at the same place.

    A step costs more where numbers are long: sums take the square of the common denominator's length.
    """

    def __init__(self, limit: int = 10**8) -> None:
        self.limit = limit
        self.done = 0
        self.weight = 1

    def weigh(self, denominator: int) -> None:
        """Let steps cost what numbers over this denominator cost; raise TooMuch if it is too long."""
        bits = denominator.bit_length()
        if bits > MOST_BITS_OF_ALL:
            raise TooMuch(f"a common denominator has more than {MOST_BITS_OF_ALL} bits")
        self.weight = max(self.weight, 1 + (bits >> 10) ** 2 // 8)

    def weigh_sum(self, denominators: Iterable[int]) -> int:
        """Weigh the common denominator of numbers that are about to be added up, and return it."""
        unit = 1
        for each in denominators:
            unit = lcm(unit, each)
            self.weigh(unit)
        return unit

    def spend(self, steps: int, what: str) -> None:
        """Raise TooMuch if `steps` more would pass the limit."""
        self.done += steps * self.weight
        if self.done > self.limit:
            raise TooMuch(f"{what}: more than {self.limit} steps of work")
