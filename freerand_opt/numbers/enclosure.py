"""Fractions and floats around exact numbers, and their signs."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from freerand_opt.errors import FreerandError
from freerand_opt.numbers import field
from freerand_opt.numbers.atoms import Atom, Irrational, parts, text

if TYPE_CHECKING:
    from flint import arb

#: Precision, in bits, at which numbers outside the field are given up that cannot be told apart.
MAX_BITS = 4096
#: The same for numbers in the field, which do differ: bits times terms.
MOST_BITS = 1 << 20
Rounded = TypeVar("Rounded", int, float)


class UndecidedError(FreerandError):
    """Two exact numbers agree to `MAX_BITS` bits but are not equal by form."""


def _ball(x: Fraction | Irrational) -> arb:
    from flint import arb

    value = arb(0)
    for monomial, terms in parts(x).items():
        coefficient = field.ball(terms)
        for atom, exponent in monomial:
            coefficient *= _atom_ball(atom) ** exponent
        value += coefficient
    return value


def _atom_ball(atom: Atom) -> arb:
    from flint import arb

    if atom.function == "pi":
        return arb.pi()
    argument = _ball(atom.argument)
    if atom.function == "sqrt":
        return argument.sqrt()
    if atom.function.startswith("root"):
        return argument.root(int(atom.function[4:]))
    if atom.function == "log2":
        return argument.log() / arb.const_log2()
    return argument


def enclose(x: Fraction | Irrational, bits: int = 60) -> tuple[Fraction, Fraction]:
    """Return fractions lower <= x <= upper with upper - lower <= 2^-bits (equal for a fraction)."""
    if isinstance(x, Fraction):
        return x, x
    from flint import ctx

    precision = bits + 32
    while precision <= 64 * MAX_BITS + 2 * bits:
        with ctx.workprec(precision):
            ball = _ball(x)
            if ball.is_finite():
                lower, upper = _dyadic(ball.lower()), _dyadic(ball.upper())
                if upper - lower <= Fraction(1, 1 << bits):
                    return lower, upper
        precision *= 2
    raise UndecidedError(f"{_short(x)} cannot be enclosed to {bits} bits (is it divided by zero?)")


def _dyadic(x: arb) -> Fraction:
    mantissa, exponent = (int(part) for part in x.man_exp())
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def decided(x: Irrational) -> bool:
    """Return whether a number is in the field, of an order whose zero is decided; then it is irrational."""
    return x.parts.keys() == {()} and field.decidable(x.parts[()])


def one_form(x: Irrational) -> bool:
    """Return whether a number has no other form."""
    return x.parts.keys() == {()} and not field.doubtful(x.parts[()])


def near_sign(x: Irrational, bits: int = 64) -> int:
    """Return the sign that an enclosure to about `bits` bits shows, or 0."""
    from flint import ctx

    with ctx.workprec(bits + 32):
        ball = _ball(x)
        return 1 if ball > 0 else -1 if ball < 0 else 0


def sign(x: Fraction | Irrational) -> int:
    """Return -1, 0 or 1; raise UndecidedError if `x` is not `decided` and closer to 0 than 2^-4096."""
    if isinstance(x, Fraction):
        return (x > 0) - (x < 0)
    most, bits = _most(x), 64
    while bits <= most:
        found = near_sign(x, bits)
        if found:
            return found
        bits *= 4
    raise UndecidedError(f"the sign of {_short(x)} is not decided at {most} bits")


def _short(x: Fraction | Irrational) -> str:
    words = text(x)
    return words if len(words) <= 200 else f"{words[:200]}.."


def _most(x: Irrational) -> int:
    """Return the precision at which a number is given up."""
    return max(MAX_BITS, MOST_BITS // len(x.parts[()])) if decided(x) else MAX_BITS


def rounded(x: Fraction | Irrational, by: Callable[[Fraction], Rounded], bits: int = 64) -> Rounded | None:
    """Return by(x) for a nondecreasing function, or None if it is not decided as `sign` would."""
    if isinstance(x, Fraction):
        return by(x)
    most = _most(x)
    while bits <= most:
        low, high = (by(end) for end in enclose(x, bits))
        if low == high:
            return low
        bits *= 4
    return None
