r"""A curve: the certified answer as a function of one number of the question.

.. math:: \max_i \ell_i(x) \le \text{answer}(x) \le \min_i u_i(x)

Above are rational functions of epsilon (lines in a score), below attacks (docs/kernel.md, section 9).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as keep
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import gcd, lcm
from pathlib import Path
from typing import Any

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.answers.certified import Certified
from freerand_opt.bounds.answers.result import ends_of
from freerand_opt.bounds.curves.sampling import Part, floats, part_of
from freerand_opt.checker import reading
from freerand_opt.checker.curve import Curve as Proved
from freerand_opt.checker.curve_ends import Part as ProvedPart
from freerand_opt.checker.document import Report, check
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.numbers import Number, decimals, show
from freerand_opt.doors import body
from freerand_opt.errors import InputError, imported
from freerand_opt.model.question import Question
from freerand_opt.model.tables.number import exact as read_exact
from freerand_opt.model.tables.number import place_of
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.kernel import exact
from freerand_opt.numbers.polynomials import combination

WORK = 2 * 10**9
#: How near breakpoints are found, in parts of the interval.
NEAR = Fraction(1, 2**40)
#: Longer numbers of lines are written in decimals.
MOST_DIGITS = 40


@dataclass(frozen=True, repr=False)
class Curve(Certified):
    """The answer to a question as a function of a number of it, between certified ends.

    `certificate` is what the kernel checks, as text; every value is read from it. `field` is the number's
    key path, `between` its least and largest value.
    """

    question: Question
    field: str
    certificate: str = keep(repr=False)
    seconds: float = keep(default=0.0, compare=False)

    @cached_property
    def report(self) -> Report:
        """Return what the kernel says of the certificate."""
        return check(reading.load(self.certificate), Work(WORK))

    @property
    def proved(self) -> Proved:
        """Return the functions that the kernel proved."""
        assert self.report.curve is not None
        return self.report.curve

    @property
    def between(self) -> tuple[Fraction, Fraction]:
        """Return the ends of the interval."""
        return self.proved.domain

    def __call__(self, x: Fraction | int | str) -> Bracket:
        """Return the certified bracket at a value, as 1/20; raise InputError for floats and outside."""
        place = place_of(x, self.field)
        try:
            lower, upper = self.proved.at(place)
        except Rejected as fault:
            raise InputError(self.field, str(fault)) from None
        ends = [None if end is None else exact(end) for end in (lower, upper)]
        return Bracket(*ends_of(self.question, ends[0], ends[1]))

    @property
    def formulas(self) -> int:
        """Return the number of functions above (of a smallest score and an entropy: below)."""
        return len(self.proved.upper)

    def formula(self, i: int) -> str:
        """Return function i above (see `formulas`) as text, with the interval on which it is proved."""
        part, turn = self.proved.upper[i], self.proved.turn
        name = self.field.rpartition(".")[2]
        where = f"for {name} in [{part.low}, {part.high}]"
        if not self.proved.direction:
            first, last = (number for number, _ in part.terms)
            slope = (last - first) * (turn / (part.high - part.low))
            start = turn * first - part.low * slope
            terms = [_brief(start)] * bool(start) + [f"({_brief(slope)})*{name}"] * bool(slope)
            return f"{' + '.join(terms) or '0'} {where}"
        size = gcd(*part.unit)
        unit = tuple(c // size for c in part.unit)
        above = (
            " + ".join(_scaled(number * Fraction(turn, size), p, name) for number, p in _merged(part) if p)
            or "0"
        )
        return f"{above} {where}" if unit == (1,) else f"({above})/{_bracketed(_text(unit, name))} {where}"

    def breaks(self) -> list[float]:
        """Return where another function above becomes the least, inside the interval, as floats."""
        if not self.proved.upper:
            return []
        low, high = self.between
        places = [low + (high - low) * k / 512 for k in range(513)]
        found = []
        for a, b in pairwise(places):
            one, other = self.least(a), self.least(b)
            while one != other and b - a > (high - low) * NEAR:
                middle = (a + b) / 2
                a, b = (a, middle) if self.least(middle) != one else (middle, b)
            found += [float(a)] if one != other and a > low else []
        return found

    def near(self, x: float) -> Fraction:
        """Return a fraction of the interval near a float, for drawing."""
        low, high = self.between
        return min(max(Fraction(x).limit_denominator(10**9), low), high)

    @cached_property
    def _above(self) -> list[Part]:
        return [part_of(part) for part in self.proved.upper]

    def least(self, x: Fraction) -> int:
        """Return the number of the function above that is the least at a place, by floats."""
        values = [part.ends(x)[1] if part.low <= x <= part.high else float("inf") for part in self._above]
        return min(range(len(values)), key=values.__getitem__)

    def root(self, c: Exact | int | str, width: Fraction | str = "1e-9") -> Bracket:
        """Return a bracket of a value at which the answer passes c; raise InputError if it does not.

        At one end the answer is at most c, at the other it is more.
        """
        limit, least = read_exact(c, "root"), place_of(width, "width")
        sides = {x: self._side(x, limit) for x in self.between}
        (a, one), (b, other) = sides.items()
        if one * other >= 0:
            raise InputError("root", f"the answer is not shown to pass {limit} between {a} and {b}")
        while abs(b - a) > least:
            middle = (a + b) / 2
            side = self._side(middle, limit)
            if not side:  # the ends leave it open: look beside it
                near = [x for k in (1, 3, 5, 7) if (x := a + (b - a) * k / 8) and self._side(x, limit)]
                if not near:
                    break
                middle, side = near[0], self._side(near[0], limit)
            a, b = (middle, b) if side == one else (a, middle)
        return Bracket(min(a, b), max(a, b))

    def _side(self, x: Fraction, limit: Any) -> int:
        """Return -1 if the answer is at most a number, 1 if it is more, 0 if the ends leave it open."""
        here = self(x)
        if here.upper is not None and compare(here.upper, limit) <= 0:
            return -1
        return 1 if here.lower is not None and compare(here.lower, limit) > 0 else 0

    def table(self, values: Iterable[Fraction | int | str]) -> list[tuple[Fraction, Bracket]]:
        """Return (value, bracket) for each value."""
        return [(place_of(x, self.field), self(x)) for x in values]

    def floats(self, values: Iterable[Fraction | int | str]) -> list[tuple[float, float]]:
        """Return floats at most the lower and at least the upper end at each value, nan where one is open."""
        places = (place_of(x, self.field) for x in values)
        return list(floats(self.proved, self.question, self.breaks(), self.least, self, places))

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the curve with its breakpoints marked; return matplotlib's figure, written to `path`.

        Raise UnavailableError without matplotlib.
        """
        imported("matplotlib", "figures need matplotlib", "'freerand_opt[plot]'")
        return body("Curve.plot")(self, path)

    def check(self) -> Report:
        """Check the certificate anew."""
        return check(reading.load(self.certificate), Work(WORK))

    def __repr__(self) -> str:
        low, high = self.between
        asked = self.question.ask.quantity
        return f"Curve({asked} for {self.field} in [{low}, {high}], {self.formulas} functions)"


