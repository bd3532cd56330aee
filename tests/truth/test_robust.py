"""Sums of biases of some parties, and under violated relations: against other formulations and theorems."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from robust import largest, question

from freerand_opt.bounds.bound import bound
from freerand_opt.claims.conjecture.lemniscate import half_constant
from freerand_opt.claims.conjecture.polynomial import coefficients
from freerand_opt.claims.formulas import value
from freerand_opt.conic.basis import exact_multipliers, exact_point
from freerand_opt.conic.linear import LinearProgram, solve
from freerand_opt.conic.sparse import sparse
from freerand_opt.errors import InputError
from freerand_opt.model.ask import Ask

K_LOWER = half_constant(120)[0]


def of_polynomials(k):
    """Structure theorem (S): max k gamma_1 over W with |arg W| <= pi/4 at the points of {1, -1, i, -i}^k."""
    entries, right = [], []
    for a in range(k + 1):
        for b in range(k + 1 - a):
            for c in range(k + 1 - a - b):
                real, imaginary = coefficients((a, b, c, k - a - b - c))
                for sign in (1, -1):  # Re W >= +- Im W
                    row = len(right)
                    entries += [(row, d - 1, sign * imaginary[d] - real[d]) for d in range(1, k + 1)]
                    right.append(F(real[0]))
    rows = len(right)
    program = LinearProgram(
        sparse((rows, k), entries), (False,) * rows, tuple(right), tuple(range(rows)), {0: F(k)}
    )
    hint = solve(program)
    z, x = exact_multipliers(program, hint), exact_point(program, hint, right)
    assert min(z) >= 0
    assert sum(price * bound for price, bound in zip(z, right, strict=True)) == k * x[0]
    return k * x[0]


def some(parties, k, ones, violated="0"):
    asked = question(parties, ones, F(violated))
    return asked.changed(ask=Ask("sum-of-biases", of=list("ABCDEFGHIJKL"[:k]), at=asked.ask.at))


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_biases_of_some_parties_are_those_of_polynomials(k):
    """T4: for every M > k; T1: at most K."""
    best = of_polynomials(k)
    assert best <= K_LOWER
    for parties in (max(9, k + 1), 10):
        for at in (0, 1):
            assert bound(some(parties, k, at)).bracket.exact == best


def test_all_parties_but_one_bound_all():
    """T1': B <= M/(M-1) C_(M-1), since every party is left out once."""
    for parties in range(3, 8):
        some_of_them = of_polynomials(parties - 1)
        for weight in (0, 1, 2):
            assert largest(parties, weight, F(0)) <= some_of_them * F(parties, parties - 1)


def test_robust_formula():
    """K M/(M-1) + 2 v bounds the sum of all biases of nine parties at v = 1/10."""
    asked = question(9, 0, F(1, 10))
    claimed = value("ghz-robust", asked)
    assert 0 <= F(9, 8) * half_constant(120)[1] + F(1, 5) - claimed < F(1, 10**30)
    assert bound(asked).upper <= claimed


def test_faults():
    with pytest.raises(InputError, match="no party"):
        question(4, 0, F(0)).changed(ask=Ask("sum-of-biases", of=["A", "Z"], at=0))
    with pytest.raises(InputError, match="joint setting"):
        Ask("sum-of-biases", of=["A", "B"], at="average")
    with pytest.raises(InputError, match="violated"):
        some(4, 2, 0, "-1")
    asked = question(4, 0, F(0)).changed(ask=Ask("guessing-probability", of="A", at=0))
    with pytest.raises(InputError, match="sums of biases"):
        value("ghz-robust", asked)
