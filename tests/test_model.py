"""Tests of model/: behaviours and scores against closed forms, no-signalling, sources, labels."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerand_opt.first.model import behaviour as behaviours
from freerand_opt.first.model import functional as functionals
from freerand_opt.first.model import scenario as scenarios
from freerand_opt.first.model.behaviour import Behaviour, defect, mixed, score
from freerand_opt.first.model.functional import Functional, label_terms
from freerand_opt.first.model.question import Adversary, Ask, Question
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import (
    BIT_ORDERS,
    SanthaVazirani,
    Uniform,
    bit_count,
    leaf_settings,
    time_order,
)
from freerand_opt.numbers.exact import sin_pi, sqrt

CHSH = scenarios.chsh()
FAMILIES = {
    "chsh": CHSH,
    **{f"chained {n}": scenarios.chained(n) for n in (2, 3, 4, 8)},
    **{f"ghz {m}": scenarios.ghz(m) for m in (3, 4, 5)},
}

# ------------------------------------------------------------------ behaviours and scores


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", behaviours.NAMED)
def test_named_behaviours_do_not_signal(name, family):
    scenario = FAMILIES[family]
    if name == "pr-box" and scenario.family == "ghz":
        with pytest.raises(ValueError, match="chsh or chained"):
            behaviours.NAMED[name](scenario)
    elif name.startswith("hardy") and scenario.settings != (2, 2):
        with pytest.raises(ValueError, match="two settings"):
            behaviours.NAMED[name](scenario)
    else:
        assert defect(behaviours.NAMED[name](scenario)) is None


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 16, 64])
def test_quantum_chained_value(n):
    scenario = scenarios.chained(n)
    value = score(functionals.chained(scenario), behaviours.quantum(scenario))
    assert value == 2 * n * sin_pi(F(1, 4 * n)) ** 2  # arXiv:1105.3195, below Eq. (2)


def test_quantum_chsh_is_tsirelson():
    quantum = behaviours.quantum(CHSH)
    assert score(functionals.chsh(CHSH), quantum) == 2 * sqrt(F(2))
    # each error is (1 - E)/2, so that the four add up to 2 - S/2
    assert score(functionals.chained(CHSH), quantum) == 2 - sqrt(F(2))


@pytest.mark.parametrize("m", [3, 4, 5, 6])
def test_ghz_reaches_the_algebraic_mermin_value(m):
    scenario = scenarios.ghz(m)
    quantum = behaviours.quantum(scenario)
    assert score(functionals.mermin(scenario), quantum) == 2 ** (m - 1)
    assert score(functionals.mermin_errors(scenario), quantum) == 0


@pytest.mark.parametrize("m", [3, 4])
def test_local_mermin_value(m):
    # Mermin 1990: local models reach 2^floor(m/2)
    scenario = scenarios.ghz(m)
    mermin = functionals.mermin(scenario)
    best = max(score(mermin, deterministic(scenario, choice)) for choice in choices(scenario))
    assert best == 2 ** (m // 2)


def choices(scenario):
    parts = [
        itertools.product(range(d), repeat=n)
        for n, d in zip(scenario.settings, scenario.outcomes, strict=True)
    ]
    return itertools.product(*parts)


def deterministic(scenario, choice):
    def probability(outcomes, settings):
        return F(all(choice[p][s] == o for p, (s, o) in enumerate(zip(settings, outcomes, strict=True))))

    return behaviours.from_function(scenario, probability)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_local_values(n):
    chained = scenarios.chained(n)
    functional = functionals.chained(chained)
    boxes = [deterministic(chained, choice) for choice in choices(chained)]
    assert all(defect(box) is None for box in boxes[:20])
    assert min(score(functional, box) for box in boxes) == 1  # Bell: I_N >= 1
    assert max(score(functionals.chsh(CHSH), deterministic(CHSH, choice)) for choice in choices(CHSH)) == 2


def test_pr_box():
    assert score(functionals.chsh(CHSH), behaviours.pr_box(CHSH)) == 4
    for scenario in (CHSH, scenarios.chained(2), scenarios.chained(8)):
        assert score(functionals.chained(scenario), behaviours.pr_box(scenario)) == 0


@pytest.mark.parametrize("family", ["chsh", "chained 3", "chained 8"])
def test_white_noise_errs_half_the_time(family):
    scenario = FAMILIES[family]
    noise = behaviours.white_noise(scenario)
    edges = len(functionals.chained(scenario).settings())
    assert edges == 2 * scenario.settings[0]
    assert score(functionals.chained(scenario), noise) == F(edges, 2)


@given(st.fractions(min_value=0, max_value=1))
def test_visibility(v):
    werner = mixed(behaviours.quantum(CHSH), behaviours.white_noise(CHSH), v)
    assert score(functionals.chsh(CHSH), werner) == v * 2 * sqrt(F(2))
    assert defect(werner) is None


def test_named_functionals_need_their_scenario():
    other = Scenario((2, 3), (2, 2))
    for make in (functionals.chained, functionals.chsh, functionals.mermin, functionals.mermin_errors):
        with pytest.raises(ValueError, match="need"):
            make(other)
    with pytest.raises(ValueError, match="by name"):
        behaviours.quantum(other)


# ------------------------------------------------------------------ defects


def changed(behaviour, changes):
    table = [list(row) for row in behaviour.table]
    for (o, s), amount in changes.items():
        table[o][s] = table[o][s] + amount
    return Behaviour(behaviour.scenario, tuple(map(tuple, table)))


@pytest.mark.parametrize("exponent", [1, 3, 40, 400, 2000])
def test_injected_signalling_is_found(exponent):
    amount = F(1, 10**exponent)
    scenario = scenarios.chained(3)
    o, o_2, s = scenario.outcome_index((0, 1)), scenario.outcome_index((1, 1)), scenario.setting_index((2, 1))
    said = defect(changed(behaviours.white_noise(scenario), {(o, s): amount, (o_2, s): -amount}))
    assert said is not None
    assert said.startswith(
        f"it signals: P(A=0) at settings A=2 changes by {amount} when B measures 1 instead of 0"
    )


def test_irrational_signalling_is_found():
    said = defect(changed(behaviours.quantum(CHSH), {(0, 0): -sqrt(F(1, 100)), (1, 0): sqrt(F(1, 100))}))
    assert said is not None
    assert "signals" in said
    assert "B=" in said


def test_signalling_of_three_parties_names_the_others():
    scenario = scenarios.ghz(3)
    s = scenario.setting_index((1, 0, 1))
    changes = {
        (scenario.outcome_index((0, 0, 0)), s): F(1, 16),
        (scenario.outcome_index((0, 1, 0)), s): F(-1, 16),
    }
    said = defect(changed(behaviours.white_noise(scenario), changes))
    assert said is not None
    assert "1/16" in said
    assert "instead of 0" in said


def test_other_defects():
    noise = behaviours.white_noise(CHSH)
    assert defect(changed(noise, {(1, 2): F(-1, 2), (0, 2): F(1, 2)})) == "P(01|10) = -1/4 is negative"
    said = defect(changed(noise, {(0, 3): F(1, 8)}))
    assert said == "the outcomes at settings 11 sum to 9/8, not to 1"


def test_largest_signalling_is_the_one_that_is_named():
    noise = behaviours.white_noise(scenarios.chained(3))
    small = {(0, 8): F(1, 100), (2, 8): F(-1, 100)}
    large = {(0, 4): F(1, 10), (2, 4): F(-1, 10)}
    said = defect(changed(noise, {**small, **large}))
    assert said is not None
    assert "changes by 1/10" in said or "changes by -1/10" in said


# ------------------------------------------------------------------ scenarios and labels


def test_indices_are_row_major():
    scenario = Scenario((3, 2), (2, 4))
    assert scenario.shape == (8, 6)
    for index, settings in enumerate(itertools.product(range(3), range(2))):
        assert scenario.setting_index(settings) == index
        assert scenario.joint_settings[index] == settings
    for index, outcomes in enumerate(itertools.product(range(2), range(4))):
        assert scenario.outcome_index(outcomes) == index


def test_sizes_of_families():
    for make, size, words in ((scenarios.chained, 1, "at least 2"), (scenarios.ghz, 2, "at least 3")):
        with pytest.raises(ValueError, match=words):
            make(size)


def test_edges_of_the_chained_game():
    # arXiv:1105.3195, Eq. (2): A = 2a, B = 2b + 1, |A - B| = 1 and (0, 2N - 1)
    for n in (2, 3, 4, 8):
        game = scenarios.cycle(scenarios.chained(n))
        near = {(a, b, 0) for a in range(n) for b in range(n) if abs(2 * a - (2 * b + 1)) == 1}
        assert set(game.edges) == near | {(0, n - 1, 1)}
        assert len(game.edges) == 2 * n
    assert scenarios.cycle(scenarios.ghz(3)) is None


@pytest.mark.parametrize(
    "scenario",
    [
        CHSH,
        scenarios.chained(16),
        scenarios.ghz(3),
        Scenario((3, 2), (2, 12)),
        Scenario((12,), (3,)),
        Scenario((2,), (12,)),
    ],
    ids=str,
)
def test_every_printed_label_is_read_back(scenario):
    for o, s in itertools.product(*map(range, scenario.shape)):
        assert label_terms(scenario, scenario.label(o, s)) == {(o, s): 1}


def test_spelling_of_probabilities():
    assert label_terms(CHSH, " P( 0, 1 | 1 0 ) ") == label_terms(CHSH, "P(01|10)") == {(1, 2): 1}


def correlation(behaviour, settings, parties):
    """Return the expectation of the product of the parties' +-1 outcomes, by its definition."""
    scenario = behaviour.scenario
    s = scenario.setting_index(settings)
    return sum(
        (-1) ** sum(outcomes[p] for p in parties) * behaviour.table[o][s]
        for o, outcomes in enumerate(scenario.joint_outcomes)
    )


