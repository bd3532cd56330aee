"""Numbers as a question file writes them, with the rationals that enclose them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from random import Random

#: Enclosures of square roots are 2^-BITS wide.
BITS = 240
STYLES = ("plain", "small", "coprime", "heavy", "decimal")


@dataclass(frozen=True)
class Number:
    """A text and an enclosure low <= x <= high; they are equal for a rational number."""

    text: str
    low: Fraction
    high: Fraction

    @property
    def rational(self) -> bool:
        return self.low == self.high

    def toml(self) -> str:
        """Integers and decimals stand bare, all else as a text."""
        bare = self.text.removeprefix("-").replace(".", "", 1).isdigit()
        return self.text if bare else f'"{self.text}"'


def exactly(value: Fraction | int | str) -> Number:
    """Return a rational number; a text is kept as it is written."""
    fraction = Fraction(value)
    return Number(value if isinstance(value, str) else str(fraction), fraction, fraction)


def shifted_root(base: Fraction, factor: Fraction, radicand: int) -> Number:
    """Return base + factor*sqrt(radicand); the factor is positive."""
    root = isqrt(radicand << 2 * BITS)
    low, high = Fraction(root, 1 << BITS), Fraction(root + 1, 1 << BITS)
    text = f"{base} + {factor}*sqrt({radicand})"
    return Number(text, base + factor * low, base + factor * high)


def coefficient(random: Random, style: str) -> Number:
    """Return a coefficient that is not 0: small integers up to heavy tails and coprime denominators."""
    sign = random.choice((1, -1))
    if style == "plain":
        return exactly(sign * random.randint(1, 4))
    if style == "small":
        return exactly(Fraction(sign * random.randint(1, 12), random.randint(1, 12)))
    if style == "decimal":
        whole = random.choice((0, 0, 1, 5))
        return exactly(f"{'-' if sign < 0 else ''}{whole}.{random.randint(1, 10**18 - 1):018d}")
    size = 10**5
    value = Fraction(sign * random.randint(1, size), random.randint(1, size))
    return exactly(value * Fraction(10) ** random.choice((0, 0, 0, 1, 2, -2)) if style == "heavy" else value)


def share(random: Random, style: str) -> Number:
    """Return a number strictly between 0 and 1."""
    if style in ("plain", "small"):
        bottom = random.randint(2, 24)
        return exactly(Fraction(random.randint(1, bottom - 1), bottom))
    if style == "decimal":
        return exactly(f"0.{random.randint(1, 10**18 - 1):018d}")
    bottom = random.randint(10**4, 10**5)
    return exactly(Fraction(random.randint(1, bottom - 1), bottom))


def mixture(random: Random, count: int, style: str) -> list[Fraction]:
    """Return `count` positive weights that sum to 1, with denominators of the style."""
    if style == "decimal":
        unit = 10**9
    elif style in ("plain", "small"):
        unit = random.randint(count, 24)
    else:
        unit = random.randint(10**3, 10**5)
    unit = max(unit, count)
    cuts = sorted(random.sample(range(1, unit), count - 1))
    return [Fraction(b - a, unit) for a, b in zip([0, *cuts], [*cuts, unit], strict=True)]
