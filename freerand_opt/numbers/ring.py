r"""Sums of fraction * sqrt(n) * cos(q pi): their terms, and how terms are multiplied.

.. math:: \sqrt n \cos(\tfrac ab \pi), \qquad 0 \le \tfrac ab < \tfrac12, \; b \ne 3, 4, 6, \;
   n \text{ squarefree},

and n is odd if 8 divides b, since :math:`\sqrt 2 \cos x = \cos(x + \pi/4) + \cos(x - \pi/4)`. Products follow
from :math:`2 \cos x \cos y = \cos(x + y) + \cos(x - y)`: the sums form a ring inside the cyclotomic fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt
from typing import TypeAlias

#: (n, a, b) for sqrt(n) cos(a/b pi), a/b in lowest terms.
Term: TypeAlias = tuple[int, int, int]
#: A sum, {term: factor}, no factor 0.
Terms: TypeAlias = Mapping[Term, Fraction]
UNIT: Term = (1, 0, 1)
#: Divisors below this are searched for in radicands; a radicand below its cube is certainly free of squares.
SMALL = 1 << 14
CERTAIN = SMALL**3


@lru_cache(maxsize=1024)
def squarefree(n: int) -> tuple[int, int]:
    """Return (m, k) with n = m k^2, m free of the squares of primes below `SMALL` and itself no square.

    Nothing larger is factored: m is certainly free of squares only below `CERTAIN`.
    """
    kept, outside, rest, divisor = 1, 1, n, 2
    while divisor < SMALL and divisor**3 <= rest:
        while rest % divisor == 0:
            rest //= divisor
            if kept % divisor:
                kept *= divisor
            else:
                kept, outside = kept // divisor, outside * divisor
        divisor += 1 if divisor == 2 else 2
    root = isqrt(rest)  # below the cube of `divisor` it is 1, a prime, a product of two or the square of one
    return (kept, outside * root) if root * root == rest else (kept * rest, outside)


def wave(n: int, a: int, b: int) -> tuple[tuple[Term, Fraction], ...]:
    """Return sqrt(n) cos(a/b pi) as at most two terms with factors; n as `squarefree` leaves it, b > 0."""
    common = gcd(a, b)
    a, b = a // common, b // common
    a %= 2 * b
    a, size = min(a, 2 * b - a), Fraction(1)
    if 2 * a > b:
        a, size = b - a, Fraction(-1)
    if 2 * a == b:
        return ()
    if b == 3:
        return (((n, 0, 1), size / 2),)
    if b in (4, 6):
        root = b // 2
        return (((n // root, 0, 1), size * root / 2),) if n % root == 0 else (((n * root, 0, 1), size / 2),)
    if b % 8 == 0 and n % 2 == 0:
        both = wave(n // 2, a + b // 4, b) + wave(n // 2, a - b // 4, b)
        return tuple((term, size * factor) for term, factor in both)
    return (((n, a, b), size),)


@lru_cache(maxsize=4096)
def product(x: Term, y: Term) -> tuple[tuple[Term, Fraction], ...]:
    """Return the product of two terms as terms with factors."""
    (n, a, b), (m, c, d) = x, y
    outside = gcd(n, m)
    inside = (n // outside) * (m // outside)
    if inside >= CERTAIN:  # squares of large primes may have met
        inside, more = squarefree(inside)
        outside *= more
    if not a or not c:
        waves, scale = wave(inside, a * d + c * b, b * d), Fraction(outside)
    else:
        waves = wave(inside, a * d + c * b, b * d) + wave(inside, a * d - c * b, b * d)
        scale = Fraction(outside, 2)
    return tuple((term, factor * scale) for term, factor in waves)


def times(x: Terms, y: Terms) -> dict[Term, Fraction]:
    """Return the product of two sums."""
    total: dict[Term, Fraction] = {}
    for term, factor in x.items():
        for term_2, factor_2 in y.items():
            both = factor * factor_2
            for found, share in product(term, term_2):
                total[found] = total.get(found, 0) + both * share
    return {term: factor for term, factor in total.items() if factor}
