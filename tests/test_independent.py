"""Independent parties: pricing products against the program over all vertices of their hull."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.answers.verification import check_certificate
from freerand_opt.first.certificates.check import CertificateError, check
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import PerParty, SanthaVazirani, Uniform
from freerand_opt.first.programs import build, pricing, products

SCENARIO = sc.chained(4)
I4 = fn.chained(SCENARIO)
X = Output((0, 0, 1, 1), 2, "A")
SOURCE = PerParty((SanthaVazirani(F(1, 10)), SanthaVazirani(F(1, 15), bits="gray")))
TOTAL = (Check(I4, "<=", F(3, 10), "I"),)


def edges(score):
    at = {}
    for term in I4.terms:
        at.setdefault(term[1], []).append(term)
    return tuple(Check(fn.Functional(tuple(terms)), "<=", score, "edge") for terms in at.values())


def question(ask, tests=TOTAL, *, observed="uniform", told="settings", devices="no-signalling"):
    return Question(SCENARIO, SOURCE, observed, Adversary(devices, told), tests, ask)


GUESS = Ask("guessing-probability", X, (0, 0))
CASES = {
    "fixed": question(GUESS),
    "average": question(replace(GUESS, at="average")),
    "silent": question(Ask("trace-distance", X, "average"), told="nothing"),
    "free": question(replace(GUESS, at=(1, 2)), edges(F(1, 25)), observed="free"),
    "free, average": question(replace(GUESS, at="average"), edges(F(1, 25)), observed="free"),
    "score": question(Ask("score", functional=I4, extreme="smallest"), (), devices="local"),
}


def by_hull(q):
    found = fr.bound(q)
    assert "products" not in found.certificate
    return found


@pytest.fixture
def priced(monkeypatch):
    def answer(q):
        monkeypatch.setattr(products, "MAX_VERTICES", 10)
        found = fr.bound(q)
        monkeypatch.undo()
        assert found.certificate["multipliers"] is None
        return found

    return answer


@pytest.mark.parametrize("key", CASES)
def test_pricing_meets_the_program_over_all_vertices(key, priced):
    exact, found = by_hull(CASES[key]).bracket, priced(CASES[key])
    assert exact.exact is not None
    assert found.bracket.lower <= exact.lower <= exact.upper <= found.bracket.upper
    assert float(found.bracket.upper - found.bracket.lower) < 1e-11
    assert check(found.certificate, *([{}, {}])).ok


@pytest.mark.parametrize("score", [F(3, 10), F(7, 10)])
def test_pricing_decides_whether_a_local_model_exists(score, priced):
    q = question(Ask("strategy"), (Check(I4, "<=", score, "I"),), devices="local")
    # the smallest local I_4 is (1 - 2/10)^2 (1 - 2/15)^2 = 0.48 (docs/proofs/chained-local-model.md)
    exists = score >= (1 - F(2, 10)) ** 2 * (1 - F(2, 15)) ** 2
    found = priced(q)
    assert (found.bracket.lower == 1) is exists
    assert found.infeasible is not exists
    assert check(found.certificate).ok


def test_a_guess_where_no_strategy_exists_is_refused_with_a_proof(priced):
    with pytest.raises(InfeasibleError) as caught:
        priced(question(GUESS, devices="local"))
    body = caught.value.result.certificate
    assert body["question"]["ask"] == {"quantity": "strategy"}
    assert F(body["products"]["bound"]) < 0
    assert check(body).ok


def test_three_bits_each_are_closed_and_the_lemma_is_met():
    """At N = 8 the whole leakage of one time order is there already: Lemma 1 with equality."""
    scenario, epsilon = sc.chained(8), F(1, 50)
    source = PerParty((SanthaVazirani(epsilon, bits="least-significant-first"),) * 2)
    test = Check(fn.chained(scenario), "<=", F(3, 20), "I")
    ask = Ask("trace-distance", X, (0, 0))
    q = Question(scenario, source, "uniform", Adversary("no-signalling"), (test,), ask)
    found = fr.bound(q)
    one_order = replace(q, source=SanthaVazirani(epsilon, bits="least-significant-first"))
    assert float(found.bracket.upper - found.bracket.lower) < 1e-9
    assert found.bracket.lower <= fr.bound(one_order).bracket.upper
    lines = check_certificate(found.certificate)
    assert any("products:" in line for line in lines)
    assert lines[-1].startswith("the program was rebuilt")


def test_tampered_prices_are_rejected(priced):
    body = priced(CASES["fixed"]).certificate

    def damaged(change):
        other = copy.deepcopy(body)
        change(other)
        return other

    def lower_a_price(other):
        palette = other["products"]["palette"]
        most = max(range(len(palette)), key=lambda k: F(palette[k]))
        palette[most] = str(F(palette[most]) - F(1, 10**6))

    def claim_less(other):
        bound = F(other["products"]["bound"]) - F(1, 10**9)
        other["products"]["bound"] = other["answer"]["upper"] = str(bound)

    def weaker_source(other):
        other["question"]["source"]["parts"][0]["epsilon"] = "11/100"

    def one_time_order(other):
        other["question"]["source"] = {
            "kind": "santha-vazirani",
            "epsilon": "1/20",
            "order": "interleaved",
            "bits": "gray",
        }
        other["attack"] = None
        other["answer"]["lower"] = None

    def without_products(other):
        other["products"] = None
        other["attack"] = None

    def both(other):
        other["multipliers"] = {**other["products"], "lift": None}

    def other_digest(other):
        other["products"]["program"]["values"][0] += 1

    def no_prices(other):
        other["products"] |= {"rows": [], "codes": []}

    for change in (
        lower_a_price,
        claim_less,
        weaker_source,
        one_time_order,
        without_products,
        both,
        other_digest,
        no_prices,
    ):
        with pytest.raises(CertificateError):
            check(damaged(change))
    # prices of the own program prove nothing about another question
    moved = damaged(lambda other: other["question"]["tests"][0].update(score="1/10"))
    moved["attack"], moved["answer"]["lower"] = None, None
    with pytest.raises(CertificateError, match="the question's is"):
        check_certificate(moved)


def test_too_many_products_fall_back_to_products_of_facets(monkeypatch):
    monkeypatch.setattr(pricing, "MAX_ENUMERATED", 4)
    monkeypatch.setattr(products, "MAX_VERTICES", 10)
    found = fr.bound(CASES["fixed"])
    monkeypatch.undo()
    assert "products of the parties' facets" in found.method
    exact = by_hull(CASES["fixed"]).bracket
    assert found.bracket.lower <= exact.lower <= exact.upper <= found.bracket.upper
    # an attack of real products, better than the honest behaviour
    assert found.bracket.lower > F(6, 10)


def test_the_best_product_is_that_of_all_vertices():
    random = np.random.default_rng(3)
    for source in (SOURCE, PerParty((Uniform(), SanthaVazirani(F(1, 7))))):
        best = pricing.Products(source, SCENARIO)
        vertices = np.array([[float(x) for x in v] for v in products.product_vertices(source, SCENARIO)])
        assert best.least == pytest.approx(vertices.min())
        for _ in range(20):
            gains = random.standard_normal(16)
            masses, value = best.best(gains)
            assert value == pytest.approx((vertices @ gains).max() / 16)
            assert masses @ gains / 16 == pytest.approx(value)


def test_prices_are_about_the_program_without_a_source(priced):
    body = priced(CASES["fixed"]).certificate
    above = build.build(CASES["fixed"]).above
    assert build.any_settings(CASES["fixed"], above).program.digest == body["products"]["digest"]
