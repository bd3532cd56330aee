"""Sources of settings: values that follow by hand or from the literature."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from freerand_opt.bounds.bound import bound
from freerand_opt.errors import InputError
from freerand_opt.model import (
    Adversary,
    Ask,
    Bits,
    Free,
    Functional,
    MinEntropy,
    Mixture,
    Observed,
    OnAverage,
    Product,
    Question,
    Relative,
    SanthaVazirani,
    Test,
    Uniform,
    chsh,
)
from tests.kernel.makers import no_signalling_vertices

BIASED = {"00": "0.36", "01": "0.24", "10": "0.24", "11": "0.16"}
STRINGS = ["".join(s) for s in product("01", repeat=3)]
MAJORITY = {s: int(s.count("1") > 1) for s in STRINGS}
PARITY = {"00": 0, "01": 1, "10": 1, "11": 0}


def local_chsh(source, settings="uniform"):
    asked = Ask("score", functional=Functional.named("chsh"))
    observed = Observed(settings=settings)
    return bound(Question(chsh(), source, adversary=Adversary("local"), observed=observed, ask=asked)).bracket


def both(bracket, value):
    return (bracket.lower, bracket.upper) == (value, value)


def test_bits_around_another_centre():
    # worked out by hand: four points of the source, and the settings' mean in the middle
    source = Bits(epsilon="0.01", centre="0.6")
    assert both(local_chsh(source, BIASED), Fraction(669, 320))
    asked = Question(
        chsh(),
        source,
        adversary=Adversary("no-signalling"),
        observed=Observed(settings=BIASED),
        tests=[Test("chsh", ">=", "2.7")],
        ask=Ask("guessing-probability", of="A", at=[0, 0]),
    )
    assert both(bound(asked).bracket, Fraction(325, 384))


def test_centre_one_half_is_santha_vazirani():
    for epsilon in ("0", "0.05", "1/3"):
        assert local_chsh(Bits(epsilon=epsilon)) == local_chsh(SanthaVazirani(epsilon))


def after(bits, least, most):
    return {"party": "B", "bit": 0, "after": bits, "least": least, "most": most}


def test_a_range_that_depends_on_the_bits_before():
    # B's bit is 3/5 after 0 and fair after 1, A's within 1/20 of fair: w loses at the x that it makes rare,
    # half of it each way, 4 - 2 (1 - 2/20); a loss costs at least that
    exact = [after("0", "3/5", "3/5"), after("1", "1/2", "1/2")]
    often = {"00": "0.3", "01": "0.2", "10": "0.25", "11": "0.25"}
    assert both(local_chsh(Bits("1/20", ranges=exact), often), Fraction(11, 5))
    # every node named, all alike: the rows are another form of the same source
    same = [after(bits, "9/20", "11/20") for bits in "01"]
    assert local_chsh(Bits("1/20", ranges=same)) == local_chsh(SanthaVazirani("1/20"))


@pytest.mark.parametrize("settings", ["uniform", {"00": "0.3", "01": "0.2", "10": "0.3", "11": "0.2"}])
def test_relative_bounds_give_two_plus_twice_epsilon(settings):
    # the losing setting has 1 - eps; the weights of w can be chosen for every P(s) <= 1/2
    assert both(local_chsh(Relative("0.1"), settings), Fraction(11, 5))


@pytest.mark.parametrize("order", ["interleaved", "A first", "B first"])
def test_majority_of_three_bits(order):
    # a bit of the majority is wrong with 3 q^2 - 2 q^3, q = 1/2 - eps, whatever the order
    q = Fraction(9, 20)
    found = local_chsh(Bits(epsilon="0.05", coding={"A": MAJORITY, "B": MAJORITY}, order=order))
    assert both(found, 4 - 8 * (3 * q**2 - 2 * q**3) ** 2)


@pytest.mark.parametrize("order", ["interleaved", "A first"])
def test_parity_of_two_dependent_bits_is_no_better_than_one(order):
    q = Fraction(9, 20)
    found = local_chsh(Bits(epsilon="0.05", coding={"A": PARITY, "B": PARITY}, order=order))
    assert both(found, 4 - 8 * q**2)


def test_products_of_parties_with_a_largest_probability():
    # each party leaves out its rarer setting with 1 - p: 4 - 8 (1 - p)^2, 2 sqrt 2 at p^2 = .3810797
    p = Fraction(61731, 100000)
    found = local_chsh(Product([p, p]))
    assert both(found, 4 - 8 * (1 - p) ** 2)
    assert abs(p * p - Fraction(3810797, 10**7)) < Fraction(1, 10**4)


@pytest.mark.parametrize("c", ["1/4", "0.3", "0.44", "1/2", "0.7"])
def test_products_that_share_a_bound(c):
    # uneven shares are best, 2 c and 1/2: min(4, 8 c), so 2 sqrt 2 at sqrt 2/4; each party's own largest
    # probability bounded by sqrt c is another source, 4 - 8 (1 - sqrt c)^2 (docs/proofs/products.md)
    assert both(local_chsh(Product(joint=c)), min(Fraction(4), 8 * Fraction(c)))


def test_a_guess_under_a_shared_bound_is_that_of_a_program_on_a_grid():
    # boxes: the 24 extreme ones without signalling; products: corners at 60 places of the curve
    c, score, places = 0.28, 2.6, np.linspace(0.5, 0.56, 61)
    points = [
        np.outer(p, q).ravel()
        for m in places
        for p in ((m, 1 - m), (1 - m, m))
        for q in ((c / m, 1 - c / m), (1 - c / m, c / m))
    ]
    boxes = np.array(no_signalling_vertices(), dtype=float)
    signs = np.array([[1, -1, -1, 1]] * 3 + [[-1, 1, 1, -1]])
    chsh_of, first = (boxes * signs).sum(axis=2), boxes[:, 0, :2].sum(axis=1)
    columns, gains = [], []
    for point in points:
        for own, p0 in zip(chsh_of, first, strict=True):
            columns.append([*point, 4 * point @ own])
            gains.append(4 * point[0] * max(p0, 1 - p0))
    matrix = np.array(columns).T
    found = linprog(
        -np.array(gains), -matrix[4:], [-score], matrix[:4], [0.25] * 4, bounds=(0, None), method="highs"
    )
    asked = Question(
        chsh(),
        Product(joint="0.28"),
        adversary=Adversary("no-signalling"),
        tests=[Test("chsh", ">=", "2.6")],
        ask=Ask("guessing-probability", of="A", at=[0, 0]),
    )
    bracket = bound(asked).bracket
    assert bracket.width < 1e-9
    assert abs(float(bracket.upper) + found.fun) < 1e-5


def test_free_settings_of_any_distribution_give_two():
    assert both(local_chsh(Free(), {"00": "0.3", "01": "0.2", "10": "0.3", "11": "0.2"}), Fraction(2))


def test_a_party_without_any_freedom_gives_four():
    assert both(local_chsh(Mixture([Uniform(), MinEntropy(0)])), Fraction(4))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Bits(epsilon="0.2", centre="0.9"), "not within"),
        (lambda: Bits(epsilon="0.1", coding={"A": {"0": 0, "1": 0}}), "each named by a string"),
        (lambda: Bits(epsilon="0.1", coding={"A": {"00": 0, "1": 1}}), "all of one length"),
        (lambda: Bits(epsilon="0.1", coding={"C": {"0": 0, "1": 1}}), "no party"),
        (lambda: Bits(epsilon="0.1", coding={"A": {"2": 0, "1": 1}}), "no string of bits"),
        (
            lambda: Bits(epsilon="0.1", ranges=[{"party": "A", "bit": 1, "least": 0, "most": 1}]),
            "no such bit",
        ),
        (lambda: Bits("0.1", ranges=[after("2", 0, 1)]), "no string of bits"),
        (lambda: Bits("0.1", ranges=[after("01", 0, 1)]), "1 bits come before"),
        (lambda: Bits("0.1", coding={"A": PARITY}, ranges=[after("0", 0, 1)]), "setting of its own"),
        (lambda: Mixture([Uniform(), Bits("0.1", ranges=[after("0", 0, 1)])]), "one party's bits"),
        (lambda: OnAverage(bad="0.1", good=Bits("0.1", ranges=[after("0", 0, 1)])), "good trials"),
        (lambda: Bits(epsilon=["0.1"]), "parties"),
        (lambda: Relative("0.1", around={"00": "1/2"}), "sums to"),
        (lambda: Product(["1/4", "1/2"]), "below 1/2"),
        (lambda: Product(["1/2"]), "each of A, B"),
        (lambda: Product(), "exactly one of largest, joint"),
        (lambda: Product(["1/2", "1/2"], joint="1/3"), "exactly one of largest, joint"),
        (lambda: Product(joint="1/5"), "below 1/4"),
    ],
)
def test_mistakes_are_one_clear_error(make, words):
    asked = Ask("score", functional=Functional.named("chsh"))
    with pytest.raises(InputError, match=words):
        Question(chsh(), make(), adversary=Adversary("local"), ask=asked)
