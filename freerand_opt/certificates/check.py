"""Check certificates of freerand_opt, exactly, with the standard library alone.

    python check.py proof.json [more.json]

This file imports nothing of freerand_opt and shares no code with what produces certificates.
docs/certificates.md is the format.  An upper end rests on *multipliers* z of a linear program

    maximise c.x  subject to  b - A x in K  and  l <= x <= u,

z_i >= 0 on the nonnegative rows of K and free on its zero rows, and on the displayed inequality

    c.x  <=  z.b  +  sum_j  max over [l_j, u_j] of (c - A'z)_j x_j,

which holds for every such z.  A lower end rests on an *attack*: weights, settings distributions
and boxes, one for each value of the adversary's variable, checked against the question itself.
That a program says what its question says is not checked here; a file that rests on one reads
"program trusted" and never OK.

No floating point is used: numbers are rational, or linear forms in closed expressions (`Form`)
that cancel exactly or are enclosed between integers over a power of two.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import itertools
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import mul
from typing import Any, TypeAlias

Number: TypeAlias = "Fraction | Form"
Scalar: TypeAlias = "int | Fraction | Form"
Monomial: TypeAlias = "frozenset[tuple[str, Number, int]]"  # factors: (function, argument, power)
Interval: TypeAlias = tuple[int, int]  # (lo, hi) stands for [lo, hi] / 2^bits
Columns: TypeAlias = list[list[tuple[int, Scalar]]]  # for each joint setting: (joint outcome, weight)
Moment: TypeAlias = tuple[int, ...]  # the number of a reduced word for each party
Membership: TypeAlias = "Callable[[list[Scalar], str], None]"
_Vector: TypeAlias = tuple[list[int], list[int]]  # real and imaginary parts
_Word: TypeAlias = "list[tuple[int, int, int | None]]"  # (party, setting, outcome; None: observable)
_Moment: TypeAlias = "Callable[[_Word], Fraction]"
Lifted: TypeAlias = tuple[Sequence[str], Sequence[int], Sequence[int]]

#: Raised when this file begins to refuse what it accepted; answers that are kept are addressed by it.
CHECKER = 2
# Limits, far above what certificates need, so that no file can keep the checker busy for ever.
_PRECISIONS = (64, 128, 256, 512, 1024, 2048, 4096)
_MOST_BITS = 1 << 16  # of a numerator, a denominator, or a common denominator
_MOST_CHARACTERS = 4096  # of a closed expression
_MOST_TERMS = 1024  # of a linear form
_MOST_POWER = 1024
_MOST_DEPTH = 32
_MOST_ENTRIES = 1 << 22  # joint settings times joint outcomes
_MOST_VALUES = 1 << 12  # of an output
_MOST_BRANCHES = 1 << 20  # of one search through products of distributions
_MOST_PRODUCTS = 1 << 23  # of words, in a sum of squares
_UNIT: Monomial = frozenset()


def safe(text: object) -> str:
    """Return a text on one line, with escapes for what is not printable, as files may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


class CertificateError(ValueError):
    """Tell that a certificate does not prove what it claims, or is no certificate; in one safe line."""

    def __init__(self, words: str) -> None:
        super().__init__(safe(words))


class _OutsideError(CertificateError):
    """Masses are certainly not those of the source."""


class _Undecided(Exception):
    """More bits are needed."""


@dataclass(frozen=True)
class Report:
    """Say what one certificate proved: `ok` is always True, failures raise `CertificateError`.

    `trusted` names the ends that rest on a program which is not derived from the question here.
    """

    ok: bool
    lines: tuple[str, ...]
    lower: str | None
    upper: str | None
    carried: bool  # no program had to be supplied by the caller
    trusted: frozenset[str] = frozenset()


# ---------------------------------------------------------------- numbers


@dataclass(frozen=True)
class Form:
    """Hold a number that is not visibly rational: rational multiples of monomials, exactly."""

    terms: frozenset[tuple[Monomial, Fraction]]

    def __add__(self, other: Scalar) -> Number:
        total = _terms(self)
        for monomial, coefficient in _terms(other).items():
            total[monomial] = total.get(monomial, Fraction(0)) + coefficient
        return _collect(total)

    __radd__ = __add__

    def __neg__(self) -> Number:
        return self * -1

    def __sub__(self, other: Scalar) -> Number:
        return self + other * -1

    def __rsub__(self, other: Scalar) -> Number:
        return self * -1 + other

    def __mul__(self, other: Scalar) -> Number:
        left, right = _terms(self), _terms(other)
        if len(left) * len(right) > _MOST_TERMS:
            raise CertificateError("a closed expression has too many terms")
        total: dict[Monomial, Fraction] = {}
        for m, c in left.items():
            for n, d in right.items():
                powers: dict[tuple[str, Number], int] = {}
                for function, argument, power in (*m, *n):
                    key = (function, argument)
                    powers[key] = powers.get(key, 0) + power
                factor, monomial = _monomial(powers)
                total[monomial] = total.get(monomial, Fraction(0)) + c * d * factor
        return _collect(total)

    __rmul__ = __mul__

    def __str__(self) -> str:
        text = ""
        for monomial, c in sorted((_text(m), c) for m, c in self.terms):
            size = "*".join(t for t in ("" if abs(c) == 1 else _plain(abs(c)), monomial) if t)
            text += (" - " if c < 0 else " + ") + (size or "1")
        return text[3:] if text.startswith(" +") else "-" + text[3:]


def _text(monomial: Monomial) -> str:
    parts = []
    for function, argument, power in monomial:
        part = function if function == "pi" else f"{function}({_plain(argument)})"
        parts.append(part if power == 1 else f"{part}^{power}")
    return "*".join(sorted(parts))


def _terms(x: Scalar) -> dict[Monomial, Fraction]:
    return dict(x.terms) if isinstance(x, Form) else {_UNIT: Fraction(x)}


def _collect(terms: dict[Monomial, Fraction]) -> Number:
    """Drop what cancelled; a form of which only a rational is left is that rational."""
    kept = {m: _small(c) for m, c in terms.items() if c}
    if len(kept) > _MOST_TERMS:
        raise CertificateError("a closed expression has too many terms")
    return Form(frozenset(kept.items())) if kept.keys() - {_UNIT} else kept.get(_UNIT, Fraction(0))


