"""Exact linear algebra, exact bounds from any hint, exactly feasible points."""

from __future__ import annotations

import math
import tomllib
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from freerand_opt.first.certificates import certify
from freerand_opt.first.certificates.linear import basis_matrix, solve_exact
from freerand_opt.first.programs.integer_matrix import of_rows
from freerand_opt.first.programs.program import Labels, Rows, conic_program, constant, vector
from freerand_opt.first.programs.solution import Solution
from freerand_opt.first.solvers.highs import solve

REFERENCE = tomllib.loads((Path(__file__).parent / "reference_values.toml").read_text())


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


def sparse(matrix):
    return of_rows([dict(enumerate(row)) for row in matrix], len(matrix))


@st.composite
def systems(draw):
    n = draw(st.integers(1, 8))
    entry = st.one_of(st.just(0), st.integers(-9, 9), st.integers(-(10**6), 10**6))
    matrix = draw(st.lists(st.lists(entry, min_size=n, max_size=n), min_size=n, max_size=n))
    right = draw(st.lists(st.fractions(-100, 100, max_denominator=10**6), min_size=n, max_size=n))
    return matrix, right


@given(systems())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_solutions_are_those_of_gauss_elimination(system):
    matrix, right = system
    expected = eliminated(matrix, right)
    assume(expected is not None)
    assert solve_exact(sparse(matrix), right) == expected


@given(systems(), st.data())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_singular_matrices_have_no_answer(system, data):
    matrix, right = system
    assume(len(matrix) > 1)
    factors = data.draw(st.lists(st.integers(-3, 3), min_size=len(matrix) - 1, max_size=len(matrix) - 1))
    dependent = [sum(f * row[j] for f, row in zip(factors, matrix, strict=False)) for j in range(len(matrix))]
    matrix = [*matrix[:-1], dependent]
    assert eliminated(matrix, right) is None
    found = solve_exact(sparse(matrix), right)
    # elimination in doubles may miss that a matrix is singular; what is returned then still solves the system
    assert found is None or [sum(v * x for v, x in zip(row, found, strict=True)) for row in matrix] == right


def test_a_singular_system_without_solution_has_no_answer():
    for matrix in ([[1, 2], [2, 4]], [[7, 3, 1], [3, 9, 5], [10, 12, 6]], [[0]]):
        right = [F(1)] * (len(matrix) - 1) + [F(7)]
        assert solve_exact(sparse(matrix), right) is None


