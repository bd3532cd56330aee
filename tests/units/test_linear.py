"""Exact linear algebra, exact multipliers and points of linear programs from any hint."""

from __future__ import annotations

import math
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from freerand_opt.conic.basis import exact_multipliers, exact_point
from freerand_opt.conic.linear import Hint, LinearProgram, sharpened, solve
from freerand_opt.conic.sparse import sparse
from freerand_opt.conic.system import solve_system

# ------------------------------------------------------------------ linear systems


def eliminated(matrix, right):
    """Gauss elimination in fractions: the solution, or None if the matrix is singular."""
    n = len(matrix)
    rows = [[F(v) for v in row] + [F(r)] for row, r in zip(matrix, right, strict=True)]
    for j in range(n):
        pivot = next((i for i in range(j, n) if rows[i][j]), None)
        if pivot is None:
            return None
        rows[j], rows[pivot] = rows[pivot], rows[j]
        for i in range(n):
            if i != j and rows[i][j]:
                factor = rows[i][j] / rows[j][j]
                rows[i] = [u - factor * v for u, v in zip(rows[i], rows[j], strict=True)]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def solved(matrix, right):
    equations = [[(j, F(v)) for j, v in enumerate(row) if v] for row in matrix]
    return solve_system(equations, right)


@st.composite
def systems(draw):
    n = draw(st.integers(1, 8))
    entry = st.one_of(st.just(0), st.integers(-9, 9), st.integers(-(10**6), 10**6))
    matrix = draw(st.lists(st.lists(entry, min_size=n, max_size=n), min_size=n, max_size=n))
    right = draw(st.lists(st.fractions(-100, 100, max_denominator=10**6), min_size=n, max_size=n))
    return matrix, right


@given(systems())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_solutions_are_those_of_gauss_elimination(system):
    matrix, right = system
    expected = eliminated(matrix, right)
    assume(expected is not None)
    assert solved(matrix, right) == expected


@given(systems(), st.data())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_singular_matrices_have_no_answer(system, data):
    matrix, right = system
    assume(len(matrix) > 1)
    factors = data.draw(st.lists(st.integers(-3, 3), min_size=len(matrix) - 1, max_size=len(matrix) - 1))
    dependent = [sum(f * row[j] for f, row in zip(factors, matrix, strict=False)) for j in range(len(matrix))]
    matrix = [*matrix[:-1], dependent]
    assert eliminated(matrix, right) is None
    found = solved(matrix, right)
    # elimination in doubles may miss that a matrix is singular; what is returned then still solves the system
    assert found is None or [sum(v * x for v, x in zip(row, found, strict=True)) for row in matrix] == right


def test_a_singular_system_without_solution_has_no_answer():
    for matrix in ([[1, 2], [2, 4]], [[7, 3, 1], [3, 9, 5], [10, 12, 6]], [[0]]):
        right = [F(1)] * (len(matrix) - 1) + [F(7)]
        assert solved(matrix, right) is None


@pytest.mark.parametrize("n", [2, 5, 8, 10, 12])
def test_hilbert_matrices_are_solved_exactly(n):
    scale = math.lcm(*range(1, 2 * n))
    matrix = [[scale // (i + j + 1) for j in range(n)] for i in range(n)]
    for column in range(n):
        right = [F(scale if i == column else 0) for i in range(n)]
        found = solved(matrix, right)
        # Savage and Lukacs 1954: the inverse has integer entries in binomials
        j = column + 1
        inverse = [
            (-1) ** (i + j)
            * (i + j - 1)
            * math.comb(n + i - 1, n - j)
            * math.comb(n + j - 1, n - i)
            * math.comb(i + j - 2, i - 1) ** 2
            for i in range(1, n + 1)
        ]
        assert found == inverse


def test_large_numbers_survive():
    matrix = [[2**49, 1, 0], [3, 2**49 - 1, 5], [0, 7, -(2**48)]]
    right = [F(10**40, 3), F(-(10**35), 7), F(1, 10**50)]
    found = solved(matrix, right)
    assert found == eliminated(matrix, right)


@pytest.mark.parametrize("power", [1, 30, 45, 49])
def test_solutions_with_powers_of_two_below(power):
    # such a solution ends in binary: nothing is left of the residual before the denominator can be guessed
    matrix = [[2**power, 1, 0], [0, 2**power, 1], [0, 0, 2**power]]
    right = [F(1), F(1), F(1)]
    assert solved(matrix, right) == eliminated(matrix, right)


def test_an_empty_system_has_the_empty_solution():
    assert solve_system([], []) == []


# ------------------------------------------------------------------ small programs


def program_of(a, right, equal, cost):
    """max cost . x with 0 <= x <= 1 written as rows."""
    n = len(cost)
    rows = [*a, *([int(j == k) for j in range(n)] for k in range(n))]
    rows += [[-int(j == k) for j in range(n)] for k in range(n)]
    entries = [(i, j, F(v)) for i, row in enumerate(rows) for j, v in enumerate(row) if v]
    return LinearProgram(
        sparse((len(rows), n), entries),
        (*equal, *([False] * (2 * n))),
        (*right, *([F(1)] * n), *([F(0)] * n)),
        tuple(range(len(rows))),
        {j: F(c) for j, c in enumerate(cost) if c},
    )


@st.composite
def programs(draw):
    """A random program with a known feasible point."""
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    x = draw(st.lists(st.fractions(0, 1, max_denominator=6), min_size=n, max_size=n))
    a, right, equal = [], [], []
    for _ in range(m):
        row = draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n))
        assume(any(row))
        same = draw(st.booleans()) if len(a) < n - 1 else False
        slack = 0 if same else draw(st.fractions(0, 2, max_denominator=6))
        a.append(row)
        right.append(sum(r * v for r, v in zip(row, x, strict=True)) + slack)
        equal.append(same)
    cost = draw(st.lists(st.fractions(-3, 3, max_denominator=8), min_size=n, max_size=n))
    return program_of(a, right, equal, cost), x


