"""Factors and their conditions against enumerations, mixtures and devices with memory written out here."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.experiment_checker.boxes import listed
from freerand_opt.experiment_checker.maximum import maximum
from freerand_opt.experiment_checker.powers import ONE, log2_down, log2_up, power_up, root_up, tail_up
from freerand_opt.experiment_checker.scenario import Shape
from freerand_opt.experiment_checker.vertices import Polytope, half_space
from freerand_opt.experiments.factors import UNIT, best_factor
from freerand_opt.experiments.setup import setup
from freerand_opt.model import MeasurementDependence, SanthaVazirani, Scenario, Uniform, chained, chsh

from .shared import at_rate, noisy

PR = [[[[0.5 * float(a ^ b == (x & y)) for b in (0, 1)] for a in (0, 1)] for y in (0, 1)] for x in (0, 1)]


def boxes_of_chsh():
    """All 24 extreme no-signalling boxes of Barrett et al. (quant-ph/0404097), as arrays q[z][c]."""
    for a0, a1, b0, b1 in product((0, 1), repeat=4):
        yield [[float((a, b) == ((a0, a1)[x], (b0, b1)[y])) for a in (0, 1) for b in (0, 1)]
               for x in (0, 1) for y in (0, 1)]  # fmt: skip
    for i, j, m in product((0, 1), repeat=3):
        yield [[0.5 * float(a ^ b == (x & y) ^ (i & x) ^ (j & y) ^ m) for a in (0, 1) for b in (0, 1)]
               for x in (0, 1) for y in (0, 1)]  # fmt: skip


def sources(low, high):
    """All extreme points of two bits, the first of A, with chances of 0 in [low, high]."""
    for first, left, right in product((low, high), repeat=3):
        yield [first * left, first * (1 - left), (1 - first) * right, (1 - first) * (1 - right)]


integers = st.lists(st.integers(1, 2**41), min_size=16, max_size=16)


@settings(max_examples=40, deadline=None)
@given(integers, st.sampled_from([None, 1, 3, 40, 700]), st.booleans(), st.sampled_from(["0", "1/50", "2/5"]))
def test_maximum_of_chsh_is_that_of_all_extreme_points(factor, power, free, epsilon):
    held = setup(chsh(), SanthaVazirani(epsilon), "no-signalling")
    found = maximum(held.setting, held.condition(power, free=free), factor, Work()) / ONE
    beta, e = (0.0 if power is None else 1 / power), float(Fraction(epsilon))
    grid = np.array(factor, dtype=float).reshape(4, 4)
    best = max(
        sum(
            (s[z] ** (1 + beta) * 4**beta if free and power else s[z])
            * sum(q[z][c] ** (1 + beta) * grid[z, c] for c in range(4))
            for z in range(4)
        )
        for s in sources(0.5 - e, 0.5 + e)
        for q in boxes_of_chsh()
    )
    assert found == pytest.approx(best, rel=1e-12)
    assert found >= best * (1 - 1e-14)


@settings(max_examples=25, deadline=None)
@given(integers, st.sampled_from([None, 5, 90]), st.booleans())
def test_maximum_with_limits_is_that_of_all_corners(factor, power, free):
    """Corners of l <= s <= u: all but one at an end."""
    held = setup(chsh(), MeasurementDependence("1/10", "7/20"), "local")
    found = maximum(held.setting, held.condition(power, free=free), factor, Work()) / ONE
    beta, low, high = (0.0 if power is None else 1 / power), 0.1, 0.35
    corners = []
    for odd in range(4):
        for ends in product((low, high), repeat=3):
            rest = 1 - sum(ends)
            if low - 1e-12 <= rest <= high + 1e-12:
                corners.append([*ends[:odd], rest, *ends[odd:]])
    grid = np.array(factor, dtype=float).reshape(4, 4)
    local = [q for q in boxes_of_chsh() if 1.0 in q[0]]
    best = max(
        sum(
            (s[z] ** (1 + beta) * 4**beta if free and power else s[z])
            * sum(q[z][c] ** (1 + beta) * grid[z, c] for c in range(4))
            for z in range(4)
        )
        for s in corners
        for q in local
    )
    assert found == pytest.approx(best, rel=1e-12)


def test_numbers_of_extreme_boxes():
    """24 and 1161 (Barrett et al.); the cube cut by positivity has 24 corners, cut at 2 sqrt 2 it has 80."""
    assert len(listed(Shape((2, 2), (2, 2)), "no-signalling", Work())) == 24
    three = listed(Shape((2, 2), (3, 3)), "no-signalling", Work())
    assert len(set(three)) == len(three) == 1161
    for box in three:
        for x, y in product((0, 1), repeat=2):
            own = [sum(box[2 * x + y][3 * a : 3 * a + 3]) for a in range(3)]
            assert own == [sum(box[2 * x][3 * a : 3 * a + 3]) for a in range(3)]
            assert sum(own) == 1
    found = Polytope(Work())
    by_hand = {tuple(map(tuple, q)) for q in boxes_of_chsh()}
    assert {tuple(tuple(map(float, row)) for row in box) for box in found.boxes()} == by_hand
    for signs in product((1, -1), repeat=4):
        if np.prod(signs) == -1:
            terms = {
                (z, c): Fraction(signs[z] * (1 if c in (0, 3) else -1)) for z in range(4) for c in range(4)
            }
            found.cut(half_space(terms, Fraction(2828427125, 10**9)))
    assert len(found.boxes()) == 80


def test_statuses_and_lists_agree_on_local_devices():
    """Three parties are listed, two are tried by statuses: a third party with one setting and outcome is
    none.
    """
    draw = np.random.default_rng(3)
    factor = [int(x) for x in draw.integers(1, 2**40, 16)]
    two = setup(chsh(), SanthaVazirani("1/10"), "local")
    three = setup(Scenario((2, 2, 1), (2, 2, 1)), SanthaVazirani("1/10"), "local")
    assert maximum(two.setting, two.condition(None), factor, Work()) == maximum(
        three.setting, three.condition(None), factor, Work()
    )


def test_columns_and_all_statuses_agree():
    """One stated distribution: B's best status at each setting stands alone; limits l = u try all."""
    draw = np.random.default_rng(5)
    scenario = chained(3)
    factor = [int(x) for x in draw.integers(1, 2**40, 36)]
    one = setup(scenario, Uniform(), "no-signalling")
    other = setup(scenario, MeasurementDependence("1/9", "1/9"), "no-signalling")
    for power in (None, 20):
        found = [
            maximum(held.setting, held.condition(power, free=False), factor, Work()) for held in (one, other)
        ]
        assert found[0] == pytest.approx(found[1], rel=1e-15)


