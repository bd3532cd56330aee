r"""Programs as text that other software reads: MPS and CBF for solvers, VIPR for proof checkers.

MPS (free form) and CBF (version 2) hold the nearest doubles of all numbers. VIPR
(https://github.com/ambros-gleixner/VIPR, cert_spec_v1_1.md) holds fractions; there an irrational
right-hand side is rounded outward, so that the stated problem is a relaxation of the program and
its upper bound holds for the program too. Rows are named r0, r1, .., columns c0, c1, ..; comments
in front say what they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import numpy as np

from freerand_opt.exact import Exact, round_down, round_up, text
from freerand_opt.programs.program import ConicProgram, ExactVector

#: Labels are cut after this many characters: a line of CBF has at most 512.
MAX_LABEL = 300
_DOUBLES = ("Written by freerand_opt.", "Numbers are the nearest doubles of the exact ones.")


# ------------------------------------------------------------------ what all formats share


def _double(value: Exact | int) -> str:
    """Return 17 significant digits, which determine the nearest double."""
    return f"{float(value):.17g}"


def _fractions(vector: ExactVector) -> list[Fraction]:
    for value in vector.palette:
        assert isinstance(value, Fraction)  # programs promise this for objective and bounds
    return [vector.palette[code] for code in vector.codes.tolist()]


def _bounds(program: ConicProgram) -> Iterator[tuple[Fraction, Fraction]]:
    return zip(_fractions(program.lower), _fractions(program.upper), strict=True)


def _clean(label: str) -> str:
    """Return printable ASCII on one line, so that no label can end its comment."""
    line = " ".join(label.split()).encode("ascii", "backslashreplace").decode()
    return line if len(line) <= MAX_LABEL else line[:MAX_LABEL] + ".."


def _irrational_rows(program: ConicProgram) -> list[int]:
    codes = [code for code, value in enumerate(program.right.palette) if not isinstance(value, Fraction)]
    return [int(row) for row in np.flatnonzero(np.isin(program.right.codes, codes))]


def _comments(program: ConicProgram, mark: str, notes: Iterable[str]) -> Iterator[str]:
    rows, columns = program.shape
    yield from (f"{mark} {_clean(note)}" for note in notes)
    yield from (f"{mark} c{j}: {_clean(program.column_label(j))}" for j in range(columns))
    yield from (f"{mark} r{i}: {_clean(program.row_label(i))}" for i in range(rows))


def _irrational_notes(program: ConicProgram, what: str) -> list[str]:
    return [f"r{i}: right-hand side {text(program.right[i])} {what}" for i in _irrational_rows(program)]


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------ MPS


def as_mps(program: ConicProgram) -> str:
    """Return free MPS text (objective sense MAX) with the nearest doubles of all numbers."""
    return _lines(_mps(program))


def _mps(program: ConicProgram) -> Iterator[str]:
    yield from _comments(program, "*", [*_DOUBLES, *_irrational_notes(program, "rounded to nearest")])
    yield from ("NAME freerand_opt", "OBJSENSE", "    MAX", "ROWS", " N obj")
    yield from (f" {'E' if zero else 'L'} r{i}" for i, zero in enumerate(program.zero_rows.tolist()))
    yield "COLUMNS"
    by_column = program.matrix.tocsc()
    starts, rows, entries = by_column.indptr.tolist(), by_column.indices.tolist(), by_column.data.tolist()
    for j, worth in enumerate(_fractions(program.objective)):
        # a column is declared by its entries, so one without any states a zero
        if worth or starts[j] == starts[j + 1]:
            yield f" c{j} obj {_double(worth)}"
        yield from (f" c{j} r{rows[k]} {_double(entries[k])}" for k in range(starts[j], starts[j + 1]))
    yield "RHS"
    yield from (f" RHS r{i} {_double(value)}" for i, value in _nonzero(program.right))
    yield "BOUNDS"
    for j, (lower, upper) in enumerate(_bounds(program)):
        yield f" LO BND c{j} {_double(lower)}"
        yield f" UP BND c{j} {_double(upper)}"
    yield "ENDATA"


def _nonzero(vector: ExactVector) -> Iterator[tuple[int, Exact]]:
    palette = vector.palette
    return ((i, palette[code]) for i, code in enumerate(vector.codes.tolist()) if palette[code] != 0)


# ------------------------------------------------------------------ CBF


def as_cbf(program: ConicProgram) -> str:
    """Return CBF text (version 2, linear cones) with the nearest doubles of all numbers.

    Rows come first and in order, as b - A x in L= or L+; then u - x in L+ for every column; then
    x - l in L+ for the columns with l != 0, which are free variables (the others are in L+).
    """
    return _lines(_cbf(program))


def _cbf(program: ConicProgram) -> Iterator[str]:
    rows, columns = program.shape
    lower = _fractions(program.lower)
    free = [j for j, value in enumerate(lower) if value]
    notes = [
        *_DOUBLES,
        f"Rows from r{rows} on: upper bounds of all columns, then lower bounds other than 0.",
        *_irrational_notes(program, "rounded to nearest"),
    ]
    yield from _comments(program, "#", notes)
    yield from ("VER", "2", "", "OBJSENSE", "MAX", "")
    signs = groupby("F" if value else "L+" for value in lower)
    domains = [f"{cone} {len(list(group))}" for cone, group in signs]
    yield from ("VAR", f"{columns} {len(domains)}", *domains, "")
    cones = [f"{'L=' if cone == 'zero' else 'L+'} {size}" for cone, size in program.blocks]
    cones.append(f"L+ {columns + len(free)}")
    yield from ("CON", f"{rows + columns + len(free)} {len(cones)}", *cones, "")
    yield from _section("OBJACOORD", [f"{j} {_double(value)}" for j, value in _nonzero(program.objective)])
    owner = np.repeat(np.arange(rows), np.diff(program.matrix.indptr)).tolist()
    entries = zip(owner, program.matrix.indices.tolist(), program.matrix.data.tolist(), strict=True)
    coefficients = [f"{i} {j} {_double(-value)}" for i, j, value in entries]
    coefficients += [f"{rows + j} {j} -1" for j in range(columns)]
    coefficients += [f"{rows + columns + k} {j} 1" for k, j in enumerate(free)]
    yield from _section("ACOORD", coefficients)
    constants = [f"{i} {_double(value)}" for i, value in _nonzero(program.right)]
    constants += [f"{rows + j} {_double(value)}" for j, value in _nonzero(program.upper)]
    constants += [f"{rows + columns + k} {_double(-lower[j])}" for k, j in enumerate(free)]
    yield from _section("BCOORD", constants)


def _section(name: str, lines: Sequence[str]) -> list[str]:
    return [name, str(len(lines)), *lines, ""] if lines else []


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
    objective = _fractions(program.objective)
    _check_multipliers(program, multipliers)
    if point is not None:
        _check_point(program, constraints, point)
    weights, bound = _combination(program, constraints, places, multipliers, [Fraction(0)] * len(objective))
    infeasible = bound < 0
    if not infeasible:
        weights, bound = _combination(program, constraints, places, multipliers, objective)
    return _lines(_vipr(program, constraints, objective, weights, bound, infeasible, point))


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
    if _irrational_rows(program):
        notes.append("This problem is a relaxation: irrational right-hand sides are rounded outward.")
        notes.append("The upper bound holds for the original one too; a solution need not be one of it.")
    yield from _comments(program, "%", [*notes, *_irrational_notes(program, "rounded outward")])
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
    for j, (lower, upper) in enumerate(_bounds(program)):
        found.append(_Constraint(f"l{j}", "G", lower, ((j, 1),)))
        found.append(_Constraint(f"u{j}", "L", upper, ((j, 1),)))
    places = []
    for i, zero in enumerate(program.zero_rows.tolist()):
        entries, right = tuple(_row(program, i)), program.right[i]
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


def _row(program: ConicProgram, row: int) -> Iterator[tuple[int, int]]:
    here = slice(int(program.matrix.indptr[row]), int(program.matrix.indptr[row + 1]))
    return zip(program.matrix.indices[here].tolist(), program.matrix.data[here].tolist(), strict=True)


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
            for j, entry in _row(program, row):
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
