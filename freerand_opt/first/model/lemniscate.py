r"""The function and the constant behind perfect GHZ relations.

F solves F'' = F^3, F(0) = F'(0) = 1; F = sqrt((1 + sl x)/(1 - sl x)) with the lemniscate sine sl.

.. math:: K = \int_0^1 \frac{dt}{\sqrt{1-t^4}} = \frac{\pi}{2\,\mathrm{agm}(1, \sqrt 2)} = 1.3110287771...

is half the lemniscate constant (docs/proofs/conjecture-1.md).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, isqrt


@lru_cache(maxsize=8)
def derivatives(order: int) -> tuple[int, ...]:
    """Return F(0), F'(0), .., F^(order)(0), which are positive integers (1, 1, 1, 3, 9, 33, ..)."""
    found = [1, 1]
    squares: list[int] = []
    for n in range(order - 1):  # F^(n+2) is the n-th derivative of F F^2
        squares.append(sum(comb(n, k) * found[k] * found[n - k] for k in range(n + 1)))
        found.append(sum(comb(n, k) * found[k] * squares[n - k] for k in range(n + 1)))
    return tuple(found[: order + 1])


def ratio(parties: int) -> Fraction:
    """Return f_(M-1)/f_M = M F^(M-1)(0)/F^(M)(0), f_n the Taylor coefficients of F."""
    values = derivatives(parties)
    return Fraction(parties * values[parties - 1], values[parties])


def correlators(parties: int) -> tuple[Fraction, ...]:
    """Return gamma_d = F^(d)(0) F^(M-d)(0)/F^(M)(0) for d = 0..M, the explicit box of sigma = +1."""
    values = derivatives(parties)
    return tuple(Fraction(values[d] * values[parties - d], values[parties]) for d in range(parties + 1))


@lru_cache(maxsize=8)
def half_constant(bits: int) -> tuple[Fraction, Fraction]:
    """Return rationals K_lower < K < K_upper on the grid 2^-bits, at most a few units apart.

    The arithmetic-geometric mean by integer square roots, rounded outward at each step, and pi by
    Machin's formula. Exact.
    """
    guard = bits + 32
    one = 1 << guard
    lower = [one, isqrt(2 << (2 * guard))]  # arithmetic (after a step) and geometric means from below
    upper = [one, isqrt(2 << (2 * guard)) + 1]
    while True:
        lower = [(lower[0] + lower[1]) // 2, isqrt(lower[0] * lower[1])]
        upper = [-(-(upper[0] + upper[1]) // 2), isqrt(upper[0] * upper[1]) + 1]
        # the mean lies between the geometric and the arithmetic one
        if upper[0] - lower[1] < 1 << 16:
            break
    pi = _pi(guard)
    low = pi[0] * one // (2 * upper[0])
    high = -(-pi[1] * one // (2 * lower[1]))
    return Fraction(low >> 32, 1 << bits), Fraction((high >> 32) + 1, 1 << bits)


def _pi(bits: int) -> tuple[int, int]:
    """Return integers lo < 2^bits pi < hi: pi = 16 arctan(1/5) - 4 arctan(1/239)."""
    five, other = _arctan(5, bits), _arctan(239, bits)
    return 16 * five[0] - 4 * other[1], 16 * five[1] - 4 * other[0]


def _arctan(inverse: int, bits: int) -> tuple[int, int]:
    """Return integers around 2^bits arctan(1/inverse); each term is off by less than 1, and the rest too."""
    total, power, k = 0, (1 << bits) // inverse, 0
    while power:
        total += (-power if k % 2 else power) // (2 * k + 1)
        power //= inverse**2
        k += 1
    return total - 2 * k - 2, total + 2 * k + 2