@pytest.mark.parametrize("free", [True, False])
def test_mixtures_of_extreme_points_stay_below(free):
    """The sides are convex in P(c, z), so the hull after the product obeys the condition too."""
    k = 4
    held = setup(chsh(), SanthaVazirani("1/10"), "no-signalling")
    factor = best_factor(held, held.condition(k, free=free), noisy(0.99), 10**4)
    values = 2.0 ** factor.logs().reshape(4, 4)
    points = [np.array(s)[:, None] * np.array(q) for s in sources(0.4, 0.6) for q in boxes_of_chsh()]
    draw, largest = np.random.default_rng(1), 0.0
    for _ in range(3000):
        weights = draw.dirichlet(np.full(len(points), 0.02))
        p = np.tensordot(weights, points, axes=1)
        per = np.full(4, 0.25) if free else p.sum(axis=1)
        largest = max(largest, float((values * p * (p / per[:, None]) ** (1 / k)).sum()))
    tops = [
        float((values * p * (p / (0.25 if free else p.sum(axis=1)[:, None])) ** (1 / k)).sum())
        for p in points
    ]
    assert largest <= 1 + 1e-12
    assert max(tops) == pytest.approx(1, abs=1e-6)


def test_one_is_a_factor_of_the_test_but_not_of_the_free_condition():
    """experiments.md, section 4: eps = .1, beta = 1 gives 1.0816."""
    held = setup(chsh(), SanthaVazirani("1/10"), "no-signalling")
    ones = [1] * 16
    assert maximum(held.setting, held.condition(None), ones, Work()) == pytest.approx(ONE, rel=1e-15)
    assert maximum(held.setting, held.condition(1, free=False), ones, Work()) == pytest.approx(ONE, rel=1e-15)
    assert maximum(held.setting, held.condition(1), ones, Work()) / ONE == pytest.approx(1.0816, rel=1e-12)


