"""Exact real numbers and the functions that make them: roots, cosines, logarithms."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from freerand_opt.numbers.atoms import text
from freerand_opt.numbers.enclosure import MAX_BITS, UndecidedError, decided, enclose, sign
from freerand_opt.numbers.radicals import rational_root, square_root
from freerand_opt.numbers.real import Exact, Real, compare, inverse, of_atom, power, real, total
from freerand_opt.numbers.ring import wave

__all__ = [
    "MAX_BITS",
    "PI",
    "Exact",
    "Real",
    "UndecidedError",
    "compare",
    "cos_pi",
    "enclose",
    "inverse",
    "log2",
    "power",
    "root",
    "sign",
    "sin_pi",
    "sqrt",
    "text",
    "total",
]

PI: Real = of_atom("pi", Fraction(0))


def sqrt(x: Exact) -> Exact:
    """Return the square root of a nonnegative number; raise ValueError below 0."""
    if compare(x, Fraction(0)) < 0:
        raise ValueError(f"sqrt of the negative number {text(x)}")
    if isinstance(x, Fraction):
        return real({(): rational_root(x)})
    found = square_root(x.parts[()]) if decided(x) else None
    return of_atom("sqrt", x) if found is None else real({(): found})


def root(x: Exact, degree: int) -> Exact:
    """Return the positive root of a positive number of some degree >= 1; raise ValueError else."""
    if degree < 1 or compare(x, Fraction(0)) <= 0:
        raise ValueError(f"root of degree {degree} of {text(x)}")
    if degree <= 2:
        return x if degree == 1 else sqrt(x)
    if isinstance(x, Fraction):
        found = Fraction(whole_root(x.numerator, degree), whole_root(x.denominator, degree))
        if found**degree == x:
            return found
    return of_atom(f"root{degree}", x)


def whole_root(number: int, degree: int) -> int:
    """Return the largest integer whose power is at most an integer >= 0."""
    from flint import fmpz

    return int(fmpz(number).root(degree))


@lru_cache(maxsize=4096)
def cos_pi(multiple: Fraction) -> Exact:
    """Return cos(pi * multiple) exactly."""
    return real({(): dict(wave(1, multiple.numerator, multiple.denominator))})


def sin_pi(multiple: Fraction) -> Exact:
    """Return sin(pi * multiple) exactly."""
    return cos_pi(Fraction(1, 2) - multiple)


def log2(x: Exact) -> Exact:
    """Return the binary logarithm of a positive number; raise ValueError at or below 0."""
    if compare(x, Fraction(0)) <= 0:
        raise ValueError(f"log2 of {text(x)}, which is not positive")
    if isinstance(x, Fraction):
        up, down = x.numerator, x.denominator
        if up & (up - 1) == 0 and down & (down - 1) == 0:
            return Fraction(up.bit_length() - down.bit_length())
    return of_atom("log2", x)
