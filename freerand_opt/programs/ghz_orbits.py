r"""Permutation symmetric boxes by their outcome counts: one probability for each orbit, M^3/6 in all.

A column is an *orbit* (k, i, j): inputs with k ones, i outcomes -1 among the M - k parties with
input 0 and j among the k parties with input 1; it holds the probability q of the whole orbit of
outcomes at one such input, binom(M-k, i) binom(k, j) times that of one outcome. The program is

.. math:: \max \sum_i (M - 2i)\, q(0, i, 0) \quad \text{over } q \ge 0, \text{ normalised, no-signalling},

with q = 0 where the product of outcomes (-1)^{i+j} is not that of the relations. It is written from
the definition, without the structure theorem, and so is a second formulation to hold the first
against. Exact; solved in double precision it goes wrong from about 30 parties on.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import comb
from typing import TypeAlias

from flint import fmpz

from freerand_opt.model.relations import Relations
from freerand_opt.programs.ghz_polynomial import String
from freerand_opt.programs.integer_matrix import IntegerMatrix
from freerand_opt.programs.program import (
    ConicProgram,
    ExactVector,
    Labels,
    Rows,
    conic_program,
    constant,
    integer_rows,
    vector,
)

Orbit: TypeAlias = tuple[int, int, int]


def orbits(parties: int) -> list[Orbit]:
    """Return all orbits (k, i, j) in order."""
    return [(k, i, j) for k in range(parties + 1) for i in range(parties - k + 1) for j in range(k + 1)]


def orbit_size(parties: int, orbit: Orbit) -> int:
    """Return the number of outcomes in an orbit."""
    k, i, j = orbit
    return comb(parties - k, i) * comb(k, j)


def outcome_counts(relations: Relations) -> ConicProgram:
    """Return the program of the largest sum of biases at input 0..0, in integers below M^2."""
    m = relations.parties
    places = {orbit: place for place, orbit in enumerate(orbits(m))}
    matrix, right = no_signalling(m)
    upper = [Fraction(int(relations.product(k) in (0, (-1) ** (i + j)))) for k, i, j in places]
    biases = [Fraction(m - 2 * i if k == 0 else 0) for k, i, j in places]
    names = Labels("{0}", (tuple(f"q(k={k}, i={i}, j={j})" for k, i, j in places),))
    return conic_program(
        [Rows("zero", matrix, right, Labels("row {0}", (tuple(map(str, range(len(right)))),)))],
        objective=vector(biases),
        lower=constant(0, len(places)),
        upper=vector(upper),
        column_labels=(names,),
    )


def no_signalling(parties: int) -> tuple[IntegerMatrix, ExactVector]:
    """Return (A, b) with A q = b for normalised no-signalling orbit probabilities."""
    places = {orbit: place for place, orbit in enumerate(orbits(parties))}
    entries: list[tuple[int, int, Fraction]] = [(0, places[0, i, 0], Fraction(1)) for i in range(parties + 1)]
    count = 1
    for k in range(parties):
        # one party's input goes from 0 to 1; i, j count the outcomes -1 of the others
        for i in range(parties - k):
            for j in range(k + 1):
                kept = [(k, i, j), (k, i + 1, j)], [(k + 1, i, j), (k + 1, i, j + 1)]
                for sign, pair in zip((1, -1), kept, strict=True):
                    entries += [
                        (count, places[orbit], Fraction(sign, orbit_size(parties, orbit))) for orbit in pair
                    ]
                count += 1
    return integer_rows(entries, [Fraction(1)] + [Fraction(0)] * (count - 1), len(places))


def string_of(parties: int, orbit: Orbit) -> String:
    """Return the string of an orbit: omega = x at input 0, and -i x at input 1."""
    k, i, j = orbit
    return parties - k - i, i, j, k - j


def lifted(relations: Relations, found: Mapping[String, fmpz], unit: fmpz) -> list[Fraction]:
    """Return the orbit probabilities of a box whose strings have 2^M unit P = `found`, 0 elsewhere.

    If sigma is real a string and its conjugate, c and e exchanged, have the same probability.
    """
    m = relations.parties
    scale = int(unit) << m
    values = []
    for orbit in orbits(m):
        a, b, c, e = string_of(m, orbit)
        value = found.get((a, b, c, e))
        if value is None and relations.real:
            value = found.get((a, b, e, c))
        values.append(Fraction(0 if value is None else int(value) * orbit_size(m, orbit), scale))
    return values
