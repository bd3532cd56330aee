r"""The cone of a source: masses P(w) P(s|w) from nodes, with equalities and facets by name.

.. math:: \text{mass}(s) = \sum_n M_{sn} t_n, \qquad E t = 0, \qquad F t \ge 0 .

Facets come in the order in which a certificate lists the functionals that they are multiplied by
(docs/kernel.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from freerand_opt.conic.sparse import Floats, Sparse, sparse
from freerand_opt.model.problem import (
    Average,
    Bits,
    FullSupport,
    Limits,
    Mutual,
    Point,
    Problem,
    Product,
    Rows,
    Shared,
    Source,
)
from freerand_opt.programs.averages import points
from freerand_opt.programs.source_vertices import vertices

#: Facets by role: ("node", v, 0 or 1), ("setting", s, 0 or 1), ("row", k), ("slack", s), ("last", v).
Facet = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Cone:
    """Masses M, equalities E and facets F over nodes.

    `level` is the equality whose multiplier is a level H; `costs` are rows of nodes with bounds on average.
    """

    masses: Sparse
    equalities: Sparse
    facets: Sparse
    names: tuple[Facet, ...]
    level: int | None = None
    costs: tuple[tuple[dict[int, Fraction], Fraction], ...] = ()

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return self.masses.shape[1]

    @cached_property
    def dear(self) -> Floats:
        """Return what each node costs of each bound on average, (bounds, nodes), in floats."""
        found = np.zeros((len(self.costs), self.nodes))
        for k, (listed, _) in enumerate(self.costs):
            found[k, list(listed)] = [float(cost) for cost in listed.values()]
        return found


Entries = list[tuple[int, int, Fraction | int]]


class _Rows:
    """Rows that are written one by one."""

    def __init__(self) -> None:
        self.equal: list[list[tuple[int, Fraction | int]]] = []
        self.facets: list[list[tuple[int, Fraction | int]]] = []
        self.names: list[Facet] = []

    def facet(self, name: Facet, *terms: tuple[int, Fraction | int]) -> None:
        self.facets.append(list(terms))
        self.names.append(name)

    def cone(self, masses: Entries, settings: int, nodes: int, level: int | None = None) -> Cone:
        def matrix(rows: list[list[tuple[int, Fraction | int]]]) -> Sparse:
            return sparse((len(rows), nodes), ((k, n, x) for k, row in enumerate(rows) for n, x in row))

        found = sparse((settings, nodes), masses)
        return Cone(found, matrix(self.equal), matrix(self.facets), tuple(self.names), level)


def source_cone(problem: Problem) -> Cone:
    """Return the cone of a problem's source by its own rows."""
    return _cone(problem.source, problem.settings, problem.observed)


def vertex_cone(problem: Problem) -> Cone:
    """Return the cone by vertices; raise TooLargeError where they are too many."""
    if isinstance(problem.source, Average):
        return _by_points(problem.source, problem.settings, problem.observed)
    points = vertices(problem.source, problem.settings, problem.observed)
    return _by_vertices(points, problem.shape[0])


def _by_points(source: Average, settings: tuple[int, ...], observed: tuple[Fraction, ...] | None) -> Cone:
    listed = [(point.shares, point.costs) for point in points(source, settings, observed)]
    return by_costly(listed, source.bounds if source.measure != "information" else (), prod(settings))


def by_costly(
    listed: Sequence[tuple[Sequence[Fraction], Sequence[Fraction]]], bounds: Sequence[Fraction], settings: int
) -> Cone:
    """Return the cone of points with costs, and bounds of the costs."""
    cone = _by_vertices([tuple(shares) for shares, _ in listed], settings)
    costs = tuple(
        ({v: own[k] for v, (_, own) in enumerate(listed) if own[k]}, bound) for k, bound in enumerate(bounds)
    )
    return replace(cone, costs=costs)


def _by_vertices(points: list[tuple[Fraction, ...]], settings: int) -> Cone:
    rows = _Rows()
    for v in range(len(points)):
        rows.facet(("last", v), (v, 1))
    masses: Entries = [(s, v, x) for v, point in enumerate(points) for s, x in enumerate(point) if x]
    return rows.cone(masses, settings, len(points))


def _cone(source: Source, settings: tuple[int, ...], observed: tuple[Fraction, ...] | None) -> Cone:
    count = prod(settings)
    if isinstance(source, Point | Shared):
        return _by_vertices(vertices(source, settings, observed), count)
    if isinstance(source, Average):
        return _by_points(source, settings, observed)
    if isinstance(source, Bits):
        return _tree(source, count)
    if isinstance(source, Limits):
        return _limits(source, count)
    if isinstance(source, Product):
        return _product(source, settings)
    return _listed(source, settings)