def _monomial(powers: Mapping[tuple[str, Number], int]) -> tuple[Fraction, Monomial]:
    """Multiply factors; sqrt(a)^2 is the rational a, so that exact equalities are seen."""
    factor, kept = Fraction(1), []
    for (function, argument), power in powers.items():
        if abs(power) > _MOST_POWER:
            raise CertificateError(f"exponent {power} is too large")
        if function == "sqrt" and isinstance(argument, Fraction):
            factor *= _rational_power(argument, power // 2)
            power %= 2
        if power:
            kept.append((function, argument, power))
    return factor, frozenset(kept)


def _small(x: Fraction) -> Fraction:
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > _MOST_BITS:
        raise CertificateError("a number has too many digits")
    return x


def _rational_power(x: Fraction, power: int) -> Fraction:
    if max(x.numerator.bit_length(), x.denominator.bit_length()) * abs(power) > _MOST_BITS:
        raise CertificateError(f"a power, exponent {power}, has too many digits")
    if not x and power < 0:
        raise CertificateError("division by zero")
    return x**power


def _power(x: Scalar, power: int) -> Number:
    if not isinstance(x, Form):
        return _rational_power(Fraction(x), power)
    if power < 0:
        _sign(x)  # raises unless x is not zero
    if len(x.terms) == 1:
        ((monomial, coefficient),) = x.terms
        factor, raised = _monomial({(f, a): p * power for f, a, p in monomial})
        return _collect({raised: _rational_power(coefficient, power) * factor})
    factor, raised = _monomial({("", x): power})
    return _collect({raised: factor})


def _call(function: str, x: Number) -> Number:
    """Apply sqrt, rootN, cos or log2; values that are visibly rational are returned as rationals."""
    if function != "cos" and _sign(x) < (function == "log2"):
        raise CertificateError(f"{function}({_show(x)}) has no value")
    if isinstance(x, Fraction):
        top, bottom = x.numerator, x.denominator
        if function == "sqrt" and math.isqrt(top) ** 2 == top and math.isqrt(bottom) ** 2 == bottom:
            return Fraction(math.isqrt(top), math.isqrt(bottom))
        if function == "log2" and not top & (top - 1) and not bottom & (bottom - 1):
            return Fraction(top.bit_length() - bottom.bit_length())
        if function == "cos" and x == 0:
            return Fraction(1)
    factor, monomial = _monomial({(function, x): 1})
    return _collect({monomial: factor})


def _sign(x: Scalar) -> int:
    """Return -1, 0 or 1; a form, which did not cancel, is enclosed until it excludes 0."""
    if not isinstance(x, Form):
        return (x > 0) - (x < 0)
    for bits in _PRECISIONS:
        try:
            lo, hi = _enclose(x, bits)
        except _Undecided:
            continue
        if lo > 0 or hi < 0:
            return 1 if lo > 0 else -1
    raise CertificateError(f"the sign of {x} is undecided with {_PRECISIONS[-1]} bits")


def _plain(x: Scalar) -> str:
    """Write a number for a message; int refuses to print thousands of digits, so cut those."""
    if isinstance(x, Form):
        return str(x)
    x = Fraction(x)
    if max(x.numerator.bit_length(), x.denominator.bit_length()) <= 512:
        return str(x)
    size = x.numerator.bit_length() - x.denominator.bit_length()
    return f"a long fraction, about {float(x):.12g}" if size < 1000 else "a huge number"


def _show(x: Scalar) -> str:
    if not isinstance(x, Form):
        return _plain(x)
    near = enclosure(x, 256)[0]
    return f"{x} (about {float(near):.12g})" if abs(near) < 10**300 else f"{x} (huge)"


_TOKEN = re.compile(r"[ \t\n]*(?:([0-9]+)|(sqrt|root[1-9][0-9]?|cos|log2|pi)|([-+*/^()]))")
_FRACTION = re.compile(r"-?[0-9]+(/[0-9]+)?")


class _Parser:
    """Read a closed expression by recursive descent; the depth of brackets is limited."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place, end = 0, len(text.rstrip(" \t\n"))
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise CertificateError(f"{text[:60]!r}: cannot read {text[place : place + 10]!r}")
            self.tokens.append(match.group(match.lastindex or 0))
            place = match.end()
        self.tokens.append("")  # the end
        self.place = self.depth = 0

    def take(self, *wanted: str) -> str:
        token = self.tokens[self.place]
        if token and token in wanted:
            self.place += 1
            return token
        return ""

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise CertificateError(f"expected {wanted!r}, found {self.tokens[self.place][:20]!r}")

    def sum(self) -> Number:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise CertificateError("brackets are nested too deeply")
        total = self.product()
        while sign := self.take("+", "-"):
            total = total + self.product() * (1 if sign == "+" else -1)
        self.depth -= 1
        return total

    def product(self) -> Number:
        total = self.factor()
        while operator := self.take("*", "/"):
            factor = self.factor()
            total = total * (factor if operator == "*" else _power(factor, -1))
            total = total if isinstance(total, Form) else _small(total)
        return total

    def factor(self) -> Number:
        sign = -1 if self.take("+", "-") == "-" else 1
        base = self.primary()
        if self.take("^"):
            inverse = self.take("-")
            power = self.primary()
            if isinstance(power, Form) or power.denominator != 1 or abs(power) > _MOST_BITS:
                raise CertificateError(f"exponent {_show(power)} is no integer, or too large")
            base = _power(base, -int(power) if inverse else int(power))
        return base * sign

    def primary(self) -> Number:
        token = self.tokens[self.place]
        self.place += 1
        if token.isdigit():
            return _small(Fraction(int(token)))
        if token == "pi":
            return Form(frozenset({(frozenset({("pi", Fraction(0), 1)}), Fraction(1))}))
        if re.fullmatch(r"sqrt|cos|log2|root[1-9][0-9]?", token):
            self.need("(")
        elif token != "(":
            raise CertificateError(f"expected a number, found {token!r}")
        inner = self.sum()
        self.need(")")
        return inner if token == "(" else _call(token, inner)


def number(text: object, where: str = "number") -> Number:
    """Read a number: a fraction, or a closed expression, which gives a `Form` or a fraction.

    Exact.  Raises `CertificateError` for anything else, also for floats, and where an argument of
    sqrt or log2 or a denominator leaves its domain or cannot be told from 0 with 4096 bits.
    """
    if not isinstance(text, str):
        raise CertificateError(f"{where}: a number is a string, not {type(text).__name__}")
    try:
        if _FRACTION.fullmatch(text):
            return _small(Fraction(text))
        if len(text) > _MOST_CHARACTERS:
            raise CertificateError("the expression is too long")
        parser = _Parser(text)
        value = parser.sum()
        if parser.tokens[parser.place]:
            raise CertificateError(f"{parser.tokens[parser.place][:20]!r} is left over")
        if isinstance(value, Form):
            enclosure(value, 64)  # a form that cannot be enclosed has no value
        return value
    except CertificateError as error:
        raise CertificateError(f"{where}: {error}") from None
    except (ValueError, ZeroDivisionError):  # int() refuses thousands of digits
        raise CertificateError(f"{where}: {text[:60]!r} is no number") from None


# ---------------------------------------------------------------- enclosures, integers only


def enclosure(x: Scalar, bits: int) -> tuple[Fraction, Fraction]:
    """Return rationals lo <= x <= hi, computed with `bits` >= 1 binary places, or more if needed.

    Exact and outward.  Raises `CertificateError` if 4096 places are not enough for x to be defined.
    """
    for precision in (bits, *(p for p in _PRECISIONS if p > bits)):
        try:
            lo, hi = _enclose(x, precision)
        except _Undecided:
            continue
        return Fraction(lo, 1 << precision), Fraction(hi, 1 << precision)
    raise CertificateError(f"{x} cannot be enclosed with {_PRECISIONS[-1]} bits")


def _enclose(x: Scalar, bits: int) -> Interval:
    lo = hi = 0
    for monomial, c in _terms(x).items():
        product = (1 << bits, 1 << bits)
        for factor in monomial:
            product = _times(product, _enclose_factor(factor, bits), bits)
        ends = sorted(c.numerator * end for end in product)
        lo += ends[0] // c.denominator
        hi -= -ends[1] // c.denominator
    return lo, hi


@lru_cache(maxsize=4096)
def _enclose_factor(factor: tuple[str, Number, int], bits: int) -> Interval:
    function, argument, power = factor
    one = 1 << bits
    base = _pi(bits) if function == "pi" else _enclose(argument, bits)
    if function == "sqrt":
        if base[0] < 0:
            raise _Undecided
        base = math.isqrt(base[0] << bits), math.isqrt(base[1] << bits) + 1
    elif function.startswith("root"):
        if base[0] < 0:
            raise _Undecided
        degree = int(function[4:])
        low, high = (_integer_root(end << bits * (degree - 1), degree) for end in base)
        base = low, high + 1
    elif function == "cos":
        base = _cos(base, bits)
    elif function == "log2":
        base = _log2(base, bits)
    value = (one, one)
    for _ in range(abs(power)):
        value = _times(value, base, bits)
    if power < 0:
        if value[0] <= 0 <= value[1]:
            raise _Undecided
        value = one * one // value[1], -(-one * one // value[0])
    return value


def _integer_root(x: int, degree: int) -> int:
    """Return the floor of the root of x >= 0, by bisection."""
    low, high = 0, 1 << (x.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= x else (low, middle)
    return low


def _times(x: Interval, y: Interval, bits: int) -> Interval:
    products = [a * b for a in x for b in y]
    return min(products) >> bits, -(-max(products) >> bits)


@lru_cache(maxsize=64)
def _pi(bits: int) -> Interval:
    """Machin: pi = 16 arctan(1/5) - 4 arctan(1/239)."""
    total = error = 0
    for weight, n in ((16, 5), (-4, 239)):
        power, k = (1 << bits) // n, 1
        while power:  # power is the floor of 2^bits / n^k
            total += weight * (power // k) * (1 if k % 4 == 1 else -1)
            error += abs(weight)  # the floor of this term
            power, k = power // (n * n), k + 2
        error += abs(weight)  # the tail, which alternates, is below one unit
    return total - error, total + error


def _cos(x: Interval, bits: int) -> Interval:
    """Taylor's series after removing whole turns; its terms alternate and decrease from x^4 on."""
    one = 1 << bits
    pi = _pi(bits)
    turns = (x[0] + x[1] + 2 * pi[0]) // (4 * pi[0])
    if x[1] - x[0] >= one or abs(turns) > 1 << 20:
        raise _Undecided
    shift = sorted(2 * turns * end for end in pi)
    x = x[0] - shift[1], x[1] - shift[0]
    if max(-x[0], x[1]) > 4 << bits:
        raise _Undecided
    squares = sorted(end * end for end in x)
    low, high = 0 if x[0] < 0 < x[1] else squares[0] >> bits, -(-squares[1] >> bits)
    term = total = (one, one)
    k = 0
    while k < 10 or term[1] > 1:
        k += 2
        term = (
            (term[0] * low >> bits) // (k * (k - 1)),
            -(-term[1] * high // (k * (k - 1)) >> bits),
        )
        if k % 4:
            total = total[0] - term[1], total[1] - term[0]
        else:
            total = total[0] + term[0], total[1] + term[1]
    return max(total[0] - 1, -one), min(total[1] + 1, one)  # the tail is below the last term


def _log2(x: Interval, bits: int) -> Interval:
    ln2 = _ln(2, 1, bits)
    if x[0] <= 0 or ln2[0] <= 0:
        raise _Undecided
    ends = []
    for end in x:
        k = end.bit_length() - 1  # end = 2^k m with 1 <= m < 2
        ln = _ln(end, 1 << k, bits)
        whole = (k - bits) << bits
        ends.append((whole + (ln[0] << bits) // ln2[1], whole - (-ln[1] << bits) // ln2[0]))
    return ends[0][0], ends[1][1]


def _ln(top: int, bottom: int, bits: int) -> Interval:
    """ln(top/bottom) in [0, ln 2] is 2 artanh y = 2 (y + y^3/3 + ..), y <= 1/3, rounded twice."""
    y = (top - bottom << bits) // (top + bottom)
    square = y * y >> bits
    lower, k = 0, 1
    while y:
        lower, y, k = lower + y // k, y * square >> bits, k + 2
    y = -((bottom - top << bits) // (top + bottom))
    square = -(-y * y >> bits)
    upper, k = 0, 1
    while y > 1:
        upper, y, k = upper - (-y // k), -(-y * square >> bits), k + 2
    return 2 * lower, 2 * upper + 4  # each later power is at most 1/9 + of the one before


# ---------------------------------------------------------------- reading JSON


def _get(holder: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    if type(holder) is not dict:
        raise CertificateError(f"{where}: expected an object, found {type(holder).__name__}")
    if key not in holder:
        raise CertificateError(f"{where}: {key!r} is missing")
    value = holder[key]
    if type(value) not in (kind if isinstance(kind, tuple) else (kind,)):  # a bool is no integer
        raise CertificateError(f"{where}: {key!r} cannot be of type {type(value).__name__}")
    return value


def _closed(holder: Any, keys: str, where: str) -> None:
    """Refuse an object with other keys than these: nothing in a file goes unread."""
    if type(holder) is not dict:
        raise CertificateError(f"{where}: expected an object, found {type(holder).__name__}")
    for key in holder:
        if key not in keys.split():
            raise CertificateError(f"{where}: the key {key[:40]!r} is not known; allowed: {keys}")


def _choice(holder: Any, key: str, choices: Sequence[str], where: str) -> str:
    value: str = _get(holder, key, str, where)
    if value not in choices:
        raise CertificateError(f"{where}: {key!r} is {value[:40]!r}, not one of {list(choices)}")
    return value


def _integers(xs: Any, where: str, low: int | None, high: int | None, length: int | None = None) -> list[int]:
    """Return the list if it has integers in low..high only (None: no limit)."""
    if type(xs) is not list or not set(map(type, xs)) <= {int}:
        raise CertificateError(f"{where}: expected a list of integers")
    if length is not None and len(xs) != length:
        raise CertificateError(f"{where}: claimed length {len(xs)}, derived {length}")
    if xs and ((low is not None and min(xs) < low) or (high is not None and max(xs) > high)):
        most = "any" if high is None else _show(high)
        raise CertificateError(f"{where}: expected integers from {low} to {most}")
    return xs


def _vector(holder: Any, length: int, where: str) -> tuple[list[Number], list[int]]:
    _closed(holder, "palette codes", where)
    palette = [number(x, f"{where}: palette") for x in _get(holder, "palette", list, where)]
    codes = _get(holder, "codes", (list, int), where)
    if type(codes) is int and length <= _MOST_ENTRIES:
        codes = [codes] * length  # all entries are equal
    return palette, _integers(codes, f"{where}: codes", 0, len(palette) - 1, length)


def _scaled(palette: Sequence[Number], unit: int = 1) -> tuple[list[Scalar], int]:
    """Return u x for x in palette and the least u, a multiple of `unit`, that makes rationals whole.

    Plain integers over one common denominator are what makes the long sums fast.
    """
    for x in palette:
        if isinstance(x, Fraction):
            unit = math.lcm(unit, x.denominator)
            _small(Fraction(unit))
    return [x * unit if isinstance(x, Form) else x.numerator * (unit // x.denominator) for x in palette], unit


def _ratio(x: Scalar, y: Scalar) -> Number:
    if isinstance(x, Form) or isinstance(y, Form):
        return x * _power(y, -1)
    return Fraction(x) / Fraction(y)


def _differ(where: str, what: str, claimed: Scalar, derived: Scalar) -> CertificateError:
    return CertificateError(
        f"{where}: claimed {what} {_show(claimed)}, derived {_show(derived)}, "
        f"difference {_show(claimed - derived)}"
    )


# ---------------------------------------------------------------- multipliers


def check_multipliers(
    program: Mapping[str, Any],
    palette: Sequence[str],
    rows: Sequence[int],
    codes: Sequence[int],
    bound: str,
    factors: Sequence[Any] = (),
) -> Number:
    """Prove `c.x <= bound` for a program in the documented form, and return the derived bound.

    Row `rows[k]` has multiplier `palette[codes[k]]`, a fraction; every other row has 0, except
    those of psd blocks: block k has Z = L L' / 4^bits with L and bits from `factors[k]`.  Exact.
    Raises `CertificateError` unless derived <= bound, with claimed, derived and difference.
    """
    where = "program"
    _closed(program, "columns blocks indptr indices values right objective lower upper", where)
    n = _get(program, "columns", int, where)
    blocks = _get(program, "blocks", list, where)
    indptr = _get(program, "indptr", list, where)
    entries = _get(program, "indices", list, where)
    _integers(indptr, "program: indptr", 0, len(entries))
    _integers(entries, "program: indices", 0, n - 1)
    values = _integers(_get(program, "values", list, where), f"{where}: values", None, None)
    if not indptr or indptr[0] or indptr[-1] != len(entries) or sorted(indptr) != indptr:
        raise CertificateError("program: indptr does not run from 0 to the number of indices")
    if len(values) != len(entries):
        raise CertificateError("program: there are not as many values as indices")
    signed, triangles = _read_blocks(blocks, len(indptr) - 1)
    right, right_codes = _vector(_get(program, "right", dict, where), len(signed), "program: right")
    lower, low_codes = _vector(_get(program, "lower", dict, where), n, "program: lower")
    upper, high_codes = _vector(_get(program, "upper", dict, where), n, "program: upper")
    goal, goal_codes = _vector(_get(program, "objective", dict, where), n, "program: objective")
    for a, b in set(zip(low_codes, high_codes, strict=True)):
        if _sign(upper[b] - lower[a]) < 0:
            raise CertificateError("program: a lower bound exceeds its upper bound")

    where = "multipliers"
    weights = [number(x, f"{where}: palette") for x in palette]
    if not all(isinstance(x, Fraction) for x in weights):
        raise CertificateError("multipliers: the palette has a number that is no fraction")
    rows = _integers(list(rows), f"{where}: rows", 0, len(signed) - 1)
    codes = _integers(list(codes), f"{where}: codes", 0, len(weights) - 1, len(rows))
    if len(set(rows)) != len(rows):
        raise CertificateError("multipliers: a row occurs twice")
    if any(signed[row] == 2 for row in rows):
        raise CertificateError("multipliers: a row of a psd block has a multiplier of its own")
    inside, share = _psd_weights(triangles, factors)

    # Everything over one denominator `unit`: z, and the reduced costs c - A'z column by column.
    _, unit = _scaled(weights, share)
    goal_scaled, unit = _scaled(goal, unit)
    z, _ = _scaled(weights, unit)
    reduced = [goal_scaled[code] for code in goal_codes]
    right_sums: list[Scalar] = [0] * len(right)  # of z over the rows that have this right side
    for row, code in zip(rows, codes, strict=True):
        if signed[row] and _sign(z[code]) < 0:
            raise CertificateError(
                f"multipliers: claimed {_show(weights[code])} at row {row}, which needs at least 0"
            )
    scale = unit // share
    linear = ((row, z[code]) for row, code in zip(rows, codes, strict=True))
    for row, weight in itertools.chain(linear, ((row, value * scale) for row, value in inside)):
        right_sums[right_codes[row]] += weight
        for k in range(indptr[row], indptr[row + 1]):
            reduced[entries[k]] -= weight * values[k]
    # (c - A'z)_j x_j is largest at the upper bound if the reduced cost is positive.
    low_sums: list[Scalar] = [0] * len(lower)
    high_sums: list[Scalar] = [0] * len(upper)
    for cost, low, high in zip(reduced, low_codes, high_codes, strict=True):
        if _sign(cost) > 0:
            high_sums[high] += cost
        else:
            low_sums[low] += cost
    derived: Number = Fraction(0)
    for sums, ends in ((right_sums, right), (low_sums, lower), (high_sums, upper)):
        for weight, end in zip(sums, ends, strict=True):
            derived = derived + end * weight
    derived = derived * Fraction(1, unit)
    claimed = number(bound, "multipliers: bound")
    if _sign(claimed - derived) < 0:
        raise _differ(where, "bound", claimed, derived)
    return derived


def _read_blocks(blocks: list[Any], count: int) -> tuple[bytearray, list[tuple[int, int]]]:
    """Return the kind of each row (0 zero, 1 nonnegative, 2 psd), and first row and size of psd blocks."""
    kinds = ("zero", "nonnegative", "psd")
    signed = bytearray()
    triangles: list[tuple[int, int]] = []
    for block in blocks:
        if type(block) is not list or len(block) != 2 or block[0] not in kinds:
            raise CertificateError("program: a block is ['zero', k], ['nonnegative', k] or ['psd', k]")
        (rows,) = _integers(block[1:], "program: blocks", 0, count - len(signed))
        if block[0] == "psd":
            triangles.append((len(signed), rows))
        signed += bytes([kinds.index(block[0])]) * rows
    if len(signed) != count:
        raise CertificateError("program: the blocks do not cover the rows")
    return signed, triangles


def _psd_weights(
    triangles: Sequence[tuple[int, int]], factors: Sequence[Any]
) -> tuple[list[tuple[int, int]], int]:
    """Return (row, numerator) for the rows of psd blocks, and their denominator.

    A block's rows are the upper triangle of an n x n matrix, column by column; row (i, j) has the
    multiplier Z_ij if i = j, else 2 Z_ij.  Z = L L' / 4^bits, so it is positive semidefinite.
    """
    where = "multipliers: factors"
    if len(factors) != len(triangles):
        raise CertificateError(f"{where}: {len(factors)} for {len(triangles)} psd blocks")
    held = []
    for (_, count), factor in zip(triangles, factors, strict=True):
        _closed(factor, "bits rows", where)
        bits = _get(factor, "bits", int, where)
        _integers([bits], f"{where}: bits", 0, 10000)
        lines = _get(factor, "rows", list, where)
        if len(lines) * (len(lines) + 1) != 2 * count:
            raise CertificateError(f"{where}: {len(lines)} rows of L for a psd block of {count} rows")
        for line in lines:
            if type(line) is not list or not line:
                raise CertificateError(f"{where}: a row of L is [first column, integers..]")
            _integers(line[:1], f"{where}: first column", 0, len(lines))
            _integers(line[1:], f"{where}: entries", None, None)
        held.append((bits, lines))
    most = max((bits for bits, _ in held), default=0)
    weights = []
    for (start, _), (bits, lines) in zip(triangles, held, strict=True):
        row, scale = start, 4 ** (most - bits)
        spans = [(line[0], line[0] + len(line) - 1) for line in lines]
        for j, right in enumerate(lines):
            first, last = spans[j]
            for i in range(j + 1):
                low, high = max(spans[i][0], first), min(spans[i][1], last)
                if low < high:
                    left, away = lines[i], 1 - spans[i][0]
                    dot = sum(
                        map(mul, left[low + away : high + away], right[low + 1 - first : high + 1 - first])
                    )
                    if dot:
                        weights.append((row, dot * scale if i == j else 2 * dot * scale))
                row += 1
    return weights, int(4**most)


def digest(program: Mapping[str, Any]) -> str:
    """Return "sha256:" and the SHA-256 of the JSON text of a program, sorted, without white space.

    Raises `CertificateError` if the program is not made of JSON values.
    """
    try:
        text = json.dumps(program, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise CertificateError("program: it is not made of JSON values") from None
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _check_multipliers_of(
    multipliers: Any,
    quantity: str,
    programs: Mapping[str, dict[str, Any]],
    lifted: Mapping[str, Lifted],
) -> tuple[Number, str, bool]:
    """Return the claimed bound, which is proved, a line about it, and if the file carried P."""
    where = "multipliers"
    _closed(multipliers, "bound digest program lift palette rows codes factors", where)
    bound = number(_get(multipliers, "bound", str, where), f"{where}: bound")
    name = _get(multipliers, "digest", str, where)
    program = _get(multipliers, "program", (dict, type(None)), where)
    lift = _get(multipliers, "lift", (str, type(None)), where)
    palette, rows, codes = (_get(multipliers, k, list, where) for k in ("palette", "rows", "codes"))
    if lift not in (None, "colour-refinement"):
        raise CertificateError(f"{where}: unknown lift {lift[:40]!r}")
    carried = program is not None
    if program is None and name not in programs:
        raise CertificateError(
            f"{where}: the certificate carries no program; `freerand check` can rebuild it"
        )
    if lift is not None:
        if name not in lifted:
            raise CertificateError(f"{where}: they belong to classes of rows; `freerand check` can lift them")
        palette, rows, codes = lifted[name]
    program = programs[name] if program is None else program
    if (derived := digest(program)) != name:
        raise CertificateError(f"{where}: claimed digest {name[:80]}, derived {derived}")
    factors = _get(multipliers, "factors", list, where) if "factors" in multipliers else []
    exact = check_multipliers(program, palette, rows, codes, multipliers["bound"], factors)
    goal = program["objective"]
    if quantity == "strategy" and any(number(goal["palette"][c]) != 0 for c in set(goal["codes"])):
        raise CertificateError("program: the objective of the question for a strategy is not 0")
    if quantity == "strategy" and _sign(bound) >= 0:
        raise CertificateError(f"{where}: claimed bound {_show(bound)} is not negative: no contradiction")
    line = (
        f"multipliers: {len(rows)} of {len(program['indptr']) - 1} rows of a program with "
        f"{program['columns']} columns, {'carried by the file' if carried else 'supplied'}, "
        f"{name[:15]}..: its maximum is at most {_show(exact)}"
    )
    line += "; claimed and proved: infeasible" if quantity == "strategy" else ""
    lifting = ", lifted by the caller" if lift is not None else ""
    return bound, line + lifting, carried and lift is None


# ---------------------------------------------------------------- prices of products


def _check_products_of(
    proof: Any, raw: Any, quantity: str, programs: Mapping[str, dict[str, Any]]
) -> tuple[Number, str, bool]:
    """Return the claimed bound, proved by prices at which no product of distributions gains.

    The program's columns are, box by box, t(s) for the joint settings and then their mean; rows say
    that it is the mean, what was observed, and the tests. With prices z and gains h = c - A'z,
    c.t <= z.b for every t that is a sum of products if no product gains anything from any box.
    """
    where = "products"
    _closed(proof, "bound digest program palette rows codes", where)
    bound = number(_get(proof, "bound", str, where), f"{where}: bound")
    name = _get(proof, "digest", str, where)
    program = _get(proof, "program", (dict, type(None)), where)
    carried = program is not None
    if program is None and name not in programs:
        raise CertificateError(
            f"{where}: the certificate carries no program; `freerand check` can rebuild it"
        )
    program = programs[name] if program is None else program
    if (derived := digest(program)) != name:
        raise CertificateError(f"{where}: claimed digest {name[:80]}, derived {derived}")
    palette, rows, codes = (_get(proof, k, list, where) for k in ("palette", "rows", "codes"))
    # the general check reads program and prices, and proves z.b where every column is held at 0
    columns = _get(program, "columns", int, "program")
    nothing = {"palette": ["0"], "codes": [0] * columns}
    held = check_multipliers(
        {**program, "lower": nothing, "upper": nothing}, palette, rows, codes, str(bound)
    )
    goal, goal_codes = _vector(program["objective"], columns, "program: objective")
    if quantity == "strategy" and (any(goal[c] != 0 for c in set(goal_codes)) or _sign(bound) >= 0):
        raise CertificateError(f"{where}: no contradiction: the objective or the bound is not as needed")
    gains = [goal[code] for code in goal_codes]
    if not all(isinstance(x, Fraction) for x in gains):
        raise CertificateError(f"{where}: the objective has a number that is no fraction")
    for row, code in zip(rows, codes, strict=True):
        price = Fraction(palette[code])
        for k in range(program["indptr"][row], program["indptr"][row + 1]):
            gains[program["indices"][k]] -= price * program["values"][k]
    sizes = raw["scenario"]["settings"]
    parts = _product_parts(raw["source"], sizes)
    joint = math.prod(sizes)
    if columns % (joint + 1):
        raise CertificateError(f"{where}: the columns are not boxes times settings")
    for start in range(0, columns, joint + 1):
        share = gains[start + joint] / joint  # the mean's gain, setting by setting
        unit = math.lcm(*(x.denominator for x in (*gains[start : start + joint], share)))
        scaled = [int((x + share) * unit) for x in gains[start : start + joint]]
        if not _gains_nothing(scaled, sizes, parts):
            raise CertificateError(
                f"{where}: a product of distributions gains from box {start // (joint + 1)}"
            )
    line = (
        f"products: prices of {len(rows)} rows, {columns // (joint + 1)} boxes, "
        f"{'carried by the file' if carried else 'supplied'}, {name[:15]}..: no product of distributions "
        f"gains; the maximum is at most {_show(held)}"
    )
    return bound, line + ("; claimed and proved: infeasible" if quantity == "strategy" else ""), carried


def _product_parts(source: Any, sizes: Sequence[int]) -> list[tuple[int, int, list[int]]]:
    """Return for each party (p, q, settings in leaf order), bit probabilities p >= q over one denominator."""
    if source["kind"] != "per-party":
        raise CertificateError("products: the source is not one of independent parties")
    found = []
    for part, size in zip(source["parts"], sizes, strict=True):
        if part["kind"] == "uniform":
            found.append((1, 1, list(range(size))))
            continue
        most, encoding = _read_bits(part, [size], "products")
        if not isinstance(most, Fraction):
            raise CertificateError("products: epsilon is no fraction")
        bits = [(0, j) for j in range(size.bit_length() - 1)]
        order = _inverse([_leaf([x], bits, [size], encoding) for x in range(size)])
        found.append((most.numerator, most.denominator - most.numerator, order))
    return found


def _gains_nothing(
    gains: list[int], sizes: Sequence[int], parts: Sequence[tuple[int, int, list[int]]]
) -> bool:
    """Return whether no product of distributions has a positive gain; by branch and bound.

    The last party's bits see which setting the others chose, so its best response is a recursion.
    An earlier party's bit is fixed or, for a bound from above, may see all later parties' settings.
    """
    stack: list[list[dict[int, bool]]] = [[{} for _ in sizes]]
    for _ in range(_MOST_BRANCHES):
        if not stack:
            return True
        fixed = stack.pop()
        level = gains
        for (p, q, order), size, bits in zip(parts, sizes, fixed, strict=True):
            rest = len(level) // size
            level = [_fold([level[x * rest + r] for x in order], p, q, bits) for r in range(rest)]
        if level[0] <= 0:
            continue
        biased = (p for p, n in enumerate(sizes[:-1]) if parts[p][0] != parts[p][1] and len(fixed[p]) < n - 1)
        party = next(biased, None)
        if party is None:
            return False
        node = len(fixed[party])  # from the root down, level by level
        for heavy in (False, True):
            stack.append([{**bits, node: heavy} if p == party else bits for p, bits in enumerate(fixed)])
    raise CertificateError(f"products: undecided after {_MOST_BRANCHES} branches")


def _fold(level: list[int], p: int, q: int, fixed: Mapping[int, bool]) -> int:
    """Return the largest gain of a tree of bits; node v (root 0) is heavy on the left, or not.

    It is scaled by the number of leaves if p = q, where all of them count alike and need be no tree.
    """
    if p == q:
        return sum(level)
    while len(level) > 1:
        first, pairs = len(level) // 2 - 1, zip(level[::2], level[1::2], strict=True)
        ways = [
            (left, right) if fixed.get(first + k, left >= right) else (right, left)
            for k, (left, right) in enumerate(pairs)
        ]
        level = [p * heavy + q * light for heavy, light in ways]
    return level[0]


# ---------------------------------------------------------------- the question, a second time


@dataclass(frozen=True)
class _Score:
    conditional: bool
    terms: list[tuple[int, int, Number]]


@dataclass(frozen=True)
class _Condition:
    terms: list[tuple[_Word, Number]]
    relation: str
    bound: Number


@dataclass(frozen=True)
class _Question:
    settings: list[int]
    outcomes: list[int]
    count_settings: int
    count_outcomes: int
    source: Membership  # raises unless masses are in the cone of the source
    observed: list[Number] | None  # None: free
    devices: str
    told: bool
    tests: list[tuple[_Score, str, Number]]
    quantity: str
    values: list[int]
    count: int
    at: int | None  # None: average
    score: _Score | None
    smallest: bool
    used: frozenset[int]  # joint settings at which outcomes matter
    moments: list[_Condition]  # on moments averaged over w


_AT = ("ask", "at")
_LEAKS = ("guessing-probability", "trace-distance", "min-entropy")


def _read_question(raw: Any) -> _Question:
    where = "question"
    _closed(raw, "scenario source observed adversary tests ask", where)
    settings, outcomes, count_settings, count_outcomes = _read_scenario(raw, where)
    source = _read_source(_get(raw, "source", dict, where), settings, f"{where}: source")
    observed = _read_observed(_get(raw, "observed", dict, where), count_settings, where)
    adversary = _get(raw, "adversary", dict, where)
    devices = _choice(adversary, "devices", ("local", "quantum", "no-signalling"), where)
    own_keys = " level moments" if devices == "quantum" else ""
    _closed(adversary, f"devices told{own_keys}", f"{where}: adversary")
    if devices == "quantum":
        _get(adversary, "level", str, where)
    moments = _read_moments(adversary, devices, settings, outcomes, where)
    told = _choice(adversary, "told", ("settings", "nothing"), where)

    def score(holder: Any, place: str, linear: bool = True) -> _Score:
        found = _read_score(holder, place, count_settings, count_outcomes)
        if linear and observed is None and found.conditional and len({s for _, s, _ in found.terms}) > 1:
            raise CertificateError(
                f"{place}: with free settings a conditional score has all terms at one setting"
            )
        return found

    tests = []
    for k, test in enumerate(_get(raw, "tests", list, where)):
        place = f"{where}: test {k}"
        _closed(test, "on terms relation score", place)
        relation = _choice(test, "relation", ("<=", ">=", "="), place)
        limit = number(_get(test, "score", str, place), f"{place}: score")
        # a <= or >= of a sum of ratios is tested as it is on attacks; see docs/certificates.md
        tests.append((score(test, place, linear=relation == "="), relation, limit))
    ask, place = _get(raw, "ask", dict, where), f"{where}: ask"
    quantity = _choice(ask, "quantity", (*_LEAKS, "score", "strategy"), place)
    own_keys = "values count at" if quantity in _LEAKS else "on terms extreme" if quantity == "score" else ""
    _closed(ask, f"quantity {own_keys}", place)
    values: list[int] = []
    count, smallest = 1, False
    at: int | None = None
    asked: _Score | None = None
    if quantity in _LEAKS:
        (count,) = _integers([_get(ask, "count", int, place)], f"{place}: count", 1, _MOST_VALUES)
        values = _get(ask, "values", list, place)
        _integers(values, f"{place}: values", 0, count - 1, count_outcomes)
        at = _read_place(ask, settings, place)
    elif quantity == "score":
        asked = score(ask, place)
        smallest = _choice(ask, "extreme", ("largest", "smallest"), place) == "smallest"
    spots = {s for expression, _, _ in tests for _, s, _ in expression.terms}
    spots |= {s for _, s, _ in asked.terms} if asked is not None else set()
    if quantity in _LEAKS:
        spots |= set(range(count_settings)) if at is None else {at}
    return _Question(
        settings,
        outcomes,
        count_settings,
        count_outcomes,
        source,
        observed,
        devices,
        told == "settings",
        tests,
        quantity,
        values,
        count,
        at,
        asked,
        smallest,
        frozenset(spots),
        moments,
    )


def _read_scenario(raw: Any, where: str) -> tuple[list[int], list[int], int, int]:
    """Return settings and outcomes of each party, and how many joint settings and outcomes there are."""
    scenario = _get(raw, "scenario", dict, where)
    _closed(scenario, "settings outcomes family", f"{where}: scenario")
    settings = _integers(_get(scenario, "settings", list, where), f"{where}: settings", 1, None)
    outcomes = _integers(
        _get(scenario, "outcomes", list, where), f"{where}: outcomes", 1, None, len(settings)
    )
    count_settings = count_outcomes = 1
    for factor, other in zip(settings, outcomes, strict=True):
        count_settings, count_outcomes = count_settings * factor, count_outcomes * other
        if count_settings * count_outcomes > _MOST_ENTRIES or not 1 <= len(settings) <= 26:
            raise CertificateError(f"{where}: the scenario is too large")
    if not settings:
        raise CertificateError(f"{where}: there is no party")
    return settings, outcomes, count_settings, count_outcomes


def _read_observed(raw: Any, count: int, where: str) -> list[Number] | None:
    """Return the probability of each joint setting, or None if they are free."""
    _closed(raw, "settings", f"{where}: observed")
    kind = _get(raw, "settings", (str, list), f"{where}: observed")
    if isinstance(kind, list):
        observed = [number(x, f"{where}: observed") for x in kind]
        total: Number = Fraction(0)
        for x in observed:
            total = total + x
        if len(observed) != count or any(_sign(x) < 0 for x in observed) or total != 1:
            raise CertificateError(f"{where}: observed settings are no distribution")
        return observed
    if kind not in ("uniform", "free"):
        raise CertificateError(f"{where}: unknown observed settings {kind[:40]!r}")
    return [Fraction(1, count)] * count if kind == "uniform" else None


def _read_score(holder: Any, place: str, count_settings: int, count_outcomes: int) -> _Score:
    """Return a functional; its terms ascend, so that none stands twice."""
    on = _choice(holder, "on", ("conditional", "joint"), place)
    terms: list[tuple[int, int, Number]] = []
    for term in _get(holder, "terms", list, place):
        if type(term) is not list or len(term) != 3:
            raise CertificateError(f"{place}: a term is [o, s, number]")
        _integers(term[:1], f"{place}: joint outcome", 0, count_outcomes - 1)
        _integers(term[1:2], f"{place}: joint setting", 0, count_settings - 1)
        if terms and tuple(term[:2]) <= terms[-1][:2]:
            raise CertificateError(f"{place}: term {term[:2]} stands twice, or not in ascending order")
        terms.append((term[0], term[1], number(term[2], place)))
    return _Score(on == "conditional", terms)


def _read_place(ask: Any, settings: list[int], place: str) -> int | None:
    """Return the joint setting that is asked for, None for the average."""
    spot = _get(ask, "at", (str, list), place)
    if not isinstance(spot, list):
        if spot != "average":
            raise CertificateError(f"{place}: unknown place {spot[:40]!r}")
        return None
    if any(type(x) is not int for x in spot) or len(spot) != len(settings):
        raise CertificateError(f"{place}: 'at' needs one setting for each party")
    at = 0
    for x, n in zip(spot, settings, strict=True):
        if not 0 <= x < n:
            raise CertificateError(f"{place}: there is no setting {_show(x)}")
        at = at * n + x
    return at


def _read_moments(
    adversary: Any, devices: str, settings: list[int], outcomes: list[int], where: str
) -> list[_Condition]:
    """Return the conditions on moments, which quantum devices have."""
    if "moments" not in adversary:
        return []
    if devices != "quantum":
        raise CertificateError(f"{where}: conditions on moments need quantum devices")
    found = []
    for k, condition in enumerate(_get(adversary, "moments", list, where)):
        place = f"{where}: moments {k}"
        _closed(condition, "terms relation bound", place)
        relation = _choice(condition, "relation", ("<=", ">=", "="), place)
        bound = number(_get(condition, "bound", str, place), f"{place}: bound")
        terms: list[tuple[_Word, Number]] = []
        for term in _get(condition, "terms", list, place):
            if type(term) is not list or len(term) != 2 or type(term[0]) is not str:
                raise CertificateError(f"{place}: a term is [name, number]")
            # operators of different parties commute, so their order is no difference
            word = sorted(_read_word(term[0], settings, outcomes, place), key=lambda factor: factor[0])
            if any(word == other for other, _ in terms):
                raise CertificateError(f"{place}: {term[0][:60]!r} stands twice")
            terms.append((word, number(term[1], place)))
        found.append(_Condition(terms, relation, bound))
    return found


def _read_word(name: str, settings: list[int], outcomes: list[int], where: str) -> _Word:
    """Return (party, setting, outcome) of each operator of <A0 B1> or <A[0|1]>; outcome None: observable."""
    whole = re.fullmatch(r"\s*<([^<>]{1,400})>\s*", name, re.ASCII)
    word = []
    for text in [] if whole and whole[1].strip() == "1" else whole[1].split() if whole else [""]:
        parts = re.fullmatch(r"([A-Z])(?:(\d{1,6})|\[(\d{1,6})\|(\d{1,6})\])", text, re.ASCII)
        party = ord(text[0]) - ord("A") if parts else 0
        if parts is None or party >= len(settings) or (outcomes[party] == 2) != (parts[2] is not None):
            raise CertificateError(f"{where}: {name[:60]!r} is no moment")
        setting, outcome = int(parts[2] or parts[4]), None if parts[2] else int(parts[3])
        if setting >= settings[party] or (outcome or 0) >= max(outcomes[party] - 1, 1):
            raise CertificateError(f"{where}: {name[:60]!r} is no moment of this scenario")
        word.append((party, setting, outcome))
    return word


def _digits(index: int, sizes: Sequence[int]) -> list[int]:
    """Split a joint index into the parties' parts, row-major: the last party is the fastest."""
    parts = []
    for size in reversed(sizes):
        index, part = divmod(index, size)
        parts.append(part)
    return parts[::-1]


def _joint(parts: Sequence[int], sizes: Sequence[int]) -> int:
    index = 0
    for part, size in zip(parts, sizes, strict=True):
        index = index * size + part
    return index


def _read_source(raw: Any, settings: list[int], where: str) -> Membership:
    """Return a function (masses, where) that raises unless the masses are in the source's cone."""
    kinds = ("uniform", "santha-vazirani", "mutual", "per-party", "measurement-dependence", "inequalities")
    kind = _choice(raw, "kind", kinds, where)
    joint = range(math.prod(settings))
    own_keys = {
        "santha-vazirani": "epsilon order bits",
        "mutual": "epsilon bits",
        "per-party": "parts",
        "measurement-dependence": "lower upper",
        "inequalities": "rows",
    }
    _closed(raw, f"kind {own_keys.get(kind, '')}", where)
    if kind == "uniform":
        return _is_constant
    if kind == "santha-vazirani":
        most, leaves = _read_sequence(raw, settings, where)
        at_leaf = _inverse(leaves)
        return lambda masses, place: _check_tree([masses[s] for s in at_leaf], most, place)
    if kind == "mutual":
        most, encoding = _read_bits(raw, settings, where)
        lines = [line for party in range(len(settings)) for line in _lines(party, settings, encoding)]

        def mutual(masses: list[Scalar], place: str) -> None:
            for line in lines:
                _check_tree([masses[s] for s in line], most, place)

        return mutual
    if kind == "per-party":
        return _read_parts(_get(raw, "parts", list, where), settings, where)
    if kind == "measurement-dependence":
        low, high = (number(_get(raw, key, str, where), f"{where}: {key}") for key in ("lower", "upper"))
        rows: list[tuple[dict[int, Number], Number]] = []
        for sign, limit in ((1, high), (-1, -low)):
            rows += [({s: Fraction(sign)}, limit) for s in joint]
        return lambda masses, place: _check_rows(masses, rows, place)
    own = []
    for row in _get(raw, "rows", list, where):
        _closed(row, "terms bound", where)
        terms: dict[int, Number] = {}
        for term in _get(row, "terms", list, where):
            if type(term) is not list or len(term) != 2:
                raise CertificateError(f"{where}: a term is [s, number]")
            _integers(term[:1], f"{where}: joint setting", 0, len(joint) - 1)
            if term[0] in terms:
                raise CertificateError(f"{where}: setting {term[0]} occurs twice in one row")
            terms[term[0]] = number(term[1], where)
        own.append((terms, number(_get(row, "bound", str, where), f"{where}: bound")))
    return lambda masses, place: _check_rows(masses, own, place)


def _read_sequence(raw: Any, settings: list[int], where: str) -> tuple[Number, list[int]]:
    """Return the largest probability of a bit, and the leaf of each joint setting in one time order."""
    names = [chr(ord("A") + party) for party in range(len(settings))]
    order = _choice(raw, "order", ["interleaved", *(f"{name} first" for name in names)], where)
    bits = [(p, j) for p, n in enumerate(settings) for j in range(n.bit_length() - 1)]
    if order == "interleaved":
        bits.sort(key=lambda bit: bit[1])  # stable: party by party within one round
    else:
        bits.sort(key=lambda bit: names[bit[0]] != order[0])
    most, encoding = _read_bits(raw, settings, where)
    leaves = [0]
    for party, n in enumerate(settings):  # a party's bits are its own, so their places can be added
        zeros = [0] * len(settings)
        own = [_leaf([*zeros[:party], x, *zeros[party + 1 :]], bits, settings, encoding) for x in range(n)]
        leaves = [leaf + more for leaf in leaves for more in own]
    return most, leaves


def _read_bits(raw: Any, settings: list[int], where: str) -> tuple[Number, str]:
    """Return the largest probability of a bit and the encoding of bits into settings."""
    epsilon = number(_get(raw, "epsilon", str, where), f"{where}: epsilon")
    if _sign(epsilon) < 0 or _sign(Fraction(1, 2) - epsilon) < 0:
        raise CertificateError(f"{where}: epsilon {_show(epsilon)} is not in [0, 1/2]")
    if any(n & (n - 1) for n in settings):
        raise CertificateError(f"{where}: bits need numbers of settings that are powers of 2")
    encodings = ("most-significant-first", "least-significant-first", "gray")
    return epsilon + Fraction(1, 2), _choice(raw, "bits", encodings, where)


def _leaf(parts: Sequence[int], bits: list[tuple[int, int]], settings: Sequence[int], encoding: str) -> int:
    """Return the bits of a joint setting in the order of time, read as a binary number."""
    leaf = 0
    for party, j in bits:
        code, last = parts[party], settings[party].bit_length() - 2
        if encoding == "gray":
            code ^= code >> 1
        leaf = leaf * 2 + (code >> (j if encoding[0] == "l" else last - j) & 1)
    return leaf


def _inverse(leaves: Sequence[int]) -> list[int]:
    places = [0] * len(leaves)
    for s, leaf in enumerate(leaves):
        places[leaf] = s
    return places


def _lines(party: int, settings: list[int], encoding: str) -> list[list[int]]:
    """Return, for each setting of the others, the joint settings of a party in leaf order."""
    size = settings[party]
    bits = [(0, j) for j in range(size.bit_length() - 1)]
    order = _inverse([_leaf([x], bits, [size], encoding) for x in range(size)])
    found = []
    for s in range(math.prod(settings)):
        parts = _digits(s, settings)
        if parts[party] == 0:
            found.append([_joint([*parts[:party], x, *parts[party + 1 :]], settings) for x in order])
    return found


def _read_parts(raw: list[Any], settings: list[int], where: str) -> Membership:
    """Parties with sources of their own, independent given W: a product of distributions."""
    if len(raw) != len(settings):
        raise CertificateError(f"{where}: claimed {len(raw)} parts, derived {len(settings)} parties")
    parts: list[tuple[Number, list[int], bool]] = []
    for part, size in zip(raw, settings, strict=True):
        if _choice(part, "kind", ("uniform", "santha-vazirani"), where) == "uniform":
            _closed(part, "kind", where)
            parts.append((Fraction(1, 2), list(range(size)), True))
            continue
        _closed(part, "kind epsilon order bits", where)
        most, encoding = _read_bits(part, [size], where)
        bits = [(0, j) for j in range(size.bit_length() - 1)]
        parts.append((most, _inverse([_leaf([x], bits, [size], encoding) for x in range(size)]), False))

    def product(masses: list[Scalar], place: str) -> None:
        total = sum(masses[1:], masses[0])
        marginals: list[list[Scalar]] = [[0] * size for size in settings]
        digits = [_digits(s, settings) for s in range(len(masses))]
        for mass, own in zip(masses, digits, strict=True):
            for marginal, x in zip(marginals, own, strict=True):
                marginal[x] = marginal[x] + mass
        for (most, order, uniform), marginal in zip(parts, marginals, strict=True):
            if uniform:
                _is_constant(marginal, place)
            else:
                _check_tree([marginal[x] for x in order], most, place)
        for s, (mass, own) in enumerate(zip(masses, digits, strict=True)):
            left, right = mass, marginals[0][own[0]]
            for marginal, x in zip(marginals[1:], own[1:], strict=True):
                left, right = left * total, right * marginal[x]
            if left != right:
                raise CertificateError(f"{place}: the parties' settings are not independent, at setting {s}")

    return product


def _is_constant(masses: list[Scalar], where: str) -> None:
    if len(set(masses)) > 1:
        raise _OutsideError(f"{where}: the source is uniform, the masses are not")


def _check_rows(masses: list[Scalar], rows: list[tuple[dict[int, Number], Number]], where: str) -> None:
    total = sum(masses[1:], masses[0])
    for terms, limit in rows:
        left: Scalar = 0
        for s, factor in terms.items():
            left = left + factor * masses[s]
        if _sign(limit * total - left) < 0:
            raise _outside(where, "at most", limit * total, left)


def _check_tree(level: list[Scalar], most: Number, where: str) -> None:
    """Check that masses in leaf order are those of biased bits, pair by pair up the tree."""
    top, bottom = (most, 1) if isinstance(most, Form) else (most.numerator, most.denominator)
    while len(level) > 1:
        nodes: list[Scalar] = [a + b for a, b in zip(level[::2], level[1::2], strict=True)]
        pairs = {(child, nodes[k >> 1]) for k, child in enumerate(level)}
        for child, node in pairs:  # at most 1/2 + eps; the sibling's makes it at least 1/2 - eps
            if _sign(node * top - child * bottom) < 0:
                raise _outside(where, "bias at most", most, _ratio(child, node))
        level = nodes


def _outside(where: str, what: str, limit: Scalar, derived: Scalar) -> _OutsideError:
    return _OutsideError(str(_differ(f"{where}: outside the source", what, limit, derived)))


_BOX_KEYS = {
    "deterministic": "outcomes",
    "quantum": "dimensions state measurements",
    "angles": "angles",
    "xor": "parity",
    "table": "denominator numerators",
}


def _read_box(raw: Any, q: _Question, where: str) -> tuple[Columns, int, _Moment]:
    """Return P(o|s) as integer weights over one denominator, and moments; the box is no-signalling."""
    kind = _choice(raw, "kind", list(_BOX_KEYS), where)
    if q.devices == "local" and kind != "deterministic":
        raise CertificateError(f"{where}: local devices have deterministic boxes, this is {kind}")
    if q.devices == "quantum" and kind not in ("deterministic", "quantum", "angles"):
        raise CertificateError(f"{where}: quantum devices have states and measurements, this is {kind}")
    _closed(raw, f"kind {_BOX_KEYS[kind]}", where)
    if kind == "quantum":
        return _read_quantum(raw, q, where)
    if kind == "angles":
        return _read_angles(raw, q, where)
    if kind == "deterministic":
        lists = _get(raw, "outcomes", list, where)
        if len(lists) != len(q.settings):
            raise CertificateError(f"{where}: {len(lists)} lists for {len(q.settings)} parties")
        joint = [0]
        for answers, n, d in zip(lists, q.settings, q.outcomes, strict=True):
            _integers(answers, f"{where}: outcomes", 0, d - 1, n)
            joint = [o * d + x for o in joint for x in answers]

        def certain(word: _Word) -> Fraction:
            values = [
                (1 if lists[p][s] == 0 else -1) if o is None else int(lists[p][s] == o) for p, s, o in word
            ]
            return Fraction(math.prod(values))

        return [[(o, 1)] for o in joint], 1, certain
    if kind == "xor":
        if q.outcomes != [2, 2]:
            raise CertificateError(f"{where}: xor needs two parties with two outcomes each")
        parity = _get(raw, "parity", list, where)
        _integers(parity, f"{where}: parity", 0, 1, q.count_settings)
        return [[(0, 1), (3, 1)] if bit == 0 else [(1, 1), (2, 1)] for bit in parity], 2, _no_moment
    unit = _get(raw, "denominator", int, where)
    (unit,) = _integers([unit], f"{where}: denominator", 1, 1 << _MOST_BITS)
    size, width = q.count_settings, q.count_outcomes
    table = _get(raw, "numerators", list, where)
    _integers(table, f"{where}: numerators", 0, unit, size * width)
    for s in range(size):
        if (total := sum(table[s::size])) != unit:
            raise _differ(where, f"probability at setting {s}", Fraction(1), Fraction(total, unit))
    for party in range(len(q.settings)):
        # The others' marginal must be the one they have when this party's setting is its first.
        step_s, step_o = math.prod(q.settings[party + 1 :]), math.prod(q.outcomes[party + 1 :])
        n, d = q.settings[party], q.outcomes[party]
        firsts = [o for o in range(width) if o // step_o % d == 0]
        for s in range(size):
            first = s - s // step_s % n * step_s
            for o in firsts if first != s else ():
                here, there = (sum(table[(o + x * step_o) * size + t] for x in range(d)) for t in (s, first))
                if here != there:
                    raise _differ(
                        f"{where}: party {party} signals",
                        f"marginal at setting {s}",
                        Fraction(here, unit),
                        Fraction(there, unit),
                    )
    columns = [[(o, w) for o in range(width) if (w := table[o * size + s])] for s in range(size)]
    return columns, unit, _no_moment


def _no_moment(word: _Word) -> Fraction:
    raise CertificateError("attack: moments are those of quantum boxes in integers and of deterministic ones")


def _complex(raw: Any, where: str, length: int) -> _Vector:
    """Return real and imaginary parts of a vector of integers and pairs of integers."""
    if type(raw) is not list or len(raw) != length:
        raise CertificateError(f"{where} needs a list of {length} entries")
    pairs = [x if type(x) is list else [x, 0] for x in raw]
    for pair in pairs:
        _integers(pair, where, None, None, 2)
    return [x for x, _ in pairs], [y for _, y in pairs]


def _inner(v: _Vector, u: tuple[list[Any], list[Any]]) -> tuple[Any, Any]:
    """Return <v, u>, antilinear in v."""
    (a, b), (c, d) = v, u
    return sum(map(mul, a, c)) + sum(map(mul, b, d)), sum(map(mul, a, d)) - sum(map(mul, b, c))


def _read_quantum(raw: Any, q: _Question, where: str) -> tuple[Columns, int, _Moment]:
    """Return P(o|s) of a state and orthogonal projectors, as integers over one denominator, and moments."""
    sizes = _get(raw, "dimensions", list, where)
    _integers(sizes, f"{where}: dimensions", 1, 64, len(q.settings))
    if math.prod(sizes) > _MOST_ENTRIES:
        raise CertificateError(f"{where}: dimensions are too large")
    state = _complex(_get(raw, "state", list, where), f"{where}: state", math.prod(sizes))
    norm = _inner(state, state)[0]
    if not norm:
        raise CertificateError(f"{where}: the state is 0")
    parties = _get(raw, "measurements", list, where)
    if len(parties) != len(sizes):
        raise CertificateError(f"{where}: {len(parties)} lists of measurements for {len(sizes)} parties")
    known = [_read_measurements(own, party, sizes, q, where) for party, own in enumerate(parties)]
    columns: list[list[tuple[int, Fraction]]] = []
    unit = 1
    for s in range(q.count_settings):
        if s not in q.used:
            columns.append([])
            continue
        held = [(0, state, Fraction(1, norm))]  # joint outcome so far, what is left, its weight
        for party, setting in enumerate(_digits(s, q.settings)):
            rest = math.prod(sizes[party + 1 :])
            longer = []
            for o, (a, b), weight in held:
                for x, v, length in known[party][setting]:
                    left = [_inner(v, (a[j::rest], b[j::rest])) for j in range(rest)]
                    part = [y for y, _ in left], [y for _, y in left]
                    longer.append((o * q.outcomes[party] + x, part, weight / length))
            held = longer
        chances: dict[int, Fraction] = {}
        for o, ((x,), (y,)), weight in held:
            chances[o] = chances.get(o, Fraction(0)) + weight * (x * x + y * y)
        columns.append(list(chances.items()))
        unit = math.lcm(unit, *(chance.denominator for chance in chances.values()))

    def moment(word: _Word) -> Fraction:
        """Return the real part of <state, word state>; operators act from the last to the first."""
        held: tuple[list[Any], list[Any]] = state
        for party, setting, outcome in reversed(word):
            held = _applied(held, known[party][setting], outcome, sizes, party)
        return Fraction(_inner(state, held)[0], norm)

    weights: Columns = [[(o, int(chance * unit)) for o, chance in column] for column in columns]
    return weights, unit, moment


def _read_measurements(
    settings: Any, party: int, sizes: Sequence[int], q: _Question, where: str
) -> list[list[tuple[int, _Vector, int]]]:
    """Return for each setting (outcome, vector, squared length) of an orthogonal basis."""
    size, n, d = sizes[party], q.settings[party], q.outcomes[party]
    if type(settings) is not list or len(settings) != n:
        raise CertificateError(f"{where}: party {party} needs one measurement for each of {n} settings")
    known = []
    for outcomes in settings:
        if type(outcomes) is not list or len(outcomes) != d or any(type(vs) is not list for vs in outcomes):
            raise CertificateError(f"{where}: a measurement of party {party} needs {d} lists of vectors")
        vectors: list[tuple[int, _Vector, int]] = []
        for x, vs in enumerate(outcomes):
            for entries in vs:
                v = _complex(entries, f"{where}: vector", size)
                if not (length := _inner(v, v)[0]) or any(any(_inner(v, u)) for _, u, _ in vectors):
                    raise CertificateError(f"{where}: vectors of party {party} are 0 or not orthogonal")
                vectors.append((x, v, length))
        if len(vectors) != size:
            raise CertificateError(f"{where}: the projectors of party {party} do not sum to 1")
        known.append(vectors)
    return known


def _applied(
    state: tuple[list[Any], list[Any]],
    vectors: list[tuple[int, _Vector, int]],
    outcome: int | None,
    sizes: Sequence[int],
    party: int,
) -> tuple[list[Any], list[Any]]:
    """Return the projector on an outcome, or the observable (None: outcome 0 less outcome 1), on a state."""
    real, imaginary = [Fraction(0)] * len(state[0]), [Fraction(0)] * len(state[0])
    rest, size = math.prod(sizes[party + 1 :]), sizes[party]
    for first in range(0, len(real), rest * size):
        for j in range(first, first + rest):
            span = slice(j, j + rest * size, rest)
            here = state[0][span], state[1][span]
            for x, (a, b), length in vectors:
                if outcome is not None and x != outcome:
                    continue
                share = Fraction(-1 if outcome is None and x else 1, length)
                c, d = (part * share for part in _inner((a, b), here))
                for k in range(size):
                    real[j + k * rest] += c * a[k] - d * b[k]
                    imaginary[j + k * rest] += c * b[k] + d * a[k]
    return real, imaginary


_COSINES = {"0": "1", "1/6": "1/2*sqrt(3)", "1/4": "1/2*sqrt(2)", "1/3": "1/2", "1/2": "0"}


def _read_angles(raw: Any, q: _Question, where: str) -> tuple[Columns, int, _Moment]:
    """Return P(o|s) of |00> + |11> and observables cos(pi t) Z + sin(pi t) X, as forms over 4.

    Outcomes are unbiased and their correlator is cos(pi (t - u)); angles t, u are fractions.
    """
    if q.outcomes != [2, 2]:
        raise CertificateError(f"{where}: angles need two parties with two outcomes each")
    parties = _get(raw, "angles", list, where)
    if len(parties) != 2 or [len(x) if type(x) is list else -1 for x in parties] != q.settings:
        raise CertificateError(f"{where}: angles need one list for each party, one for each setting")
    first, second = ([number(x, f"{where}: angle") for x in party] for party in parties)
    known: dict[Fraction, Number] = {}
    columns: Columns = []
    nothing: list[tuple[int, Scalar]] = []
    for s in range(q.count_settings):
        if s not in q.used:
            columns.append(nothing)
            continue
        left, right = first[s // q.settings[1]], second[s % q.settings[1]]
        if isinstance(left, Form) or isinstance(right, Form):
            raise CertificateError(f"{where}: an angle is a fraction, in units of pi")
        turn = abs(left - right) % 2
        turn = min(turn, 2 - turn)
        if turn not in known:
            small = str(min(turn, 1 - turn))
            cosine = number(_COSINES.get(small, f"cos({small}*pi)"), f"{where}: angle")
            known[turn] = cosine if turn <= Fraction(1, 2) else -cosine
        columns.append([(o, 1 + known[turn] * (1 if o in (0, 3) else -1)) for o in range(4)])
    return columns, 4, _no_moment


def _best(tally: Mapping[int, Scalar], q: _Question) -> Scalar:
    """Return the largest weight of a value; for trace distance of a set, less its fair share."""
    best: Scalar = 0
    if q.quantity == "trace-distance":
        # The best set has the values above the fair share 1/d of the weight (all times d).
        total: Scalar = 0
        for weight in tally.values():
            total = total + weight
        for weight in tally.values():
            excess = weight * q.count - total
            best = best + excess if _sign(excess) > 0 else best
        return best
    for weight in tally.values():
        best = weight if _sign(weight - best) > 0 else best
    return best


def _related(value: Number, relation: str, limit: Number) -> bool:
    gap = limit - value
    return gap == 0 if relation == "=" else _sign(gap if relation == "<=" else -gap) >= 0


def _added(
    averages: list[Number], masses: list[Scalar], unit: int, conditions: list[_Condition], moment: _Moment
) -> list[Number]:
    """Return the averages with those of one strategy, whose moments count with its weight P(w)."""
    weight: Scalar = 0
    for mass in masses:
        weight = weight + mass
    found = []
    for average, condition in zip(averages, conditions, strict=True):
        total: Number = Fraction(0)
        for word, factor in condition.terms:
            total = total + factor * moment(word)
        found.append(average + total * weight * Fraction(1, unit))
    return found


def _check_conditions(conditions: list[_Condition], averages: list[Number]) -> None:
    for k, (condition, average) in enumerate(zip(conditions, averages, strict=True)):
        if not _related(average, condition.relation, condition.bound):
            what = f"moment {condition.relation}"
            raise _differ(f"attack: condition {k}", what, condition.bound, average)


def _read_masses(raw: Any, q: _Question, where: str) -> tuple[list[Scalar], int]:
    """Return unit times the mass of each joint setting, which are the source's, and the unit."""
    palette, codes = _vector(_get(raw, "masses", dict, where), q.count_settings, f"{where}: masses")
    if any(_sign(palette[code]) < 0 for code in set(codes)):
        raise CertificateError(f"{where}: a mass is negative")
    scaled, unit = _scaled(palette)
    masses = [scaled[code] for code in codes]
    q.source(masses, where)
    return masses, unit


def _check_attack(attack: Any, q: _Question) -> tuple[Number, str]:
    """Check an attack against the question; return the claimed value, proved, and a line."""
    _closed(attack, "value strategies", "attack")
    value = number(_get(attack, "value", str, "attack"), "attack: value")
    strategies, scale = [], 1
    averages: list[Number] = [Fraction(0) for _ in q.moments]
    for w, raw in enumerate(_get(attack, "strategies", list, "attack")):
        where = f"attack: strategy {w}"
        _closed(raw, "masses box label", where)
        _get(raw, "label", str, where)
        masses, unit = _read_masses(raw, q, where)
        columns, denominator, moment = _read_box(_get(raw, "box", dict, where), q, f"{where}: box")
        if q.moments:
            averages = _added(averages, masses, unit, q.moments, moment)
        strategies.append((masses, unit, columns, denominator))
        scale = math.lcm(scale, unit * denominator)
        _small(Fraction(scale))

    # All sums over strategies are integers (or forms) over the one denominator `scale`.
    seen: list[Scalar] = [0] * q.count_settings
    joint: list[Scalar] = [0] * (q.count_settings * q.count_outcomes)
    leak: Scalar = 0
    for masses, unit, columns, denominator in strategies:
        factor = scale // (unit * denominator)
        weights = [mass * factor for mass in masses]
        for s, (weight, column) in enumerate(zip(weights, columns, strict=True)):
            seen[s] += weight * denominator
            for o, share in column:
                joint[s * q.count_outcomes + o] += weight * share
        if q.quantity not in _LEAKS:
            continue
        tally: dict[int, Scalar] = {}
        for s in range(q.count_settings) if q.at is None else [q.at]:
            if q.told:
                leak, tally = leak + _best(tally, q), {}
            for o, share in columns[s]:
                guess = q.values[o]
                tally[guess] = tally.get(guess, 0) + weights[s] * share
        leak = leak + _best(tally, q)

    total: Scalar = 0
    same: tuple[Scalar, Number | None] = (-1, None)  # weight and probability seen last
    for s, weight in enumerate(seen):
        total = total + weight
        if q.observed is None or (weight == same[0] and q.observed[s] is same[1]):
            continue
        if q.observed[s] != (here := weight * Fraction(1, scale)):
            raise _differ("attack", f"probability of setting {s}", q.observed[s], here)
        same = (weight, q.observed[s])
    if total != scale:
        raise _differ("attack", "total mass", Fraction(1), total * Fraction(1, scale))

    def score(expression: _Score) -> Number:
        result: Number = Fraction(0)
        for o, s, f in expression.terms:
            if expression.conditional and seen[s] == 0:
                raise CertificateError(f"attack: setting {s} never occurs, P(o|{s}) has no meaning")
            share = joint[s * q.count_outcomes + o]
            result = result + _ratio(share, seen[s] if expression.conditional else scale) * f
        return result

    for k, (expression, relation, limit) in enumerate(q.tests):
        derived = score(expression)
        if not _related(derived, relation, limit):
            raise _differ(f"attack: test {k}", f"score {relation}", limit, derived)
    _check_conditions(q.moments, averages)
    if q.quantity == "strategy":
        found: Number = Fraction(1)  # one strategy is exhibited; 0, the objective, is also true
    elif q.score is not None:
        found = score(q.score)
    else:
        if q.at is not None and seen[q.at] == 0:
            raise CertificateError("attack: the settings asked for never occur")
        found = _ratio(leak, scale if q.at is None else seen[q.at])
        found = found * Fraction(1, q.count if q.quantity == "trace-distance" else 1)
    if _sign(found - value if not q.smallest else value - found) < 0:
        raise _differ("attack", "value", value, found)
    line = f"attack: {len(strategies)} strategies in the source, boxes checked, "
    line += f"{len(q.tests)} tests hold; "
    line += f"{len(q.moments)} conditions on moments hold; " if q.moments else ""
    line += "a strategy exists" if q.quantity == "strategy" else f"its value is {_show(found)}"
    return value, line


# ---------------------------------------------------------------- no strategy, by linear algebra
#
# The observed settings are an average of the source's distributions over W.  And if the source leaves
# one distribution, settings are independent of W, so that the observed P(o|s) is an average of boxes:
# it is no-signalling, and normalised whatever the source is.


def _check_settings(proof: Any, raw: Any, q: _Question) -> tuple[Number, str]:
    """Check that the source cannot show the observed settings, whatever the devices do."""
    where = "settings"
    if q.observed is None or not all(isinstance(x, Fraction) for x in q.observed):
        raise CertificateError(f"{where}: observed settings are needed, as fractions")
    seen = [_rational(x, where) for x in q.observed]
    if raw["source"]["kind"] != "per-party":
        _closed(proof, "", where)
        try:
            q.source(list(seen), "observed settings")
        except _OutsideError as error:
            return Fraction(-1), f"{where}: {error}; so there is no strategy"
        raise CertificateError(f"{where}: the source can show those that are observed")
    _closed(proof, "gains", where)
    gains = _integers(_get(proof, "gains", list, where), f"{where}: gains", None, None, q.count_settings)
    if (total := sum((g * x for g, x in zip(gains, seen, strict=True)), Fraction(0))) <= 0:
        raise CertificateError(f"{where}: the observed settings gain {_plain(total)}, which is not positive")
    if not _gains_nothing(gains, q.settings, _product_parts(raw["source"], q.settings)):
        raise CertificateError(f"{where}: a product of distributions gains too")
    line = (
        f"the observed settings gain {_plain(total)} of integers at which no product of distributions gains"
    )
    return Fraction(-1), f"{where}: {line}; so there is no strategy"


def _check_contradiction(proof: Any, raw: Any, q: _Question) -> tuple[Number, str]:
    """Check that weighted tests contradict normalisation, or no-signalling if the source is free."""
    where = "contradiction"
    _closed(proof, "weights", where)
    only = _only_distribution(raw["source"], q.count_settings)
    masses = only if q.observed is None else [_rational(x, where) for x in q.observed]
    if masses is None or (only is not None and masses != only):
        raise CertificateError(
            f"{where}: the probabilities of the settings are not known, or not the source's"
        )
    total = Fraction(0)
    gains: dict[tuple[int, int], Fraction] = {}
    last = -1
    for pair in _get(proof, "weights", list, where):
        if type(pair) is not list or len(pair) != 2:
            raise CertificateError(f"{where}: a weight is [test, fraction]")
        (k,) = _integers(pair[:1], f"{where}: test", last + 1, len(q.tests) - 1)
        weight, last = _rational(number(pair[1], where), where), k
        score, relation, limit = q.tests[k]
        if weight * {"<=": 1, ">=": -1, "=": 0}[relation] < 0:
            raise CertificateError(f"{where}: the weight of test {k} has the wrong sign for {relation}")
        total += weight * _rational(limit, where)
        for o, s, f in score.terms:
            if score.conditional and not masses[s]:
                raise CertificateError(f"{where}: setting {s} never occurs")
            share = 1 if score.conditional else masses[s]
            gains[o, s] = gains.get((o, s), Fraction(0)) + weight * _rational(f, where) * share
    value = _constant(gains, q, no_signalling=only is not None)
    if value <= total:
        raise CertificateError(
            f"{where}: claimed at most {_plain(total)}, derived {_plain(value)}: there is none"
        )
    kind = "no-signalling" if only is not None else "normalised"
    line = f"{kind} boxes give the tests together {_plain(value)}, and they demand at most {_plain(total)}"
    return Fraction(-1), f"{where}: {line}; so there is no strategy"


def _only_distribution(source: Any, count: int) -> list[Fraction] | None:
    """Return the distribution of settings if the source has one alone, else None."""
    even = [Fraction(1, count)] * count
    parts = source["parts"] if source["kind"] == "per-party" else [source]
    if all(part["kind"] == "uniform" or number(part.get("epsilon", "1")) == 0 for part in parts):
        return even
    if source["kind"] == "measurement-dependence":
        ends = (number(source["lower"]), number(source["upper"]))
        return even if Fraction(1, count) in ends else None
    if source["kind"] != "inequalities":
        return None
    bounds: dict[tuple[int, int], Fraction] = {}
    for row in source["rows"]:
        factor, limit = number(row["terms"][0][1]) if row["terms"] else 0, number(row["bound"])
        if len(row["terms"]) == 1 and isinstance(factor, Fraction) and isinstance(limit, Fraction) and factor:
            key, bound = (row["terms"][0][0], 1 if factor > 0 else -1), limit / factor
            bounds[key] = bound if key not in bounds else min(bound * key[1], bounds[key] * key[1]) * key[1]
    held = [(bounds.get((s, 1)), bounds.get((s, -1))) for s in range(count)]
    found = [high for high, low in held if high is not None and high == low and high >= 0]
    return found if len(found) == count and sum(found) == 1 else None


def _constant(gains: Mapping[tuple[int, int], Fraction], q: _Question, *, no_signalling: bool) -> Fraction:
    """Return the sum of gains times P(o|s) if it is the same for all boxes; raise CertificateError else."""
    where = "contradiction"
    if not no_signalling:
        constant = Fraction(0)
        for s in {s for _, s in gains}:
            own = {gains.get((o, s), Fraction(0)) for o in range(q.count_outcomes)}
            if len(own) > 1:
                raise CertificateError(f"{where}: the outcomes at setting {s} do not count alike")
            constant += own.pop()
        return constant
    # P(o|s) in marginal probabilities without each party's last outcome: no-signalling holds in itself
    sums: dict[tuple[tuple[int, int, int], ...], Fraction] = {}
    for (o, s), gain in gains.items():
        held: list[tuple[tuple[tuple[int, int, int], ...], Fraction]] = [((), gain)]
        outcomes, settings = _digits(o, q.outcomes), _digits(s, q.settings)
        for p, (x, a, d) in enumerate(zip(outcomes, settings, q.outcomes, strict=True)):
            parts = (
                [(((p, a, x),), 1)] if x < d - 1 else [((), 1), *((((p, a, y),), -1) for y in range(d - 1))]
            )
            held = [(key + more, f * sign) for key, f in held for more, sign in parts]
        for key, f in held:
            sums[key] = sums.get(key, Fraction(0)) + f
    constant = sums.pop((), Fraction(0))
    if any(sums.values()):
        raise CertificateError(f"{where}: their sum is not the same for all no-signalling boxes")
    return constant


# ---------------------------------------------------------------- sums of squares
#
# For quantum devices with two outcomes let X = P(0|x) - P(1|x): X X = 1, and observables of
# different parties commute.  For all polynomials p_k in them a score f is at most
# <f + sum p_k* p_k>, and every moment is between -1 and 1.  A permutation of the observables with
# signs that takes parties to parties takes strategies to strategies; if it keeps the score, moments
# may be averaged over the group, and those of one orbit are equal up to a sign
# (docs/proofs/squares.md).  This is about the question itself: there is no program.


class _Algebra:
    """Number the reduced words of each party as they occur; 0 is the empty word."""

    def __init__(self, settings: Sequence[int]) -> None:
        self.settings = settings
        self.words: list[list[tuple[int, ...]]] = [[()] for _ in settings]
        self.numbers: list[dict[tuple[int, ...], int]] = [{(): 0} for _ in settings]
        self.backs: list[list[int]] = [[0] for _ in settings]  # the word read backwards
        self.known: list[dict[tuple[int, int], int]] = [{} for _ in settings]

    def number(self, party: int, letters: Iterable[int]) -> int:
        reduced: list[int] = []
        for letter in letters:
            if reduced and reduced[-1] == letter:
                reduced.pop()
            else:
                reduced.append(letter)
        word, numbers, backs = tuple(reduced), self.numbers[party], self.backs[party]
        if word not in numbers:
            both = [word] if word == word[::-1] else [word, word[::-1]]
            backs += range(len(backs) + len(both) - 1, len(backs) - 1, -1)
            for each in both:
                numbers[each] = len(numbers)
                self.words[party].append(each)
        return numbers[word]

    def product(self, left: Moment, right: Moment) -> Moment:
        """Return the moment of u* v, the smaller one of it and its adjoint."""
        found = []
        for p, pair in enumerate(zip(left, right, strict=True)):
            known = self.known[p]
            if pair not in known:
                u, v = (self.words[p][w] for w in pair)
                known[pair] = self.number(p, u[::-1] + v)
            found.append(known[pair])
        return self.smaller(tuple(found))

    def smaller(self, moment: Moment) -> Moment:
        return min(moment, tuple([backs[w] for backs, w in zip(self.backs, moment, strict=True)]))

    def observable(self, text: str, where: str) -> tuple[int, int]:
        match = re.fullmatch(r"([A-Z])([0-9]{1,7})", text)
        party, setting = (ord(match[1]) - ord("A"), int(match[2])) if match else (-1, 0)
        if not 0 <= party < len(self.settings) or setting >= self.settings[party]:
            raise CertificateError(f"{where}: {text[:40]!r} is no observable")
        return party, setting

    def word(self, text: Any, where: str) -> Moment:
        """Read a product of observables such as "A0 B1 A2"; "1" is the empty one."""
        if type(text) is not str:
            raise CertificateError(f"{where}: a word is a string")
        letters: list[list[int]] = [[] for _ in self.settings]
        for token in () if text == "1" else text.split(" "):
            party, setting = self.observable(token, where)
            letters[party].append(setting)
        return tuple(self.number(p, word) for p, word in enumerate(letters))


class _Relabelling:
    """A permutation of observables with signs, read from a text such as "A0 -> B0, B0 -> -A0"."""

    def __init__(self, text: Any, algebra: _Algebra, where: str) -> None:
        if type(text) is not str:
            raise CertificateError(f"{where}: a symmetry is a string")
        self.algebra = algebra
        self.images = {(p, x): (p, x, 1) for p, n in enumerate(algebra.settings) for x in range(n)}
        for named in text.split(", "):
            source, _, target = named.partition(" -> ")
            sign = -1 if target.startswith("-") else 1
            image = algebra.observable(target.removeprefix("-"), where)
            self.images[algebra.observable(source, where)] = (*image, sign)
        reached = {(q, y) for q, y, _ in self.images.values()}
        parties = {(p, q) for (p, _), (q, _, _) in self.images.items()}
        if len(reached) != len(self.images) or len(parties) != len(algebra.settings):
            raise CertificateError(f"{where}: {text[:60]!r} does not permute observables party by party")
        self.target = dict(parties)
        self.known: list[dict[int, tuple[int, int]]] = [{} for _ in algebra.settings]

    def of(self, moment: Moment) -> tuple[Moment, int]:
        """Return the image of a moment, the smaller one of it and its adjoint, and its sign."""
        image, sign = [0] * len(moment), 1
        for p, word in enumerate(moment):
            if word not in self.known[p]:
                held = [self.images[p, x] for x in self.algebra.words[p][word]]
                number = self.algebra.number(self.target[p], (y for _, y, _ in held))
                self.known[p][word] = number, math.prod(factor for _, _, factor in held)
            image[self.target[p]], factor = self.known[p][word]
            sign *= factor
        return self.algebra.smaller(tuple(image)), sign


def _check_squares(proof: Any, raw: Any, q: _Question) -> tuple[Number, str]:
    """Return the claimed bound of a score, proved by a sum of squares, and a line about it."""
    where = "squares"
    _closed(proof, "bound bits words symmetry parts", where)
    bound = number(_get(proof, "bound", str, where), f"{where}: bound")
    if (
        q.devices != "quantum"
        or q.score is None
        or {*q.outcomes} != {2}
        or raw["source"]["kind"] != "uniform"
    ):
        raise CertificateError(
            f"{where}: quantum devices, two outcomes, a uniform source and a score are needed"
        )
    bits = _get(proof, "bits", int, where)
    _integers([bits], f"{where}: bits", 0, 10000)
    algebra = _Algebra(q.settings)
    words = [algebra.word(text, f"{where}: words") for text in _get(proof, "words", list, where)]
    texts = _get(proof, "symmetry", list, where)
    group = [_Relabelling(text, algebra, f"{where}: symmetry") for text in texts]
    sums, count = _square_sums(_get(proof, "parts", list, where), words, algebra)
    goal, unit = _goal(q, algebra)
    for moment, value in goal.items():
        for g in group:
            image, sign = g.of(moment)
            if goal.get(image, 0) != sign * value:
                raise CertificateError(f"{where}: a symmetry does not keep the score")
    # f + sum p* p over one denominator: each orbit's value is between -1 and 1, the identity's is 1
    for moment in sums:
        sums[moment] *= unit
    for moment, value in goal.items():
        sums[moment] = sums.get(moment, 0) + value * 4**bits
    total = sums.pop((0,) * len(q.settings), 0)
    done: set[Moment] = set()
    for moment in sums:
        if moment not in done:
            orbit = _orbit(moment, group, done)
            total += abs(sum(sign * sums.get(each, 0) for each, sign in orbit.items()))
    derived = Fraction(total, unit * 4**bits)
    if _sign(bound - derived) < 0:
        raise _differ(where, "bound", bound, derived)
    line = f"squares: {count} polynomials in {len(words)} words, {len(group)} symmetries: "
    return bound, f"{line}the {'negative of the ' if q.smallest else ''}score is at most {_show(derived)}"


def _square_sums(
    parts: list[Any], words: Sequence[Moment], algebra: _Algebra
) -> tuple[dict[Moment, int], int]:
    """Return the coefficients of sum p* p by moment, and how many polynomials there are."""
    where = "squares: parts"
    sums: dict[Moment, int] = {}
    count = products = 0
    for part in parts:
        if type(part) is not list or len(part) != 2 or type(part[1]) is not list:
            raise CertificateError(f"{where}: a part is [words, rows of integers]")
        held = [words[w] for w in _integers(part[0], f"{where}: words", 0, len(words) - 1)]
        width = len(part[1][0]) if part[1] and type(part[1][0]) is list else 0
        rows = [_integers(row, f"{where}: rows", None, None, width) for row in part[1]]
        products += len(held) ** 2
        if len(rows) != len(held) or products > _MOST_PRODUCTS:
            raise CertificateError(f"{where}: {len(rows)} rows for {len(held)} words, or too many words")
        count += width
        for j, (right, row) in enumerate(zip(held, rows, strict=True)):
            for i in range(j):
                moment = algebra.product(held[i], right)
                sums[moment] = sums.get(moment, 0) + 2 * sum(map(mul, rows[i], row))
            moment = algebra.product(right, right)
            sums[moment] = sums.get(moment, 0) + sum(map(mul, row, row))
    return sums, count


def _goal(q: _Question, algebra: _Algebra) -> tuple[dict[Moment, int], int]:
    """Return the coefficients of the score (smallest: its negative) by moment, over one denominator."""
    assert q.score is not None
    if len(q.score.terms) << len(q.settings) > _MOST_PRODUCTS:
        raise CertificateError("squares: the score has too many terms")
    found: dict[Moment, Fraction] = {}
    unit = 2 ** len(q.settings) * (1 if q.score.conditional else q.count_settings) * (-1 if q.smallest else 1)
    for o, s, factor in q.score.terms:
        if isinstance(factor, Form):
            raise CertificateError("squares: the score has a coefficient that is no fraction")
        letters = [algebra.number(p, (x,)) for p, x in enumerate(_digits(s, q.settings))]
        signs = [1 - 2 * x for x in _digits(o, q.outcomes)]
        for chosen in itertools.product((0, 1), repeat=len(letters)):
            moment = tuple([w * c for w, c in zip(letters, chosen, strict=True)])
            sign = math.prod(x for x, c in zip(signs, chosen, strict=True) if c)
            found[moment] = found.get(moment, Fraction(0)) + factor * sign / unit
    whole = math.lcm(*(value.denominator for value in found.values()))
    _small(Fraction(whole))
    return {m: int(value * whole) for m, value in found.items() if value}, whole


def _orbit(first: Moment, group: Sequence[_Relabelling], done: set[Moment]) -> dict[Moment, int]:
    """Return the moments of an orbit with their signs, none if one is its own negative; add to `done`."""
    signs, rest, vanish = {first: 1}, [first], False
    for moment in rest:  # grows
        for g in group:
            image, sign = g.of(moment)
            sign *= signs[moment]
            if image not in signs:
                signs[image] = sign
                rest.append(image)
            vanish = vanish or signs[image] != sign
        if len(done) + len(signs) > _MOST_PRODUCTS:
            raise CertificateError("squares: the symmetries lead to too many moments")
    done.update(signs)
    return {} if vanish else signs


# ---------------------------------------------------------------- proofs by symmetry
#
# Colour the leaves of a source's tree of bits by the part that their joint setting plays in the
# question.  Exchanging subtrees of the same colours changes nothing, so nodes to which subtrees
# with the same colours lead from the root down are alike; they form a class, and the classes a
# tree (docs/proofs/tree-symmetry.md).  All this is about boxes on a cycle of edges: those that err
# on one edge alone, and the unbiased one that errs nowhere (docs/proofs/cycle-boxes.md).


@dataclass(frozen=True)
class _Symmetric:
    """A question that counts errors on a cycle; values are of a unit of probability, exact."""

    q: _Question
    most: Fraction  # largest probability of a bit
    observed: list[Fraction]
    edges: set[int]
    gains: tuple[Fraction, Fraction]  # of a box with an error, without, where `special` has none
    special: dict[int, tuple[Fraction, Fraction]]
    own: dict[int, Fraction]  # gained more at the box's own edge
    errors: list[dict[int, Fraction]]  # added to each test, all turned into <=, by an error
    limits: list[Number]  # of the tests, less what is there without errors
    place: list[int]  # the leaf of each joint setting
    depth: int
    levels: list[list[int]]  # the class of each node
    children: list[tuple[int, ...]]  # of a class: one or two classes
    sizes: list[int]  # nodes of a class

    def beside(self, leaf: int, d: int) -> int:
        """Return the class of the sibling of the path to a leaf, at depth d."""
        return self.levels[d][leaf >> (self.depth - d) ^ 1]

    def leaves(self) -> dict[int, int]:
        """Return one joint setting of each class of leaves; what is asked is the same for all of them."""
        return {self.levels[-1][leaf]: s for s, leaf in enumerate(self.place)}

    def gain(self, s: int, edge: int | None) -> Fraction:
        return self.special.get(s, self.gains)[edge is None]


def _rational(x: Scalar, where: str) -> Fraction:
    if isinstance(x, Form):
        raise CertificateError(f"{where}: {x} is no fraction; proofs by symmetry need one")
    return Fraction(x)


def _symmetric(q: _Question, raw: Any) -> _Symmetric:
    """Read the question once more, as one about errors on a cycle, and sort its tree's nodes."""
    where = "symmetry"
    scenario, source = raw["scenario"], raw["source"]
    n = q.settings[0]
    if scenario.get("family") == "chained" and q.settings == [n, n] and n > 1:
        parity = {a * n + b: 0 for a in range(n) for b in (a - 1, a) if b >= 0} | {n - 1: 1}
    elif scenario.get("family") == "chsh" and q.settings == [2, 2]:
        parity = {0: 0, 1: 0, 2: 0, 3: 1}
    else:
        raise CertificateError(f"{where}: the scenario has no known cycle of edges")
    if q.devices == "quantum":
        raise CertificateError(f"{where}: quantum devices do not hold every box without errors")
    if q.outcomes != [2, 2] or q.observed is None or source["kind"] != "santha-vazirani":
        raise CertificateError(f"{where}: bits in one order, two outcomes, observed settings are needed")
    alike = all(x is q.observed[0] for x in q.observed)
    weights = [_rational(x, where) for x in (q.observed[:1] if alike else q.observed)]
    observed = weights * q.count_settings if alike else weights

    errors, limits = [], []
    for score, relation, limit in q.tests:
        if relation == "=":
            raise CertificateError(f"{where}: an equality is no test in which fewer errors help")
        sign = -1 if relation == ">=" else 1
        base, more = _split(score, sign, parity, observed)
        errors.append(more)
        limits.append(limit * sign - sum((f * observed[s] for s, f in base.items()), Fraction(0)))
    gains, special, own = _symmetric_gains(q, parity, observed)
    ids: dict[Any, int] = {}
    colours = [0] * len(observed) if alike else [ids.setdefault(x, len(ids)) for x in observed]
    ids[None] = len(ids)  # so that no colour is that of a weight alone
    for s in {*parity, *special}:
        part = (observed[s], s in parity, special.get(s), own.get(s), *(e.get(s) for e in errors))
        colours[s] = ids.setdefault(part, len(ids))
    most, place = _read_sequence(source, q.settings, where)
    most = _rational(most, where)
    levels, children = _classes([colours[s] for s in _inverse(place)])
    sizes = [0] * len(children)
    for level in levels:
        for kind, count in collections.Counter(level).items():
            sizes[kind] = count
    depth = len(levels) - 1
    return _Symmetric(
        q, most, observed, set(parity), gains, special, own, errors, limits, place, depth,
        levels, children, sizes,
    )  # fmt: skip


def _split(
    score: _Score, sign: int, parity: Mapping[int, int], observed: list[Fraction]
) -> tuple[dict[int, Fraction], dict[int, Fraction]]:
    """Return what a score is without errors, and what an error adds, at each joint setting."""
    where = "symmetry"
    table: dict[int, list[Fraction]] = {}
    for o, s, f in score.terms:
        table.setdefault(s, [Fraction(0)] * 4)[o] += sign * _rational(f, where)
    base, more = {}, {}
    for s, (f00, f01, f10, f11) in table.items():
        if f00 != f11 or f01 != f10 or (s not in parity and f00 != f01):
            raise CertificateError(f"{where}: a score tells more than errors on edges, at setting {s}")
        if score.conditional and not observed[s]:
            raise CertificateError(f"{where}: setting {s} never occurs")
        share = 1 / observed[s] if score.conditional else Fraction(1)
        right, wrong = (f01, f00) if parity.get(s) else (f00, f01)
        base[s], more[s] = right * share, (wrong - right) * share
    if any(value < 0 for value in more.values()):
        raise CertificateError(f"{where}: errors help, so other boxes may do better")
    return base, {s: value for s, value in more.items() if value}


def _symmetric_gains(
    q: _Question, parity: Mapping[int, int], observed: list[Fraction]
) -> tuple[tuple[Fraction, Fraction], dict[int, tuple[Fraction, Fraction]], dict[int, Fraction]]:
    """Return what a unit of probability is worth: everywhere, at some settings, at a box's own edge."""
    zero = Fraction(0)
    if q.quantity == "strategy":
        return (zero, zero), {}, {}
    if q.score is not None:
        base, more = _split(q.score, 1 if q.smallest else -1, parity, observed)  # errors must not help
        return (zero, zero), {s: (-f, -f) for s, f in base.items()}, {s: -f for s, f in more.items()}
    a, b, c, d = q.values
    if (a, c) != (b, d) and (a, b) != (c, d):
        raise CertificateError("symmetry: the output depends on the outcomes of both parties")
    unit = q.count if q.quantity == "trace-distance" else 1
    known = _rational(_best({a: 1}, q), "symmetry") / unit
    even = _rational(_best({a: 2} if a == d else {a: 1, d: 1}, q), "symmetry") / (2 * unit)
    if q.at is None:
        if not q.told:
            raise CertificateError("symmetry: one guess for all settings needs more boxes")
        return (known, even), {}, {}
    if not observed[q.at]:
        raise CertificateError("symmetry: the settings asked for never occur")
    return (zero, zero), {q.at: (known / observed[q.at], even / observed[q.at])}, {}


def _classes(colours: list[int]) -> tuple[list[list[int]], list[tuple[int, ...]]]:
    """Return the class of each node, level by level, and the classes of the children of each class."""
    codes = [colours]
    while len(colours) > 1:  # two subtrees look alike if their halves do, in one order or the other
        seen: dict[tuple[int, int], int] = {}
        colours = [
            seen.setdefault((a, b) if a <= b else (b, a), len(seen))
            for a, b in zip(colours[::2], colours[1::2], strict=True)
        ]
        codes.append(colours)
    levels, count = [[0]], 1
    for code in codes[-2::-1]:
        seen, above = {}, levels[-1]
        levels.append([seen.setdefault((above[k >> 1], c), count + len(seen)) for k, c in enumerate(code)])
        count += len(seen)
    children: list[tuple[int, ...]] = [()] * count
    for level, below in itertools.pairwise(levels):
        for kind, k in dict(zip(level, range(len(level)), strict=True)).items():
            children[kind] = tuple(dict.fromkeys(below[2 * k : 2 * k + 2]))
    return levels, children


def _leaf_classes(t: _Symmetric, raw: Any, where: str) -> list[int]:
    """Return the class of each of the joint settings listed."""
    settings = _integers(_get(raw, "settings", list, where), f"{where}: settings", 0, len(t.place) - 1)
    return [t.levels[-1][t.place[s]] for s in settings]


def _check_prices(raw: Any, t: _Symmetric) -> tuple[Number, str]:
    """Return the claimed bound, which is proved for all boxes on the cycle, and a line."""
    where = "prices"
    _closed(raw, "bound tests settings palette codes", where)
    bound = number(_get(raw, "bound", str, where), f"{where}: bound")
    tests = [_rational(number(x, where), where) for x in _get(raw, "tests", list, where)]
    if len(tests) != len(t.errors) or any(x < 0 for x in tests):
        raise CertificateError(f"{where}: each of {len(t.errors)} tests needs a price of at least 0")
    kinds = _leaf_classes(t, raw, where)
    palette, codes = _vector({key: raw.get(key) for key in ("palette", "codes")}, len(kinds), where)
    price = {kind: _rational(palette[code], where) for kind, code in zip(kinds, codes, strict=True)}
    leaves = t.leaves()
    if len(price) != len(kinds) or price.keys() != leaves.keys():
        raise CertificateError(f"{where}: claimed {len(kinds)} classes of settings, derived {len(leaves)}")
    derived: Number = Fraction(0)
    for kind, s in leaves.items():
        derived = derived + price[kind] * t.observed[s] * t.sizes[kind]
    for x, limit in zip(tests, t.limits, strict=True):
        derived = derived + limit * x

    def mean(gains: list[Fraction]) -> Fraction:
        return t.most * max(gains) + (1 - t.most) * min(gains)

    def values(edge: int | None) -> list[Fraction]:
        """Return the largest gain of a unit of mass at each class of nodes, if no leaf below is the edge."""
        found = [Fraction(0)] * len(t.children)
        for kind in reversed(range(len(found))):
            inner = t.children[kind]
            found[kind] = (
                mean([found[child] for child in inner]) if inner else t.gain(leaves[kind], edge) - price[kind]
            )
        return found

    best = [] if t.q.devices == "local" else [values(None)[0]]
    erring = values(0)
    for kind, s in leaves.items():
        if s in t.edges:  # along the path to the edge everything is computed anew
            value = erring[kind] + t.own.get(s, 0)
            value -= sum(x * e.get(s, 0) for x, e in zip(tests, t.errors, strict=True))
            for d in range(t.depth, 0, -1):
                value = mean([value, erring[t.beside(t.place[s], d)]])
            best.append(value)
    derived = derived + max(best)
    if _sign(bound - derived) < 0:
        raise _differ(where, "bound", bound, derived)
    if t.q.quantity == "strategy" and _sign(bound) >= 0:
        raise CertificateError(f"{where}: claimed bound {_show(bound)} is not negative: no contradiction")
    line = f"prices: {len(kinds)} classes of {len(t.place)} joint settings, {len(best)} of boxes "
    line += f"(that these boxes suffice: docs/proofs/cycle-boxes.md): at most {_show(derived)}"
    return bound, line + ("; claimed and proved: infeasible" if t.q.quantity == "strategy" else "")


def _check_orbits(attack: Any, t: _Symmetric) -> tuple[Number, str]:
    """Check an attack given by orbits of strategies; return the claimed value, proved, and a line."""
    _closed(attack, "value orbits", "attack")
    value = number(_get(attack, "value", str, "attack"), "attack: value")
    seen = [Fraction(0)] * len(t.sizes)  # the probability of all leaves of a class
    broken = [Fraction(0)] * len(t.errors)
    gain, boxes, done = Fraction(0), 0, set()
    for w, raw in enumerate(_get(attack, "orbits", list, "attack")):
        where = f"attack: orbit {w}"
        _closed(raw, "error count settings sizes masses label", where)
        _get(raw, "label", str, where)
        edge = _get(raw, "error", (int, type(None)), where)
        if edge not in t.edges and (edge is not None or t.q.devices == "local"):
            raise CertificateError(f"{where}: no box of these devices errs at setting {edge} alone")
        kind = -1 if edge is None else t.levels[-1][t.place[edge]]
        count = 1 if edge is None else t.sizes[kind]
        if _get(raw, "count", int, where) != count or kind in done:
            raise CertificateError(f"{where}: claimed {raw['count']} boxes, derived {count}, each orbit once")
        done.add(kind)
        masses, unit = _orbit_masses(raw, t, edge, where)
        for (s, size), mass in masses.items():
            share = Fraction(mass * count * size, unit)
            seen[t.levels[-1][t.place[s]]] += share
            gain += share * t.gain(s, edge)
            if s == edge:
                gain += share * t.own.get(s, 0)
                broken = [x + share * e.get(s, 0) for x, e in zip(broken, t.errors, strict=True)]
        boxes += count
    for kind, s in t.leaves().items():
        if seen[kind] != t.observed[s] * t.sizes[kind]:
            raise _differ("attack", f"probability of setting {s}", t.observed[s], seen[kind] / t.sizes[kind])
    for k, (x, limit) in enumerate(zip(broken, t.limits, strict=True)):
        if _sign(limit - x) < 0:
            raise _differ(f"attack: test {k}", "errors at most", limit, x)
    found = Fraction(1) if t.q.quantity == "strategy" else -gain if t.q.smallest else gain
    if _sign(found - value if not t.q.smallest else value - found) < 0:
        raise _differ("attack", "value", value, found)
    line = f"attack: {boxes} strategies in {len(done)} orbits, in the source, {len(broken)} tests hold; "
    line += "a strategy exists" if t.q.quantity == "strategy" else f"its value is {_show(found)}"
    return value, line


def _orbit_masses(
    raw: Any, t: _Symmetric, edge: int | None, where: str
) -> tuple[dict[tuple[int, int], int], int]:
    """Return {(joint setting, number of those like it): unit times its mass} and the unit.

    Settings are alike to a box that errs at `edge` if they are of one class and leave the path to
    the edge at one depth.  The masses must be those of the source.
    """
    kinds = _leaf_classes(t, raw, where)
    palette, codes = _vector(_get(raw, "masses", dict, where), len(kinds), f"{where}: masses")
    whole, unit = _scaled([_rational(x, where) for x in palette])
    path = None if edge is None else t.place[edge]
    held: dict[tuple[int, int], int] = {}
    masses: dict[tuple[int, int], int] = {}
    sizes = _integers(_get(raw, "sizes", list, where), f"{where}: sizes", 1, None, len(kinds))
    for s, kind, code, size in zip(raw["settings"], kinds, codes, sizes, strict=True):
        # the depth of the first node off the path, or the root if there is no path
        d = 0 if path is None else t.depth + 1 - (t.place[s] ^ path).bit_length()
        top = t.levels[d][t.place[s] >> (t.depth - d)] if d <= t.depth else kind
        derived = t.sizes[kind] // t.sizes[top] if d <= t.depth else 1
        if size != derived or (d, kind) in held:
            raise CertificateError(f"{where}: claimed {size} settings like {s}, derived {derived}, once")
        mass = whole[code]
        assert isinstance(mass, int)
        if mass < 0:
            raise CertificateError(f"{where}: a mass is negative")
        held[d, kind] = masses[s, size] = mass
    if (total := sum(sizes)) != len(t.place):
        raise CertificateError(f"{where}: claimed masses of {total} settings, derived {len(t.place)}")

    def below(kind: int, d: int) -> int:
        """Return the mass of a node from that of the leaves below; its bit is within bounds."""
        inner = t.children[kind]
        if not inner:
            return held[d, kind]
        parts = [below(child, d) for child in inner]
        return bit(parts[0], parts[-1])

    def bit(a: int, b: int) -> int:
        if max(a, b) * t.most.denominator > t.most.numerator * (a + b):
            raise _differ(f"{where}: outside the source", "bias at most", t.most, Fraction(max(a, b), a + b))
        return a + b

    if path is None:
        below(0, 0)
    else:
        mass = held[t.depth + 1, t.levels[-1][path]]
        for d in range(t.depth, 0, -1):
            mass = bit(mass, below(t.beside(path, d), d))
    return masses, unit


# ---------------------------------------------------------------- many parties with GHZ relations
#
# The program of docs/proofs/ghz-orbits.md, built from the question alone.  The output's parties that
# can be exchanged form classes, described by how many have setting a and outcome b; of the other
# parties only the number of settings 1 and the parity of the outcomes matter.


@dataclass(frozen=True)
class _Many:
    """Hold a question about GHZ relations of many parties."""

    at: list[int]
    parties: list[int]
    worths: list[list[Fraction]]  # of each guess, at each joint outcome of the parties
    violated: Fraction
    whole: bool
    ratio: Fraction  # least P(w|settings) / P(w|settings asked for), of one w and any tested settings
    quantity: str


def _read_many(raw: Any) -> _Many:
    where = "question"
    count = _read_parties(raw, where)
    _closed(_get(raw, "observed", dict, where), "settings", f"{where}: observed")
    if _get(raw["observed"], "settings", str, where) != "uniform":
        raise CertificateError(f"{where}: relations of many parties need uniform observed settings")
    adversary = _get(raw, "adversary", dict, where)
    _closed(adversary, "devices told", f"{where}: adversary")
    _choice(adversary, "devices", ("no-signalling",), where)
    _choice(adversary, "told", ("settings", "nothing"), where)
    tested = _get(raw, "relations", dict, where)
    _closed(tested, "violated whole", f"{where}: relations")
    violated = number(_get(tested, "violated", str, where), f"{where}: violated")
    whole = _get(tested, "whole", bool, where)
    if not isinstance(violated, Fraction) or violated < 0 or (whole and violated):
        raise CertificateError(f"{where}: 'violated' is a fraction of at least 0, and 0 with 'whole'")
    source = _get(raw, "source", dict, where)
    ratio = Fraction(1)
    biased = _choice(source, "kind", ("uniform", "santha-vazirani"), where) == "santha-vazirani"
    _closed(source, "kind epsilon order bits" if biased else "kind", f"{where}: source")
    if biased:
        epsilon = number(_get(source, "epsilon", str, where), f"{where}: epsilon")
        if not isinstance(epsilon, Fraction) or not 0 <= epsilon < Fraction(1, 2):
            raise CertificateError(f"{where}: epsilon is no fraction in [0, 1/2)")
        ratio = _rational_power((1 - 2 * epsilon) / (1 + 2 * epsilon), count)
    ask, place = _get(raw, "ask", dict, where), f"{where}: ask"
    quantity = _choice(ask, "quantity", (*_LEAKS, "sum-of-biases"), place)
    at = _integers(_get(ask, "at", list, place), f"{place}: at", 0, 1, count)
    parties = _integers(_get(ask, "parties", list, place), f"{place}: parties", 0, count - 1)
    if parties != sorted(set(parties)) or not 1 <= len(parties) <= 20:
        raise CertificateError(f"{place}: 1 to 20 different parties in order are needed")
    (values,) = _integers([_get(ask, "count", int, place)], f"{place}: count", 1, _MOST_VALUES)
    picked = "picked" in ask and quantity != "sum-of-biases"
    _closed(ask, f"quantity at parties count {'picked' if picked else 'values'}", place)
    if picked:
        worths = _picked_worths(
            _get(ask, "picked", dict, place), [at[p] for p in parties], f"{place}: picked"
        )
    else:
        table = _integers(
            _get(ask, "values", list, place), f"{place}: values", 0, values - 1, 1 << len(parties)
        )
        worths = [[Fraction(int(v == g)) for v in table] for g in range(values)]
        if quantity == "sum-of-biases":
            if table != [x.bit_count() for x in range(1 << len(parties))]:
                raise CertificateError(f"{place}: values: a sum of biases counts the outcomes 1")
            worths = [[Fraction(len(parties) - 2 * ones) for ones in table]]
    if quantity == "trace-distance":
        if values != 2:
            raise CertificateError(f"{place}: the trace distance needs an output with two values here")
        worths = [[x - Fraction(1, 2) for x in row] for row in worths]
    return _Many(at, parties, worths, violated, whole, ratio, quantity)


def _read_parties(raw: Any, where: str) -> int:
    """Return the number of parties of a question about relations."""
    _closed(raw, "scenario source observed adversary tests ask relations", where)
    scenario = _get(raw, "scenario", dict, where)
    _closed(scenario, "settings outcomes family", f"{where}: scenario")
    settings, outcomes = (_get(scenario, key, list, where) for key in ("settings", "outcomes"))
    count = len(settings)
    if not 3 <= count <= 256 or settings != [2] * count or outcomes != settings:
        raise CertificateError(
            f"{where}: relations need 3 parties or more with two settings and two outcomes"
        )
    if scenario.get("family") != "ghz" or _get(raw, "tests", list, where):
        raise CertificateError(f"{where}: relations are those of the family ghz, without other tests")
    return count


def _picked_worths(raw: Any, settings: list[int], where: str) -> list[list[Fraction]]:
    """Return the worths of guesses of the outcome of a party that epsilon-free bits pick."""
    _closed(raw, "bits selection epsilon", where)
    epsilon = number(_get(raw, "epsilon", str, where), f"{where}: epsilon")
    if not isinstance(epsilon, Fraction) or not 0 <= epsilon <= Fraction(1, 2):
        raise CertificateError(f"{where}: epsilon is no fraction in [0, 1/2]")
    p, q = Fraction(1, 2) + epsilon, Fraction(1, 2) - epsilon
    (bits,) = _integers([_get(raw, "bits", int, where)], f"{where}: bits", 0, 4)
    if len(settings) != 1 << bits:
        raise CertificateError(f"{where}: {bits} bits pick one of {1 << bits} parties, not {len(settings)}")
    strings = list(itertools.product((0, 1), repeat=len(settings)))
    found = []
    if _choice(raw, "selection", ("common-cause", "outcome-dependent"), where) == "outcome-dependent":
        for guess in (0, 1):
            row = []
            for string in strings:
                level = [Fraction(int(x == guess)) for x in string]
                while len(level) > 1:
                    halves = zip(level[::2], level[1::2], strict=True)
                    level = [max(p * a + q * b, q * a + p * b) for a, b in halves]
                row += level
            found.append(row)
        return found
    if len(set(settings)) == 1:  # parties can be exchanged, so one vertex of the source is enough
        leanings = [(0,) * (len(settings) - 1)]
    elif bits > 2:
        raise CertificateError(f"{where}: more than 2 bits need equal settings of the parties they pick from")
    else:
        leanings = list(itertools.product((0, 1) if p != q else (0,), repeat=len(settings) - 1))
    for leaning in leanings:  # of the bits in the order: the first, then those of its left half, then right
        shares = _leaf_shares(list(leaning), bits, (p, q))
        for guess in (0, 1):
            found.append(
                [
                    sum((s for s, x in zip(shares, string, strict=True) if x == guess), Fraction(0))
                    for string in strings
                ]
            )
    return found


def _leaf_shares(leaning: list[int], bits: int, weights: tuple[Fraction, Fraction]) -> list[Fraction]:
    if bits == 0:
        return [Fraction(1)]
    half = len(leaning) // 2
    left = _leaf_shares(leaning[1 : half + 1], bits - 1, weights)
    right = _leaf_shares(leaning[half + 1 :], bits - 1, weights)
    first = weights[leaning[0]]
    return [first * x for x in left] + [(1 - first) * x for x in right]


def _many_program(m: _Many, violated: Fraction, whole: bool, seen: bool = False) -> dict[str, Any]:
    """Build the program, in the order of docs/certificates.md."""
    size, outside = len(m.parties), len(m.at) - len(m.parties)
    classes: list[list[int]] = []
    for party in range(size):
        home = next((c for c in classes if _alike(m, c[0], party)), None)
        if home is None:
            classes.append([party])
        else:
            home.append(party)
    here = [m.at[m.parties[c[0]]] for c in classes]
    split = [_splits(len(c)) for c in classes]
    beyond = [(w, r) for w in range(outside + 1) for r in (0, 1)] if outside else [(0, 0)]
    orbits = [(inner, w, r) for inner in itertools.product(*split) for w, r in beyond]
    if len(orbits) * len(m.worths) > 1 << 18:
        raise CertificateError("question: its program by orbits is too large")
    place = {orbit: k for k, orbit in enumerate(orbits)}
    rows = _many_rows(classes, split, beyond, place, outside)
    count, guesses = len(orbits), len(m.worths)
    full = [{g * count + k: x for k, x in row.items()} for g in range(guesses) for row in rows]
    right = [Fraction(0)] * len(full)
    signs, products = _signs_and_products(orbits)
    zero = [k for k, (inner, w, _) in enumerate(orbits) if w == sum(n[2] + n[3] for n in inner) == 0]
    full.append({g * count + k: 1 for g in range(guesses) for k in zero})
    right.append(Fraction(1))
    if whole:
        for k, (inner, _, _) in enumerate(orbits):
            strings = _outcome_strings(inner) * (2 ** (outside - 1) if outside else 1)
            full.append({g * count + k: 1 for g in range(guesses)})
            right.append(Fraction(strings * (1 + signs[k] * products[k]), 2 ** len(m.at)))
    elif seen:
        for inner in itertools.product(*split):
            if not _elsewhere(inner, 0, here):
                held = [place[inner, 0, r] for r in ((0, 1) if outside else (0,))]
                sign = 0 if outside else signs[held[0]] * products[held[0]]
                full.append({g * count + k: 1 for g in range(guesses) for k in held})
                right.append(Fraction(_outcome_strings(inner) * (1 + sign), 2**size))
    elif violated:
        row: dict[int, int] = {}
        for k, (inner, w, _) in enumerate(orbits):
            if signs[k] * products[k] < 0:
                ways = math.comb(outside, w) * math.prod(math.comb(sum(n), n[0] + n[1]) for n in inner)
                row |= {g * count + k: ways for g in range(guesses)}
        full.append(row)
        right.append(violated)
    limited = int(violated > 0 and not whole and not seen)  # the last row
    blocks: list[list[Any]] = [["zero", len(full) - limited], ["nonnegative", 1]][: 1 + limited]
    goal = [Fraction(0)] * (guesses * count)
    for k, (inner, w, _) in enumerate(orbits):
        if _elsewhere(inner, w, here):
            continue
        string = ["0"] * size
        for n, a, members in zip(inner, here, classes, strict=True):
            for party in members[: n[2 * a + 1]]:
                string[party] = "1"
        for g, worth in enumerate(m.worths):
            goal[g * count + k] = worth[int("".join(string), 2)]
    open_ = [Fraction(int(whole or violated > 0 or s * x >= 0)) for s, x in zip(signs, products, strict=True)]
    return _plain_program(full, right, blocks, goal, open_ * guesses)


def _signs_and_products(orbits: list[Any]) -> tuple[list[int], list[int]]:
    """Return what the product of outcomes should be in each orbit (0: anything), and what it is."""
    ones = [w + sum(n[2] + n[3] for n in inner) for inner, w, _ in orbits]
    products = [-1 if (r + sum(n[1] + n[3] for n in inner)) % 2 else 1 for inner, _, r in orbits]
    return [0 if k % 2 else 1 if k % 4 else -1 for k in ones], products


def _elsewhere(inner: Sequence[tuple[int, int, int, int]], w: int, here: list[int]) -> bool:
    """Return whether an orbit is of other settings than these of each class, and 0 outside."""
    return bool(w) or any(n[2 - 2 * a] + n[3 - 2 * a] for n, a in zip(inner, here, strict=True))


def _outcome_strings(inner: Sequence[tuple[int, int, int, int]]) -> int:
    """Return the number of outcome strings of the classes in an orbit, at one of its setting strings."""
    return math.prod(math.comb(n[2 * a] + n[2 * a + 1], n[2 * a]) for n in inner for a in (0, 1))


def _many_rows(
    classes: list[list[int]],
    split: list[list[tuple[int, int, int, int]]],
    beyond: list[tuple[int, int]],
    place: dict[Any, int],
    outside: int,
) -> list[dict[int, int]]:
    """Return the rows by which the others see nothing of a party's setting, for one guess."""
    rows: list[dict[int, int]] = []
    for c, members in enumerate(classes):
        fewer = [_splits(len(members) - 1) if d == c else part for d, part in enumerate(split)]
        for inner in itertools.product(*fewer):
            n = inner[c]
            top, bottom = n[0] + n[1] + 1, n[2] + n[3] + 1
            common = math.gcd(top, bottom)
            for w, r in beyond:
                row: dict[int, int] = {}
                for k in range(4):  # one more party with setting k // 2 and outcome k % 2
                    more = (n[0] + (k == 0), n[1] + (k == 1), n[2] + (k == 2), n[3] + (k == 3))
                    weight = bottom // common if k < 2 else -(top // common)
                    row[place[(*inner[:c], more, *inner[c + 1 :]), w, r]] = weight * more[k]
                rows.append(row)
    for inner in itertools.product(*split):
        for w in range(outside):
            rows.append({place[inner, w + d, r]: 1 - 2 * d for d in (0, 1) for r in (0, 1)})
    return rows


def _alike(m: _Many, i: int, j: int) -> bool:
    """Return whether two of the output's parties can be exchanged."""
    if m.at[m.parties[i]] != m.at[m.parties[j]]:
        return False
    high, low = (1 << (len(m.parties) - 1 - party) for party in (i, j))
    return all(
        row[x | high] == row[x | low]
        for row in m.worths
        for x in range(len(row))
        if not x & high and not x & low
    )


def _splits(size: int) -> list[tuple[int, int, int, int]]:
    """Return how many of some parties have (setting, outcome) = 00, 01, 10, 11, in dictionary order."""
    several = range(size + 1)
    return [
        (a, b, c, size - a - b - c) for a in several for b in several for c in several if a + b + c <= size
    ]


def _plain_program(
    rows: list[dict[int, int]],
    right: list[Fraction],
    blocks: list[list[Any]],
    goal: list[Fraction],
    upper: list[Fraction],
) -> dict[str, Any]:
    """Return a program, all lower bounds 0, in the form of certificates; rows are scaled to integers."""

    def listed(xs: list[Fraction]) -> dict[str, Any]:
        seen: dict[Fraction, int] = {}
        codes = [seen.setdefault(x, len(seen)) for x in xs]
        return {"palette": [str(x) for x in seen], "codes": codes}

    indptr, indices, values = [0], [], []
    for row in rows:
        for column in sorted(row):
            if row[column]:
                indices.append(column)
                values.append(row[column])
        indptr.append(len(indices))
    return {
        "columns": len(goal),
        "blocks": blocks,
        "indptr": indptr,
        "indices": indices,
        "values": values,
        "right": listed(right),
        "objective": listed(goal),
        "lower": {"palette": ["0"], "codes": [0] * len(goal)},
        "upper": listed(upper),
    }


def _check_many(certificate: Any, raw: Any) -> tuple[Number | None, Number | None, list[str]]:
    """Return the bound and the attack's value, both proved, of a question about many parties."""
    m = _read_many(raw)
    bound = value = None
    lines = []
    proof = _get(certificate, "multipliers", (dict, type(None)), "certificate")
    if proof is not None:
        # given W the wrong outcomes weigh at most v / ratio on average; the whole behaviour has none, and
        # is what is seen at the settings asked for whatever these say about W
        biased = m.ratio != 1
        program = _many_program(m, m.violated / m.ratio, m.whole and not biased, m.whole and biased)
        name = digest(program)
        if (claimed := _get(proof, "digest", str, "multipliers")) != name:
            raise CertificateError(f"multipliers: claimed digest {claimed[:80]}, the question's is {name}")
        _, line, _ = _check_multipliers_of({**proof, "program": None}, m.quantity, {name: program}, {})
        bound = number(proof["bound"], "multipliers: bound")
        lines.append(f"{line.replace('supplied', 'built from the question')} (docs/proofs/ghz-orbits.md)")
    attack = _get(certificate, "attack", (dict, type(None)), "certificate")
    if attack is not None:
        _closed(attack, "value point", "attack")
        value = number(_get(attack, "value", str, "attack"), "attack: value")
        found = _check_point(_many_program(m, m.violated, m.whole), _get(attack, "point", dict, "attack"))
        if _sign(found - value) < 0:
            raise _differ("attack", "value", value, found)
        lines.append(f"attack: boxes by orbits of parties, unbiased settings; its value is {_show(found)}")
    return bound, value, lines


def _check_point(program: dict[str, Any], raw: Any) -> Fraction:
    """Return the objective at a point, given as a vector, that obeys all rows and bounds."""
    where = "attack: point"
    palette, codes = _vector(raw, program["columns"], where)
    x = [_rational(palette[code], where) for code in codes]
    upper = [Fraction(value) for value in program["upper"]["palette"]]
    if any(not 0 <= y <= upper[code] for y, code in zip(x, program["upper"]["codes"], strict=True)):
        raise CertificateError(f"{where}: a probability is out of bounds, or of a wrong outcome")
    unit = math.lcm(*(y.denominator for y in x))
    whole = [int(y * unit) for y in x]
    right = [Fraction(value) * unit for value in program["right"]["palette"]]
    equal = program["blocks"][0][1]
    for row, (first, last) in enumerate(itertools.pairwise(program["indptr"])):
        total = sum(
            v * whole[k]
            for k, v in zip(program["indices"][first:last], program["values"][first:last], strict=True)
        )
        limit = right[program["right"]["codes"][row]]
        if total > limit or (row < equal and total < limit):
            raise _differ(f"{where}: row {row}", "right side", limit / unit, Fraction(total, unit))
    goal = [Fraction(value) for value in program["objective"]["palette"]]
    return sum((goal[c] * y for c, y in zip(program["objective"]["codes"], x, strict=True)), Fraction(0))


# ---------------------------------------------------------------- kinds of certificates


@dataclass(frozen=True)
class _Proof:
    question: dict[str, Any]
    lower: Number | None
    upper: Number | None
    lines: list[str]
    carried: bool


#: Keys that each kind of certificate may have; `stored` is what a store of answers adds.
_KEYS = {
    "bracket": "question answer multipliers attack prices products squares settings contradiction",
    "worst": "answer parts",
    "threshold": "field crosses answer below above observed",
    "root": "function answer at_lower at_upper rests_on",
    "value": "computation answer witness",
    "sum-of-biases": "parties relations answer box multipliers rests_on",
    "local-errors": "parties epsilon answer model rests_on",
}
#: Kinds of certificates that ask no question and need nothing but themselves.
_ALONE = ("root", "value", "sum-of-biases", "local-errors")


def _header(certificate: Any) -> str:
    kind = _choice(certificate, "kind", list(_KEYS), "certificate")
    _closed(certificate, f"format version kind name instance stored {_KEYS[kind]}", "certificate")
    # Composite kinds are documented without these keys; where they are given they must be right.
    if kind == "bracket" or "format" in certificate:
        _choice(certificate, "format", ("freerand-certificate",), "certificate")
    if kind == "bracket" or "version" in certificate:
        version = _get(certificate, "version", int, "certificate")
        _integers([version], "certificate: version", 1, 1)
    for key in ("name", "instance"):
        if kind == "bracket" or kind in _ALONE or key in certificate:
            _get(certificate, key, str, "certificate")
    return kind


def _answer(certificate: Any) -> tuple[Number | None, Number | None]:
    ends = _get(certificate, "answer", dict, "certificate")
    _closed(ends, "lower upper", "answer")
    lower, upper = (_get(ends, end, (str, type(None)), "answer") for end in ("lower", "upper"))
    return (
        None if lower is None else number(lower, "answer: lower"),
        None if upper is None else number(upper, "answer: upper"),
    )


def _follows(end: str, claimed: Number | None, proved: Number | None) -> None:
    """Check that an end of an answer is what was proved, or weaker."""
    if claimed is None:
        return
    if proved is None:
        raise CertificateError(f"answer: claimed {end} {_show(claimed)}, derived nothing")
    if _sign(proved - claimed if end == "lower" else claimed - proved) < 0:
        raise _differ("answer", end, claimed, proved)


def _check_bracket(
    certificate: Any, programs: Mapping[str, dict[str, Any]], lifted: Mapping[str, Lifted]
) -> _Proof:
    raw = _get(certificate, "question", dict, "certificate")
    if "relations" in raw:
        unused = {"prices", "products", "squares", "settings", "contradiction"} & set(certificate)
        if unused:
            raise CertificateError(f"certificate: {sorted(unused)} prove nothing about relations")
        return _check_bracket_of_many(certificate, raw)
    q = _read_question(raw)
    lower, upper = _answer(certificate)
    multipliers = _get(certificate, "multipliers", (dict, type(None)), "certificate")
    attack = _get(certificate, "attack", (dict, type(None)), "certificate")
    bound = value = None
    lines, carried = [], True
    if multipliers is not None:
        bound, line, carried = _check_multipliers_of(multipliers, q.quantity, programs, lifted)
        lines.append(line)
    prices = _get(certificate, "prices", dict, "certificate") if "prices" in certificate else None
    by_orbits = attack is not None and "orbits" in attack
    tree = _symmetric(q, raw) if prices is not None or by_orbits else None
    if prices is not None and tree is not None:
        if bound is not None:
            raise CertificateError("certificate: multipliers and prices for one end")
        bound, line = _check_prices(prices, tree)
        lines.append(line)
    if attack is not None:
        value, line = _check_orbits(attack, tree) if by_orbits and tree else _check_attack(attack, q)
        lines.append(line)
    products = certificate.get("products")
    if products is not None:
        if multipliers is not None:
            raise CertificateError("certificate: multipliers and products: one proof of an end is needed")
        bound, line, carried = _check_products_of(products, raw, q.quantity, programs)
        lines.append(line)
    if "squares" in certificate:
        if bound is not None:
            raise CertificateError("certificate: squares and another proof of the same end")
        bound, line = _check_squares(certificate["squares"], raw, q)
        lines.append(line)
    for key, checked in (("settings", _check_settings), ("contradiction", _check_contradiction)):
        if key in certificate:
            if bound is not None or q.quantity != "strategy":
                raise CertificateError(f"certificate: {key} alone prove that there is no strategy")
            bound, line = checked(certificate[key], raw, q)
            lines.append(line)
    low, high = _ends(q, None if bound is None else _cut(q, bound), value)
    _follows("lower", lower, low)
    _follows("upper", upper, high)
    return _Proof(raw, lower, upper, lines, carried)


def _cut(q: _Question, bound: Number) -> Number:
    """Return a bound, or what no probability, distance or score exceeds at all, if that is less."""
    if q.score is None:
        most: Number = Fraction(q.count - 1, q.count) if q.quantity == "trace-distance" else Fraction(1)
        return bound if q.quantity == "strategy" or _sign(most - bound) >= 0 else most
    rows: dict[int, list[Number]] = {}
    for o, s, factor in q.score.terms:
        held = rows.setdefault(s, [Fraction(0)] * q.count_outcomes)
        held[o] = held[o] + (-factor if q.smallest else factor)
    tops = {s: _largest(row) for s, row in rows.items()}
    if q.observed is None and not q.score.conditional:
        # P(s) is not known: at best all mass is where a unit of it earns most
        most = _largest([*tops.values(), *[Fraction(0)] * (len(rows) < q.count_settings)])
    else:
        most = Fraction(0)
        for s, top in tops.items():
            share = Fraction(1) if q.observed is None else q.observed[s]
            most = most + (top * share if not q.score.conditional else top if _sign(share) else Fraction(0))
    return bound if _sign(most - bound) >= 0 else most


def _largest(values: Sequence[Number]) -> Number:
    found = values[0]
    for value in values[1:]:
        found = value if _sign(value - found) > 0 else found
    return found


def _ends(q: _Question, bound: Number | None, value: Number | None) -> tuple[Number | None, Number | None]:
    """Return both ends of the answer from the bound and the attack's value, which may not contradict."""
    if bound is None and value is None:
        raise CertificateError("certificate: neither multipliers nor an attack: proves nothing")
    low, high = value, bound
    if q.quantity == "strategy":
        low = None if value is None else Fraction(1)
        high = None if bound is None else Fraction(0)
    elif q.smallest:
        low, high = None if bound is None else -bound, value
    # An attack above the bound would mean that the program is not one of this question.
    if low is not None and high is not None and _sign(high - low) < 0:
        raise CertificateError(
            f"certificate: the proofs contradict each other, {_show(low)} > {_show(high)}: "
            "the program is not one of this question"
        )
    if q.quantity == "min-entropy":
        low, high = (None if x is None else -_call("log2", x) for x in (bound, value))
    return low, high


def _check_bracket_of_many(certificate: Any, raw: Any) -> _Proof:
    lower, upper = _answer(certificate)
    bound, value, lines = _check_many(certificate, raw)
    if bound is None and value is None:
        raise CertificateError("certificate: neither multipliers nor an attack: proves nothing")
    if bound is not None and value is not None and _sign(bound - value) < 0:
        raise CertificateError(f"certificate: the proofs contradict each other, {value} > {bound}")
    low, high = value, bound
    if raw["ask"]["quantity"] == "min-entropy":
        low, high = (None if x is None else -_call("log2", x) for x in (bound, value))
    _follows("lower", lower, low)
    _follows("upper", upper, high)
    return _Proof(raw, lower, upper, lines, True)


def _without(question: Any, path: Sequence[str]) -> tuple[Any, Any]:
    """Return a question without the field at a path of keys, and the field."""
    inner = _get(question, path[0], (dict, list, str) if len(path) == 1 else dict, "question")
    rest, field = (None, inner) if len(path) == 1 else _without(inner, path[1:])
    return {**question, path[0]: rest}, field


def _check_worst(
    certificate: Any, programs: Mapping[str, dict[str, Any]], lifted: Mapping[str, Lifted]
) -> _Proof:
    claimed = dict(zip(("lower", "upper"), _answer(certificate), strict=True))
    parts: list[_Proof] = []
    places: set[tuple[int, ...]] = set()
    lines: list[str] = []
    carried = True
    for k, part in enumerate(_get(certificate, "parts", list, "certificate")):
        proof = _nested(part, f"part {k}", programs, lifted)
        question, at = _without(proof.question, _AT)
        if type(at) is not list or question != _without((parts or [proof])[0].question, _AT)[0]:
            raise CertificateError(f"part {k}: it does not ask the same at another setting")
        parts.append(proof)
        places.add(tuple(at))
        lines += [f"at {at}: {line}" for line in proof.lines]
        carried = carried and proof.carried
    if not parts:
        raise CertificateError("certificate: there are no parts")
    question = parts[0].question
    if len(places) != (needed := math.prod(question["scenario"]["settings"])):
        raise CertificateError(f"certificate: claimed {len(places)} settings, derived {needed}")
    # The largest of the parts is below an end if all are, and above one if any is (min-entropy:
    # the smallest, the other way round).
    smallest = question["ask"]["quantity"] == "min-entropy"
    ends = {"lower": [p.lower for p in parts], "upper": [p.upper for p in parts]}
    for end, of_parts in ends.items():
        known = [x for x in of_parts if x is not None]
        if (end == "lower") == smallest and len(known) < len(of_parts):
            known = []  # an end that needs all parts
        extreme = known[0] if known else None
        for x in known[1:]:
            assert extreme is not None
            if x != extreme and (_sign(x - extreme) < 0) == smallest:
                extreme = x
        _follows(end, claimed[end], extreme)
    return _Proof(question, claimed["lower"], claimed["upper"], lines, carried)


def _nested(
    part: Any, where: str, programs: Mapping[str, dict[str, Any]], lifted: Mapping[str, Lifted]
) -> _Proof:
    try:
        if _header(part) != "bracket":
            raise CertificateError("certificate: a part must be of kind 'bracket'")
        return _check_bracket(part, programs, lifted)
    except CertificateError as error:
        raise CertificateError(f"{where}: {error}") from None


def _check_threshold(
    certificate: Any, programs: Mapping[str, dict[str, Any]], lifted: Mapping[str, Lifted]
) -> _Proof:
    field = _choice(certificate, "field", _FIELDS, "certificate")
    if ("observed" in certificate) != (field == "observed.visibility"):
        raise CertificateError("certificate: 'observed' belongs to a threshold in the visibility")
    lower, upper = _answer(certificate)
    if lower is None or upper is None or _sign(upper - lower) < 0:
        raise CertificateError("answer: a threshold needs two ends in their order")
    crosses = certificate.get("crosses")
    ends = _get(certificate, "answer", dict, "certificate")
    questions, lines, carried, holds = [], [], True, []
    for side, key, end in (("below", "lower", lower), ("above", "upper", upper)):
        limit = crosses
        if type(crosses) is str:  # an expression in the field: its value at this end
            limit = number(crosses.replace(field, f"({ends[key]})"), "crosses")
        elif crosses is not None:
            raise CertificateError("crosses: a text is needed")
        proof = _nested(_get(certificate, side, dict, "certificate"), side, programs, lifted)
        if field == "observed.visibility":
            question = _without_visibility(certificate, proof.question, end, side)
        else:
            question, x = _without_field(proof.question, field, side)
            if x != end:
                raise _differ(side, field, end, x)
        holds.append(_holds(proof, limit, side))
        questions.append(question)
        lines += [f"{side}, at {_show(end)}: {line}" for line in proof.lines]
        shown = f"there is {'no' if holds[-1] else 'a'} strategy"
        if limit is not None:
            shown = f"the answer {'stays within' if holds[-1] else 'passes'} {_show(limit)}"
        lines.append(f"{shown} at {field} = {_show(end)}")
        carried = carried and proof.carried
    if questions[0] != questions[1]:
        raise CertificateError("certificate: the questions below and above differ elsewhere")
    if holds[0] == holds[1]:
        raise CertificateError("certificate: the two ends prove the same")
    if type(crosses) is str and field in crosses:
        lines.append(f"the claim changes between the ends; another change of it in {field} is not excluded")
    else:
        if holds[0] != (field in _FIELDS[:2]):
            raise CertificateError(f"certificate: more is possible on the wrong side of {field}")
        word = "more" if field in _FIELDS[:2] else "less"
        lines.append(f"with {word} {field} an adversary can do no less: the change is the only one")
    return _Proof(questions[0], lower, upper, lines, carried)


# In the first two what an adversary can do grows with the field, in the others it shrinks.
_FIELDS = ("source.epsilon", "source.upper", "source.lower", "source.bits", "observed.visibility")


def _without_field(question: Any, field: str, where: str) -> tuple[Any, Number]:
    """Return a question without a field of its source, and the field's value."""
    name = field.split(".")[1]
    source = _get(question, "source", dict, where)
    if name == "bits":  # min-entropy: P(s|w) <= 2^-bits and no lower bound
        least = _get(source, "lower", str, f"{where}: source")
        if number(least, f"{where}: field") != 0:
            raise CertificateError(f"{where}: min-entropy has no lower bound on P(s|w)")
        most = number(_get(source, "upper", str, f"{where}: source"), f"{where}: field")
        return _without(question, ("source", "upper"))[0], -_call("log2", most)
    if source.get("kind") != "per-party":
        rest, x = _without(question, ("source", name))
        return rest, number(x, f"{where}: field")
    parts, found = [], set()
    for part in source["parts"]:  # all imperfect parties have the same epsilon
        if part["kind"] == "uniform":
            parts.append(part)
        else:
            rest, x = _without(part, (name,))
            parts.append(rest)
            found.add(number(x, f"{where}: field"))
    if len(found) != 1:
        raise CertificateError(f"{where}: the parties have {len(found)} different values of {field}")
    return {**question, "source": {**source, "parts": parts}}, found.pop()


def _without_visibility(certificate: Any, question: Any, visibility: Number, where: str) -> Any:
    """Return a question without the scores that are the mixture's of a behaviour and white noise.

    Score k is v f(P) + (1 - v) f(white noise) + slack: at a smaller v an adversary adds noise to
    her boxes, and a slack on its test's own side stays enough.  A test with another score must be
    passed by white noise.
    """
    q = _read_question(question)
    if q.score is not None or q.moments:
        # noise moves a score and moments towards its own: neither grows nor shrinks with the visibility
        raise CertificateError(
            f"{where}: a score or conditions on moments are not monotone in the visibility"
        )
    observed = _get(certificate, "observed", dict, "certificate")
    _closed(observed, "behaviour slack", "observed")
    palette, codes = _vector(
        _get(observed, "behaviour", dict, "observed"), q.count_settings * q.count_outcomes, "observed"
    )
    slack = _get(observed, "slack", list, "observed")
    if len(slack) != len(q.tests):
        raise CertificateError(f"observed: claimed {len(slack)} slacks, derived {len(q.tests)} tests")
    if any(_sign(p) < 0 for p in palette):
        raise CertificateError("observed: a probability is negative")
    for s in range(q.count_settings):
        total: Number = Fraction(0)
        for code in codes[s :: q.count_settings]:
            total = total + palette[code]
        if total != 1:
            raise _differ("observed", f"probability at setting {s}", Fraction(1), total)
    if _sign(visibility) < 0 or _sign(visibility * -1 + 1) < 0:
        raise CertificateError(f"{where}: visibility {_show(visibility)} is not in [0, 1]")
    kept = []
    for k, ((expression, relation, limit), raw, own) in enumerate(
        zip(q.tests, question["tests"], slack, strict=True)
    ):
        if q.observed is None and not expression.conditional:
            raise CertificateError(f"{where}: test {k}: with free settings a joint score is not known")
        honest: Number = Fraction(0)
        noise: Number = Fraction(0)
        for o, s, f in expression.terms:
            weight = f * (1 if expression.conditional or q.observed is None else q.observed[s])
            honest = honest + palette[codes[o * q.count_settings + s]] * weight
            noise = noise + weight * Fraction(1, q.count_outcomes)
        place = f"{where}: test {k}"
        if own is None:
            gap = limit - noise
        else:
            gap = number(own, f"{place}: slack")
            score = visibility * honest + (1 - visibility) * noise + gap
            if score != limit:
                raise _differ(place, "score at this visibility", limit, score)
        if not (gap == 0 if relation == "=" else _sign(gap if relation == "<=" else gap * -1) >= 0):
            raise CertificateError(f"{place}: it is not monotone in the visibility")
        kept.append(raw if own is None else {**raw, "score": None})
    return {**question, "tests": kept}


def _holds(proof: _Proof, limit: Number | None, side: str) -> bool:
    """Return whether a proof shows no strategy (an answer that stays within the limit) or one (beyond)."""
    quantity = proof.question["ask"]["quantity"]
    if (quantity == "strategy") != (limit is None):
        raise CertificateError(f"{side}: a limit goes with every quantity but strategy")
    if limit is None:
        if proof.upper == 0 or proof.lower == 1:
            return proof.upper == 0
        raise CertificateError(
            f"{side}: it does not prove that there is no strategy and does not exhibit one"
        )
    within, beyond = proof.upper, proof.lower
    if quantity == "min-entropy":  # less entropy is more knowledge
        within, beyond, limit = _negated(proof.lower), _negated(proof.upper), limit * Fraction(-1)
    if within is not None and _sign(limit - within) >= 0:
        return True
    if beyond is not None and _sign(beyond - limit) > 0:
        return False
    raise CertificateError(f"{side}: it shows neither side of {_show(limit)}")


def _negated(x: Number | None) -> Number | None:
    return None if x is None else x * Fraction(-1)


#: Functions of e that decrease on [0, 1/4], with the names of their parameters; written proofs say so.
_ROOTS = {
    "theorem-1-base": ("", "2*(1-2*e)^2 - (1+2*e)^2"),
    "averaged-base": ("", "2*(1-2*e)^2 - 1"),
    "free-fixed-base": ("", "2*(1-2*e)^4 - (1+2*e)^4"),
    "free-edges-fixed-base": ("", "4*(1/2-e)^4 - (1/2+e)^3"),
    "free-edges-averaged-base": ("", "4*(1/2-e)^2 - (1/2+e)"),
    "half-entropy": ("", "1/2 + e*log2(e) + (1-e)*log2(1-e)"),  # 1/2 at 0
    "any-encoding-base": ("fraction", "1 - 2*(1-fraction)*log2((1+2*e)/(1-2*e))"),
    "devices-like-sources-base": ("", "2*(1-2*e)^12 - (1+2*e)^12"),
    "theorem-2-exponent": ("m i", "2*log2(1/2-e) - (m+1)*log2(1/2+e) - (1+i)"),
    "exact-tests-exponent": ("m i", "2*log2(1/2-e) - m*log2(1/2+e) - i"),
    "majorised-exponent": (
        "m i",
        "2*log2(1/2-e) - log2(1/2+e) - i - (m-1)*((1/2+e)*log2(1/2+e) + (1/2-e)*log2(1/2-e))",
    ),
    "selected-exponent": ("m i", "m - 1 - i + 2*log2(1/2-e) - log2(1/2+e)"),
}


def _read_proof(certificate: Any) -> str:
    """Return the place of the written proof that a certificate rests on, or nothing."""
    page: str = _get(certificate, "rests_on", str, "certificate")
    if re.fullmatch(r"[A-Za-z0-9._/#-]{0,120}", page) is None:
        raise CertificateError(
            "rests_on: a path such as docs/proofs/chained-leakage.md is needed, or nothing"
        )
    return page


def _check_root(certificate: Any) -> _Proof:
    """Evaluate a function of the closed table at both ends; that it decreases is a written proof."""
    ends = _answer(certificate)
    if any(not isinstance(x, Fraction) or not 0 <= x <= Fraction(1, 4) for x in ends):
        raise CertificateError("answer: a root needs two ends, fractions from 0 to 1/4")
    lower, upper = (_rational(x, "answer") for x in ends if x is not None)
    if lower > upper:
        raise CertificateError("answer: a root needs two ends in their order")
    text, rests_on = _get(certificate, "function", str, "certificate"), _read_proof(certificate)
    call = re.fullmatch(r"([a-z0-9-]{1,40})\(([^()]{0,2000})\)", text)
    given = [part.partition("=") for part in call[2].split(", ")] if call and call[2] else []
    if call is None or call[1] not in _ROOTS or [key for key, _, _ in given] != _ROOTS[call[1]][0].split():
        raise CertificateError(f"function: {text[:80]!r} is none of {', '.join(_ROOTS)} with its parameters")
    known = {key: _rational(number(value, "function"), "function") for key, _, value in given}
    lines = []
    for key, x, sign in (("at_lower", lower, 1), ("at_upper", upper, -1)):
        derived = _of_root(call[1], {**known, "e": x})
        claimed = number(_get(certificate, key, str, "certificate"), key)
        near = enclosure(claimed - derived, 256)
        if not near[0] <= 0 <= near[1]:
            raise _differ(key, "value", claimed, derived)
        if _sign(derived) != sign:
            word = "positive" if sign > 0 else "negative"
            raise CertificateError(f"{key}: claimed {word}, derived {_show(derived)}")
        lines.append(f"it is {_show(derived)} at {_plain(x)}")
    words = ", ".join(f"{key} = {_plain(x)}" for key, x in known.items())
    lines.insert(0, f"root of {call[1]}({words}) = {_ROOTS[call[1]][1]}, evaluated here")
    return _Proof({}, lower, upper, [*lines, f"that it decreases is to be read: {rests_on}"], True)


def _of_root(name: str, known: Mapping[str, Fraction]) -> Number:
    if name == "half-entropy" and known["e"] == 0:
        return Fraction(1, 2)
    names = "|".join(known)
    return number(
        re.sub(rf"\b({names})\b", lambda match: f"({known[match[0]]})", _ROOTS[name][1]), "function"
    )


# ---------------------------------------------------------------- computations, a second time
#
# Each computation of kind "value" is derived from its parameters by another route than the maker's:
# by enumeration where the maker has a recursion or a closed form, by weak duality where it has a point.
# docs/certificates.md says what each of them means.


class _Arguments:
    """Read the parameters of a computation; a key that nobody reads is refused."""

    def __init__(self, raw: Any, witness: Any) -> None:
        self.raw, self.witness, self.taken, self.shown = raw, witness, {"name"}, set[str]()

    def rational(self, key: str, least: int | Fraction, most: int | Fraction) -> Fraction:
        self.taken.add(key)
        value = _rational(number(_get(self.raw, key, str, "computation"), key), f"computation: {key}")
        if not least <= value <= most:
            raise CertificateError(f"computation: {key} {_show(value)} is not from {least} to {most}")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.rational(key, least, most)
        if value.denominator != 1:
            raise CertificateError(f"computation: {key} {value} is no integer")
        return int(value)

    def word(self, key: str, *allowed: str) -> str:
        self.taken.add(key)
        return _choice(self.raw, key, allowed, "computation")

    def bit(self) -> tuple[Fraction, Fraction]:
        """Return p, q = 1/2 +- epsilon."""
        epsilon = self.rational("epsilon", 0, Fraction(499, 1000))
        return Fraction(1, 2) + epsilon, Fraction(1, 2) - epsilon

    def held(self, key: str, kind: type) -> Any:
        """Return an entry of the witness."""
        self.shown.add(key)
        return _get(self.witness, key, kind, "witness")

    def numbers(self, key: str, length: int) -> list[Fraction]:
        texts = self.held(key, list)
        if len(texts) != length:
            raise CertificateError(f"witness: {key} needs {length} numbers")
        return [_rational(number(x, f"witness: {key}"), f"witness: {key}") for x in texts]


_Ends: TypeAlias = "tuple[Number | None, Number | None]"


def _tree_value(values: list[Any], p: Scalar, q: Scalar) -> Any:
    """Return the largest mean of values at the leaves of a tree, p to the better side at each node."""
    while len(values) > 1:
        values = [p * max(x, y) + q * min(x, y) for x, y in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def _test_leaves(a: _Arguments, r: int) -> list[int]:
    """Return 1 at the leaves of the tree of bits whose pair of settings is one of the 2N edges."""
    size = 2**r
    names = ("interleaved", "A first", "B first")
    a.word("order", *names), a.word("bits", "most-significant-first", "least-significant-first", "gray")
    raw = {"epsilon": "0", "order": a.raw["order"], "bits": a.raw["bits"]}
    found = [0] * size**2
    for s, leaf in enumerate(_read_sequence(raw, [size, size], "computation")[1]):
        x, y = 2 * (s // size), 2 * (s % size) + 1  # as the settings are written in arXiv:1105.3195
        found[leaf] = int(abs(x - y) == 1 or (x, y) == (0, 2 * size - 1))
    return found


def _of_test_probability(a: _Arguments) -> _Ends:
    (p, q), leaves = a.bit(), _test_leaves(a, a.whole("r", 1, 5))
    if a.word("extreme", "largest", "smallest") == "largest":
        value: Fraction = _tree_value([Fraction(x) for x in leaves], p, q)
    else:
        value = -_tree_value([Fraction(-x) for x in leaves], p, q)
    return value, value


def _of_detection_ratio(a: _Arguments) -> _Ends:
    """Find that the least P(e|w) - ratio P(T|w) over sources and edges e is 0."""
    (p, q), leaves = a.bit(), _test_leaves(a, a.whole("r", 1, 5))
    ratio = _rational(number(a.held("ratio", str), "witness: ratio"), "witness: ratio")
    top, bottom = ratio.numerator, ratio.denominator
    heavy, light = p.numerator * q.denominator, q.numerator * p.denominator
    edges = [k for k, x in enumerate(leaves) if x]
    gains = [
        _tree_value([top * x - bottom * (k == edge) for k, x in enumerate(leaves)], heavy, light)
        for edge in edges
    ]
    if max(gains) != 0:
        raise CertificateError(f"witness: {_show(ratio)} is not the smallest ratio")
    return ratio, ratio


def _of_honest_bits(a: _Arguments) -> _Ends:
    r, m = a.whole("r", 1, 400), a.rational("m", 1, 4)
    uniform = a.word("protocol", "printed", "repaired") == "printed"
    exponent = m * r if uniform else (m - 1) * r
    if exponent.denominator > 99:
        raise CertificateError("computation: m r has too large a denominator")
    # sin^2(x) = (1 - cos(2x))/2 with 2x = pi/2N; with uniform bits 2N of N^2 settings are tests
    half_turn = _call("cos", number(f"1/{2 ** (r + 1)}*pi"))
    passing = (half_turn + 1) * Fraction(1, 2)
    if uniform:
        passing = 1 - (1 - passing) * Fraction(2 * 2**r, 4**r)
    whole, rest = divmod(exponent.numerator, exponent.denominator)
    rounds: Number = Fraction(2**whole)
    if rest:
        degree = exponent.denominator
        rounds = rounds * _call("sqrt" if degree == 2 else f"root{degree}", Fraction(2**rest))
    value = rounds * _call("log2", passing) * -1
    return value, value


def _of_output_bias(a: _Arguments) -> _Ends:
    r, m, i = a.whole("r", 1, 200), a.rational("m", 1, 4), a.rational("i", 0, 3)
    analysis = a.word("analysis", "printed", "tests", "majorised")
    p, q = a.bit()
    n, drop = (m - 1) * r, i * r
    (k,) = a.numbers("k", 1)
    if {n.denominator, drop.denominator, k.denominator} != {1} or k < 1 or n > 600:
        raise CertificateError("computation: (m-1) r, i r and k have to be integers")
    limit = 2 / Fraction(2) ** int(drop)
    if analysis == "printed":
        seen = limit * q ** (2 * r) / (2 * 2**r * p ** (2 * r))
    else:
        seen = limit * q ** (2 * r) / p ** (r - 1)
    picked = k * p ** int(n)
    if analysis == "majorised":
        picked, left = Fraction(0), int(k)
        for ones in range(int(n) + 1):  # the heaviest strings first
            taken = min(left, math.comb(int(n), ones))
            picked, left = picked + taken * p ** (int(n) - ones) * q**ones, left - taken
    escaped = Fraction(1, 2 ** min(math.floor(k * seen), 2000))  # (1-x)^k <= exp(-kx) <= 2^-floor(kx)
    return None, (limit + picked + escaped + Fraction(607, 1000) * p ** (int(n) // 2)) / 2


def _of_exponent_margin(a: _Arguments) -> _Ends:
    """Rows m + t <= 3, t - i <= 0, i - k + t <= d, k + (m-1) log2 p + t <= 0; maximise t."""
    analysis = a.word("analysis", "printed", "tests")
    p, q = a.bit()
    heavy, light = _call("log2", p), _call("log2", q)
    d = 2 * light - heavy - ((heavy + 1) if analysis == "printed" else 0)
    m, i, k, t = a.numbers("point", 4)
    box = ((m, 1, 3), (i, 0, 3), (k, 0, 32), (t, -32, 3))
    rows = (3 - m - t, i - t, d - i + k - t, heavy * (1 - m) - k - t)
    if any(not low <= x <= high for x, low, high in box) or any(_sign(x) < 0 for x in rows):
        raise CertificateError("witness: the point breaks a row")
    prices = a.numbers("prices", 4)
    if min(prices) < 0:
        raise CertificateError("witness: a price is negative")
    one, two, three, four = prices
    bound: Number = 3 * one + three * d + four * heavy
    for gain, low, high in (
        (one * -1 - four * heavy, 1, 3),
        (two - three, 0, 3),
        (three - four, 0, 32),
        (1 - one - two - three - four, -32, 3),
    ):
        bound = bound + gain * (high if _sign(gain) > 0 else low)
    return t, bound


def _of_selection_bias(a: _Arguments) -> _Ends:
    """Every string of fair outcomes is visited: all pairs of strings of half the length."""
    n, (p, q) = a.whole("n", 0, 4), a.bit()
    heavy, light = p.numerator * q.denominator, q.numerator * p.denominator
    values = [0, 1]  # by string of outcomes; scaled by (heavy + light) a level
    for _ in range(n):
        values = [heavy * max(x, y) + light * min(x, y) for x in values for y in values]
    bias = Fraction(sum(values), len(values) * (heavy + light) ** n) - Fraction(1, 2)
    return bias, bias


def _of_selection_slope(a: _Arguments) -> _Ends:
    terms = a.whole("terms", 0, 12)
    total, chance, m = Fraction(0), Fraction(1), 0
    for k in range(terms):
        while m < 1 << k:  # binomial(2m, m)/4^m is the product of 1 - 1/2j
            m += 1
            chance *= 1 - Fraction(1, 2 * m)
        total += chance
    step = _call("sqrt", Fraction(1, 2))
    rest = _call("sqrt", Fraction(1, 2**terms)) * _power(1 - step, -1)
    rest = rest * _power(_call("sqrt", number("pi")), -1)
    return total + rest * (1 - Fraction(1, 4 * 2**terms)), total + rest


def _of_selection_weight(a: _Arguments) -> _Ends:
    """Split k leaves into k1 and k2 in the two halves, in all ways."""
    n, count, (p, q) = a.whole("n", 0, 7), a.whole("count", 0, 128), a.bit()
    best = [Fraction(0), Fraction(1)]
    for _ in range(n):
        size = len(best) - 1
        best = [
            max(p * best[j] + q * best[k - j] for j in range(max(0, k - size), min(k, size) + 1))
            for k in range(2 * size + 1)
        ]
    if count >= len(best):
        raise CertificateError(f"computation: there are only {len(best) - 1} leaves")
    return best[count], best[count]


def _of_least_bias(a: _Arguments) -> _Ends:
    """Every function of n bits is visited: all pairs of functions of n - 1 bits."""
    n, (p, q) = a.whole("n", 0, 4), a.bit()
    heavy, light = p.numerator * q.denominator, q.numerator * p.denominator
    most = [(1, 0), (0, 1)]  # largest chances of 0 and of 1, by truth table
    for _ in range(n):
        most = [
            (heavy * max(u, x) + light * min(u, x), heavy * max(v, y) + light * min(v, y))
            for u, v in most
            for x, y in most
        ]
    bias = Fraction(min(map(max, most)), (heavy + light) ** n) - Fraction(1, 2)
    return bias, bias


def _of_function_bias(a: _Arguments) -> _Ends:
    function, n = a.word("function", "parity", "majority", "inner-product"), a.whole("n", 1, 14)
    p, q = a.bit()
    if function == "inner-product":
        half = n // 2
        table = [((s >> half) & s & (1 << half) - 1).bit_count() & 1 for s in range(4**half)]
    else:
        ones = [s.bit_count() for s in range(2**n)]
        table = [k & 1 if function == "parity" else int(k > n // 2) for k in ones]
    chances = [_tree_value([Fraction(x == wanted) for x in table], p, q) for wanted in (0, 1)]
    return max(chances) - Fraction(1, 2), max(chances) - Fraction(1, 2)


def _of_independent_inner_product(a: _Arguments) -> _Ends:
    """Every vertex of one source, a side of each node that is heavy, against the other source's best."""
    n, (p, q) = a.whole("n", 1, 4), a.bit()
    heavy, light = p.numerator * q.denominator, q.numerator * p.denominator
    best = 0
    for sides in range(1 << 2**n - 1):
        masses = [1]
        for depth in range(n):
            first = 2**depth - 1
            masses = [
                mass * (heavy if (sides >> first + k & 1) == bit else light)
                for k, mass in enumerate(masses)
                for bit in (0, 1)
            ]
        signed = [
            sum(-x if (s & y).bit_count() & 1 else x for s, x in enumerate(masses)) for y in range(2**n)
        ]
        best = max(best, _tree_value(signed, heavy, light), _tree_value([-x for x in signed], heavy, light))
    bias = Fraction(best, 2 * (heavy + light) ** (2 * n))
    return bias, bias


def _of_copied_inner_product(a: _Arguments) -> _Ends:
    up, n, (p, q) = a.word("one", "up", "down") == "up", a.whole("n", 1, 64), a.bit()
    both = p**2 if up else 1 - p**2 - p * q - q**2
    odd = sum(math.comb(n, k) * both**k * (1 - both) ** (n - k) for k in range(1, n + 1, 2))
    return abs(odd - Fraction(1, 2)), abs(odd - Fraction(1, 2))


def _of_four_term_state(a: _Arguments) -> _Ends:
    """Squares of the amplitudes (1/2+e), sqrt(1/4-e^2), (1/2-e), sqrt(1/4-e^2), conditioned."""
    first, bit, (p, q) = a.word("order", "1 first", "2 first"), a.whole("bit", 1, 2), a.bit()
    e = (p - q) / 2
    chances = [[p**2, Fraction(1, 4) - e**2], [q**2, Fraction(1, 4) - e**2]]
    rows = chances if bit == 2 else [list(column) for column in zip(*chances, strict=True)]  # given, of
    if first == f"{bit} first":
        rows = [[sum(column, Fraction(0)) for column in zip(*rows, strict=True)]]
    value = max(abs(row[0] - row[1]) / (row[0] + row[1]) / 2 for row in rows)
    return value, value


def _of_signalling(a: _Arguments) -> _Ends:
    """With v = P(S) P(not S), d = 2 eps it is at most v d/(v d^2 + (1-d^2)/4), which grows up to v = 1/4."""
    p, q = a.bit()
    d = p - q
    rows = a.held("joint", list)
    if len(rows) != 2:
        raise CertificateError("witness: joint needs two rows")
    joint = [_Arguments({}, {"row": row}).numbers("row", 2) for row in rows]
    sums = [joint[0][x] + joint[1][x] for x in (0, 1)]
    if min(map(min, joint)) <= 0 or sum(sums) != 1:
        raise CertificateError("witness: joint is no distribution")
    if any(joint[s][x] > p * sums[x] for s in (0, 1) for x in (0, 1)):
        raise CertificateError("witness: the setting is not eps-free given the outcome")
    one, other = ([x / sum(row, Fraction(0)) for x in row] for row in joint)
    reached = (abs(one[0] - other[0]) + abs(one[1] - other[1])) / 2
    return reached, d / 4 / (d * d / 4 + (1 - d * d) / 4)


def _of_markov_step(a: _Arguments) -> _Ends:
    """D is `most` with the chance delta/most, else 0, and [D >= level] <= D/level, at 0 and beyond level."""
    delta, level = (
        a.rational("delta", 0, Fraction(1, 2)),
        a.rational("level", Fraction(1, 10**9), Fraction(1, 2)),
    )
    most = max(level, delta)
    return Fraction(delta / most), min(Fraction(1), delta / level)


def _of_missing_edge(a: _Arguments) -> _Ends:
    size, weight = a.whole("size", 2, 6), a.rational("weight", Fraction(1, 10**6), Fraction(1, 2))
    printed = a.word("edges", "printed", "all") == "printed"
    count = size**2
    raw, tables = (a.held(key, list) for key in ("given", "boxes"))
    given = [_Arguments({}, {"row": row}).numbers("row", count) for row in raw]
    boxes = []
    for table in tables:
        if type(table) is not list or len(table) != count:
            raise CertificateError("witness: a box has the wrong size")
        boxes.append([_Arguments({}, {"row": cell}).numbers("row", 4) for cell in table])
    if len(given) != len(boxes) or any(sum(column) != 1 for column in zip(*given, strict=True)):
        raise CertificateError("witness: given is no distribution of w")
    edges, score = [], Fraction(0)
    for s in range(count):
        x, y = 2 * (s // size), 2 * (s % size) + 1
        last = (x, y) == (0, 2 * size - 1)
        if abs(x - y) == 1 or last:
            edges.append((s, last))
            wrong = (0, 3) if last else (1, 2)
            for row, box in zip(given, boxes, strict=True):
                score += row[s] * sum(box[s][k] for k in wrong)
    for box in boxes:
        one = [[cell[0] + cell[1] for cell in box], [cell[0] + cell[2] for cell in box]]
        if any(min(cell) < 0 or sum(cell) != 1 for cell in box):
            raise CertificateError("witness: a box is no distribution")
        if any(one[0][s] != one[0][s - s % size] or one[1][s] != one[1][s % size] for s in range(count)):
            raise CertificateError("witness: a box signals")
    if min(map(min, given)) <= 0 or score != weight:
        raise CertificateError("witness: I_N is not the weight")
    distance = Fraction(0)
    for row, box in zip(given, boxes, strict=True):
        distance += row[0] * abs(box[0][0] + box[0][1] - Fraction(1, 2))
    ratio = min(row[s] / row[0] for s, last in edges if not (printed and last) for row in given)
    value = distance - score / (2 * ratio)
    return value, value


_COMPUTATIONS: dict[str, Callable[[_Arguments], _Ends]] = {
    "test-probability": _of_test_probability,
    "detection-ratio": _of_detection_ratio,
    "honest-bits": _of_honest_bits,
    "output-bias": _of_output_bias,
    "exponent-margin": _of_exponent_margin,
    "selection-bias": _of_selection_bias,
    "selection-slope": _of_selection_slope,
    "selection-weight": _of_selection_weight,
    "least-bias": _of_least_bias,
    "function-bias": _of_function_bias,
    "independent-inner-product": _of_independent_inner_product,
    "copied-inner-product": _of_copied_inner_product,
    "four-term-state": _of_four_term_state,
    "signalling": _of_signalling,
    "markov-step": _of_markov_step,
    "missing-edge": _of_missing_edge,
}


def _check_value(certificate: Any) -> _Proof:
    lower, upper = _answer(certificate)
    raw = _get(certificate, "computation", dict, "certificate")
    name = _choice(raw, "name", list(_COMPUTATIONS), "computation")
    arguments = _Arguments(raw, _get(certificate, "witness", dict, "certificate"))
    found = _COMPUTATIONS[name](arguments)
    if set(raw) != arguments.taken:
        raise CertificateError(f"computation: {sorted(set(raw) ^ arguments.taken)} are not its parameters")
    _closed(arguments.witness, " ".join(arguments.shown), "witness")
    _follows("lower", lower, found[0])
    _follows("upper", upper, found[1])
    given = ", ".join(
        f"{key} = {value if re.fullmatch('[a-z0-9 -]+', value, re.I) else _say(value)}"
        for key, value in raw.items()
        if key != "name"
    )
    return _Proof({}, lower, upper, [f"{name}({given}) was derived anew"], True)


# ---------------------------------------------------------------- GHZ errors of local models
#
# Deterministic models have outcomes with the product sign (-1)^(inputs . flips).  The settings' bits,
# A's first, each prefer the half with fewer errors as far as epsilon allows (docs/proofs/ghz-orbits.md).


def _check_local_errors(certificate: Any) -> _Proof:
    m = _get(certificate, "parties", int, "certificate")
    _integers([m], "certificate: parties", 3, 11)
    epsilon = number(_get(certificate, "epsilon", str, "certificate"), "certificate: epsilon")
    if not isinstance(epsilon, Fraction) or not 0 <= epsilon <= Fraction(1, 2) or epsilon.denominator >> 64:
        raise CertificateError(
            "certificate: epsilon is no fraction in [0, 1/2] with a denominator below 2^64"
        )
    rests_on = _read_proof(certificate)
    lower, upper = _answer(certificate)
    model = _get(certificate, "model", dict, "certificate")
    _closed(model, "flips sign", "model")
    flips = _integers(_get(model, "flips", list, "model"), "model: flips", 0, 1, m)
    (sign,) = _integers([_get(model, "sign", int, "model")], "model: sign", -1, 1)
    if not sign:
        raise CertificateError("model: sign is 1 or -1")
    own = int("".join(map(str, flips)), 2)
    unit = (2 * epsilon.denominator) ** m
    reached = Fraction(_errors_of(m, epsilon, own, sign), unit)
    least = min(_errors_of(m, epsilon, f, s) for f in range(1 << m) for s in (1, -1))
    lines = [
        f"model: errors of weight {_plain(reached)}; none of {2 << m} models has less than "
        f"{_plain(Fraction(least, unit))}",
        f"that these are all local models is to be read: {rests_on}",
    ]
    _follows("lower", lower, Fraction(least, unit))
    _follows("upper", upper, reached)
    return _Proof({}, lower, upper, lines, True)


def _errors_of(m: int, epsilon: Fraction, flips: int, sign: int) -> int:
    """Return the least weight of inputs at which a model errs, times (2 denominator of epsilon)^m."""
    low, high = epsilon.denominator - 2 * epsilon.numerator, epsilon.denominator + 2 * epsilon.numerator
    level = []
    for a in range(1 << m):
        k = a.bit_count()
        found = sign if (a & flips).bit_count() % 2 == 0 else -sign
        level.append(int(k % 2 == 0 and found != (1 if k % 4 else -1)))
    while len(level) > 1:
        level = [low * max(x, y) + high * min(x, y) for x, y in zip(level[::2], level[1::2], strict=True)]
    return level[0]


# ---------------------------------------------------------------- sums of biases under GHZ relations
#
# A string (a, b, c, e), a + b + c + e = M, stands for the outcomes at the inputs at which a parties
# have omega = x (-i)^input = 1, b have -1, c have i, e have -i.  With E(D) = Re(gamma_|D| (-i)^k) for
# the correlator of parties D whose inputs have k ones, the full one plus f_k,
#     2^M P = Re sum_d gamma_d [z^d] (1+z)^a (1-z)^b (1+iz)^c (1-iz)^e + f_{c+e} (-1)^(b+c)
# is normalised and no-signalling whatever gamma and f are (gamma_0 = 1), and has the relations if
# gamma_M = sigma, and f_k = 0 at the inputs that they test.  So a *box* is checked from the definition.
# That for an upper end all boxes may be taken of this form, with gamma_(M-d) = sigma conj(gamma_d),
# and gamma real and f = 0 for a real sigma, is proved in docs/proofs/conjecture-1.md.

_SIGMA = {"even": 2, "opposite": 0, "odd": 1}  # sigma = i^power
_MOST_PARTIES = 200


def _check_sum_of_biases(certificate: Any) -> _Proof:
    m = _get(certificate, "parties", int, "certificate")
    _integers([m], "certificate: parties", 3, _MOST_PARTIES)
    kind = _choice(certificate, "relations", tuple(_SIGMA), "certificate")
    rests_on = _read_proof(certificate)
    lower, upper = _answer(certificate)
    lines = [f"{m} parties, perfect relations {kind!r}, sum of biases at input 0..0"]
    reached = proved = None
    box = _get(certificate, "box", (dict, type(None)), "certificate")
    if box is not None:
        _closed(box, "denominator numerators", "box")
        reached, count = _box_of_correlators(m, kind, box)
        lines.append(f"box: {count} probabilities are nonnegative, sum of biases {_plain(reached)}")
    multipliers = _get(certificate, "multipliers", (dict, type(None)), "certificate")
    if multipliers is not None:
        _closed(multipliers, "denominator strings numerators", "multipliers")
        proved, count = _bound_on_biases(m, kind, multipliers)
        lines.append(f"strings: {count} multipliers prove at most {_plain(proved)}")
        lines.append(f"that every box has such probabilities is to be read: {rests_on}")
    _follows("lower", lower, reached)
    _follows("upper", upper, proved)
    return _Proof({}, lower, upper, lines, True)


def _whole(holder: Any, where: str) -> tuple[int, list[int]]:
    """Read a common denominator and numerators."""
    values = [_get(holder, "denominator", str, where), *_get(holder, "numerators", list, where)]
    found = []
    for text in values:
        value = number(text, where)
        if isinstance(value, Form) or value.denominator != 1:
            raise CertificateError(f"{where}: {text[:40]!r} is no integer")
        found.append(value.numerator)
    if found[0] <= 0:
        raise CertificateError(f"{where}: the denominator is not positive")
    return found[0], found[1:]


def _box_of_correlators(m: int, kind: str, box: Any) -> tuple[Fraction, int]:
    """Check a box, and return its sum of biases and how many probabilities were looked at."""
    unit, known = _whole(box, "box")
    real, imaginary, free = [0] * (m + 1), [0] * (m + 1), [0] * (m + 1)
    real[0] = unit
    if kind == "odd":
        needed = m - 1 + m // 2 + 1
        if len(known) == needed:
            imaginary[m] = unit
            for d in range(1, m):
                real[d] = imaginary[m - d] = known[d - 1]
            free[::2] = known[m - 1 :]
    else:
        sigma = 1 - _SIGMA[kind]
        needed = m // 2 if kind == "opposite" else (m - 1) // 2
        if len(known) == needed:
            real[m] = sigma * unit
            for d, value in enumerate(known, 1):
                real[d], real[m - d] = value, sigma * value
    if len(known) != needed:
        raise CertificateError(f"box: claimed {len(known)} numerators, derived {needed}")
    count = 0
    tables: dict[int, list[list[int]]] = {}
    plus = real, imaginary  # (1 + z)^a, each power of z read as gamma
    for a in range(m + 1):
        both = plus
        for b in range(m - a + 1):
            rest = m - a - b
            if rest not in tables:
                tables[rest] = _alternating_powers(rest)
            # Re(i^k gamma)
            turned = [(x, -y, -x, y)[k % 4] for k, (x, y) in enumerate(zip(*both, strict=True))]
            step = 1 if kind == "odd" else 2  # a real gamma has nothing to say at odd k
            turned = turned[::step]
            for c in range((rest if kind == "odd" else rest // 2) + 1):  # else e, c is as c, e
                value = sum(map(mul, tables[rest][c][::step], turned)) + free[rest] * (-1) ** (b + c)
                if value < 0:
                    raise CertificateError(
                        f"box: the probability of string {(a, b, c, rest - c)} is negative"
                    )
                count += 1
            both = _shifted(both[0], -1), _shifted(both[1], -1)
        plus = _shifted(plus[0], 1), _shifted(plus[1], 1)
    return Fraction(m * real[1], unit), count


def _shifted(values: list[int], sign: int) -> list[int]:
    return [x + sign * y for x, y in itertools.pairwise(values)]


def _alternating_powers(degree: int) -> list[list[int]]:
    """Return the coefficients of (1 + w)^c (1 - w)^(degree - c) for c = 0..degree."""
    rows = [[1]]
    for size in range(1, degree + 1):
        down = [*rows[0], 0]
        first = [x - y for x, y in zip(down, [0, *rows[0]], strict=True)]
        rows = [first, *([x + y for x, y in zip([*row, 0], [0, *row], strict=True)] for row in rows)]
        assert len(rows) == size + 1
    return rows


def _bound_on_biases(m: int, kind: str, multipliers: Any) -> tuple[Fraction, int]:
    """Return the bound that nonnegative multipliers of probabilities prove, and how many they are."""
    unit, values = _whole(multipliers, "multipliers")
    strings = _get(multipliers, "strings", list, "multipliers")
    if len(strings) != len(values) or len(strings) > 8 * m:
        raise CertificateError(f"multipliers: {len(values)} numerators for {len(strings)} strings")
    real, imaginary, free = [0] * (m + 1), [0] * (m + 1), [0] * (m + 1)
    for string, value in zip(strings, values, strict=True):
        if type(string) is not list or len(string) != 4:
            raise CertificateError("multipliers: a string has four counts")
        _integers(string, "multipliers: string", 0, m)
        if sum(string) != m:
            raise CertificateError(f"multipliers: the counts {string} do not add up to {m}")
        if value < 0:
            raise CertificateError(f"multipliers: that of string {string} is negative")
        a, b, c, e = string
        straight, turned = _power_product(a, b), _power_product(c, e)
        product = [0] * (m + 1), [0] * (m + 1)
        for k, y in enumerate(turned):  # i^k y
            part, factor = product[k % 2], y if k % 4 < 2 else -y
            for j, x in enumerate(straight):
                part[j + k] += x * factor
        for d in range(m + 1):
            real[d] += value * product[0][d]
            imaginary[d] += value * product[1][d]
        free[c + e] += value * (-1) ** (b + c)
    # sum_d (real_d Re gamma_d - imaginary_d Im gamma_d) + sum_k free_k f_k, in the unknowns
    if kind == "odd":  # gamma_M = i and Re gamma_d = Im gamma_(M-d); f_k is known to be 0 at odd k
        constant = real[0] - imaginary[m]
        left = [real[d] - imaginary[m - d] for d in range(1, m)] + free[::2]
    else:
        sigma = 1 - _SIGMA[kind]
        constant = real[0] + sigma * real[m]
        left = [real[d] + sigma * real[m - d] for d in range(1, (m + 1) // 2)]
        if kind == "opposite" and m % 2 == 0:
            left.append(real[m // 2])  # for 'even' this gamma is 0
    left[0] += m * unit  # the objective, M Re gamma_1
    for d, value in enumerate(left):
        if value:
            raise CertificateError(f"multipliers: unknown {d + 1} does not cancel")
    return Fraction(constant, unit), len(strings)


def _power_product(plus: int, minus: int) -> list[int]:
    """Return the coefficients of (1 + w)^plus (1 - w)^minus."""
    row = [1]
    for sign in (1,) * plus + (-1,) * minus:
        row = [x + sign * y for x, y in zip([*row, 0], [0, *row], strict=True)]
    return row


def check(
    certificate: Mapping[str, Any],
    programs: Mapping[str, dict[str, Any]] | None = None,
    lifted: Mapping[str, Lifted] | None = None,
) -> Report:
    """Check one certificate, a JSON object of docs/certificates.md, and say what it proves.

    `programs` (digest: program) has programs that the certificate only names, and `lifted`
    (digest: palette, rows, codes) multipliers already lifted to all rows.  Exact.
    Raises `CertificateError` for all that does not check out; the report is always `ok`.
    """
    try:
        kind = _header(certificate)
        if kind in _ALONE:
            alone = {
                "root": _check_root,
                "value": _check_value,
                "sum-of-biases": _check_sum_of_biases,
                "local-errors": _check_local_errors,
            }[kind]
            proof = alone(certificate)
        else:
            checker = {
                "bracket": _check_bracket,
                "worst": _check_worst,
                "threshold": _check_threshold,
            }[kind]
            proof = checker(certificate, programs or {}, lifted or {})
    except RecursionError:
        raise CertificateError("certificate: it is nested too deeply") from None
    quantity = proof.question["ask"]["quantity"] if proof.question else kind
    ends = ["?" if end is None else _show(end) for end in (proof.lower, proof.upper)]
    what = "worst " + quantity if kind == "worst" else kind if kind == "threshold" else quantity
    lines = [f"{ends[0]} <= {what} <= {ends[1]}", *_question_lines(certificate), *proof.lines]
    trusted = trusted_ends(certificate)
    if "relations" in proof.question:
        lines.append("that the program by orbits has the full program's answer: docs/proofs/ghz-orbits.md")
    elif trusted:
        whose = "carried by the file" if proof.carried else "supplied by the caller"
        lines.append(f"program trusted ({whose}): that it says what the question says is not checked here")
    answer = certificate["answer"]
    return Report(True, tuple(map(safe, lines)), answer["lower"], answer["upper"], proof.carried, trusted)


def trusted_ends(certificate: Any) -> frozenset[str]:
    """Return the ends of a certificate that rest on a program which is not derived from its question here."""
    if certificate["kind"] == "threshold":
        sides = (("lower", "below"), ("upper", "above"))
        return frozenset(end for end, side in sides if trusted_ends(certificate[side]))
    if certificate["kind"] == "worst":
        return frozenset().union(*map(trusted_ends, certificate["parts"]))
    if certificate["kind"] != "bracket" or "relations" in certificate["question"]:
        return frozenset()
    if certificate["multipliers"] is None and certificate.get("products") is None:
        return frozenset()
    ask = certificate["question"]["ask"]
    turned = ask["quantity"] == "min-entropy" or ask.get("extreme") == "smallest"
    end = "lower" if turned else "upper"
    return frozenset() if certificate["answer"][end] is None else frozenset({end})


# ---------------------------------------------------------------- the question in words
#
# Titles and labels of a file are never printed: what was proved is said from the parsed numbers.

_MOST_WORDS = 16  # terms of a functional, tests, or settings that are written out


def _question_lines(certificate: Any) -> list[str]:
    """Return the question of a certificate that checks, in words."""
    kind = certificate["kind"]
    if kind == "bracket":
        return _in_words(certificate["question"])
    if kind == "worst":
        return [
            *_in_words(certificate["parts"][0]["question"])[:-1],
            "asked: the same at every joint setting",
        ]
    if kind == "threshold":
        field = certificate["field"]
        return [f"threshold in {field}; at its lower end:", *_in_words(certificate["below"]["question"])]
    return []


def _in_words(raw: Any) -> list[str]:
    """Return source, devices, settings, tests and what is asked, a line each; the question was read."""
    scenario, adversary, tests = raw["scenario"], raw["adversary"], raw["tests"]
    settings, outcomes = scenario["settings"], scenario["outcomes"]
    observed = raw["observed"]["settings"]
    if isinstance(observed, list):
        named = (f"{_label(s, settings)} {_say(x)}" for s, x in enumerate(observed))
        observed = ", ".join(itertools.islice(named, _MOST_WORDS)) + (
            f" and {len(observed) - _MOST_WORDS} more" if len(observed) > _MOST_WORDS else ""
        )
    alike = len(settings) > 4
    sizes = (
        f"{settings[0]} settings and {outcomes[0]} outcomes each"
        if alike
        else "; ".join(f"{n} settings, {d} outcomes" for n, d in zip(settings, outcomes, strict=True))
    )
    lines = [
        f"source: {_source_words(raw['source'])}",
        f"devices: {adversary['devices']}, {len(settings)} parties: {sizes}",
        f"settings observed: {observed}",
    ]
    for k, test in enumerate(tests[:_MOST_WORDS]):
        words = _score_words(test, settings, outcomes)
        lines.append(f"test {k}: {words} {test['relation']} {_say(test['score'])}")
    if len(tests) > _MOST_WORDS:
        lines.append(f"and {len(tests) - _MOST_WORDS} more tests")
    for held in adversary.get("moments", ()):
        total = " + ".join(f"{_say(factor)} {name}" for name, factor in held["terms"])
        lines.append(f"moments averaged over W: {total} {held['relation']} {_say(held['bound'])}")
    if "relations" in raw:
        weight = _say(raw["relations"]["violated"])
        whole = "the whole behaviour of the GHZ state"
        lines.append(
            f"test: {whole if raw['relations']['whole'] else f'GHZ relations broken with <= {weight}'}"
        )
    if not tests and "relations" not in raw:
        lines.append("tests: none")
    return [*lines, f"asked: {_asked_words(raw, settings, outcomes)}"]


def _asked_words(raw: Any, settings: Sequence[int], outcomes: Sequence[int]) -> str:
    ask = raw["ask"]
    if ask["quantity"] == "strategy":
        return "whether there is a strategy"
    if ask["quantity"] == "score":
        return f"the {ask['extreme']} {_score_words(ask, settings, outcomes)}"
    at = ask["at"]
    place = f"at settings {tuple(at)}" if isinstance(at, list) else "on average over the settings"
    told = "" if isinstance(at, list) else f", told {raw['adversary']['told']}"
    whose = f" of parties {ask['parties']}" if "parties" in ask else ""
    values = ask.get("values", [])
    if "picked" in ask:
        held = ask["picked"]
        what = f"of one outcome{whose}, picked by {held['bits']} bits ({held['selection']}), epsilon "
        what += _say(held["epsilon"])
    else:
        table = ", ".join(map(str, values[:_MOST_WORDS])) + (", .." if len(values) > _MOST_WORDS else "")
        what = f"of an output{whose} with {ask['count']} values: {table}"
    return f"{ask['quantity']} {what}; {place}{told}"


def _source_words(raw: Any) -> str:
    kind = raw["kind"]
    if kind == "uniform":
        return "uniform settings, independent of W"
    if kind in ("santha-vazirani", "mutual"):
        past = "given W and the past" if kind != "mutual" else "given W and all bits of the others"
        epsilon = number(raw["epsilon"])
        low, high = (_plain(Fraction(1, 2) + epsilon * sign) for sign in (-1, 1))
        order = f", order {raw['order']}" if kind != "mutual" else ""
        return f"bits in [{low}, {high}] {past} (epsilon {_plain(epsilon)}){order}, {raw['bits']}"
    if kind == "per-party":
        return "independent given W, party by party: " + "; ".join(map(_source_words, raw["parts"]))
    if kind == "measurement-dependence":
        return f"{_say(raw['lower'])} <= P(s|W) <= {_say(raw['upper'])} for every joint setting s"
    rows = [
        " + ".join(f"{_say(factor)} P({s}|W)" for s, factor in row["terms"]) + f" <= {_say(row['bound'])}"
        for row in raw["rows"][:_MOST_WORDS]
    ]
    more = f" and {len(raw['rows']) - _MOST_WORDS} more" if len(raw["rows"]) > _MOST_WORDS else ""
    return "joint settings s = 0, 1, .. with " + ", ".join(rows) + more


def _score_words(holder: Any, settings: Sequence[int], outcomes: Sequence[int]) -> str:
    bar = "|" if holder["on"] == "conditional" else ", "
    terms = [
        f"{_say(factor)} P({_label(o, outcomes)}{bar}{_label(s, settings)})"
        for o, s, factor in holder["terms"][:_MOST_WORDS]
    ]
    more = len(holder["terms"]) - _MOST_WORDS
    return (" + ".join(terms) or "0") + (f" and {more} more terms" if more > 0 else "")


def _label(index: int, sizes: Sequence[int]) -> str:
    return ("" if max(sizes) <= 10 else ",").join(map(str, _digits(index, sizes)))


def _say(text: str) -> str:
    return _plain(number(text))


# ---------------------------------------------------------------- the command line


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise CertificateError("a key occurs twice in one object")
    return found


def _no_float(text: str) -> Any:
    raise CertificateError(f"{text[:40]} is a floating-point number; numbers are strings")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check files: return 0 if all check, 1 if one is rejected, 2 if one cannot be read."""
    parser = argparse.ArgumentParser(description="Check certificates of freerand_opt.")
    parser.add_argument("files", nargs="+", metavar="proof.json")
    status = 0
    for name in parser.parse_args(arguments).files:
        try:
            with open(name, "rb") as file:
                text = file.read()
            loaded = json.loads(
                text, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float
            )
            report = check(loaded)
        except CertificateError as error:
            print(f"{safe(name)}: REJECTED: {error}")
            status = max(status, 1)
        except (OSError, ValueError, RecursionError) as error:
            print(f"{safe(name)}: CANNOT BE READ: {safe(error)}")
            status = 2
        else:
            word = "PROVED (program trusted)" if report.trusted else "OK"
            print("\n    ".join([f"{safe(name)}: {word}", *report.lines]))
    return status


if __name__ == "__main__":
    sys.exit(main())
