r"""The function and the constant behind perfect GHZ relations (docs/proofs/conjecture-1.md).

F solves :math:`F'' = F^3`, F(0) = F'(0) = 1;

.. math:: K = \int_0^1 \frac{dt}{\sqrt{1-t^4}} = \frac{\pi}{2\,\mathrm{agm}(1, \sqrt 2)} = 1.3110287771...

is half the lemniscate constant.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

from flint import arb, ctx


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
    """Return rationals K_lower < K < K_upper less than 2^-bits apart."""
    with ctx.workprec(bits + 32):
        mean = arb(1).agm(arb(2).sqrt())
        ball = arb.pi() / (2 * mean)
        ends = [end.man_exp() for end in (ball.lower(), ball.upper())]
    low, high = (Fraction(int(mantissa)) * Fraction(2) ** int(place) for mantissa, place in ends)
    return low, high
