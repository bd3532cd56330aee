"""Sources: what their definitions say of the distributions that they allow, against the form for programs."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import pytest
from samples import sample

from freerand_opt.checker.failures import Work
from freerand_opt.checker.sources import Bits, Limits, Point, Product, Rows, read_source
from freerand_opt.checker.vectors import Vector
from freerand_opt.errors import InputError
from freerand_opt.model import (
    SOURCES,
    Adversary,
    Ask,
    Free,
    Independent,
    Inequalities,
    MeasurementDependence,
    MinEntropy,
    Mixture,
    Mutual,
    Observed,
    Question,
    SanthaVazirani,
    Scenario,
    Uniform,
    chained,
)
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.sources.encoding import ENCODINGS, counts, in_time, leaves, place

HALF = F(1, 2)
#: Bits in time of one party -> setting, for N = 4, by hand.
BY_HAND = {
    "most-significant-first": {"00": 0, "01": 1, "10": 2, "11": 3},
    "least-significant-first": {"00": 0, "10": 1, "01": 2, "11": 3},
}
#: Whose bits come when, for two parties with two bits each.
ORDERS = {"interleaved": "ABAB", "A first": "AABB", "B first": "BBAA"}


def asked(source, scenario=None, settings="uniform"):
    scenario = scenario or Scenario((4, 2), (2, 2))
    observed = Observed(settings=settings)
    return Question(scenario, source, observed=observed, adversary=Adversary("local"), ask=Ask("strategy"))


def conditional(weights, scenario, order, known, bit):
    """Return P(next bit is 0 | bits before it in time), by its definition, or None if they never occur."""
    totals = [F(0), F(0)]
    for s, settings in enumerate(scenario.joint_settings):
        values = [settings[p] >> b & 1 for p, b in order]
        if values[: len(known)] == list(known):
            totals[values[bit]] += weights[s]
    return None if not sum(totals) else totals[0] / sum(totals)


# ------------------------------------------------------------------ encodings


@pytest.mark.parametrize("bits", BY_HAND)
@pytest.mark.parametrize("order", ORDERS)
def test_encodings_by_hand(bits, order):
    form = SanthaVazirani(0, order=order, bits=bits).form(chained(4), None)
    for leaf, setting in enumerate(form.leaves):
        sent = {"A": "", "B": ""}
        for party, bit in zip(ORDERS[order], f"{leaf:04b}", strict=True):
            sent[party] += bit
        wanted = BY_HAND[bits][sent["A"]], BY_HAND[bits][sent["B"]]
        assert chained(4).joint_settings[setting] == wanted


def test_gray_code_gives_the_distributions_of_the_plain_order():
    """Bit t of the code and bit t of the number tell the same halves apart, given the bits before."""
    codes = {x: x ^ (x >> 1) for x in range(16)}
    for known in range(4):
        prefix = {codes[x] >> (3 - known): x >> (3 - known) for x in range(16)}
        assert all(prefix[codes[x] >> (3 - known)] == x >> (3 - known) for x in range(16))
    gray, plain = (
        SanthaVazirani("1/10", bits=bits).form(chained(4), None) for bits in ("gray", ENCODINGS[0])
    )
    assert gray == plain


@pytest.mark.parametrize("sizes", [(2, 2), (8, 8), (4, 2), (1, 8), (2, 16, 4), (2, 2, 2, 2)], ids=str)
def test_every_joint_setting_is_one_leaf(sizes):
    for order in ("interleaved", *(f"{letter} first" for letter in "ABCD"[: len(sizes)])):
        bits = [(p, place(sizes[p], j, ENCODINGS[1])) for p, j in in_time(counts(sizes), order)]
        found = leaves(sizes, tuple(bits))
        assert sorted(found) == list(range(len(found)))


def test_party_without_bits_left_is_passed_over():
    assert in_time(counts((2, 8, 4)), "interleaved") == ((0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (1, 2))
    assert in_time(counts((2, 8, 4)), "C first") == ((2, 0), (2, 1), (0, 0), (1, 0), (1, 1), (1, 2))


# ------------------------------------------------------------------ definitions


def is_santha_vazirani(weights, source, scenario):
    order = [
        (p, place(scenario.settings[p], j, source.bits))
        for p, j in in_time(counts(scenario.settings), source.order)
    ]
    found = (
        conditional(weights, scenario, order, known, t)
        for t in range(len(order))
        for known in product((0, 1), repeat=t)
    )
    return all(p is None or abs(p - HALF) <= source.epsilon for p in found)


def is_mutual(weights, source, scenario):
    for party, n in enumerate(scenario.settings):
        own = [(party, place(n, j, source.bits)) for j in range(n.bit_length() - 1)]
        for others in {xs[:party] + xs[party + 1 :] for xs in scenario.joint_settings}:
            given = [
                w * (xs[:party] + xs[party + 1 :] == others)
                for w, xs in zip(weights, scenario.joint_settings, strict=True)
            ]
            for t in range(len(own)):
                for known in product((0, 1), repeat=t):
                    p = conditional(given, scenario, own, known, t)
                    if p is not None and abs(p - HALF) > source.epsilon:
                        return False
    return True


def is_independent(weights, source, scenario):
    margins = [[F(0)] * n for n in scenario.settings]
    for w, settings in zip(weights, scenario.joint_settings, strict=True):
        for own, x in zip(margins, settings, strict=True):
            own[x] += w
    for w, settings in zip(weights, scenario.joint_settings, strict=True):
        value = F(1)
        for own, x in zip(margins, settings, strict=True):
            value *= own[x]
        if value != w:
            return False
    parts = getattr(source, "parts", None) or [SanthaVazirani(source.epsilon, bits=source.bits)] * len(
        margins
    )
    alone = (Scenario((n,), (1,)) for n in scenario.settings)
    return all(
        set(own) == {F(1, len(own))} if isinstance(part, Uniform) else is_santha_vazirani(own, part, each)
        for own, part, each in zip(margins, parts, alone, strict=True)
    )


def obeys_rows(weights, source, scenario):
    signs = {"<=": (-1, 0), ">=": (0, 1), "=": (0, 0)}
    for row in source.rows:
        total = sum(x * weights[scenario.setting_index([int(c) for c in label])] for label, x in row.terms)
        low, high = signs[row.relation]
        if not (low == -1 or total >= row.bound) or not (high == 1 or total <= row.bound):
            return False
    return True


ROWS = [
    {"terms": {"00": 1, "01": 1}, "relation": "=", "bound": "1/3"},
    {"terms": {"31": 1}, "relation": ">=", "bound": "1/10"},
    {"terms": {"10": 2, "20": -1}, "relation": "<=", "bound": "1/8"},
]
CASES = {
    "uniform": (Uniform(), lambda w, source, scenario: set(w) == {F(1, len(w))}),
    "interleaved": (SanthaVazirani("1/10"), is_santha_vazirani),
    "B first": (SanthaVazirani("1/5", order="B first", bits="least-significant-first"), is_santha_vazirani),
    "mutual": (Mutual("1/7"), is_mutual),
    "mutual, least significant first": (Mutual("2/5", bits="least-significant-first"), is_mutual),
    "independent": (Independent("1/10"), is_independent),
    "mixture": (Mixture(A=SanthaVazirani("1/4"), B=Uniform()), is_independent),
    "bounds": (
        MeasurementDependence("1/20", "3/10"),
        lambda w, source, scenario: all(F(1, 20) <= x <= F(3, 10) for x in w),
    ),
    "min-entropy": (MinEntropy(2), lambda w, source, scenario: max(w) <= F(1, 4)),
    "rows": (Inequalities(ROWS), obeys_rows),
    "free": (Free(), lambda w, source, scenario: min(w) >= 0),
}


def within(source, weights):
    """Return whether a distribution obeys the checker's own reading of a source."""
    if isinstance(source, Point):
        return [source.values[s] for s in range(len(weights))] == list(weights)
    if isinstance(source, Limits):
        return all(source.lower[s] <= x <= source.upper[s] for s, x in enumerate(weights))
    if isinstance(source, Rows):
        totals = [sum(x * weights[s] for s, x in row.items()) for row in source.rows]
        return all(t >= 0 and not (equal and t) for t, equal in zip(totals, source.equal, strict=True))
    if isinstance(source, Bits):
        masses = {k: weights[s] for k, s in enumerate(source.leaves)}
        for t in range(len(source.ranges) - 1, -1, -1):
            low, high = source.ranges[t]
            joined = {}
            for k in range(2**t):
                left, right = masses[2 * k], masses[2 * k + 1]
                if not low * (left + right) <= left <= high * (left + right):
                    return False
                joined[k] = left + right
            masses = joined
        return True
    assert isinstance(source, Product)
    margins = [[F(0)] * n for n in source.sizes]
    for w, xs in zip(weights, product(*map(range, source.sizes)), strict=True):
        for own, x in zip(margins, xs, strict=True):
            own[x] += w
    return all(within(part, own) for part, own in zip(source.parts, margins, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_samples_obey_the_definition_and_the_checker(case):
    source, holds = CASES[case]
    scenario, draw = Scenario((4, 2), (2, 2)), random.Random(11)
    found = set()
    for _ in range(40):
        weights = sample(source, scenario, draw)
        assert sum(weights) == 1
        assert holds(weights, source, scenario)
        found.add(weights)
        settings = {
            label: w for label, w in zip(map(scenario.setting_label, range(8)), weights, strict=True) if w
        }
        stated = asked(source, scenario, settings if case == "free" else "uniform")
        form = question_form(stated.problem())["source"]
        vector = Vector(8, None, dict(enumerate(weights)))
        assert within(read_source(form, (4, 2), vector, Work(10**7)), weights)
    assert len(found) > 1 or case == "uniform"


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("free", "min-entropy")])
def test_what_breaks_the_definition_breaks_the_checker_s(case):
    """A distribution that puts too much on one setting is in neither."""
    source, holds = CASES[case]
    scenario = Scenario((4, 2), (2, 2))
    weights = (F(95, 100), *([F(5, 700)] * 7))
    assert not holds(weights, source, scenario)
    form = question_form(asked(source, scenario).problem())["source"]
    if case != "mixture" and case != "independent":
        assert not within(read_source(form, (4, 2), None, Work(10**7)), weights)