def test_bits_of_one_party_need_the_free_condition():
    held = setup(chsh(), Uniform(), "no-signalling")
    with pytest.raises(Rejected, match="some parties"):
        maximum(held.setting, held.condition(10, free=False, of=(0,)), [1] * 16, Work())


@pytest.mark.parametrize("of", [(0,), (0, 1)])
def test_three_rounds_of_an_adaptive_device(of):
    """T = prod F (P(a z | h) / u)^beta has mean at most 1 if extreme points are picked by the past."""
    k, epsilon = 3, 0.1
    held = setup(chsh(), SanthaVazirani("1/10"), "no-signalling")
    factor = best_factor(held, held.condition(k, of=of), noisy(0.99), 1000)
    values = 2.0 ** factor.logs().reshape(4, 4)
    points = [
        (np.array(s), np.array(q)) for s in sources(0.5 - epsilon, 0.5 + epsilon) for q in boxes_of_chsh()
    ]
    draw = np.random.default_rng(2)
    tops = []
    for s, q in points:
        total = 0.0
        for z, c in product(range(4), range(4)):
            own = q[z][2 * (c // 2)] + q[z][2 * (c // 2) + 1] if of == (0,) else q[z][c]
            total += s[z] * q[z][c] * values[z, c] * (s[z] * own * 4) ** (1 / k)
        tops.append(total)
    assert max(tops) == pytest.approx(1, abs=1e-5)
    for _ in range(20):
        mean = 0.0
        plan = {
            h: points[draw.integers(len(points))] for h in [(), *range(16), *product(range(16), repeat=2)]
        }
        for path in product(range(16), repeat=3):
            chance, level = 1.0, 1.0
            for i, cell in enumerate(path):
                past = () if i == 0 else path[0] if i == 1 else path[:2]
                (s, q), (z, c) = plan[past], divmod(cell, 4)
                own = q[z][2 * (c // 2)] + q[z][2 * (c // 2) + 1] if of == (0,) else q[z][c]
                chance *= s[z] * q[z][c]
                level *= values[z, c] * (s[z] * own * 4) ** (1 / k)
                if not chance:
                    break
            mean += chance * level
        assert mean <= 1 + 1e-9


def test_units_of_a_factor():
    held = setup(chsh(), Uniform(), "local")
    factor = best_factor(held, held.condition(None), at_rate(0.8), 1000)
    assert max(factor.values) < 2 ** (UNIT + 2) and min(factor.values) >= 1


@settings(max_examples=60, deadline=None)
@given(st.fractions(min_value=Fraction(1, 10**6), max_value=10**6), st.integers(1, 4000))
def test_powers_and_logarithms_are_enclosed(x, k):
    root = root_up(x, k)
    assert Fraction(root, ONE) ** k >= x > Fraction(root - 2, ONE) ** k
    assert power_up(x, k) / ONE == pytest.approx(float(x) ** (1 + 1 / k), rel=1e-9)
    low, high = log2_down(x), log2_up(x)
    assert low <= high <= low + Fraction(1, 2**62)
    assert float(low) == pytest.approx(log2(x), abs=1e-12)


def test_logarithms_of_powers_of_two_are_exact():
    assert log2_down(Fraction(8)) == log2_up(Fraction(8)) == 3
    assert log2_down(Fraction(1, 4)) == -2


@pytest.mark.parametrize(
    ("n", "k", "p"), [(5, 3, "1/3"), (2001, 700, "1/3"), (3000, 0, "1/2"), (2500, 2500, "9/10")]
)
def test_tails_of_binomials(n, k, p):
    """Exact sums by integers written out here; the checker rounds up beyond 2000 trials."""
    from math import comb

    chance = Fraction(p)
    a, b = chance.numerator, chance.denominator - chance.numerator
    exact = Fraction(sum(comb(n, j) * a**j * b ** (n - j) for j in range(k, n + 1)), chance.denominator**n)
    found = tail_up(n, k, chance, Work())
    assert exact <= found <= exact * (1 + Fraction(1, 2**60))


def test_settings_must_have_a_chance():
    held = setup(chsh(), MeasurementDependence("0", "1"), "local")
    assert min(held.centre) == Fraction(1, 4)
    bits = setup(chsh(), SanthaVazirani("1/10"), "local")
    wrong = replace(held.condition(3), centre=(Fraction(1), Fraction(0), Fraction(0), Fraction(0)))
    with pytest.raises(Unreadable, match="centre"):
        maximum(bits.setting, wrong, [1] * 16, Work())


def test_pr_box_is_worth_one_bit():
    """A PR box without noise: the rate of no-signalling devices tends to 1 bit, its conditional entropy."""
    held = setup(chsh(), Uniform(), "no-signalling")
    plan = [PR[x][y][a][b] / 4 for x, y, a, b in product((0, 1), repeat=4)]
    factor = best_factor(held, held.condition(1000), plan, 10**6)
    assert 0.98 < 1000 * factor.rate(plan) <= 1 + 1e-9


@pytest.mark.parametrize("of", [(0,), (0, 1)])
def test_bits_of_two_rounds_for_every_device_tried(of):
    """The theorem itself at n = 2: what is left outside of the removed weight is guessed with at most 2^-b.

    Factors are near the best for PR boxes, so that b > 0 occurs; devices pick extreme points by the past,
    so their settings lean on earlier outcomes.
    """
    k, delta, draw = 4, 0.9, np.random.default_rng(6)
    held = setup(chsh(), SanthaVazirani("1/50"), "no-signalling")
    points = [(np.array(s), np.array(q)) for s in sources(0.48, 0.52) for q in boxes_of_chsh()]
    masses = np.array([(s[:, None] * q).ravel() for s, q in points])
    parts = [q.reshape(4, 2, 2) for _, q in points]
    own = np.array([(p.sum(axis=2, keepdims=True) + 0 * p if of == (0,) else p).ravel() for p in parts])
    seen = np.array([np.repeat(s, 4) for s, _ in points]) * own  # P(a z) of each cell
    plan = [PR[x][y][a][b] / 4 for x, y, a, b in product((0, 1), repeat=4)]
    best = 2.0 ** best_factor(held, held.condition(k, of=of), plan, 100).logs()
    positive = 0
    for _ in range(40):
        raw = [int(2**40 * x) + 1 for x in best * np.exp(0.02 * draw.normal(size=16))]
        factor = np.array(raw) / (maximum(held.setting, held.condition(k, of=of), raw, Work()) / ONE)
        sides = (masses * factor * (seen * 4) ** (1 / k)).sum(axis=1)
        assert sides.max() == pytest.approx(1, abs=1e-9)
        likely = np.flatnonzero(sides > 0.9)
        for _ in range(12):
            first, second = int(draw.choice(likely)), draw.choice(likely, size=16)
            chance = masses[first][:, None] * masses[second]
            both = factor[:, None] * factor[None, :]
            kept = both * (seen[first][:, None] * seen[second] * 16) ** (1 / k) < 1 / delta
            assert chance[~kept].sum() <= delta + 1e-12
            for level in np.unique(both)[::16]:
                bits = k * (log2(level) + log2(delta))
                left = np.where(kept & (both >= level), chance, 0).reshape(4, 4, 4, 4)  # z, c, z, c
                if of == (0,):
                    left = left.reshape(4, 2, 2, 4, 2, 2).sum(axis=(2, 5))
                guess = left.max(axis=(1, 3)).sum()
                assert guess <= 2.0**-bits + 1e-12
                positive += bits > 0.5 and guess > 0
    assert positive > 50