def test_correlators():
    scenario = scenarios.ghz(3)
    random.seed(1)
    box = deterministic(scenario, random.choice(list(choices(scenario))))
    box = mixed(box, behaviours.quantum(scenario), F(1, 3))
    for settings in scenario.joint_settings:
        for parties in ((0,), (1,), (0, 2), (0, 1, 2)):
            label = "<" + " ".join(f"{'ABC'[p]}{settings[p]}" for p in parties) + ">"
            functional = functionals.from_terms(label_terms(scenario, label))
            assert score(functional, box) == correlation(box, settings, parties)
    assert label_terms(scenario, "<B1 A0>") == label_terms(scenario, "< A0  B1 >")


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("P(00)", "a label is"),
        ("p(00|00)", "a label is"),
        ("P(000|00)", "2 outcomes are needed"),
        ("P(0,|00)", "2 outcomes are needed"),
        ("P(00|0)", "2 settings are needed"),
        ("P(00|02)", "setting 2 of B is not in 0..1"),
        ("P(20|00)", "outcome 2 of A is not in 0..1"),
        ("P(٠0|00)", "a label is"),
        ("<>", "a label is"),
        ("<A0B0>", "a label is"),
        ("<a0>", "a label is"),
        ("<C0>", "C is no party"),
        ("<A0 A0>", "A is named twice"),
        ("<A2>", "settings of A are 0..1"),
        ("<" + "A0 " * 100 + ">", "at most 200"),
    ],
)
def test_labels_that_are_none(label, words):
    with pytest.raises(ValueError, match=words):
        label_terms(CHSH, label)


