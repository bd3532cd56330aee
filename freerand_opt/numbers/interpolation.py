"""Rational functions from exact values, next roots of polynomials; integer lists, lowest degree first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import Any

from flint import fmpq, fmpq_poly, fmpz_poly

#: Numerator and denominator: integers without a common factor.
Quotient = tuple[tuple[int, ...], tuple[int, ...]]


def quotient_through(places: Sequence[Fraction], values: Sequence[Fraction]) -> Quotient | None:
    """Return the rational function of least degree through points, two of which check it; None if none is.

    Cauchy's interpolation: Euclid's algorithm of the product of x - place and the interpolating polynomial.
    """
    x = fmpq_poly([0, 1])
    whole, through = fmpq_poly([1]), fmpq_poly([0])
    for place, value in zip(places, values, strict=True):
        at, wanted = _fmpq(place), _fmpq(value)
        through += whole * ((wanted - through(at)) / whole(at))
        whole *= x - at
    rows = (whole, fmpq_poly([0])), (through, fmpq_poly([1]))
    half = (len(places) - 2) // 2
    while rows[1][0].degree() > half:
        quotient, rest = divmod(rows[0][0], rows[1][0])
        rows = rows[1], (rest, rows[0][1] - quotient * rows[1][1])
    num, den = rows[1]
    if max(num.degree(), 0) + den.degree() > len(places) - 3:
        return None
    common = num.gcd(den)
    return _whole(num // common, den // common, _fmpq(places[0]))


def _fmpq(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)


def _whole(num: fmpq_poly, den: fmpq_poly, at: fmpq) -> Quotient:
    """Return integer polynomials without a common divisor, the denominator positive at a place."""
    unit = lcm(int(num.denom()), int(den.denom()))
    a, b = ([int(c.p) * (unit // int(c.q)) for c in own.coeffs()] for own in (num, den))
    g = fmpz_poly(a + b).content()
    turn = int(g) * (1 if den(at) > 0 else -1)
    return tuple(c // turn for c in a), tuple(c // turn for c in b)


def over_common(quotients: Sequence[Quotient], at: Fraction) -> tuple[list[list[int]], list[int]]:
    """Return numerators over one common denominator, and it; it is positive at a place."""

    def joined(a: fmpz_poly, b: fmpz_poly) -> fmpz_poly:
        found = a * b // a.gcd(b)
        return found if found(_fmpq(at)) > 0 else -found

    dens = [fmpz_poly(list(den)) for _, den in quotients]
    unit = reduce(joined, dens, fmpz_poly([1]))
    found = [
        _ints(fmpz_poly(list(num)) * (unit // den)) for (num, _), den in zip(quotients, dens, strict=True)
    ]
    return found, _ints(unit)


def _ints(p: fmpz_poly) -> list[int]:
    return [int(c) for c in p.coeffs()]


def combination(parts: Iterable[tuple[int, Sequence[int]]]) -> list[int]:
    """Return the sum of integers times polynomials."""
    return _ints(sum((number * fmpz_poly(list(p)) for number, p in parts), fmpz_poly([0])))


def times(p: Sequence[int], q: Sequence[int]) -> list[int]:
    """Return the product of two polynomials."""
    return _ints(fmpz_poly(list(p)) * fmpz_poly(list(q)))


def stretch(
    polynomials: Iterable[Sequence[int]], at: Fraction, ends: tuple[Fraction, Fraction]
) -> tuple[Fraction, Fraction]:
    """Return the roots next to `at` on either side where some polynomial changes its sign, or the ends.

    They are middles of small intervals that hold the roots.
    """
    low, high = ends
    for p in {tuple(p) for p in polynomials if len(p) > 1}:
        own = fmpz_poly(list(p))
        borders = [end for end in ends if own(_fmpq(end)) == 0]
        roots: Any = own.complex_roots()
        for root, times in roots:
            if (
                times % 2 == 0
                or not root.imag.contains(0)
                or any(root.real.contains(_fmpq(x)) for x in borders)
            ):
                continue
            middle = root.real.mid().fmpq()
            x = Fraction(int(middle.p), int(middle.q))
            low, high = (max(low, x), high) if x <= at else (low, min(high, x))
    return low, high
