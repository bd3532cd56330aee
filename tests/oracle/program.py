r"""A linear program in integers, and its exact optimum.

.. math:: \max\; c \cdot x \;:\; A x \le b \text{ or } A x = b \text{ by row},\; x \ge 0.

HiGHS suggests a basis in floats. Its point and its prices are then computed in rational numbers and
checked: a feasible point and prices that no column beats prove the optimum. Where the suggestion fails,
the exact simplex method (Bland's rule) goes on from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import highspy
import numpy as np
from flint import fmpq, fmpq_mat

Matrix = np.ndarray[Any, Any]
#: Entries are brought below 2^SAFE_BITS before they are turned into floats.
SAFE_BITS = 900
MAX_PIVOTS = 2000


class NoOptimumError(Exception):
    """The small formulation itself could not be solved: a fault of the oracle, not of the library."""


@dataclass(frozen=True, eq=False)
class Program:
    """`matrix` is an object array of Python integers; `equal[i]` marks equalities.

    The objective is `objective` / `scale`.
    """

    objective: Matrix
    scale: int
    matrix: Matrix
    right: tuple[int, ...]
    equal: tuple[bool, ...]


@dataclass(frozen=True)
class Optimum:
    """The exact optimum, None if there is no feasible point, and the point where it is reached."""

    value: Fraction | None
    point: dict[int, Fraction]


def program(
    objective: Sequence[Fraction], rows: Sequence[tuple[Sequence[Fraction], str, Fraction]]
) -> Program:
    """Return a program from fractions; rows are (factors, one of <=, >=, =, bound)."""
    scale = lcm(*(value.denominator for value in objective)) if len(objective) else 1
    whole, right, equal = [], [], []
    for factors, relation, bound in rows:
        sign = -1 if relation == ">=" else 1
        unit = lcm(bound.denominator, *(value.denominator for value in factors))
        entries = [sign * int(value * unit) for value in (*factors, bound)]
        divisor = gcd(*entries) or 1
        whole.append([entry // divisor for entry in entries[:-1]])
        right.append(entries[-1] // divisor)
        equal.append(relation == "=")
    matrix = np.array(whole, dtype=object).reshape(len(rows), len(objective))
    cost = np.array([int(value * scale) for value in objective], dtype=object)
    return Program(cost, scale, matrix, tuple(right), tuple(equal))


def optimum(given: Program) -> Optimum:
    """Return the exact optimum; raise NoOptimumError if it is unbounded or is not found."""
    status, columns, active = _basis(given)
    if status == "optimal":
        found = _verified(given, columns, active)
        if found is not None:
            return found
    elif status == "unbounded":
        raise NoOptimumError("the program is unbounded")
    if _violated(given):
        return Optimum(None, {})
    return _from_scratch(given)


def _violated(given: Program) -> bool:
    """Return whether prices prove that some row is violated by every point."""
    rows, columns = given.matrix.shape
    over = [(i, -1) for i in range(rows)] + [(i, 1) for i in range(rows) if given.equal[i]]
    extra = np.zeros((rows, len(over)), dtype=object)
    for place, (i, sign) in enumerate(over):
        # a violation is counted in units of the row's largest entry, so that floats see it
        extra[i, place] = sign * max(abs(int(value)) for value in (*given.matrix[i], given.right[i], 1))
    cost = np.array([0] * columns + [-1] * len(over), dtype=object)
    easier = replace(given, objective=cost, scale=1, matrix=np.column_stack([given.matrix, extra]))
    status, chosen, active = _basis(easier)
    prices = _prices(easier, chosen, active) if status == "optimal" else None
    return prices is not None and sum(y * b for y, b in zip(prices, given.right, strict=True)) < 0


def approximate(given: Program) -> float | None:
    """Return HiGHS's optimum in floats, None if it finds no feasible point."""
    highs = _highs(given)
    highs.run()
    if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return float(highs.getInfo().objective_function_value)
    if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    raise NoOptimumError(f"HiGHS: {highs.getModelStatus()}")


# ------------------------------------------------------------------ floats


