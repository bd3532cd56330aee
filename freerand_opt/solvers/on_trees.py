r"""An interior point method that follows the tree of a source: one Hessian a facet, one factor a node.

Primal-dual steps in the direction of Helmberg, Rendl, Vanderbei and Wolkowicz (1996). The matrices S of a
point are those of its moments, Z their multipliers, W = S^-1. A step's equations in the leaves' moments,

.. math:: K\,dz + A^T dy = g, \quad A\,dz - D\,dy = r, \qquad
   K = \sum_f f^T \mathrm{tr}(\Gamma_k Z_f \Gamma_l W_f) f,

are solved from the leaves to the root: with the sum of two children fixed, the left one is eliminated.
Near the end K is 10^12 times larger along what vanishes than elsewhere, so that moments in doubles leave
multipliers that miss the objective by 10^-8; from then on they are carried in long doubles (where the
machine has them), and only factors, whose solutions are refined, in doubles.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Solution
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.solvers.bit_trees import Reals
from freerand_opt.solvers.branches import Branches
from freerand_opt.solvers.tree_duals import Trees, exact_multipliers

MOST_ROUNDS = 60
#: Gap and defect at which no step is made any more, of branches for each matrix: nearer to the end it depends
#: on the machine's rounding whether there is a next step.
ENOUGH = 2e-11
#: Below this, what is lost by rounding need not become smaller.
FINE = 1e-9
#: A point whose bound is as near as this is called optimal.
NEARLY = 1e-8
#: Matrices this near to those of the moments are replaced by them.
INSIDE = 1e-12
#: Below this gap moments are carried in long doubles.
WIDE = 1e-5
#: How often the solution of a step's equations is refined.
REFINED = 12
#: Directions that the solution of a step's equations is sought in, and what may be left, beside their sides,
#: of doubles and of long doubles.
MOST_KRYLOV, SOLVED = 16, (1e-10, 1e-13)
#: Steps go this far towards the boundary.
SHARE = 0.95
#: Larger programs need more memory than a desk has.
MOST_WIDTH = 2500


def solve(
    made: MomentProgram, program: ConicProgram, forest: Trees, time_limit: float | None = None
) -> Solution | None:
    """Solve a program, or its half, with these trees; None if it is too large. `time_limit` in seconds."""
    if forest.width > MOST_WIDTH:
        return None
    begun = time.monotonic()
    enough = ENOUGH * (forest.facets if isinstance(forest, Branches) else 1)
    point = _first(forest)
    best = point
    for _ in range(MOST_ROUNDS):
        try:
            step = _Step(forest, point)
            stalled = best.lost < FINE and step.point.lost > best.lost / 2
            if step.point.lost < best.lost:
                best = step.point
            if step.point.lost < enough or stalled or step.point.lost > 1e3 * best.lost:
                break
            if time_limit is not None and time.monotonic() - begun > time_limit:
                break
            point = step.next()
        except np.linalg.LinAlgError:
            break
    return Solution(
        "optimal" if best.lost < NEARLY else "stopped",
        "trees",
        forest.columns(best.z),
        exact_multipliers(made, program, forest, best.y, best.duals),
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """Moments z at the leaves, slacks of inequalities, multipliers y of rows, matrices S, multipliers Z.

    `lost` is about what the bound of these multipliers exceeds the value.
    """

    z: Reals
    slack: Reals
    y: Reals
    primal: Sequence[Reals]
    duals: Sequence[Reals]
    lost: float = np.inf


def _first(forest: Trees) -> _Point:
    z = forest.middle()
    free = ~forest.equal
    slack = np.where(free, np.maximum(forest.right - forest.matrix @ z, 0.1), 0.0)
    ones = [np.tile(np.eye(n), (forest.facets, 1, 1)) for n, _ in forest.parts]
    primal = forest.gamma(z)
    # of more than two outcomes, and on a face, these moments are no interior point
    if min(float(np.linalg.eigvalsh(held)[:, 0].min()) for held in primal) < INSIDE:
        primal = [held + float(np.abs(held).max()) * one for held, one in zip(primal, ones, strict=True)]
    return _Point(z, slack, np.where(free, 1.0, 0.0), primal, ones)


def _half(matrices: Reals) -> Reals:
    return np.asarray((matrices + matrices.transpose(0, 2, 1)) / 2)


@dataclass(frozen=True, eq=False)
class _Direction:
    z: Reals
    slack: Reals
    y: Reals
    primal: Sequence[Reals]
    duals: Sequence[Reals]


class _Step:
    """A point with what its next step needs."""

    def __init__(self, forest: Trees, point: _Point) -> None:
        self.forest, free = forest, ~forest.equal
        primal, count = point.primal, len(forest.parts)
        gap = sum(float((s * z).sum()) for s, z in zip(primal, point.duals, strict=True))
        gap += float(point.slack @ point.y)
        if gap < WIDE and point.z.dtype != np.longdouble:
            held = (point.z, point.slack, point.y, *primal, *point.duals)
            wide = [array.astype(np.longdouble) for array in held]
            point = _Point(wide[0], wide[1], wide[2], wide[3 : 3 + count], wide[3 + count :])
            primal = point.primal
        self.missing = [own - s for own, s in zip(forest.gamma(point.z), primal, strict=True)]
        away = max(float(np.abs(own).max()) for own in self.missing)
        if away < INSIDE:
            primal, self.missing = forest.gamma(point.z), [own * 0 for own in self.missing]
        self.primal = primal
        self.inner = [np.linalg.inv(np.linalg.cholesky(s.astype(np.float64))) for s in primal]
        self.inverse = [held.transpose(0, 2, 1) @ held for held in self.inner]
        # steps and factors take the same Z and W, which may be off by a rounding
        self.outer = [z.astype(np.float64).astype(z.dtype) for z in point.duals]
        self.inverse = [w.astype(point.z.dtype) for w in self.inverse]
        self.short = forest.right - forest.matrix @ point.z - point.slack
        self.defect = forest.cost + forest.back(point.duals) - point.y @ forest.matrix
        self.mean = gap / (forest.facets * sum(n for n, _ in forest.parts) + int(free.sum()))
        self.gap, self.free = gap, free
        lost = gap + float(np.abs(self.defect).sum()) + float(np.abs(self.short).sum())
        lost += away if away >= INSIDE else 0.0
        self.point = _Point(point.z, point.slack, point.y, primal, point.duals, lost)

    def next(self) -> _Point:
        """Return the next point; raise LinAlgError if rounding spoils the equations."""
        self._factor()
        point, free = self.point, self.free
        first = self._direction(0.0, None, np.zeros_like(point.y))
        step, other = (min(1.0, length) for length in self._reach(first))
        left = sum(
            float(((s + step * ds) * (z + other * dz)).sum())
            for s, ds, z, dz in zip(self.primal, first.primal, point.duals, first.duals, strict=True)
        )
        left += float(((point.slack + step * first.slack) * (point.y + other * first.y))[free].sum())
        share = min(max((left / self.gap) ** 2, 1e-3), 1.0) if min(step, other) > 0.1 else 0.8
        pairs = zip(first.duals, first.primal, self.inverse, strict=True)
        second = [_half(dz @ (ds @ w)) for dz, ds, w in pairs]
        found = self._direction(share * self.mean, second, first.slack * first.y)
        lengths = self._reach(found)
        if min(lengths) < 0.1:
            found = self._direction(0.7 * self.mean, None, np.zeros_like(point.y))
            lengths = self._reach(found)
        step, other = (min(1.0, SHARE * length) for length in lengths)
        duals = [_half(z + other * dz) for z, dz in zip(point.duals, found.duals, strict=True)]
        slack = np.where(free, point.slack + step * found.slack, 0.0)
        primal = [s + step * ds for s, ds in zip(self.primal, found.primal, strict=True)]
        return _Point(point.z + step * found.z, slack, point.y + other * found.y, primal, duals)

    # -------------------------------------------------------------- the equations of a step

    def _factor(self) -> None:
        """Factor K along the trees, and the linear rows' complement."""
        forest = self.forest
        self.factors = forest.factored([self._hessian(k) for k in range(forest.facets)])
        self.solved = self._inverse(forest.matrix)
        safe = np.where(self.free, self.point.y, 1)
        self.ratio = np.where(self.free, self.point.slack / safe, 0)
        complement = forest.matrix @ self.solved.T + np.diag(self.ratio.astype(np.float64))
        self.complement = cho_factor((complement + complement.T) / 2, lower=True)

    def _hessian(self, facet: int) -> Reals:
        """Return tr(Gamma_k Z Gamma_l W) of a facet."""
        found = np.zeros((self.forest.width,) * 2)
        for (n, entries), z, w in zip(self.forest.parts, self.outer, self.inverse, strict=True):
            turned = csr_array(entries.T)
            both = [held[facet].astype(np.float64) for held in (z, w)]
            pairs = np.einsum("jp,qi->ijpq", *both).reshape(n * n, n * n)
            held = turned @ (turned @ pairs).T
            found += (held + held.T) / 2
        return found

    def _inverse(self, rows: Reals) -> Reals:
        """Return K^-1 of each row, as far as the factors know."""
        return self.factors.solve(rows.astype(np.float64))

    def _solution(self, goal: Reals, right: Reals) -> tuple[Reals, Reals]:
        """Return (dz, dy): by GMRES of branches, whose factors are coarse, else refined, which loses less."""
        size, sides = len(goal), np.concatenate([goal, right]).astype(self.point.z.dtype)
        found = (self._krylov if isinstance(self.forest, Branches) else self._refined)(sides, size)
        return found[:size], found[size:]

    def _refined(self, sides: Reals, size: int) -> Reals:
        """Return the equations' solution by what the factors know of what is left, in turns."""
        best, left = 0 * sides, sides
        for _ in range(REFINED):
            more = best + self._nearly(left, size)
            rest = sides - self._applied(more, size)
            if np.abs(rest).max() > np.abs(left).max() / 2:
                break
            best, left = more, rest
        return best

    def _krylov(self, left: Reals, size: int) -> Reals:
        """Return the equations' solution by GMRES."""
        length, enough = float(np.sqrt((left * left).sum())), SOLVED[left.dtype == np.longdouble]
        if not length:
            return left
        basis, moves = [left / length], []
        heights = np.zeros((MOST_KRYLOV + 1, MOST_KRYLOV))
        aim = np.zeros(MOST_KRYLOV + 1)
        aim[0] = 1.0
        weights: Reals = np.zeros(0)
        for k in range(MOST_KRYLOV):
            moves.append(self._nearly(basis[-1], size))
            image: Reals = self._applied(moves[-1], size)
            for _ in range(2):  # orthogonal to a rounding
                for j, other in enumerate(basis):
                    share = (image * other).sum()
                    heights[j, k] += float(share)
                    image = image - share * other
            rest = np.sqrt((image * image).sum())
            heights[k + 1, k] = float(rest)
            held = heights[: k + 2, : k + 1]
            weights = np.linalg.lstsq(held, aim[: k + 2], rcond=None)[0]
            lost = float(np.linalg.norm(held @ weights - aim[: k + 2]))
            if lost < enough or not rest:
                break
            basis.append(image / rest)
        return np.asarray(sum((x * own for x, own in zip(weights, moves, strict=True)), 0 * left) * length)

    def _applied(self, both: Reals, size: int) -> Reals:
        """Return the left sides of a step's equations."""
        forest, dz, dy = self.forest, both[:size], both[size:]
        triples = zip(self.outer, forest.gamma(dz), self.inverse, strict=True)
        first = forest.back([_half(z @ (ds @ w)) for z, ds, w in triples]) + dy @ forest.matrix
        return np.concatenate([first, forest.matrix @ dz - self.ratio * dy])

    def _nearly(self, both: Reals, size: int) -> Reals:
        """Return their solution as far as the factors know."""
        alone = self._inverse(both[None, :size])[0]
        dy = cho_solve(self.complement, (self.forest.matrix @ alone - both[size:]).astype(np.float64))
        return np.concatenate([alone - dy @ self.solved, dy]).astype(both.dtype)

    def _direction(self, mean: float, second: Sequence[Reals] | None, product: Reals) -> _Direction:
        forest, point = self.forest, self.point
        aims = [mean * w for w in self.inverse]
        if second is not None:
            aims = [aim - own for aim, own in zip(aims, second, strict=True)]
        parts = zip(aims, self.outer, self.missing, self.inverse, strict=True)
        goal = forest.cost + forest.back([a - _half(z @ (m @ w)) for a, z, m, w in parts])
        goal = goal - point.y @ forest.matrix
        safe = np.where(self.free, point.y, 1)
        right = self.short - np.where(self.free, (mean - product) / safe - point.slack, 0)
        dz, dy = self._solution(goal, right)
        primal = [ds + m for ds, m in zip(forest.gamma(dz), self.missing, strict=True)]
        moves = zip(aims, point.duals, self.outer, primal, self.inverse, strict=True)
        duals = [aim - z - _half(held @ (ds @ w)) for aim, z, held, ds, w in moves]
        slack = np.where(self.free, self.short - forest.matrix @ dz, 0)
        return _Direction(dz, slack, dy, primal, duals)

    def _reach(self, held: _Direction) -> tuple[float, float]:
        """Return how far the point and the multipliers may go."""
        point, free = self.point, self.free
        outer = [np.linalg.inv(np.linalg.cholesky(z.astype(np.float64))) for z in point.duals]
        found = []
        for inner, moves, own, change in (
            (self.inner, held.primal, point.slack, held.slack),
            (outer, held.duals, point.y, held.y),
        ):
            least = min(
                float(np.linalg.eigvalsh((a @ d @ a.transpose(0, 2, 1)).astype(np.float64))[:, 0].min())
                for a, d in zip(inner, moves, strict=True)
            )
            least = min(least, float((change[free] / own[free]).min(initial=0.0)))
            found.append(np.inf if least >= 0 else -1 / least)
        return found[0], found[1]