def test_every_kind_is_tested():
    by_value = {"bits", "relative", "product", "full-support", "on-average"}  # tests/truth
    kinds = {source.tag()["kind"] for source in SOURCES} - by_value
    assert {type(source).tag()["kind"] for source, _ in CASES.values()} == kinds


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("source", "scenario", "where", "said"),
    [
        (Mutual("1/10"), Scenario((3, 2), (2, 2)), "Question.scenario", "party A has 3 settings"),
        (Independent("1/10"), Scenario((2, 6), (2, 2)), "Question.scenario", "party B has 6 settings"),
        (Mixture(A=Uniform(), B=SanthaVazirani(0)), Scenario((3, 5), (2, 2)), "Question.scenario", "party B"),
        (SanthaVazirani(0), Scenario((1024, 1024, 2), (1, 1, 1)), "Question.scenario", "more than 20 bits"),
        (MinEntropy(4), Scenario((4, 2), (2, 2)), "Question.source.bits", "8 joint settings"),
        (MeasurementDependence("1/5"), Scenario((4, 2), (2, 2)), "Question.source.lower", "[0, 1/8]"),
        (MeasurementDependence(0, "1/9"), Scenario((4, 2), (2, 2)), "Question.source.upper", "[1/8, 1]"),
        (
            Inequalities([{"terms": {"40": 1}, "bound": 1}]),
            Scenario((4, 2), (2, 2)),
            'Question.source.rows[0].terms."40"',
            "written as 00 to 31",
        ),
        (
            Inequalities([{"terms": {"00": 1}, "bound": "1/3"}, {"terms": {"00": -1}, "bound": "-1/2"}]),
            Scenario((4, 2), (2, 2)),
            "Question.source.rows",
            "no distribution",
        ),
    ],
    ids=str,
)
def test_refusals(source, scenario, where, said):
    with pytest.raises(InputError) as caught:
        asked(source, scenario)
    assert caught.value.where == where
    assert said in caught.value.message


def test_mixture_leaves_free_parties_any_number_of_settings():
    assert asked(Mixture(A=Uniform(), B=SanthaVazirani(0)), Scenario((3, 4), (2, 2))).problem()


# ------------------------------------------------------------------ along a number


def test_varied_sources():
    assert SanthaVazirani("1/10", order="B first").varied("epsilon", F(1, 5)) == SanthaVazirani(
        "1/5", order="B first"
    )
    assert MeasurementDependence("1/10", "1/2").varied("upper", F(1, 3)) == MeasurementDependence(
        "1/10", "1/3"
    )
    mixed = Mixture(A=Uniform(), B=SanthaVazirani("1/10")).varied("epsilon", F(1, 5))
    assert mixed == Mixture(A=Uniform(), B=SanthaVazirani("1/5"))
    assert MinEntropy(2).varied("bits", F(1)) == MeasurementDependence(0, "1/2")
    between = MinEntropy(2).varied("bits", F(3, 2)).upper
    assert abs(float(between) - 2**-1.5) < 1e-15
    assert Uniform().varying == Free().varying == ()
