"""A curve at many places: floats rounded outward, from integers alone."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.answers.result import ends_of
from freerand_opt.checker.curve import Curve
from freerand_opt.checker.curve_ends import Part as Proved
from freerand_opt.checker.numbers import Number, enclose
from freerand_opt.model.question import Question
from freerand_opt.numbers.rounding import float_above, float_below

#: Irrational factors are enclosed to so many bits.
BITS = 96
#: Quantities that are the kernel's own numbers.
PLAIN = ("guessing-probability", "trace-distance", "score")


@dataclass(frozen=True)
class Part:
    """A function on [low, high]: sum of a number in [lo, hi] / 2^BITS times a polynomial, over `unit`."""

    low: Fraction
    high: Fraction
    terms: tuple[tuple[int, int, tuple[int, ...]], ...]
    unit: tuple[int, ...]
    near: tuple[float, float]  # the interval's ends rounded: a float beyond one is of a number beyond it

    def ends(self, x: Fraction) -> tuple[float, float]:
        """Return floats below and above the value at x."""
        a, b = x.numerator, x.denominator
        low = high = 0
        for lo, hi, p in self.terms:
            value = _scaled(p, a, b)
            low, high = (
                (low + lo * value, high + hi * value) if value > 0 else (low + hi * value, high + lo * value)
            )
        below = _scaled(self.unit, a, b) << BITS
        return math.nextafter(low / below, -math.inf), math.nextafter(high / below, math.inf)


def _scaled(p: tuple[int, ...], a: int, b: int) -> int:
    """Return p(a/b) b^degree."""
    total, scale = 0, 1
    for c in reversed(p):
        total = total * a + c * scale
        scale *= b
    return total


def floats(
    proved: Curve,
    asked: Question,
    breaks: Sequence[float],
    least_at: Callable[[Fraction], int],
    exactly: Callable[[Fraction], Bracket],
    places: Iterable[Fraction],
) -> Iterator[tuple[float, float]]:
    """Yield floats below the lower and above the upper end at places, nan where an end is open.

    Between `breaks` one function above is the least, number `least_at(x)`; `exactly(x)` is the bracket where
    floats do not do.
    """
    upper = [part_of(part) for part in proved.upper]
    marks = [float(proved.domain[0]), *breaks, float(proved.domain[1])]
    least = [] if not upper else [least_at((Fraction(a) + Fraction(b)) / 2) for a, b in pairwise(marks)]
    lower = [part_of(part) for part in proved.lower]
    if proved.direction:
        alone = [(place, value) for place, value, _ in proved.points if value is not None]
        lower += [_made(place, place, [(value, (1,))], (1,)) for place, value in alone]
    starts = sorted({end for part in lower for end in (part.low, part.high)} | set(proved.domain))
    best = [_best(lower, (a + b) / 2, proved.direction) for a, b in pairwise(starts)]
    near_starts = [float(x) for x in starts]
    quick = asked.ask.quantity in PLAIN and upper and lower and proved.direction >= 0
    least_of_all, most = ends_of(asked, Fraction(-(10**9)), Fraction(10**9))  # the range of the quantity
    assert least_of_all is not None
    assert most is not None
    cut = float_below(least_of_all), float_above(most)
    for x in places:
        near = float(x)
        above = upper[least[min(max(bisect_right(marks, near) - 1, 0), len(least) - 1)]] if quick else None
        below = best[min(max(bisect_right(near_starts, near) - 1, 0), len(best) - 1)] if quick else None
        inside = below is not None and below.near[0] < near < below.near[1]
        if (
            above is None
            or below is None
            or not (above.near[0] < near < above.near[1] or above.low <= x <= above.high)
            or not (inside or _serves(below, x, proved.direction))
        ):
            held = exactly(x)
            yield (
                math.nan if held.lower is None else float_below(held.lower),
                math.nan if held.upper is None else float_above(held.upper),
            )
            continue
        ends = below.ends(x if inside else min(x, below.high))[0], above.ends(x)[1]
        ends = ends if proved.turn > 0 else (-ends[1], -ends[0])
        yield max(ends[0], cut[0]), min(ends[1], cut[1])


def _best(parts: Sequence[Part], x: Fraction, direction: int) -> Part | None:
    """Return the lower end that says most at a place."""
    here = [part for part in parts if _serves(part, x, direction)]
    return max(here, key=lambda part: part.ends(min(x, part.high))[0], default=None)


def _serves(part: Part, x: Fraction, direction: int) -> bool:
    """Return whether a lower end says something at x: what passes at its last place passes beyond it."""
    return part.low <= x and (x <= part.high or direction > 0)


def part_of(part: Proved) -> Part:
    """Return a function of a curve for quick evaluation."""
    return _made(part.low, part.high, part.terms, part.unit)


def _made(
    low: Fraction, high: Fraction, terms: Sequence[tuple[Number, tuple[int, ...]]], unit: tuple[int, ...]
) -> Part:
    """Return a part with polynomials of one length, so that powers of the denominator cancel."""
    size = max(len(unit), *(len(p) for _, p in terms)) if terms else len(unit)
    found = []
    for number, p in terms:
        ends = enclose(number, BITS)
        found.append(
            (math.floor(ends[0] * 2**BITS), math.ceil(ends[1] * 2**BITS), p + (0,) * (size - len(p)))
        )
    return Part(low, high, tuple(found), unit + (0,) * (size - len(unit)), (float(low), float(high)))
