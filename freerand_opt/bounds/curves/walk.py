"""A curve in a number of the source, piece by piece: the certificate's upper ends, lower ends and points."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.curves.pieces import Family, lower_piece, upper_item
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.curve import read_part
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import Hint, solve
from freerand_opt.model.problem import Bits
from freerand_opt.numbers.rounding import simplest

#: The next probe beyond a piece, and the least that a probe moves, in parts of the interval.
STEP = Fraction(1, 10**6)
#: Pieces beyond which the rest is left to single attacks.
MOST_PIECES = 400
#: An item is as good as a program if its value is as near as this.
NEAR = 1e-11
WORK = 10**9


Parts = list[dict[str, Any]]


def walked(family: Family, raw: dict[str, Any]) -> tuple[Parts, Parts, Parts]:
    """Return upper ends, lower ends and single attacks of {"question"} ("?" at its number)."""
    walk = _Walk(family, raw)
    low, high = family.ends
    x = simplest(low + (high - low) * STEP / 2, low + (high - low) * STEP)
    while x < high and len(walk.lower) < MOST_PIECES:
        hint = solve(family.shape(x).program)
        if hint.status != "optimal":  # no strategy passes yet
            x = _onward(family, x)
            continue
        x = walk.visit(hint, x)
    if not isinstance(family.problem(low).source, Bits):  # a piece need not reach the ends
        for end in family.ends:
            if not any(Fraction(part["from"]) <= end <= Fraction(part["to"]) for part in walk.lower):
                walk.single(solve(family.shape(end).program), end)
    points = sorted(walk.points, key=lambda part: Fraction(part["at"]))
    return [part for part, _ in walk.upper], walk.lower, points


def _onward(family: Family, x: Fraction) -> Fraction:
    """Return a place just beyond the last one, after x, where no strategy passes the tests."""
    low, high = x, family.ends[1]
    if solve(family.shape(high).program).status != "optimal":
        return high
    while high - low > (family.ends[1] - family.ends[0]) * STEP:
        middle = simplest((3 * low + high) / 4, (low + 3 * high) / 4)
        if solve(family.shape(middle).program).status == "optimal":
            high = middle
        else:
            low = middle
    return high


class _Walk:
    def __init__(self, family: Family, raw: dict[str, Any]) -> None:
        self.family, self.raw = family, raw
        self.upper: list[tuple[dict[str, Any], Any]] = []
        self.lower: Parts = []
        self.points: Parts = []

    def visit(self, hint: Hint, x: Fraction) -> Fraction:
        """Keep what the basis at x proves; return where to look next."""
        program = self.family.shape(x).program
        worth = sum(float(c) * float(hint.x[k]) for k, c in program.objective.items())
        if not any(self._covers(part, x, worth) for _, part in self.upper):
            item = upper_item(self.family, hint, x)
            if item is not None:
                self._widest(item, x)
        low, high = self.family.ends
        step = (high - low) * STEP
        piece = lower_piece(self.family, hint, x)
        if piece is None or self._read("lower", piece) is None:
            self.single(hint, x)
            return min(simplest(x + (high - low) / 65, x + (high - low) / 64), high)
        self.lower.append(piece)
        end = Fraction(piece["to"])
        if end == high:
            return high
        return simplest(max(end, x) + step / 2, max(end, x) + step)

    def single(self, hint: Hint, x: Fraction) -> None:
        """Keep the attack of the basis at x alone."""
        shape = self.family.shape(x)
        point = inner_point(shape.program, hint)
        if point is not None:
            form = shape.attack(point[: shape.program.matrix.shape[1]])
            if Pool(self.family.problem(x)).offer_attack(form, shape.words):
                self.points.append({"at": str(x), "upper": None, "attack": form})

    def _covers(self, part: Any, x: Fraction, worth: float) -> bool:
        value = part.at(x)
        return value is not None and abs(float(enclose(value, 80)[0]) - worth) < NEAR * max(1.0, abs(worth))

    def _read(self, kind: str, part: dict[str, Any]) -> Any:
        try:
            return read_part(kind, part, self.raw, self.family.ends, Work(WORK))
        except (Rejected, Unreadable, TooMuch):
            return None

    def _widest(self, item: dict[str, Any], x: Fraction) -> None:
        """Keep an item on the widest interval about x that the kernel accepts, with short ends."""
        low, high = self.family.ends

        def holds(a: Fraction, b: Fraction) -> Any:
            return self._read("upper", {"from": str(a), "to": str(b), **item})

        part = holds(low, high)
        if part is None:
            near = (high - low) / 1000
            first = max(low, x - near)
            high = _farthest(lambda end: holds(first, end) is not None, x + near, high)
            low = _farthest(lambda end: holds(end, high) is not None, first, low)
            part = holds(low, high)
        if part is not None:
            self.upper.append(({"from": str(low), "to": str(high), **item}, part))


def _farthest(holds: Callable[[Fraction], bool], near: Fraction, far: Fraction) -> Fraction:
    """Return the farthest place, up to a thousandth, at which something holds that holds near."""
    if holds(far):
        return far
    good, bad = near, far
    while abs(bad - good) > abs(far - near) / 1000:
        a, b = sorted(((2 * good + bad) / 3, (good + 2 * bad) / 3))
        middle = simplest(a, b)
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good
