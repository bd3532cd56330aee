r"""Attacks on questions that stay the same when outcomes are turned: mixtures of boxes and their images.

Boxes are generated at prices in the middle of the optimal face of the program over those found so far,

.. math:: \max \sum_k (c q_k) t_k - p \sum_r v_r \;:\; \sum_k (W_r q_k) t_k \le b_r + v_r,

t_k in the source's cone; mixed with prices of the outer program, at which no strategy gains. The program over
the boxes that have a mass is then solved exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from freerand_opt.attacks.gains import worths
from freerand_opt.attacks.pairs import Hints
from freerand_opt.attacks.strategies import Strategy, strategies
from freerand_opt.attacks.two_outcomes import TwoOutcomes
from freerand_opt.conic.central import central, placed
from freerand_opt.conic.inner_point import inner_point, inner_right
from freerand_opt.conic.linear import sharpened, solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Bits, Kept, Problem
from freerand_opt.programs.box import Box
from freerand_opt.programs.boxes import box_space
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import test_rows
from freerand_opt.programs.turned import of_first, turned

MOST_TURNS = 40
#: The weight of the outer program's prices; boxes taken at these and at the own prices.
SMOOTHING, AT_OUTER, AT_OWN = 0.9, 20, 10
#: What a box has to gain; a mass that counts; how near the bound the boxes are enough.
LEAST, LITTLE, CLOSE = 1e-9, 1e-7, 1e-7


def attack(problem: Problem, hints: Hints, upper: float) -> tuple[Strategy, ...]:
    """Return a mixture of boxes and their images that is near `upper`, () if none is found.

    For two parties with two outcomes, bits, and observed settings; the question stays the same when turned.
    """
    source, prices = problem.source, hints.prices
    if (
        not isinstance(source, Bits)
        or problem.outcomes != (2, 2)
        or problem.observed is None
        or prices is None
    ):
        return ()
    if any(low >= high for low, high in source.ranges):
        return ()
    oracle, master = TwoOutcomes(problem, source), _Master(problem, source, hints.penalty)
    outer = prices + master.worth
    rng = np.random.default_rng(1)
    found = dict[Box, None]()
    for _ in range(6):
        found.update(dict.fromkeys(oracle.best(outer + 1e-3 * rng.normal(size=outer.shape), -1.0, 8)))
    for _ in range(MOST_TURNS):
        boxes = list(found)
        solved = master.solve(boxes)
        if solved is None:
            return ()
        value, broken, own, weights = solved
        if broken < LEAST and value > upper - CLOSE:
            used = [box for box, weight in zip(boxes, weights.tolist(), strict=True) if weight > LITTLE]
            return _exactly(problem, used)
        found.update(dict.fromkeys(oracle.best(SMOOTHING * outer + (1 - SMOOTHING) * own, LEAST, AT_OUTER)))
        found.update(dict.fromkeys(oracle.best(own, LEAST, AT_OWN)))
        if len(found) == len(boxes):
            return ()
    return ()


def _exactly(problem: Problem, boxes: Sequence[Box]) -> tuple[Strategy, ...]:
    """Return the best mixture of boxes and images that is exact, () if none is found."""
    made = of_first(problem, source_cone(problem), box_space(boxes, problem.shape[1]))
    hint, right = solve(made.program), inner_right(made.program)
    x = None if right is None else inner_point(made.program, sharpened(made.program, hint, right))
    if x is None:
        return ()
    halves = []
    for one in strategies(made, x):
        masses, strings = (tuple(mass / 2 for mass in part) for part in (one.masses, one.strings))
        half = replace(one, masses=masses, strings=strings)
        halves += [half, replace(half, box=turned(one.box))]
    return tuple(halves)


class _Master:
    """The program over boxes and the whole source, in floats, with a price on what breaks a test.

    Columns are the two facets of each inner node of the source's tree, by which its masses are mixtures.
    """

    def __init__(self, problem: Problem, source: Bits, penalty: float) -> None:
        guesses, (count, _) = guesses_of(problem), problem.shape
        listed = worths(problem, guesses)
        self.worth = np.array([listed[guesses.at(0, s)][s] for s in range(count)])
        self.problem, self.penalty = problem, penalty
        self.joints, self.masses = _tree(source, count)
        self.factors, self.least, self.most = _tested(problem)
        self.observed = np.array([float(p) for p in problem.observed or ()])

    def solve(self, boxes: Sequence[Box]) -> tuple[float, float, Floats, Floats] | None:
        """Return (value, what is broken in all, gains[s, o] at the prices, masses of boxes)."""
        count, tests, settings = len(boxes), len(self.least), len(self.observed)
        tables = np.zeros((count, *self.problem.shape))
        for table, box in zip(tables, boxes, strict=True):
            for s, own in enumerate(table):
                for o, chance in box.at(s).items():
                    own[o] = float(chance)
        shown = np.einsum("rso,kso->rks", self.factors, tables)
        tested = (shown @ self.masses).reshape(tests, -1)
        cost = 2 * (np.einsum("so,kso->ks", self.worth, tables) @ self.masses).ravel()
        joints = count * len(self.joints)
        slack = np.eye(tests)
        parts = [
            placed(self.joints, copies=count),
            placed(np.tile(2 * self.masses, count), joints),
            placed(np.hstack([tested, slack, -slack]), joints + settings),
        ]
        size = len(cost) + 2 * tests
        meets = np.concatenate([np.zeros(joints), self.observed])
        limits = np.concatenate([meets, self.least]), np.concatenate([meets, self.most])
        gain = np.concatenate([cost, np.full(2 * tests, -self.penalty)])
        solved = central(parts, limits, np.zeros(size), gain)
        if solved is None:
            return None
        x, y = solved
        own = self.worth - y[joints : joints + settings, None]
        own -= np.einsum("r,rso->so", y[joints + settings :], self.factors) / 2
        x, broken = x[: len(cost)], float(x[len(cost) :].sum())
        return float(cost @ x), broken, own, x.reshape(count, -1) @ self.masses.sum(axis=0)


def _tree(source: Bits, settings: int) -> tuple[Floats, Floats]:
    """Return what joins inner nodes to their parents, and masses of settings, in facets of inner nodes.

    With the facets f = high z - z_left, g = z_left - low z: (high - low) z_left = low f + high g.
    """
    inner = 2 ** len(source.ranges) - 1
    joints, leaves = np.zeros((inner, 2 * inner)), np.zeros((settings, 2 * inner))
    for v in range(inner):
        low, high = map(float, source.ranges[(v + 1).bit_length() - 1])
        joints[v, 2 * v : 2 * v + 2] += 1 / (high - low)
        for child, shares in ((2 * v + 1, (low, high)), (2 * v + 2, (1 - low, 1 - high))):
            row = -joints[child] if child < inner else leaves[source.leaves[child - inner]]
            row[2 * v : 2 * v + 2] += np.array(shares) / (high - low)
            if child < inner:
                joints[child] = -row
    return joints[1:], leaves


def _tested(problem: Problem) -> tuple[Floats, Floats, Floats]:
    """Return factors[r, s, o] of tests of a box and its image, and the limits of their sums.

    The last of the cells of a table at a setting, up to images, follows from the others.
    """
    last = problem.shape[1] // 2 - 1
    found: dict[tuple[int, int], tuple[Floats, list[float]]] = {}
    for k, test in enumerate(problem.tests):
        for f, _, equal, right, cell, side in test_rows(problem, test):
            if isinstance(test, Kept) and cell % problem.shape[1] >= last:
                continue
            own = np.zeros(problem.shape)
            for s, row in f.items():
                own[s, list(row)] = [side * float(x) for x in row.values()]
            limits = found.setdefault((k, cell), (own, [-np.inf, np.inf]))[1]
            if equal or side < 0:
                limits[0] = side * float(right)
            if equal or side > 0:
                limits[1] = side * float(right)
    factors = np.array([own + own[:, ::-1] for own, _ in found.values()]).reshape(-1, *problem.shape)
    least, most = np.array([limits for _, limits in found.values()]).reshape(-1, 2).T
    return factors, least, most
