"""Classes of nodes in a tree of bits are the orbits of its symmetries, found by trying all of them."""

from __future__ import annotations

from itertools import combinations, product
from random import Random

import numpy as np
import pytest

from freerand_opt.programs.bit_tree import bit_tree, orbits

BITS = 3


def symmetries(colours):
    """All permutations of leaves that exchanges of halves make and that keep the colours."""
    nodes = [(d, i) for d in range(BITS) for i in range(2**d)]
    for flips in product((0, 1), repeat=len(nodes)):
        flipped = dict(zip(nodes, flips, strict=True))
        image = []
        for leaf in range(2**BITS):
            target = 0
            for d in range(BITS):
                bit = leaf >> (BITS - 1 - d) & 1
                target = 2 * target + (bit ^ flipped[d, leaf >> (BITS - d)])
            image.append(target)
        if all(colours[leaf] == colours[image[leaf]] for leaf in range(2**BITS)):
            yield image


@pytest.mark.parametrize("seed", range(6))
def test_classes_are_orbits(seed):
    random = Random(seed)
    colours = [random.randrange(2) for _ in range(2**BITS)]
    tree = bit_tree(np.arange(2**BITS), np.array(colours))
    group = list(symmetries(colours))
    for level, classes in enumerate(tree.levels):
        shift = BITS - level
        images = {(i, g[i << shift] >> shift) for g in group for i in range(2**level)}
        for i, j in combinations(range(2**level), 2):
            assert (classes[i] == classes[j]) == ((i, j) in images)
    for mark in (None, *range(2**BITS)):
        kept = [g for g in group if mark is None or g[mark] == mark]
        expected = {
            (d, frozenset(g[i << (BITS - d)] >> (BITS - d) for g in kept))
            for d in range(BITS + 1)
            for i in range(2**d)
        }
        found = orbits(tree, mark)
        assert sorted((o.depth, o.count) for o in found) == sorted((d, len(nodes)) for d, nodes in expected)
        for place, orbit in enumerate(found):
            assert orbit.parent < place
            assert (orbit.leaf is None) == (orbit.depth < BITS)
            assert orbit.twin == (orbit.parent >= 0 and orbit.count > found[orbit.parent].count)
        leaves = {nodes for d, nodes in expected if d == BITS}
        assert {next(o for o in leaves if n.leaf in o) for n in found if n.leaf is not None} == leaves
