"""Santha-Vazirani bits and functions of them: recursions on trees of bits, exact."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from itertools import product
from math import comb

from freerand_opt.claims.conjecture.computation import HALF
from freerand_opt.numbers.exact import PI, sqrt
from freerand_opt.numbers.rounding import round_down, round_up

# ------------------------------------------------------------------ selection


def selection_bias(n: int, epsilon: Fraction) -> Fraction:
    """Return the bias of one of 2^n fair outcomes that bits free up to epsilon pick, leaning on them.

    V(leaf) = [outcome 0], V(node) = p max + q min; the mean of V(root) over fair outcomes, less 1/2.
    """
    p, q = HALF + epsilon, HALF - epsilon
    chances = {Fraction(0): HALF, Fraction(1): HALF}
    for _ in range(n):
        above: dict[Fraction, Fraction] = {}
        for (x, a), (y, b) in product(chances.items(), repeat=2):
            value = p * max(x, y) + q * min(x, y)
            above[value] = above.get(value, Fraction(0)) + a * b
        chances = above
    return sum((value * chance for value, chance in chances.items()), Fraction(0)) - HALF


def selection_slope(terms: int) -> tuple[Fraction, Fraction]:
    r"""Return bounds on :math:`\sum_{k\ge0}\binom{2m}{m}4^{-m}` with m = 2^k, by `terms` terms and Wallis.

    It is the selection bias of many bits over epsilon, as epsilon tends to 0.
    """
    known = sum((Fraction(comb(2 << k, 1 << k), 4 ** (1 << k)) for k in range(terms)), Fraction(0))
    # 1/sqrt(pi (m + 1/2)) < binomial/4^m < 1/sqrt(pi m), and 1/sqrt(2^k) sum to 2^(-terms/2) (2 + sqrt 2)
    above = sqrt(Fraction(1, 2**terms)) * (2 + sqrt(Fraction(2))) / sqrt(PI)
    return round_down(known + above * (1 - Fraction(1, 4 << terms))), round_up(known + above)


def heaviest(n: int, count: int, epsilon: Fraction) -> Fraction:
    """Return the sum of the `count` largest of 2^n weights p^(n-j) q^j."""
    most = HALF + epsilon
    p, q = most.numerator, most.denominator - most.numerator
    total = 0
    for j in range(n + 1):
        taken = min(count, comb(n, j))
        total += taken * p ** (n - j) * q**j
        count -= taken
    return Fraction(total, most.denominator**n)


# ------------------------------------------------------------------ deterministic functions of one source


def least_bias(n: int, epsilon: Fraction) -> Fraction:
    """Return the smallest bias, over all functions of n bits to one bit, that a source can force.

    Functions are told apart only by (largest P(f=1), largest P(f=0)), which is what a node needs.
    """
    p, q = HALF + epsilon, HALF - epsilon
    pairs = {(Fraction(0), Fraction(1)), (Fraction(1), Fraction(0))}
    for _ in range(n):
        pairs = {
            (p * max(a, c) + q * min(a, c), p * max(b, d) + q * min(b, d))
            for (a, b), (c, d) in product(pairs, repeat=2)
        }
    return min(max(pair) for pair in pairs) - HALF


def function_bias(function: str, n: int, epsilon: Fraction) -> Fraction:
    """Return the bias that a source forces on parity, majority or the inner product of two halves.

    For the inner product one source sends the first half and then the second, in one time order.
    """
    if function == "inner-product":
        return _inner_product_bias(n // 2, epsilon)
    states = range(n + 1) if function == "majority" else range(2)
    p, q = HALF + epsilon, HALF - epsilon
    best = Fraction(0)
    for wanted in (0, 1):
        values = [Fraction((s > n // 2 if function == "majority" else s) == wanted) for s in states]
        for _ in range(n):
            after = [values[min(s + 1, n)] if function == "majority" else values[1 - s] for s in states]
            values = [p * max(pair) + q * min(pair) for pair in zip(values, after, strict=True)]
        best = max(best, values[0])
    return best - HALF


def _inner_product_bias(half: int, epsilon: Fraction) -> Fraction:
    """Given x the answer is a parity of bits of y: fixed if x = 0, else a source leans on its last bit."""
    p, q = HALF + epsilon, HALF - epsilon
    zero, one = Fraction(1), Fraction(0)  # largest P(0) and P(1) if all of x so far is 0
    for _ in range(half):
        zero, one = (p * max(v, p) + q * min(v, p) for v in (zero, one))
    return max(zero, one) - HALF


# ------------------------------------------------------------------ the inner product of two sources


def _transformed(values: list[int]) -> list[int]:
    """Return sum_x values(x) (-1)^(x.y) for every y."""
    step = 1
    while step < len(values):
        for start in range(0, len(values), 2 * step):
            for x in range(start, start + step):
                values[x], values[x + step] = values[x] + values[x + step], values[x] - values[x + step]
        step *= 2
    return values


def _vertices(n: int, p: int, q: int) -> Iterable[list[int]]:
    """Yield the vertices of a source of n bits: p to one side and q to the other at every node."""
    if n == 0:
        yield [1]
        return
    below = list(_vertices(n - 1, p, q))
    for left, right in product(below, repeat=2):
        yield [p * x for x in left] + [q * x for x in right]
        yield [q * x for x in left] + [p * x for x in right]


def independent_inner_product(n: int, epsilon: Fraction) -> Fraction:
    """Return the largest bias of x.y mod 2 for two sources of n bits each, independent given w.

    The form is bilinear, so that one source sits at a vertex; the other's best answer is a recursion.
    """
    most = HALF + epsilon
    p, q = most.numerator, most.denominator - most.numerator
    best = 0
    for vertex in _vertices(n, p, q):
        signed = _transformed(vertex)
        for values in (signed, [-x for x in signed]):
            while len(values) > 1:
                values = [
                    p * max(pair) + q * min(pair) for pair in zip(values[::2], values[1::2], strict=True)
                ]
            best = max(best, values[0])
    return Fraction(best, 2 * most.denominator ** (2 * n))


def copied_inner_product(one: str, n: int, epsilon: Fraction) -> Fraction:
    """Return the bias of x.y mod 2 for n copies of the four-term state, `one` being the outcome read as 1."""
    p, q = HALF + epsilon, HALF - epsilon
    both = p * p if one == "up" else p * q
    # one copy at a time: P(x.y = 1) after one more
    odd = reduce(lambda odd, _: odd * (1 - both) + (1 - odd) * both, range(n), Fraction(0))
    return abs(odd - HALF)
