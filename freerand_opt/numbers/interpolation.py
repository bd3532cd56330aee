"""Rational functions from exact values, next roots of polynomials; integer lists, lowest degree first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from math import lcm
from typing import Any

from flint import fmpq, fmpq_poly, fmpz, fmpz_poly, nmod_poly

from freerand_opt.checker.vectors import over

#: Points that are tried before all.
FEW = 6
#: Primes for the coefficients of a function; longer ones are given up.
MOST_PRIMES = 400
#: Numerator and denominator: integers without a common factor.
Quotient = tuple[tuple[int, ...], tuple[int, ...]]


def quotient_through(
    places: Sequence[Fraction], values: Sequence[Fraction], denominators: Sequence[tuple[int, ...]] = ()
) -> Quotient | None:
    """Return the rational function of least degree through points, two of which check it; None if none is.

    The first few points are tried alone, then `denominators`, then Euclid's algorithm.
    """
    points = tuple(places)
    found = _through(points[:FEW], values[:FEW]) if len(points) > FEW else None
    if found is not None and all(map(_is_value, [found] * len(points), points, values)):
        return found
    for den in denominators:
        found = _over(points, values, den)
        if found is not None:
            return found
    return _through(points, values)


def _through(places: tuple[Fraction, ...], values: Sequence[Fraction]) -> Quotient | None:
    """Return the function by Cauchy's interpolation, modulo primes; its values are compared exactly.

    Euclid's algorithm of the product of x - place and the interpolating polynomial. The denominator's last
    coefficient is 1, so that coefficients are fractions, which are guessed from their residues.
    """
    whole, through = _lagrange(places)[0].numer(), _polynomial(places, values)
    residues: list[int] = []
    modulus, count, wanted = 1, 0, 4
    shape: tuple[int, int] | None = None
    for prime in _primes():
        size = int(through.denom()) % prime
        if not size or not int(whole.leading_coefficient()) % prime:
            continue
        found = _euclid(nmod_poly(whole, prime), nmod_poly(through.numer(), prime), len(places), size)
        if found is None:
            return None
        num, den = found
        if shape != (len(num), len(den)):  # of all primes, or of all but few
            shape, residues, modulus, count = (len(num), len(den)), num + den, prime, 1
            continue
        step = pow(modulus, -1, prime)
        residues = [r + modulus * ((c - r) * step % prime) for r, c in zip(residues, num + den, strict=True)]
        modulus, count = modulus * prime, count + 1
        if count >= wanted:
            fractions = _reconstructed(residues, modulus)
            if fractions is not None:
                first, second = fractions[: len(num)], fractions[len(num) :]
                made = _whole(_rational(first), _rational(second), _fmpq(places[0]))
                if all(map(_is_value, [made] * len(places), places, values)):
                    return made
            wanted += wanted // 2
        if count > MOST_PRIMES:
            break
    return None


def _euclid(
    whole: nmod_poly, through: nmod_poly, count: int, size: int
) -> tuple[list[int], list[int]] | None:
    """Return numerator and denominator modulo a prime, the latter's last coefficient 1; None if none fits."""
    prime = int(whole.modulus())
    one, other = whole, through
    left, right = nmod_poly([0], prime), nmod_poly([size], prime)
    while other.degree() > (count - 2) // 2:
        quotient, rest = divmod(one, other)
        one, other, left, right = other, rest, right, left - quotient * right
    common = other.gcd(right)
    num, den = other // common, right // common
    if max(num.degree(), 0) + den.degree() > count - 3:
        return None
    turn = pow(int(den.leading_coefficient()), -1, prime)
    return tuple([int(c) * turn % prime for c in part.coeffs()] for part in (num, den))  # type: ignore[return-value]


def _reconstructed(residues: list[int], modulus: int) -> list[Fraction] | None:
    """Return short fractions with these residues, None if there are none; denominators are shared."""
    unit, found = 1, []
    for residue in residues:
        top, rest, old, new = modulus, residue * unit % modulus, 0, 1
        while rest * rest * 2 > modulus:
            quotient = top // rest
            top, rest, old, new = rest, top - quotient * rest, new, old - quotient * new
        if new * new * 2 > modulus:
            return None
        value = Fraction(rest, new)
        found.append(value / unit)
        unit *= value.denominator
    return found


def _primes() -> Iterator[int]:
    """Yield primes below 2^62, the largest first."""
    at = 2**62
    while True:
        at -= 1
        if fmpz(at).is_prime():
            yield at


def _rational(coefficients: list[Fraction]) -> fmpq_poly:
    return fmpq_poly([_fmpq(c) for c in coefficients])


def _over(places: tuple[Fraction, ...], values: Sequence[Fraction], den: tuple[int, ...]) -> Quotient | None:
    """Return the function if it has this denominator."""
    own = fmpz_poly(list(den))
    scaled = [value * _fraction(own(_fmpq(place))) for place, value in zip(places, values, strict=True)]
    return _reduced(places, _polynomial(places, scaled), fmpq_poly(own))


def _reduced(places: tuple[Fraction, ...], num: fmpq_poly, den: fmpq_poly) -> Quotient | None:
    if max(num.degree(), 0) + den.degree() > len(places) - 3:
        return None
    common = num.gcd(den)
    return _whole(num // common, den // common, _fmpq(places[0]))


def _polynomial(places: tuple[Fraction, ...], values: Sequence[Fraction]) -> fmpq_poly:
    _, lines, size = _lagrange(places)
    unit = lcm(*(value.denominator for value in values))
    total = fmpz_poly([])
    for line, value in zip(lines, values, strict=True):
        total += line * over(value, unit)
    return fmpq_poly(total, unit * size)


@lru_cache(maxsize=64)
def _lagrange(places: tuple[Fraction, ...]) -> tuple[fmpq_poly, list[fmpz_poly], int]:
    """Return the product of x - place, and the polynomials that are 1 at one place, over one unit."""
    x = fmpq_poly([0, 1])
    whole = fmpq_poly([1])
    for place in places:
        whole *= x - _fmpq(place)
    lines = []
    for place in places:
        line = whole // (x - _fmpq(place))
        lines.append(line / line(_fmpq(place)))
    unit = lcm(*(int(line.denom()) for line in lines))
    return whole, [line.numer() * (unit // int(line.denom())) for line in lines], unit


def _is_value(quotient: Quotient, place: Fraction, value: Fraction) -> bool:
    num, den = (fmpz_poly(list(part))(_fmpq(place)) for part in quotient)
    return bool(num == den * _fmpq(value))


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))


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
