"""Sums of ratios under free observed settings: both ends against closed forms, vertices and the checker."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction as F
from random import Random

import pytest

import freerand_opt as fr
from freerand_opt.first.answers.threshold import critical_value
from freerand_opt.first.answers.verification import check_certificate
from freerand_opt.first.certificates.check import CertificateError, check
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Output, Question, Threshold
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import MeasurementDependence, Mutual, SanthaVazirani
from freerand_opt.first.programs import ratios
from freerand_opt.first.programs.vertices import source_vertices

X = Output((0, 0, 1, 1), 2, "A")
ORDERS = [
    ("interleaved", "least-significant-first"),
    ("A first", "gray"),
    ("B first", "most-significant-first"),
]


def question(epsilon, *, n=2, at=(0, 0), devices="no-signalling", score=F(1, 2), order=ORDERS[0]):
    scenario = sc.chained(n)
    test = Check(fn.chained(scenario), "<=", score, "I_N")
    ask = Ask("strategy") if devices == "local" else Ask("trace-distance", output=X, at=at)
    source = SanthaVazirani(F(epsilon), *order)
    return Question(scenario, source, "free", Adversary(devices), (test,), ask)


@pytest.mark.parametrize("relation", ["<=", ">="])
def test_parts_say_the_same_as_the_test(relation):
    random = Random(1)
    scenario = sc.chsh()
    for _ in range(20):
        terms = {(o, s): F(random.randrange(-3, 4)) for o in range(4) for s in range(4)}
        test = Check(fn.from_terms(terms), relation, F(random.randrange(-2, 3)), "")
        each, score = ratios.parts(scenario, test)
        assert all(factor >= 0 for part in each.values() for _, _, factor in part.terms)
        table = []
        for _ in range(4):
            weights = [F(random.randrange(1, 9)) for _ in range(4)]
            table.append([weight / sum(weights) for weight in weights])
        behaviour = bh.Behaviour(scenario, tuple(tuple(table[s][o] for s in range(4)) for o in range(4)))
        total = bh.score(test.functional, behaviour)
        parted = sum((bh.score(part, behaviour) for part in each.values()), F(0))
        slack = test.score - total if relation == "<=" else total - test.score
        assert score - parted == slack


@pytest.mark.parametrize(
    "source",
    [SanthaVazirani(F(1, 7), *order) for order in ORDERS] + [MeasurementDependence(F(1, 10), F(2, 5))],
)
def test_largest_probabilities_and_ratios_are_those_of_the_vertices(source):
    scenario = sc.chained(2)
    vertices = source_vertices(source, scenario)
    for s in range(4):
        assert ratios.largest(source, scenario, s) == max(vertex[s] for vertex in vertices) / 4
        for here in range(4):
            bound = ratios.largest_ratio(source, scenario, s, here)
            reached = max(vertex[s] / vertex[here] for vertex in vertices)
            assert bound == reached if isinstance(source, SanthaVazirani) else bound >= reached


def test_mutual_sources_are_bounded_from_above():
    scenario, source = sc.chained(2), Mutual(F(1, 5))
    for vertex in source_vertices(source, scenario):
        assert max(vertex) / 4 <= ratios.largest(source, scenario, 0)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("epsilon", ["1/50", "1/16"])
def test_fixed_settings_lie_between_the_bound_and_the_attack(order, epsilon):
    """docs/proofs/theorem-1-readings.md, statement 2."""
    q = question(epsilon, order=order)
    result = fr.bound(q)
    ratio = ((F(1, 2) + F(epsilon)) / (F(1, 2) - F(epsilon))) ** 4
    assert float(result.bracket.upper) >= float(ratio / (1 + ratio) / 2) - 1e-12  # I = 1/2: x = ratio
    assert result.bracket.lower <= min(F(1, 2), ratio / 4)
    assert result.bracket.lower >= fr.bound(replace(q, settings="uniform")).bracket.lower - F(1, 10**6)
    assert "sum of ratios" in result.method
    check_certificate(result.certificate)


def test_without_bias_the_bracket_closes():
    for at in ((0, 0), "average"):
        bracket = fr.bound(question(0, at=at)).bracket
        assert abs(bracket.lower - F(1, 4)) < F(1, 10**6)
        assert abs(bracket.upper - F(1, 4)) < F(1, 10**8)


@pytest.mark.parametrize("order", ORDERS)
def test_local_models_of_two_edges_are_found_and_impossible_ones_refuted(order):
    """Statement 3: 2/(1 + (p/q)^2) is reached, less than (q/p)^2 is not; I = 1/2."""
    reached = F(134, 1000)  # p/q > sqrt 3
    assert 2 / (1 + ((F(1, 2) + reached) / (F(1, 2) - reached)) ** 2) < F(1, 2)
    below = F(85, 1000)  # p/q < sqrt 2
    assert ((F(1, 2) - below) / (F(1, 2) + below)) ** 2 > F(1, 2)
    assert str(fr.bound(question(reached, devices="local", order=order))) == "exists"
    assert str(fr.bound(question(below, devices="local", order=order))) == "none"


def test_an_attack_must_pass_the_ratio_test_itself():
    body = copy.deepcopy(fr.bound(question("1/16")).certificate)
    assert body["attack"] is not None
    body["multipliers"], body["answer"]["upper"] = None, None
    check(body)
    body["question"]["tests"][0]["score"] = "49/100"
    with pytest.raises(CertificateError, match="test 0"):
        check(body)


def test_a_bound_for_uniform_settings_is_none_for_free_ones():
    body = copy.deepcopy(fr.bound(replace(question("1/16"), settings="uniform")).certificate)
    body["question"]["observed"]["settings"] = "free"
    with pytest.raises(CertificateError, match="they are about the program"):
        check_certificate(body)


def test_equalities_of_sums_of_ratios_are_refused(freerand, tmp_path):
    path = tmp_path / "q.toml"
    path.write_text("""
[scenario]
family = "chsh"
[source]
kind = "santha-vazirani"
epsilon = 0.1
[observed]
settings = "free"
[adversary]
devices = "local"
[[test]]
functional = "chsh"
relation = "="
score = 2
[ask]
quantity = "strategy"
""")
    run = freerand("bound", path)
    assert (run.code, run.out) == (2, "")
    assert "sum of ratios" in run.err


def test_a_threshold_is_certain_on_both_sides_of_what_is_not():
    """(q/p)^2 = I and 2/(1 + (p/q)^2) = I enclose it; I = 1/2: p/q = sqrt 2 and sqrt 3."""
    asked = question(0, devices="local")
    seeks = Threshold("source.epsilon", (F(0), F(1, 4)), F(1, 100))
    found = critical_value(asked, seeks).bracket
    first, last = (2**0.5 - 1) / (2**0.5 + 1) / 2, (3**0.5 - 1) / (3**0.5 + 1) / 2
    assert first - 0.01 <= float(found.lower) <= last
    assert first <= float(found.upper) <= last + 0.01
