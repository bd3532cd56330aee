"""Colour refinement: the reduced program has the same optimum, and its multipliers lift."""

from __future__ import annotations

import copy
import itertools
import json
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from freerand_opt.first.answers.bounding import bound
from freerand_opt.first.answers.verification import check_certificate
from freerand_opt.first.certificates import certify
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import BIT_ORDERS, SanthaVazirani
from freerand_opt.first.programs.build import build
from freerand_opt.first.programs.integer_matrix import of_rows, of_small
from freerand_opt.first.programs.program import Labels, Rows, conic_program, constant, vector
from freerand_opt.first.programs.refinement import classes, equitable, lift_rows, reduce
from freerand_opt.first.proving.solving import expanded
from freerand_opt.first.solvers.highs import solve

X = Output((0, 0, 1, 1), 2, "A")
ORDERS = ("interleaved", "A first", "B first")


def chained_question(n, order, bits, *, epsilon=F(3, 50), at=(0, 0), per_edge=False, score=None):
    scenario = sc.chained(n)
    functional, quantum = fn.chained(scenario), bh.quantum(scenario)
    parts = [functional]
    if per_edge:
        parts = [
            fn.Functional(tuple(t for t in functional.terms if t[1] == s))
            for s in sorted(functional.settings())
        ]
    tests = tuple(
        Check(p, "<=", bh.score(p, quantum) if score is None else score, str(k)) for k, p in enumerate(parts)
    )
    return Question(
        scenario,
        SanthaVazirani(epsilon, order, bits),
        "uniform",
        Adversary("no-signalling"),
        tests,
        Ask("trace-distance", X, at),
    )


def program_of(a, right, zero, cost, upper=1):
    a = np.array(a, dtype=np.int64)
    order = [i for i in range(len(a)) if zero[i]] + [i for i in range(len(a)) if not zero[i]]
    count = sum(zero)
    parts = [
        Rows(
            cone,
            of_small(csr_array(a[rows])),
            vector([right[i] for i in rows]),
            Labels("row {0}", (tuple(map(str, rows)),)),
        )
        for cone, rows in (("zero", order[:count]), ("nonnegative", order[count:]))
        if rows
    ]
    n = a.shape[1]
    return conic_program(
        parts,
        objective=vector(cost),
        lower=constant(0, n),
        upper=constant(upper, n),
        column_labels=(Labels("x{0}", (tuple(map(str, range(n))),)),),
    )


def exact(program):
    solution = solve(program)
    x = certify.point(program, solution)
    found = certify.multipliers(program, solution)
    assert x is not None
    assert found.bound == sum((program.objective[j] * x[j] for j in range(len(x))), F(0))
    return found


# ------------------------------------------------------------------ random programs with a symmetry


@st.composite
def symmetric_programs(draw):
    """A random program that a cyclic group of column permutations leaves as it is."""
    n = draw(st.integers(2, 7))
    permutation = draw(st.permutations(range(n)))
    order = 1
    power = list(permutation)
    while power != list(range(n)):
        power = [permutation[j] for j in power]
        order += 1
    assume(1 < order <= 6)
    orbit = list(range(n))
    for j in range(n):
        k = j
        while True:
            orbit[k] = min(orbit[k], orbit[j])
            k = permutation[k]
            if k == j:
                break
    inside = {o: F(draw(st.integers(0, 4)), 4) for o in set(orbit)}
    x = [inside[o] for o in orbit]
    rows, right, zero = [], [], []
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n))
        equal = draw(st.booleans())
        slack = 0 if equal else F(draw(st.integers(0, 3)), 2)
        reached = sum(r * v for r, v in zip(row, x, strict=True))
        for _ in range(order):
            if any(row):
                rows.append(row)
                right.append(reached + slack)
                zero.append(equal)
            row = [row[permutation[j]] for j in range(n)]
    assume(rows)
    cost = {o: F(draw(st.integers(-3, 3))) for o in set(orbit)}
    program = program_of(rows, right, zero, [cost[o] for o in orbit])
    return program, len(set(orbit))


@given(symmetric_programs())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_symmetric_program_keeps_its_optimum(drawn):
    program, orbits = drawn
    rows, columns = classes(program)
    assert equitable(program, rows, columns)
    assert columns.max() + 1 <= orbits  # refinement is never finer than the orbits
    reduced = reduce(program)
    assume(reduced.program.matrix.nnz)
    small, full = exact(reduced.program), exact(program)
    assert small.bound == full.bound
    lifted = lift_rows(reduced.row_class, small.values)
    assert all(v >= 0 or program.zero_rows[row] for row, v in lifted.items())
    assert certify.bound(program, lifted) == full.bound
    # a point of the classes, copied to all of a class, solves the full program
    x = certify.point(reduced.program, solve(reduced.program))
    copied = [x[place] for place in reduced.column_class]
    assert certify.feasible(program, copied)
    assert sum((program.objective[j] * copied[j] for j in range(len(copied))), F(0)) == full.bound


def test_classes_of_a_program_without_symmetry_are_single():
    program = program_of([[1, 2, 3], [4, 5, 7]], [F(1), F(1)], [False, False], [F(1), F(1), F(1)])
    rows, columns = classes(program)
    assert rows.tolist() == [0, 1]
    assert columns.tolist() == [0, 1, 2]