def _floats(rows: Matrix) -> Matrix:
    """Return rows as floats, each divided by its largest entry."""
    found = np.zeros(rows.shape)
    for i, row in enumerate(rows):
        largest = max((abs(value) for value in row), default=0)
        if largest:
            shift = max(largest.bit_length() - SAFE_BITS, 0)
            found[i] = [float(value >> shift) if value else 0.0 for value in row] if shift else row
            found[i] /= np.abs(found[i]).max()
    return found


def _highs(given: Program) -> highspy.Highs:
    rows, columns = given.matrix.shape
    scaled = _floats(np.column_stack([given.matrix, np.array(given.right, dtype=object)]))
    matrix, right = scaled[:, :-1], scaled[:, -1]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    # looking for equal columns takes longer than to solve a program of few rows
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-9)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows, columns
    model.sense_ = highspy.ObjSense.kMaximize
    cost = np.array([float(Fraction(int(value), given.scale)) for value in given.objective])
    model.col_cost_ = cost
    model.col_lower_, model.col_upper_ = np.zeros(columns), np.full(columns, highspy.kHighsInf)
    model.row_upper_ = right
    model.row_lower_ = np.where(given.equal, right, -highspy.kHighsInf)
    places = [np.flatnonzero(row) for row in matrix]
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *map(len, places)]).astype(np.int32)
    model.a_matrix_.index_ = np.concatenate([*places, np.zeros(0)]).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate(
        [*(row[place] for row, place in zip(matrix, places, strict=True)), np.zeros(0)]
    )
    highs.passModel(model)
    return highs


def _basis(given: Program) -> tuple[str, list[int], list[int]]:
    """Return (status, basic columns, rows whose slack is not basic) that HiGHS ends with."""
    highs = _highs(given)
    highs.run()
    status = {
        highspy.HighsModelStatus.kOptimal: "optimal",
        highspy.HighsModelStatus.kUnbounded: "unbounded",
    }.get(highs.getModelStatus(), "infeasible")
    basis, basic = highs.getBasis(), highspy.HighsBasisStatus.kBasic
    columns = [j for j, entry in enumerate(basis.col_status) if entry == basic]
    active = [i for i, entry in enumerate(basis.row_status) if entry != basic]
    return status, columns, active


# ------------------------------------------------------------------ exact


def _rational(rows: Matrix) -> fmpq_mat:
    return fmpq_mat([[fmpq(int(value)) for value in row] for row in rows])


def _solved(matrix: fmpq_mat, right: Sequence[Fraction | int]) -> list[Fraction] | None:
    if matrix.nrows() == 0:
        return []
    column = fmpq_mat([[fmpq(Fraction(v).numerator, Fraction(v).denominator)] for v in right])
    try:
        found = matrix.solve(column)
    except ZeroDivisionError:
        return None
    return [Fraction(int(found[i, 0].p), int(found[i, 0].q)) for i in range(found.nrows())]


def _verified(given: Program, columns: list[int], active: list[int]) -> Optimum | None:
    """Return the optimum if the basis' point is feasible and its prices are beaten by no column."""
    x, prices = _point(given, columns, active), _prices(given, columns, active)
    if x is None or prices is None:
        return None
    total = sum((int(given.objective[j]) * v for j, v in x.items()), Fraction(0))
    return Optimum(total / given.scale, x)


def _point(given: Program, columns: list[int], active: list[int]) -> dict[int, Fraction] | None:
    """Return the basis' point by column if it passes all rows, else None."""
    if len(columns) != len(active):
        return None
    x = _solved(_rational(given.matrix[np.ix_(active, columns)]), [given.right[i] for i in active])
    if x is None or any(value < 0 for value in x):
        return None
    for i in set(range(len(given.right))) - set(active):
        left = sum((int(given.matrix[i, j]) * v for j, v in zip(columns, x, strict=True)), Fraction(0))
        if left > given.right[i] or (given.equal[i] and left != given.right[i]):
            return None
    return dict(zip(columns, x, strict=True))


