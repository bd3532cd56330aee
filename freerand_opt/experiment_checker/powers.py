"""Fractional powers, logarithms and tails of binomials, enclosed by integers.

An integer X with `BITS` fractional bits stands for X / 2^BITS; every function says on which side it errs.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

from freerand_opt.checker.failures import TooMuch, Unreadable, Work

BITS = 64
ONE = 1 << BITS
#: Fractional bits of logarithms; mantissas have twice as many and some more.
LOG_BITS = 64
_MANTISSA = 3 * LOG_BITS
MAX_POWER = 4000
#: Bits of the terms of a binomial's tail up to which they are summed exactly.
EXACT = 1 << 15


def ceil_div(a: int, b: int) -> int:
    """Return the least integer that is at least a/b, for b > 0."""
    return -(-a // b)


@lru_cache(maxsize=1 << 16)
def root_up(x: Fraction, k: int) -> int:
    """Return an integer X with (X / 2^BITS)^k >= x, for x >= 0: the least one, or that after it."""
    if x <= 0:
        return 0
    if x == 1:
        return ONE
    low, high = 0, 1 << BITS + max(0, ceil_div(x.numerator.bit_length() - x.denominator.bit_length() + 1, k))
    while high - low > 1:  # high reaches x, by a lower bound of its power
        middle = (low + high) // 2
        mantissa, exponent = _power_down(middle, k)
        left, right = mantissa * x.denominator, x.numerator
        reached = left << exponent >= right if exponent >= 0 else left >= right << -exponent
        low, high = (low, middle) if reached else (middle, high)
    return high


def _power_down(x: int, k: int) -> tuple[int, int]:
    """Return M and e with M 2^e <= (x / 2^BITS)^k, by squaring; M is cut to _MANTISSA bits at each step."""
    mantissa, exponent = 1, 0
    for digit in bin(k)[2:]:
        mantissa, exponent = mantissa * mantissa, 2 * exponent
        if digit == "1":
            mantissa, exponent = mantissa * x, exponent - BITS
        over = max(0, mantissa.bit_length() - _MANTISSA)
        mantissa, exponent = mantissa >> over, exponent + over
    return mantissa, exponent


def power_up(x: Fraction, k: int) -> int:
    """Return an integer at least x^(1 + 1/k) 2^BITS."""
    return ceil_div(x.numerator * root_up(x, k), x.denominator)


def log2_down(x: Fraction) -> Fraction:
    """Return a fraction with denominator 2^LOG_BITS at most log2 x, for x > 0; within 2^(1 - LOG_BITS)."""
    exponent, mantissa = _normal(x)
    return Fraction((exponent << LOG_BITS) + _fraction(mantissa, 0), 1 << LOG_BITS)


def log2_up(x: Fraction) -> Fraction:
    """Return a fraction with denominator 2^LOG_BITS at least log2 x, for x > 0; within 2^(1 - LOG_BITS)."""
    return -log2_down(1 / x)


def _normal(x: Fraction) -> tuple[int, int]:
    """Return e and M, rounded down, with M / 2^_MANTISSA in [1, 2) and x >= 2^e M / 2^_MANTISSA."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    if x < Fraction(2) ** exponent:
        exponent -= 1
    shift = _MANTISSA - exponent
    top = x.numerator << max(shift, 0)
    return exponent, top // (x.denominator << max(-shift, 0))


def _fraction(mantissa: int, found: int) -> int:
    """Return LOG_BITS bits of the logarithm of a mantissa, by squaring, rounded down."""
    for _ in range(LOG_BITS):
        mantissa = mantissa * mantissa >> _MANTISSA
        found <<= 1
        if mantissa >> (_MANTISSA + 1):
            found += 1
            mantissa >>= 1
    return found


def tail_up(n: int, wins: int, p: Fraction, work: Work) -> Fraction:
    """Return a fraction at least P(Bin(n, p) >= wins), within a factor 1 + 2^-60; exact where that is short.

    Terms are integers over 2^shift, each rounded up; the first is C(n, wins) p^wins (1-p)^(n-wins).
    """
    if wins <= 0:
        return Fraction(1)
    if wins > n:
        return Fraction(0)
    if not 0 < p < 1:
        return Fraction(int(p >= 1))
    if n > 10**6:
        raise TooMuch("tail of a binomial: at most 10^6 trials; use a factor")
    a, b, d = p.numerator, p.denominator - p.numerator, p.denominator
    work.spend(4 * n * (1 + d.bit_length() // 64), "tail of a binomial")
    if n * d.bit_length() <= EXACT:
        total, term = 0, comb(n, wins) * a**wins * b ** (n - wins)
        for k in range(wins, n + 1):
            total += term
            term = term * (n - k) * a // ((k + 1) * b)  # exact: the terms are integers
        return Fraction(total, d**n)
    mantissa, exponent = _first_term(n, wins, a, b, d)
    total, term, k = 0, mantissa, wins
    while True:
        total += term
        up, down = (n - k) * a, (k + 1) * b
        term = ceil_div(term * up, down)
        k += 1
        if k > n:
            break
        if up < down and term < mantissa >> 80:  # what is left is below a geometric series
            total += ceil_div(term * down, down - up)
            break
        if exponent + term.bit_length() > 4:
            return Fraction(1)
    return min(Fraction(1), total * Fraction(2) ** exponent)


def _first_term(n: int, wins: int, a: int, b: int, d: int) -> tuple[int, int]:
    """Return M and e with C(n, wins) (a/d)^wins (b/d)^(n-wins) <= M 2^e, M of some 160 bits."""
    mantissa, exponent, small = 1 << 160, -160, min(wins, n - wins)
    rest = (wins, n - wins)
    for j in range(1, small + 1):  # one factor of each kind for each factor of the coefficient
        mantissa = ceil_div(mantissa * (n - small + j) * a * b, j * d * d)
        over = mantissa.bit_length() - 160
        if over > 0:
            mantissa = -(-mantissa >> over)
            exponent += over
        elif over < -64:
            mantissa <<= -over
            exponent += over
    left, base = max(rest) - small, a if rest[0] > rest[1] else b
    for _ in range(left):
        mantissa = ceil_div(mantissa * base, d)
        over = mantissa.bit_length() - 160
        if over < -64:
            mantissa <<= -over
            exponent += over
    return mantissa, exponent


def need_power(k: int) -> None:
    """Raise Unreadable for a power that is not 1/k with k of a sensible size."""
    if not 1 <= k <= MAX_POWER:
        raise Unreadable(f"certificate: power 1/k with k in 1..{MAX_POWER}")
