"""Exact numbers in the certificate's grammar."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Any

from freerand_opt.errors import FreerandError
from freerand_opt.numbers.exact import Exact, Real


class NotInRingError(FreerandError):
    """A number is no sum of fraction * sqrt(n) * cos(q pi)."""


def written(x: Exact) -> Any:
    """Return the JSON of a number: a fraction in text, or [[factor, n, q], ..]; raise NotInRingError."""
    if not isinstance(x, Real):
        return str(Fraction(x))
    found: dict[tuple[int, Fraction], Fraction] = {}
    for monomial, factor in x.terms:
        for term, share in _monomial(monomial).items():
            found[term] = found.get(term, Fraction(0)) + share * factor
    kept = sorted((term, factor) for term, factor in found.items() if factor)
    if [term for term, _ in kept] in ([], [(1, Fraction(0))]):
        return str(sum((factor for _, factor in kept), Fraction(0)))
    return [[str(factor), n, str(q)] for (n, q), factor in kept]


def _monomial(monomial: Any) -> dict[tuple[int, Fraction], Fraction]:
    found = {(1, Fraction(0)): Fraction(1)}
    for atom, exponent in monomial:
        if atom.function not in ("sqrt", "cos") or not isinstance(atom.argument, Fraction):
            raise NotInRingError(f"{atom} is no square root of a fraction and no cosine of a fraction of pi")
        power = exponent
        if exponent < 0:
            if atom.function == "cos":
                raise NotInRingError(f"{atom} stands in a denominator")
            power, inverse = -exponent, 1 / atom.argument
            found = {term: value * inverse**power for term, value in found.items()}
        for _ in range(power):
            found = _times(found, atom)
    return found


def _times(found: dict[tuple[int, Fraction], Fraction], atom: Any) -> dict[tuple[int, Fraction], Fraction]:
    total: dict[tuple[int, Fraction], Fraction] = {}
    for (n, q), value in found.items():
        if atom.function == "sqrt":
            x = atom.argument
            parts = [(n * x.numerator * x.denominator, q, value / x.denominator)]
        else:
            parts = [(n, q + atom.argument, value / 2), (n, q - atom.argument, value / 2)]
        for m, turn, share in parts:
            term, factor = _reduced(m, turn)
            total[term] = total.get(term, Fraction(0)) + share * factor
    return total


def _reduced(n: int, q: Fraction) -> tuple[tuple[int, Fraction], Fraction]:
    """Return sqrt(n) cos(q pi) as a canonical term and a factor."""
    factor = Fraction(1)
    q = abs(q) % 2
    q = min(q, 2 - q)
    if q > Fraction(1, 2):
        q, factor = 1 - q, -factor
    special = {Fraction(1, 2): (1, 0), Fraction(1, 3): (1, 1), Fraction(1, 4): (2, 1), Fraction(1, 6): (3, 1)}
    if q in special:
        root, twice = special[q]
        n, factor, q = n * root, factor * Fraction(twice, 2), Fraction(0)
    outside, d = 1, 2
    rest = n
    while d * d <= rest and d < 10**6:
        while rest % (d * d) == 0:
            rest, outside = rest // (d * d), outside * d
        d += 1
    root = isqrt(rest)
    if root * root == rest:
        rest, outside = 1, outside * root
    return (rest, q), factor * outside
