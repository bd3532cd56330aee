"""The attack of a quotient program.

One strategy for each edge, all distributions as nodes of one flow graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from freerand_opt.attacks.graph import Graph
from freerand_opt.conic.sparse import Index
from freerand_opt.model.certificate_form import vector_form
from freerand_opt.programs.bit_tree import BitTree
from freerand_opt.programs.cycle import edge_form
from freerand_opt.programs.quotient import Copy, Quotient


def chain_form(made: Quotient, x: Sequence[Fraction]) -> dict[str, Any]:
    """Return the attack of an exact point in the certificate's grammar."""
    graph, shapes = Graph(), _shapes(made.tree)
    weights: list[Fraction] = []
    nodes: list[int | None] = []
    errors: list[int | None] = []
    place = {s: k for k, s in enumerate(sorted(made.cycle.edges))}
    for copy in made.copies:
        weight = x[copy.start]
        if not weight:
            continue
        own = _Copied(made, copy, x, graph, shapes)
        if copy.mark is None:
            weights.append(weight)
            nodes.append(own.below(0, 0, -1))
            errors.append(None)
            continue
        kind = made.tree.levels[-1][copy.mark]
        for leaf in np.flatnonzero(made.tree.levels[-1] == kind).tolist():
            weights.append(weight)
            nodes.append(own.path(leaf))
            errors.append(place[int(made.tree.setting[leaf])])
    return {
        "edges": edge_form(made.cycle),
        "flow": graph.form(),
        "weights": vector_form(weights),
        "nodes": nodes,
        "errors": errors,
    }


def _shapes(tree: BitTree) -> list[Index]:
    """Return for each node a number: equal numbers have equal classes below them, from left to right."""
    found = [tree.levels[-1]]
    for level in reversed(tree.levels[:-1]):
        pairs = found[0].reshape(-1, 2)
        key = (pairs[:, 0] * (int(pairs.max()) + 1) + pairs[:, 1]) * (int(level.max()) + 1) + level
        found.insert(0, np.unique(key, return_inverse=True)[1].astype(np.int64))
    return found


class _Copied:
    """The distributions of one copy: its orbits' masses, turned to each edge of its class."""

    def __init__(
        self, made: Quotient, copy: Copy, x: Sequence[Fraction], graph: Graph, shapes: list[Index]
    ) -> None:
        self.tree, self.source, self.graph, self.shapes = made.tree, made.source, graph, shapes
        depth = made.tree.depth if copy.mark is not None else -1
        self.masses = [x[copy.start + place] for place in range(len(copy.nodes))]
        self.place: dict[tuple[int, int], int] = {}
        leave: list[int] = []
        for place, node in enumerate(copy.nodes):
            if place <= depth:
                leave.append(-2)  # on the path
                continue
            above = leave[node.parent] if node.parent >= 0 else -2
            leave.append(above if above != -2 else -1 if copy.mark is None else node.depth)
            self.place[leave[place], node.kind] = place
        self.known: dict[tuple[int, int, int], int | None] = {}

    def path(self, leaf: int) -> int | None:
        """Return the root of the distribution whose edge is a leaf."""
        node: int | None = None
        depth = self.tree.depth
        for d in reversed(range(depth)):
            child = leaf >> (depth - 1 - d)
            beside = self.below(d + 1, child ^ 1, d + 1)
            chance = self._share(self.masses[d + 1], self.masses[d], d, turned=bool(child & 1))
            pair = (beside, node) if child & 1 else (node, beside)
            node = self.graph.node(chance, *pair)
        return node

    def below(self, d: int, i: int, leave: int) -> int | None:
        """Return the node of the subtree at depth d, place i, which left the path at a depth."""
        if d == self.tree.depth:
            return None
        key = (d, int(self.shapes[d][i]), leave)
        if key not in self.known:
            kinds = [int(self.tree.levels[d + 1][2 * i + k]) for k in (0, 1)]
            left, right = (self.below(d + 1, 2 * i + k, leave) for k in (0, 1))
            chance = Fraction(1, 2)
            if kinds[0] != kinds[1]:
                above = self.masses[self.place[leave, int(self.tree.levels[d][i])]]
                chance = self._share(self.masses[self.place[leave, kinds[0]]], above, d)
            self.known[key] = self.graph.node(chance, left, right)
        return self.known[key]

    def _share(self, child: Fraction, node: Fraction, d: int, *, turned: bool = False) -> Fraction:
        """Return the chance of the left child from a child's mass (`turned`: of the right one)."""
        low, high = self.source.ranges[d]
        if not node:
            return min(max(Fraction(1, 2), low), high)
        return 1 - child / node if turned else child / node
