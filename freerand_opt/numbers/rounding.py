"""Exact numbers rounded outward: to a grid of fractions, to floats, to decimals."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from freerand_opt.numbers.enclosure import MAX_BITS, Rounded, rounded
from freerand_opt.numbers.exact import Exact, enclose

#: How much of an interval is left out beside a root.
ROOM = Fraction(1, 10**9)


def round_down(x: Exact, bits: int = 60) -> Fraction:
    """Return a fraction on the grid 2^-bits below `x`, within two steps (`x` itself if a fraction)."""
    if isinstance(x, Fraction):
        return x
    return Fraction(math.floor(enclose(x, bits + 1)[0] * 2**bits), 2**bits)


def round_up(x: Exact, bits: int = 60) -> Fraction:
    """Return a fraction on the grid 2^-bits above `x`, within two steps (`x` itself if a fraction)."""
    return -round_down(-x, bits)


def inside(score: Exact, relation: str) -> Fraction:
    """Return a rational score at which a test is certainly passed, the score itself if it is one."""
    return (round_up if relation == ">=" else round_down)(score, 64)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction with the least denominator in [low, high], low <= high.

    Few digits keep products of probabilities, and with them programs and certificates, small.
    """
    if high < 0:
        return -simplest(-high, -low)
    whole = max(0, -(-low.numerator // low.denominator))
    if whole <= high:
        return Fraction(whole)
    whole -= 1
    return whole + 1 / simplest(1 / (high - whole), 1 / (low - whole))


def drawn_in(
    low: Fraction, high: Fraction, ends: tuple[Fraction, Fraction]
) -> tuple[Fraction, Fraction] | None:
    """Return an interval drawn in a little at its ends but those in `ends`; None if none is left."""
    room = (ends[1] - ends[0]) * ROOM
    if high - low < 4 * room:
        return None
    return (
        low if low == ends[0] else simplest(low + room / 4, low + room),
        high if high == ends[1] else simplest(high - room, high - room / 4),
    )


def power_of_two(exponent: Fraction) -> int:
    """Return an integer within 1 of 2^exponent, the same on every machine; the exponent is below 10^4."""
    from flint import arb, ctx, fmpq

    with ctx.workprec(64 + max(int(exponent), 0)):
        power = arb(2) ** arb(fmpq(exponent.numerator, exponent.denominator))
        mantissa, place = (int(part) for part in power.mid().man_exp())
    return round(mantissa * Fraction(2) ** place)


def float_below(x: Exact) -> float:
    """Return the largest float that is at most `x`, or certainly so, if `x` is not told from a float."""
    return _steady(x, _float_below)


def float_above(x: Exact) -> float:
    """Return the smallest float that is at least `x`, or certainly so, if `x` is not told from a float."""
    return 0.0 - float_below(-x)  # 0 has no sign


def decimal_below(x: Exact, digits: int = 10) -> str:
    """Return the largest decimal text with `digits` places that is (certainly) at most `x`."""
    return _decimal(_steady(x, lambda end: math.floor(end * 10**digits)), digits)


def decimal_above(x: Exact, digits: int = 10) -> str:
    """Return the smallest decimal text with `digits` places that is (certainly) at least `x`."""
    return _decimal(-_steady(-x, lambda end: math.floor(end * 10**digits)), digits)


def _steady(x: Exact, by: Callable[[Fraction], Rounded]) -> Rounded:
    found = rounded(x, by)
    return by(enclose(x, MAX_BITS)[0]) if found is None else found


def _float_below(x: Fraction) -> float:
    nearest = float(x)
    return nearest if Fraction(nearest) <= x else math.nextafter(nearest, -math.inf)


def _decimal(scaled: int, digits: int) -> str:
    whole, part = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{part:0{digits}d}" if digits else str(scaled)
