r"""Exact real numbers: fractions, and finite sums of rational multiples of named irrational numbers.

.. math:: x = \sum_i r_i \prod_j \alpha_{ij}^{k_{ij}}, \qquad r_i \in \mathbb{Q},\; k_{ij} \in \mathbb{Z},

where every :math:`\alpha` is one of ``pi``, ``sqrt(y)``, ``root3(y)``, .., ``cos(q*pi)``,
``log2(y)`` or ``(y)``.
Sines, even powers of cosines and square roots of fractions are brought to one form, so that
two numbers that are written differently usually have equal terms; where they do not, `compare`
encloses the difference. Nothing here is ever rounded: an enclosure is a pair of fractions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from freerand_opt.errors import FreerandError

if TYPE_CHECKING:
    from flint import arb

_ZERO, _ONE = Fraction(0), Fraction(1)
#: Precision, in bits, at which `compare` gives up telling two numbers apart.
MAX_BITS = 4096


class UndecidedError(FreerandError):
    """Two exact numbers agree to `MAX_BITS` bits but are not equal by form."""


@dataclass(frozen=True)
class Atom:
    """One irrational factor, such as ``cos(1/32*pi)``.

    `argument` is the multiple of pi for ``cos``, unused (0) for ``pi``.
    """

    function: str
    argument: Exact

    def __str__(self) -> str:
        if self.function == "pi":
            return "pi"
        if self.function == "cos":
            return f"cos({self.argument}*pi)"
        return f"{'' if self.function == 'sum' else self.function}({text(self.argument)})"


Monomial: TypeAlias = tuple[tuple[Atom, int], ...]


@dataclass(frozen=True)
class Real:
    """An irrational number as a sum of rational multiples of monomials, in canonical order."""

    terms: tuple[tuple[Monomial, Fraction], ...]

    def __add__(self, other: Exact | int) -> Exact:
        return _combine([*self.terms, *_terms(other)])

    def __neg__(self) -> Exact:
        return _combine([(monomial, -factor) for monomial, factor in self.terms])

    def __sub__(self, other: Exact | int) -> Exact:
        return self + (-other)

    def __rsub__(self, other: Exact | int) -> Exact:
        return -self + other

    def __mul__(self, other: Exact | int) -> Exact:
        if not isinstance(other, Real):
            return _combine([(monomial, factor * other) for monomial, factor in self.terms])
        terms: list[tuple[Monomial, Fraction]] = []
        for monomial, factor in self.terms:
            for monomial_2, factor_2 in other.terms:
                product = _product(monomial + monomial_2)
                terms += [(found, share * factor * factor_2) for found, share in _terms(product)]
        return _combine(terms)

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Exact | int) -> Exact:
        return self * inverse(other)

    def __rtruediv__(self, other: Exact | int) -> Exact:
        return other * inverse(self)

    def __pow__(self, exponent: int) -> Exact:
        return power(self, exponent)

    def __float__(self) -> float:
        lower, upper = enclose(self, 70)
        return float((lower + upper) / 2)

    def __str__(self) -> str:
        return text(self)


Exact: TypeAlias = Fraction | Real


def _terms(x: Exact | int) -> tuple[tuple[Monomial, Fraction], ...]:
    return x.terms if isinstance(x, Real) else (((), Fraction(x)),)


def _combine(terms: list[tuple[Monomial, Fraction]]) -> Exact:
    total: dict[Monomial, Fraction] = {}
    for monomial, factor in terms:
        total[monomial] = total.get(monomial, _ZERO) + factor
    kept = {monomial: factor for monomial, factor in total.items() if factor}
    if not kept:
        return _ZERO
    if set(kept) == {()}:
        return kept[()]
    return Real(tuple(sorted(kept.items(), key=lambda item: _monomial_text(item[0]))))


def _product(factors: Monomial) -> Exact:
    """Multiply atoms; squares of cosines, powers of roots and of sums are rewritten."""
    powers: dict[Atom, int] = {}
    for atom, exponent in factors:
        powers[atom] = powers.get(atom, 0) + exponent
    result: Exact = _ONE
    left: list[tuple[Atom, int]] = []
    for atom, exponent in powers.items():
        argument, degree = atom.argument, _degree(atom)
        if degree and (exponent >= degree or isinstance(argument, Fraction)):
            result = result * power(argument, exponent // degree)
            exponent %= degree
        elif atom.function == "cos" and exponent >= 2 and isinstance(argument, Fraction):
            result = result * power((1 + cos_pi(2 * argument)) / 2, exponent // 2)
            exponent %= 2
        if exponent:
            left.append((atom, exponent))
    left.sort(key=lambda item: str(item[0]))
    # a fraction only scales the monomial; otherwise squares were rewritten and the degree fell
    if isinstance(result, Fraction):
        return _combine([(tuple(left), result)])
    return result * Real(((tuple(left), _ONE),)) if left else result


def _degree(atom: Atom) -> int:
    """Return n for an nth root, 1 for a sum in brackets, 0 for any other atom."""
    if atom.function.startswith("root"):
        return int(atom.function[4:])
    return {"sqrt": 2, "sum": 1}.get(atom.function, 0)


def power(x: Exact, exponent: int) -> Exact:
    """Return `x` to an integer power, exactly."""
    if isinstance(x, Fraction):
        return x**exponent
    if exponent < 0:
        return power(inverse(x), -exponent)
    result: Exact = _ONE
    for _ in range(exponent):
        result = result * x
    return result


def inverse(x: Exact | int) -> Exact:
    """Return 1/x exactly; raise ZeroDivisionError for 0."""
    if not isinstance(x, Real):
        return 1 / Fraction(x)
    if len(x.terms) == 1:
        monomial, factor = x.terms[0]
        return _product(tuple((atom, -exponent) for atom, exponent in monomial)) / factor
    return Real(((((Atom("sum", x), -1),), _ONE),))


def sqrt(x: Exact) -> Exact:
    """Return the square root of a nonnegative number; raise ValueError below 0."""
    if compare(x, _ZERO) < 0:
        raise ValueError(f"sqrt of the negative number {text(x)}")
    if not isinstance(x, Fraction):
        return Real(((((Atom("sqrt", x), 1),), _ONE),))
    root = Fraction(math.isqrt(x.numerator), math.isqrt(x.denominator))
    if root * root == x:
        return root
    # sqrt(n/d) = sqrt(n d)/d, with squares of small numbers taken out
    number, outside = x.numerator * x.denominator, Fraction(1, x.denominator)
    for divisor in range(2, 1000):
        while number % divisor**2 == 0:
            number //= divisor**2
            outside *= divisor
    return outside * Real(((((Atom("sqrt", Fraction(number)), 1),), _ONE),))


def root(x: Exact, degree: int) -> Exact:
    """Return the positive root of a positive number of some degree >= 1; raise ValueError else."""
    if degree < 1 or compare(x, _ZERO) <= 0:
        raise ValueError(f"root of degree {degree} of {text(x)}")
    if degree <= 2:
        return x if degree == 1 else sqrt(x)
    if isinstance(x, Fraction):
        found = Fraction(_whole_root(x.numerator, degree), _whole_root(x.denominator, degree))
        if found**degree == x:
            return found
    return Real(((((Atom(f"root{degree}", x), 1),), _ONE),))


def _whole_root(number: int, degree: int) -> int:
    """Return the largest integer whose power is at most a positive integer."""
    lower, upper = 1, 1 << (number.bit_length() // degree + 1)
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (middle, upper) if middle**degree <= number else (lower, middle)
    return lower


@lru_cache(maxsize=4096)
def cos_pi(multiple: Fraction) -> Exact:
    """Return cos(pi * multiple) exactly."""
    angle = abs(multiple) % 2
    angle = min(angle, 2 - angle)
    if angle > Fraction(1, 2):
        return -cos_pi(1 - angle)
    known = {
        _ZERO: _ONE,
        Fraction(1, 2): _ZERO,
        Fraction(1, 3): Fraction(1, 2),
        Fraction(1, 4): sqrt(Fraction(1, 2)),
        Fraction(1, 6): sqrt(Fraction(3, 4)),
    }
    return known.get(angle, Real(((((Atom("cos", angle), 1),), _ONE),)))


def sin_pi(multiple: Fraction) -> Exact:
    """Return sin(pi * multiple) exactly."""
    return cos_pi(Fraction(1, 2) - multiple)


def log2(x: Exact) -> Exact:
    """Return the binary logarithm of a positive number; raise ValueError at or below 0."""
    if compare(x, _ZERO) <= 0:
        raise ValueError(f"log2 of {text(x)}, which is not positive")
    if isinstance(x, Fraction):
        up, down = x.numerator, x.denominator
        if up & (up - 1) == 0 and down & (down - 1) == 0:
            return Fraction(up.bit_length() - down.bit_length())
    return Real(((((Atom("log2", x), 1),), _ONE),))


PI: Real = Real(((((Atom("pi", _ZERO), 1),), _ONE),))


# ---------------------------------------------------------------- enclosure and comparison


def _ball(x: Exact) -> arb:
    from flint import arb, fmpq

    if isinstance(x, Fraction):
        return arb(fmpq(x.numerator, x.denominator))
    total = arb(0)
    for monomial, factor in x.terms:
        value = arb(fmpq(factor.numerator, factor.denominator))
        for atom, exponent in monomial:
            value *= _atom_ball(atom) ** exponent
        total += value
    return total


def _atom_ball(atom: Atom) -> arb:
    from flint import arb, fmpq

    if atom.function == "pi":
        return arb.pi()
    if atom.function == "cos":
        assert isinstance(atom.argument, Fraction)
        return arb.cos_pi_fmpq(fmpq(atom.argument.numerator, atom.argument.denominator))
    argument = _ball(atom.argument)
    if atom.function == "sqrt":
        return argument.sqrt()
    if atom.function.startswith("root"):
        return argument.root(int(atom.function[4:]))
    if atom.function == "log2":
        return argument.log() / arb.const_log2()
    return argument


@lru_cache(maxsize=4096)
def enclose(x: Exact, bits: int = 60) -> tuple[Fraction, Fraction]:
    """Return fractions lower <= x <= upper with upper - lower <= 2^-bits (equal for a fraction)."""
    if isinstance(x, Fraction):
        return x, x
    from flint import ctx

    precision = bits + 32
    while precision <= 64 * MAX_BITS:
        with ctx.workprec(precision):
            ball = _ball(x)
            if ball.is_finite():
                middle, radius = _dyadic(ball.mid()), _dyadic(ball.rad())
                if 2 * radius <= Fraction(1, 2**bits):
                    return middle - radius, middle + radius
        precision *= 2
    raise UndecidedError(f"{text(x)} cannot be enclosed to {bits} bits (is it divided by zero?)")


def _dyadic(x: arb) -> Fraction:
    mantissa, exponent = (int(part) for part in x.man_exp())
    return mantissa * Fraction(2) ** exponent


def sign(x: Exact) -> int:
    """Return -1, 0 or 1; raise UndecidedError if `x` is not 0 by form but closer than 2^-4096."""
    if isinstance(x, Fraction):
        return (x > 0) - (x < 0)
    bits = 64
    while bits <= MAX_BITS:
        lower, upper = enclose(x, bits)
        if lower > 0:
            return 1
        if upper < 0:
            return -1
        bits *= 4
    raise UndecidedError(f"the sign of {text(x)} is not decided at {MAX_BITS} bits")


def compare(x: Exact, y: Exact) -> int:
    """Return -1, 0 or 1 as x < y, x = y or x > y; raise UndecidedError as `sign` does."""
    return sign(x - y)


# ---------------------------------------------------------------- text


def _monomial_text(monomial: Monomial) -> str:
    return "*".join(f"{atom}^{exponent}" if exponent != 1 else str(atom) for atom, exponent in monomial)


def text(x: Exact) -> str:
    """Return the canonical text of a number; `parse(text(x)) == x`."""
    if isinstance(x, Fraction):
        return str(x)
    parts: list[str] = []
    for monomial, factor in x.terms:
        size, body = abs(factor), _monomial_text(monomial)
        shown = str(size) if not body else body if size == 1 else f"{size}*{body}"
        joint = ("-" if factor < 0 else "") if not parts else (" - " if factor < 0 else " + ")
        parts.append(joint + shown)
    return "".join(parts)
