"""Boxes of two parties with two outcomes, deterministic or unbiased, that gain most at prices, in floats."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from freerand_opt.attacks.oracles import flow
from freerand_opt.conic.sparse import Floats, Index
from freerand_opt.model.problem import Bits, Problem
from freerand_opt.programs.box import Box

#: Answers of the first party from which turns begin; turns; the best of each start that are turned.
MOST_ANSWERS, TURNS, KEPT = 256, 4, 10
#: Distributions from which turns begin, the uniform one beside random ones.
STARTS = 4
HALF = Fraction(1, 2)


class TwoOutcomes:
    """What is the same for all prices: answers and distributions to begin with, and the source."""

    def __init__(self, problem: Problem, source: Bits) -> None:
        self.problem, self.source = problem, source
        self.settings, count = problem.settings, problem.shape[0]
        rng, first = np.random.default_rng(1), problem.settings[0]
        few = 2**first <= MOST_ANSWERS
        answers = np.arange(2**first)[:, None] >> np.arange(first) & 1
        self.answers = answers if few else rng.integers(0, 2, (MOST_ANSWERS, first))
        self.starts = np.vstack([np.full((1, count), 1 / count), rng.dirichlet(np.ones(count), STARTS - 1)])
        self.leaves = np.array(source.leaves)
        self.sums = np.zeros((len(self.leaves), count))
        self.sums[np.arange(len(self.leaves)), self.leaves] = 1

    def best(self, gains: Floats, least: float, most: int) -> Iterator[Box]:
        """Yield the unbiased box, and at most `most` deterministic ones, that gain more than `least`."""
        same, other = gains[:, 0] + gains[:, 3], gains[:, 1] + gains[:, 2]
        if self._value(np.maximum(same, other)[None] / 2)[0] > least:
            yield self._unbiased(same >= other)
        a, b, values = self._deterministic(gains)
        for place in np.argsort(-values, kind="stable")[:most].tolist():
            if values[place] > least:
                answers = (tuple(a[place].tolist()), tuple(b[place].tolist()))
                yield Box(answers, None, self.settings, (2, 2), "deterministic")

    def _deterministic(self, gains: Floats) -> tuple[Index, Index, Floats]:
        """Return answers of both parties, different ones, and what they gain: local optima of turns."""
        table, first = gains.reshape(*self.settings, 2, 2), self.settings[0]
        x, y = np.arange(first)[:, None], np.arange(self.settings[1])[None]
        weighted = np.einsum("kxy,xyab->kxyab", self.starts.reshape(-1, *self.settings), table)
        replies = np.einsum("gxa,kxyab->kgyb", np.eye(2)[self.answers], weighted)
        order = np.argsort(-replies.max(axis=3).sum(axis=2), axis=1, kind="stable")[:, :KEPT]
        a = self.answers[order].reshape(-1, first)
        b = np.take_along_axis(replies.argmax(axis=3), order[:, :, None], axis=1).reshape(len(a), -1)
        for _ in range(TURNS):
            both = np.unique(np.hstack([a, b]), axis=0)
            a, b = both[:, :first], both[:, first:]
            listed = table[x, y, a[:, :, None], b[:, None, :]].reshape(len(a), -1)
            masses = self._masses(listed).reshape(-1, *self.settings)
            b = np.einsum("kxy,kxyb->kyb", masses, table[x, y, a[:, :, None]]).argmax(axis=2)
            a = np.einsum("kxy,kxya->kxa", masses, table[x, y, :, b[:, None, :]]).argmax(axis=2)
        both = np.unique(np.hstack([a, b]), axis=0)
        a, b = both[:, :first], both[:, first:]
        return a, b, self._value(table[x, y, a[:, :, None], b[:, None, :]].reshape(len(a), -1))

    def _masses(self, gains: Floats) -> Floats:
        """Return the best distributions for gains[k, s]."""
        return np.asarray(flow(self.source, gains[:, self.leaves]) @ self.sums)

    def _value(self, gains: Floats) -> Floats:
        return np.asarray((self._masses(gains) * gains).sum(axis=1))

    def _unbiased(self, same: np.ndarray) -> Box:
        """Return the box with fair outcomes that are equal or opposite at each setting."""
        rows = (((1, HALF), (2, HALF)), ((0, HALF), (3, HALF)))
        table = tuple(rows[int(equal)] for equal in same.tolist())
        return Box(None, table, self.settings, (2, 2), "unbiased")
