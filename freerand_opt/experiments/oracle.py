r"""Rows of a factor's condition, in floats: for each box the source point that a factor likes best.

A row is s(z) q(c|z) q(c_{of}|z)^{beta} by (z, c), or s(z)^{1+beta} u(z)^{-beta} for s(z) under (E).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.checker.sources import Bits, Limits, Point
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.boxes import listed, statuses
from freerand_opt.experiment_checker.maximum import Condition, Setting

Array = npt.NDArray[np.float64]
#: Most boxes by statuses that are looked at together.
MOST = 1 << 17
BY_GUESSES = "a functional (ask.functional) certifies bits of other scenarios, by bounds on guesses"
#: Most rows that one look adds.
NEW = 200


@dataclass(frozen=True)
class Rows:
    r"""Rows as functions of beta, base * known^beta.

    .. math:: base = s(z) q(c|z), \qquad known = q(c_{of}|z), \text{ under (E) times } s(z) / u(z) .
    """

    base: Array
    known: Array

    def at(self, beta: float) -> Array:
        """Return the rows of one beta."""
        return np.asarray(self.base * self.known**beta)

    def logs(self) -> Array:
        """Return the derivatives in beta, for each unit of a row; 0 where the row is."""
        return np.log(np.where(self.base > 0, self.known, 1.0))

    def take(self, which: Any) -> Rows:
        """Return some of the rows."""
        return Rows(self.base[which], self.known[which])

    def joined(self, other: Rows) -> Rows:
        """Return these rows and then others."""
        return Rows(np.vstack([self.base, other.base]), np.vstack([self.known, other.known]))


class Oracle:
    """The rows of one condition on one setup."""

    def __init__(self, setting: Setting, condition: Condition) -> None:
        self.shape, self.condition = setting.shape, condition
        self.source = setting.source
        self.beta = 0.0 if condition.power is None else 1.0 / condition.power
        held = statuses(setting.shape, setting.devices, Work()) if setting.boxes is None else None
        self.sorts: tuple[npt.NDArray[np.intp], ...] | None = None
        if held is None:
            try:
                boxes = setting.boxes or listed(setting.shape, setting.devices, Work())
            except Unreadable as fault:
                hint = f"; {BY_GUESSES}" if condition.power else ""
                raise InputError(
                    "adversary.devices", str(fault).removeprefix("certificate: ") + hint
                ) from None
            self.raw = np.array([[[float(x) for x in row] for row in box] for box in boxes])
        else:
            widest = max(len(rows) for line in held.rows for rows in line)
            self.raw = np.array(
                [[[_of(rows, k) for k in range(widest)] for rows in line] for line in held.rows]
            )
            self.sorts = self._numbers(held.counts)
        self.known = self._known(self.raw)
        self.cells = self.raw * self.known**self.beta

    def _known(self, q: Array) -> Array:
        """Return q(c_of|z) along the last axis."""
        parts = self.shape.parts(self.condition.of)
        sums = np.zeros_like(q)
        for c, part in enumerate(parts):
            sums[..., c] = sum(q[..., d] for d, other in enumerate(parts) if other == part)
        return sums

    def _numbers(self, counts: tuple[int, int]) -> tuple[npt.NDArray[np.intp], ...]:
        """Return the statuses of A's settings (and of B's, unless the source is one point), a row for each
        box.
        """
        sizes = [n**m for n, m in zip(counts, self.shape.settings, strict=True)]
        wanted = sizes[:1] if isinstance(self.source, Point) else [sizes[0] * sizes[1]]
        if wanted[0] > MOST:
            raise InputError(
                "scenario",
                f"has {wanted[0]} boxes by statuses; at most {MOST} are tried. State the distribution "
                'of the settings (source.kind = "free") or use fewer settings',
            )
        own = [
            np.array(list(product(range(n), repeat=m)), dtype=np.intp)
            for n, m in zip(counts, self.shape.settings, strict=True)
            if n**m <= MOST
        ]
        if isinstance(self.source, Point):
            return (own[0],)
        first = np.repeat(own[0], len(own[1]), axis=0)
        return first, np.tile(own[1], (len(own[0]), 1))

    def rows(self, factor: Array) -> tuple[Array, Rows]:
        """Return the largest left sides, descending, and their rows, at most `NEW`."""
        grid = factor.reshape(self.shape.count)
        if self.sorts is None:
            values = np.einsum("bzc,zc->bz", self.cells, grid)
            masses = source_masses(self.source, self.condition, values)
            chosen = None
        else:
            values, masses, chosen = self._by_statuses(grid)
        total = (values * self._weights(masses)).sum(axis=1)
        top = np.argsort(-total, kind="stable")[:NEW]
        places: Any = top if chosen is None else chosen(top)
        best, known = masses[top][:, :, None], self.known[places]
        if self.condition.free and self.condition.power is not None:
            known = known * (best / self._centre()[:, None])
        shape = (len(top), -1)
        return total[top], Rows((best * self.raw[places]).reshape(shape), known.reshape(shape))

    def noise(self) -> Rows:
        """Return a row that others imply and that bounds every cell: the centre of the source, fair outcomes.

        Fair outcomes mix deterministic boxes, for which q(c_of|z) is 1.
        """
        q = np.full(self.shape.count, 1 / self.shape.count[1])
        return Rows((self._centre()[:, None] * q).reshape(1, -1), self._known(q).reshape(1, -1))

    def _centre(self) -> Array:
        return np.array([float(u) for u in self.condition.centre])

    def _weights(self, masses: Array) -> Array:
        """Return s(z), or s(z)^(1 + beta) u(z)^-beta under (E)."""
        power = self.condition.power if self.condition.free else None
        return (
            masses
            if power is None
            else np.asarray(masses ** (1 + 1 / power) * self._centre() ** (-1 / power))
        )

    def _by_statuses(self, grid: Array) -> tuple[Array, Array, Any]:
        """Return V(z), the source points, and a function that gives where the cells of some boxes stand."""
        assert self.sorts is not None
        worth = np.einsum("ijkc,zc->zijk", self.cells, grid)
        best = worth.argmax(axis=3)
        table = worth.max(axis=3)
        places = np.array(self.shape.places)
        zs = np.arange(len(places))
        first = self.sorts[0][:, places[:, 0]]
        if len(self.sorts) == 2:
            second = self.sorts[1][:, places[:, 1]]
        else:  # B's best status at each y, for the one distribution
            unit = self._weights(source_masses(self.source, self.condition, np.ones((1, len(zs)))))[0]
            by_z = table[zs, first, :] * unit[None, :, None]
            columns = by_z.reshape(len(first), *self.shape.settings, -1).sum(axis=1)
            second = columns.argmax(axis=2)[:, places[:, 1]]
        values = table[zs, first, second]
        return (
            values,
            source_masses(self.source, self.condition, values),
            lambda top: (first[top], second[top], best[zs, first[top], second[top]]),
        )


def _of(rows: tuple[Any, ...], k: int) -> list[float]:
    return [float(x) for x in rows[min(k, len(rows) - 1)]]


def source_masses(source: Any, condition: Condition, values: Array) -> Array:
    """Return for each box the source point s(z) that maximises the left side."""
    power = condition.power if condition.free else None
    exponent = 1.0 if power is None else 1 + 1 / power
    centre = np.array([float(u) for u in condition.centre])
    scale = np.ones(values.shape[1]) if power is None else centre ** (-1 / power)
    scaled = values * scale
    if isinstance(source, Point):
        return np.broadcast_to(np.array([float(x) for x in source.values.values()]), values.shape)
    if isinstance(source, Limits):
        return _limits(source, scaled)
    assert isinstance(source, Bits)
    return _bits(source, exponent, scaled)


def _limits(source: Limits, scaled: Array) -> Array:
    lower, upper = (np.array([float(x) for x in end.values()]) for end in (source.lower, source.upper))
    found = np.tile(lower, (len(scaled), 1))
    order = np.argsort(-scaled, axis=1, kind="stable")
    left = np.full(len(scaled), 1 - lower.sum())
    every = np.arange(len(scaled))
    for place in order.T:
        more = np.minimum(left, (upper - lower)[place])
        found[every, place] += more
        left = left - more
    return found


def _bits(source: Bits, exponent: float, scaled: Array) -> Array:
    """Fold from the last bit on, then multiply the chosen ends along each string."""
    level = scaled[:, list(source.leaves)]
    choices = []
    for low, high in reversed([(float(a), float(b)) for a, b in source.ranges]):
        left, right = level[:, ::2], level[:, 1::2]
        down = low**exponent * left + (1 - low) ** exponent * right
        up = high**exponent * left + (1 - high) ** exponent * right
        choices.append(np.where(up > down, high, low))
        level = np.maximum(up, down)
    masses = np.ones((len(scaled), 1))
    for chance in reversed(choices):
        masses = np.stack([masses * chance, masses * (1 - chance)], axis=2).reshape(len(scaled), -1)
    found = np.zeros_like(scaled)
    found[:, list(source.leaves)] = masses
    return found
