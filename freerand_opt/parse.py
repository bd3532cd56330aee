"""The small language of exact numbers: integers, decimals, + - * / ^, sqrt sin cos log2 pi."""

from __future__ import annotations

import re
from fractions import Fraction

from freerand_opt.exact import PI, Atom, Exact, Real, cos_pi, inverse, log2, power, root, sin_pi, sqrt

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/^()]))")
_ALLOWED = "integers, decimals, + - * / ^ ( ), sqrt, root3, root4, .., sin, cos, log2 and pi"
#: Larger exponents are refused: they make numbers that no program here needs and no memory holds.
MAX_EXPONENT = 1000


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
    if len(source) > 10_000:
        raise ValueError(f"a number of {len(source)} characters")
    parser = _Parser(source)
    value = parser.sum()
    parser.end()
    return value


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.depth = 0

    def fault(self, message: str) -> ValueError:
        return ValueError(f"{message} at character {self.position + 1} of {self.source[:80]!r}; a number is made of {_ALLOWED}")

    def peek(self) -> str:
        match = _TOKEN.match(self.source, self.position)
        if match:
            return match[0].strip()
        rest = self.source[self.position :].strip()
        if rest:
            raise self.fault(f"unexpected {rest[0]!r}")
        return ""

    def take(self) -> str:
        token = self.peek()
        match = _TOKEN.match(self.source, self.position)
        if match:
            self.position = match.end()
        return token

    def end(self) -> None:
        if self.peek():
            raise self.fault(f"unexpected {self.peek()!r}")

    def sum(self) -> Exact:
        self.depth += 1
        if self.depth > 50:
            raise self.fault("more than 50 nested brackets")
        value = self.product()
        while self.peek() in ("+", "-"):
            operator, right = self.take(), self.product()
            value = value + right if operator == "+" else value - right
        self.depth -= 1
        return value

    def product(self) -> Exact:
        value = self.unary()
        while self.peek() in ("*", "/"):
            operator, right = self.take(), self.unary()
            if operator == "*":
                value = value * right
            elif right == 0:
                raise self.fault("division by zero")
            else:
                value = value * inverse(right)
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
        if exponent < 0 and base == 0:
            raise self.fault("division by zero")
        return power(base, exponent)

    def exponent(self) -> int:
        bracket = self.peek() == "("
        if bracket:
            self.take()
        sign = -1 if self.peek() == "-" and self.take() else 1
        token = self.take()
        if not token.isdigit():
            raise self.fault("an exponent that is no integer (write sqrt for halves)")
        if int(token) > MAX_EXPONENT:
            raise self.fault(f"an exponent above {MAX_EXPONENT}")
        if bracket and self.take() != ")":
            raise self.fault("a bracket that is not closed")
        return sign * int(token)

    def primary(self) -> Exact:
        token = self.take()
        if not token:
            raise self.fault("the number ends too early")
        if token[0].isdigit() or token[0] == ".":
            exponent = re.search(r"[eE]([+-]?\d+)$", token)
            if exponent and abs(int(exponent[1])) > MAX_EXPONENT:
                raise self.fault(f"an exponent above {MAX_EXPONENT}")
            return Fraction(token)
        if token == "pi":
            return PI
        if token == "(":
            return self.closed()
        if re.fullmatch(r"sqrt|sin|cos|log2|root[1-9]\d?", token):
            if self.take() != "(":
                raise self.fault(f"{token} without a bracket")
            return self.call(token, self.closed())
        raise self.fault(f"unexpected {token!r}")

    def closed(self) -> Exact:
        value = self.sum()
        if self.take() != ")":
            raise self.fault("a bracket that is not closed")
        return value

    def call(self, name: str, argument: Exact) -> Exact:
        try:
            if name == "sqrt":
                return sqrt(argument)
            if name == "log2":
                return log2(argument)
            if name.startswith("root"):
                return root(argument, int(name[4:]))
        except ValueError as error:
            raise self.fault(str(error)) from None
        multiple = _multiple_of_pi(argument)
        if multiple is None:
            raise self.fault(f"{name} of something that is no rational multiple of pi")
        return cos_pi(multiple) if name == "cos" else sin_pi(multiple)


def _multiple_of_pi(x: Exact) -> Fraction | None:
    if x == 0:
        return Fraction(0)
    if isinstance(x, Real) and len(x.terms) == 1:
        monomial, factor = x.terms[0]
        if monomial == ((Atom("pi", Fraction(0)), 1),):
            return factor
    return None
