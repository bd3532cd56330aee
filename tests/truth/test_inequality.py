"""Bell inequalities read from refutations: known ones, exact bounds, and false ones."""

from __future__ import annotations

import json
from fractions import Fraction as F
from itertools import product
from pathlib import Path

import pytest

from freerand_opt.bounds.answers.inequality import bell_inequality, local_bound, words
from freerand_opt.bounds.bound import bound
from freerand_opt.model import (
    FullSupport,
    MeasurementDependence,
    Mutual,
    OnAverage,
    Product,
    Question,
    SanthaVazirani,
    chsh,
)
from freerand_opt.model import Test as Demand
from freerand_opt.model.files.file import read
from freerand_opt.numbers.exact import compare
from freerand_opt.programs.box import deterministic_boxes
from freerand_opt.programs.source_vertices import vertices
from freerand_opt.reporting import refutations

LPS = Path(__file__).parents[2] / "lps"


def hardy(source):
    """The question whether local models reproduce a quantum behaviour of Hardy's kind."""
    return read(LPS / "published_mdl.toml").instances[0].question.changed(source=source)


def inequality(question):
    return bell_inequality(question.problem(), bound(question).document["upper"])


def coefficients(found):
    return {(o, s): value for o, s, value in found.terms}


@pytest.mark.parametrize("low", [F(1, 10), F(1, 100), F(1, 5)])
def test_the_mdl_inequality_is_found(low):
    """l P(00,00) - h [P(01,01) + P(10,10) + P(00,11)] <= 0 (arXiv:1407.5634)."""
    high = 1 - 3 * low
    found = inequality(hardy(MeasurementDependence(low, high)))
    known = {(0, 0): low, (1, 1): -high, (2, 2): -high, (0, 3): -high}
    mine = coefficients(found)
    assert found.bound == 0
    assert {key: value / F(mine[0, 0]) for key, value in mine.items()} == {
        key: value / low for key, value in known.items()
    }
    assert found.observed == F(mine[0, 0]) / 48  # P(00,00) = 1/12 * 1/4


def brute_force(problem, terms):
    """The largest value over products of source vertices and deterministic outcomes, written anew."""
    best = None
    for vertex in vertices(problem.source, problem.settings, problem.observed):
        for a in product((0, 1), repeat=problem.settings[0]):
            for b in product((0, 1), repeat=problem.settings[1]):
                value = F(0)
                for o, s, factor in terms:
                    x, y = divmod(s, problem.settings[1])
                    value += factor * vertex[s] if (a[x], b[y]) == divmod(o, 2) else 0
                best = value if best is None else max(best, value)
    return best


@pytest.mark.parametrize(
    "source",
    [
        SanthaVazirani(F(1, 10), order="A first", bits="gray"),
        SanthaVazirani(F(2, 5)),
        Mutual(F(2, 5)),
        MeasurementDependence(F(1, 10), F(2, 5)),
    ],
)
def test_bounds_are_exact_and_violated(source):
    found = inequality(hardy(source))
    assert found.bound == brute_force(found.problem, found.terms)
    assert compare(found.observed, found.bound) > 0
    assert "<=" in words(found)


def test_chsh_is_found_with_its_bound():
    """S <= 4 - 8 (1/2 - eps)^2 at uniform settings, where P(o, s) = P(o|s)/4."""
    question = Question(
        chsh(),
        SanthaVazirani("1/10"),
        adversary={"devices": "local"},
        tests=[Demand("chsh", ">=", "14/5")],
        ask={"quantity": "strategy"},
    )
    found = inequality(question)
    assert set(coefficients(found).values()) == {1, -1}
    assert found.bound * 4 == 4 - 8 * F(2, 5) ** 2
    assert found.observed == F(14, 5) / 4


def test_false_inequalities_are_seen_as_such():
    question = hardy(MeasurementDependence(F(1, 10), F(7, 10)))
    found = inequality(question)
    boxes = deterministic_boxes(found.problem)
    assert local_bound(found.problem, found.terms, boxes) == found.bound
    weaker = [(o, s, value + (1 if value < 0 else 0)) for o, s, value in found.terms]  # h is not large enough
    assert local_bound(found.problem, weaker, boxes) > found.bound
    larger = hardy(MeasurementDependence(F(1, 20), F(17, 20))).problem()
    assert local_bound(larger, found.terms, boxes) > found.bound


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (OnAverage(bad="1/10"), "none"),  # 2 + 2 f < 14/5
        (OnAverage(information="1/100"), "none"),
        (Product(joint="3/10"), "none"),  # 8 c = 12/5
        (FullSupport(), "?"),  # the supremum is reached by no distribution that is positive
    ],
)
def test_sources_without_an_inequality_have_an_answer(source, said):
    question = Question(
        chsh(),
        source,
        adversary={"devices": "local"},
        tests=[Demand("chsh", ">=", 4 if said == "?" else "14/5")],
        ask={"quantity": "strategy"},
    )
    result = bound(question)
    assert str(result) == said
    assert list(refutations.lines(result)) == []
    assert refutations.record(result)["inequality"] is None


def test_where_a_local_model_exists_there_is_none():
    result = bound(hardy(MeasurementDependence(F(0), F(1))))
    assert str(result) == "exists"
    assert refutations.refutation(result) is None
    plain = refutations.record(result)
    assert plain["inequality"] is None
    assert sum(F(strategy["weight"]) for strategy in plain["local_model"]) == 1
    for strategy in plain["local_model"]:
        assert sum(map(F, strategy["settings"])) == 1
        assert len(strategy["outcomes"]) == 2


def test_record_is_plain_and_complete():
    result = bound(hardy(MeasurementDependence(F(1, 10), F(7, 10))))
    plain = json.loads(json.dumps(refutations.record(result)))
    assert plain["inequality"]["words"] == "P(00,00) - 7 [P(01,01) + P(10,10) + P(00,11)] <= 0"
    assert plain["inequality"]["latex"].endswith(r"\le 0")
    assert plain["inequality"]["over"] == "all deterministic boxes"
    assert plain["local_model"] is None


def test_of_what_no_devices_do_no_inequality_is_shown():
    """CHSH > 4 is impossible for no-signalling devices too, so that local ones fail is no news."""
    asked = Question(
        chsh(),
        SanthaVazirani("1/10"),
        adversary={"devices": "local"},
        tests=[Demand("chsh", ">=", "41/10")],
        ask={"quantity": "strategy"},
    )
    result = bound(asked)
    assert [words for _, words in refutations.lines(result)] == [
        "no-signalling devices do not pass these tests either (proved)"
    ]
    assert refutations.record(result)["inequality"] is None
