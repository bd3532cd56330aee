"""Vectors of Gaussian integers, a + b i with integers a and b: exact complex vectors up to their length."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from typing import Any, TypeAlias

from freerand_opt.checker.vectors import over

#: An entry: an integer, or the pair (real part, imaginary part).
Gaussian: TypeAlias = int | tuple[int, int]
#: Real parts and imaginary parts of a vector.
Parts: TypeAlias = tuple[list[int], list[int]]


def parts(vector: Sequence[Gaussian]) -> Parts:
    """Return the real and the imaginary parts."""
    pairs = [(x, 0) if isinstance(x, int) else x for x in vector]
    return [a for a, _ in pairs], [b for _, b in pairs]


def joined(real: Sequence[int], imaginary: Sequence[int]) -> tuple[Gaussian, ...]:
    """Return a vector from its parts; entries without imaginary part are integers."""
    return tuple((a, b) if b else a for a, b in zip(real, imaginary, strict=True))


def squared(vector: Sequence[Gaussian]) -> int:
    """Return the squared length."""
    a, b = parts(vector)
    return sum(x * x for x in a) + sum(x * x for x in b)


def plain(vector: Sequence[Gaussian]) -> list[Any]:
    """Return the vector in the certificate's form: integers and lists of two."""
    return [x if isinstance(x, int) else list(x) for x in vector]


def read(entries: Sequence[Any]) -> tuple[Gaussian, ...]:
    """Return the vector of a certificate that has been checked."""
    return tuple(x if isinstance(x, int) else (x[0], x[1]) for x in entries)


def rounded(vector: Sequence[complex], bits: int) -> tuple[Gaussian, ...]:
    """Return 2^bits times a vector, rounded to Gaussian integers."""
    grid = 2**bits
    whole = [(round(x.real * grid), round(x.imag * grid)) for x in map(complex, vector)]
    return joined([a for a, _ in whole], [b for _, b in whole])


def orthogonal(vectors: Sequence[Sequence[Gaussian]]) -> list[tuple[Gaussian, ...]]:
    """Return the vectors made orthogonal one after the other (Gram and Schmidt), exactly; 0 if dependent."""
    done: list[tuple[list[Fraction], list[Fraction], Fraction]] = []
    found = []
    for vector in vectors:
        real, imaginary = ([Fraction(x) for x in part] for part in parts(vector))
        for a, b, size in done:
            # <u, v> / <u, u> with u = a + b i
            c = (sum(map(mul, a, real)) + sum(map(mul, b, imaginary))) / size
            d = (sum(map(mul, a, imaginary)) - sum(map(mul, b, real))) / size
            real, imaginary = (
                [x - c * p + d * q for x, p, q in zip(real, a, b, strict=True)],
                [y - c * q - d * p for y, p, q in zip(imaginary, a, b, strict=True)],
            )
        size = sum(map(mul, real, real)) + sum(map(mul, imaginary, imaginary))
        if size:
            done.append((real, imaginary, Fraction(size)))
        unit = lcm(*(x.denominator for x in (*real, *imaginary)))
        whole = [[over(x, unit) for x in part] for part in (real, imaginary)]
        common = gcd(*whole[0], *whole[1]) or 1
        found.append(joined([x // common for x in whole[0]], [x // common for x in whole[1]]))
    return found
