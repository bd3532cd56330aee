r"""The best distribution of a source at given prices, in floats and for many prices at once.

A tree of bits is a backward recursion. For parties independent given W,

.. math:: \max_{u, v} \sum_{ab} u(a)\, h(a, b)\, v(b),

the extreme distributions u of all parties but the last are enumerated and v is the recursion, so
the maximum is the true one; beyond `MAX_ENUMERATED` of them TooLargeError is raised.
"""

from __future__ import annotations

from functools import reduce
from itertools import product

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import PerParty, SanthaVazirani, leaf_settings, party_leaves
from freerand_opt.first.programs.program import FloatArray

#: Combinations of extreme distributions of all parties but the last that are enumerated.
MAX_ENUMERATED = 2**15


class Tree:
    """Bits in one time order: `order[l]` is the setting of leaf l."""

    def __init__(self, order: tuple[int, ...], epsilon: float) -> None:
        self.order = np.array(order)
        self.most, self.least = 1 + 2 * epsilon, 1 - 2 * epsilon

    def value(self, gains: FloatArray) -> FloatArray:
        """Return the largest mean gain, sum_s gains(s) t(s) / S, along the last axis."""
        level = gains[..., self.order]
        while level.shape[-1] > 1:
            left, right = level[..., ::2], level[..., 1::2]
            high, low = np.maximum(left, right), np.minimum(left, right)
            level = (high * self.most + low * self.least) / 2
        return np.asarray(level[..., 0])

    def best(self, gains: FloatArray) -> FloatArray:
        """Return t(s) = S P(s|w) of a distribution with the largest gain; one row of gains."""
        level, choices = gains[self.order], []
        while len(level) > 1:
            left, right = level[::2], level[1::2]
            choices.append(left >= right)
            level = (np.maximum(left, right) * self.most + np.minimum(left, right) * self.least) / 2
        masses = np.ones(1)
        for first in reversed(choices):
            heavy = np.where(first, self.most, self.least)
            masses = np.stack([masses * heavy, masses * (2 - heavy)], axis=1).ravel()
        found = np.empty(len(self.order))
        found[self.order] = masses
        return found

    def vertices(self) -> FloatArray:
        """Return all extreme t, one a row; 2^(2^n - 1) of them."""
        if 2 ** (len(self.order) - 1) > MAX_ENUMERATED:
            raise TooLargeError(f"2^{len(self.order) - 1} extreme distributions are not enumerated")
        rows = np.ones((1, 1))
        while rows.shape[1] < len(self.order):
            joined = [np.kron(rows, np.ones((len(rows), 1))), np.kron(np.ones((len(rows), 1)), rows)]
            ways = ((self.most, self.least), (self.least, self.most))
            rows = np.concatenate([np.hstack([joined[0] * a, joined[1] * b]) for a, b in ways])
            if self.most == self.least:
                rows = rows[:1]
        found = np.empty_like(rows)
        found[:, self.order] = rows
        return found


def tree_of(source: SanthaVazirani, scenario: Scenario) -> Tree:
    """Return the tree of all bits of a scenario."""
    return Tree(leaf_settings(scenario, source), float(source.epsilon))


class Products:
    """Distributions of parties that are independent given W, with the true maximum of a gain.

    No `t(s)` is below `least`.
    """

    def __init__(self, source: PerParty, scenario: Scenario) -> None:
        trees = [
            Tree(party_leaves(size, part.bits), float(part.epsilon))
            if isinstance(part, SanthaVazirani)
            else Tree(tuple(range(size)), 0.0)
            for part, size in zip(source.parts, scenario.settings, strict=True)
        ]
        self.last = trees[-1]
        lists = [tree.vertices() for tree in trees[:-1]]
        if np.prod([len(rows) for rows in lists], initial=1.0) > MAX_ENUMERATED:
            raise TooLargeError("there are too many products of the parties' extreme distributions")
        one: FloatArray = np.ones(1)
        self.first: FloatArray = np.array([reduce(_kron, rows, one) for rows in product(*lists)])
        self.least = float(self.first.min()) * self.last.least ** (len(self.last.order).bit_length() - 1)

    def best(self, gains: FloatArray) -> tuple[FloatArray, float]:
        """Return t(s) = S P(s|w) of the best product, and its mean gain."""
        joint = gains.reshape(self.first.shape[1], -1)
        seen = self.first @ joint / self.first.shape[1]
        place = int(np.argmax(values := self.last.value(seen)))
        return np.kron(self.first[place], self.last.best(seen[place])), float(values[place])


def _kron(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(np.kron(left, right))
