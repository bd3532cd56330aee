r"""The largest value of a factor over the distributions of a source, in integers rounded up.

With V(z) >= 0, beta = 1/k and a fixed distribution u of settings:

.. math:: \max_s \sum_z s(z) V(z) \qquad\text{or}\qquad \max_s \sum_z s(z)^{1+\beta} u(z)^{-\beta} V(z).

Both are convex in s, so extreme points suffice. Bits: at each node both ends of the bit's range, the
weights of the ends, or their powers, multiply. Limits that are the same for all settings: as many settings
as fit at the upper limit, one with what is left, the rest at the lower one; the largest weights meet the
largest values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from freerand_opt.checker.failures import Unreadable
from freerand_opt.checker.sources import Bits, Limits, Point, Source
from freerand_opt.experiment_checker.powers import BITS, ONE, ceil_div, power_up, root_up

Support = Callable[[Sequence[int]], int]


def settings_weights(
    source: Source, power: int | None, centre: tuple[Fraction, ...]
) -> tuple[list[int], tuple[tuple[tuple[int, int], tuple[int, int]], ...]]:
    """Return leaf weights u^-beta, and for bits the two (left, right) weights of each bit; for `free`
    powers.
    """
    if power is None:
        scale = [ONE] * (source.size if isinstance(source, Bits) else len(centre))
        ends = [(low, high) for low, high in source.ranges] if isinstance(source, Bits) else []
        return scale, tuple(((_up(a), _up(1 - a)), (_up(b), _up(1 - b))) for a, b in ends)
    if min(centre) <= 0:
        raise Unreadable("certificate: the centre gives every setting a positive probability")
    scale = [root_up(1 / u, power) for u in centre]
    ends = [(low, high) for low, high in source.ranges] if isinstance(source, Bits) else []
    up = [
        ((power_up(a, power), power_up(1 - a, power)), (power_up(b, power), power_up(1 - b, power)))
        for a, b in ends
    ]
    return scale, tuple(up)


def support(source: Source, power: int | None, centre: tuple[Fraction, ...]) -> Support:
    """Return the function of values V(z) 2^BITS that bounds it from above, times 2^BITS.

    `power` is k for the condition with powers of s (no assumption on later settings), None for the plain
    mean.
    """
    if isinstance(source, Point):
        return _point(source, power, centre)
    if isinstance(source, Bits):
        if sorted(source.leaves) != list(range(source.size)):
            raise Unreadable("certificate: every joint setting is named by one string of bits")
        scale, ends = settings_weights(source, power, centre)
        return lambda values: _fold(source.leaves, ends, scale, values)
    if isinstance(source, Limits):
        return _limits(source, power, centre)
    raise Unreadable("certificate: the source is uniform, free, bits or limits")


def _point(source: Point, power: int | None, centre: tuple[Fraction, ...]) -> Support:
    weights = source.values.values()
    if power is None or tuple(weights) == centre:
        held = [_up(x) for x in weights]
    else:
        held = [
            ceil_div(power_up(x, power) * root_up(1 / u, power), ONE)
            for x, u in zip(weights, centre, strict=True)
        ]
    return lambda values: ceil_div(sum(w * v for w, v in zip(held, values, strict=True)), ONE)


def _up(x: Fraction) -> int:
    return ceil_div(x.numerator * ONE, x.denominator)


def _fold(
    leaves: Sequence[int],
    ends: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    scale: Sequence[int],
    values: Sequence[int],
) -> int:
    level = [-(-values[s] * scale[s] >> BITS) for s in leaves]
    for (low, above), (high, below) in reversed(ends):
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [-(-max(low * x + above * y, high * x + below * y) >> BITS) for x, y in pairs]
    return level[0]


def _limits(source: Limits, power: int | None, centre: tuple[Fraction, ...]) -> Support:
    lower, upper = source.lower.values(), source.upper.values()
    if power is None:
        return lambda values: _knapsack(lower, upper, values)
    if len(set(lower)) > 1 or len(set(upper)) > 1:
        raise Unreadable(
            "certificate: with limits by setting, later settings must be independent of outcomes"
        )
    scale = [root_up(1 / u, power) for u in centre]
    weights = [power_up(x, power) for x in _corner(lower[0], upper[0], len(lower))]

    def largest(values: Sequence[int]) -> int:
        held = sorted((ceil_div(v * x, ONE) for v, x in zip(values, scale, strict=True)), reverse=True)
        return ceil_div(sum(w * v for w, v in zip(weights, held, strict=True)), ONE)

    return largest


def _corner(low: Fraction, high: Fraction, count: int) -> list[Fraction]:
    """Return the masses of an extreme point, descending."""
    left = 1 - count * low
    found = []
    for _ in range(count):
        more = min(left, high - low)
        found.append(low + more)
        left -= more
    return found


def _knapsack(lower: Sequence[Fraction], upper: Sequence[Fraction], values: Sequence[int]) -> int:
    left = 1 - sum(lower)
    total = sum((x * v for x, v in zip(lower, values, strict=True)), Fraction(0))
    for z in sorted(range(len(values)), key=lambda z: -values[z]):
        more = min(left, upper[z] - lower[z])
        total += more * values[z]
        left -= more
    return ceil_div(total.numerator, total.denominator)
