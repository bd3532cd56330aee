r"""An interior point method for boxes along the tree of a source: products of facets in their thousands.

The columns are cells z of subnormalised boxes at the leaves, one tree for each guess label; a node has the
sum of its children, and each of its two facets, :math:`f = h z_v - z_l` and :math:`z_l - l z_v` for a share
in [l, h], is a mixture of boxes:

.. math:: \max\; c \cdot z \;:\; A z = b \;(\le),\; G f \ge 0 \text{ for each facet f.}

Mehrotra's steps; the form K of each facet is G^T G with weights y_f / s_f. In floats; nothing rests on it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from freerand_opt.conic.linear import Hint
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Bits, Problem
from freerand_opt.programs.strategies import Strategies
from freerand_opt.solvers import bit_trees

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Rows from which HiGHS takes longer; steps.
MOST_ROWS, MOST_STEPS = 20_000, 80
#: Gap and defect at which no step is made any more, and at which a point is called optimal.
ENOUGH, NEARLY = 1e-10, 1e-5
#: How far steps go towards the boundary, and how often their equations are refined.
SHARE, REFINED = 0.99, 8
#: What is added to diagonals, in proportion, so that rounding leaves factors; refinement takes it back.
ADDED = (4e-16, 1e-14, 1e-12, 1e-10, 1e-8)


@dataclass(frozen=True, eq=False)
class Trees:
    """The program at the leaves, over (label, leaf, cell); `noise` are the cells of white noise.

    `rows` are the places of the rows of `matrix` in the program, `first` that of the facets' rows.
    """

    carriers: int
    ranges: tuple[tuple[float, float], ...]
    positive: Floats
    first: int
    rows: np.ndarray
    matrix: csr_array
    right: Floats
    equal: np.ndarray
    cost: Floats
    noise: Floats

    @property
    def width(self) -> int:
        """Return the number of cells of a box."""
        return int(self.positive.shape[1])

    def slack(self, z: Floats) -> Floats:
        """Return G f of all facets, one facet a row."""
        return np.asarray(bit_trees.facets(z.reshape(-1, self.width), self.ranges) @ self.positive.T)

    def back(self, y: Floats) -> Floats:
        """Return the transpose of `slack` at y."""
        return np.asarray(bit_trees.pulled(y @ self.positive, self.ranges).ravel(), dtype=np.float64)

    def nodes(self, z: Floats) -> Floats:
        """Return the columns of the program: all nodes of a label, the root first."""
        return np.asarray(bit_trees.nodes(z.reshape(self.carriers, -1, self.width)).ravel())


def trees_of(made: Strategies) -> Trees | None:
    """Return the trees of a program of cells; None if rows are few, or its source has no tree."""
    source, program = made.problem.source, made.program
    if not isinstance(source, Bits) or made.zeros or program.matrix.shape[0] < MOST_ROWS:
        return None
    from scipy.sparse import csr_array  # which small programs do not wait for

    if any(low >= high for low, high in source.ranges):
        return None
    nodes, width = made.cone.nodes, made.space.width
    inner = nodes // 2
    kinds = [name[0] for name in program.names]  # type: ignore[index]
    first = kinds.index("facet")
    begin = first + kinds.count("facet")
    keep = program.matrix.rows >= begin
    node = program.matrix.columns // width % nodes
    if (node[keep] < inner).any():
        return None
    leaves = np.arange(made.space.carriers * nodes * width).reshape(-1, nodes, width)[:, inner:].ravel()
    place = np.full(program.matrix.shape[1], -1)
    place[leaves] = np.arange(len(leaves))
    cost = np.zeros(len(leaves))
    for column, worth in program.objective.items():
        cost[place[column]] = float(worth)
    entries = (program.matrix.rows[keep] - begin, place[program.matrix.columns[keep]])
    matrix = csr_array((program.matrix.floats()[keep], entries), shape=(len(kinds) - begin, len(leaves)))
    equal = np.array(program.equal)[begin:]
    kept = bit_trees.independent(matrix.toarray(), equal)
    return Trees(
        made.space.carriers,
        tuple((float(low), float(high)) for low, high in source.ranges),
        made.space.positive.dense(),
        first,
        begin + kept,
        matrix[kept],
        np.array([float(program.right[begin + k]) for k in kept]),
        equal[kept],
        cost,
        _noise(made.problem),
    )


def _noise(problem: Problem) -> Floats:
    """Return the cells of white noise."""
    parties = zip(problem.settings, problem.outcomes, strict=True)
    own = [np.array([1.0, *([1 / outcomes] * (n * (outcomes - 1)))]) for n, outcomes in parties]
    return np.asarray(reduce(np.kron, own))


@dataclass(frozen=True, eq=False)
class _Point:
    """Leaves z, slacks and multipliers of facets, and of rows; equalities have slack 0."""

    z: Floats
    slack: Floats
    y: Floats
    rest: Floats
    prices: Floats


def solve(made: Strategies, trees: Trees, time_limit: float | None = None) -> Hint | None:
    """Return the program's hint, without a basis; None if no point near the optimum was reached."""
    begun, free = time.monotonic(), np.where(trees.equal, 0.0, 1.0)
    z = _middle(trees)
    slack = trees.slack(z)
    point = best = _Point(z, slack, np.ones_like(slack), free, free)
    least = np.inf
    for _ in range(MOST_STEPS):
        step = _Step(trees, point)
        if step.lost < least:
            best, least = point, step.lost
        late = time_limit is not None and time.monotonic() - begun > time_limit
        if step.lost < ENOUGH or late or (least < NEARLY and step.lost > least):
            break
        try:
            point = step.next()
        except np.linalg.LinAlgError:
            break
    if not least < NEARLY:
        return None
    multipliers = np.zeros(made.program.matrix.shape[0])
    multipliers[trees.rows] = best.prices
    # the last facet of a label, that its mass is not negative, follows from the others
    for k, row in enumerate(_by_label(trees, best.y)):
        start = trees.first + k * (row.size + len(trees.positive))
        multipliers[start : start + row.size] = row
    return Hint("optimal", trees.nodes(best.z), multipliers, None, None, multipliers)


