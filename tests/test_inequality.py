"""Bell inequalities read from refutations: known ones, exact bounds, and false ones."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from pathlib import Path

import pytest
from freerand_opt.answers.inequality import bell_inequality, local_bound, record, words
from freerand_opt.programs.vertices import source_vertices

import freerand_opt as fr
from freerand_opt.model import scenario as sc
from freerand_opt.model.source import MeasurementDependence, Mutual, SanthaVazirani
from freerand_opt.numbers.exact import compare
from freerand_opt.programs.boxes import all_deterministic

LPS = Path(__file__).parents[1] / "lps"


def hardy(source):
    """The question whether local models reproduce a quantum behaviour of Hardy's kind."""
    return replace(fr.read(LPS / "published_mdl.toml").instances[0].question, source=source)


def inequality(question):
    return bell_inequality(question, fr.bound(question).certificate)


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


def brute_force(question, terms):
    """The largest value over products of source vertices and deterministic outcomes, written anew."""
    scenario = question.scenario
    best = None
    for vertex in source_vertices(question.source, scenario):
        for a in product((0, 1), repeat=scenario.settings[0]):
            for b in product((0, 1), repeat=scenario.settings[1]):
                value = F(0)
                for o, s, factor in terms:
                    x, y = divmod(s, scenario.settings[1])
                    value += factor * vertex[s] / len(vertex) if (a[x], b[y]) == divmod(o, 2) else 0
                best = value if best is None else max(best, value)
    return best


@pytest.mark.parametrize(
    "source",
    [
        SanthaVazirani(F(1, 10), "A first", "gray"),
        SanthaVazirani(F(2, 5), "interleaved", "most-significant-first"),
        Mutual(F(2, 5)),
        MeasurementDependence(F(1, 10), F(2, 5)),
    ],
)
def test_bounds_are_exact_and_violated(source):
    question = hardy(source)
    found = inequality(question)
    assert found.bound == brute_force(question, found.terms)
    assert compare(found.observed, found.bound) > 0
    assert "<=" in words(question, found)


def test_chsh_is_found_with_its_bound():
    """S <= 4 - 8 (1/2 - eps)^2 at uniform settings, where P(o, s) = P(o|s)/4."""
    question = fr.read(LPS / "chsh_local_score_sv.toml", {"source.epsilon": "1/10"}).instances[0].question
    test = fr.model.question.Test(question.ask.functional, ">=", F(14, 5), "S")
    question = replace(question, tests=(test,), ask=fr.model.question.Ask("strategy"))
    found = inequality(question)
    assert set(coefficients(found).values()) == {1, -1}
    assert found.bound * 4 == 4 - 8 * F(2, 5) ** 2
    assert found.observed == F(14, 5) / 4


def test_false_inequalities_are_seen_as_such():
    question = hardy(MeasurementDependence(F(1, 10), F(7, 10)))
    found = inequality(question)
    boxes = all_deterministic(sc.chsh())
    assert local_bound(question, found.terms, boxes) == found.bound
    weaker = [(o, s, value + (1 if value < 0 else 0)) for o, s, value in found.terms]  # h is not large enough
    assert local_bound(question, weaker, boxes) > found.bound
    larger = replace(question, source=MeasurementDependence(F(1, 20), F(17, 20)))
    assert local_bound(larger, found.terms, boxes) > found.bound


def test_where_a_local_model_exists_there_is_none():
    question = hardy(MeasurementDependence(F(0), F(1)))
    result = fr.bound(question)
    assert str(result) == "exists"
    assert bell_inequality(question, result.certificate) is None


def test_record_is_plain_and_complete():
    question = hardy(MeasurementDependence(F(1, 10), F(7, 10)))
    found = inequality(question)
    plain = json.loads(json.dumps(record(question, found)))
    assert [tuple(term) for term in plain["terms"]] == list(found.terms)
    assert plain["latex"].endswith(r"\le 0")
    assert plain["over"] == "all deterministic boxes"


def test_the_command_line_prints_it_and_the_local_model(freerand, tmp_path):
    path = tmp_path / "hardy.toml"
    path.write_text((LPS / "published_mdl.toml").read_text().split("[[instances]]")[0])
    run = freerand("bound", path)
    assert run.code == 0
    assert "inequality  P(00,00) - 7 [P(01,01) + P(10,10) + P(00,11)] <= 0\n" in run.out
    (refuted,) = freerand("bound", path, "--json").data
    assert (refuted["inequality"]["bound"], refuted["local_model"]) == ("0", None)
    model = freerand("bound", path, "source.lower=0", "source.upper=1").out
    assert "local model " in model
    assert "settings 00 " in model
    (modelled,) = freerand("bound", path, "source.lower=0", "source.upper=1", "--json").data
    assert modelled["inequality"] is None
    assert sum(F(strategy["weight"]) for strategy in modelled["local_model"]) == 1
    for strategy in modelled["local_model"]:
        assert sum(map(F, strategy["settings"])) == 1
        assert len(strategy["outcomes"]) == 2


def test_claims_of_existence_are_proved_and_refuted(freerand, tmp_path):
    path = tmp_path / "hardy.toml"
    body = (LPS / "published_mdl.toml").read_text().split("[[instances]]")[0]
    for claim, low, wanted in (("none", "1/10", "PROVED"), ("exists", "1/10", "REFUTED")):
        path.write_text(body.replace('value = "none"', f'value = "{claim}"').replace('"1/10"', f'"{low}"'))
        (found,) = freerand("verify", path, "--json").data
        assert found["verdict"] == f"{wanted} (program trusted)"
    path.write_text(body.replace('"1/10"', "0").replace('"7/10"', "1"))
    (found,) = freerand("verify", path, "--json").data
    assert found["verdict"] == "REFUTED"
