"""Exact integers in arrays and sparse matrices: the same on both sides of 2^62, held against lists."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from math import floor, lcm

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from freerand_opt.answers.inequality import _weaker
from freerand_opt.certificates import certify
from freerand_opt.certificates.attack import Strategy
from freerand_opt.certificates.linear import solve_exact
from freerand_opt.certificates.worth import evaluated
from freerand_opt.model import functional as fn
from freerand_opt.model import scenario as sc
from freerand_opt.model.question import Adversary, Ask, Output, Question
from freerand_opt.model.question import Test as Check
from freerand_opt.model.source import Uniform
from freerand_opt.numbers.digits import at_least, at_most, bits, short
from freerand_opt.numbers.exact import compare, sqrt
from freerand_opt.numbers.rounding import power_of_two
from freerand_opt.programs import arrays, integer_matrix, strategies
from freerand_opt.programs.boxes import Table
from freerand_opt.programs.guesses import box_values
from freerand_opt.programs.integer_matrix import (
    aligned,
    beside,
    empty,
    identity,
    kron,
    of_codes,
    of_entries,
    of_rows,
    of_small,
    stacked,
)
from freerand_opt.programs.program import Labels, Rows, conic_program, constant, vector
from freerand_opt.solvers.highs import solve

often = settings(max_examples=60, deadline=None, derandomize=True)
#: Short integers, some next to 2^62 and 2^63, and some that no machine word holds.
INTEGERS = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**20), 2**20),
    st.sampled_from([2**61, 2**62 - 1, 2**62, 2**63 - 1, 2**63, -(2**62), -(2**63) - 1]),
    st.integers(-(10**40), 10**40),
)


def lists(rows, columns, numbers=INTEGERS):
    return st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


def made(entries, columns):
    return of_rows([dict(enumerate(row)) for row in entries], columns)


def product(left, right):
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*right, strict=True)]
        for row in left
    ]


# ------------------------------------------------------------------ matrices


@often
@given(st.data())
def test_matrices_say_what_lists_say(data):
    rows, columns, more = (data.draw(st.integers(1, 4)) for _ in range(3))
    a, b = data.draw(lists(rows, columns)), data.draw(lists(more, columns))
    left, right = made(a, columns), made(b, columns)
    assert left.toarray().tolist() == a
    assert [dict(left.row(i)) for i in range(rows)] == [{j: v for j, v in enumerate(r) if v} for r in a]
    assert (-left).toarray().tolist() == [[-v for v in row] for row in a]
    assert left.transposed.toarray().tolist() == [list(column) for column in zip(*a, strict=True)]
    assert stacked([left, right]).toarray().tolist() == a + b
    assert beside(left.transposed, right.transposed).toarray().tolist() == [
        list(x) + list(y) for x, y in zip(zip(*a, strict=True), zip(*b, strict=True), strict=True)
    ]
    kept = data.draw(st.permutations(range(rows)))
    assert left[np.array(kept)].toarray().tolist() == [a[i] for i in kept]
    assert left.columns(slice(columns - 1)).toarray().tolist() == [row[: columns - 1] for row in a]
    assert left.nnz == sum(v != 0 for row in a for v in row) == len(left.entries)
    assert left.largest >= max(abs(v) for row in a for v in row)
    assert left.row_bits.tolist() == [max(abs(v) for v in row).bit_length() for row in a]
    assert left.equals(made(a, columns))
    assert left.equals(right) == (a == b)
    assert 0 not in left.codes
    assert left.palette == (0, *sorted({v for row in a for v in row} - {0}))


@often
@given(st.data())
def test_kronecker_products(data):
    a, b = data.draw(lists(2, 3)), data.draw(lists(3, 2))
    wanted = [[x * y for x in row for y in line] for row in a for line in b]
    assert kron(made(a, 3), made(b, 2)).toarray().tolist() == wanted
    wanted = [[x * (i == j) for i in range(2) for x in row] for j in range(2) for row in a]
    assert kron(identity(2), made(a, 3)).toarray().tolist() == wanted
    assert kron(empty(2), made(a, 3)).shape == (0, 6)


@often
@given(st.data())
def test_products_on_both_sides_of_the_bound(data):
    a = data.draw(lists(3, 4))
    b = data.draw(lists(4, 2, st.integers(-5, 5)))
    other = csr_array(np.array(b, dtype=np.int64))
    found = made(a, 4).times(other)
    assert found.toarray().tolist() == product(a, b)
    short_ones = [[v % 1000 for v in row] for row in a]
    fast = made(short_ones, 4).times(other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(integer_matrix, "SAFE", 0)
        slow = made(short_ones, 4).times(other)
    assert fast.equals(slow)
    assert fast.palette == slow.palette
    assert fast.toarray().tolist() == product(short_ones, b)


def test_what_is_made_of_entries_codes_and_small_matrices():
    assert of_entries([(0, 1, 2**70), (0, 1, -(2**70)), (1, 0, 3), (1, 0, 4)], (2, 2)).toarray().tolist() == [
        [0, 0],
        [7, 0],
    ]
    held = of_codes(np.array([[2, 1], [1, 2]]), np.array([[0, 2], [1, 2]]), 3, (0, -(10**30), 5))
    assert held.toarray().tolist() == [[5, 0, -(10**30)], [0, -(10**30), 5]]
    doubled = csr_array(
        (np.array([1, 2, -1, 0]), (np.array([0, 0, 1, 1]), np.array([1, 1, 0, 1]))), shape=(2, 2)
    )
    assert of_small(doubled).toarray().tolist() == [[0, 3], [-1, 0]]
    first, second = aligned(of_rows([{0: 7}], 1), of_rows([{0: 5}], 1))
    assert first != second


# ------------------------------------------------------------------ arrays


@often
@given(lists(3, 4), lists(3, 4), INTEGERS)
def test_array_sums_are_exact(a, b, factor):
    left, right = arrays.whole(a), arrays.whole(b)
    assert left.tolist() == a
    assert (left.dtype == object) == (max(abs(v) for row in a for v in row) >= 2**62)
    found = arrays.summed("os,os->s", left, right)
    assert found.tolist() == [sum(a[o][s] * b[o][s] for o in range(3)) for s in range(4)]
    assert arrays.scaled(left, factor).tolist() == [[v * factor for v in row] for row in a]
    assert arrays.largest(left) == max(abs(v) for row in a for v in row)
    shares = arrays.quotients(left, 10**50 + 1)
    assert shares.tolist() == [[v / (10**50 + 1) for v in row] for row in a]


def test_an_empty_array_has_no_largest_entry():
    assert arrays.largest(np.zeros((0, 3), dtype=np.int64)) == 0


CHSH = sc.chsh()
FACTORS = st.fractions(-(10**9), 10**9, max_denominator=10**18)


@often
@given(st.data(), st.sampled_from(["score", "guessing-probability", "trace-distance"]))
def test_boxes_of_any_denominator_are_worth_what_fractions_say(data, quantity):
    """A mixture of deterministic boxes with long weights, against the evaluation of attacks."""
    bottom = data.draw(st.integers(1, 10**30))
    cut = data.draw(st.integers(0, bottom))
    numerators = [0] * 16
    for s in range(4):
        numerators[s] += cut  # outcomes 00
        numerators[3 * 4 + s] += bottom - cut  # outcomes 11
    box = Table(tuple(numerators), bottom)
    if quantity == "score":
        terms = {(o, s): data.draw(FACTORS) for o in range(4) for s in range(4)}
        ask = Ask("score", functional=fn.from_terms(terms))
        if not ask.functional.terms:
            return
        truth = sum(
            f * F(cut if o == 0 else bottom - cut, bottom) for o, _, f in ask.functional.terms if o in (0, 3)
        )
    else:
        ask = Ask(quantity, Output((0, 0, 1, 1), 2, "A"), (0, 0))
        known = F(max(cut, bottom - cut), bottom)
        truth = known if quantity == "guessing-probability" else known - F(1, 2)
    question = Question(CHSH, Uniform(), "uniform", Adversary("no-signalling"), (), ask)
    assert evaluated(question, [Strategy((F(1, 4),) * 4, box)]) == truth
    numerators_of, bottoms = box_values(question, *strategies._tables(question, [box]))
    by_setting = [F(int(v), int(bottoms[0])) for v in numerators_of[0]]
    assert (sum(by_setting) if quantity == "score" else by_setting[0]) == truth
    program = strategies.by_boxes(question, [box]).program
    assert certify.objective_value(program, [F(1)] * program.shape[1]) == truth


# ------------------------------------------------------------------ systems and programs with long rows


@pytest.mark.parametrize("digits", [3, 30, 400])
def test_systems_with_long_rows_and_columns(digits):
    """One row (or column) is multiplied by an integer that floats need not hold."""
    rng = np.random.default_rng(digits)
    small = rng.integers(-9, 10, (6, 6)).tolist()
    long = 10**digits + 7
    rows = [[v * long for v in row] if i in (1, 4) else row for i, row in enumerate(small)]
    x = [F(int(k), 7 + int(k) ** 2) for k in rng.integers(1, 99, 6)]
    right = [sum((v * y for v, y in zip(row, x, strict=True)), F(0)) for row in rows]
    assert solve_exact(made(rows, 6), right) == x
    columns = [list(column) for column in zip(*rows, strict=True)]
    right = [sum((v * y for v, y in zip(row, x, strict=True)), F(0)) for row in columns]
    shifts = [long.bit_length() if i in (1, 4) else 0 for i in range(6)]
    assert solve_exact(made(columns, 6), right, shifts) == x


@pytest.mark.parametrize("digits", [3, 15, 30, 400])
def test_a_program_with_a_long_row(digits):
    """max x + y with whole (3 x + y) <= 2 whole, x, y in [0, 1]: 4/3 at (1/3, 1)."""
    whole = 10**digits + 1
    rows = Rows(
        "nonnegative", of_rows([{0: 3 * whole, 1: whole}], 2), vector([F(2 * whole)]), Labels("r", ())
    )
    program = conic_program(
        [rows], objective=constant(1, 2), lower=constant(0, 2), upper=constant(1, 2), column_labels=()
    )
    solution = solve(program)
    assert solution.primal_residual < 1e-9
    found = certify.multipliers(program, solution)
    assert (found.bound, found.values) == (F(4, 3), {0: F(1, 3 * whole)})
    assert certify.point(program, solution) == [F(1, 3), 1]
    # without a basis: multipliers on a grid, of the row that the solver saw
    blind = certify.multipliers(program, replace(solution, basic_columns=None, active_rows=None))
    assert F(4, 3) <= blind.bound <= F(4, 3) + F(1, 10**12)


# ------------------------------------------------------------------ numbers that are written down


def test_long_ends_are_rounded_outward():
    long = F(10**3000 // 3, 10**3000)
    for x in (long, -long, sqrt(F(2)) * long):
        low, high = at_most(x), at_least(x)
        assert bits(low) <= 300
        assert compare(low, x) < 0 < compare(high, x)
        assert high - low <= F(1, 2**254)
    for x in (F(1, 3), sqrt(F(2)), F(1, 10**1000)):
        assert at_most(x) == at_least(x) == x
    assert short(F(10**4000)) and not short(F(1, 10**4300))


@pytest.mark.parametrize(("exponent", "value"), [(F(0), 1), (F(10), 1024), (F(1, 2), 1), (F(-3), 0)])
def test_powers_of_two(exponent, value):
    assert power_of_two(exponent) == value


def test_powers_of_two_are_those_of_integer_roots():
    for top in (301, 1999, 2001):
        exponent = F(top, 7)
        found = power_of_two(exponent)
        assert (2 * found - 1) ** 7 <= 2 ** (7 + top) <= (2 * found + 1) ** 7


@pytest.mark.parametrize("size", [1, 10**6, 10**15, 10**40])
def test_a_weaker_score_is_weaker(size):
    """Beyond 10^10 floats are coarser than the 10^-6 by which a score was made weaker."""
    functional = fn.chsh(CHSH)
    score = sqrt(F(2)) * size
    above, below = (_weaker(Check(functional, relation, score, "")) for relation in ("<=", ">="))
    assert compare(below, score) < 0 < compare(above, score)
    assert above - below <= F(1, 10**6)
    assert above == F(floor(above * 10**6), 10**6)
    assert lcm(above.denominator, 10**6) == 10**6
