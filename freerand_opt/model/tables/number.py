"""Numbers as they are given: integers, decimals as written, fractions, NumPy numbers, closed expressions.

One rule for floating-point numbers: each is read as its shortest decimal, so that 0.1 is 1/10.
"""

from __future__ import annotations

import decimal
import numbers
from fractions import Fraction
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.tables.text import kind, shown
from freerand_opt.numbers.exact import Exact, Real, UndecidedError, compare, enclose
from freerand_opt.numbers.parse import parse

#: Numbers beyond this size are refused; every program also has to fit into floating point.
LARGEST = Fraction(10**100)


def exact(value: object, where: str) -> Exact:
    """Return the exact number that a value means; raise InputError at `where`.

    >>> exact(0.1, ""), exact("3/2 - 2.8/4", ""), exact(decimal.Decimal("1e-9"), "") * 10**9
    (Fraction(1, 10), Fraction(4, 5), Fraction(1, 1))
    """
    plain = _plain(value)
    if plain is None:
        raise InputError(where, f"{shown(value)} is {kind(value)}; a number is needed")
    if isinstance(plain, str) and plain.strip().lstrip("+-").lower() in ("inf", "nan", "infinity"):
        raise InputError(where, f"{shown(value)} is not finite; a finite number is needed")
    try:
        found = parse(plain) if isinstance(plain, str) else plain
        if isinstance(found, Real):
            enclose(found)  # a division by what turns out to be zero shows here
            large = compare(found, LARGEST) > 0 or compare(-found, LARGEST) > 0
        else:
            large = abs(found.numerator) > LARGEST.numerator * found.denominator
        if large:
            raise ValueError("it is beyond 10^100, or below -10^100")
    except (ValueError, ZeroDivisionError, UndecidedError) as error:
        hint = "; write 0.1, with a point" if isinstance(plain, str) and "," in plain else ""
        raise InputError(where, f"{shown(value)} is not a number that can be used: {error}{hint}") from None
    return found


def _plain(value: object) -> str | Exact | None:
    """Return a text to be parsed, an exact number, or None for what is no number."""
    if isinstance(value, Fraction | Real):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # NumPy's too
        return None
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, decimal.Decimal):
        return str(value)
    if getattr(value, "shape", None) == () and hasattr(
        value, "dtype"
    ):  # a number of NumPy, or an array of one
        scalar: Any = value[()] if type(value).__name__ == "ndarray" else value  # type: ignore[index]
        if scalar.dtype.kind in "iu":
            return Fraction(int(scalar))
        return str(scalar) if scalar.dtype.kind == "f" else None
    return None


def place_of(x: Any, where: str) -> Fraction:
    """Return a rational number; raise InputError for floats and for what is none."""
    found = exact(x, where) if not isinstance(x, float) else None
    if not isinstance(found, Fraction):
        raise InputError(where, f'{x!r} is no exact rational number; write it as a text, as "1/20"')
    return found