@pytest.mark.parametrize("n", [2, 5, 8, 10, 12])
def test_hilbert_matrices_are_solved_exactly(n):
    scale = math.lcm(*range(1, 2 * n))
    matrix = [[scale // (i + j + 1) for j in range(n)] for i in range(n)]
    for column in range(n):
        right = [F(scale if i == column else 0) for i in range(n)]
        found = solve_exact(sparse(matrix), right)
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
        if column == 0:
            assert found[0] == n ** REFERENCE["hilbert_inverse_corner"]["exponent"]


def test_large_numbers_survive():
    matrix = [[2**49, 1, 0], [3, 2**49 - 1, 5], [0, 7, -(2**48)]]
    right = [F(10**40, 3), F(-(10**35), 7), F(1, 10**50)]
    found = solve_exact(sparse(matrix), right)
    assert found == eliminated(matrix, right)


@pytest.mark.parametrize("power", [1, 30, 45, 49])
def test_solutions_with_powers_of_two_below(power):
    # such a solution ends in binary: nothing is left of the residual before the denominator can be guessed
    matrix = [[2**power, 1, 0], [0, 2**power, 1], [0, 0, 2**power]]
    right = [F(1), F(1), F(1)]
    assert solve_exact(sparse(matrix), right) == eliminated(matrix, right)


def test_an_empty_system_has_the_empty_solution():
    assert solve_exact(sparse([]), []) == []


def test_only_square_bases_are_cut_out():
    matrix = of_rows([{0: 1, 1: 2, 2: 3}, {0: 4, 1: 5, 2: 6}], 3)
    cut = basis_matrix(matrix, np.array([False, True]), np.array([False, False, True]))
    assert cut.toarray().tolist() == [[6]]
    assert basis_matrix(matrix, np.array([True, True]), np.array([False, False, True])) is None


# ------------------------------------------------------------------ small programs


def program_of(a, right, zero, cost, lower=0, upper=1):
    order = [i for i in range(len(a)) if zero[i]] + [i for i in range(len(a)) if not zero[i]]
    count = sum(zero)
    parts = [
        Rows(
            cone,
            of_rows([dict(enumerate(a[i])) for i in rows], len(a[0])),
            vector([right[i] for i in rows]),
            Labels("row {0}", (tuple(map(str, rows)),)),
        )
        for cone, rows in (("zero", order[:count]), ("nonnegative", order[count:]))
        if rows
    ]
    n = len(cost)
    return conic_program(
        parts,
        objective=vector(cost),
        lower=constant(lower, n),
        upper=constant(upper, n),
        column_labels=(Labels("x{0}", (tuple(map(str, range(n))),)),),
    )


@st.composite
def programs(draw):
    """A random program with a known feasible point."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    x = draw(st.lists(st.fractions(0, 1, max_denominator=6), min_size=n, max_size=n))
    a, right, zero = [], [], []
    for _ in range(m):
        row = draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n))
        assume(any(row))
        equal = draw(st.booleans()) if len(a) < n - 1 else False
        slack = 0 if equal else draw(st.fractions(0, 2, max_denominator=6))
        a.append(row)
        right.append(sum(r * v for r, v in zip(row, x, strict=True)) + slack)
        zero.append(equal)
    cost = draw(st.lists(st.fractions(-3, 3, max_denominator=8), min_size=n, max_size=n))
    return program_of(a, right, zero, cost), x


def objective(program, x):
    return sum((program.objective[j] * x[j] for j in range(len(x))), F(0))


def holds(program, x):
    """Feasibility, written a second time."""
    dense = program.matrix.toarray().tolist()
    for i, row in enumerate(dense):
        slack = program.right[i] - sum(F(v) * u for v, u in zip(row, x, strict=True))
        if slack < 0 or (slack != 0 and program.zero_rows[i]):
            return False
    return all(program.lower[j] <= x[j] <= program.upper[j] for j in range(len(x)))


def hint(program, multipliers, *, basic=None, active=None, primal=None):
    _rows, columns = program.shape
    return Solution(
        status="optimal",
        solver="none",
        primal=np.zeros(columns) if primal is None else primal,
        multipliers=np.asarray(multipliers, dtype=float),
        basic_columns=basic,
        active_rows=active,
        seconds=0.0,
        primal_residual=0.0,
        dual_residual=0.0,
    )


@given(programs(), st.data())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_every_hint_gives_a_valid_bound_and_the_basis_the_optimum(drawn, data):
    program, inside = drawn
    assert holds(program, inside)
    solution = solve(program)
    assert solution.status == "optimal"
    x, found = certify.point(program, solution), certify.multipliers(program, solution)
    assert holds(program, x)
    # a feasible point and multipliers that meet: both are optimal, whoever found them
    assert found.bound == objective(program, x)
    assert found.bound >= objective(program, inside)
    rows = program.shape[0]
    numbers = st.floats(-1e6, 1e6)
    garbage = np.array(data.draw(st.lists(numbers, min_size=rows, max_size=rows)))
    for floats in (
        garbage,
        solution.multipliers * 1.01 + 1e-3,
        solution.multipliers + 1e-7 * np.sign(garbage),
        np.zeros(rows),
    ):
        worse = certify.multipliers(program, hint(program, floats))
        assert worse.bound >= found.bound
        assert all(v > 0 or program.zero_rows[row] for row, v in worse.values.items())
        assert own_bound(program, worse.values) == worse.bound


def own_bound(program, values):
    dense = program.matrix.toarray().tolist()
    z = [values.get(i, F(0)) for i in range(len(dense))]
    total = sum((z[i] * program.right[i] for i in range(len(dense))), F(0))
    for j in range(program.shape[1]):
        reduced = program.objective[j] - sum(z[i] * dense[i][j] for i in range(len(dense)))
        total += max(reduced * program.lower[j], reduced * program.upper[j])
    return total


@given(programs(), st.data())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_garbage_bases_never_give_an_infeasible_point_or_a_false_bound(drawn, data):
    program, _ = drawn
    rows, columns = program.shape
    basic = np.array(data.draw(st.lists(st.booleans(), min_size=columns, max_size=columns)))
    active = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    near = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=columns, max_size=columns)))
    solution = hint(program, np.zeros(rows), basic=basic, active=active, primal=near)
    best = certify.multipliers(program, solve(program)).bound
    assert certify.multipliers(program, solution).bound >= best
    x = certify.point(program, solution)
    assert x is None or (holds(program, x) and objective(program, x) <= best)


def test_point_refuses_a_basis_that_leaves_the_region():
    # x0 <= 1/2 and x1 <= 3/4; the basis at which x0 + x1 = 5/4 puts x0 to 1/4 or beyond its cap
    program = program_of([[1, 0], [1, 1]], [F(1, 2), F(5, 4)], [False, False], [F(1), F(0)])
    bad = hint(program, [0, 0], basic=np.array([True, False]), active=np.array([False, True]))
    assert certify.point(program, bad) is None
    good = hint(program, [0, 0], basic=np.array([True, False]), active=np.array([True, False]))
    assert certify.point(program, good) == [F(1, 2), F(0)]
    none = hint(program, [0, 0])
    assert certify.point(program, none) is None


@pytest.mark.parametrize("zero", [True, False])
def test_feasible_sees_the_smallest_violation(zero):
    tiny = F(1, 10**30)
    program = program_of([[3, -2]], [F(1, 7)], [zero], [F(1), F(1)])
    on = [F(1, 3), F(3, 7)]
    assert certify.feasible(program, on)
    assert not certify.feasible(program, [on[0] + tiny, on[1]])
    assert certify.feasible(program, [on[0] - tiny, on[1]]) == (not zero)
    assert not certify.feasible(program, [F(-1) * tiny, F(1, 2)])
    assert certify.feasible(program, [F(1, 3), F(1)]) == (not zero)
    assert not certify.feasible(program, [F(1, 3), F(1) + tiny])


def test_a_perturbed_data_digit_moves_the_certified_optimum():
    tiny = F(1, 10**30)
    a, zero, cost = [[3, 1], [1, 4]], [False, False], [F(1), F(1)]
    values = []
    for cap in (F(1), F(1) + tiny):
        program = program_of(a, [cap, F(1)], zero, cost)
        solution = solve(program)
        x = certify.point(program, solution)
        found = certify.multipliers(program, solution)
        assert found.bound == objective(program, x)
        values.append(found.bound)
    # the vertex of 3x + y = 1 and x + 4y = 1, by Cramer's rule: x + y = (3 cap + 2)/11
    assert values == [F(5, 11), (3 * (1 + tiny) + 2) / 11]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_multipliers_of_a_solver_that_broke_down_still_give_a_bound(bad):
    program = program_of([[1, 1], [1, 2]], [F(1), F(1)], [True, False], [F(1), F(2)])
    best = certify.multipliers(program, solve(program)).bound
    assert certify.multipliers(program, hint(program, [bad, 0.5])).bound >= best
