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
    errors = errors_of(m, epsilon)
    least = min(value for pair in errors.values() for value in pair)
    return Fraction(least, unit), Fraction(errors[tuple(flips)][sign < 0], unit)


def errors_of(m: int, epsilon: Fraction) -> dict[tuple[int, ...], tuple[int, int]]:
    """Return the least weight of errors, times (2 denominator of epsilon)^m, by flips and for sign 1 and -1.

    What the last parties add depends on the earlier ones' number of inputs 1 modulo 4, and on their sign.
    """
    low, high = epsilon.denominator - 2 * epsilon.numerator, epsilon.denominator + 2 * epsilon.numerator
    # at an even number k of inputs 1 the product of outcomes should be 1 if k % 4, else -1
    level: dict[tuple[int, ...], list[list[int]]]
    level = {(): [[int(k % 2 == 0 and s != (1 if k else -1)) for s in (1, -1)] for k in range(4)]}
    for _ in range(m):
        level = {
            (flip, *flips): [
                [
                    low * max(x, y) + high * min(x, y)
                    for x, y in ((held[k][s], held[(k + 1) % 4][s ^ flip]) for s in (0, 1))
                ]
                for k in range(4)
            ]
            for flips, held in level.items()
            for flip in (0, 1)
        }
    return {flips: (held[0][0], held[0][1]) for flips, held in level.items()}
