"""Products whose joint settings have a bounded probability: a source with curved sides.

Polytopes around it give the bound, products within it the attack; both get cuts beside what the attack uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from freerand_opt.bounds.methods import linear
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.reading import fraction
from freerand_opt.checker.shared import Shared as KernelShared
from freerand_opt.checker.shared import pieces
from freerand_opt.checker.vectors import vector
from freerand_opt.model.problem import Problem, Shared

#: Times that cuts are added: each halves the distance to what the attack uses.
ROUNDS, QUANTUM_ROUNDS = 24, 3
#: Cuts are multiples of 1 / GRID.
GRID = 2**48


def curved(pool: Pool, options: Options) -> Iterator[None]:
    """Run the methods by vertices of the source again and again, with more cuts."""
    quantum = pool.problem.devices == "quantum"
    for _ in range(QUANTUM_ROUNDS if quantum else ROUNDS):
        if quantum:
            from freerand_opt.bounds.methods.quantum import quantum as moments

            yield from moments(pool, options)
        else:
            for method in (linear.cycle_boxes, linear.deterministic, linear.vertices):
                yield from method(pool, options)
        source = pool.problem.source
        assert isinstance(source, Shared)
        cuts = _more(pool.problem, source, pool.attack)
        if cuts == source.cuts:
            return
        pool.subject = replace(pool.problem, source=replace(source, cuts=cuts))


def _more(problem: Problem, source: Shared, attack: dict[str, Any] | None) -> tuple[Fraction, ...]:
    """Return the cuts and the middles beside each m of an attack's strategies, or all middles without one."""
    first, second = problem.settings
    held = KernelShared((first, second), source.bound)
    listed = pieces(held)
    nodes = sorted({*(x for piece in listed for x in (piece.low, piece.high)), *source.cuts})
    used = set()
    for one in attack["strategies"] if attack is not None else ():
        masses = vector(one["masses"], "", first * second, fraction).values()
        rows = [sum(masses[x * second : (x + 1) * second], Fraction(0)) for x in range(first)]
        used.add(max(max(rows) / sum(masses, Fraction(0)), held.c))
    found = set(source.cuts)
    for low, high in pairwise(nodes):
        middle = Fraction(round((low + high) / 2 * GRID), GRID)
        if (not used or {low, high} & used) and low < middle < high:
            found.add(middle)
    return tuple(sorted(found))