def test_correlator_of_three_outcomes():
    with pytest.raises(ValueError, match="needs two outcomes"):
        label_terms(Scenario((2, 2), (3, 2)), "<A0 B0>")


def test_zeros_are_no_terms():
    assert functionals.from_terms({(0, 0): F(0), (1, 1): F(2)}) == Functional(((1, 1, F(2)),))


# ------------------------------------------------------------------ sources

#: Bits in time of one party -> setting, for N = 4, by hand.
ENCODINGS = {
    "most-significant-first": {"00": 0, "01": 1, "10": 2, "11": 3},
    "least-significant-first": {"00": 0, "10": 1, "01": 2, "11": 3},
    "gray": {"00": 0, "01": 1, "11": 2, "10": 3},
}
#: Whose bits come when, for two parties with two bits each.
ORDERS = {"interleaved": "ABAB", "A first": "AABB", "B first": "BBAA"}


@pytest.mark.parametrize("bits", BIT_ORDERS)
@pytest.mark.parametrize("order", ORDERS)
def test_encodings_by_hand(bits, order):
    scenario = scenarios.chained(4)
    leaves = leaf_settings(scenario, SanthaVazirani(F(0), order, bits))
    for leaf, setting in enumerate(leaves):
        sent = {"A": "", "B": ""}
        for party, bit in zip(ORDERS[order], f"{leaf:04b}", strict=True):
            sent[party] += bit
        wanted = ENCODINGS[bits][sent["A"]], ENCODINGS[bits][sent["B"]]
        assert scenario.joint_settings[setting] == wanted


