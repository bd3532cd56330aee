r"""Moments over a tree of bits whose nodes remember the shares above them: what `on_trees` works on.

Vectors of moments split and are shared as in `programs.branches`; the last of each split is what the others
leave over. Each of the last vectors has a matrix. A quadratic form is minimised along the tree: of parts that
sum to X with forms K_p

.. math:: \min_{\sum Y_p = X} \sum_p \tfrac12 Y_p^T K_p Y_p - g_p \cdot Y_p
    = \tfrac12 (X - a)^T S (X - a) + c, \quad S^{-1} = \sum_p K_p^{-1}, \quad a = \sum_p K_p^{-1} g_p .

In floats; nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Bits
from freerand_opt.programs.branches import groups
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.solvers.bit_trees import Reals, independent
from freerand_opt.solvers.forest import OnTrees, entries_of, lower


@dataclass(frozen=True, eq=False)
class Branches(OnTrees):
    """Trees of vertices; `splits` are the parts of each group of bits and the subtrees below."""

    splits: tuple[tuple[int, int], ...]

    @property
    def facets(self) -> int:
        """Return the number of matrices of each part."""
        return self.carriers * prod(count * below for count, below in self.splits)

    def _whole(self, z: Reals) -> Reals:
        """Return the vectors that have matrices, from those that are free."""
        held = z.reshape(self.carriers, -1, self.width)
        above, at = held[:, :1], 1
        for count, below in self.splits:
            end = at + above.shape[1] * (count - 1)
            free = held[:, at:end].reshape(self.carriers, -1, count - 1, self.width)
            rest = above[:, :, None] - free.sum(axis=2, keepdims=True)
            above = np.concatenate([free, rest], axis=2).reshape(self.carriers, -1, self.width)
            above, at = above.repeat(below, axis=1), end
        return np.asarray(above)

    def pulled(self, whole: Reals) -> Reals:
        """Return the transpose of `_whole`."""
        above, own = whole.reshape(self.carriers, -1, self.width), []
        for count, below in reversed(self.splits):
            above = above.reshape(self.carriers, -1, count, below, self.width).sum(axis=3)
            own.append((above[:, :, :-1] - above[:, :, -1:]).reshape(self.carriers, -1, self.width))
            above = above[:, :, -1]
        return np.asarray(np.concatenate([above, *reversed(own)], axis=1).ravel())

    def gamma(self, z: Reals) -> list[Reals]:
        """Return the matrices for each part."""
        return self.matrices(self._whole(z).reshape(-1, self.width))

    def back(self, matrices: Sequence[Reals]) -> Reals:
        """Return the transpose of `gamma` at matrices."""
        return self.pulled(self.vectors(matrices))

    def middle(self) -> Reals:
        """Return the state without any correlation, all parts alike."""
        held = [np.full((self.carriers, 1), 1 / self.carriers)]
        above = held[0]
        for count, below in self.splits:
            above = above.repeat(count, axis=1) / count
            held.append(above.reshape(self.carriers, -1, count)[:, :, :-1].reshape(self.carriers, -1))
            above = above.repeat(below, axis=1)
        masses = np.concatenate(held, axis=1)
        found = np.zeros((*masses.shape, self.width))
        found[:, :, 0] = masses
        return found.ravel()

    def columns(self, z: Reals) -> Floats:
        """Return the columns of the program."""
        return np.asarray(self._whole(z).ravel(), dtype=np.float64)

    def factored(self, hessians: Sequence[Reals]) -> Factors:
        """Return what solves equations of the quadratic form with these matrices, one a facet."""
        forms, levels = list(hessians), []
        for count, below in reversed(self.splits):
            forms = [sum(forms[at + 1 : at + below], forms[at]) for at in range(0, len(forms), below)]
            level = [_merged(forms[at : at + count]) for at in range(0, len(forms), count)]
            levels.append([steps for steps, _ in level])
            forms = [form for _, form in level]
        return Factors(self, levels[::-1], [lower(form) for form in forms])


#: Factors of K_p and what comes before it, and those times K_p.
_Steps: TypeAlias = list[tuple[Reals, Reals]]


def _merged(forms: Sequence[Reals]) -> tuple[_Steps, Reals]:
    """Return the steps that eliminate all parts but their sum, and the form of the sum."""
    total, steps = forms[0], []
    for form in forms[1:]:
        half = lower(total + form)
        across = solve_triangular(half, form, lower=True)
        rest = form - across.T @ across
        total = (rest + rest.T) / 2
        steps.append((half, across))
    return steps, total


@dataclass(frozen=True, eq=False)
class Factors:
    """The steps of each split, the root first, and the factors of the roots' forms."""

    of: Branches
    levels: Sequence[Sequence[_Steps]]
    roots: Sequence[Reals]

    def solve(self, rows: Reals) -> Reals:
        """Return the solution for each row, as far as floats know."""
        own, width, count = self.of, self.of.width, len(rows)
        held = rows.reshape(count, own.carriers, -1, width).transpose(1, 2, 3, 0)
        below: Reals = np.zeros((own.facets, width, count))
        kept, at = [], held.shape[1]
        for (parts, beside), level in zip(reversed(own.splits), reversed(self.levels), strict=True):
            below = below.reshape(own.carriers, -1, parts, beside, width, count).sum(axis=3)
            free = below.shape[1] * (parts - 1)
            below[:, :, :-1] += held[:, at - free : at].reshape(own.carriers, -1, parts - 1, width, count)
            at -= free
            goals = below.reshape(-1, parts, width, count)
            ups = [_up(steps, goal) for steps, goal in zip(level, goals, strict=True)]
            kept.append([halves for halves, _ in ups])
            below = np.stack([lift for _, lift in ups])
        goals = below + held[:, 0]
        pairs = zip(self.roots, goals, strict=True)
        above = np.stack([cho_solve((root, True), goal) for root, goal in pairs])
        found = [above.reshape(own.carriers, 1, width, count)]
        for (parts, beside), level, halves in zip(own.splits, self.levels, reversed(kept), strict=True):
            above = np.concatenate([_down(*each) for each in zip(level, halves, above, strict=True)])
            split = above.reshape(own.carriers, -1, parts, width, count)
            found.append(split[:, :, :-1].reshape(own.carriers, -1, width, count))
            above = above.repeat(beside, axis=0)
        return np.asarray(np.concatenate(found, axis=1).transpose(3, 0, 1, 2).reshape(count, -1))


