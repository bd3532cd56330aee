"""Critical values: a proof at one end of an interval, an attack at the other.

The claim is "no strategy exists", or "the answer is at most c". What an adversary can do is monotone in the
field (docs/proofs/thresholds.md), so against a number c there is one critical value; where c is a multiple of
the field, the test is an equality or a behaviour moves on a path (losses, noise that is not white), the claim
changes between the two ends, and other changes elsewhere are not excluded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.document import FORMAT
from freerand_opt.checker.numbers import Number, sign, written
from freerand_opt.errors import FreerandError, TooLargeError
from freerand_opt.numbers.rounding import simplest

MAX_STEPS = 100


@dataclass(frozen=True)
class Crossing:
    """What the answer is compared with.

    It is nothing (existence), a number, a multiple of the field, or an entropy in bits; `near` is the number
    or the factor in floats.
    """

    kind: str = "existence"
    value: Any = None
    near: float = 0.0

    def side(self, pool: Pool, place: Fraction) -> int:
        """Return -1 if the claim is proved at a place, 1 if an attack refutes it, 0 if neither."""
        if self.kind == "existence":
            return -1 if pool.impossible else 1 if pool.attack is not None else 0
        if pool.impossible:
            return -1
        if pool.bound is not None and self.compared(pool.bound, place) <= 0:
            return -1
        return 1 if pool.reached is not None and self.compared(pool.reached, place) > 0 else 0

    def compared(self, value: Number, place: Fraction) -> int:
        """Return the sign of a value less what it is compared with."""
        if self.kind == "entropy":
            power: Number = Fraction(1)
            for _ in range(self.value.denominator):
                power = power * value
            return sign(power - Fraction(1, 2**self.value.numerator))
        return sign(value - (self.value * place if self.kind == "field" else self.value))

    def distance(self, pool: Pool, place: Fraction) -> float | None:
        """Return how far the bound (else the attack) lies above what it is compared with, in floats.

        Of existence it is the margin by which a strategy passes.
        """
        if self.kind == "existence":
            return pool.margin
        if pool.impossible:
            return None
        if pool.bound is None and pool.reached is None:
            return None
        return self.above(pool.top if pool.bound is None else pool.height, place)

    def above(self, number: float, place: Fraction) -> float:
        """Return how far a number in floats lies above what it is compared with; of existence the number."""
        if self.kind == "existence":
            return number
        if self.kind == "entropy":
            return number - float(2.0**-self.near)
        return number - (self.near * float(place) if self.kind == "field" else self.near)

    def form(self) -> Any:
        """Return the crossing in the certificate's grammar."""
        if self.kind == "existence":
            return None
        if self.kind == "number":
            return written(self.value)
        return {self.kind: str(self.value)}


@dataclass(frozen=True, eq=False)
class End:
    """What was found at one value of the field."""

    place: Fraction
    pool: Pool
    side: int


class NoChangeError(FreerandError):
    """At both ends of the interval the claim has the same side, or none; `sides` are they."""

    def __init__(self, claim: str, low: End, high: End) -> None:
        words = {-1: "holds", 1: "fails", 0: "is not decided"}
        first, second = words[low.side], words[high.side]
        super().__init__(
            f"{claim} {first} at {low.place} and {'' if first == second else f'{second} '}at {high.place}; "
            "it must hold at one end and fail at the other"
        )
        self.sides = low.side, high.side


def critical_value(
    at: Callable[[Fraction], Pool],
    crossing: Crossing,
    between: tuple[Fraction, Fraction],
    width: Fraction,
    margin: Callable[[Fraction], float | None] = lambda place: None,
    claim: str = "the claim",
) -> tuple[End, End]:
    """Return two ends of opposite sides, as near each other as the width asks or the proofs reach.

    `margin` is the optimum in floats, quickly, of existence the margin: places near where it crosses are
    tried first. Raise NoChangeError if the claim, in words, does not hold at one end of the interval and fail
    at the other.
    """

    def end(place: Fraction) -> End:
        pool = at(place)
        return End(place, pool, crossing.side(pool, place))

    low, high = (end(place) for place in between)
    if low.side * high.side >= 0:
        raise NoChangeError(claim, low, high)

    def above(place: Fraction) -> float | None:
        value = margin(place)
        return None if value is None else crossing.above(value, place)

    for place in _near(above, low, high, crossing, width):
        if low.place < place < high.place:
            near = end(place)
            low, high = (near if near.side == held.side else held for held in (low, high))
    gap: tuple[Fraction, Fraction] | None = None
    for turn in range(1, MAX_STEPS + 1):
        reach = [(low.place, high.place)] if gap is None else [(low.place, gap[0]), (gap[1], high.place)]
        first, last = max(reach, key=lambda ends: ends[1] - ends[0])
        if last - first <= width:
            break
        middle = _guess(low, high, crossing, width, turn) if gap is None else _middle(first, last)
        found: End | None
        try:
            found = end(middle)
        except TooLargeError:
            found = None
        if found is not None and found.side == low.side:
            low = found
        elif found is not None and found.side == high.side:
            high = found
        else:
            gap = (middle, middle) if gap is None else (min(gap[0], middle), max(gap[1], middle))
    return low, high


