r"""Sums of fraction * sqrt(n) * cos(q pi), with a decidable zero.

A number is a Fraction or a Real. Products of square roots and of cosines are such sums again, so they form
a ring inside the cyclotomic fields: :math:`\sqrt n` is a Gauss sum, :math:`2\cos q\pi = \zeta + \zeta^{-1}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm
from typing import Any, TypeAlias

from freerand_opt.checker.failures import TooMuch, Unreadable
from freerand_opt.checker.reading import fraction, integer, items

#: Orders of roots of unity up to this are compared by form; radicands up to this are read.
MOST_ORDER = 1 << 14
MOST_RADICAND = 10**12
MOST_BITS = 1 << 12
MOST_TERMS = 1 << 10
Term: TypeAlias = tuple[int, Fraction]


@dataclass(frozen=True)
class Real:
    """The sum of factor * sqrt(n) * cos(q pi) over `terms` {(n, q): factor}, no factor 0.

    n is free of squares, 0 <= q < 1/2, q is not 1/3, 1/4 or 1/6; not all are (1, 0).
    """

    terms: tuple[tuple[Term, Fraction], ...]

    def __add__(self, other: Number | int) -> Number:
        found = dict(self.terms)
        for term, factor in _terms(other):
            found[term] = found.get(term, Fraction(0)) + factor
        return _number(found)

    __radd__ = __add__

    def __neg__(self) -> Number:
        return self * Fraction(-1)

    def __sub__(self, other: Number | int) -> Number:
        return self + (-other)

    def __rsub__(self, other: Number | int) -> Number:
        return -self + other

    def __mul__(self, other: Number | int) -> Number:
        found: dict[Term, Fraction] = {}
        for (n, q), a in self.terms:
            for (m, r), b in _terms(other):
                both = gcd(n, m)
                for turn in (q + r, q - r):
                    term, factor = _reduced(n // both * (m // both), turn)
                    found[term] = found.get(term, Fraction(0)) + a * b * factor * both / 2
        return _number(found)

    __rmul__ = __mul__


Number: TypeAlias = Fraction | Real
_ONE: Term = (1, Fraction(0))


def _terms(x: Number | int) -> tuple[tuple[Term, Fraction], ...]:
    return x.terms if isinstance(x, Real) else ((_ONE, Fraction(x)),)


def _number(terms: dict[Term, Fraction]) -> Number:
    kept = {term: factor for term, factor in terms.items() if factor}
    if len(kept) > MOST_TERMS:
        raise TooMuch(f"a number has more than {MOST_TERMS} terms")
    if all(term == _ONE for term in kept):
        return kept.get(_ONE, Fraction(0))
    return Real(tuple(sorted(kept.items())))


def cosine(q: Fraction) -> Number:
    """Return cos(q pi); raise TooMuch for an order that is not compared by form."""
    if 2 * q.denominator > MOST_ORDER:
        raise TooMuch(f"cos({q} pi) has too large an order")
    term, factor = _reduced(1, q)
    return _number({term: factor})


def _reduced(n: int, q: Fraction) -> tuple[Term, Fraction]:
    """Return sqrt(n) cos(q pi) as a term and a factor; n is free of squares."""
    factor = Fraction(1)
    q = abs(q) % 2
    q = min(q, 2 - q)
    if q > Fraction(1, 2):
        q, factor = 1 - q, -factor
    special = {Fraction(1, 2): (1, 0), Fraction(1, 3): (1, 1), Fraction(1, 4): (2, 1), Fraction(1, 6): (3, 1)}
    if q in special:
        root, twice = special[q]
        both = gcd(n, root)
        n, factor, q = n // both * (root // both), factor * Fraction(twice * both, 2), Fraction(0)
    return (n, q), factor


@lru_cache(maxsize=1024)
def _free_of_squares(n: int) -> bool:
    """Return whether no square but 1 divides 1 <= n <= MOST_RADICAND."""
    d = 2
    while d**3 <= MOST_RADICAND:
        if n % d == 0:
            n //= d
            if n % d == 0:
                return False
        d += 1
    # what is left has at most two prime factors
    return n == 1 or isqrt(n) ** 2 != n


def read_number(raw: Any, where: str) -> Number:
    """Return a number: a fraction, or a list of [factor, n, q]; the canonical list is the only spelling."""
    if type(raw) is str:
        return fraction(raw, where)
    found: dict[Term, Fraction] = {}
    for entry in items(raw, where):
        factor, n, q = items(entry, where, 3)
        term = (integer(n, f"{where}: radicand", 1, MOST_RADICAND), fraction(q, where, 0))
        canonical = _free_of_squares(term[0]) and _reduced(*term) == (term, Fraction(1))
        if 2 * term[1].denominator > MOST_ORDER or not canonical or term in found:
            raise Unreadable(f"{where}: a term is not in its only spelling")
        found[term] = fraction(factor, where)
    value = _number(found)
    if not isinstance(value, Real) or written(value) != raw:
        raise Unreadable(f"{where}: a number is not in its only spelling")
    return value


def written(x: Number) -> Any:
    """Return the JSON of a number."""
    if isinstance(x, Fraction):
        return _text(x)
    return [[_text(factor), n, str(q)] for (n, q), factor in x.terms]


def _text(x: Fraction) -> str:
    """Return a fraction as text; raise TooMuch for one that is longer than any that is read."""
    if not _shorter(x, 4001):
        raise TooMuch("a fraction has more than 4001 digits")
    return str(x)


def _shorter(x: Fraction, digits: int) -> bool:
    return bool(max(abs(x.numerator), x.denominator) < 10**digits)


def show(x: Number) -> str:
    """Return a number in words: exact if short, else decimals."""
    if not all(_shorter(f, 60) for _, f in _terms(x)):
        return decimals(x)
    if isinstance(x, Real):
        parts = [
            "*".join([str(f)] + [f"sqrt({n})"] * (n > 1) + [f"cos({q}*pi)"] * (q > 0))
            for (n, q), f in x.terms
        ]
        text = " + ".join(parts).replace("+ -", "- ")
    else:
        text = str(x)
    return text if len(text) <= 60 else decimals(x)


def decimals(x: Number) -> str:
    """Return ten decimals, cut towards zero, and an ellipsis; of very large numbers a power of 2."""
    low, _ = enclose(x, 80)
    units = int(low * 10**10)
    if abs(low) > 10**60:
        return f"{'-' if low < 0 else ''}2^{int(abs(low)).bit_length() - 1}.."
    whole, rest = divmod(abs(units), 10**10)
    return f"{'-' if units < 0 else ''}{whole}.{rest:010d}.."


# ------------------------------------------------------------------ enclosures, in integers


def enclose(x: Number, bits: int) -> tuple[Fraction, Fraction]:
    """Return fractions that enclose a number; the width is about 2^-bits times the sum of the factors."""
    if isinstance(x, Fraction):
        return x, x
    low = high = Fraction(0)
    unit = 1 << bits
    for (n, q), factor in x.terms:
        root = isqrt(n << 2 * bits)
        roots = (root, root) if root * root == n << 2 * bits else (root, root + 1)
        cosines = (unit, unit) if q == 0 else _cosine(q, bits)
        ends = sorted((factor * roots[0] * cosines[0], factor * roots[1] * cosines[1]))
        low, high = low + ends[0] / unit**2, high + ends[1] / unit**2
    return low, high


def _cosine(q: Fraction, bits: int) -> tuple[int, int]:
    """Return integers that enclose 2^bits cos(q pi), 0 < q < 1/2."""
    guard = bits + 32
    low, high = _pi(guard)
    # the cosine falls on [0, pi/2]
    return _taylor(high * q.numerator // q.denominator + 1, guard)[0] >> 32, (
        _taylor(low * q.numerator // q.denominator, guard)[1] >> 32
    ) + 1


def _taylor(x: int, bits: int) -> tuple[int, int]:
    """Return integers that enclose 2^bits cos(x / 2^bits), 0 <= x / 2^bits < 2."""
    square = x * x >> bits
    term, total, k = 1 << bits, 0, 0
    while term:
        total += -term if k % 4 else term
        term = (term * square >> bits) // ((k + 1) * (k + 2))
        k += 2
    slack = 2 * k + 2  # each term is cut by less than 2, and so is the tail
    return total - slack, total + slack


@lru_cache(maxsize=64)
def _pi(bits: int) -> tuple[int, int]:
    """Return integers that enclose 2^bits pi (Machin)."""
    guard = bits + 16

    def arctan(inverse: int) -> int:
        term, total, k = (1 << guard) // inverse, 0, 1
        while term:
            total += -(term // k) if k % 4 == 3 else term // k
            term //= inverse * inverse
            k += 2
        return total

    value = 16 * arctan(5) - 4 * arctan(239)
    return (value >> 16) - 1, (value >> 16) + 2


# ------------------------------------------------------------------ signs


def sign(x: Number) -> int:
    """Return -1, 0 or 1; raise TooMuch if it cannot be decided within the limits."""
    if isinstance(x, Fraction):
        return (x > 0) - (x < 0)
    bits = 64
    while bits <= MOST_BITS:
        low, high = enclose(x, bits)
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        if bits == 64 and _vanishes(x):
            return 0
        bits *= 2
    raise TooMuch(f"the sign of {decimals(x)} cannot be decided")


def _vanishes(x: Real) -> bool:
    """Return whether a number is 0: coordinates in a basis of a cyclotomic field."""
    if all(q == 0 for (_, q), _ in x.terms):
        return False  # square roots of different squarefree numbers are independent
    order = lcm(*(2 * q.denominator for (_, q), _ in x.terms), *(_root_order(n) for (n, _), _ in x.terms))
    if order > MOST_ORDER:
        raise TooMuch(f"a sum of roots of unity of order {order} is not compared by form")
    total: dict[int, Fraction] = {}
    for (n, q), factor in x.terms:
        turn = q.numerator * (order // (2 * q.denominator))
        for power, value in _root_powers(n, order).items():
            for k in (power + turn, power - turn):
                total[k % order] = total.get(k % order, Fraction(0)) + value * factor
    for p, q_part in _prime_powers(order):
        total = _without_top(total, order, p, q_part)
    return not any(total.values())


def _root_order(n: int) -> int:
    """Return the order of roots of unity that make sqrt(n) of Gauss sums, i sqrt(p) for p = 3 modulo 4."""
    return 4 * n if n > 1 else 1


def _root_powers(n: int, order: int) -> dict[int, int]:
    """Return sqrt(n) as {power of zeta: integer}, zeta = exp(2 pi i / order)."""
    found = {0: 1}
    for p, _ in _prime_powers(n):
        if p == 2:
            factor = {order // 8: 1, order - order // 8: 1}
        else:
            factor = {
                k * (order // p) % order: 1 if pow(k, (p - 1) // 2, p) == 1 else -1 for k in range(1, p)
            }
            if p % 4 == 3:  # the Gauss sum is i sqrt(p)
                factor = {(k - order // 4) % order: value for k, value in factor.items()}
        longer: dict[int, int] = {}
        for k, value in found.items():
            for turn, more in factor.items():
                place = (k + turn) % order
                longer[place] = longer.get(place, 0) + value * more
        found = longer
    return found


def _prime_powers(n: int) -> list[tuple[int, int]]:
    found, p = [], 2
    while n > 1:
        if p * p > n:
            p = n
        power = 1
        while n % p == 0:
            n, power = n // p, power * p
        if power > 1:
            found.append((p, power))
        p += 1
    return found


def _without_top(total: dict[int, Fraction], order: int, p: int, power: int) -> dict[int, Fraction]:
    """Remove the exponents whose top digit modulo `power` is p - 1: the p-th roots of unity sum to 0."""
    found: dict[int, Fraction] = {}
    for k, value in total.items():
        if k % power // (power // p) < p - 1:
            found[k] = found.get(k, Fraction(0)) + value
            continue
        for j in range(1, p):
            place = (k + j * (order // p)) % order
            found[place] = found.get(place, Fraction(0)) - value
    return found


def obeys(gap: Number, relation: str) -> bool:
    """Return whether a score less its limit stands in a relation (<=, >=, =) to 0."""
    return sign(gap) in {"<=": (-1, 0), ">=": (0, 1), "=": (0,)}[relation]