def _merged(part: ProvedPart) -> list[tuple[Number, tuple[int, ...]]]:
    """Return the terms of a function, those with a fraction before them as one."""
    plain = [(number, p) for number, p in part.terms if isinstance(number, Fraction)]
    unit = lcm(*(number.denominator for number, _ in plain))
    total = combination((int(unit * number), p) for number, p in plain)
    others = [(number, p) for number, p in part.terms if not isinstance(number, Fraction)]
    return [(Fraction(1, unit), tuple(total)), *others]


def _brief(x: Number) -> str:
    """Return a number exactly if that is short, else decimals."""
    words = show(x)
    return words if len(words) <= MOST_DIGITS else decimals(x)


def _scaled(number: Number, p: tuple[int, ...], name: str) -> str:
    """Return a number times a polynomial; a fraction goes into the coefficients if they stay integers."""
    if isinstance(number, Fraction):
        own = [number * c for c in p]
        if all(c.denominator == 1 for c in own):
            return _text(tuple(int(c) for c in own), name)
    size = gcd(*p)
    words = _text(tuple(c // size for c in p), name)
    head = show(number * size)
    head = f"({head})" if " " in head or "/" in head else head
    return head if words == "1" else f"{head}*{_bracketed(words)}"


def _bracketed(words: str) -> str:
    """Return a sum in brackets, and a product as it is."""
    return f"({words})" if " " in re.sub(r"\(.*?\)", "", words) else words


def _text(p: tuple[int, ...], name: str) -> str:
    """Return a polynomial in a name; its factors x, 1 - 2 x and 1 + 2 x are set apart."""
    rest, factors = list(p), []
    for line, words in (((0, 1), name), ((1, -2), f"(1 - 2*{name})"), ((1, 2), f"(1 + 2*{name})")):
        power = 0
        while len(rest) > 1 and (quotient := _divided(rest, line)) is not None:
            rest, power = quotient, power + 1
        factors += [words if power == 1 else f"{words}^{power}"] if power else []
    terms = []
    for k, c in enumerate(rest):
        if c:
            power_of = "" if k == 0 else name if k == 1 else f"{name}^{k}"
            terms.append(str(c) if not power_of else power_of if c == 1 else f"{c}*{power_of}")
    head = " + ".join(terms).replace("+ -", "- ") or "0"
    if not factors:
        return head
    return "*".join(([] if head == "1" else [head if len(terms) == 1 else f"({head})"]) + factors)


def _divided(p: list[int], line: tuple[int, int]) -> list[int] | None:
    """Return a polynomial divided by a line, None if a rest is left or the quotient is not in integers."""
    rest, quotient = list(p), []
    for k in reversed(range(1, len(p))):
        share, left = divmod(rest[k], line[1])
        if left:
            return None
        quotient.append(share)
        rest[k - 1] -= share * line[0]
    return None if rest[0] else quotient[::-1]
