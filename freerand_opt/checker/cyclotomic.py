r"""Whether a sum of square roots and cosines is 0: coordinates in a basis of a cyclotomic field.

:math:`\sqrt n` is a Gauss sum, :math:`2\cos q\pi = \zeta + \zeta^{-1}`; what is left when exponents whose
top digit modulo a prime power is p - 1 are removed is a basis.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TypeAlias

from freerand_opt.checker.failures import TooMuch

#: Orders of roots of unity up to this are compared by form.
MOST_ORDER = 1 << 14
#: (n, q) of sqrt(n) * cos(q pi).
Term: TypeAlias = tuple[int, Fraction]


def field_order(terms: tuple[tuple[Term, Fraction], ...]) -> int:
    """Return the order of a field that holds a sum, 1 for square roots; raise TooMuch if it is too large."""
    if all(q == 0 for (_, q), _ in terms):
        return 1
    order = lcm(*(2 * q.denominator for (_, q), _ in terms), *(_root_order(n) for (n, _), _ in terms))
    if order > MOST_ORDER:
        raise TooMuch(f"a sum of roots of unity of order {order} is not compared by form")
    return order


def vanishes(terms: tuple[tuple[Term, Fraction], ...]) -> bool:
    """Return whether a sum of factor * sqrt(n) * cos(q pi) is 0; raise TooMuch for too large an order."""
    order = field_order(terms)
    if order == 1:
        return False  # square roots of different squarefree numbers are independent
    unit = lcm(*(factor.denominator for _, factor in terms))
    total: dict[int, int] = {}
    for (n, q), share in terms:
        factor = share.numerator * (unit // share.denominator)
        turn = q.numerator * (order // (2 * q.denominator))
        for power, value in _root_powers(n, order).items():
            for k in (power + turn, power - turn):
                total[k % order] = total.get(k % order, 0) + value * factor
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


def _without_top(total: dict[int, int], order: int, p: int, power: int) -> dict[int, int]:
    """Remove the exponents whose top digit modulo `power` is p - 1: the p-th roots of unity sum to 0."""
    found: dict[int, int] = {}
    for k, value in total.items():
        if k % power // (power // p) < p - 1:
            found[k] = found.get(k, 0) + value
            continue
        for j in range(1, p):
            place = (k + j * (order // p)) % order
            found[place] = found.get(place, 0) - value
    return found
