"""Local scores and critical epsilons on the chain in closed form, in every order of bits.

docs/proofs/chained-local-model.md, statements 2 and 3: the least I_N is (1 - 2 epsilon)^(2r), N = 2^r.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import pytest

from freerand_opt import Ask, Functional, Question, SanthaVazirani, Test, bound, chained, chsh, curve
from freerand_opt.model.files.catalogue import find
from freerand_opt.model.files.file import read
from freerand_opt.numbers.exact import compare, cos_pi

ORDERS = ("interleaved", "A first", "B first")
BITS = ("least-significant-first", "gray", "most-significant-first")
LOCAL = {"devices": "local"}
WORDS = "one strategy for each of {} edges"


def least(n, source, functional="chained"):
    ask = Ask("score", functional=functional, extreme="smallest")
    return bound(Question(chained(n), source, adversary=LOCAL, ask=ask))


@pytest.mark.parametrize(("order", "bits"), list(product(ORDERS, BITS)))
@pytest.mark.parametrize(("n", "epsilon"), [(2, F(2, 5)), (8, F(0)), (32, F(1, 7))])
def test_the_least_local_score(n, epsilon, order, bits):
    found = least(n, SanthaVazirani(epsilon, order=order, bits=bits))
    assert found.bracket.exact == (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))
    assert dict(found.how) == dict.fromkeys(("upper", "attack"), WORDS.format(2 * n))


def test_a_million_pairs_of_settings_in_the_default_order():
    """N = 1024, most significant bits first: a certificate of 200 kB, and no program."""
    found = least(1024, SanthaVazirani("1/50"))
    assert found.bracket.exact == F(24, 25) ** 20
    assert len(found.certificate) < 300_000


@pytest.mark.parametrize("bits", BITS)
def test_the_critical_epsilon(bits):
    path = find("chained_local_threshold_large")
    (asked,) = read(path, {"scenario.N": "64", "source.bits": bits}).instances
    bracket = bound(asked).bracket
    quantum = 64 * (1 - cos_pi(F(1, 128)))
    assert compare((1 - 2 * bracket.lower) ** 12, quantum) > 0
    assert compare((1 - 2 * bracket.upper) ** 12, quantum) <= 0
    assert bracket.upper - bracket.lower <= F(1, 10**9)


def test_errors_that_cost_different_amounts_are_another_program():
    """With perfect bits a local box errs where it is cheapest."""
    weights = dict(zip(((0, 0), (1, 0), (1, 1), (0, 1)), (3, 2, 5, 7), strict=True))
    terms = {
        f"P({x}{x ^ (edge != (0, 1))}|{edge[0]},{edge[1]})": str(weight)
        for edge, weight in weights.items()
        for x in (0, 1)
    }
    found = least(2, SanthaVazirani(0), Functional.from_terms(terms))
    assert found.bracket.exact == 2
    assert WORDS.format(4) not in dict(found.how).values()


@pytest.mark.parametrize(("order", "bits"), list(product(ORDERS, BITS)))
@pytest.mark.parametrize(("n", "last"), [(2, "2/5"), (8, "3/20"), (32, "1/7")])
def test_the_least_local_score_at_every_epsilon(n, last, order, bits):
    """One formula and one attack on the whole interval, the same fraction at both ends."""
    ask = Ask("score", functional="chained", extreme="smallest")
    asked = Question(chained(n), SanthaVazirani(0, order=order, bits=bits), adversary=LOCAL, ask=ask)
    found = curve(asked, "source.epsilon", ("0", last))
    assert (found.formulas, len(found.proved.lower), len(found.proved.points)) == (1, 1, 0)
    for k in range(9):
        x = F(last) * k / 8
        assert found(x).exact == (1 - 2 * x) ** (2 * (n.bit_length() - 1))


@pytest.mark.parametrize("order", ORDERS)
def test_scores_that_count_what_is_no_error(order):
    """S = 4 - 2 I_2, so the largest local S is 4 - 8 (1/2 - epsilon)^2."""
    asked = Question(
        chsh(), SanthaVazirani("1/10", order=order), adversary=LOCAL, ask=Ask("score", functional="chsh")
    )
    assert bound(asked).bracket.exact == 4 - 8 * F(2, 5) ** 2
    assert set(dict(bound(asked).how).values()) == {WORDS.format(4)}
    found = curve(asked, "source.epsilon", ("0", "2/5"))
    assert (found.formulas, len(found.proved.lower)) == (1, 1)
    for k in range(9):
        assert found(F(k, 20)).exact == 4 - 8 * (F(1, 2) - F(k, 20)) ** 2
    passes = {"tests": [Test("chsh", ">=", "3")], "ask": Ask("strategy"), "adversary": LOCAL}
    threshold = {"of": "source.epsilon", "between": ["0", "2/5"], "width": "1e-9"}
    found = bound(
        Question(chsh(), SanthaVazirani("1/10", order=order), **passes), threshold=threshold
    ).bracket
    low, high = (4 - 8 * (F(1, 2) - x) ** 2 for x in (found.lower, found.upper))
    assert low <= 3 <= high
    assert found.upper - found.lower <= F(1, 10**9)