def _prices(given: Program, columns: list[int], active: list[int]) -> list[Fraction] | None:
    """Return the basis' prices by row, of the objective times its scale; None if a column beats them."""
    if len(columns) != len(active):
        return None
    square = _rational(given.matrix[np.ix_(active, columns)].T) if columns else fmpq_mat(0, 0)
    y = _solved(square, [int(given.objective[j]) for j in columns])
    if y is None or any(v < 0 and not given.equal[i] for i, v in zip(active, y, strict=True)):
        return None
    prices = [Fraction(0)] * len(given.right)
    for i, v in zip(active, y, strict=True):
        prices[i] = v
    beaten = any(value > 0 for value in _reduced(given.matrix, given.objective, prices))
    return None if beaten else prices


def _reduced(matrix: Matrix, objective: Matrix, prices: Sequence[Fraction]) -> list[int]:
    """Return c - y A, all times the prices' common denominator."""
    unit = lcm(*(value.denominator for value in prices)) if prices else 1
    whole = np.array([int(value * unit) for value in prices], dtype=object)
    return list(objective * unit - whole @ matrix) if len(prices) else list(objective * unit)


# ------------------------------------------------------------------ the exact simplex method


def _from_scratch(given: Program) -> Optimum:
    """Solve by two phases in rational numbers: first no violation, then the objective."""
    rows, columns = given.matrix.shape
    signs = np.array([-1 if value < 0 else 1 for value in given.right], dtype=object)
    slack = [i for i in range(rows) if not given.equal[i]]
    unit = np.zeros((rows, len(slack)), dtype=object)
    unit[slack, range(len(slack))] = 1
    body = np.column_stack([given.matrix, unit]) * signs[:, None]
    artificial = np.zeros((rows, rows), dtype=object)
    artificial[range(rows), range(rows)] = 1
    matrix = np.column_stack([body, artificial])
    right = [int(value) * int(sign) for value, sign in zip(given.right, signs, strict=True)]
    real = columns + len(slack)
    first = np.array([0] * real + [-1] * rows, dtype=object)
    basis = _pivoted(matrix, right, first, list(range(real, real + rows)), real)
    x = _solved(_rational(matrix[:, basis]), right)
    assert x is not None
    if any(v > 0 for j, v in zip(basis, x, strict=True) if j >= real):
        return Optimum(None, {})
    second = np.concatenate([given.objective, np.zeros(len(slack) + rows, dtype=object)])
    basis = _pivoted(matrix, right, second, basis, real)
    x = _solved(_rational(matrix[:, basis]), right)
    assert x is not None
    total = sum((int(second[j]) * v for j, v in zip(basis, x, strict=True)), Fraction(0))
    return Optimum(total / given.scale, {j: v for j, v in zip(basis, x, strict=True) if j < columns})


def _pivoted(matrix: Matrix, right: list[int], cost: Matrix, basis: list[int], real: int) -> list[int]:
    """Return an optimal basis from a feasible one; artificial columns (from `real` on) never come back.

    The largest gain enters, after many turns the first one (Bland's rule, which ends).
    """
    basis = list(basis)
    for turn in range(MAX_PIVOTS):
        square = _rational(matrix[:, basis])
        x = _solved(square, right)
        y = _solved(square.transpose(), [int(cost[j]) for j in basis])
        assert x is not None
        assert y is not None
        gains = _reduced(matrix[:, :real], cost[:real], y)
        better = [j for j, value in enumerate(gains) if value > 0]
        if not better:
            return basis
        enters = max(better, key=lambda j: gains[j]) if turn < 100 else better[0]
        step = _solved(square, [int(value) for value in matrix[:, enters]])
        assert step is not None
        # an artificial column that stands at 0 leaves before it would become positive
        ratios = [
            (v / d, basis[i] < real, basis[i], i)
            for i, (v, d) in enumerate(zip(x, step, strict=True))
            if d > 0
        ] + [
            (Fraction(0), False, basis[i], i)
            for i, d in enumerate(step)
            if d < 0 and basis[i] >= real and x[i] == 0
        ]
        if not ratios:
            raise NoOptimumError("the program is unbounded")
        basis[min(ratios)[3]] = enters
    raise NoOptimumError(f"no optimum after {MAX_PIVOTS} pivots")