@pytest.mark.parametrize("bits", BIT_ORDERS)
@pytest.mark.parametrize("sizes", [(2, 2), (8, 8), (4, 2), (1, 8), (2, 16, 4), (2, 2, 2, 2)], ids=str)
def test_every_joint_setting_is_one_leaf(bits, sizes):
    scenario = Scenario(sizes, (2,) * len(sizes))
    for order in ("interleaved", *(f"{letter} first" for letter in scenario.parties)):
        leaves = leaf_settings(scenario, SanthaVazirani(F(0), order, bits))
        assert sorted(leaves) == list(range(scenario.shape[1]))
        assert len(time_order(scenario, order)) == bit_count(scenario)
        assert len(leaves) == 2 ** bit_count(scenario)


def test_party_without_bits_left_is_passed_over():
    scenario = Scenario((2, 8, 4), (2, 2, 2))
    assert time_order(scenario, "interleaved") == ((0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (1, 2))
    assert time_order(scenario, "C first") == ((2, 0), (2, 1), (0, 0), (1, 0), (1, 1), (1, 2))


def test_gray_neighbours_differ_in_one_bit():
    scenario = Scenario((16,), (2,))
    leaves = leaf_settings(scenario, SanthaVazirani(F(0), "interleaved", "gray"))
    codes = {setting: leaf for leaf, setting in enumerate(leaves)}
    assert all(codes[s] == s ^ (s >> 1) for s in range(16))


# ------------------------------------------------------------------ questions


def test_observed_setting_weights():
    def question(settings):
        return Question(CHSH, Uniform(), settings, Adversary("local"), (), Ask("strategy"))

    assert question("uniform").setting_weights() == (F(1, 4),) * 4
    assert question("free").setting_weights() is None
    assert question((F(1), F(0), F(0), F(0))).setting_weights() == (1, 0, 0, 0)


def test_sign_of_the_asked_score():
    chsh = functionals.chsh(CHSH)
    assert Ask("score", functional=chsh).sign == 1
    assert Ask("score", functional=chsh, extreme="smallest").sign == -1
    assert Ask("strategy", extreme="smallest").sign == 1


# ------------------------------------------------------------------ I3322, CGLMP, Svetlichny


LOCAL = {
    "i3322": (scenarios.i3322(), 0),  # arXiv:quant-ph/0306129
    **{f"cglmp {d}": (scenarios.cglmp(d), 2) for d in (2, 3, 4, 5)},  # arXiv:quant-ph/0106024
    "svetlichny 3": (scenarios.ghz(3), 4),  # Svetlichny 1987
}


@pytest.mark.parametrize("name", LOCAL)
def test_local_values_of_the_literature(name):
    scenario, value = LOCAL[name]
    functional = functionals.NAMED[name.split()[0]](scenario)
    parties = [
        list(itertools.product(range(d), repeat=n))
        for d, n in zip(scenario.outcomes, scenario.settings, strict=True)
    ]
    factors = {(o, s): factor for o, s, factor in functional.terms}
    best = max(
        sum(
            factors.get((scenario.outcome_index([f[x] for f, x in zip(joint, xs, strict=True)]), s), 0)
            for s, xs in enumerate(scenario.joint_settings)
        )
        for joint in itertools.product(*parties)
    )
    assert best == value


def test_cglmp_of_two_outcomes_is_chsh():
    """A - B modulo 2 makes I_2 a CHSH expression: four correlators, one of another sign."""
    scenario = scenarios.cglmp(2)
    functional = functionals.cglmp(scenario)
    signs = {}
    for o, s, factor in functional.terms:
        parity = sum(scenario.joint_outcomes[o]) % 2
        assert signs.setdefault(s, factor * (-1) ** parity) == factor * (-1) ** parity
    assert sorted(signs.values()) == [-1, 1, 1, 1]


@pytest.mark.parametrize("d", [2, 3, 4, 5, 7])
def test_cglmp_reaches_four_without_signalling(d):
    """Differences A - B that all count for fix a box with uniform outcomes (arXiv:quant-ph/0106024)."""
    scenario = scenarios.cglmp(d)
    wanted = {(0, 0): 0, (1, 0): -1, (1, 1): 0, (0, 1): 0}
    box = behaviours.from_function(scenario, lambda o, s: F(int((o[0] - o[1] - wanted[s]) % d == 0), d))
    assert defect(box) is None
    assert score(functionals.cglmp(scenario), box) == 4


def test_i3322_in_its_authors_table():
    """Point by point on product behaviours: -P(A0) - 2 P(B0) - P(B1) + joint terms."""
    scenario, draw = scenarios.i3322(), random.Random(3)
    functional = functionals.i3322(scenario)
    for _ in range(5):
        a, b = ([F(draw.randint(0, 9), 9) for _ in range(3)] for _ in range(2))

        def chance(o, s, a=a, b=b):
            return (a[s[0]] if o[0] == 0 else 1 - a[s[0]]) * (b[s[1]] if o[1] == 0 else 1 - b[s[1]])

        joint = [[1, 1, 1], [1, 1, -1], [1, -1, 0]]
        value = sum(joint[x][y] * a[x] * b[y] for x in range(3) for y in range(3))
        value += -a[0] - 2 * b[0] - b[1]
        assert score(functional, behaviours.from_function(scenario, chance)) == value


def test_i3322_of_a_pr_box_is_one():
    """Settings 0 and 1 of A with 1 and 2 of B carry a PR box, the rest is fixed; the value is 1.

    That 1 is the largest no-signalling value is proved by a program in test_quantum_bounds.py.
    """
    functional = functionals.i3322(scenarios.i3322())

    def chance(o, s):
        flip = s in ((1, 2), (2, 1))
        return F(int((o[0] + o[1] + flip) % 2 == 0), 2)

    box = behaviours.from_function(scenarios.i3322(), chance)
    assert defect(box) is None
    assert score(functional, box) == 1


def test_svetlichny_of_four_parties_has_twice_the_terms():
    functional = functionals.svetlichny(scenarios.ghz(4))
    assert sum(abs(f) for _, _, f in functional.terms) == 16 * 16


@pytest.mark.parametrize("name", ["i3322", "cglmp", "svetlichny"])
def test_functionals_refuse_another_scenario(name):
    with pytest.raises(ValueError, match="needs"):
        functionals.NAMED[name](scenarios.chained(4))
