"""Regions from question files: a score under memory, one of independent rounds, and what is refused."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from math import log2, sqrt

import pytest

from freerand_opt.checker.document import check
from freerand_opt.errors import InputError
from freerand_opt.experiments.answer import answer
from freerand_opt.experiments.brackets import AverageScore, RegionBracket
from freerand_opt.experiments.commands import answers, record
from freerand_opt.experiments.report import render
from freerand_opt.model import Question

from .shared import DELFT, spread_over

SCORE = {"quantity": "score", "functional": "chsh"}


def question(ask, devices="no-signalling", **data):
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": {"kind": "uniform"},
            "observed": {"behaviour": "quantum", "visibility": "0.9"},
            "adversary": {"devices": devices},
            "ask": ask,
            "data": {"counts": "run.csv", "error": "1/20", **data},
        }
    )


def write(folder, values):
    rows = [f"{k >> 3},{k >> 2 & 1},{k >> 1 & 1},{k & 1},{n}\n" for k, n in enumerate(values)]
    (folder / "run.csv").write_text("x,y,a,b,n\n" + "".join(rows))


def test_average_score_under_memory(tmp_path):
    """196 wins of 245: the formula of docs/proofs/experiments.md, section 6, at the lambda that was planned;
    S = 8 w - 4.
    """
    write(tmp_path, DELFT)
    found = answer(question(SCORE), tmp_path)
    assert isinstance(found, AverageScore)
    planned = (1 + 0.9 / sqrt(2)) / 2

    def end(lam, mean):
        return (2 ** (lam * mean - log2(20) / 245) - 1) / (2**lam - 1)

    lam = float(found.region.lam)
    assert end(lam, planned) > max(end(lam * 1.2, planned), end(lam / 1.2, planned))
    assert float(found.region.end) == pytest.approx(end(lam, 196 / 245), abs=1e-9)
    assert float(found.score) == pytest.approx(8 * float(found.region.end) - 4)
    page = " ".join(render(found).split())
    assert "average score over 245 rounds >= 1.86" in page and "read by a second reader" in page
    assert "in exact numbers" in page and "plan: theory" in page
    shown = re.search(r"mean of G = (\S+), lambda = (\S+), alpha = 1/20, n = 245", page)
    assert shown is not None and Fraction(shown[1]) == Fraction(196, 245)
    assert float(found.region.end) == pytest.approx(end(float(Fraction(shown[2])), 196 / 245), abs=1e-9)
    smallest = answer(question({**SCORE, "extreme": "smallest"}), tmp_path)
    assert isinstance(smallest, AverageScore) and smallest.region.mean == 1 - found.region.mean
    uneven = {"<A0 B0>": 1, "<A0 B1>": 2, "<A1 B0>": 1, "<A1 B1>": -1}
    with pytest.raises(InputError, match="different amounts"):
        answer(question({"quantity": "score", "functional": {"terms": uneven}}), tmp_path)


def test_one_of_independent_rounds(tmp_path):
    """A million events near 2 sqrt 2: the score's bracket lies around what was seen, within 16 intervals."""
    write(tmp_path, spread_over(853_553, 146_447).values)
    (tmp_path / "run.toml").write_text(
        'scenario.family = "chsh"\nsource.kind = "uniform"\nadversary.devices = "no-signalling"\n'
        'ask = { quantity = "score", functional = "chsh" }\n'
        'data = { counts = "run.csv", error = "1/20", rounds = "independent" }\n'
    )
    (one,) = answers(tmp_path / "run.toml")
    assert isinstance(one.found, RegionBracket) and one.certificate is not None and one.is_answered
    held = record(one)
    # each of 16 cells of 1/4 million trials is known to 3.3 sigma on either side, sigma < .001
    assert 8 * 0.853553 - 4 < held["lower"] <= held["upper"] < 8 * 0.853553 - 4 + 16 * 4.5e-3
    assert check(json.loads(one.certificate)).upper is not None
    assert "independent and identically distributed (assumed)" in " ".join(render(one.found).split())


def test_an_empty_region_is_an_answer(tmp_path):
    write(tmp_path, (1000, 0, 0, 0, 0, 1000, 0, 0, 1000, 0, 0, 0, 1000, 0, 0, 0))  # B shows A's setting
    found = answer(question({"quantity": "strategy"}, rounds="independent"), tmp_path)
    page = " ".join(render(found).split())
    assert "no behaviour of no-signalling devices is in the region" in page and "because" in page
    assert "THE DATA SPEAK AGAINST THE SOURCE OR SIGNAL" in page


def test_one_round_needs_independence(tmp_path):
    with pytest.raises(InputError, match='rounds = "independent"'):
        question({"quantity": "min-entropy", "of": "A", "at": [0, 0]})
