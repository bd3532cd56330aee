r"""The tree of a source's bits with coloured leaves, and the orbits of its symmetries.

The symmetries of a coloured binary tree exchange subtrees that look alike. Two nodes can be
exchanged iff, from the root down to them, subtrees look alike level by level; such a *class* of
nodes is an orbit, and the classes form a tree again (docs/proofs/tree-symmetry.md). A leaf may be
*marked*; the symmetries that keep the mark have as orbits the nodes on the path to it, one by one,
and beside the path, for each depth at which it is left, the classes below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import SanthaVazirani, bit_count, party_leaves, time_order
from freerand_opt.programs.program import IntArray


@dataclass(frozen=True, eq=False)
class BitTree:
    """Classes of nodes, numbered from the root (0) level by level.

    `levels[d][i]` is the class of node i of depth d, its children are 2i and 2i + 1 of depth d + 1;
    `children[c]` the one or two classes of the children; `size[c]` the number of nodes of a class;
    `setting[l]` the joint setting of leaf l.
    """

    levels: tuple[IntArray, ...]
    children: tuple[tuple[int, ...], ...]
    size: tuple[int, ...]
    setting: IntArray

    @property
    def depth(self) -> int:
        """Return the number of bits."""
        return len(self.levels) - 1

    @property
    def leaf_classes(self) -> range:
        """Return the classes of leaves."""
        return range(int(self.levels[-1].min()), len(self.size))

    def below(self) -> list[int]:
        """Return for each class the number of classes in its part of the tree, itself included."""
        count = [1] * len(self.size)
        for c in reversed(range(len(count))):
            count[c] += sum(count[child] for child in self.children[c])
        return count

    def first_leaves(self) -> dict[int, int]:
        """Return {leaf class: its first leaf}."""
        _, first, _ = _ranked(self.levels[-1])
        return dict(zip(self.leaf_classes, first.tolist(), strict=True))


@dataclass(frozen=True)
class Orbit:
    """An orbit of nodes: class `kind`, `count` nodes, and its parent (a place in the list, -1: root).

    `twin`: both children of the parent belong to it. `leaf` is one of its nodes if they are leaves.
    """

    kind: int
    parent: int
    count: int
    twin: bool
    leaf: int | None


def leaf_order(scenario: Scenario, source: SanthaVazirani) -> IntArray:
    """Return the joint setting of each leaf, as `model.source.leaf_settings`, for large trees."""
    order = time_order(scenario, source.order)
    leaves = np.arange(2 ** len(order), dtype=np.int64)
    found = np.zeros(len(leaves), dtype=np.int64)
    for party, size in enumerate(scenario.settings):
        own = np.zeros(len(leaves), dtype=np.int64)
        for time, (whose, _) in enumerate(order):
            if whose == party:
                own = 2 * own + (leaves >> (len(order) - 1 - time) & 1)
        found = found * size + np.array(party_leaves(size, source.bits), dtype=np.int64)[own]
    return found


def _ranked(keys: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return (rank of each key among the distinct ones, first index and number of each distinct key).

    Keys are integers from 0 on, below the square of the number of leaves (at most 2^22, `MAX_CELLS` of
    spec.tables); where they are not much larger than their number nothing is sorted.
    """
    largest = int(keys.max())
    if largest > 4 * len(keys):
        _, first, rank, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        return rank.astype(np.int64), first.astype(np.int64), count.astype(np.int64)
    count = np.bincount(keys, minlength=largest + 1)
    place = np.cumsum(count > 0) - 1
    seen = np.zeros(largest + 1, dtype=np.int64)
    seen[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
    found = count > 0
    return place[keys].astype(np.int64), seen[found], count[found].astype(np.int64)


def bit_tree(scenario: Scenario, source: SanthaVazirani, colours: IntArray) -> BitTree:
    """Return the tree of a source whose leaves have the `colours` of their joint settings (integers)."""
    setting = leaf_order(scenario, source)
    codes = [_ranked(colours[setting])[0]]
    for _ in range(bit_count(scenario)):
        pairs = np.sort(codes[0].reshape(-1, 2), axis=1)
        keys = pairs[:, 0] * (int(pairs.max()) + 1) + pairs[:, 1]
        codes.insert(0, _ranked(keys)[0])
    levels = [np.zeros(1, dtype=np.int64)]
    children: list[tuple[int, ...]] = []
    size = [1]
    for depth, code in enumerate(codes[1:]):
        parent = np.repeat(levels[depth], 2)
        keys = parent * (int(code.max()) + 1) + code
        rank, _, count = _ranked(keys)
        level = rank + len(size)
        size += count.tolist()
        _, first, _ = _ranked(levels[depth])
        pairs = level.reshape(-1, 2)[first]
        children += [tuple(dict.fromkeys(pair)) for pair in pairs.tolist()]
        levels.append(level)
    children += [()] * (len(size) - len(children))
    return BitTree(tuple(levels), tuple(children), tuple(size), setting)


def orbits(tree: BitTree, mark: int | None) -> list[Orbit]:
    """Return the orbits of nodes under the symmetries that keep the marked leaf (None: no mark).

    Parents come first; the path to the mark, if there is one, is the beginning of the list.
    """
    if mark is None:
        return list(_descend(tree, 0, 0, parent=-1, start=0))
    depth = tree.depth
    kinds = [int(level[mark >> (depth - d)]) for d, level in enumerate(tree.levels)]
    found = [Orbit(kind, d - 1, 1, False, mark if d == depth else None) for d, kind in enumerate(kinds)]
    for d in range(1, depth + 1):
        beside = (mark >> (depth - d)) ^ 1
        found += _descend(tree, d, beside, parent=d - 1, start=len(found))
    return found


def _descend(tree: BitTree, depth: int, node: int, *, parent: int, start: int) -> Iterator[Orbit]:
    """Yield the orbits in the part of the tree below a node that stays where it is."""
    waiting = [(depth, node, parent, 1, False)]
    place = start
    while waiting:
        depth, node, parent, count, twin = waiting.pop()
        kind = int(tree.levels[depth][node])
        yield Orbit(kind, parent, count, twin, node if depth == tree.depth else None)
        both = len(tree.children[kind]) == 1
        for child in () if depth == tree.depth else (2 * node,) if both else (2 * node, 2 * node + 1):
            waiting.append((depth + 1, child, place, 2 * count if both else count, both))
        place += 1