def _tree(source: Bits, count: int) -> Cone:
    """Nodes of the tree of bits in heap order: v has the children 2 v + 1 and 2 v + 2."""
    rows = _Rows()
    bits = len(source.ranges)
    inner = 2**bits - 1
    for v in range(inner):
        rows.equal.append([(v, 1), (2 * v + 1, -1), (2 * v + 2, -1)])
    place = 0
    # certificates list the deepest nodes first, from left to right
    for depth in reversed(range(bits)):
        low, high = source.ranges[depth]
        for v in range(2**depth - 1, 2 ** (depth + 1) - 1):
            rows.facet(("node", place, 0), (v, high), (2 * v + 1, -1))
            rows.facet(("node", place, 1), (2 * v + 1, 1), (v, -low))
            place += 1
    rows.facet(("last", 0), (0, 1))
    masses: Entries = [(s, inner + leaf, 1) for leaf, s in enumerate(source.leaves)]
    return rows.cone(masses, count, 2 * inner + 1)


def _limits(source: Limits, count: int) -> Cone:
    rows = _Rows()
    rows.equal.append([(count, 1), *((s, -1) for s in range(count))])
    for s in range(count):
        rows.facet(("setting", s, 0), (count, source.upper[s]), (s, -1))
        rows.facet(("setting", s, 1), (s, 1), (count, -source.lower[s]))
    rows.facet(("last", 0), (count, 1))
    return rows.cone([(s, s, 1) for s in range(count)], count, count + 1, level=0)


def source_rows(
    source: Mutual | Rows | FullSupport, settings: tuple[int, ...]
) -> list[tuple[dict[int, Fraction], bool]]:
    """Return (row, equal): sum of row[s] P(s|w) >= 0, or = 0, in the order of the certificate."""
    count = prod(settings)
    if isinstance(source, FullSupport):
        return []
    if isinstance(source, Rows):
        found = []
        for terms, relation, bound in source.rows:
            row = dict.fromkeys(range(count), bound)
            for s, factor in terms:
                row[s] -= factor
            found.append((row, relation == "="))
        return found
    high = Fraction(1, 2) + source.epsilon
    found = []
    for party, bits in enumerate(source.bits):
        step, n = prod(settings[party + 1 :]), settings[party]
        leaves = [0]
        for b in bits:
            leaves = [x + more for x in leaves for more in (0, 1 << b)]
        for first in (s for s in range(count) if s // step % n == 0):
            line = [first + x * step for x in leaves]
            size = len(line)
            while size > 1:
                for start in range(0, len(line), size):
                    for half in (0, size // 2):
                        row = dict.fromkeys(line[start : start + size], high)
                        for s in line[start + half : start + half + size // 2]:
                            row[s] -= 1
                        found.append((row, False))
                size //= 2
    return found


def _listed(source: Mutual | Rows | FullSupport, settings: tuple[int, ...]) -> Cone:
    """Return a cone with a node for each joint setting."""
    rows = _Rows()
    count = prod(settings)
    for k, (row, equal) in enumerate(source_rows(source, settings)):
        terms = [(s, x) for s, x in row.items() if x]
        if equal:
            rows.equal.append(list(terms))
        else:
            rows.facet(("row", k), *terms)
    for s in range(count):
        rows.facet(("slack", s), (s, 1))
    return rows.cone([(s, s, 1) for s in range(count)], count, count)


def folded(source: Product, settings: tuple[int, ...]) -> tuple[int, list[tuple[Fraction, ...]]]:
    """Return the party that is folded, and for each product of the others' vertices its masses by setting.

    The masses are of the joint settings of the other parties, in row-major order.
    """
    own = [vertices(part, (n,), None) for part, n in zip(source.parts, settings, strict=True)]
    last = max(range(len(own)), key=lambda p: (len(own[p]), -p))
    others = [each for p, each in enumerate(own) if p != last]
    found = []
    for chosen in product(*others):
        found.append(tuple(prod(xs, start=Fraction(1)) for xs in product(*chosen)))
    return last, found


def _product(source: Product, settings: tuple[int, ...]) -> Cone:
    """Return copies of one party's cone, for each product of the other parties' vertices."""
    last, points = folded(source, settings)
    part = _cone(source.parts[last], (settings[last],), None)
    rows = _Rows()
    masses: Entries = []
    others = list(product(*(range(n) for p, n in enumerate(settings) if p != last)))
    for k, point in enumerate(points):
        start = k * part.nodes
        for matrix, kept in ((part.equalities, rows.equal), (part.facets, rows.facets)):
            kept += [[(start + column, x) for column, x in row.items()] for row in matrix.by_row()]
        rows.names += [("product", k, *name) for name in part.names]
        for x, node, value in part.masses.entries():
            for rest, share in zip(others, point, strict=True):
                digits = (*rest[:last], x, *rest[last:])
                s = 0
                for digit, n in zip(digits, settings, strict=True):
                    s = s * n + digit
                if share:
                    masses.append((s, start + node, value * share))
    return rows.cone(masses, prod(settings), len(points) * part.nodes, part.level)
