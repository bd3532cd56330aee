r"""The vertices of the two-setting, two-outcome no-signalling polytope cut by half-spaces, exactly.

A box is a point (1, <A0>, <A1>, <B0>, <B1>, <A0 B0>, <A0 B1>, <A1 B0>, <A1 B1>), scaled to coprime integers;

.. math:: 4 P(ab|xy) = 1 + (-1)^a \langle A_x\rangle + (-1)^b \langle B_y\rangle
    + (-1)^{a+b} \langle A_x B_y\rangle.

Double description: a half-space keeps the vertices inside and adds a point on each edge that it cuts; two
vertices are the ends of an edge if no third one lies on all the facets that they share (Fukuda and Prodon
1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import gcd, lcm

from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.experiment_checker.boxes import Box

Vector = tuple[int, ...]
DIMENSION = 8
#: The cube that holds all boxes: every coordinate in [-1, 1].
_CUBE = [
    (1, *(sign if k == j else 0 for k in range(DIMENSION))) for j in range(DIMENSION) for sign in (1, -1)
]


def cell(z: int, c: int) -> Vector:
    """Return 4 P(c|z) as a functional of points."""
    (x, y), (a, b) = divmod(z, 2), divmod(c, 2)
    found = [1] + [0] * DIMENSION
    found[1 + x], found[3 + y], found[5 + z] = (-1) ** a, (-1) ** b, (-1) ** (a + b)
    return tuple(found)


CELLS = [cell(z, c) for z in range(4) for c in range(4)]


def half_space(terms: dict[tuple[int, int], Fraction], bound: Fraction) -> Vector:
    """Return the functional that is >= 0 where sum of factors times P(c|z) is at most `bound`."""
    total = [Fraction(4 * bound), *[Fraction(0)] * DIMENSION]
    for (z, c), factor in terms.items():
        for k, x in enumerate(CELLS[4 * z + c]):
            total[k] -= factor * x
    scale = lcm(*(x.denominator for x in total))
    return _coprime([int(x * scale) for x in total])


def _coprime(values: Sequence[int]) -> Vector:
    common = gcd(*values) or 1
    return tuple(x // common for x in values)


def dot(f: Vector, v: Vector) -> int:
    """Return a functional's value at a point, times the point's first entry."""
    return sum(x * y for x, y in zip(f, v, strict=True))


class Polytope:
    """Vertices, each with the set of half-spaces (bits of an integer) on whose boundary it lies."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.spaces: list[Vector] = list(_CUBE)
        self.vertices: dict[Vector, int] = {}
        for corner in product((1, -1), repeat=DIMENSION):
            self._add((1, *corner))
        for facet in CELLS:
            self.cut(facet)

    def _add(self, point: Vector) -> None:
        mask = 0
        for k, f in enumerate(self.spaces):
            value = dot(f, point)
            assert value >= 0
            mask |= (value == 0) << k
        self.vertices[point] = mask

    def cut(self, f: Vector) -> None:
        """Keep the part where f >= 0; raise Rejected if nothing with an interior is left."""
        self.work.spend(len(self.vertices), "vertices")
        values = {v: dot(f, v) for v in self.vertices}
        inside = [v for v, x in values.items() if x > 0]
        outside = [v for v, x in values.items() if x < 0]
        if not inside:
            raise Rejected("cuts: no box is left")
        masks = list(self.vertices.values())
        new = []
        for v in inside:
            for w in outside:
                common = self.vertices[v] & self.vertices[w]
                if common.bit_count() < DIMENSION - 1:
                    continue
                self.work.spend(len(masks) // 8 + 1, "vertices")
                if sum(1 for mask in masks if mask & common == common) == 2:
                    x, y = values[v], -values[w]
                    new.append(_coprime([y * p + x * q for p, q in zip(v, w, strict=True)]))
        bit = 1 << len(self.spaces)
        self.spaces.append(f)
        self.vertices = {v: self.vertices[v] | (bit if not x else 0) for v, x in values.items() if x >= 0}
        for point in new:
            self._add(point)

    def boxes(self) -> list[Box]:
        """Return the vertices as q(c|z), in order."""
        return [box(v) for v in sorted(self.vertices)]


def box(point: Vector) -> Box:
    """Return q(c|z) of a point."""
    return tuple(
        tuple(Fraction(dot(CELLS[4 * z + c], point), 4 * point[0]) for c in range(4)) for z in range(4)
    )
