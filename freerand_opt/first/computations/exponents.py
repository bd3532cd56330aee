r"""Exponents of N in analyses of protocols that test chained correlations.

Proofs: docs/proofs/theorem-2-protocol.md.

There are M = N^m rounds, or N^(m-1) test rounds; a round is bad if its chained value exceeds 2 N^-i.
All decrease in epsilon; p, q = 1/2 +- epsilon. Where one is positive the output's bias tends to 0.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.numbers.exact import Exact, log2


def _logs(epsilon: Fraction) -> tuple[Exact, Exact]:
    """Return log2 p and log2 q."""
    return log2(Fraction(1, 2) + epsilon), log2(Fraction(1, 2) - epsilon)


def exact_tests(epsilon: Fraction, m: Fraction, i: Fraction) -> Exact:
    """Return -m log2 p + 2 log2 q - i: with the largest P(T|w), of order p^r, in place of 2N p^(2r)."""
    heavy, light = _logs(epsilon)
    return -m * heavy + 2 * light - i


def majorised(epsilon: Fraction, m: Fraction, i: Fraction) -> Exact:
    """Return (m-1) h(q) - (i - 2 log2 q + log2 p): with the exact weight of k choices of the selection."""
    heavy, light = _logs(epsilon)
    p, q = Fraction(1, 2) + epsilon, Fraction(1, 2) - epsilon
    return -(m - 1) * (p * heavy + q * light) - i + 2 * light - heavy


def selected(epsilon: Fraction, m: Fraction, i: Fraction) -> Exact:
    """Return (m-1) - (i - 2 log2 q + log2 p): with the best selecting function of more bits."""
    heavy, light = _logs(epsilon)
    return m - 1 - i + 2 * light - heavy
