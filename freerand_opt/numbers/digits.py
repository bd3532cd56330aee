"""How long exact numbers may be where they are written down: in certificates, and there in expressions.

Python reads and writes integers of at most 4300 decimal digits, a bound against long work, and the
checker reads expressions of at most 4096 characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from freerand_opt.numbers.exact import Exact, Real, enclose, text

#: Integers of at most so many binary digits are written into certificates (4215 decimal ones).
WRITTEN_BITS = 14_000
#: An end of an answer whose text is longer than so many characters is rounded to so many bits.
CLAIMED_CHARACTERS = 3000
CLAIMED_BITS = 256


def bits(x: Exact) -> int:
    """Return the number of binary digits of the longest integer that a number is written with."""
    return max(number.bit_length() for number in _integers(x))


def _integers(x: Exact) -> Iterator[int]:
    """Yield numerators, denominators and radicands, those of arguments of roots and logarithms as well."""
    if isinstance(x, Fraction):
        yield from (x.numerator, x.denominator)
        return
    for monomial, terms in x.parts.items():
        for (radicand, _, _), factor in terms.items():
            yield from (radicand, factor.numerator, factor.denominator)
        for atom, _ in monomial:
            assert isinstance(atom.argument, Fraction | Real)
            yield from _integers(atom.argument)


def short(x: Exact) -> bool:
    """Return whether a number can be written down."""
    if isinstance(x, Fraction):  # of which there are many
        return max(x.numerator.bit_length(), x.denominator.bit_length()) <= WRITTEN_BITS
    return bits(x) <= WRITTEN_BITS


def at_most(x: Exact) -> Exact:
    """Return the number, or if its text is too long a fraction below it, by at most 2^-255."""
    if bits(x) <= WRITTEN_BITS and len(text(x)) <= CLAIMED_CHARACTERS:
        return x
    return Fraction(floor(enclose(x, CLAIMED_BITS + 1)[0] * 2**CLAIMED_BITS), 2**CLAIMED_BITS)


def at_least(x: Exact) -> Exact:
    """Return the number, or if its text is too long a fraction above it, by at most 2^-255."""
    return -at_most(-x)