def _middle(trees: Trees) -> Floats:
    """Return the leaves of white noise, each bit in the middle of its range."""
    share = bit_trees.middle(trees.ranges)
    return np.tile(np.outer(share, trees.noise) / trees.carriers, (trees.carriers, 1)).ravel()


def _by_label(trees: Trees, y: Floats) -> list[Floats]:
    """Return the multipliers of facets of each label, in the program's order."""
    counts = [trees.carriers * 2 ** (depth + 1) for depth in reversed(range(len(trees.ranges)))]
    depths = np.split(y, np.cumsum(counts)[:-1])
    return list(np.concatenate([held.reshape(trees.carriers, -1) for held in depths], axis=1))


class _Step:
    """A point with what its next step needs."""

    def __init__(self, trees: Trees, point: _Point) -> None:
        self.trees, self.point = trees, point
        self.missing = trees.slack(point.z) - point.slack
        self.short = trees.right - trees.matrix @ point.z - point.rest
        self.defect = trees.cost + trees.back(point.y) - trees.matrix.T @ point.prices
        self.gap = float((point.slack * point.y).sum() + point.rest @ point.prices)
        away = (np.abs(held).sum() for held in (self.short, self.defect))
        self.lost = self.gap + sum(map(float, away)) + float(np.abs(self.missing).max())

    def next(self) -> _Point:
        """Return the next point; raise LinAlgError if rounding spoils the equations."""
        point, trees = self.point, self.trees
        self.free = ~trees.equal
        self.weight = point.y / point.slack
        self.ratio = np.where(self.free, point.rest / np.where(self.free, point.prices, 1), 0)
        for more in ADDED:
            try:
                self._equations(more)
                break
            except np.linalg.LinAlgError:
                if more == ADDED[-1]:
                    raise
        mean = self.gap / (point.slack.size + int(self.free.sum()))
        first = self._direction(0.0, 0.0, 0.0)
        step, other = self._reach(first)
        left = ((point.slack + step * first.slack) * (point.y + other * first.y)).sum()
        left += (point.rest + step * first.rest) @ (point.prices + other * first.prices)
        share = min(max((float(left) / self.gap) ** 3, 1e-6), 1.0)
        found = self._direction(share * mean, first.slack * first.y, first.rest * first.prices)
        step, other = (min(1.0, SHARE * length) for length in self._reach(found))
        return _Point(
            point.z + step * found.z,
            point.slack + step * found.slack,
            point.y + other * found.y,
            point.rest + step * found.rest,
            point.prices + other * found.prices,
        )

    def _equations(self, more: float) -> None:
        from scipy.linalg import cho_factor, cho_solve

        trees, matrix = self.trees, self.trees.matrix
        forms = np.matmul(trees.positive.T * self.weight[:, None, :], trees.positive)
        self.factor = bit_trees.TreeFactor(trees.ranges, forms, more)
        self.solved = self.factor.solve(matrix.toarray())
        complement = matrix @ self.solved.T + np.diag(self.ratio)
        complement += np.diag(more * np.abs(np.diag(complement)))
        self.complement = partial(cho_solve, cho_factor((complement + complement.T) / 2, lower=True))

    def _direction(self, mean: float, second: Any, other: Any) -> _Point:
        """Return a direction towards products of slack and multiplier of this mean."""
        point, trees = self.point, self.trees
        aim = (mean - second) / point.slack - point.y
        goal = self.defect + trees.back(aim - self.weight * self.missing)
        rest = np.where(self.free, (mean - other) / np.where(self.free, point.prices, 1) - point.rest, 0)
        dz, prices = self._solution(goal, self.short - rest)
        slack = trees.slack(dz) + self.missing
        y = aim - self.weight * slack
        return _Point(dz, slack, y, np.where(self.free, rest - self.ratio * prices, 0), prices)

    def _solution(self, goal: Floats, right: Floats) -> tuple[Floats, Floats]:
        """Return (dz, change of prices), refined."""
        trees = self.trees
        dz, prices, size = np.zeros_like(goal), np.zeros_like(right), np.inf
        best = dz, prices
        for _ in range(REFINED):
            first = goal - trees.back(self.weight * trees.slack(dz)) - trees.matrix.T @ prices
            other = right - trees.matrix @ dz + self.ratio * prices
            now = float(np.abs(first).max() + np.abs(other).max(initial=0.0))
            if now > size / 2:
                break
            best, size = (dz, prices), now
            alone = self.factor.solve(first[None])[0]
            more = self.complement(trees.matrix @ alone - other)
            dz, prices = dz + alone - more @ self.solved, prices + more
        return best

    def _reach(self, way: _Point) -> tuple[float, float]:
        """Return how far slacks and multipliers may go, at most 1."""
        point, found = self.point, []
        pairs = ((point.slack, way.slack, point.rest, way.rest), (point.y, way.y, point.prices, way.prices))
        for own, change, rest, other in pairs:
            least = float(min((change / own).min(), (other[self.free] / rest[self.free]).min(initial=0.0)))
            found.append(1.0 if least >= -1 else -1 / least)
        return found[0], found[1]