@pytest.mark.parametrize("change", ["right", "objective", "lower", "upper", "cone", "entry"])
def test_one_datum_keeps_columns_or_rows_apart(change):
    data = {"right": [F(1), F(1)], "zero": [False, False], "cost": [F(1), F(1)], "a": [[1, 2], [2, 1]]}
    program = program_of(data["a"], data["right"], data["zero"], data["cost"])
    assert [c.max() for c in classes(program)] == [0, 0]
    if change == "right":
        program = replace(program, right=vector([F(1), F(1) + F(1, 10**40)]))
    elif change == "cone":
        program = replace(program, blocks=(("zero", 1), ("nonnegative", 1)))
    elif change == "entry":
        rows = [dict(program.matrix.row(i)) for i in range(2)]
        rows[0][min(rows[0])] = 5
        program = replace(program, matrix=of_rows(rows, program.shape[1]))
    else:
        values = [getattr(program, change)[j] for j in (0, 1)]
        program = replace(program, **{change: vector([values[0] - F(1, 10**40), values[1]])})
    assert max(c.max() for c in classes(program)) == 1


def test_equitable_refuses_wrong_classes():
    program = program_of([[1, 2, 0], [2, 1, 0], [0, 0, 5]], [F(1)] * 3, [False] * 3, [F(1)] * 3)
    rows, columns = classes(program)
    assert equitable(program, rows, columns)
    assert not equitable(program, np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64))
    assert not equitable(program, rows, np.array([0, 1, 0]))
    assert not equitable(program, np.array([0, 1, 2]), columns)


# ------------------------------------------------------------------ the chained programs


ENCODINGS = list(itertools.product(ORDERS, BIT_ORDERS))


@pytest.mark.parametrize(("order", "bits"), ENCODINGS)
@pytest.mark.parametrize(("at", "per_edge"), [((0, 0), False), ((1, 2), True), ("average", True)])
def test_reduced_chained_programs_keep_the_optimum(order, bits, at, per_edge):
    q = chained_question(4, order, bits, at=at, per_edge=per_edge, score=F(1, 25) if per_edge else F(3, 10))
    program = build(q).above.program
    reduced = reduce(program)
    assert equitable(program, reduced.row_class, reduced.column_class)
    assert reduced.program.shape[1] < program.shape[1]
    small = exact(reduced.program)
    assert small.bound == exact(program).bound
    assert certify.bound(program, lift_rows(reduced.row_class, small.values)) == small.bound


@pytest.mark.parametrize("bits", BIT_ORDERS)
def test_lifted_multipliers_prove_the_same_bound_for_irrational_data(bits):
    program = build(chained_question(8, "interleaved", bits)).above.program
    reduced = reduce(program)
    small = certify.multipliers(reduced.program, solve(reduced.program))
    assert certify.bound(program, lift_rows(reduced.row_class, small.values)) == small.bound


@pytest.mark.parametrize(
    ("bits", "shape"), [("least-significant-first", (1081, 621)), ("most-significant-first", (8450, 5033))]
)
def test_sizes_at_n_16(bits, shape):
    # mathematics.md, section 5: 1081 and 8450 rows from a prototype of its own (which had one more column)
    program = build(chained_question(16, "interleaved", bits)).above.program
    reduced = reduce(program)
    assert reduced.program.shape == shape
    assert equitable(program, reduced.row_class, reduced.column_class)


# ------------------------------------------------------------------ what is lifted is checked in full


def lifted_certificate():
    q = chained_question(8, "interleaved", "least-significant-first")
    result = bound(q)
    body = json.loads(json.dumps(result.certificate))
    assert body["multipliers"]["lift"] == "colour-refinement"
    program = build(q).above.program
    return body, program, reduce(program)


def test_a_wrong_lift_is_rejected():
    body, program, reduced = lifted_certificate()
    programs, lifted = expanded(body, program, reduced)
    checker.check(body, programs=programs, lifted=lifted)
    ((key, (palette, rows, codes)),) = lifted.items()
    sizes = np.bincount(reduced.row_class)
    undivided = [
        str(F(palette[c]) * int(sizes[reduced.row_class[r]])) for r, c in zip(rows, codes, strict=True)
    ]
    moved = [(r + 1) % program.shape[0] for r in rows]
    flipped = [str(-F(v)) for v in palette]
    for wrong in (
        (undivided, rows, list(range(len(rows)))),
        (palette, moved, codes),
        (flipped, rows, codes),
        (palette, rows[:-1], codes[:-1]),
    ):
        with pytest.raises(checker.CertificateError):
            checker.check(body, programs=programs, lifted={key: wrong})


def test_values_for_other_classes_are_rejected():
    body, program, _ = lifted_certificate()
    check_certificate(body)
    first = copy.deepcopy(body)
    first["multipliers"]["rows"][0] = program.shape[0] + 5
    with pytest.raises(checker.CertificateError, match="classes"):
        check_certificate(first)
    second = copy.deepcopy(body)
    second["multipliers"]["codes"] = second["multipliers"]["codes"][::-1]
    with pytest.raises(checker.CertificateError):
        check_certificate(second)
