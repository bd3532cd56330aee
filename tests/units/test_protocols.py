"""Simulations of protocol Pi_N against exact recursions, closed forms and enumeration."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction as F
from itertools import pairwise, product
from math import comb, isclose
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from freerand_opt.errors import InputError
from freerand_opt.model import chained
from freerand_opt.model.sources.encoding import ENCODINGS
from freerand_opt.protocols import counts, rounds, selection
from freerand_opt.protocols.analysis import analyse, selected_bound
from freerand_opt.protocols.comparison import (
    DETERMINISTIC,
    ERROR,
    GUESSED,
    PASSED,
    WINDOW,
    clopper_pearson,
    estimate,
)
from freerand_opt.protocols.law import edge_colours, honest_chance, round_law
from freerand_opt.protocols.prediction import binomial_between, predict
from freerand_opt.protocols.protocol import Devices, Protocol, Rounds, Sampling, floor_power
from freerand_opt.protocols.replayed import BitFile, replayed_rounds
from freerand_opt.protocols.simulate import simulate
from freerand_opt.protocols.sources import HOLDS, ORDERS, HeldBits, ReplayedBits, UniformBits
from freerand_opt.protocols.tally import Tally

SELECTIONS = ("common-cause", "outcome-dependent")
#: With fixed seeds nothing is flaky; a correct program fails one comparison in a million.
SURE = F(999_999, 1_000_000)
epsilons = st.fractions(0, F(2, 5), max_denominator=100)


def tree_value(leaves, p):
    """V of a list of leaf values, written anew."""
    while len(leaves) > 1:
        leaves = [p * max(pair) + (1 - p) * min(pair) for pair in zip(leaves[::2], leaves[1::2], strict=True)]
    return leaves[0]


def held(epsilon, hold="most-tests", **more):
    return HeldBits(F(epsilon), hold=hold, **more)


def pi(size, count, tests=None, **more):
    """Protocol Pi_N with so many rounds; repaired, if it has a number of tests."""
    repaired = {} if tests is None else {"variant": "repaired", "tests": tests}
    return Protocol(Rounds(size, rounds=count, **repaired), **more)


def run(protocol, runs=1000, *, executor=None, advance=lambda runs: None, **sampling):
    """Simulate so many runs."""
    return simulate(protocol.changed(sampling=Sampling(runs, **sampling)), executor=executor, advance=advance)


def leaf_settings(size, order, encoding):
    """The joint setting of each string of bits, first bit most significant, written anew, bit by bit."""
    r = size.bit_length() - 1
    parties = {"interleaved": [0, 1] * r, "A first": [0] * r + [1] * r, "B first": [1] * r + [0] * r}[order]
    found = []
    for bits in product((0, 1), repeat=2 * r):
        own = [[bit for bit, whose in zip(bits, parties, strict=True) if whose == p] for p in (0, 1)]
        if encoding == "gray":
            own = [[sum(one[: k + 1]) % 2 for k in range(r)] for one in own]
        if encoding == "least-significant-first":
            own = [one[::-1] for one in own]
        a, b = (int("".join(map(str, one)), 2) for one in own)
        found.append(a * size + b)
    return found


# ------------------------------------------------------------------ numbers of rounds, edges, laws


@given(st.integers(1, 12), st.fractions(F(1, 10), 4, max_denominator=100))
def test_floor_power_is_the_floor(r, exponent):
    found, base, degree = floor_power(2**r, exponent), 2**r, exponent.denominator
    assert found**degree <= base**exponent.numerator < (found + 1) ** degree


@pytest.mark.parametrize("size", [2, 4, 8])
def test_edges_are_those_of_the_chained_scenario(size):
    edges = {a * size + b for a, b, _ in chained(size).edges}
    colours = edge_colours(size)
    assert set(np.flatnonzero(colours).tolist()) == edges
    assert np.flatnonzero(colours == 2).tolist() == [size - 1]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), epsilons, st.sampled_from(ORDERS))
def test_extreme_chances_of_a_test_are_the_closed_form(r, epsilon, order):
    bits = "least-significant-first" if order == "interleaved" else "most-significant-first"
    for hold, sign in (("most-tests", 1), ("fewest-tests", -1)):
        law = round_law(pi(2**r, 64, source=held(epsilon, hold, order=order, bits=bits)))
        assert law.test == F(2, 2**r) * (1 + sign * 2 * epsilon) ** (r - 1)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 5), epsilons)
def test_extreme_chances_most_significant_first_interleaved(r, epsilon):
    """p^(r-1) (1 + 2e (1 - p^(r-1))) and q^(r-1) (1 - 2e (1 - q^(r-1))), by a recursion on the levels."""
    for hold, sign in (("most-tests", 1), ("fewest-tests", -1)):
        source = held(epsilon, hold, bits="most-significant-first")
        power = (F(1, 2) + sign * epsilon) ** (r - 1)
        assert round_law(pi(2**r, 64, source=source)).test == power * (1 + sign * 2 * epsilon * (1 - power))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bits", ENCODINGS)
def test_extreme_chances_are_the_recursion_over_all_leaves(order, bits):
    epsilon, size = F(1, 7), 8
    colours = edge_colours(size)
    leaves = [F(int(colours[s] > 0)) for s in leaf_settings(size, order, bits)]
    most = tree_value(leaves, F(1, 2) + epsilon)
    least = -tree_value([-leaf for leaf in leaves], F(1, 2) + epsilon)
    for hold, value in (("most-tests", most), ("fewest-tests", least)):
        assert round_law(pi(size, 64, source=held(epsilon, hold, order=order, bits=bits))).test == value


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bits", ENCODINGS)
def test_fewest_errors_is_the_least_ratio_over_all_vertices(order, bits):
    """All 2^15 sources of 4 bits that take an end at every node."""
    epsilon, size = 0.1, 4
    colours = edge_colours(size)
    setting = leaf_settings(size, order, bits)
    chance = np.ones((2**15, 1))
    ends = np.where((np.arange(2**15)[:, None] >> np.arange(15)) & 1, 0.5 + epsilon, 0.5 - epsilon)
    for depth in range(4):
        left = ends[:, 2**depth - 1 : 2 ** (depth + 1) - 1]
        chance = np.stack([chance * left, chance * (1 - left)], axis=2).reshape(2**15, -1)
    tests = chance[:, [colours[s] > 0 for s in setting]].sum(axis=1)
    edge = chance[:, [s == size - 1 for s in setting]].sum(axis=1)
    law = round_law(pi(size, 64, source=held(F(1, 10), "fewest-errors", order=order, bits=bits)))
    assert isclose(float(law.error), (edge / tests).min(), rel_tol=1e-12)


def test_every_hold_is_a_source_and_only_fewest_errors_makes_errors_rarest():
    for hold in HOLDS:
        law = round_law(pi(16, 64, source=held(F(1, 10), hold)))
        least = round_law(pi(16, 64, source=held(F(1, 10), "fewest-errors"))).error
        assert F(2, 5) ** 8 <= law.edge <= F(3, 5) ** 8
        assert (law.error == least) == (hold == "fewest-errors")


# ------------------------------------------------------------------ intervals


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 10), (10, 10), (1, 1)])
def test_clopper_pearson_cuts_half_of_what_is_left_from_each_side(count, of):
    lower, upper = clopper_pearson(count, of, 0.95)
    if count:
        assert isclose(
            sum(comb(of, k) * lower**k * (1 - lower) ** (of - k) for k in range(count, of + 1)), 0.025
        )
    if count < of:
        assert isclose(sum(comb(of, k) * upper**k * (1 - upper) ** (of - k) for k in range(count + 1)), 0.025)
    assert (lower == 0) == (count == 0)
    assert (upper == 1) == (count == of)


@given(st.floats(0, 1))
def test_clopper_pearson_covers(chance):
    """The exact probability of covering, summed over all outcomes of 12 trials."""
    ends = [clopper_pearson(k, 12, 0.9) for k in range(13)]
    covered = sum(
        comb(12, k) * chance**k * (1 - chance) ** (12 - k)
        for k, (low, high) in enumerate(ends)
        if low <= chance <= high
    )
    assert covered >= 0.9 - 1e-12


def test_no_sample_gives_no_estimate_and_nonsense_an_error():
    assert estimate(0, 0, 0.9) is None
    with pytest.raises(ValueError, match="share"):
        clopper_pearson(3, 2, 0.9)


# ------------------------------------------------------------------ selection


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 0.45), st.integers(0, 3), st.integers(0, 8))
def test_mean_value_is_the_sum_over_all_leaf_values(chance, epsilon, bits, first):
    exact = sum(
        tree_value([1] * min(first, 2**bits) + list(leaves), 0.5 + epsilon)
        * np.prod([chance if leaf else 1 - chance for leaf in leaves])
        for leaves in product((0, 1), repeat=max(2**bits - first, 0))
    )
    low, high = selection.mean_value(chance, bits, 0.5 + epsilon, first)
    assert low - 1e-12 <= exact <= high + 1e-12
    assert high - low <= 1e-9


@pytest.mark.parametrize(("chance", "epsilon"), [(0.5, 0.05), (0.05, 0.1), (0.3, 0.3)])
def test_a_coarse_grid_still_encloses(monkeypatch, chance, epsilon):
    """Seven bits with at most 40 values kept, beside 768: the wide enclosure contains the narrow one."""
    narrow = selection.mean_value(chance, 7, 0.5 + epsilon)
    selection.mean_value.cache_clear()
    selection._fair.cache_clear()
    monkeypatch.setattr(selection, "POINTS", 40)
    wide = selection.mean_value(chance, 7, 0.5 + epsilon)
    selection.mean_value.cache_clear()
    selection._fair.cache_clear()
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 10 < 1e-3


def test_first_order_biases_are_those_of_the_derivation():
    """e/2, .875 e, 1.148 e, 1.345 e, .. to 1.8247 e (docs/proofs/theorem-2-exponent.md)."""
    found = [selection.first_order_bias(n) for n in (1, 2, 3, 4, 40)]
    assert found[:3] == [0.5, 0.875, 1.1484375]
    assert isclose(found[3], 1.345, abs_tol=5e-4)
    assert isclose(found[4], 1.8247, abs_tol=5e-5)
    for bits in (1, 3, 6):
        low, high = selection.mean_value(0.5, bits, 0.5 + 1e-6)
        assert isclose((low + high - 1) / 2e-6, selection.first_order_bias(bits), rel_tol=1e-4)


def test_selection_draws_each_leaf_with_its_probability():
    good = np.array([0, 1, 0, 0, 0, 0, 1, 1], dtype=bool)
    generator = rounds.stream(3, 0)
    drawn = np.bincount([selection.select(good, 0.6, generator)[0] for _ in range(40_000)], minlength=8)
    # by hand: the left half has one good leaf and is light; of two leaves alike the left one is heavy
    left = 0.4 * np.array([0.6 * 0.4, 0.6 * 0.6, 0.4 * 0.6, 0.4 * 0.4])
    right = 0.6 * np.array([0.4 * 0.6, 0.4 * 0.4, 0.6 * 0.6, 0.6 * 0.4])
    expected = np.concatenate([left, right])
    for count, chance in zip(drawn.tolist(), expected.tolist(), strict=True):
        low, high = clopper_pearson(count, 40_000, float(SURE))
        assert low <= chance <= high
        assert not low <= chance * 1.2 <= high
    assert isclose(selection.select(good, 0.6, generator)[1], expected[good].sum())


@pytest.mark.parametrize("count", [0, 1, 5, 8, 21, 32])
def test_reaching_the_first_leaves(count):
    leaves = [1.0] * count + [0.0] * (32 - count)
    value = tree_value(leaves, 0.55)
    low, high = selection.mean_value(0.0, 5, 0.55, count)
    assert low <= value + 1e-15 and value <= high + 1e-15
    generator = rounds.stream(4, count)
    hits = sum(selection.reach_first(count, 5, 0.55, generator) for _ in range(20_000))
    low, high = clopper_pearson(hits, 20_000, float(SURE))
    assert low <= value <= high


# ------------------------------------------------------------------ the recursion against enumeration


def enumerated(protocol):
    """Step 2, step 3, passing, f deterministic and the guess of a small protocol, summed over all |T|."""
    law = round_law(protocol)
    t, c, h = float(law.test), float(law.error), honest_chance(protocol)
    share, p = float(protocol.devices.fraction), 0.5 + float(protocol.epsilon)
    low, high = protocol.window
    found = dict.fromkeys((WINDOW, ERROR, PASSED, DETERMINISTIC, GUESSED), 0.0)
    for size in range(protocol.rounds + 1):
        chance = comb(protocol.rounds, size) * t**size * (1 - t) ** (protocol.rounds - size)
        if not low <= size <= high:
            found[WINDOW] += chance
            continue
        tested = protocol.tested(size)
        bits = tested.bit_length() - 1
        forced = [1] * protocol.devices.first
        for pattern in product((0, 1), repeat=tested - len(forced)):
            cheats = [*forced, *pattern]
            weight = chance * np.prod([share if x else 1 - share for x in pattern])
            passing = weight * np.prod([1 - c if x else 1 - h for x in cheats])
            found[ERROR] += weight - passing
            found[PASSED] += passing
            among = cheats[: 2**bits]
            if not protocol.sees_outcomes:
                known = tree_value(among, p)
                found[DETERMINISTIC] += passing * known
                found[GUESSED] += passing * (1 + known) / 2
            else:
                fair = [k for k, x in enumerate(among) if not x]
                for coins in product((0, 1), repeat=len(fair)):
                    good = list(among)
                    for k, coin in zip(fair, coins, strict=True):
                        good[k] = coin
                    found[GUESSED] += passing * tree_value(good, p) / 2 ** len(fair)
    found[GUESSED] /= found[PASSED]
    return found


SMALL = [
    pi(2, 5, source=held(F(1, 10)), devices=Devices(fraction=F(1, 3))),
    pi(4, 9, source=held(F(1, 5), "fewest-errors"), devices=Devices("zero-error", first=2)),
    pi(4, 8, source=held(F(1, 5), "fewest-tests"), devices=Devices(fraction=F(1, 4))),
    pi(4, 12, tests=4, source=held(F(1, 10)), devices=Devices(fraction=F(1, 2))),
    pi(2, 6, tests=3, source=UniformBits(), devices=Devices(first=1)),
]


@pytest.mark.parametrize("selecting", SELECTIONS)
@pytest.mark.parametrize("place", range(len(SMALL)))
def test_the_recursion_is_the_sum_over_everything(place, selecting):
    protocol = SMALL[place].changed(selection=selecting)
    exact, found = enumerated(protocol), predict(protocol, round_law(protocol))
    ends = {WINDOW: found.window, ERROR: found.error, PASSED: found.passed, GUESSED: found.guessed}
    if selecting == "common-cause":
        ends[DETERMINISTIC] = found.deterministic_output
    for quantity, (low, high) in ends.items():
        assert low - 1e-9 <= exact[quantity] <= high + 1e-9, quantity
        assert high - low < 1e-8


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.floats(0.01, 0.99), st.integers(0, 60), st.integers(0, 60))
def test_binomial_between_is_the_sum(count, chance, low, high):
    exact = sum(float(binom.pmf(k, count, chance)) for k in range(low, min(high, count) + 1))
    assert isclose(binomial_between(count, chance, low, high), exact, rel_tol=1e-8, abs_tol=1e-14)


def test_binomial_between_keeps_its_digits_in_a_tail():
    exact = sum(F(comb(1000, k), 10**3 * 1) * F(1, 10) ** k * F(9, 10) ** (1000 - k) for k in range(900, 951))
    assert isclose(binomial_between(1000, 0.1, 900, 950), float(exact * 10**3), rel_tol=1e-9)


# ------------------------------------------------------------------ what section 7 says


def test_honest_devices_abort_with_the_papers_constants():
    """1 - exp(-(pi^2/8) N^(m-3)): 0.68 at N = 2^10, m = 2.99, and below 0.04 with m = 5/2."""
    protocol = Protocol(Rounds(1024, m="299/100"))
    found = run(protocol, 5000, confidence=SURE)
    error = found.line(ERROR)

    def honest_abort(size, exponent):
        return -math.expm1(-(math.pi**2 / 8) * size ** (exponent - 3))

    assert isclose(honest_abort(1024, 2.99), 0.684, abs_tol=5e-4)
    assert isclose(error.computed[0], honest_abort(1024, 2.99), abs_tol=1e-6)
    assert error.agrees and not error.simulated.contains(0.6, 0.64)
    assert found.tally.window == 0
    milder = pi(1024, floor_power(1024, F(5, 2)))
    assert isclose(predict(milder, round_law(milder)).error[0], honest_abort(1024, 2.5), abs_tol=1e-6)


@pytest.mark.parametrize(
    ("epsilon", "hold", "size"), [("1/20", "most-tests", 64), ("1/10", "fewest-tests", 64)]
)
def test_step_2_fails_under_a_source_that_holds_the_chance_of_a_test(epsilon, hold, size):
    """2(1+2e)^5 = 3.22 > 3 and 2(1-2e)^5 = 0.66 < 1; for uniform bits step 2 never fails."""
    bad = pi(size, floor_power(size, F(299, 100)), source=held(F(epsilon), hold))
    found = run(bad, 1000)
    assert found.tally.window == 1000
    assert found.line(WINDOW).computed[0] > 1 - 1e-12
    fair = bad.changed(source=UniformBits())
    assert predict(fair, round_law(fair)).window[1] < 1e-100
    repaired = pi(size, 40 * 512 * size, tests=512, source=bad.source)
    assert predict(repaired, round_law(repaired)).window[1] < 1e-100


def test_honest_abort_of_the_repaired_protocol_does_not_depend_on_the_source():
    for source in (UniformBits(), held(F(1, 5)), held(F(1, 5), "fewest-tests")):
        protocol = pi(64, 500_000, tests=512, source=source)
        found = predict(protocol, round_law(protocol))
        assert isclose(found.error[0], 1 - (1 - np.sin(np.pi / 256) ** 2) ** 512, rel_tol=1e-9)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 4),
    st.fractions(2, F(7, 2), max_denominator=10),
    epsilons,
    st.sampled_from(HOLDS),
    st.integers(1, 400),
)
def test_the_bound_holds_for_every_number_of_deterministic_rounds(r, m, epsilon, hold, first):
    protocol = pi(2**r, floor_power(2**r, m), source=held(epsilon, hold))
    first = min(first, protocol.window[0])
    for devices in (Devices("zero-error", first=first), Devices(fraction=F(1, first + 1))):
        cheating = protocol.changed(devices=devices)
        law = round_law(cheating)
        bound = analyse(cheating, law)
        assert predict(cheating, law).deterministic_output[0] <= min(bound.paper, bound.sharp) + 1e-12
        assert bound.sharp <= bound.paper + 1e-12


@given(st.floats(1e-6, 0.5), st.integers(0, 30), st.floats(0.5, 0.9))
def test_the_bound_is_the_least_over_all_k(least, bits, heavy):
    k = np.arange(0, 5000)
    values = (1 - least) ** k + k * heavy**bits
    assert selected_bound(least, bits, heavy) <= min(1, values.min()) + 1e-9
    assert selected_bound(least, bits, heavy) >= heavy**bits * (1 - 1e-12)


# ------------------------------------------------------------------ samples against the recursion

CASES = [
    (UniformBits(), Devices(), "common-cause"),
    (UniformBits(), Devices("zero-error", fraction=F(1, 20)), "outcome-dependent"),
    (held("1/20", "fewest-errors"), Devices(first=8), "common-cause"),
    (held("1/20", "fewest-errors"), Devices(fraction=F(1, 50)), "common-cause"),
    (held("1/10", "fewest-tests", order="A first"), Devices("zero-error"), "outcome-dependent"),
    (held("1/25", "most-tests", bits="gray"), Devices("zero-error", first=4), "outcome-dependent"),
]


@pytest.mark.parametrize("route", ["counts", "rounds", "conditional"])
@pytest.mark.parametrize("tests", [None, 48])
@pytest.mark.parametrize("place", range(len(CASES)))
def test_every_route_agrees_with_the_recursion(place, tests, route):
    source, devices, model = CASES[place]
    protocol = pi(16, 512 if tests is None else 1500, tests, source=source, devices=devices, selection=model)
    found = run(protocol, 3000, seed=11, route=route, confidence=SURE)
    assert {line.agrees for line in found.lines} <= {True, None}
    assert found.line(PASSED).agrees
    guess = found.line(GUESSED)
    assert guess.agrees
    assert not guess.simulated.contains(guess.computed[0] + 0.08, 1)


@pytest.mark.parametrize("route", ["counts", "rounds"])
def test_a_wrong_recursion_would_be_seen(route):
    protocol = pi(16, 512, source=held("1/20", "fewest-errors"), devices=Devices(first=8))
    found = run(protocol, 3000, seed=11, route=route, confidence=SURE)
    other = protocol.changed(source=UniformBits())
    wrong = predict(other, round_law(other))
    assert not found.line(ERROR).simulated.contains(*wrong.error)


def test_importance_sampling_agrees_where_both_see_and_sees_what_the_other_cannot():
    protocol = pi(16, 2**18, source=held("1/50", "fewest-errors"), devices=Devices("zero-error", first=64))
    plain, given_no_error = (
        run(protocol, 20_000, route=route, confidence=SURE).line(DETERMINISTIC)
        for route in ("counts", "conditional")
    )
    assert plain.agrees and given_no_error.agrees
    assert plain.simulated.lower <= given_no_error.simulated.upper
    assert given_no_error.simulated.lower <= plain.simulated.upper
    rare = protocol.changed(devices=Devices("zero-error", first=1024))
    seen = run(rare, 20_000, route="conditional", confidence=SURE).line(DETERMINISTIC)
    assert seen.agrees and seen.simulated.upper < 1e-10 and seen.simulated.count > 100
    assert run(rare, 20_000).line(PASSED).simulated.count == 0


# ------------------------------------------------------------------ reproducible, in pieces, interrupted


@pytest.mark.parametrize("route", ["counts", "rounds", "conditional"])
def test_results_depend_on_the_seed_alone(route):
    protocol = pi(16, 512, source=held("1/20"), devices=Devices(fraction=F(1, 50)))
    one, again, other = (run(protocol, 2100, seed=seed, route=route).tally for seed in (5, 5, 6))
    assert one == again != other


@pytest.mark.parametrize("route", ["counts", "rounds"])
def test_two_processes_give_what_one_gives(route):
    protocol = pi(16, 512, source=held("1/20"), devices=Devices(fraction=F(1, 50)))
    seen = []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        shared = run(protocol, 2100, route=route, executor=pool, advance=seen.append)
    assert shared.tally == run(protocol, 2100, route=route).tally
    assert seen == sorted(seen) and seen[-1] == 2100 and len(seen) > 2


@pytest.mark.parametrize("route", ["counts", "rounds"])
def test_fewer_runs_are_the_beginning_of_more(route):
    """One run more is one run more: no draw depends on how many runs are wanted."""
    protocol = pi(16, 512, source=held("1/20"), devices=Devices(fraction=F(1, 50)))
    tallies = [run(protocol, runs, route=route).tally for runs in range(508, 518)]
    for less, more in pairwise(tallies):
        assert more.runs == less.runs + 1
        assert sum((more.window, more.error, more.passed)) == sum((less.window, less.error, less.passed)) + 1
        assert all(x <= y for x, y in zip(vars(less).values(), vars(more).values(), strict=True))


def test_a_long_run_is_streamed_in_blocks(monkeypatch):
    """A run of 5 blocks of 64 rounds takes one block at a time, each with its own stream."""
    protocol = pi(16, 300, source=held("1/20"))
    monkeypatch.setattr(rounds, "BLOCK", 64)
    drawn = rounds.source_rounds(protocol)
    asked = []

    def draw(generator, count):
        asked.append(count)
        return drawn.draw(generator, count)

    tally = rounds.batch(protocol, rounds.Draws(draw, drawn.pick), 1, 3, 1)
    assert asked == [64, 64, 64, 64, 44]
    pieces = [drawn.draw(rounds.stream(1, 0, 3, k), n)[1] for k, n in enumerate(asked)]
    assert tally == rounds.run(protocol, np.concatenate(pieces), drawn.pick, rounds.stream(1, 1, 3))


def test_the_repaired_protocol_stops_when_it_has_its_tests(monkeypatch):
    protocol = pi(16, 100_000, tests=10)
    monkeypatch.setattr(rounds, "BLOCK", 64)
    asked = []
    drawn = rounds.source_rounds(protocol)

    def draw(generator, count):
        asked.append(count)
        return drawn.draw(generator, count)

    assert rounds.batch(protocol, rounds.Draws(draw, drawn.pick), 1, 0, 1).window == 0
    assert len(asked) < 10


def test_an_interrupt_keeps_the_runs_that_are_finished():
    protocol = pi(16, 512, devices=Devices(fraction=F(1, 50)))

    def stop(runs):
        if runs >= 2 * counts.RUNS:
            raise KeyboardInterrupt

    found = run(protocol, 10_000, advance=stop)
    assert found.interrupted and found.tally.runs == 2 * counts.RUNS
    assert found.tally == run(protocol, 2 * counts.RUNS).tally
    assert found.line(PASSED).simulated.of == 2 * counts.RUNS


def test_tallies_add_up():
    assert Tally(1, 1) + Tally(2, 0, 1, 1, 1, 0) == Tally(3, 1, 1, 1, 1, 0)


# ------------------------------------------------------------------ replayed bits


def replayed(path, **more):
    return pi(4, 64, source=ReplayedBits(str(path), **more))


def write_bits(path, bits):
    path.write_text("\n".join("".join(map(str, bits[k : k + 50])) for k in range(0, len(bits), 50)))


def test_replayed_bits_are_decoded_as_the_source_encodes_them(tmp_path):
    """Settings from the bits by `leaf_settings`, in the order of the file, against the run's own count."""
    bits = np.random.default_rng(2).integers(0, 2, 64 * 4)
    write_bits(tmp_path / "bits.txt", bits)
    for order, coding in product(ORDERS, ENCODINGS):
        protocol = replayed(tmp_path / "bits.txt", order=order, bits=coding)
        leaves = leaf_settings(4, order, coding)
        chosen = [leaves[int("".join(map(str, bits[k : k + 4])), 2)] for k in range(0, 256, 4)]
        expected = [k for k, s in enumerate(chosen) if (s % 4 - s // 4) % 4 in (0, 3)]
        with BitFile(tmp_path / "bits.txt", "text") as file:
            where, edge = replayed_rounds(protocol, file).draw(rounds.stream(0), 64)
        assert where.tolist() == expected
        assert edge.tolist() == [chosen[k] == 3 for k in expected]


def test_text_and_bytes_are_the_same_bits(tmp_path):
    bits = np.random.default_rng(3).integers(0, 2, 1024)
    write_bits(tmp_path / "bits.txt", bits)
    (tmp_path / "bits.bin").write_bytes(np.packbits(bits.astype(np.uint8)).tobytes())
    one = run(replayed(tmp_path / "bits.txt"), 3, route="rounds")
    other = run(replayed(tmp_path / "bits.bin", form="bytes"), 3, route="rounds")
    assert one.tally == other.tally
    assert one.line(PASSED).computed is None


def test_replayed_selection_bits_choose_the_round(tmp_path):
    """Settings (0, 0) in all 40 rounds, 5 deterministic ones first: step 4's bits 00000 and 11111."""
    for last, known in (("00000", 1), ("11111", 0)):
        (tmp_path / "bits.txt").write_text("0000" * 40 + last)
        protocol = pi(
            4, 40, 32, source=ReplayedBits(str(tmp_path / "bits.txt")), devices=Devices("zero-error", first=5)
        )
        tally = run(protocol, 1, route="rounds").tally
        assert (tally.passed, tally.deterministic) == (1, known)


def test_uniform_bits_replayed_abort_as_often_as_the_recursion_says(tmp_path):
    bits = np.random.default_rng(4).integers(0, 2, 200 * (64 * 4 + 6))
    write_bits(tmp_path / "bits.txt", bits)
    found = run(replayed(tmp_path / "bits.txt"), 200, route="rounds", confidence=SURE)
    fair = pi(4, 64)
    known = predict(fair, round_law(fair))
    assert found.line(WINDOW).simulated.contains(*known.window)
    assert found.line(ERROR).simulated.contains(*known.error)


def test_a_file_that_runs_out_says_so(tmp_path):
    (tmp_path / "bits.txt").write_text("01" * 200)
    with pytest.raises(InputError, match=r"ran out of bits: it has 400, and a block of 64 rounds needs 256"):
        run(replayed(tmp_path / "bits.txt"), 2, route="rounds")


def test_other_bytes_and_missing_files_are_named(tmp_path):
    (tmp_path / "bits.txt").write_text("0101x")
    with pytest.raises(InputError, match=r"has a byte that is no bit"):
        run(replayed(tmp_path / "bits.txt"), 1, route="rounds")
    with pytest.raises(InputError, match="cannot be read"):
        run(replayed(tmp_path / "none.txt"), 1, route="rounds")


@pytest.mark.parametrize(
    ("size", "count", "more", "words"),
    [
        (2048, 10**6, {"source": held("1/20")}, "beyond 1024"),
        (16, 512, {"devices": Devices(first=33)}, "first: 33 is more than 32"),
        (2**20, 10**9, {"sampling": Sampling(10, route="rounds")}, "beyond 65536"),
        (1024, 10**9, {"sampling": Sampling(10**5, route="rounds")}, "take fewer runs"),
        (
            16,
            512,
            {"source": ReplayedBits("bits.txt"), "sampling": Sampling(route="counts")},
            "a source with a law",
        ),
    ],
)
def test_what_cannot_be_sampled_is_refused(size, count, more, words):
    with pytest.raises(InputError, match=words):
        pi(size, count, **more)
