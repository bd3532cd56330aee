"""The paper's statements and the claims that cover them."""

from __future__ import annotations

import json
import tomllib
from itertools import product
from pathlib import Path

import pytest

from freerand_opt.checker.failures import Rejected
from freerand_opt.claims import paper
from freerand_opt.claims.paper import standing, statements
from freerand_opt.model.files.catalogue import claims, find

PAPER = "1105.3195"
ROOT = Path(__file__).parents[2]


def mentioned():
    return {name for one in statements() for name in one.claims}


def test_every_claim_that_is_named_exists():
    assert sorted(name for name in mentioned() if find(name) is None) == []


def test_every_core_claim_about_the_paper_is_mentioned():
    heads = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in claims()}
    ours = {
        name
        for name, head in heads.items()
        if head["reference"].get("arxiv") == PAPER and head.get("tier", "core") == "core"
    }
    assert "markov_step" in ours
    assert sorted(ours - mentioned()) == []


def test_a_statement_without_claims_says_why():
    words = ("not computational", "open")
    bare = [one for one in statements() if not one.claims]
    assert bare
    assert [one.label for one in bare if not any(word in one.note for word in words)] == []


def test_statements_are_in_parts_and_told_apart():
    parts = [one.part for one in statements()]
    assert list(dict.fromkeys(parts)) == ["main text", "methods", "supplement"]
    assert parts == sorted(parts, key=["main text", "methods", "supplement"].index)
    labels = [(one.part, one.label) for one in statements()]
    assert len(set(labels)) == len(labels)
    expected = (
        "Eq. (1)",
        "Eq. (2)",
        "Eq. (3)",
        "Eq. (S1)",
        "Eq. (S2)",
        "Eq. (S3)",
        "Eq. (S4)",
        "Eq. (S5)",
        "Lemma 1, Eq. (4)",
        "Theorem 1",
        "Theorem 2",
        "Conjecture 1",
    )
    assert {label for _, label in labels} >= set(expected)


def test_a_certificate_of_another_question_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "certificates" / "markov_step").mkdir(parents=True)
    for path in (ROOT / "lps" / "certificates" / "markov_step").glob("*.json"):
        (tmp_path / "certificates" / "markov_step" / path.name).write_bytes(path.read_bytes())
    copy = tmp_path / "markov_step.toml"
    copy.write_bytes((ROOT / "lps" / "markov_step.toml").read_bytes())
    monkeypatch.setattr(paper, "find", lambda name: copy)
    assert str(standing("markov_step")) == "3 PROVED, 1 REFUTED as expected"
    place = tmp_path / "certificates" / "markov_step" / "main.json"
    body = json.loads(place.read_text())
    place.write_text(
        json.dumps(
            {
                **body,
                "computation": {**body["computation"], "delta": "1/99"},
                "answer": {"lower": None, "upper": "1"},
            }
        )
    )
    assert standing("markov_step").uncertified == 1
    place.write_text(json.dumps({**body, "answer": {"lower": "1/2", "upper": "1/2"}}))
    with pytest.raises(Rejected):
        standing("markov_step")
    copy.write_text(copy.read_text().replace("sqrt(1/100)", "1/11"))
    place.write_text(json.dumps(body))
    assert "NOT AS EXPECTED" in str(standing("markov_step"))


def test_no_claim_of_this_name():
    with pytest.raises(ValueError, match="no claim of the catalogue"):
        standing("nothing")


def test_a_deterministic_party_and_a_pr_box_satisfy_all_relations():
    """x1 = 1, and x2 x3 as the relations ask of the settings of the two others, both signs equally likely."""
    chance = {}
    for a in product((0, 1), repeat=3):
        # the relations: product -1 for 000, +1 for two ones; for odd settings B and C keep what the box needs
        wanted = -1 if a[1:] == (0, 0) else 1
        for x in product((1, -1), repeat=3):
            chance[a, x] = 0.5 * (x[0] == 1) * (x[1] * x[2] == wanted)
    for a in product((0, 1), repeat=3):
        if sum(a) % 2 == 0:
            sign = -1 if sum(a) == 0 else 1
            # with A's setting 1 the pair (B, C) has one 1, with setting 0 none or two
            assert sum(p for (b, x), p in chance.items() if b == a and x[0] * x[1] * x[2] != sign) == 0
    for party, a, x in product(range(3), product((0, 1), repeat=3), product((1, -1), repeat=2)):
        left = [
            sum(p for (b, y), p in chance.items() if b == changed and y[:party] + y[party + 1 :] == x)
            for changed in ((*a[:party], value, *a[party + 1 :]) for value in (0, 1))
        ]
        assert left[0] == left[1]


def test_sentences_that_two_parties_answer_are_listed():
    labels = {one.label: one for one in statements()}
    for label in (
        "beyond the bipartite setup",
        "in contrast to the bipartite case",
        "the threshold cannot be made arbitrarily small",
        "any task with imperfect randomness",
        "the only states that obey the GHZ relations",
    ):
        assert labels[label].note
    assert "ladder_single_shot" in labels["beyond the bipartite setup"].claims
