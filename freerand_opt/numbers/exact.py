"""Exact real numbers and the functions that make them: roots, cosines, logarithms."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from freerand_opt.numbers import field
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
    "triples",
]

PI: Real = of_atom("pi", Fraction(0))
#: What the checker reads: radicands up to this, and orders of roots of unity up to `field.MOST_ORDER`.
MOST_RADICAND = 10**12


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


def triples(x: Exact) -> str | list[list[str | int]]:
    """Return what the checker reads: a fraction's text, or [factor, n, q] of factor * sqrt(n) * cos(q pi).

    Raise ValueError for a number that is no such sum, or one that is too large for the checker.
    """
    if isinstance(x, Fraction):
        return str(x)
    advice = "round it to a fraction on the safe side"
    if x.parts.keys() != {()}:
        raise ValueError(f"{text(x)[:60]} is no sum of fraction * sqrt(n) * cos(q pi); {advice}")
    terms, most = x.parts[()], field.MOST_ORDER // 2
    if any(n > MOST_RADICAND or b > most for n, _, b in terms):
        limits = f"a radicand above {MOST_RADICAND}, or a denominator above {most} in an angle"
        raise ValueError(f"{text(x)[:60]} has {limits}; {advice}")
    ordered = sorted((n, Fraction(a, b), factor) for (n, a, b), factor in terms.items())
    return [[str(factor), n, str(q)] for n, q, factor in ordered]
