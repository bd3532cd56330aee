r"""The cone of a tree of bits in which vectors remember the shares above them.

The bits are taken in groups from the first on. What is observed below a node of the first bit of a group is
split by the vertices p of the group's bits, and all subtrees v below the group have each of these parts,

.. math:: X_{v,t} = \sum_p X_{v,t,p}, \qquad X_{v',tp} = X_{v,t,p} \text{ for all } v' \text{ below } v.

The same distributions as by facets, but with matrices in place of numbers less is lost: facets keep one
vector for a node, vertices of the whole tree one for each choice of all shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import TypeAlias

from freerand_opt.checker.failures import Work
from freerand_opt.checker.vertices import string_vertices
from freerand_opt.conic.sparse import sparse
from freerand_opt.model.problem import Bits, Problem
from freerand_opt.programs.source_cone import Cone

Ranges: TypeAlias = Sequence[tuple[Fraction, Fraction]]
#: Groups have so many bits, the first one fewer if they do not fit.
GROUP = 2


def groups(ranges: Ranges) -> list[list[list[Fraction]]]:
    """Return the vertices of each group of bits."""
    bits = len(ranges)
    cuts = [0, *range(bits % GROUP or GROUP, bits + 1, GROUP)]
    return [string_vertices(ranges[a:b], Work()) for a, b in pairwise(cuts)]


def branched_cone(problem: Problem) -> Cone:
    """Return the cone of a source of bits; nodes and facets ("branch", k) in the order of a certificate."""
    source = problem.source
    assert isinstance(source, Bits)
    contexts, counts = [(0, Fraction(1))], []
    *upper, last = groups(source.ranges)
    for listed in upper:
        contexts = [
            (v * len(vertex) + place, mass * x)
            for v, mass in contexts
            for vertex in listed
            for place, x in enumerate(vertex)
        ]
        counts.append((len(contexts), len(listed[0])))
    nodes = len(contexts) * len(last)
    rows = []  # subtrees below one vertex have the same sum
    for count, beside in counts:
        size = nodes // count
        for start in range(0, nodes, size * beside):
            for other in range(1, beside):
                first = {start + k: 1 for k in range(size)}
                rows.append({**first, **{start + other * size + k: -1 for k in range(size)}})
    masses = [
        (source.leaves[v * len(vertex) + leaf], c * len(last) + p, mass * x)
        for c, (v, mass) in enumerate(contexts)
        for p, vertex in enumerate(last)
        for leaf, x in enumerate(vertex)
    ]
    return Cone(
        sparse((problem.shape[0], nodes), masses),
        sparse((len(rows), nodes), ((r, k, x) for r, row in enumerate(rows) for k, x in row.items())),
        sparse((nodes, nodes), ((k, k, 1) for k in range(nodes))),
        tuple(("branch", k) for k in range(nodes)),
    )


def branch_count(source: Bits) -> int:
    """Return the number of vectors of `branched_cone`."""
    *upper, last = groups(source.ranges)
    return prod(len(listed) * len(listed[0]) for listed in upper) * len(last)
