"""The vertices of a source, where they are few."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from flint import fmpq, fmpq_mat

from freerand_opt.errors import TooLargeError
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import PerParty, SanthaVazirani, Source, Uniform
from freerand_opt.programs.cones import SourceCone, source_cone
from freerand_opt.programs.products import product_vertices, tree_vertices


def source_vertices(source: Source, scenario: Scenario) -> tuple[tuple[Fraction, ...], ...]:
    """Return the extreme distributions as S P(s|w) by joint setting.

    Raise TooLargeError beyond `MAX_VERTICES`; n bits in one time order have 2^(2^n - 1).
    """
    if isinstance(source, Uniform):
        return ((Fraction(1),) * scenario.shape[1],)
    if isinstance(source, SanthaVazirani):
        return tree_vertices(source, scenario)
    if isinstance(source, PerParty):
        return product_vertices(source, scenario)
    return _row_vertices(source_cone(source, scenario), scenario.shape[1])


def _row_vertices(cone: SourceCone, settings: int) -> tuple[tuple[Fraction, ...], ...]:
    """Enumerate the vertices of a small polytope: points where enough inequalities are tight.

    Internal columns are eliminated through the equalities; only up to 4 joint settings.
    """
    if settings > 4:
        raise TooLargeError(f"the vertices of a source on {settings} joint settings are not enumerated")
    columns = len(cone.names)
    base = [*cone.equalities.toarray().tolist(), [int(j == cone.root) for j in range(columns)]]
    right = [0] * cone.equalities.shape[0] + [1]
    rows = cone.inequalities.toarray().tolist()
    need = columns - len(base)
    found: dict[tuple[Fraction, ...], None] = {}
    for chosen in combinations(range(len(rows)), need):
        matrix = fmpq_mat([[fmpq(int(x)) for x in row] for row in [*base, *(rows[i] for i in chosen)]])
        if matrix.det() == 0:
            continue
        point = matrix.solve(fmpq_mat([[fmpq(b)] for b in [*right, *([0] * need)]]))
        values = [Fraction(int(point[i, 0].p), int(point[i, 0].q)) for i in range(columns)]
        if all(sum(int(a) * x for a, x in zip(row, values, strict=True)) >= 0 for row in rows):
            found[tuple(values[int(j)] for j in cone.leaf)] = None
    return tuple(found)