def _near(
    margin: Callable[[Fraction], float | None], low: End, high: End, crossing: Crossing, width: Fraction
) -> list[Fraction]:
    """Return places between which the optimum in floats crosses; none where it is not known at the ends."""
    ends = [
        (end.place, crossing.above(end.pool.margin, end.place))
        for end in (low, high)
        if end.pool.margin is not None
    ]
    if len(ends) < 2:
        return []
    if all(value for _, value in ends):
        return _near_zero(margin, ends[0], ends[1], width)
    return _near_violations(margin, low, high, width) if crossing.kind == "existence" else []


def _near_zero(
    margin: Callable[[Fraction], float | None],
    low: tuple[Fraction, float],
    high: tuple[Fraction, float],
    width: Fraction,
) -> list[Fraction]:
    """Return two places, less than the width apart, about the zero of the margin; none where it is not known.

    By false position, in which the margin at an end that stays is halved (the Illinois method).
    """
    (a, f), (b, g) = low, high
    if f * g >= 0:
        return []
    before, stayed = None, 0
    for _ in range(MAX_STEPS):
        zero = a + Fraction(f / (f - g)) * (b - a)
        place = simplest(max(zero - width / 12, low[0]), zero + width / 12)
        if not a < place < b or (before is not None and abs(zero - before) < width / 12):
            break
        value = margin(place)
        if value is None:
            return []
        before = zero
        if value * f > 0:
            a, f, g, stayed = place, value, g / 2 if stayed > 0 else g, 1
        else:
            b, g, f, stayed = place, value, f / 2 if stayed < 0 else f, -1
    reach = ((-width * 2 / 5, -width / 6), (width / 6, width * 2 / 5))
    return [simplest(max(zero + k, low[0]), max(zero + m, low[0])) for k, m in reach]


def _near_violations(
    margin: Callable[[Fraction], float | None], low: End, high: End, width: Fraction
) -> list[Fraction]:
    """Return two places, less than the width apart, between which violations begin; none if none is known.

    By halves, and every other time where the line through the last two violations ends.
    """
    ends = [(end.pool.margin, end.place) for end in (low, high) if end.pool.margin is not None]
    if len(ends) < 2 or not min(ends)[0] < 0 <= max(ends)[0]:
        return []
    (least, bad), (_, good) = sorted(ends)
    violated, step = [(bad, least)], width / 6
    for turn in range(MAX_STEPS):
        if abs(good - bad) <= 4 * step:
            break
        first, last = sorted((good, bad))
        place = _middle(first, last)
        if turn % 2 and len(violated) > 1:
            (a, f), (b, g) = violated[-2:]
            zero = b + (b - a) * Fraction(g / (f - g)) if f != g else b
            zero = min(max(zero + (step if good > bad else -step), first + step), last - step)
            place = simplest(zero - step / 2, zero + step / 2)
        value = margin(place)
        if value is None:
            return []
        bad, good = (place, good) if value < 0 else (bad, place)
        violated += [(place, value)] if value < 0 else []
    return [bad, good]


def _guess(low: End, high: End, crossing: Crossing, width: Fraction, turn: int) -> Fraction:
    """Return a place near the zero of the line through both ends, on either side in turn, or the middle."""
    a, b = crossing.distance(low.pool, low.place), crossing.distance(high.pool, high.place)
    middle = _middle(low.place, high.place)
    if a is None or b is None or a * b >= 0 or turn % 3 == 0:
        return middle
    root = low.place + Fraction(a / (a - b)).limit_denominator(2**40) * (high.place - low.place)
    step = max(width / 3, (high.place - low.place) / 64)
    near, far = (root - step, root - step / 3) if turn % 3 == 1 else (root + step / 3, root + step)
    if near <= low.place or far >= high.place:
        return middle
    return simplest(near, far)


def _middle(low: Fraction, high: Fraction) -> Fraction:
    return simplest((5 * low + 3 * high) / 8, (3 * low + 5 * high) / 8)


def threshold_form(form: dict[str, Any], low: End, high: End) -> dict[str, Any]:
    """Return the certificate of a threshold: "?" is at the field, or an honest behaviour beside moves."""
    ends = []
    for end in (low, high):
        proved = end.side < 0
        ends.append(
            {
                "at": str(end.place),
                "upper": end.pool.upper if proved else None,
                "attack": None if proved else end.pool.attack,
            }
        )
    head = {"format": FORMAT, "version": 2, "kind": "threshold"}
    asked = {key: form[key] for key in ("question", "crosses")}
    return {**head, **asked, "below": ends[0], "above": ends[1], **form}
