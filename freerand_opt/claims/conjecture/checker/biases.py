r"""Sums of biases under GHZ relations.

A string (a, b, c, e), a + b + c + e = M, stands for the outcomes at the inputs at which a parties have
omega = x (-i)^input = 1, b have -1, c have i, e have -i. With E(D) = Re(gamma_|D| (-i)^k) for the correlator
of parties D whose inputs have k ones, the full one plus f_k,

.. math:: 2^M P = \mathrm{Re} \sum_d \gamma_d [z^d] (1+z)^a (1-z)^b (1+iz)^c (1-iz)^e + f_{c+e} (-1)^{b+c}

is normalised and no-signalling whatever gamma and f are (gamma_0 = 1), and has the relations if
gamma_M = sigma, and f_k = 0 at the inputs that they test. So a *box* is checked from the definition; if
gamma_(M-d) = sigma conj(gamma_d) and sigma (-1)^b i^(c-e) = -1, the terms d and M-d cancel, and P = 0.

That for an upper end all boxes may be taken of this form, with gamma_(M-d) = sigma conj(gamma_d), and gamma
real and f = 0 for a real sigma, is proved in docs/proofs/conjecture-1.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import Any

from freerand_opt.checker.failures import Unreadable
from freerand_opt.checker.reading import closed, fraction, integers, items
from freerand_opt.claims.conjecture.checker.reading import Arguments, Ends, fractions, require

PAGE = "docs/proofs/conjecture-1.md"
SIGMA = {"even": 2, "opposite": 0, "odd": 1}  # sigma = i^power


def sum_of_biases(a: Arguments) -> Ends:
    """Return the value of the box, and the bound of the multipliers; None where there is none."""
    m, kind = a.whole("M", 3, 200), a.word("relations", *SIGMA)
    box, multipliers = a.proved("box"), a.proved("multipliers")
    reached = None if box is None else _box(m, kind, box)
    return reached, None if multipliers is None else _bound(m, kind, multipliers)


def _whole(holder: Any, where: str) -> tuple[int, list[int]]:
    """Read a common denominator and numerators."""
    unit = fraction(holder["denominator"], where, 1)
    values = fractions(holder["numerators"], where, len(items(holder["numerators"], where)))
    if any(value.denominator != 1 for value in (unit, *values)):
        raise Unreadable(f"{where}: these are integers")
    return int(unit), [int(value) for value in values]


def _box(m: int, kind: str, raw: Any) -> Fraction:
    """Check a box, and return its sum of biases."""
    unit, known = _whole(closed(raw, "box", ("denominator", "numerators")), "box")
    real, imaginary, free = [0] * (m + 1), [0] * (m + 1), [0] * (m + 1)
    real[0] = unit
    needed = {"odd": m + m // 2, "opposite": m // 2, "even": (m - 1) // 2}[kind]
    if len(known) != needed:
        raise Unreadable(f"box: {len(known)} numerators, {needed} are needed")
    if kind == "odd":
        imaginary[m] = unit
        for d in range(1, m):
            real[d] = imaginary[m - d] = known[d - 1]
        free[::2] = known[m - 1 :]
    else:
        sigma = 1 - SIGMA[kind]
        real[m] = sigma * unit
        for d, value in enumerate(known, 1):
            real[d], real[m - d] = value, sigma * value
    # cut numbers first: each is short by less than 1, and their factors sum to at most 2^m + 1
    cut = max(0, unit.bit_length() - m - 64)
    short = ([x >> cut for x in values] for values in (real, imaginary, free))
    for string in _below(m, kind, (1 << m) + 1 if cut else 0, *short):
        value = _probability(string, real, imaginary, free)
        require(value >= 0, f"box: the probability of string {string} is negative")
    return Fraction(m * real[1], unit)


def _probability(string: tuple[int, ...], real: list[int], imaginary: list[int], free: list[int]) -> int:
    """Return 2^M unit P of a string."""
    a, b, c, e = string
    straight, total = _alternating(a + b)[a], -free[c + e] if (b + c) % 2 else free[c + e]
    for k, y in enumerate(_alternating(c + e)[c]):
        part, sign = ((real, 1), (imaginary, -1), (real, -1), (imaginary, 1))[k % 4]
        total += sign * y * sum(map(mul, straight, part[k : k + a + b + 1]))
    return total


def _below(
    m: int, kind: str, least: int, real: list[int], imaginary: list[int], free: list[int]
) -> Iterator[tuple[int, ...]]:
    """Yield the strings with 2^M unit P < least, but those that are 0; for a real sigma c, e is as e, c.

    Strings that differ in a and b alone are slots of `width` bits of one integer, even and odd b apart.
    """
    width = m + 4 + max(abs(x).bit_length() for x in (least, *real, *imaginary, *free))
    half = 1 << (width - 1)  # more than any |2^M unit P - least|
    # (1 + z)^a (1 - z)^b, each power of z read as gamma, for all a + b = M - rest
    last, zero = [real, imaginary], [0] * (m + 1)
    packed, ones = [last, [zero, zero]], [1, 0]
    for rest in range(m, -1, -1):
        rows = _alternating(rest)
        for odd, both in enumerate(packed):
            # Re(i^k gamma); coefficients k and rest - k of (1 + w)^c (1 - w)^e agree up to (-1)^e
            turned = [(x, -y, -x, y)[k % 4] for k, (x, y) in enumerate(zip(*both, strict=True))]
            folded = [
                [x + sign * y for x, y in zip(turned, reversed(turned[rest // 2 + 1 :]), strict=False)]
                for sign in (1, -1)
            ]
            if rest % 2 == 0:
                folded[0].append(turned[rest // 2])
            for c in range((rest if kind == "odd" else rest // 2) + 1):
                if (SIGMA[kind] + 2 * odd + 2 * c - rest) % 4 == 2:
                    continue
                more = free[rest] * (-1) ** (odd + c) + half - least
                value = sum(map(mul, rows[c], folded[(rest - c) % 2])) + more * ones[odd]
                low = ~value & half * ones[odd]
                for b in range(odd, m - rest + 1, 2) if low else ():
                    if low >> (b * width + width - 1) & 1:
                        yield m - rest - b, b, c, rest - c
        b, packed = m - rest + 1, [[_shifted(x, 1) for x in both] for both in packed]
        last = [_shifted(x, -1) for x in last]
        pairs = zip(packed[b % 2], last, strict=True)
        packed[b % 2] = [[u + (v << b * width) for u, v in zip(x, y, strict=True)] for x, y in pairs]
        ones[b % 2] += 1 << b * width


def _shifted(values: list[int], sign: int) -> list[int]:
    return [x + sign * y for x, y in pairwise(values)]


@lru_cache(maxsize=256)
def _alternating(degree: int) -> list[list[int]]:
    """Return the coefficients of (1 + w)^c (1 - w)^(degree - c) by c = 0..degree."""
    if not degree:
        return [[1]]
    rows = _alternating(degree - 1)
    first = [x - y for x, y in zip([*rows[0], 0], [0, *rows[0]], strict=True)]
    return [first, *([x + y for x, y in zip([*row, 0], [0, *row], strict=True)] for row in rows)]


def _bound(m: int, kind: str, raw: Any) -> Fraction:
    """Return the bound that nonnegative multipliers of probabilities prove."""
    closed(raw, "multipliers", ("denominator", "strings", "numerators"))
    unit, values = _whole(raw, "multipliers")
    strings = items(raw["strings"], "multipliers: strings", len(values))
    if len(strings) > 8 * m:
        raise Unreadable(f"multipliers: more than {8 * m} strings")
    real, imaginary, free = [0] * (m + 1), [0] * (m + 1), [0] * (m + 1)
    for string, value in zip(strings, values, strict=True):
        a, b, c, e = integers(string, "multipliers: string", 0, m, 4)
        require(a + b + c + e == m, f"multipliers: the counts {string} do not add up to {m}")
        require(value >= 0, f"multipliers: that of string {string} is negative")
        straight = _alternating(a + b)[a]
        for k, y in enumerate(_alternating(c + e)[c]):  # i^k y
            part, factor = (real, imaginary)[k % 2], value * (y if k % 4 < 2 else -y)
            span = slice(k, k + a + b + 1)
            part[span] = [old + x * factor for old, x in zip(part[span], straight, strict=True)]
        free[c + e] += value * (-1) ** (b + c)
    # sum_d (real_d Re gamma_d - imaginary_d Im gamma_d) + sum_k free_k f_k, in the unknowns
    if kind == "odd":  # gamma_M = i and Re gamma_d = Im gamma_(M-d); f_k is known to be 0 at odd k
        constant = real[0] - imaginary[m]
        left = [real[d] - imaginary[m - d] for d in range(1, m)] + free[::2]
    else:
        sigma = 1 - SIGMA[kind]
        constant = real[0] + sigma * real[m]
        left = [real[d] + sigma * real[m - d] for d in range(1, (m + 1) // 2)]
        if kind == "opposite" and m % 2 == 0:
            left.append(real[m // 2])  # for 'even' this gamma is 0
    left[0] += m * unit  # the objective, M Re gamma_1
    require(not any(left), "multipliers: an unknown does not cancel")
    return Fraction(constant, unit)
