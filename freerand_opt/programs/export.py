r"""Linear programs as text that other software reads: MPS for solvers, VIPR for proof checkers.

MPS (free form) holds the nearest doubles of all numbers, long rows divided by a power of 2. VIPR
(https://github.com/ambros-gleixner/VIPR, cert_spec_v1_1.md) holds fractions; there an irrational
right-hand side is rounded outward, so that the stated problem is a relaxation of the program and
its upper bound holds for the program too. Rows are named r0, r1, .., columns c0, c1, ..; comments
in front say what they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.exchange import (
    DOUBLES,
    bounds,
    comments,
    double,
    fractions,
    irrational_notes,
    irrational_rows,
    joined_lines,
    nonzero,
    shift_notes,
)
from freerand_opt.programs.program import ConicProgram

# ------------------------------------------------------------------ MPS


def as_mps(program: ConicProgram) -> str:
    """Return free MPS text (objective sense MAX) with the nearest doubles of all numbers."""
    return joined_lines(_mps(program))


def _mps(program: ConicProgram) -> Iterator[str]:
    notes = [*DOUBLES, *shift_notes(program), *irrational_notes(program, "rounded to nearest")]
    yield from comments(program, "*", notes)
    yield from ("NAME freerand_opt", "OBJSENSE", "    MAX", "ROWS", " N obj")
    yield from (f" {'E' if zero else 'L'} r{i}" for i, zero in enumerate(program.zero_rows.tolist()))
    yield "COLUMNS"
    by_column = program.float_matrix.tocsc()
    starts, rows, entries = by_column.indptr.tolist(), by_column.indices.tolist(), by_column.data.tolist()
    for j, worth in enumerate(fractions(program.objective)):
        # a column is declared by its entries, so one without any states a zero
        if worth or starts[j] == starts[j + 1]:
            yield f" c{j} obj {double(worth)}"
        yield from (f" c{j} r{rows[k]} {double(entries[k])}" for k in range(starts[j], starts[j + 1]))
    yield "RHS"
    sides = program.float_right.tolist()
    yield from (f" RHS r{i} {double(sides[i])}" for i, _ in nonzero(program.right))
    yield "BOUNDS"
    for j, (lower, upper) in enumerate(bounds(program)):
        yield f" LO BND c{j} {double(lower)}"
        yield f" UP BND c{j} {double(upper)}"
    yield "ENDATA"


# ------------------------------------------------------------------ VIPR


@dataclass(frozen=True)
class _Constraint:
    """`entries` x <= (L), >= (G) or = (E) `right`."""

    name: str
    sense: str
    right: Fraction
    entries: tuple[tuple[int, Fraction | int], ...]

    def __str__(self) -> str:
        return f"{self.name} {self.sense} {self.right} {_pairs(self.entries)}"

    def holds(self, point: Sequence[Fraction]) -> bool:
        value = sum((factor * point[j] for j, factor in self.entries if point[j]), Fraction(0))
        return value == self.right or (self.sense != "E" and (value < self.right) == (self.sense == "L"))


def as_vipr(
    program: ConicProgram, multipliers: dict[int, Fraction], point: Sequence[Fraction] | None = None
) -> str:
    r"""Return a VIPR certificate: the problem, the point, and the bound as one linear combination.

    The multipliers (by row, >= 0 on nonnegative rows) and the reduced costs, which are absorbed by
    the columns' bounds, prove :math:`c \cdot x \le` the bound. If they prove 0 <= a negative
    number when the objective is left out, the certificate is one of infeasibility. Raise
    ValueError for a multiplier of wrong sign, a row or column that is not there, or a point that
    breaks a row or a bound.
    """
    constraints, places = _constraints(program)
    objective = fractions(program.objective)
    _check_multipliers(program, multipliers)
    if point is not None:
        _check_point(program, constraints, point)
    weights, bound = _combination(program, constraints, places, multipliers, [Fraction(0)] * len(objective))
    infeasible = bound < 0
    if not infeasible:
        weights, bound = _combination(program, constraints, places, multipliers, objective)
    return joined_lines(_vipr(program, constraints, objective, weights, bound, infeasible, point))


def _vipr(
    program: ConicProgram,
    constraints: list[_Constraint],
    objective: list[Fraction],
    weights: dict[int, Fraction],
    bound: Fraction,
    infeasible: bool,
    point: Sequence[Fraction] | None,
) -> Iterator[str]:
    columns = program.shape[1]
    notes = ["Written by freerand_opt; all numbers are exact fractions."]
    if irrational_rows(program):
        notes.append("This problem is a relaxation: irrational right-hand sides are rounded outward.")
        notes.append("The upper bound holds for the original one too; a solution need not be one of it.")
    yield from comments(program, "%", [*notes, *irrational_notes(program, "rounded outward")])
    # what version 1.1 adds is not used, and checkers of either version read 1.0
    yield "VER 1.0"
    yield from (f"VAR {columns}", " ".join(f"c{j}" for j in range(columns)), "INT 0")
    yield from ("OBJ max", _pairs(_present(enumerate(objective))))
    yield f"CON {len(constraints)} {2 * columns}"
    yield from map(str, constraints)
    worth = "-inf" if point is None else str(sum(c * x for c, x in zip(objective, point, strict=True)))
    yield "RTP infeas" if infeasible else f"RTP range {worth} {bound}"
    yield "SOL 0" if point is None else f"SOL 1\npoint {_pairs(_present(enumerate(point)))}"
    left = "0" if infeasible else "OBJ"
    yield f"DER 1\nbound L {bound} {left} {{ lin {_pairs(sorted(weights.items()))} }} -1"


def _pairs(pairs: Sequence[tuple[int, Fraction | int]]) -> str:
    return " ".join([str(len(pairs)), *(f"{index} {value}" for index, value in pairs)])


def _present(pairs: Iterable[tuple[int, Fraction]]) -> list[tuple[int, Fraction]]:
    return [(index, value) for index, value in pairs if value]


def _constraints(program: ConicProgram) -> tuple[list[_Constraint], list[tuple[int, int]]]:
    """Return bounds and rows, and for each row the places for positive and negative multipliers."""
    found: list[_Constraint] = []
    for j, (lower, upper) in enumerate(bounds(program)):
        found.append(_Constraint(f"l{j}", "G", lower, ((j, 1),)))
        found.append(_Constraint(f"u{j}", "L", upper, ((j, 1),)))
    places = []
    for i, zero in enumerate(program.zero_rows.tolist()):
        entries, right = tuple(program.matrix.row(i)), program.right[i]
        places.append((len(found), len(found)))
        if not zero:
            found.append(_Constraint(f"r{i}", "L", round_up(right), entries))
        elif isinstance(right, Fraction):
            found.append(_Constraint(f"r{i}", "E", right, entries))
        else:
            # no fraction equals the right-hand side, but two enclose it
            places[-1] = (len(found), len(found) + 1)
            found.append(_Constraint(f"r{i}u", "L", round_up(right), entries))
            found.append(_Constraint(f"r{i}d", "G", round_down(right), entries))
    return found, places


def _combination(
    program: ConicProgram,
    constraints: list[_Constraint],
    places: list[tuple[int, int]],
    multipliers: dict[int, Fraction],
    objective: list[Fraction],
) -> tuple[dict[int, Fraction], Fraction]:
    """Return weights of constraints that add up to objective x <= bound, and that bound."""
    weights: dict[int, Fraction] = {}
    reduced = list(objective)
    for row, value in multipliers.items():
        if value:
            weights[places[row][0 if value > 0 else 1]] = value
            for j, entry in program.matrix.row(row):
                reduced[j] -= value * entry
    for j, cost in enumerate(reduced):
        if cost:
            # bounds come first: lower at 2 j, upper at 2 j + 1
            weights[2 * j + (1 if cost > 0 else 0)] = cost
    return weights, sum((value * constraints[place].right for place, value in weights.items()), Fraction(0))


def _check_multipliers(program: ConicProgram, multipliers: dict[int, Fraction]) -> None:
    for row, value in multipliers.items():
        if not 0 <= row < program.shape[0]:
            raise ValueError(f"multiplier of row {row}, but the rows are 0 to {program.shape[0] - 1}")
        if value < 0 and not program.zero_rows[row]:
            raise ValueError(f"multiplier {value} of row {row} ({program.row_label(row)}) is negative")


def _check_point(program: ConicProgram, constraints: list[_Constraint], point: Sequence[Fraction]) -> None:
    if len(point) != program.shape[1]:
        raise ValueError(f"a point of {len(point)} numbers for {program.shape[1]} columns")
    for constraint in constraints:
        if not constraint.holds(point):
            raise ValueError(f"the point breaks {constraint.name} (l, u: a column's bounds; r: a row)")
