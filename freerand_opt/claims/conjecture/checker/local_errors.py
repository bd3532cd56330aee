"""GHZ errors of local models.

Deterministic models have outcomes with the product sign (-1)^(inputs . flips). The settings' bits, A's first,
each prefer the half with fewer errors as far as epsilon allows (docs/proofs/ghz-orbits.md).
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.checker.failures import Unreadable
from freerand_opt.checker.reading import integer, integers
from freerand_opt.claims.conjecture.checker.reading import Arguments, Ends

PAGE = "docs/proofs/ghz-orbits.md"


def local_errors(a: Arguments) -> Ends:
    """Return the least weight of errors of all models, and that of the model which is named."""
    m, epsilon = a.whole("M", 3, 11), a.rational("epsilon", 0, Fraction(1, 2))
    if epsilon.denominator >> 64:
        raise Unreadable("computation: epsilon has a denominator of more than 64 bits")
    flips = integers(a.proved("flips"), "proof: flips", 0, 1, m)
    sign = integer(a.proved("sign"), "proof: sign", -1, 1)
    if not sign:
        raise Unreadable("proof: sign is 1 or -1")
    unit = (2 * epsilon.denominator) ** m
    reached = _errors(m, epsilon, int("".join(map(str, flips)), 2), sign)
    least = min(_errors(m, epsilon, f, s) for f in range(1 << m) for s in (1, -1))
    return Fraction(least, unit), Fraction(reached, unit)


def _errors(m: int, epsilon: Fraction, flips: int, sign: int) -> int:
    """Return the least weight of inputs at which a model errs, times (2 denominator of epsilon)^m."""
    low, high = epsilon.denominator - 2 * epsilon.numerator, epsilon.denominator + 2 * epsilon.numerator
    level = []
    for inputs in range(1 << m):
        k = inputs.bit_count()
        found = sign if (inputs & flips).bit_count() % 2 == 0 else -sign
        level.append(int(k % 2 == 0 and found != (1 if k % 4 else -1)))
    while len(level) > 1:
        level = [low * max(x, y) + high * min(x, y) for x, y in zip(level[::2], level[1::2], strict=True)]
    return level[0]
