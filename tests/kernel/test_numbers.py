"""Numbers of the kernel: enclosures against ball arithmetic, signs of sums that vanish, one spelling."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from freerand_opt.checker.failures import TooMuch, Unreadable, Work
from freerand_opt.checker.numbers import cosine, decimals, enclose, read_number, sign, written
from freerand_opt.numbers.kernel import triples
from freerand_opt.numbers.parse import parse

DIGITS = {  # OEIS A002193, A001622, A010503
    "sqrt(2)": "1.41421356237309504880168872420969807856967187537694",
    "1/2*sqrt(5) + 1/2": "1.61803398874989484820458683436563811772030917980576",
    "cos(pi/4)": "0.70710678118654752440084436210484903928483593768847",
}
#: Equal numbers, by identities of the literature.
EQUAL = [
    ("cos(pi/9)*cos(2*pi/9)*cos(4*pi/9)", "1/8"),  # Morrie's law
    ("8*cos(2*pi/7)^3 + 4*cos(2*pi/7)^2", "4*cos(2*pi/7) + 1"),
    ("2*cos(2*pi/17) + 2*cos(4*pi/17) + 2*cos(8*pi/17) + 2*cos(16*pi/17)", "(sqrt(17) - 1)/2"),  # Gauss
    ("cos(pi/5) - cos(2*pi/5)", "1/2"),
    ("sin(pi/7)*sin(2*pi/7)*sin(3*pi/7)", "sqrt(7)/8"),
]


def number(text):
    return read_number(triples(parse(text)), "here", Work())


@pytest.mark.parametrize("text", DIGITS)
@pytest.mark.parametrize("bits", [16, 64, 170, 1000])
def test_known_digits(text, bits):
    low, high = enclose(number(text), bits)
    known = Fraction(DIGITS[text])  # cut
    assert low <= known + Fraction(1, 10**50) and known <= high
    assert high - low < Fraction(2**6, 2**bits)


def ball_of(x):
    return arb(fmpq(x.numerator, x.denominator))


terms = st.tuples(
    st.fractions(-9, 9, max_denominator=50).filter(bool),
    st.sampled_from([1, 2, 3, 5, 6, 7, 30, 999_983]),
    st.fractions(0, 2, max_denominator=60),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(terms, min_size=1, max_size=4), st.integers(64, 400))
def test_enclosures_hold_what_ball_arithmetic_says(drawn, bits):
    text = " + ".join(f"({f})*sqrt({n})*cos(({q})*pi)" for f, n, q in drawn)
    x = number(text)
    low, high = enclose(x, bits)
    with ctx.workprec(bits + 100):
        balls = [
            ball_of(f) * arb(n).sqrt() * arb.cos_pi_fmpq(fmpq(q.numerator, q.denominator))
            for f, n, q in drawn
        ]
        ball = sum(balls, arb(0))
        assert not ball < ball_of(low)
        assert not ball > ball_of(high)
    assert high - low < Fraction(2**24, 2**bits)
    raw = triples(parse(text))
    assert written(read_number(raw, "here", Work())) == raw


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_sums_that_vanish(left, right):
    one, two, tiny = number(left), number(right), Fraction(1, 10**200)
    assert sign(one - two) == 0
    assert sign(one - two + tiny) == 1
    assert sign(one - two - tiny) == -1


@pytest.mark.parametrize("m", [3, 7, 15, 105, 385])
def test_roots_of_unity_sum_to_zero(m):
    total = sum((cosine(Fraction(2 * k, m) + Fraction(1, 11)) for k in range(m)), Fraction(0))
    assert sign(total) == 0
    assert sign(total - cosine(Fraction(1, 3)) + Fraction(1, 2) + Fraction(1, 10**300)) == 1


def test_what_is_too_near_is_not_decided():
    power = number("1")
    for _ in range(12):
        power = power * number("sqrt(2) - 1")
    values = [number("sqrt(2) - 1"), power]
    assert all(sign(a - b) == 1 for a, b in pairwise(values))
    low, _ = enclose(number("sqrt(2)"), 6000)
    with pytest.raises(TooMuch, match="cannot be decided"):
        sign(number("sqrt(2)") - low)


@pytest.mark.parametrize(
    "raw",
    [
        [["1", 4, "0"]],  # 4 is a square
        [["1", 2, "1/4"]],  # sqrt 2 cos(pi/4) is 1
        [["1", 2, "2/3"]],
        [["0", 2, "0"]],
        [["1", 2, "0"], ["1", 2, "0"]],
        [["1", 3, "0"], ["1", 2, "0"]],
        [["1", 1, "0"]],  # a fraction
        [],
        [["1", 2]],
        [[1, 2, "0"]],
        [["1", "2", "0"]],
        [["1", 2, 0]],
        [["1", 2, "1/16385"]],
        [["1", 10**12 + 39, "0"]],
        "1/2/3",
        "1e3",
        "2/4",
        1,
        0.5,
        None,
        True,
    ],
)
def test_other_spellings_are_refused(raw):
    with pytest.raises((Unreadable, TooMuch)):
        read_number(raw, "here", Work())


def test_decimals_of_long_terms_that_nearly_cancel():
    """p^2 = 2 q^2 + 1 (Pell): 3/4 + p - q sqrt 2 lies 1/(p + q sqrt 2) above 3/4."""
    p, q = 3, 2
    while q < 10**70:
        p, q = 3 * p + 4 * q, 2 * p + 3 * q
    x = read_number([[str(Fraction(3, 4) + p), 1, "0"], [str(-q), 2, "0"]], "x", Work())
    assert decimals(x) == "0.7500000000.."


def test_decimals_are_cut_towards_zero():
    assert decimals(number("sqrt(2)")) == "1.4142135623.."
    assert decimals(number("0 - sqrt(2)")) == "-1.4142135623.."
    assert decimals(Fraction(10) ** 100) == "2^332.."