def objective(program, x):
    return sum((c * x[j] for j, c in program.objective.items()), F(0))


def left_of(program, x):
    left = [F(0)] * program.matrix.shape[0]
    for row, column, value in program.matrix.entries():
        left[row] += value * x[column]
    return left


def holds(program, x):
    """Feasibility, written a second time."""
    return all(
        value == bound if equal else value <= bound
        for value, bound, equal in zip(left_of(program, x), program.right, program.equal, strict=True)
    )


@given(programs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_basis_gives_the_optimum_from_both_sides(drawn):
    """A feasible point and multipliers that meet: both are optimal, whoever found them."""
    program, inside = drawn
    assert holds(program, inside)
    found = solve(program)
    assert found.status == "optimal"
    x, z = exact_point(program, found, list(program.right)), exact_multipliers(program, found)
    assert holds(program, x)
    assert all(v >= 0 or equal for v, equal in zip(z, program.equal, strict=True))
    total = {}
    for row, column, value in program.matrix.entries():
        total[column] = total.get(column, F(0)) + z[row] * value
    assert all(total.get(j, F(0)) == program.objective.get(j, F(0)) for j in range(program.matrix.shape[1]))
    bound = sum((v * b for v, b in zip(z, program.right, strict=True)), F(0))
    assert bound == objective(program, x) >= objective(program, inside)


@given(programs(), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_garbage_bases_never_give_an_infeasible_point(drawn, data):
    program, _ = drawn
    rows, columns = program.matrix.shape
    basic = np.array(data.draw(st.lists(st.booleans(), min_size=columns, max_size=columns)))
    active = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    hint = Hint("optimal", np.zeros(columns), np.zeros(rows), basic, active)
    x = exact_point(program, hint, list(program.right))
    best = exact_point(program, found := solve(program), list(program.right))
    assert found.status == "optimal"
    assert x is None or (holds(program, x) and objective(program, x) <= objective(program, best))


def test_a_perturbed_data_digit_moves_the_optimum():
    """The vertex of 3x + y = cap and x + 4y = 1, by Cramer's rule: x + y = (3 cap + 2)/11."""
    tiny = F(1, 10**30)
    values = []
    for cap in (F(1), F(1) + tiny):
        program = program_of([[3, 1], [1, 4]], [cap, F(1)], [False, False], [F(1), F(1)])
        values.append(objective(program, exact_point(program, solve(program), list(program.right))))
    assert values == [F(5, 11), (3 * (1 + tiny) + 2) / 11]


@pytest.mark.parametrize("rows", [4_000, 0], ids=["simplex", "interior point from no row on"])
def test_a_basis_that_breaks_a_row_below_the_tolerance_is_sharpened_by_the_simplex(monkeypatch, rows):
    # x <= 1 is broken by 1e-12 where x <= 1 + 1e-12 is active: floats take that for optimal
    right = (F(1), 1 + F(1, 10**12))
    matrix = sparse((2, 1), [(0, 0, 1), (1, 0, 1)])
    program = LinearProgram(matrix, (False, False), right, ("a", "b"), {0: F(1)})
    hint = Hint("optimal", np.array([1.0]), np.array([0.0, 1.0]), np.array([True]), np.array([False, True]))
    assert exact_point(program, hint, list(right)) is None
    monkeypatch.setattr("freerand_opt.conic.linear.IPM_ROWS", rows)
    assert exact_point(program, sharpened(program, hint, right), list(right)) == [1]
    monkeypatch.setattr("freerand_opt.conic.linear.MOST_WORK", 0)
    assert sharpened(program, hint, right) is hint


@given(systems())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_matrix_is_applied_in_fractions_of_any_denominators(system):
    matrix, x = system
    n = len(matrix)
    held = sparse(
        (n, n), [(i, j, F(v, 1 + i + j)) for i, row in enumerate(matrix) for j, v in enumerate(row)]
    )
    expected = [
        sum((F(v, 1 + i + j) * x[j] for j, v in enumerate(row)), F(0)) for i, row in enumerate(matrix)
    ]
    assert held.applied(x) == expected
