"""Functions of epsilon whose roots are critical values in the limit of many settings.

Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless).
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.numbers.exact import Exact, log2, power


def theorem_2_exponent(epsilon: Fraction, m: Fraction, i: Fraction) -> Exact:
    r"""Return the exponent -(m+1) log2(1/2+eps) + 2 log2(1/2-eps) - (1+i) with M = N^m, I* = 2 N^-i.

    m = 299/100 and i = 1/100 are the constants of arXiv:1105.3195, proof of Theorem 2; decreasing
    in eps (docs/proofs/theorem-2-exponent.md).
    """
    return -(m + 1) * log2(Fraction(1, 2) + epsilon) + 2 * log2(Fraction(1, 2) - epsilon) - (1 + i)


def theorem_1_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^2 - (1+2 eps)^2: positive iff the bound of Theorem 1 tends to 0 with N."""
    return 2 * (1 - 2 * epsilon) ** 2 - (1 + 2 * epsilon) ** 2


def averaged_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^2 - 1: positive iff the averaged leakage tends to 0 with N."""
    return 2 * power(1 - 2 * epsilon, 2) - 1


def free_fixed_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^4 - (1+2 eps)^4: positive iff I_N ((1+2 eps)/(1-2 eps))^(4r) tends to 0.

    Fixed settings, total test, free observed settings (docs/proofs/theorem-1-readings.md).
    """
    return 2 * (1 - 2 * epsilon) ** 4 - (1 + 2 * epsilon) ** 4


def free_edges_fixed_base(epsilon: Fraction) -> Exact:
    """Return 4 q^4 - p^3 with q, p = 1/2 -+ eps: fixed settings, each edge tested, free observed settings.

    docs/proofs/theorem-1-readings.md, statement 5.
    """
    return 4 * (Fraction(1, 2) - epsilon) ** 4 - (Fraction(1, 2) + epsilon) ** 3


def free_edges_averaged_base(epsilon: Fraction) -> Exact:
    """Return 4 q^2 - p with q, p = 1/2 -+ eps: averaged, or local; each edge tested, free observed settings.

    docs/proofs/theorem-1-readings.md, statement 4.
    """
    return 4 * (Fraction(1, 2) - epsilon) ** 2 - (Fraction(1, 2) + epsilon)


def half_entropy(fraction: Fraction) -> Exact:
    """Return 1/2 - h(fraction), h the binary entropy in bits; decreasing on [0, 1/2]."""
    if fraction == 0:
        return Fraction(1, 2)
    return Fraction(1, 2) + fraction * log2(fraction) + (1 - fraction) * log2(1 - fraction)


def any_encoding_base(epsilon: Fraction, fraction: Fraction) -> Exact:
    r"""Return 1 - 2 (1 - t) log2((1+2 eps)/(1-2 eps)), t the root of `half_entropy`.

    Positive iff the error rate on edges stays out of reach of local models for every assignment of bit
    strings to settings (docs/proofs/theorem-1-readings.md, statement 6).
    """
    return 1 - 2 * (1 - fraction) * log2((1 + 2 * epsilon) / (1 - 2 * epsilon))


def devices_like_sources_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^12 - (1+2 eps)^12, whose root is the threshold printed in arXiv:1601.06455."""
    return 2 * (1 - 2 * epsilon) ** 12 - (1 + 2 * epsilon) ** 12
