r"""The largest left side of a factor's condition over all source points and boxes, as an integer from above.

.. math::
    m = \max_{s, q} \sum_z s(z) \sum_c q(c|z) F(c,z) \quad\text{(test)},
    \max_{s, q} \sum_z s(z) \sum_c q(c|z)\, q(c|z)^{\beta} F(c,z) \quad\text{(E')},

and (E) with s(z)^(1 + beta) u(z)^(-beta) in place of s(z); F / m is a valid factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.sources import Point, Source
from freerand_opt.experiment_checker.boxes import Box, Worth, listed, statuses, worths
from freerand_opt.experiment_checker.powers import ONE, ceil_div
from freerand_opt.experiment_checker.scenario import Shape
from freerand_opt.experiment_checker.support import Support, support


@dataclass(frozen=True)
class Setting:
    """Who measures, who chooses, and which boxes there are; `boxes` are listed where they were computed
    (cuts).
    """

    shape: Shape
    source: Source
    devices: str
    boxes: tuple[Box, ...] | None = None


@dataclass(frozen=True)
class Condition:
    """A test (`power` None), or a condition on powers 1/k: `free` (E), else (E'); `of` the parties certified.

    `centre` is u(z).
    """

    power: int | None = None
    free: bool = False
    of: tuple[int, ...] = ()
    centre: tuple[Fraction, ...] = ()


def maximum(setting: Setting, condition: Condition, factor: Sequence[int], work: Work) -> int:
    """Return an integer at least m 2^BITS for integers F(c, z) >= 0, listed by setting, then outcome."""
    shape = setting.shape
    settings, outcomes = shape.count
    if len(factor) != settings * outcomes or min(factor) < 0 or not max(factor):
        raise Unreadable(f"certificate: a factor has {settings * outcomes} integers from 0 on, not all 0")
    if (
        condition.power is not None
        and condition.of != tuple(range(len(shape.settings)))
        and not condition.free
    ):
        raise Rejected(
            "bits of some parties' outcomes need the condition without assumption on later settings"
        )
    worth = Worth(shape, tuple(factor), condition.power, condition.of)
    reach = support(setting.source, condition.power if condition.free else None, condition.centre)
    work.spend(len(factor) * (condition.power or 0), "powers")
    held = statuses(shape, setting.devices, work) if setting.boxes is None else None
    if held is None:
        boxes = setting.boxes if setting.boxes is not None else listed(shape, setting.devices, work)
        work.spend(len(boxes) * settings * outcomes * (1 + (condition.power or 0) // 16), "boxes")
        return max(reach([worth.value(z, row) for z, row in enumerate(box)]) for box in boxes)
    table = worths(shape, held, worth)
    if isinstance(setting.source, Point):
        return _by_columns(shape, held.counts, table, reach, work)
    return _by_all(shape, held.counts, table, reach, work)


def _by_all(
    shape: Shape, counts: tuple[int, int], table: list[list[list[int]]], reach: Support, work: Work
) -> int:
    """Try all statuses of both parties."""
    first, second = shape.settings
    work.spend(counts[0] ** first * counts[1] ** second * first * second, "statuses")
    best = 0
    for own in product(range(counts[0]), repeat=first):
        lines = [table[x * second + y][own[x]] for x in range(first) for y in range(second)]
        for other in product(range(counts[1]), repeat=second):
            best = max(best, reach([line[j] for line, j in zip(lines, other * first, strict=True)]))
    return best


def _by_columns(
    shape: Shape, counts: tuple[int, int], table: list[list[list[int]]], reach: Support, work: Work
) -> int:
    """Try all statuses of A; for a fixed distribution of settings B's best status at each y stands alone."""
    first, second = shape.settings
    work.spend(counts[0] ** first * first * second * counts[1], "statuses")
    size = first * second
    unit = [reach([ONE if z == s else 0 for z in range(size)]) for s in range(size)]
    weighed = [[[ceil_div(unit[z] * v, ONE) for v in line] for line in table[z]] for z in range(size)]
    best = 0
    for own in product(range(counts[0]), repeat=first):
        total = 0
        for y in range(second):
            columns = [weighed[x * second + y][own[x]] for x in range(first)]
            total += max(map(sum, zip(*columns, strict=True)))
        best = max(best, total)
    return best
