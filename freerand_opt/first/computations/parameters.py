"""What a computation may be given: numbers in a range, or one of a few words."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Argument: TypeAlias = Fraction | str
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Computation:
    """A root in (0, 1/4) of a named function, to a width, or a named value; with fixed parameters."""

    name: str
    parameters: tuple[tuple[str, Argument], ...]
    width: Fraction


@dataclass(frozen=True)
class Number:
    """A rational number from `least` to `most`; `whole` if it has to be an integer."""

    least: Fraction
    most: Fraction
    whole: bool = False

    def allows(self, value: Fraction) -> bool:
        """Return whether a value is in the range, and an integer where one is needed."""
        return self.least <= value <= self.most and not (self.whole and value.denominator != 1)

    def __str__(self) -> str:
        kind = "an integer" if self.whole else "a rational number"
        return f"{kind} from {self.least} to {self.most}"


@dataclass(frozen=True)
class Word:
    """One of these words."""

    allowed: tuple[str, ...]


def whole(least: int, most: int) -> Number:
    """Return the integers of a range."""
    return Number(Fraction(least), Fraction(most), whole=True)


#: Epsilon of Colbeck and Renner, with bits that are not determined.
EPSILON = Number(Fraction(0), Fraction(499, 1000))
ENCODING = Word(("most-significant-first", "least-significant-first", "gray"))
ORDER = Word(("interleaved", "A first", "B first"))
