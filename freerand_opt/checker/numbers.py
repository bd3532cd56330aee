r"""Sums of fraction * sqrt(n) * cos(q pi), with a decidable zero.

A number is a Fraction or a Real. Products of square roots and of cosines are such sums again, so they form
a ring inside the cyclotomic fields: :math:`\sqrt n` is a Gauss sum, :math:`2\cos q\pi = \zeta + \zeta^{-1}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm
from typing import Any, TypeAlias

from freerand_opt.checker.cyclotomic import MOST_ORDER, Term, field_order, vanishes
from freerand_opt.checker.failures import TooMuch, Unreadable, Work
from freerand_opt.checker.reading import fraction, integer, items
from freerand_opt.checker.vectors import total_over

#: Radicands up to this are read.
MOST_RADICAND = 10**12
MOST_BITS = 1 << 12
MOST_TERMS = 1 << 10
PRODUCT, _TOO_LONG = 64, 10**4001  # steps of work of a product of two terms; longer than what is read


@dataclass(frozen=True)
class Real:
    """The sum of factor * sqrt(n) * cos(q pi) over `terms` {(n, q): factor}, no factor 0.

    n is free of squares, 0 <= q < 1/2, q is not 1/3, 1/4 or 1/6; not all are (1, 0).
    """

    terms: tuple[tuple[Term, Fraction], ...]

    def __add__(self, other: Number | int) -> Number:
        if not other:
            return self
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
        if not isinstance(other, Real):
            return Real(tuple((term, x * other) for term, x in self.terms)) if other else Fraction(0)
        found: dict[Term, Fraction] = {}
        for (n, q), a in self.terms:
            for (m, r), b in other.terms:
                both = gcd(n, m)
                for turn in (q + r, q - r):
                    term, factor = _reduced(n // both * (m // both), turn)
                    found[term] = found.get(term, Fraction(0)) + a * b * factor * both / 2
        return _number(found)

    __rmul__ = __mul__


Number: TypeAlias = Fraction | Real
_ONE: Term = (1, Fraction(0))
#: 2 cos(pi/d) = twice * sqrt(root), by d.
_SPECIAL = {2: (1, 0), 3: (1, 1), 4: (2, 1), 6: (3, 1)}


def _terms(x: Number | int) -> tuple[tuple[Term, Fraction], ...]:
    return x.terms if isinstance(x, Real) else ((_ONE, Fraction(x)),)


def _number(terms: dict[Term, Fraction]) -> Number:
    kept = {term: factor for term, factor in terms.items() if factor}
    if len(kept) > MOST_TERMS:
        raise TooMuch(f"a number has more than {MOST_TERMS} terms")
    if all(term == _ONE for term in kept):
        return kept.get(_ONE, Fraction(0))
    return Real(tuple(sorted(kept.items())))


def combined(parts: Iterable[tuple[Number, Fraction]]) -> Number:
    """Return the sum of numbers times fractions."""
    plain, found = dict[int, int](), dict[Term, dict[int, int]]()  # numerators by denominator
    for x, factor in parts:
        for term, value in x.terms if isinstance(x, Real) else ((None, x),):
            own = plain if term is None else found.setdefault(term, {})
            unit = value.denominator * factor.denominator
            own[unit] = own.get(unit, 0) + value.numerator * factor.numerator
        if len(found) > MOST_TERMS:
            raise TooMuch(f"a number has more than {MOST_TERMS} terms")
    whole = total_over(plain)
    if not found:
        return whole
    return _number({term: total_over(own) for term, own in found.items()}) + whole


@lru_cache(maxsize=1 << 12)
def cosine(q: Fraction) -> Number:
    """Return cos(q pi); raise TooMuch for an order that is not compared by form."""
    if 2 * q.denominator > MOST_ORDER:
        raise TooMuch(f"cos({q} pi) has too large an order")
    term, factor = _reduced(1, q)
    return _number({term: factor})


@lru_cache(maxsize=1 << 12)
def _reduced(n: int, q: Fraction) -> tuple[Term, Fraction]:
    """Return sqrt(n) cos(q pi) as a term and a factor; n is free of squares."""
    factor = Fraction(1)
    q = abs(q) % 2
    q = min(q, 2 - q)
    if 2 * q.numerator > q.denominator:
        q, factor = 1 - q, -factor
    if q.numerator == 1 and q.denominator in _SPECIAL:
        root, twice = _SPECIAL[q.denominator]
        both = gcd(n, root)
        n, factor, q = n // both * (root // both), factor * Fraction(twice * both, 2), Fraction(0)
    return (n, q), factor


@lru_cache(maxsize=1024)
def _free_of_squares(n: int) -> bool:
    """Return whether no square but 1 divides 1 <= n <= MOST_RADICAND."""
    d = 2
    while d**3 <= n:
        if n % d == 0:
            n //= d
            if n % d == 0:
                return False
        d += 1
    # what is left has at most two prime factors
    return n == 1 or isqrt(n) ** 2 != n


def charge(work: Work, pairs: Iterable[tuple[Number, Number]], where: str) -> None:
    """Charge products of numbers, term by term, before they are made."""
    for x, y in pairs:
        work.spend(PRODUCT * len(_terms(x)) * len(_terms(y)), where)


def read_number(raw: Any, where: str, work: Work) -> Number:
    """Return a number: a fraction, or a list of [factor, n, q]; the canonical list is the only spelling."""
    if type(raw) is str:
        return fraction(raw, where)
    found: dict[Term, Fraction] = {}
    for entry in items(raw, where):
        factor, n, q = items(entry, where, 3)
        term = (integer(n, f"{where}: radicand", 1, MOST_RADICAND), fraction(q, where, 0))
        # up to the cube root is divided, and the order is that of a field in which signs are decided
        steps = (1 << term[0].bit_length() // 3) + min(2 * term[1].denominator, MOST_ORDER)
        work.spend(steps, where)
        canonical = _free_of_squares(term[0]) and _reduced(*term) == (term, Fraction(1))
        if 2 * term[1].denominator > MOST_ORDER or not canonical or term in found:
            raise Unreadable(f"{where}: a term is not in its only spelling")
        found[term] = fraction(factor, where)
    value = _number(found)
    if not isinstance(value, Real) or written(value) != raw:
        raise Unreadable(f"{where}: a number is not in its only spelling")
    return value


def written(x: Number) -> Any:
    """Return the JSON of a number; raise TooMuch if it cannot be read again."""
    if isinstance(readable(x), Fraction):
        return str(x)
    return [[str(factor), n, str(q)] for (n, q), factor in _terms(x)]


def denominator(x: Any) -> int:
    """Return the common denominator of a number's factors."""
    return lcm(*(f.denominator for _, f in x.terms)) if isinstance(x, Real) else int(x.denominator)