def _up(steps: _Steps, goals: Reals) -> tuple[list[Reals], Reals]:
    """Return the eliminated halves, and what the sum's form is tilted by."""
    lift, halves = goals[0], []
    for (factor, across), goal in zip(steps, goals[1:], strict=True):
        halves.append(solve_triangular(factor, lift - goal, lower=True))
        lift = goal + across.T @ halves[-1]
    return halves, lift


def _down(steps: _Steps, halves: Sequence[Reals], total: Reals) -> Reals:
    """Return the parts of a sum."""
    found = []
    for (factor, across), half in zip(reversed(steps), reversed(halves), strict=True):
        before = solve_triangular(factor, half + across @ total, lower=True, trans="T")
        found.append(total - before)
        total = before
    return np.stack([total, *reversed(found)])


def branches_of(made: MomentProgram, program: ConicProgram) -> Branches | None:
    """Return the trees of a program, or of half of it; None if its cone is another."""
    source, space = made.problem.source, made.moments.space
    if {name[0] for name in made.cone.names} != {"branch"} or not isinstance(source, Bits):
        return None
    if not program.sizes or any(part.cone == "zero" for part in space.parts):
        return None
    listed = groups(source.ranges)
    below = [len(vertices[0]) for vertices in listed[:-1]]
    width = space.width
    rows = [r for r in range(program.linear) if program.names[r][0] not in ("equal", "part")]  # type: ignore[index]
    none = np.zeros(0)
    bare = Branches(
        program.columns // (made.cone.nodes * width),
        width,
        tuple(entries_of(part.cone, part.rows, len(part.words), width) for part in space.parts),
        none.astype(np.int64),
        none,
        none,
        none.astype(bool),
        none,
        tuple((len(vertices), count) for vertices, count in zip(listed, [*below, 1], strict=True)),
    )

    def pulled(entries: Iterable[tuple[int, float]]) -> Reals:
        whole = np.zeros(program.columns)
        for column, value in entries:
            whole[column] = value
        return bare.pulled(whole)

    lines = [pulled((c, float(x)) for c, x in program.rows[r].items()) for r in rows]
    matrix, places = np.array(lines).reshape(len(rows), -1), np.array(rows, dtype=np.int64)
    kept = independent(matrix, places < program.equalities)
    return replace(
        bare,
        rows=places[kept],
        matrix=matrix[kept],
        right=program.sides[places[kept]],
        equal=places[kept] < program.equalities,
        cost=pulled(enumerate(program.cost.tolist())),
    )
