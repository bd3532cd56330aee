"""From multipliers along the trees of a source to exact ones of its program."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.conic.duals import GRID, factor
from freerand_opt.conic.program import ConicProgram
from freerand_opt.conic.solution import Dual, Factor
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.solvers.bit_trees import Reals
from freerand_opt.solvers.branches import Branches
from freerand_opt.solvers.forest import Forest

Trees: TypeAlias = Forest | Branches


def exact_multipliers(
    made: MomentProgram, program: ConicProgram, forest: Trees, y: Reals, duals: Sequence[Reals]
) -> Dual:
    """Return exact multipliers; those of the tree's sums follow in the certificate's fold."""
    values = {
        int(r): Fraction(round(float(y) * GRID), GRID)
        for r, y in zip(forest.rows, y, strict=True)
        if round(float(y) * GRID)
    }
    places = _places(made, forest)
    for r, name in enumerate(program.names):
        assert isinstance(name, tuple)
        if name[0] == "part" and name[1:3] in places:
            held = duals[name[3]][places[name[1:3]]]
            values[r] = Fraction(round(float(held[0, 0]) * GRID), GRID)
    factors = []
    for name, size in zip(program.blocks, program.sizes, strict=True):
        assert isinstance(name, tuple)
        _, c, f, p = name
        if (c, f) in places:
            factors.append(factor(duals[p][places[c, f]].astype(np.float64)))
        else:
            factors.append(Factor(((),) * size, 0))
    return Dual(values, tuple(factors))


def _places(made: MomentProgram, forest: Trees) -> dict[Any, int]:
    """Return the place of each (label, facet) in the order of `Forest.gamma`; a tree's root has none."""
    if not isinstance(forest, Forest) or not forest.ranges:
        pairs = ((c, v) for c in range(made.moments.carriers) for v in range(made.cone.nodes))
        return {pair: place for place, pair in enumerate(pairs)}
    found: dict[Any, int] = {}
    count, first = 0, 0
    for _, nodes, _ in forest.counts:
        for c in range(forest.carriers):
            for f in range(2 * nodes):
                found[c, first + f] = count
                count += 1
        first += 2 * nodes
    return found
