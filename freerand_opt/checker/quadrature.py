r"""Entropies: a rule of rational functions below the logarithm, each node a score of one more party.

.. math:: \ln x = \int_0^1 f(t)\, dt \ge \sum_k w_k f(t_k), \qquad f(t) = \frac{x - 1}{1 + t (x - 1)},
   \quad x > 0 ,

from the interpolant with f and f' at t_1 < .. < t_n < 1 and f at 1, where the factors of f' are not positive
(Brown, Fawzi and Fawzi, arXiv:2106.13692, have the rule; docs/proofs/entropies.md, 10, the proof). So

.. math:: H \ge \sum_k \frac{w_k}{t_k} (1 - G(t_k)), \qquad -G(t) = \min_Z \sum_v \langle \Pi_v (Z_v + Z_v^*
   + (1 - t) Z_v^* Z_v) + t Z_v Z_v^* \rangle ,

over operators of the adversary with 4 t (1 - t) |Z_v|^2 <= 1; the node 1 adds nothing negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt, lcm

from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work, product_of_bits
from freerand_opt.checker.words import ADJOINT, CONTRACTION, Letter

#: Weights of nodes are rounded to multiples of 1 / UNIT.
UNIT = 1 << 64
#: Numerator and denominator of a node, and the common denominator of those of a rule, have so many bits.
NODE_BITS = 64
MOST_NODES = 32
#: Norms are rounded up to multiples of 1 / NORMS.
NORMS = 1 << 20


def quadrature(nodes: list[Fraction], work: Work) -> tuple[Fraction, list[Fraction]]:
    """Return the sum of all c_k, and c_k = w_k / t_k >= 0, rounded down; raise Rejected if a rule is none."""
    if nodes != sorted(set(nodes)):
        raise Unreadable("nodes: they ascend")
    unit, count = lcm(1, *(t.denominator for t in nodes)), len(nodes)
    if count > MOST_NODES or unit.bit_length() > NODE_BITS:
        raise TooMuch(f"a rule has at most {MOST_NODES} nodes, over one denominator of {NODE_BITS} bits")
    work.spend(32 * (1 + count**2) * product_of_bits(2 * NODE_BITS * (count + 1)), "nodes")
    # polynomials in unit * t, the lowest degree first: (t - 1) times the product of (t - t_j)^2
    places = [int(t * unit) for t in nodes]
    whole = [-unit, 1]
    for place in [*places, *places]:
        whole = [a - place * b for a, b in zip([0, *whole], [*whole, 0], strict=True)]
    weights = []
    for t, place in zip(nodes, places, strict=True):
        # 1 at t, with the zeros of all others
        own = _divided(_divided(whole, place), place)
        value = _value_at(own, place)
        slope = Fraction(unit * _value_at([k * x for k, x in enumerate(own)][1:], place), value)
        mean, first = (_integral(own, unit, more) / value for more in (0, 1))
        beta = first - t * mean
        weight = mean - slope * beta
        if beta > 0 or weight < 0:
            raise Rejected("nodes: this rule is not below the logarithm")
        weights.append(Fraction(weight.numerator * UNIT // weight.denominator, UNIT) / t)
    return sum(weights, Fraction(0)), weights


def _divided(f: Sequence[int], place: int) -> list[int]:
    """Return f / (x - place), which has no remainder."""
    found, carry = [], 0
    for x in reversed(f):
        carry = carry * place + x
        found.append(carry)
    return found[-2::-1]


def _value_at(f: Sequence[int], place: int) -> int:
    total = 0
    for x in reversed(f):
        total = total * place + x
    return total


def _integral(f: Sequence[int], unit: int, more: int) -> Fraction:
    """Return the integral over [0, 1] of t^more f(unit t)."""
    scale = lcm(*range(1, len(f) + more + 1))
    total, power = 0, 1
    for k, x in enumerate(f, 1 + more):
        total += x * power * (scale // k)
        power *= unit
    return Fraction(total, scale)


def products(t: Fraction, v: int) -> list[tuple[tuple[Letter, ...], Fraction, Fraction]]:
    """Return what -G is made of: words of the contraction Z_v / a, their factors alone and with Pi_v."""
    square = 1 / (4 * t * (1 - t))
    a = Fraction(isqrt(square.numerator * NORMS**2 // square.denominator) + 1, NORMS)
    z, adjoint, nothing = (v, CONTRACTION), (v, ADJOINT), Fraction(0)
    return [
        ((z,), nothing, -2 * a),
        ((adjoint, z), nothing, -(1 - t) * a**2),
        ((z, adjoint), -t * a**2, nothing),
    ]
