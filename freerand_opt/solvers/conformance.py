r"""Programs with known optima, on which every solver of conic programs is tried.

Each case says what :math:`\max c \cdot x` is, or that there is no point, or no maximum. What a solver returns
is judged by exact arithmetic: its multipliers, made exact, must prove the optimum up to a tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from freerand_opt.conic.duals import exact_dual
from freerand_opt.conic.program import Builder, ConicProgram, triangle
from freerand_opt.conic.solution import Dual, Solution
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.parse import parse

ONE = Fraction(1)


@dataclass(frozen=True, eq=False)
class Case:
    """A program and its optimum; None: there is no point (`empty`) or no maximum.

    `size` is a bound on |x| at which a defect in A'z = c is charged, `interior` whether a point has all
    inequalities strict.
    """

    name: str
    program: ConicProgram
    optimum: float | None
    empty: bool = False
    size: float = 10.0
    interior: bool = True


def cases() -> Iterator[Case]:
    """Yield the programs."""
    yield Case("smallest eigenvalue", _smallest(), (5 - sqrt(5)) / 2)
    yield Case("CHSH at level 1", _chsh(1), 2 * sqrt(2))
    yield Case("CHSH with its first term tenfold", _chsh(10), sqrt(110) + sqrt(1.1))
    yield Case("an equality beside a matrix", _with_equality(), sqrt(0.5))
    yield Case("an inequality that holds with equality", _with_inequality(Fraction(1, 2)), 0.5)
    yield Case("an inequality that does not matter", _with_inequality(Fraction(3)), 1.0)
    yield Case("an irrational side", _with_inequality(parse("sqrt(1/2)")), sqrt(0.5))
    yield Case("two matrices of different sizes", _two(), 3.0)
    yield Case("entries far off the diagonal", _scaled(1000), 1000.0, size=10.0**4)
    yield Case("a matrix of one row", _narrow(), 2.0)
    yield Case("no interior", _flat(), 0.0, interior=False)
    yield Case("no point", _empty(), None, empty=True)
    yield Case("no maximum", _unbounded(), None)


def fault(case: Case, solve: Callable[[ConicProgram], Solution | None], tolerance: float = 1e-6) -> str:
    """Return what is wrong with a solver's answer, an empty text if nothing is."""
    found = solve(case.program)
    if case.optimum is None:
        wrong = found is not None and found.status == "optimal"
        return "a program without an optimum is called optimal" if wrong else ""
    if found is None:
        return "no answer"
    value = float(case.program.cost @ found.x)
    if abs(value - case.optimum) > tolerance * max(1.0, abs(case.optimum)):
        return f"the value is {value}, not {case.optimum}"
    proved = bound(case.program, exact_dual(case.program, found), Fraction(case.size))
    if abs(float(proved) - case.optimum) > tolerance * max(1.0, abs(case.optimum)):
        return f"the multipliers prove {float(proved)}, not {case.optimum}"
    return ""


def bound(program: ConicProgram, dual: Dual, size: Fraction) -> Fraction:
    """Return b.z + size sum |c - A'z|, at least the maximum over points with |x| <= size."""
    z = dict(dual.values)
    if any(value < 0 for row, value in z.items() if program.equalities <= row):
        raise ValueError("a multiplier of an inequality is negative")
    for (start, n), factor in zip(program.spans, dual.factors, strict=True):
        i, j = (part.tolist() for part in triangle(n))
        for k, (a, b) in enumerate(zip(i, j, strict=True)):
            dot = sum(x * y for x, y in zip(factor.rows[a], factor.rows[b], strict=False))
            z[start + k] = Fraction(dot * (1 if a == b else 2), 4**factor.bits)
    rest = dict(program.objective)
    total = Fraction(0)
    for row, value in z.items():
        total += value * Fraction(float(program.right[row]))
        for column, entry in program.rows[row].items():
            rest[column] = rest.get(column, Fraction(0)) - value * entry
    return total + size * sum((abs(value) for value in rest.values()), Fraction(0))


def _smallest() -> ConicProgram:
    """Ask for the largest x with (2, 1; 1, 3) - x 1 >= 0."""
    build = Builder(1)
    build.put_matrix("M", 2, [{0: ONE}, {}, {0: ONE}], [Fraction(2), ONE, Fraction(3)])
    return build.program({0: ONE})


def _chsh(first: int) -> ConicProgram:
    """Gram matrices of A0, A1, B0, B1: the largest first E00 + E01 + E10 - E11."""
    places = {(0, 1): 0, (2, 3): 1, (0, 2): 2, (0, 3): 3, (1, 2): 4, (1, 3): 5}
    build = Builder(6)
    i, j = (part.tolist() for part in triangle(4))
    rows = [{} if a == b else {places[a, b]: -ONE} for a, b in zip(i, j, strict=True)]
    build.put_matrix("Gamma", 4, rows, [ONE if a == b else Fraction(0) for a, b in zip(i, j, strict=True)])
    return build.program({2: Fraction(first), 3: ONE, 4: ONE, 5: -ONE})


def _with_equality() -> ConicProgram:
    """Cross the disc (1 + x, y; y, 1 - x) >= 0 with the line x + y = 0."""
    build = Builder(2)
    build.put("sum", {0: ONE, 1: ONE}, equal=True)
    build.put_matrix("disc", 2, [{0: -ONE}, {1: -ONE}, {0: ONE}], [ONE, Fraction(0), ONE])
    return build.program({0: ONE})


def _with_inequality(side: Exact) -> ConicProgram:
    build = Builder(1)
    build.put("limit", {0: ONE}, side, equal=False)
    build.put_matrix("square", 2, [{}, {0: -ONE}, {}], [ONE, Fraction(0), ONE])
    return build.program({0: ONE})


def _two() -> ConicProgram:
    build = Builder(2)
    build.put_matrix("small", 2, [{}, {0: -ONE}, {}], [ONE, Fraction(0), ONE])
    zero = Fraction(0)
    build.put_matrix("large", 3, [{}, {}, {}, {1: -ONE}, {}, {}], [ONE, zero, ONE, zero, zero, Fraction(4)])
    return build.program({0: ONE, 1: ONE})


def _scaled(factor: int) -> ConicProgram:
    build = Builder(1)
    build.put_matrix("stretched", 2, [{}, {0: -ONE}, {}], [ONE, Fraction(0), Fraction(factor**2)])
    return build.program({0: ONE})


def _narrow() -> ConicProgram:
    build = Builder(1)
    build.put_matrix("one row", 1, [{0: ONE}], [Fraction(2)])
    build.put_matrix("below", 1, [{0: -ONE}], [Fraction(2)])
    return build.program({0: ONE})


def _flat() -> ConicProgram:
    """(x, y; y, 0) >= 0 forces y = 0."""
    build = Builder(2)
    build.put("limit", {0: ONE}, ONE, equal=False)
    build.put_matrix("flat", 2, [{0: -ONE}, {1: -ONE}, {}])
    return build.program({1: ONE})


def _empty() -> ConicProgram:
    build = Builder(1)
    build.put("too much", {0: -ONE}, Fraction(-2), equal=False)
    build.put_matrix("square", 2, [{}, {0: -ONE}, {}], [ONE, Fraction(0), ONE])
    return build.program({0: ONE})


def _unbounded() -> ConicProgram:
    build = Builder(1)
    build.put_matrix("ray", 2, [{0: -ONE}, {}, {0: -ONE}], [ONE, Fraction(0), ONE])
    return build.program({0: ONE})
