"""Intervals that certainly hold a number: rational ends, and functions by series in integers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`."""

    low: Fraction
    high: Fraction

    def __add__(self, other: Interval | Fraction | int) -> Interval:
        more = interval(other)
        return Interval(self.low + more.low, self.high + more.high)

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Interval | Fraction | int) -> Interval:
        return self + -interval(other)

    def __rsub__(self, other: Interval | Fraction | int) -> Interval:
        return -self + other

    def __mul__(self, other: Interval | Fraction | int) -> Interval:
        more = interval(other)
        ends = [x * y for x in (self.low, self.high) for y in (more.low, more.high)]
        return Interval(min(ends), max(ends))

    __rmul__ = __mul__

    def inverse(self) -> Interval:
        """Return 1/x of positive numbers; raise ZeroDivisionError at 0."""
        return Interval(1 / self.high, 1 / self.low)

    def sign(self) -> int | None:
        """Return -1, 0 or 1, None if it is not known."""
        if self.low > 0 or self.high < 0:
            return 1 if self.low > 0 else -1
        return 0 if self.low == self.high else None


def interval(x: Interval | Fraction | int) -> Interval:
    """Return an interval of one number."""
    return x if isinstance(x, Interval) else Interval(Fraction(x), Fraction(x))


def log2(x: Interval | Fraction, bits: int) -> Interval:
    """Return log2 of positive numbers, about 2^-bits wide at each end."""
    held = interval(x)
    return Interval(_log2(held.low, bits).low, _log2(held.high, bits).high)


def _log2(x: Fraction, bits: int) -> Interval:
    if x < 1:
        return -_log2(1 / x, bits)
    whole = x.numerator.bit_length() - x.denominator.bit_length()
    whole -= x < Fraction(2) ** whole
    rest = x / 2**whole  # from 1 up to 2
    if rest == 1:
        return interval(whole)
    top, ln2 = _log(rest, bits + 8), _log(Fraction(2), bits + 8)
    return top * ln2.inverse() + whole


@lru_cache(maxsize=64)
def _log(x: Fraction, bits: int) -> Interval:
    """Return ln x for 1 < x <= 2, twice the sum of t^(2k+1)/(2k+1) with t = (x-1)/(x+1) <= 1/3."""
    t = (x - 1) / (x + 1)
    unit = bits + 16
    low = high = 0
    powers = [(t.numerator << unit) // t.denominator] * 2
    powers[1] += 1
    squares = [powers[0] ** 2 >> unit, (powers[1] ** 2 >> unit) + 1]
    k = 1
    while powers[1] > 2:
        low += powers[0] // k
        high += powers[1] // k + 1
        powers = [powers[0] * squares[0] >> unit, (powers[1] * squares[1] >> unit) + 1]
        k += 2
    # the terms left out shrink at least ninefold, the first is at most 2 units
    return Interval(Fraction(2 * low, 1 << unit), Fraction(2 * high + 6, 1 << unit))


def root(x: Fraction, degree: int, bits: int) -> Interval:
    """Return the positive root of a degree."""
    scaled = (x.numerator << degree * bits) // x.denominator
    low = isqrt(scaled) if degree == 2 else _root(scaled, degree)
    exact = Fraction(low, 1 << bits)
    return interval(exact) if exact**degree == x else Interval(exact, Fraction(low + 1, 1 << bits))


def _root(number: int, degree: int) -> int:
    """Return the largest integer whose power is at most a positive integer: Newton, from above."""
    half = number.bit_length() // degree // 2
    if not half:
        return next(x for x in (3, 2, 1) if x**degree <= number)
    x = (_root(number >> degree * half, degree) + 1) << half
    while (y := ((degree - 1) * x + number // x ** (degree - 1)) // degree) < x:
        x = y
    return x


@lru_cache(maxsize=8)
def pi(bits: int) -> Interval:
    """Return pi = 16 arctan(1/5) - 4 arctan(1/239)."""

    def arctan(inverse: int) -> Interval:
        total, power, k = Fraction(0), Fraction(1, inverse), 1
        while power > Fraction(1, 1 << bits):
            total += power / k if k % 4 == 1 else -power / k
            power, k = power / inverse**2, k + 2
        return Interval(total - power, total + power)

    exact = 16 * arctan(5) - 4 * arctan(239)
    unit = 1 << bits + 8
    return Interval(Fraction(int(exact.low * unit), unit), Fraction(int(exact.high * unit) + 1, unit))


def cosine(multiple: Fraction, bits: int) -> Interval:
    """Return cos(multiple pi) for a multiple from 0 to 1/4, where it falls."""
    angle = pi(bits + 8) * multiple
    return Interval(_cosine(angle.high, bits)[0], _cosine(angle.low, bits)[1])


def _cosine(x: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Return two partial sums of an alternating series, whose terms fall for x < 1."""
    total, term, k = Fraction(0), Fraction(1), 0
    while term > Fraction(1, 1 << bits):
        total += -term if k % 4 else term
        term, k = term * x * x / ((k + 1) * (k + 2)), k + 2
    after = total + (-term if k % 4 else term)
    return min(total, after), max(total, after)
