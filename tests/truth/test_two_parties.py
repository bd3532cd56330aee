"""Two parties and the ladder: numbers of docs/proofs/two-parties.md against literature and enumeration."""

from __future__ import annotations

import itertools
import json
import math
import tomllib
from fractions import Fraction as F

import pytest

from freerand_opt.checker.failures import Rejected
from freerand_opt.claims.conjecture.checker.document import check
from freerand_opt.claims.conjecture.computed import compute
from freerand_opt.claims.conjecture.ladders import (
    LadderNoise,
    LadderTop,
    SelectingConstant,
    SingleShot,
    TwoPartyExponent,
    zeros,
)
from freerand_opt.model.files.catalogue import find


def h(k, s):
    return s**4 * (1 - s ** (4 * k)) ** 2 / ((1 + s**4) * (1 + s ** (4 * k + 2)) ** 2)


@pytest.mark.parametrize(
    ("k", "right"), [(1, (5 * math.sqrt(5) - 11) / 2), (2, 0.1745495715), (3, 0.2312634785)]
)
def test_largest_top(k, right):
    # K = 1: Hardy 1993; K = 2, 3: Boschi et al. 1997
    found = compute(LadderTop(K=k)).bracket
    assert found.width < F(1, 10**12)
    assert abs(float(found.upper) - right) < 1e-10
    grid = max(h(k, F(j, 300)) for j in range(1, 300))
    assert grid <= found.upper
    assert found.lower - grid < F(1, 10**4)


def test_one_round_is_as_free_as_wanted():
    for r, epsilon, most in ((40, "1/10", 0.0024459), (150, "2/5", 0.0025846)):
        found = compute(SingleShot(K=1023, s="454/455", r=r, epsilon=epsilon)).bracket
        by_hand = 0.5 - h(1023, 454 / 455) + 1023 * (0.5 + float(F(epsilon))) ** r
        assert found.lower is None
        assert abs(float(found.upper) - by_hand) < 1e-12
        assert found.upper < F(str(most))


def test_strings_that_mean_the_last_setting_are_heavy():
    # the lightest set of strings but K has at most 2 K p^r: all sources on two bits a side, K = 1
    p, r = F(3, 5), 2
    values = [F(a != 0 and b != 0) for a in range(4) for b in range(4)]
    while len(values) > 1:
        values = [p * min(x, y) + (1 - p) * max(x, y) for x, y in zip(values[::2], values[1::2], strict=True)]
    assert values[0] >= 1 - 2 * p**r


@pytest.mark.parametrize("epsilon", ["1/10", "1/5", "2/5"])
def test_selecting_constant_closes_the_recursion(epsilon):
    # m = delta^P + c delta^(P/2) sqrt(m): with y^2 = m/delta^P, y^2 = 1 + c y
    found = compute(SelectingConstant(epsilon=epsilon)).bracket
    e = float(F(epsilon))
    p = 0.5 + e
    c = e * math.sqrt(2) / (math.sqrt(p) * (1 - math.sqrt(p)))
    y = math.sqrt(float(found.upper))
    assert y * y == pytest.approx(1 + c * y, abs=1e-12)


def test_mean_weight_of_random_functions_obeys_the_lemma():
    # V is 1 with probability delta at a leaf; its distribution by convolution of weights, p = 3/5
    p, q, delta = F(3, 5), F(2, 5), F(1, 8)
    law, most = {F(0): 1 - float(delta), F(1): float(delta)}, 2.2019362 * float(delta) ** -math.log2(0.6)
    for _ in range(4):
        grown: dict[F, float] = {}
        for x, a in law.items():
            for y, b in law.items():
                key = F(round((p * max(x, y) + q * min(x, y)) * 4096), 4096)
                grown[key] = grown.get(key, 0.0) + a * b
        law = grown
        assert sum(float(x) * a for x, a in law.items()) <= most


def test_plain_bits():
    found = compute(TwoPartyExponent(width="1e-12")).bracket

    def entropy(x):
        return -x * math.log2(x) - (1 - x) * math.log2(1 - x)

    q = 0.5 - float(found.lower)
    assert 2 * math.log2((1 - q) / q) * (1 - entropy(q)) == pytest.approx(entropy(q), abs=1e-9)
    assert 1 / (1 - entropy(q)) == pytest.approx(4.492, abs=1e-3)


def test_noise_with_two_settings_is_a_quadratic():
    # 2 rho^2 + rho = 1 + 4 V h/(1 - V)
    s, v = F(17, 25), F(99, 100)
    found = compute(LadderNoise(K=1, s=s, V=v, width="1e-9")).bracket
    rho = (-1 + math.sqrt(1 + 8 * (1 + 4 * float(v * h(1, s) / (1 - v))))) / 4
    assert float(found.lower) == pytest.approx((rho - 1) / (2 * (rho + 1)), abs=2e-9)


