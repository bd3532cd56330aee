r"""Integer polynomials in one number on an interval, lowest degree first, () for 0; their signs are decided.

On [low, high] a polynomial is written in Bernstein's basis: with x = low + (high - low) t,

.. math:: p = \sum_j b_j \tbinom{n}{j} t^j (1 - t)^{n - j},

so that all b_j >= 0 make p >= 0. If they differ the interval is halved, a fixed number of times.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from fractions import Fraction
from itertools import accumulate
from math import gcd, lcm
from typing import Any, TypeAlias

from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.reading import integers
from freerand_opt.checker.scale import Scale

Polynomial: TypeAlias = tuple[int, ...]
MOST_DEGREE = 256
MOST_HALVINGS = 10


def polynomial(raw: Any, where: str) -> Polynomial:
    """Return a list of integers, lowest degree first; a zero at the end is left out."""
    found = tuple(integers(raw, where, None, None))
    if len(found) > MOST_DEGREE or (found and not found[-1]):
        raise Unreadable(f"{where}: a polynomial has at most {MOST_DEGREE} coefficients, the last is not 0")
    return found


def value_at(p: Polynomial, x: Fraction, work: Work | None = None) -> Fraction:
    """Return p(x), charged if it is part of a check."""
    bits = (len(p) + 1) * max(x.denominator.bit_length(), abs(x.numerator).bit_length())
    if work is not None:
        work.spend(1 + len(p) + (bits >> 10) ** 2 // 4, "values of polynomials")
    total = 0
    for power, c in enumerate(reversed(p)):
        total = total * x.numerator + c * x.denominator**power
    return Fraction(total, x.denominator ** max(len(p) - 1, 0))


def line_through(ends: list[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    """Return (constant, slope) of the line through two points (x, y)."""
    (a, f), (b, g) = ends
    slope = (g - f) / (b - a)
    return f - slope * a, slope


def over_unit(lines: list[tuple[Fraction, Fraction]]) -> tuple[list[Polynomial], int]:
    """Return lines as integer polynomials over one unit."""
    unit = lcm(1, *(x.denominator for line in lines for x in line))
    return [_trimmed([int(x * unit) for x in line]) for line in lines], unit


def _trimmed(found: list[int]) -> Polynomial:
    while found and not found[-1]:
        found.pop()
    return tuple(found)


class Span:
    """Polynomials on [low, high], low < high; every operation is charged before it is made."""

    def __init__(self, low: Fraction, high: Fraction, work: Work) -> None:
        self.low, self.high, self.work = low, high, work
        self.known: dict[Polynomial, int | None] = {}

    def _charge(self, p: Polynomial, q: Polynomial) -> None:
        bits = max(map(int.bit_length, p), default=0) * max(map(int.bit_length, q), default=0)
        steps = (1 + (bits >> 18)) * (1 + len(p) * len(q) // 4)
        self.work.spend(steps, "polynomials")

    def times(self, p: Polynomial, q: Polynomial) -> Polynomial:
        """Return p q."""
        self._charge(p, q)
        if not p or not q:
            return ()
        found = [0] * (len(p) + len(q) - 1)
        for i, a in enumerate(p):
            for j, b in enumerate(q):
                found[i + j] += a * b
        return tuple(found)

    def sum(self, *parts: tuple[int, Polynomial]) -> Polynomial:
        """Return the sum of factors times polynomials."""
        found = [0] * max((len(p) for _, p in parts), default=0)
        self.work.spend(1 + len(found) * len(parts) // 4, "polynomials")
        for factor, p in parts:
            more = p if factor == 1 else [factor * c for c in p]
            found[: len(p)] = [x + c for x, c in zip(found, more, strict=False)]
        return _trimmed(found)

    def divided(self, p: Polynomial, q: Polynomial, where: str) -> Polynomial:
        """Return p/q, a polynomial with integer coefficients; raise Rejected if it is none."""
        self._charge(p, q)
        rest, found = list(p), [0] * max(len(p) - len(q) + 1, 0)
        for k in reversed(range(len(found))):
            found[k], left = divmod(rest[k + len(q) - 1], q[-1])
            for j, c in enumerate(q) if not left else ():
                rest[k + j] -= found[k] * c
        if any(rest):
            raise Rejected(f"{where}: a quotient of polynomials leaves a rest")
        return tuple(found)

    def sign(self, p: Polynomial) -> int | None:
        """Return 1 if p >= 0 on the interval, -1 if p <= 0, 0 if p is 0, None if that was not seen."""
        if p not in self.known:
            self.known[p] = self._sign(p, strict=False) if p else 0
        return self.known[p]

    def positive(self, p: Polynomial) -> bool:
        """Return whether p > 0 on the interval, its ends included."""
        return bool(p) and self._sign(p, strict=True) == 1

    def _sign(self, p: Polynomial, *, strict: bool) -> int | None:
        """Substitute x = (first + step t)/unit, times unit^degree, and look at t in [0, 1]."""
        degree = len(p) - 1
        unit = lcm(self.low.denominator, self.high.denominator)
        first, step = int(self.low * unit), int((self.high - self.low) * unit)
        longest = max(abs(first), step).bit_length()
        bits = max(abs(c).bit_length() for c in p) + degree * (unit.bit_length() + longest)
        self.work.spend((1 + (bits >> 9)) * (1 + len(p) ** 2), "signs of polynomials")
        found = [c * unit ** (degree - k) for k, c in enumerate(p)]
        for k in range(degree):  # Taylor's shift by `first`
            for j in reversed(range(k, degree)):
                found[j] += first * found[j + 1]
        return self._on_unit([c * step**k for k, c in enumerate(found)], MOST_HALVINGS, strict=strict)

    def _on_unit(self, p: list[int], left: int, *, strict: bool) -> int | None:
        """Return the sign on [0, 1]."""
        degree = len(p) - 1
        bits = max(abs(c).bit_length() for c in p)
        self.work.spend((1 + (bits >> 12)) * (1 + len(p) ** 2 // 2), "signs of polynomials")
        # binom(n, j) b_j are the coefficients of (1 + u)^n p(u/(1 + u)): those of p, backwards, at u + 1
        b = list(p)
        for length in range(degree + 1, 1, -1):
            b[:length] = accumulate(b[:length])
        if strict and (b[0] <= 0 or b[-1] <= 0):
            return None
        if min(b) >= 0 or max(b) <= 0:
            return 1 if max(b) > 0 else -1
        if not left or b[0] * b[-1] < 0:
            return None
        first = [c << (degree - k) for k, c in enumerate(p)]  # t/2
        one = self._on_unit(first, left - 1, strict=strict)
        if one is None:
            return None
        for k in range(degree):  # (t + 1)/2
            for j in reversed(range(k, degree)):
                first[j] += first[j + 1]
        return one if self._on_unit(first, left - 1, strict=strict) == one else None


class Poly:
    """A polynomial with rational coefficients, integers `p` over `unit` without a common factor; charged."""

    __slots__ = ("p", "span", "unit")

    def __init__(self, span: Span, p: Polynomial, unit: int = 1) -> None:
        both = gcd(unit, *p) if unit > 1 else 1
        self.span, self.unit = span, unit // both
        self.p = p if both == 1 else tuple(c // both for c in p)

    @property
    def denominator(self) -> int:
        """Return the common denominator of the coefficients."""
        return self.unit

    def __add__(self, other: Any) -> Poly:
        if not other:
            return self
        if not isinstance(other, Poly):
            other = Poly(self.span, (other.numerator,), other.denominator)
        unit = lcm(self.unit, other.unit)
        p = self.span.sum((unit // self.unit, self.p), (unit // other.unit, other.p))
        return Poly(self.span, p, unit)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Poly:
        if isinstance(other, Poly):
            return Poly(self.span, self.span.times(self.p, other.p), self.unit * other.unit)
        p = self.span.sum((other.numerator, self.p))
        return Poly(self.span, p, self.unit * other.denominator)

    __rmul__ = __mul__

    def __neg__(self) -> Poly:
        return Poly(self.span, self.span.sum((-1, self.p)), self.unit)

    def __sub__(self, other: Any) -> Poly:
        return self.__add__(other * -1)

    def __rsub__(self, other: Any) -> Poly:
        return self.__neg__().__add__(other)

    def __bool__(self) -> bool:
        return bool(self.p)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Poly):
            return not self.p and not other
        return (self.p, self.unit) == (other.p, other.unit)

    def __hash__(self) -> int:
        return hash((self.p, self.unit))


class OnSpan(Scale):
    """Prices and weights are polynomials on an interval, over `one`, which is positive there."""

    def __init__(self, raw: Any, span: Span, where: str) -> None:
        super().__init__(span.work)
        self.span = span
        self.one = Poly(span, polynomial(raw, where))
        if not span.positive(self.one.p):
            raise Rejected(f"{where}: the common denominator is not positive on the interval")

    def times(self, factor: int) -> OnSpan:
        """Return a scale whose `one` is a multiple."""
        found = copy(self)
        found.one = self.one * factor
        return found

    def read(self, raw: Any, where: str) -> Poly:
        """Return a price, a list of integers."""
        return Poly(self.span, polynomial(raw, where))

    def amount(self, raw: Any, where: str) -> Poly:
        """Return a polynomial that is nowhere negative on the interval."""
        found = self.read(raw, where)
        if self.sign(found) not in (0, 1):
            raise Rejected(f"{where}: it is negative somewhere on the interval")
        return found

    def sign(self, x: Any) -> int | None:
        """Return the sign on the interval, None if it has none there."""
        return self.span.sign((x + Poly(self.span, ())).p)

    def total(self, parts: Iterable[tuple[Any, Any]]) -> Any:
        """Return the sum of products."""
        return sum((x * factor for x, factor in parts), Poly(self.span, ()))
