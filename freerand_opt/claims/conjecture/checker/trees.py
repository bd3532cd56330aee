"""Trees of bits, each within epsilon of fair, by enumeration; p, q = 1/2 +- epsilon."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb
from operator import add, sub
from typing import Any

from freerand_opt.claims.conjecture.checker.intervals import Interval, pi, root
from freerand_opt.claims.conjecture.checker.reading import Arguments, Ends, require

HALF = Fraction(1, 2)


def best(values: list[Any], p: Any, q: Any) -> Any:
    """Return the largest mean of values at the leaves of a tree, p to the better side at each node."""
    while len(values) > 1:
        pairs = zip(values[::2], values[1::2], strict=True)
        values = [p * x + q * y if x > y else p * y + q * x for x, y in pairs]
    return values[0]


def weights(a: Arguments) -> tuple[int, int]:
    """Return p and q over their common denominator."""
    p, q = a.bit()
    return p.numerator * q.denominator, q.numerator * p.denominator


def selection_bias(a: Arguments) -> Ends:
    """Every string of fair outcomes is visited: all pairs of strings of half the length."""
    n, (heavy, light) = a.whole("n", 0, 4), weights(a)
    values = [0, 1]  # by string of outcomes; scaled by (heavy + light) a level
    for _ in range(n):
        values = [heavy * max(x, y) + light * min(x, y) for x in values for y in values]
    bias = Fraction(sum(values), len(values) * (heavy + light) ** n) - HALF
    return bias, bias


def selection_slope(a: Arguments) -> Ends:
    """Add terms of sum_k binomial(2m, m)/4^m with m = 2^k, and Wallis's bounds on the rest."""
    terms = a.whole("terms", 0, 12)
    total, chance, m = Fraction(0), Fraction(1), 0
    for k in range(terms):
        while m < 1 << k:  # binomial(2m, m)/4^m is the product of 1 - 1/2j
            m += 1
            chance *= 1 - Fraction(1, 2 * m)
        total += chance
    # 1/sqrt(pi (m + 1/2)) < binomial/4^m < 1/sqrt(pi m), and 1/sqrt(2^k) sum to 2^(-terms/2) (2 + sqrt 2)
    circle = pi(256)
    half_circle = Interval(root(circle.low, 2, 256).low, root(circle.high, 2, 256).high)
    rest = root(Fraction(1, 2**terms), 2, 256) * (root(Fraction(2), 2, 256) + 2) * half_circle.inverse()
    return total + rest.low * (1 - Fraction(1, 4 * 2**terms)), total + rest.high


def selection_weight(a: Arguments) -> Ends:
    """Split k leaves into k1 and k2 in the two halves, in all ways."""
    n, count, (p, q) = a.whole("n", 0, 7), a.whole("count", 0, 128), a.bit()
    most = [Fraction(0), Fraction(1)]
    for _ in range(n):
        size = len(most) - 1
        most = [
            max(p * most[j] + q * most[k - j] for j in range(max(0, k - size), min(k, size) + 1))
            for k in range(2 * size + 1)
        ]
    require(count < len(most), f"there are only {len(most) - 1} leaves")
    return most[count], most[count]


def least_bias(a: Arguments) -> Ends:
    """Every function of n bits is visited: all pairs of functions of n - 1 bits, those alike once."""
    n, (heavy, light) = a.whole("n", 0, 4), weights(a)
    most = {(1, 0), (0, 1)}  # largest chances of 0 and of 1, over truth tables
    for _ in range(n):
        most = {
            (heavy * max(u, x) + light * min(u, x), heavy * max(v, y) + light * min(v, y))
            for u, v in most
            for x, y in most
        }
    bias = Fraction(min(map(max, most)), (heavy + light) ** n) - HALF
    return bias, bias


def function_bias(a: Arguments) -> Ends:
    """Fold the table of a function."""
    function, n = a.word("function", "parity", "majority", "inner-product"), a.whole("n", 1, 14)
    heavy, light = weights(a)
    if function == "inner-product":
        half = n // 2
        table = [((s >> half) & s & (1 << half) - 1).bit_count() & 1 for s in range(4**half)]
    else:
        ones = [s.bit_count() for s in range(2**n)]
        table = [k & 1 if function == "parity" else int(k > n // 2) for k in ones]
    most = max(best([int(x == wanted) for x in table], heavy, light) for wanted in (0, 1))
    bias = Fraction(most, (heavy + light) ** (len(table).bit_length() - 1)) - HALF
    return bias, bias


def independent_inner_product(a: Arguments) -> Ends:
    """Every vertex of one source, a side of each node that is heavy, against the other source's best."""
    n, (heavy, light) = a.whole("n", 1, 4), weights(a)
    bias = Fraction(_most_signed(n, heavy, light), 2 * (heavy + light) ** (2 * n))
    return bias, bias


@lru_cache(maxsize=4)
def _most_signed(n: int, heavy: int, light: int) -> int:
    r"""Return the largest best of :math:`v_y = \pm\sum_s (-1)^{s \cdot y} m_s` over vertices m.

    The root's children have vertices of half the length, and so have their transforms x, y: whether the first
    or the second is heavy, both halves of v are \pm(heavy x + light y) and \pm(heavy x - light y).
    """
    halves = [[1]]
    for _ in range(n - 1):
        longer = []
        for p, q in ((heavy, light), (light, heavy)):
            first, second = ([[k * share for k in x] for x in halves] for share in (p, q))
            longer += [[*map(add, x, y), *map(sub, x, y)] for x in first for y in second]
        halves = longer
    most = 0
    larger = lru_cache(maxsize=None)(
        lambda v: max(best([*v], heavy, light), best([-k for k in v], heavy, light))
    )
    scaled = [[k * light for k in y] for y in halves]
    for x in ([k * heavy for k in x] for x in halves):
        for y in scaled:
            ends = larger((*map(add, x, y),)), larger((*map(sub, x, y),))
            most = max(most, heavy * max(ends) + light * min(ends))
    return most


def copied_inner_product(a: Arguments) -> Ends:
    """Sum over the number of copies with both bits 1."""
    up, n, (p, q) = a.word("one", "up", "down") == "up", a.whole("n", 1, 64), a.bit()
    both = p**2 if up else 1 - p**2 - p * q - q**2
    odd = sum((comb(n, k) * both**k * (1 - both) ** (n - k) for k in range(1, n + 1, 2)), Fraction(0))
    return abs(odd - HALF), abs(odd - HALF)
