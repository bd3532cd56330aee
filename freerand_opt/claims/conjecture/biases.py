r"""Exact ends of the largest sum of biases under perfect GHZ relations, from a set of active rows.

If the rows 2^M P(s) = r_s + R_s u >= 0 of n strings s are a basis, the unknowns u solve R u = -r,
the multipliers y solve R' y = -c, and if y >= 0

.. math:: c \cdot u \le c \cdot u + \sum_s y_s (r_s + R_s u) = \sum_s y_s r_s \quad \text{for every box.}

Everything is a fraction; u is a box if all its probabilities are nonnegative. A solver's floats only suggest
which probabilities vanish: constraint generation over the strings, from the edges inward. (Why the strings
speak of all boxes: docs/proofs/conjecture-1.md.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat, fmpz, fmpz_mat

from freerand_opt.claims.conjecture.computation import Ends
from freerand_opt.claims.conjecture.polynomial import (
    Perfect,
    String,
    extrapolated,
    near_edges,
    probabilities,
    row,
    sizes,
    strings,
    unknowns,
)
from freerand_opt.conic.active import active_rows

#: Up to this many parties a solver sees all strings at once.
SMALL = 10
#: Rounds of constraint generation before the search is given up.
MOST_ROUNDS = 60


@dataclass(frozen=True)
class Vertex:
    """The box at which `strings` have probability 0: unknowns = point / unit, M Re gamma_1 = `value`."""

    relations: Perfect
    strings: tuple[String, ...]
    point: tuple[fmpz, ...]
    unit: fmpz

    @property
    def value(self) -> Fraction:
        """Return the sum of biases at input 0..0."""
        return Fraction(self.relations.M * int(self.point[0]), int(self.unit))


@dataclass(frozen=True)
class Bound:
    """Multipliers unit * y of strings, and the bound on the sum of biases that y proves."""

    multipliers: tuple[tuple[String, int], ...]
    unit: int
    value: Fraction


def vertex(relations: Perfect, strings: Sequence[String]) -> Vertex | None:
    """Return the point at which the rows of these strings vanish, or None if it is not one point."""
    rows = [row(relations, string) for string in strings]
    size = len(unknowns(relations))
    if len(rows) != size:
        return None
    try:
        point, unit = _solved([line[1:] for line in rows], [-line[0] for line in rows])
    except ZeroDivisionError:
        return None
    return Vertex(relations, tuple(strings), point, unit)


def bound(relations: Perfect, strings: Sequence[String]) -> Bound | None:
    """Return the bound that combinations of these rows prove, or None if a multiplier would be negative."""
    rows = [row(relations, string) for string in strings]
    size = len(unknowns(relations))
    if len(rows) != size:
        return None
    wanted = [-relations.M] + [0] * (size - 1)
    try:
        values, unit = _solved(
            [list(column) for column in zip(*(line[1:] for line in rows), strict=True)], wanted
        )
    except ZeroDivisionError:
        return None
    if any(value < 0 for value in values):
        return None
    total = sum((value * line[0] for value, line in zip(values, rows, strict=True)), fmpz(0))
    kept = tuple((string, int(value)) for string, value in zip(strings, values, strict=True) if value)
    return Bound(kept, int(unit), Fraction(int(total), int(unit)))


def broken(found: Vertex) -> list[tuple[float, String]]:
    """Return the strings with negative probability, as (2^M P, string) with the most negative first."""
    negative = [
        (float(Fraction(int(value), int(found.unit))), string)
        for string, value in probabilities(found.relations, found.point, found.unit)
        if value < 0
    ]
    return sorted(negative)


def _solved(matrix: list[list[int]], right: list[int]) -> tuple[tuple[fmpz, ...], fmpz]:
    """Return (integers x, unit > 0) with matrix (x / unit) = right; ZeroDivisionError if singular."""
    solution = fmpz_mat(matrix).solve(fmpz_mat(len(right), 1, right))
    assert isinstance(solution, fmpq_mat)
    numerators, unit = solution.numer_denom()
    return tuple(numerators[i, 0] for i in range(len(right))), unit


def optimum(relations: Perfect) -> tuple[Vertex | None, Bound | None]:
    """Return the optimal box, and multipliers that prove it optimal; None for what was not found."""
    if relations.real:
        guess = extrapolated(relations)
        box, proof = vertex(relations, guess), bound(relations, guess)
        if box is not None and proof is not None and not broken(box):
            return box, proof
    return _generated(relations)


def _generated(relations: Perfect) -> tuple[Vertex | None, Bound | None]:
    m = relations.M
    pool = list(strings(relations)) if m <= SMALL else near_edges(relations, 1)
    known = set(pool)
    proof: Bound | None = None
    for _ in range(MOST_ROUNDS):
        active = _hint(relations, pool)
        box = vertex(relations, active)
        found = bound(relations, active)
        if found is not None and (proof is None or found.value < proof.value):
            proof = found
        if box is None:
            break
        negative = broken(box)
        if not negative:
            return box, proof
        new = [string for _, string in negative if string not in known][: 4 * m]
        if not new:
            break
        pool += new
        known.update(new)
    return None, proof


def _hint(relations: Perfect, pool: list[String]) -> list[String]:
    """Return the strings that a solver finds active."""
    scale = sizes(relations)
    rows = [row(relations, string) for string in pool]
    matrix = np.array([[entry / size for entry, size in zip(line[1:], scale, strict=True)] for line in rows])
    right = np.array([float(line[0]) for line in rows])
    cost = np.zeros(len(scale))
    cost[0] = relations.M / scale[0]
    largest = np.array([4.0 * size for size in scale])
    return [pool[place] for place in active_rows(matrix, right, cost, largest)]


def ends(relations: Perfect) -> Ends:
    """Return the largest sum of biases with a proof of each end; an end without proof is open."""
    box, multipliers = optimum(relations)
    proof: dict[str, Any] = {"box": None, "multipliers": None}
    if box is not None:
        proof["box"] = {"denominator": str(int(box.unit)), "numerators": [str(int(x)) for x in box.point]}
    if multipliers is not None:
        proof["multipliers"] = {
            "denominator": str(multipliers.unit),
            "strings": [list(string) for string, _ in multipliers.multipliers],
            "numerators": [str(value) for _, value in multipliers.multipliers],
        }
    return Ends(None if box is None else box.value, None if multipliers is None else multipliers.value, proof)
