"""The small language of exact numbers: integers, decimals, + - * / ^, sqrt sin cos log2 pi."""

from __future__ import annotations

import re
from fractions import Fraction

from freerand_opt.numbers.atoms import parts
from freerand_opt.numbers.exact import (
    PI,
    Exact,
    Real,
    UndecidedError,
    cos_pi,
    inverse,
    log2,
    power,
    root,
    sign,
    sin_pi,
    sqrt,
    text,
    total,
)
from freerand_opt.numbers.ring import UNIT

_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/^()]))", re.ASCII
)
_ALLOWED = "integers, decimals, + - * / ^ ( ), sqrt, root3, root4, .., sin, cos, log2 and pi"
#: Larger exponents are refused: they make numbers that no program here needs and no memory holds.
MAX_EXPONENT = 1000
MAX_CHARACTERS = 10_000
#: Largest numerator or denominator, in bits, that an operation may make.
MAX_BITS = 10_000
#: Largest number of products of terms over a whole text; nested roots and inverses count for hundreds.
MAX_WORK = 10_000


def parse(source: str | int) -> Exact:
    """Return the exact number that a text means; raise ValueError with the place of the fault.

    A decimal is read as written (0.1 is 1/10). Angles are rational multiples of pi.

    >>> parse("0.1"), parse("3/2 - 2.8/4")
    (Fraction(1, 10), Fraction(4, 5))
    >>> str(parse("4*sin(pi/8)^2"))
    '2 - sqrt(2)'
    """
    if isinstance(source, int):
        return Fraction(source)
    if len(source) > MAX_CHARACTERS:
        raise ValueError(f"it has {len(source)} characters; at most {MAX_CHARACTERS} are read")
    parser = _Parser(source)
    value = parser.sum()
    parser.end()
    return value


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.depth = 0
        self.work = 0

    def fault(self, message: str) -> ValueError:
        return ValueError(f"{message} (at character {max(self.position, 1)} of {self.source[:80]!r})")

    def unexpected(self, token: str) -> ValueError:
        return self.fault(f"{token[:40]!r} is not expected here; a number is made of {_ALLOWED}")

    def checked(self, value: Exact) -> Exact:
        """Return `value` unless its fractions are too long to work with."""
        if isinstance(value, Fraction):
            if max(abs(value.numerator), value.denominator).bit_length() > MAX_BITS:
                raise self.fault(f"a fraction of more than {MAX_BITS} bits")
            return value
        for monomial, terms in parts(value).items():
            for (n, _, b), factor in terms.items():
                if max(n, b, abs(factor.numerator), factor.denominator).bit_length() > MAX_BITS:
                    raise self.fault(f"a fraction of more than {MAX_BITS} bits")
            if any(abs(n) > MAX_EXPONENT for _, n in monomial):
                raise self.fault(f"an exponent above {MAX_EXPONENT}")
        return value

    def times(self, left: Exact, right: Exact) -> Exact:
        """Return a product, unless it is too long to multiply out."""
        self.spend(_size(left) * _size(right))
        return self.checked(left * right)

    def inverse(self, x: Exact) -> Exact:
        """Return 1/x, unless x is 0 or may be."""
        if not x:
            raise self.fault("division by zero")
        if isinstance(x, Fraction):
            return 1 / x
        try:
            sign(x)
        except UndecidedError as error:
            raise self.fault(f"division by zero? {error}") from None
        found = inverse(x)
        self.spend(100 + 20 * (_size(x) + _size(found)))
        return found

    def spend(self, work: int) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise self.fault(f"more than {MAX_WORK} products of terms to multiply out")

    def peek(self) -> str:
        match = _TOKEN.match(self.source, self.position)
        if match:
            return match[0].strip()
        rest = self.source[self.position :].strip()
        if rest:
            self.position += (
                len(self.source[self.position :]) - len(self.source[self.position :].lstrip()) + 1
            )
            raise self.unexpected(rest[0])
        return ""

    def take(self) -> str:
        token = self.peek()
        match = _TOKEN.match(self.source, self.position)
        if match:
            self.position = match.end()
        return token

    def end(self) -> None:
        token = self.take()
        if token:
            raise self.unexpected(token)

    def sum(self) -> Exact:
        self.depth += 1
        if self.depth > 50:
            raise self.fault("more than 50 nested brackets")
        summands = [self.product()]
        while self.peek() in ("+", "-"):
            operator, right = self.take(), self.product()
            summands.append(right if operator == "+" else -right)
        self.depth -= 1
        return self.checked(total(summands)) if len(summands) > 1 else summands[0]

    def product(self) -> Exact:
        value = self.unary()
        while self.peek() in ("*", "/"):
            operator, right = self.take(), self.unary()
            value = self.times(value, right if operator == "*" else self.inverse(right))
        return value

    def unary(self) -> Exact:
        negative = False
        while self.peek() in ("+", "-"):
            negative ^= self.take() == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Exact:
        base = self.primary()
        if self.peek() != "^":
            return base
        self.take()
        exponent = self.exponent()
        if isinstance(base, Fraction):
            if (
                abs(exponent) * max(base.numerator.bit_length() - 1, base.denominator.bit_length() - 1)
                > MAX_BITS
            ):
                raise self.fault(f"a fraction of more than {MAX_BITS} bits")
            return power(base if exponent >= 0 else self.inverse(base), abs(exponent))
        if exponent < 0:
            base, exponent = self.inverse(base), -exponent
        value: Exact = Fraction(1)
        for _ in range(exponent):
            value = self.times(value, base)
        return value

    def exponent(self) -> int:
        bracket = self.peek() == "("
        if bracket:
            self.take()
        sign = -1 if self.peek() == "-" and self.take() else 1
        token = self.take()
        if not token.isdigit() or (bracket and self.peek() not in (")", "")):
            raise self.fault("an exponent that is no integer (write sqrt for halves)")
        if len(token) > 10 or int(token) > MAX_EXPONENT:
            raise self.fault(f"an exponent above {MAX_EXPONENT}")
        if bracket and self.take() != ")":
            raise self.fault("a bracket that is not closed")
        if self.peek() == "^":
            raise self.fault("a power of a power without brackets")
        return sign * int(token)

    def primary(self) -> Exact:
        token = self.take()
        if not token:
            raise self.fault("the text ends where a number is needed")
        if token[0].isdigit() or token[0] == ".":
            digits, _, exponent = token.lower().partition("e")
            if len(digits) > MAX_EXPONENT:
                raise self.fault(f"a number of more than {MAX_EXPONENT} digits")
            if exponent and (len(exponent) > 10 or abs(int(exponent)) > MAX_EXPONENT):
                raise self.fault(f"an exponent above {MAX_EXPONENT}")
            return Fraction(token)
        if token == "pi":
            return PI
        if token == "(":
            return self.closed()
        if re.fullmatch(r"sqrt|sin|cos|log2|root[1-9]\d{0,2}", token):
            if self.take() != "(":
                raise self.fault(f"{token} without a bracket")
            return self.call(token, self.closed())
        raise self.unexpected(token)

    def closed(self) -> Exact:
        value = self.sum()
        if self.take() != ")":
            raise self.fault("a bracket that is not closed")
        return value

    def call(self, name: str, argument: Exact) -> Exact:
        searched = name == "sqrt" and parts(argument).keys() == {()} and isinstance(argument, Real)
        self.spend(5 * _size(argument) + 300 * searched)
        try:
            if name == "sqrt":
                return sqrt(argument)
            if name == "log2":
                return log2(argument)
            if name.startswith("root"):
                return root(argument, int(name[4:]))
        except (ValueError, UndecidedError) as error:
            raise self.fault(str(error)) from None
        multiple = _multiple_of_pi(argument)
        if multiple is None:
            raise self.fault(
                f"{name} of {text(argument)[:40]}; angles are rational multiples of pi, as {name}(pi/8)"
            )
        return cos_pi(multiple) if name == "cos" else sin_pi(multiple)


def _size(x: Exact) -> int:
    return sum(map(len, x.parts.values())) if isinstance(x, Real) else 1


def _multiple_of_pi(x: Exact) -> Fraction | None:
    held = dict(parts(x))
    factors = held.pop(next(iter(PI.parts)), {})
    if held or factors.keys() > {UNIT}:
        return None
    return factors.get(UNIT, Fraction(0))
