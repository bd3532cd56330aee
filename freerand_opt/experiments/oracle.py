r"""Rows of a factor's condition, in floats: for each box the source point that a factor likes best.

A row is s(z) q(c|z) q(c_{of}|z)^{beta} by (z, c), or s(z)^{1+beta} u(z)^{-beta} for s(z) under (E).
"""

from __future__ import annotations

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
            q = np.array([[[float(x) for x in row] for row in box] for box in boxes])
            self.cells = self._powers(q)
        else:
            widest = max(len(rows) for line in held.rows for rows in line)
            self.cells = np.array(
                [[[_of(rows, k) for k in range(widest)] for rows in line] for line in held.rows]
            )
            self.cells = self._powers(self.cells)
            self.sorts = self._numbers(held.counts)

    def _powers(self, q: Array) -> Array:
        """Return q(c|z) q(c_of|z)^beta along the last axis."""
        if not self.beta:
            return q
        parts = self.shape.parts(self.condition.of)
        sums = np.zeros_like(q)
        for c, part in enumerate(parts):
            sums[..., c] = sum(q[..., d] for d, other in enumerate(parts) if other == part)
        return np.asarray(q * sums**self.beta)

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

    def rows(self, factor: Array) -> tuple[Array, Array]:
        """Return the largest left sides, descending, and their rows, at most `NEW`."""
        grid = factor.reshape(self.shape.count)
        if self.sorts is None:
            values = np.einsum("bzc,zc->bz", self.cells, grid)
            weights = source_weights(self.source, self.condition, values)
            cells = None
        else:
            values, weights, cells = self._by_statuses(grid)
        total = (values * weights).sum(axis=1)
        top = np.argsort(-total, kind="stable")[:NEW]
        chosen = self.cells[top] if cells is None else cells(top)
        found = (weights[top][:, :, None] * chosen).reshape(len(top), -1)
        return total[top], found

    def noise(self) -> Array:
        """Return a row that others imply and that bounds every cell: the centre of the source, fair outcomes.

        Fair outcomes mix deterministic boxes, for which q(c_of|z) is 1.
        """
        settings, outcomes = self.shape.count
        centre = np.array([float(u) for u in self.condition.centre])
        q = self._powers(np.full((settings, outcomes), 1 / outcomes))
        return np.asarray((centre[:, None] * q).reshape(1, -1))

    def _by_statuses(self, grid: Array) -> tuple[Array, Array, Any]:
        """Return V(z), the weights, and a function that gives the cells of some boxes."""
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
            unit = source_weights(self.source, self.condition, np.ones((1, len(zs))))[0]
            by_z = table[zs, first, :] * unit[None, :, None]
            columns = by_z.reshape(len(first), *self.shape.settings, -1).sum(axis=1)
            second = columns.argmax(axis=2)[:, places[:, 1]]
        values = table[zs, first, second]
        weights = source_weights(self.source, self.condition, values)
        return (
            values,
            weights,
            lambda top: self.cells[first[top], second[top], best[zs, first[top], second[top]]],
        )


def _of(rows: tuple[Any, ...], k: int) -> list[float]:
    return [float(x) for x in rows[min(k, len(rows) - 1)]]


def source_weights(source: Any, condition: Condition, values: Array) -> Array:
    """Return for each box the weights by setting of a source point that maximises the left side."""
    power = condition.power if condition.free else None
    exponent = 1.0 if power is None else 1 + 1 / power
    centre = np.array([float(u) for u in condition.centre])
    scale = np.ones(values.shape[1]) if power is None else centre ** (-1 / power)
    scaled = values * scale
    if isinstance(source, Point):
        masses = np.broadcast_to(np.array([float(x) for x in source.values.values()]), values.shape)
    elif isinstance(source, Limits):
        masses = _limits(source, scaled)
    else:
        assert isinstance(source, Bits)
        masses = _bits(source, exponent, scaled)
    return np.asarray(masses**exponent * scale)


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
