r"""Square roots of sums of fraction * sqrt(n) * cos(q pi) that are such sums again.

A half angle and a square root of a + b sqrt(n) are written down:

.. math:: \sqrt{2a (1 + \cos x)} = 2 \sqrt a \cos \tfrac x2, \qquad
   \sqrt{a + b \sqrt n} = \sqrt{\tfrac{a + r}2} \pm \sqrt{\tfrac{a - r}2}, \quad r^2 = a^2 - b^2 n.

Else a root is looked for in the real field K of a small order. For t in K with K = Q(t^2 x) let f be the
characteristic polynomial of t^2 x. If x = z^2 with z in K, then f(Y^2) has a factor A(Y^2) + Y B(Y^2) with
the root t z, and z = -A/(t B) at t^2 x. What is found is squared.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, isqrt, lcm
from typing import TYPE_CHECKING

from freerand_opt.numbers import field
from freerand_opt.numbers.ring import UNIT, Term, Terms, squarefree, times, wave

if TYPE_CHECKING:
    from flint import fmpz, fmpz_poly

#: Largest degree of a cyclotomic field in which a root is looked for.
MOST_DEGREE = 32
#: And its degree^2 * (bits of the factors) is at most this.
MOST_WORK = 100_000


def square_root(terms: Terms) -> dict[Term, Fraction] | None:
    """Return the square root of a positive sum as a sum, if one is found."""
    common = _content(terms)
    if len(terms) == 1 and UNIT in terms:
        return rational_root(terms[UNIT])
    rest = {term: factor / common for term, factor in terms.items()}
    found = _half_angle(rest) or _of_two_terms(rest) or _in_small_field(rest)
    return None if found is None else times(rational_root(common), found)


def rational_root(x: Fraction) -> dict[Term, Fraction]:
    """Return the square root of a fraction, at least 0."""
    inside, outside = squarefree(x.numerator * x.denominator)  # sqrt(n/d) = sqrt(n d)/d
    return {(inside, 0, 1): Fraction(outside, x.denominator)} if x else {}


def _content(terms: Terms) -> Fraction:
    """Return the largest fraction of which all factors are whole multiples."""
    return Fraction(
        gcd(*(f.numerator for f in terms.values())), lcm(*(f.denominator for f in terms.values()))
    )


#: Where 1 + cos(q pi) is s (1 +- r sqrt(n)): {n: (r, s, q for +, q for -)}.
_SHORT = {
    2: (Fraction(1, 2), Fraction(1), Fraction(1, 4), Fraction(3, 4)),
    3: (Fraction(1, 2), Fraction(1), Fraction(1, 6), Fraction(5, 6)),
    5: (Fraction(1, 5), Fraction(5, 4), Fraction(1, 5), Fraction(3, 5)),
}


def _half_angle(terms: Terms) -> dict[Term, Fraction] | None:
    if len(terms) != 2 or UNIT not in terms:
        return None
    (n, a, b), factor = next(item for item in terms.items() if item[0] != UNIT)
    if a and n == 1:
        ratio, scale, plus, minus = Fraction(1), Fraction(1), Fraction(a, b), Fraction(b - a, b)
    elif n in _SHORT and not a:
        ratio, scale, plus, minus = _SHORT[n]
    else:
        return None
    if abs(factor) != ratio * terms[UNIT]:
        return None
    turn = plus if factor > 0 else minus
    half = dict(wave(1, turn.numerator, 2 * turn.denominator))
    return times(rational_root(2 * terms[UNIT] / scale), half)


def _of_two_terms(terms: Terms) -> dict[Term, Fraction] | None:
    if len(terms) != 2 or UNIT not in terms:
        return None
    (other,) = set(terms) - {UNIT}
    n, a, _ = other
    square = terms[UNIT] ** 2 - terms[other] ** 2 * n
    if a or square < 0:
        return None
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if root * root != square:
        return None
    larger, smaller = (rational_root((terms[UNIT] + side) / 2) for side in (root, -root))
    sign = 1 if terms[other] > 0 else -1
    return _sum(larger, {term: sign * factor for term, factor in smaller.items()})


def _in_small_field(terms: Terms) -> dict[Term, Fraction] | None:
    """Return a root in the real field of twice the order, sqrt(2) with it; the factors are whole numbers."""
    from flint import fmpq_poly, fmpz_poly

    order = lcm(8, 2 * field.order(terms))
    if order > field.MOST_ORDER or field.cyclotomic(order).degree() > MOST_DEGREE:
        return None
    modulus = field.cyclotomic(order)
    four_x, _ = field.remainder(terms, order)
    if int(modulus.degree()) ** 2 * four_x.height_bits() > MOST_WORK:
        return None
    for shift in range(1, 6):
        t = fmpz_poly([shift, 1] + [0] * (order - 3) + [1]) % modulus
        w = t * t * four_x % modulus
        f = _characteristic(w, modulus)
        if f.gcd(f.derivative()).degree() == 0:
            break
    else:
        return None
    spread = fmpz_poly([c for pair in zip(f.coeffs(), [0] * len(f), strict=True) for c in pair])
    factors = [factor for factor, _ in spread.factor()[1] if factor.degree() == f.degree()]
    if not factors:
        return None
    even, odd = (_at(factors[0].coeffs()[part::2], w, modulus) for part in (0, 1))
    below = fmpq_poly(2 * t * odd % modulus)
    _, _, turned = fmpq_poly(modulus).xgcd(below)
    found = field.sum_of(fmpq_poly(even) * turned % fmpq_poly(modulus), order)
    if field.rational(_sum(times(found, found), {term: -factor for term, factor in terms.items()})) != 0:
        return None
    return found if _positive(found) else {term: -factor for term, factor in found.items()}


def _positive(terms: Terms) -> bool:
    """Return whether a sum, which is not 0, is positive."""
    from flint import ctx

    precision = 64
    while True:
        with ctx.workprec(precision):
            ball = field.ball(terms)
            if ball > 0 or ball < 0:
                return bool(ball > 0)
        precision *= 2


def _characteristic(w: fmpz_poly, modulus: fmpz_poly) -> fmpz_poly:
    """Return the characteristic polynomial of a real element of the real field, squared that of the whole."""
    from flint import fmpz_mat, fmpz_poly

    size, rows, power = int(modulus.degree()), [], w
    for _ in range(size):
        rows.append([power[k] for k in range(size)])
        power = power * fmpz_poly([0, 1]) % modulus
    return fmpz_mat(rows).charpoly().sqrt()


def _at(coefficients: list[fmpz], w: fmpz_poly, modulus: fmpz_poly) -> fmpz_poly:
    """Return the value of a polynomial at w."""
    value = 0 * w
    for coefficient in reversed(coefficients):
        value = (value * w + coefficient) % modulus
    return value


def _sum(x: Terms, y: Terms) -> dict[Term, Fraction]:
    total = dict(x)
    for term, factor in y.items():
        total[term] = total.get(term, Fraction(0)) + factor
    return {term: factor for term, factor in total.items() if factor}
