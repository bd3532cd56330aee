r"""Which sums of fraction * sqrt(n) * cos(q pi) are rational, and inverses: arithmetic in cyclotomic fields.

Let m be even, and q m/2 whole for every cosine of a sum. Square roots of different squarefree numbers prime
to m are independent over :math:`\mathbb{Q}(\zeta_{8m})`: a prime that divides one of two does not ramify
there. So a sum is rational if and only if what stands at each of them is 0, and what stands at 1 is rational.
That is decided modulo a cyclotomic polynomial, with the square roots of divisors of m as Gauss sums,

.. math:: \sqrt D = \sum_{k \bmod D} \Bigl(\tfrac Dk\Bigr) \zeta_D^k, \qquad
   D = n \text{ if } n \bmod 4 = 1, \text{ else } 4n.

Nothing is factored. A radicand from `ring.CERTAIN` on may hide the square of a prime above `ring.SMALL`; two
such roots depend on each other if and only if the product of their radicands is a square, which is tested.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm
from typing import TYPE_CHECKING

from freerand_opt.numbers.ring import CERTAIN, UNIT, Term, Terms, squarefree, times, wave

if TYPE_CHECKING:
    from flint import arb, fmpq, fmpq_poly, fmpz_poly

#: Orders of roots of unity up to this are computed with; up to `FAST` without a look at enclosures first.
MOST_ORDER = 1 << 14
FAST = 512
#: An inverse is found if (degree of the field, or terms)^2 * (bits of the factors) stays below this.
MOST_WORK = 1_000_000


def rational(terms: Terms) -> Fraction | None:
    """Return the value of a sum if it is rational and `decidable`, else None."""
    others = len(terms) - (UNIT in terms)
    if not others:
        return terms.get(UNIT, Fraction(0))
    if others == 1 or not doubtful(terms):
        return None
    classes = _classes(terms)
    largest = max(map(order, classes.values()))
    if largest > MOST_ORDER or (largest > FAST and _moves(terms)):
        return None
    value = Fraction(0)
    for outer, part in classes.items():
        left, scale = remainder(part, order(part))
        if left.degree() > 0 or (outer > 1 and left.degree() == 0):
            return None
        value += Fraction(int(left[0]), scale)
    return value


def decidable(terms: Terms) -> bool:
    """Return whether `rational` says None of irrational sums alone."""
    return not doubtful(terms) or all(order(part) <= MOST_ORDER for part in _classes(terms).values())


def ball(terms: Terms) -> arb:
    """Return an enclosure of a sum at the precision that flint is set to."""
    from flint import arb, fmpq

    value = arb(0)
    for (n, a, b), factor in terms.items():
        part = arb(fmpq(factor.numerator, factor.denominator))
        if n > 1:
            part *= arb(n).sqrt()
        if a:
            part *= arb.cos_pi_fmpq(fmpq(a, b))
        value += part
    return value


def _moves(terms: Terms) -> bool:
    """Return whether an enclosure shows that one automorphism moves a sum, which is irrational then."""
    from flint import ctx, fmpz

    power = 3  # of all roots of unity
    while any(gcd(power, n * b) > 1 for n, _, b in terms):
        power += 2
    moved = dict(terms)
    for (n, a, b), factor in terms.items():
        for term, share in wave(n, a * power, b):
            moved[term] = moved.get(term, Fraction(0)) - factor * share * int(fmpz(n).jacobi(power))
    with ctx.workprec(64 + _bits(moved)):
        value = ball(moved)
        return bool(value > 0 or value < 0)


def _bits(terms: Terms) -> int:
    return max(max(abs(f.numerator), f.denominator).bit_length() for f in terms.values())


def doubtful(terms: Terms) -> bool:
    """Return whether terms may depend on each other: angles other than pi a/2^k, long radicands."""
    return any(b & (b - 1) or n >= CERTAIN for n, _, b in terms)


def _classes(terms: Terms) -> dict[int, dict[Term, Fraction]]:
    """Return {r: sum} with terms = sum of sqrt(r) * sum; the r are prime to the cosines and independent."""
    angles = lcm(*(2 * b for _, a, b in terms if a))
    classes: dict[int, dict[Term, Fraction]] = {}
    for (n, a, b), factor in terms.items():
        inner = gcd(n, angles)
        outer = n // inner
        for other in classes:  # p^2 r beside r for a large p: no factors are needed to see it
            if other != outer and max(outer, other) >= CERTAIN:
                root = isqrt(other * outer)
                if root * root == other * outer:
                    outer, factor = other, factor * root / other
                    break
        part = classes.setdefault(outer, {})
        part[inner, a, b] = part.get((inner, a, b), Fraction(0)) + factor
    return classes


def order(terms: Terms) -> int:
    """Return the least order of roots of unity whose field holds a sum."""
    return lcm(*(2 * b for _, a, b in terms if a), *(_discriminant(n) for n, _, _ in terms))


def _discriminant(n: int) -> int:
    return n if n % 4 == 1 else 4 * n


def remainder(terms: Terms, size: int) -> tuple[fmpz_poly, int]:
    """Return a sum times a scale as a reduced polynomial in a root of unity of order `size`; the scale."""
    from flint import fmpz_poly

    common = lcm(*(factor.denominator for factor in terms.values()))
    waves: dict[int, list[int]] = {}
    for (n, a, b), factor in terms.items():
        held = waves.setdefault(n, [0] * size)
        turn, whole = a * (size // (2 * b)) if a else 0, int(factor * common)
        held[turn] += whole
        held[-turn] += whole
    total = fmpz_poly(0)
    for n, held in waves.items():
        total += fmpz_poly(held) * _twice_root(n, size)
    return total % cyclotomic(size), 4 * common


@lru_cache(maxsize=64)
def _twice_root(n: int, size: int) -> fmpz_poly:
    """Return 2 sqrt(n) as a polynomial in a root of unity of order `size`."""
    from flint import fmpz, fmpz_poly

    least = _discriminant(n)
    held = [0] * size
    for k in range(least):
        if gcd(k, least) == 1:  # for even k by reciprocity: (n/k) = (k/n)
            held[k * (size // least)] = int(fmpz(n).jacobi(k)) if k % 2 else int(fmpz(k).jacobi(n))
    return fmpz_poly(held) * (2 if least == n else 1)


@lru_cache(maxsize=64)
def cyclotomic(size: int) -> fmpz_poly:
    """Return the cyclotomic polynomial of an order."""
    from flint import fmpz_poly

    return fmpz_poly.cyclotomic(size)


# ---------------------------------------------------------------- inverses


def inverse(terms: Terms) -> dict[Term, Fraction] | None:
    """Return 1/x for a sum x that is not 0, or None if that takes more than `MOST_WORK`.

    Conjugates remove the roots of `_classes`; what is left is inverted modulo a cyclotomic polynomial.
    """
    if len(terms) == 1:
        (((n, a, _), factor),) = terms.items()
        if not a:
            return {(n, 0, 1): 1 / (factor * n)}
    if not decidable(terms) or len(terms) ** 2 * _bits(terms) > MOST_WORK:
        return None
    outers = [outer for outer in _classes(terms) if outer > 1]
    if not outers:
        return _inverse_modulo(terms)
    root = _independent(outers)
    conjugate = {term: -f if _odd(term[0], root) else f for term, f in terms.items()}
    norm = times(terms, conjugate)
    if any(n % root == 0 for n, _, _ in norm):
        return None
    back = inverse(norm)
    if back is None or len(conjugate) * len(back) * _bits(back) > MOST_WORK:
        return None
    return times(conjugate, back)


def _independent(numbers: list[int]) -> int:
    """Return a number above 1 that divides each of the numbers or is prime to it."""
    found = min(numbers)
    while True:
        common = next((g for g in (gcd(found, n) for n in numbers) if 1 < g < found), found)
        if common == found:
            return found
        found = common


def _odd(n: int, root: int) -> bool:
    """Return whether an odd power of `root` divides n."""
    odd = False
    while n % root == 0:
        n, odd = n // root, not odd
    return odd


def _inverse_modulo(terms: Terms) -> dict[Term, Fraction] | None:
    from flint import fmpq_poly

    size = order(terms)
    if size > MOST_ORDER:
        return None
    left, scale = remainder(terms, size)
    modulus = cyclotomic(size)
    if int(modulus.degree()) ** 2 * (left.height_bits() + 1) > MOST_WORK:
        return None
    _, _, found = fmpq_poly(modulus).xgcd(fmpq_poly(left))
    return sum_of(scale * found, size)


def sum_of(x: fmpq_poly, size: int) -> dict[Term, Fraction]:
    """Return a real polynomial in a root of unity as a sum: of square roots if it is one, else of cosines.

    The factor of sqrt(n) is the mean of all conjugates of sqrt(n) x, over n.
    """
    from flint import fmpq_poly

    modulus = fmpq_poly(cyclotomic(size))
    roots, left = {}, x
    for n in range(1, size + 1):
        if size % _discriminant(n) == 0 and squarefree(n) == (n, 1):
            twice = fmpq_poly(_twice_root(n, size))
            factor = _mean(twice * x % modulus, size) / (2 * n)
            left -= factor * twice / 2
            roots[n, 0, 1] = factor
    if not left % modulus:
        return {term: _fraction(factor) for term, factor in roots.items() if factor}
    total: dict[Term, Fraction] = {}
    for k, factor in enumerate(x.coeffs()):
        for term, share in wave(1, 2 * k, size):
            total[term] = total.get(term, 0) + share * _fraction(factor)
    return {term: factor for term, factor in total.items() if factor}


def _mean(x: fmpq_poly, size: int) -> fmpq:
    """Return the mean of all conjugates: those of a primitive root of unity of order d have the sum mu(d)."""
    from flint import fmpq

    total = fmpq(0)
    for k, factor in enumerate(x.coeffs()):
        polynomial = cyclotomic(size // gcd(k, size))
        total -= factor * polynomial[polynomial.degree() - 1] / polynomial.degree()
    return total


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))