def readable(x: Number) -> Number:
    """Return a number; raise TooMuch if a fraction of it is longer than any that is read."""
    if _longer(x, _TOO_LONG):
        raise TooMuch("a fraction has more than 4001 digits")
    return x


def _longer(x: Number, most: int) -> bool:
    return any(max(abs(f.numerator), f.denominator) >= most for _, f in _terms(x))


def show(x: Number, work: Work | None = None) -> str:
    """Return a number in words: exact if short, else decimals."""
    if _longer(x, 10**60):
        return decimals(x, work)
    parts = (
        "*".join([str(f)] + [f"sqrt({n})"] * (n > 1) + [f"cos({q}*pi)"] * (q > 0)) for (n, q), f in _terms(x)
    )
    text = " + ".join(parts).replace("+ -", "- ")
    return text if len(text) <= 60 else decimals(x, work)


def decimals(x: Number, work: Work | None = None) -> str:
    """Return ten decimals, cut towards zero, and an ellipsis; of very large numbers a power of 2."""
    bits, digits, (low, high) = 80, 10**10, enclose(x, 80, work)
    # long terms may nearly cancel; what is not decided at 256 bits is a decimal in other terms
    while bits < MOST_BITS and int(low * digits) != int(high * digits):
        if (high - low) * 2**256 < max(abs(low), Fraction(1)):
            break
        bits *= 2
        low, high = enclose(x, bits, work)
    if abs(low) > 10**60:
        return f"{'-' if low < 0 else ''}2^{int(abs(low)).bit_length() - 1}.."
    units = int(low * digits) if int(low * digits) == int(high * digits) else round(high * digits)
    whole, rest = divmod(abs(units), 10**10)
    return f"{'-' if units < 0 else ''}{whole}.{rest:010d}.."


def enclose(x: Number, bits: int, work: Work | None = None) -> tuple[Fraction, Fraction]:
    """Return fractions that enclose a number; the width is about 2^-bits times the sum of the factors."""
    if isinstance(x, Fraction):
        return x, x
    if work is not None:
        work.spend(len(x.terms) * (16 + (bits >> 6) ** 2 // 4), "signs and digits")
    low, high, unit = 0, 0, denominator(x)
    for (n, q), share in x.terms:
        root, factor = isqrt(n << 2 * bits), share.numerator * (unit // share.denominator)
        above = root if root * root == n << 2 * bits else root + 1
        cosines = (1 << bits, 1 << bits) if q == 0 else _cosine(q, bits)
        ends = sorted((factor * root * cosines[0], factor * above * cosines[1]))
        low, high = low + ends[0], high + ends[1]
    return Fraction(low, unit << 2 * bits), Fraction(high, unit << 2 * bits)


def _cosine(q: Fraction, bits: int) -> tuple[int, int]:
    """Return integers that enclose 2^bits cos(q pi), 0 < q < 1/2."""
    guard = bits + 32
    low, high = _pi(guard)
    # the cosine falls on [0, pi/2]
    first = _taylor(high * q.numerator // q.denominator + 1, guard)[0]
    return first >> 32, (_taylor(low * q.numerator // q.denominator, guard)[1] >> 32) + 1


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


def sign(x: Number, work: Work | None = None) -> int:
    """Return -1, 0 or 1; raise TooMuch if it cannot be decided within the limits."""
    if isinstance(x, Fraction):
        return (x.numerator > 0) - (x.numerator < 0)
    work = work or Work()
    bits = 64
    while bits <= MOST_BITS:
        low, high = enclose(x, bits, work)
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        if bits == 64:
            order = field_order(x.terms)
            work.spend(order + sum(min(n, order) for (n, _), _ in x.terms), "a test for zero")
            if vanishes(x.terms):
                return 0
        bits *= 2
    raise TooMuch(f"the sign of {decimals(x)} cannot be decided")


def largest(values: Iterable[Any], work: Work | None = None) -> Any:
    """Return the largest of numbers, None if there are none."""
    best = None
    for value in values:
        best = value if best is None or sign(value - best, work) > 0 else best
    return best