def test_the_ladder_has_2k_plus_1_zeros():
    for k in (1, 2, 3, 7):
        assert len(set(zeros(k))) == 2 * k + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["answer"].update(upper="1/100"),
        lambda d: d["proof"].update(ratios=[["1"] * 7] * 2),
        lambda d: d["proof"].update(ends=["0", "1/100"]),
        lambda d: d["computation"].update(V="999/1000"),
    ],
)
def test_a_changed_certificate_of_noise_is_rejected(change):
    held = json.loads(compute(LadderNoise(K=3, s="4/5", V="99/100", width="1e-6")).certificate)
    change(held)
    with pytest.raises(Rejected):
        check(held)


@pytest.mark.parametrize("change", [{"state": ["1/2"]}, {"step": ["1"]}, {"state": ["3/2"]}])
def test_a_changed_certificate_of_the_top_is_rejected(change):
    held = json.loads(compute(LadderTop(K=3)).certificate)
    held["proof"].update(change)
    with pytest.raises(Rejected):
        check(held)


def _share(pair, goal, last, heavy, light):
    """The largest P(goal|w)/P(goal) over P(pair|w)/P(pair), from all strings and extremes of a source."""
    bits = 2 if last == 2 else (last + 1).bit_length() - 1
    strings = list(itertools.product((0, 1), repeat=2 * bits))

    def settings(string):
        own = [int("".join(map(str, string[k::2])), 2) for k in (0, 1)]
        return tuple(min(x, last) for x in own)

    def law(prefix):
        """Return all pairs (P(goal), P(pair)) below a prefix that a source at its extremes has."""
        if len(prefix) == 2 * bits:
            return {(F(settings(prefix) == goal), F(settings(prefix) == pair))}
        one, other = law((*prefix, 0)), law((*prefix, 1))
        found = {
            (p * x[0] + (1 - p) * y[0], p * x[1] + (1 - p) * y[1])
            for x in one
            for y in other
            for p in (heavy, light)
        }
        best = {}
        for high, low in found:
            best[high] = min(low, best.get(high, low))
        return set(best.items())

    count = [sum(settings(s) == one for s in strings) for one in (goal, pair)]
    return max(x / y for x, y in law(()) if y) * F(count[1], count[0])


def _apart(pair, last):
    """How many of the bits in turn are left where the strings of a pair and of the last settings part."""
    bits = last.bit_length()
    one, goal = ([x >> k & 1 for k in reversed(range(bits)) for x in own] for own in (pair, (last, last)))
    return 2 * bits - next(k for k, (x, y) in enumerate(zip(one, goal, strict=True)) if x != y)


def _states():
    raw = tomllib.loads(find("ladder_visibility_states").read_text(encoding="utf-8"))
    first = {"name": "K = 1, V = 0.9999, epsilon = 0.476929", "ask": raw["ask"], "expect": raw["expect"]}
    for one in (first, *raw["instances"]):
        k, v, e = (F(part.split(" = ")[1]) for part in one["name"].split(", "))
        yield int(k), v, e, one["ask"]["terms"], one["expect"]


@pytest.mark.parametrize(("last", "visibility", "epsilon", "functional", "expect"), list(_states()))
def test_the_functionals_of_states_have_the_ratios_of_the_source(
    last, visibility, epsilon, functional, expect
):
    # the ratios by listing the extremes of the source (four settings: by steps that are not shared, which two
    # settings show to be the same); the sides of the claim from 1 - h + sum of rho_e z_e < 1
    heavy, light = F(1, 2) + epsilon, F(1, 2) - epsilon
    total, terms = F(0), {f"P(11|{last}{last})": F(1)}
    for x, y in zeros(last):
        steps = (heavy / light) ** _apart((x, y), last)
        ratio = steps if last == 3 else _share((x, y), (last, last), last, heavy, light)
        assert last == 2 or ratio == steps
        total += ratio
        terms[f"P({'11' if x == y else '10' if x > y else '01'}|{x}{y})"] = -ratio
    assert {cell: F(value) for cell, value in functional.items()} == terms
    side = (1 - visibility) * (total - 1) / (4 * visibility)
    ((way, number),) = expect.items()
    gap = F(str(number)) - side
    assert 0 <= (gap if way == "at_least" else -gap) < F(1, 10**8)


def test_the_best_state_lies_where_the_certificate_has_it():
    # the table of two-parties.md, section 1, rounded to eight digits
    right = {1: "0.68140488", 2: "0.75487767", 3: "0.79781318", 7: "0.87598066", 31: "0.95741971"}
    right |= {127: "0.98653752", 1023: "0.99780213"}
    for last, s in right.items():
        held = json.loads(compute(LadderTop(K=last)).certificate)["proof"]
        state, step = F(held["state"][0]), F(held["step"][0])
        assert state / step - state * step < F(2, 10**8)
        assert state * step < F(s) + F(5, 10**9)
        assert state / step > F(s) - F(5, 10**9)
