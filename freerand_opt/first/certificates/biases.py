r"""Exact ends of the largest sum of biases under perfect GHZ relations, from a set of active rows.

If the rows 2^M P(s) = r_s + R_s u >= 0 of n strings s are a basis, the unknowns u solve R u = -r,
the multipliers y solve R' y = -c, and if y >= 0

.. math:: c \cdot u \le c \cdot u + \sum_s y_s (r_s + R_s u) = \sum_s y_s r_s \quad \text{for every box.}

Everything is a fraction; u is a box if all its probabilities are nonnegative. (Format:
docs/certificates.md; why the strings speak of all boxes: docs/proofs/conjecture-1.md.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq_mat, fmpz, fmpz_mat

from freerand_opt.first.model.relations import Relations
from freerand_opt.first.programs.ghz_polynomial import String, probabilities, row, unknowns

PROOF = "docs/proofs/conjecture-1.md"


@dataclass(frozen=True)
class Vertex:
    """The box at which `strings` have probability 0: unknowns = point / unit, M Re gamma_1 = `value`."""

    relations: Relations
    strings: tuple[String, ...]
    point: tuple[fmpz, ...]
    unit: fmpz

    @property
    def value(self) -> Fraction:
        """Return the sum of biases at input 0..0."""
        return Fraction(self.relations.parties * int(self.point[0]), int(self.unit))


@dataclass(frozen=True)
class Bound:
    """Multipliers unit * y of strings, and the bound on the sum of biases that y proves."""

    multipliers: tuple[tuple[String, int], ...]
    unit: int
    value: Fraction


def vertex(relations: Relations, strings: Sequence[String]) -> Vertex | None:
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


def bound(relations: Relations, strings: Sequence[String]) -> Bound | None:
    """Return the bound that combinations of these rows prove, or None if a multiplier would be negative."""
    rows = [row(relations, string) for string in strings]
    size = len(unknowns(relations))
    if len(rows) != size:
        return None
    wanted = [-relations.parties] + [0] * (size - 1)
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


def as_json(
    relations: Relations, *, name: str, instance: str, box: Vertex | None, multipliers: Bound | None
) -> dict[str, Any]:
    """Return the certificate of a largest sum of biases; an end without proof is null."""
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "sum-of-biases",
        "name": name,
        "instance": instance,
        "parties": relations.parties,
        "relations": relations.kind,
        "answer": {
            "lower": None if box is None else str(box.value),
            "upper": None if multipliers is None else str(multipliers.value),
        },
        "multipliers": None
        if multipliers is None
        else {
            "denominator": str(multipliers.unit),
            "strings": [list(string) for string, _ in multipliers.multipliers],
            "numerators": [str(value) for _, value in multipliers.multipliers],
        },
        "box": None
        if box is None
        else {"denominator": str(int(box.unit)), "numerators": [str(int(value)) for value in box.point]},
        "rests_on": PROOF,
    }
