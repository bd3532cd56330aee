r"""Upper bounds of exponentials and logarithms of rationals, on a grid of 2^-96.

exp: x/2^k lies in [-1/8, 1/8], where 24 terms leave less than 2^-140; the square of an upper bound, rounded
up, is one again. ln: :math:`\ln x = 2 \operatorname{artanh}\frac{x-1}{x+1}` after division by a power of 2.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.checker.failures import TooMuch

GRID = 1 << 96
FINE = 1 << 128
TERMS = 24


def _up(x: Fraction) -> Fraction:
    return Fraction(-(-x.numerator * GRID // x.denominator), GRID)


def exp_above(x: Fraction) -> Fraction:
    """Return a number that is at least exp(x); raise TooMuch for x > 4096."""
    if x > 4096:
        raise TooMuch("an exponential is too large")
    if x < -64:
        return exp_above(Fraction(-64))
    x = _up(x)
    halvings = 0
    while abs(x) > Fraction(1, 8):
        x, halvings = x / 2, halvings + 1
    total, term = Fraction(1), Fraction(1)
    for k in range(1, TERMS):
        term = term * x / k
        total += term
    # the rest is less than the last term
    total = _up(total + 2 * abs(term))
    for _ in range(halvings):
        total = _up(total * total)
    return total


def ln_above(x: Fraction) -> Fraction:
    """Return a number that is at least the natural logarithm of a positive fraction."""
    twos = x.numerator.bit_length() - x.denominator.bit_length()
    y = x / Fraction(2) ** twos  # in (1/2, 2)
    return _artanh(y) + abs(twos) * _artanh(Fraction(2 if twos > 0 else 1, 1 if twos > 0 else 2))


def _artanh(y: Fraction) -> Fraction:
    """Return an upper bound of ln y, 1/2 <= y <= 2: the series in integers, rounded up."""
    z = _up((y - 1) / (y + 1))  # |z| <= 1/3, and ln grows with z
    up = z >= 0
    power = abs(z.numerator) * FINE // z.denominator  # z is on the grid, so that this is exact
    square, total = _over(power * power, FINE, up), 0
    for k in range(1, 4 * TERMS, 2):
        total += _over(power, k, up)
        power = _over(power * square, FINE, up)
    # the rest of the series is less than twice its first term
    return _up(Fraction(2 * (total + 2 * power if up else -total), FINE))


def _over(x: int, y: int, up: bool) -> int:
    return -(-x // y) if up else x // y
