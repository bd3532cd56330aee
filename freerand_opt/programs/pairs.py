r"""Strategies named one by one: pairs of a source distribution and a box, with weights to be found.

.. math:: \max \sum_k x_k \langle c, s_k \otimes q_k \rangle \;:\;
   \sum_k x_k\, s_k(s) = P(s),\ \text{tests},\ x \ge 0.

Exact in the pairs given, whatever the source: pairs of a source that is not convex stay its own.
All that a pair contributes to observed settings and tests is a linear map of the joint masses
z(o, s) = S P(s|w) q(o|s); `Cells` is that map in floats, by which pairs are priced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.linalg import qr

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact
from freerand_opt.programs.arrays import summed, whole
from freerand_opt.programs.boxes import Box, table
from freerand_opt.programs.guesses import box_values, float_worths, label_values
from freerand_opt.programs.observation import (
    Entries,
    Layout,
    equalities_first,
    normalised_at,
    objective_factors,
    observed_rows,
    test_rows,
)
from freerand_opt.programs.program import (
    ConicProgram,
    FloatArray,
    IntArray,
    Labels,
    Rows,
    conic_program,
    constant,
    float_sides,
    row_shifts,
    vector,
)

#: A test whose tolerance is narrower than this is an equality for solvers; what is exact keeps it.
NARROW = 1e-6


@dataclass(frozen=True)
class Pair:
    """A distribution of the source, `masses[s]` = S P(s|w), and a box; exact.

    `label` is the guess that is announced, None the best one for this box at each setting.
    """

    masses: tuple[Fraction, ...]
    box: Box
    label: int | None = None


@dataclass(frozen=True, eq=False)
class PairStrategies:
    """Columns k: the weight of pair k."""

    program: ConicProgram
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, eq=False)
class Cells:
    """Observed settings and tests as rows over the joint masses z(o, s), o slowest, and P(w); floats.

    lower <= matrix @ (z, P(w)) <= upper. The two rows of a test with a narrow tolerance are one
    equality in the middle, and equalities that follow from others are left out: both only make
    solvers wander. Rows are scaled to largest entry 1; `fold` maps multipliers of the outer
    program's rows, divided by 2^shifts, to these.
    """

    matrix: FloatArray
    lower: FloatArray
    upper: FloatArray
    fold: FloatArray
    shifts: IntArray


def by_pairs(
    question: Question, pairs: Sequence[Pair], *, scores: Sequence[Exact] | None = None
) -> PairStrategies:
    """Return the program over these pairs."""
    tables = [table(question.scenario, pair.box) for pair in pairs]

    def cell(o: int, s: int) -> Entries:
        return [
            (k, Fraction(int(held[o, s]), unit) * pair.masses[s])
            for k, (pair, (held, unit)) in enumerate(zip(pairs, tables, strict=True))
            if held[o, s]
        ]

    layout = Layout(
        columns=len(pairs),
        cell=cell,
        mass=lambda s: [(k, pair.masses[s]) for k, pair in enumerate(pairs)],
        total=lambda: [(k, Fraction(1)) for k in range(len(pairs))],
        one_mass=False,
    )
    here = normalised_at(question) if question.settings == "free" else None
    least = Fraction(1) if here is None else min(pair.masses[here] for pair in pairs)
    if not least:
        raise TooLargeError("the source may never choose the settings asked for")
    program = conic_program(
        equalities_first([observed_rows(question, layout), *test_rows(question, layout, scores)]),
        objective=vector(_worths(question, pairs)),
        lower=constant(0, len(pairs)),
        upper=constant(1 / least, len(pairs)),
        column_labels=(Labels("pair {0}", (tuple(map(str, range(len(pairs)))),)),),
    )
    return PairStrategies(program, tuple(pairs))


def _worths(question: Question, pairs: Sequence[Pair]) -> list[Fraction]:
    factors = objective_factors(question)
    labels, unit = ((), 1) if all(pair.label is None for pair in pairs) else label_values(question)
    found = []
    for pair in pairs:
        held, denominator = table(question.scenario, pair.box)
        if pair.label is None:
            worth, bottoms = box_values(question, held[None], whole([denominator]))
            by_setting, scale = worth[0], int(bottoms[0])
        else:
            by_setting, scale = summed("os,os->s", labels[pair.label], held), unit * denominator
        found.append(
            sum(
                (
                    Fraction(int(by_setting[s]), scale) * factors[s] * pair.masses[s]
                    for s in np.flatnonzero(by_setting)
                ),
                Fraction(0),
            )
        )
    return found


def observed_cells(question: Question, scores: Sequence[Exact]) -> Cells:
    """Return the rows of observed settings and tests over joint masses and their total, in floats."""
    outcomes, settings = question.scenario.shape
    width = outcomes * settings
    layout = Layout(
        columns=width + 1,
        cell=lambda o, s: [(o * settings + s, Fraction(1))],
        mass=lambda s: [(o * settings + s, Fraction(1)) for o in range(outcomes)],
        total=lambda: [(width, Fraction(1))],
        one_mass=False,
    )
    parts: list[Rows] = equalities_first(
        [observed_rows(question, layout), *test_rows(question, layout, scores)]
    )
    shifts = [row_shifts(part.matrix.row_bits) for part in parts]
    matrix = np.concatenate([part.matrix.floats(k).toarray() for part, k in zip(parts, shifts, strict=True)])
    right = np.concatenate([float_sides(part.right, k) for part, k in zip(parts, shifts, strict=True)])
    zero = np.concatenate([np.full(part.matrix.shape[0], part.cone == "zero") for part in parts])
    scales = np.maximum(np.abs(matrix).max(axis=1), 1e-300)
    matrix, right = matrix / scales[:, None], right / scales
    fold = np.diag(scales)
    places: dict[bytes, int] = {}
    for row, line in enumerate(matrix):
        other = places.get((0.0 - line).tobytes())
        if zero[row] or other is None or zero[other] or abs(right[row] + right[other]) > NARROW:
            places.setdefault((line + 0.0).tobytes(), row)
            continue
        right[other] = (right[other] - right[row]) / 2
        zero[other] = True
        fold[other, row], fold[row, row] = -scales[row], 0
    equal = np.flatnonzero(zero)
    kept = equal[_independent(matrix[equal])]
    fold[kept] += np.linalg.lstsq(matrix[kept].T, matrix[equal].T, rcond=None)[0] @ fold[equal] - fold[kept]
    rows = np.sort(np.concatenate([kept, np.flatnonzero(~zero & (fold.diagonal() > 0))]))
    lower = np.where(zero, right, -np.inf)
    return Cells(matrix[rows], lower[rows], right[rows], fold[rows], np.concatenate(shifts))


def _independent(rows: FloatArray) -> IntArray:
    """Return the indices of a largest independent set of rows, sparse ones first."""
    weight = np.maximum((rows != 0).sum(axis=1), 1)[:, None] ** 4.0
    _, triangle, order = qr((rows / weight).T, mode="economic", pivoting=True)
    sizes = np.abs(np.diag(triangle)) * weight[order[: min(rows.shape)], 0]
    return np.asarray(order[: int((sizes > 1e-9).sum())], dtype=np.int64)


def cell_gains(question: Question) -> FloatArray:
    """Return gains[label, o, s]: what a joint mass is worth under each guess label, in floats."""
    factors = np.array([float(value) for value in objective_factors(question)])
    return np.stack([worth * factors[None, :] for worth in float_worths(question)])
