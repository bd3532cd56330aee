r"""Linear programs whose rows and columns have names, in exact numbers.

.. math:: \max\; c \cdot x \quad \text{subject to} \quad A x = b \text{ or } A x \le b, \qquad x \text{ free.}

Multipliers of rows are what certificates list, so no column has a bound that is not a row.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

import highspy
import numpy as np

from freerand_opt.conic.sparse import Floats, Sparse, sparse
from freerand_opt.numbers.exact import Exact

#: Multipliers are rounded to this grid.
GRID = 2**50
#: Longer common denominators are not written: lists are rounded to the grid.
MOST_BITS = 1024
#: Beyond this many rows the interior-point method with crossover is faster than the simplex.
IPM_ROWS = 4_000
#: The grid of a point that is sharpened, and the scale of its correction.
GRID_BITS = 60
SCALE = 2**30
#: Steps times rows of a sharpening: a few seconds, and the same steps on every machine.
MOST_WORK = 2 * 10**7


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """Rows `matrix` x (= where `equal`, else <=) `right`; `names[i]` says which row it is.

    Solvers see x[k] / 2^sizes[k], so that masses deep in a tree of bits are numbers near 1; () is all 0.
    """

    matrix: Sparse
    equal: tuple[bool, ...]
    right: tuple[Exact, ...]
    names: tuple[Hashable, ...]
    objective: dict[int, Fraction]
    sizes: tuple[int, ...] = ()


#: Entries (column, value), whether it is an equality, right side and name.
Row: TypeAlias = tuple[Sequence[tuple[int, Fraction | int]], bool, Exact, Hashable]


def program_of(
    rows: Sequence[Row], columns: int, objective: dict[int, Fraction], sizes: tuple[int, ...] = ()
) -> LinearProgram:
    """Return the program of rows that are written out."""
    entries = ((k, column, x) for k, row in enumerate(rows) for column, x in row[0])
    _, equal, right, names = zip(*rows, strict=True)
    return LinearProgram(sparse((len(rows), columns), entries), equal, right, names, objective, sizes)


@dataclass(frozen=True, eq=False)
class Hint:
    """What a solver says: status, x and multipliers in floats.

    `basic` and `active` say which columns and rows are in the basis; `named` are multipliers of another
    solver.
    """

    status: str
    x: Floats
    multipliers: Floats
    basic: np.ndarray | None
    active: np.ndarray | None
    named: Floats | None = None


def solve(
    program: LinearProgram,
    time_limit: float | None = None,
    *,
    right: Sequence[float] | None = None,
    start: Hint | None = None,
    most_steps: int | None = None,
) -> Hint:
    """Solve by HiGHS, quietly, rows scaled by powers of 2; `time_limit` in seconds.

    `right` takes the place of the right sides, `start` gives a basis to start from (by the simplex),
    `most_steps` how many of its steps are taken.
    """
    rows, columns = program.matrix.shape
    warm = start is not None and start.basic is not None and start.active is not None
    highs = _quiet(time_limit, most_steps, "ipm" if rows > IPM_ROWS and not warm else "choose")
    order = np.lexsort((program.matrix.columns, program.matrix.rows))
    sizes = np.ldexp(1.0, np.array(program.sizes or (0,) * columns, dtype=np.int64))
    values = program.matrix.floats()[order] * sizes[program.matrix.columns[order]]
    places = program.matrix.rows[order]
    largest = np.zeros(rows)
    np.maximum.at(largest, places, np.abs(values))
    scale = np.ldexp(1.0, -np.frexp(np.where(largest > 0, largest, 1.0))[1])
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows, columns
    model.sense_ = highspy.ObjSense.kMaximize
    cost = np.zeros(columns)
    for column, worth in program.objective.items():
        cost[column] = float(worth) * sizes[column]
    model.col_cost_ = cost
    infinite = np.full(columns, highspy.kHighsInf)
    model.col_lower_, model.col_upper_ = -infinite, infinite
    bounds = np.array([float(value) for value in (program.right if right is None else right)]) * scale
    model.row_upper_ = bounds
    model.row_lower_ = np.where(np.array(program.equal, dtype=bool), bounds, -highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=rows))]).astype(
        np.int32
    )
    model.a_matrix_.index_ = program.matrix.columns[order].astype(np.int32)
    model.a_matrix_.value_ = values * scale[places]
    highs.passModel(model)
    if start is not None and warm:
        highs.setBasis(_basis(start))
    highs.run()
    answer, basis = highs.getSolution(), highs.getBasis()
    status = highs.getModelStatus()
    known, inside = bool(basis.valid), highspy.HighsBasisStatus.kBasic
    return Hint(
        "optimal" if status == highspy.HighsModelStatus.kOptimal else highs.modelStatusToString(status),
        np.array(answer.col_value) * sizes,
        np.array(answer.row_dual) * scale,
        np.array([entry == inside for entry in basis.col_status]) if known else None,
        np.array([entry != inside for entry in basis.row_status]) if known else None,
    )


def _quiet(time_limit: float | None, most_steps: int | None, solver: str) -> highspy.Highs:
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, float | str] = {
        "output_flag": False,
        "threads": 1,
        "primal_feasibility_tolerance": 1e-9,
    }
    options |= {"dual_feasibility_tolerance": 1e-9, "solver": solver}
    if time_limit is not None:
        options["time_limit"] = max(time_limit, 0.01)
    if most_steps is not None:
        options["simplex_iteration_limit"] = most_steps
    for key, value in options.items():
        highs.setOptionValue(key, value)
    return highs


def _basis(hint: Hint) -> highspy.HighsBasis:
    status = highspy.HighsBasisStatus
    basis = highspy.HighsBasis()
    assert hint.basic is not None
    assert hint.active is not None
    basis.col_status = [status.kBasic if inside else status.kZero for inside in hint.basic]
    basis.row_status = [status.kUpper if active else status.kBasic for active in hint.active]
    return basis


def sharpened(program: LinearProgram, hint: Hint, right: Sequence[Fraction]) -> Hint:
    """Return a hint whose basis is feasible at a tolerance 2^-30 times smaller (arXiv:1506.08764).

    Return the same one if there is none, or if it takes too many steps.

    The program in the correction y of the point x, A y <= 2^30 (b - A x), is solved from the last basis.
    """
    if hint.status != "optimal":
        return hint
    sizes = program.sizes or (0,) * len(hint.x)
    # a fraction for each float, on a grid that is fine for its column
    x = [
        Fraction(round(float(value) * 2.0 ** (GRID_BITS - e))) / Fraction(2) ** (GRID_BITS - e)
        for value, e in zip(hint.x, sizes, strict=True)
    ]
    slack = [bound - value for bound, value in zip(right, program.matrix.applied(x), strict=True)]
    found = solve(
        program,
        right=[float(value * SCALE) for value in slack],
        start=hint,
        most_steps=MOST_WORK // len(slack) if slack else None,
    )
    return hint if found.status != "optimal" else replace(found, x=hint.x + found.x / SCALE)
