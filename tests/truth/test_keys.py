"""Rates of keys: what error correction costs, lines for kept tables, thresholds, and the verb `rate`."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from math import log2, sqrt
from pathlib import Path
from typing import Any

import pytest

from freerand_opt import InputError, Question, bound, key_rate, key_threshold, positive_up_to, tradeoff
from freerand_opt.bounds.keys.rate import error_correction
from freerand_opt.bounds.keys.tradeoff import Tradeoff
from freerand_opt.checker.document import check
from freerand_opt.model.certificate_form import question_form
from freerand_opt.reporting.figures.row import from_csv

KEY = Path(__file__).parents[2] / "docs" / "howto" / "key.toml"


def plogp(*chances: float) -> float:
    return -sum(p * log2(p) for p in chances if p > 0)


def lost(efficiency: float, noise: float = 0.0) -> float:
    """H(A|B) of |00> + |11> measured alike, flipped with a probability; no click is outcome 0."""
    eta = efficiency
    both = {
        (0, 0): eta**2 / 2 + eta * (1 - eta) + (1 - eta) ** 2,
        (0, 1): eta * (1 - eta) / 2,
        (1, 0): eta * (1 - eta) / 2,
        (1, 1): eta**2 / 2,
    }
    mixed = [(1 - noise) * both[a, b] + noise * both[1 - a, b] for a in (0, 1) for b in (0, 1)]
    theirs = [both[0, b] + both[1, b] for b in (0, 1)]
    return plogp(*mixed) - plogp(*theirs)


def asked(**fields: Any) -> Question:
    """The question of the walk with some fields changed, as `ask.noise`."""
    import tomllib

    raw = tomllib.loads(KEY.read_text())
    found = {key: raw[key] for key in ("scenario", "source", "observed", "adversary", "test", "ask")}
    for place, value in fields.items():
        table, key = place.split("__")
        found[table][key] = value
    return Question.from_dict(found)


@pytest.mark.parametrize("noise", ["0", "1/20", "1/2"])
@pytest.mark.parametrize("efficiency", ["1", "97/100", "9/10", "1/2"])
def test_error_correction_costs_the_conditional_entropy(efficiency: str, noise: str) -> None:
    below, above = error_correction(asked(observed__efficiency=efficiency, ask__noise=noise))
    exact = lost(float(Fraction(efficiency)), float(Fraction(noise)))
    assert exact - 1e-9 < float(below) < exact + 1e-12
    assert exact - 1e-12 < float(above) < exact + 1e-9


def classical(visibility: str, noise: str = "0") -> Question:
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": {"kind": "uniform"},
            "observed": {"behaviour": "quantum", "visibility": visibility, "settings": "uniform"},
            "adversary": {"devices": "no-signalling", "side_information": "classical"},
            "test": [{"functional": "chsh", "relation": ">=", "score": "observed"}],
            "ask": {"quantity": "entropy", "of": "A", "at": [0, 0], "noise": noise},
        }
    )


@pytest.mark.parametrize(("visibility", "noise"), [("1", 0.0), ("19/20", 0.0), ("1", 0.1)])
def test_a_rate_is_the_entropy_less_the_cost(visibility: str, noise: float) -> None:
    # outcomes are unbiased and differ with probability (1 - v / sqrt 2) / 2; a box of Popescu and Rohrlich
    # has the weight S / 2 - 1, and noise leaves h(q) of what W tells
    v = float(Fraction(visibility))
    error, weight = (1 - v / sqrt(2)) / 2, v * sqrt(2) - 1
    flipped = error + noise - 2 * error * noise
    exact = weight + (1 - weight) * plogp(noise, 1 - noise) - plogp(flipped, 1 - flipped)
    found = bound(classical(visibility, str(Fraction(noise).limit_denominator(100))))
    assert float(key_rate(found).lower) == pytest.approx(exact, abs=1e-9)
    assert float(key_rate(found, str(Fraction(error).limit_denominator(10**12))).lower) == pytest.approx(
        exact, abs=1e-9
    )


def test_what_is_no_rate() -> None:
    found = bound(classical("1"))
    for error in ("3/5", "-1/10"):
        with pytest.raises(InputError, match="1/2"):
            key_rate(found, error)
    with pytest.raises(InputError, match="missing"):
        key_rate(Fraction(1, 2))
    with pytest.raises(InputError, match="fixed settings"):
        key_rate(Fraction(1, 2), asked(ask__at="average", ask__of="A"))
    question = {"scenario": {"family": "chsh"}, "source": {"kind": "uniform"}}
    question["adversary"] = {"devices": "no-signalling"}
    guess = bound({**question, "ask": {"quantity": "min-entropy", "of": "A", "at": [0, 0]}})
    with pytest.raises(InputError, match="about min-entropy; an entropy is needed"):
        key_rate(guess, "1/10")


@pytest.fixture(scope="module")
def line() -> tuple[Tradeoff, dict[str, Any]]:
    raw = asked(observed__efficiency="97/100").to_dict()
    raw["scenario"] = {"family": "chsh"}
    raw["observed"]["angles"] = {"A": [0, "1/2"], "B": ["1/4", "-1/4"]}
    raw["ask"]["at"] = [0, 0]
    found = bound(Question.from_dict(raw), width="1/4")
    return tradeoff(found), json.loads(found.certificate)


@pytest.mark.parametrize("efficiency", ["97/100", "1", "9/10", "1/2"])
def test_a_line_of_kept_probabilities_is_what_the_kernel_proves(
    line: tuple[Tradeoff, dict[str, Any]], efficiency: str
) -> None:
    made, certificate = line
    raw = made.question.to_dict()
    raw["observed"]["efficiency"] = efficiency
    other = Question.from_dict(raw)
    # the same proof of the question with the other table
    changed = {**certificate, "question": question_form(other.problem()), "attack": None}
    proved = check(changed).lower
    assert proved is not None
    held = made.of(other)
    assert max(float(held), 0) == pytest.approx(float(proved), abs=1e-12)
    assert (float(held) > 0.3) == (efficiency in ("97/100", "1"))


def test_a_line_is_of_one_question(line: tuple[Tradeoff, dict[str, Any]]) -> None:
    made, _ = line
    for table, key, value in (
        ("source", "kind", "free"),
        ("ask", "noise", "1/10"),
        ("ask", "at", [1, 0]),
        ("adversary", "side_information", "classical"),
    ):
        raw = made.question.to_dict()
        raw[table] = {**raw[table], key: value}
        if (table, key) == ("source", "kind"):
            raw["observed"]["settings"] = {"00": "1/2", "01": "1/6", "10": "1/6", "11": "1/6"}
        with pytest.raises(InputError, match="another one"):
            made.of(Question.from_dict(raw))
    raw = made.question.to_dict()
    raw["test"][0]["tolerance"] = "1e-7"
    with pytest.raises(InputError, match="tests"):
        made.of(Question.from_dict(raw))
    with pytest.raises(InputError, match="behaviour"):
        made.at("1/2")


def test_thresholds_are_halved_on_either_side() -> None:
    def by_errors(q: Fraction) -> float:  # the closed forms of CHSH at 2 sqrt 2 (1 - 2Q)
        p = (1 + sqrt(2 * (1 - 2 * float(q)) ** 2 - 1)) / 2
        return 1 - plogp(p, 1 - p) - plogp(float(q), 1 - float(q))

    low, high = positive_up_to(by_errors, "1/100", "1/10")
    assert low < Fraction("0.0714918") < high + Fraction(1, 10**7)
    low, high = positive_up_to(lambda x: by_errors(1 - x), "99/100", "9/10", width="1/10000")
    assert high < Fraction("0.92851") < low + Fraction(1, 10**4)
    assert low - high <= Fraction(1, 10**4)
    with pytest.raises(InputError, match="first end"):
        positive_up_to(by_errors, "1/10", "1/100")


def test_the_verb_prints_rates(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(classical("1").to_toml())
    command = [sys.executable, "-m", "freerand_opt", "rate", "mine.toml", "observed.visibility=9/10,1"]
    run = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second = json.loads(run.stdout)
    assert first["observed.visibility"] == "9/10"
    error = (1 - 1 / sqrt(2)) / 2
    exact = sqrt(2) - 1 - plogp(error, 1 - error)
    assert exact - 2e-8 < second["rate"] <= exact
    assert second["rate"] > first["rate"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "rate" in run.stdout.splitlines()[0]
    assert len(run.stdout.splitlines()) == 3


def test_the_verb_says_what_is_too_wide_and_refuses_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(classical("1").to_toml())
    command = [sys.executable, "-m", "freerand_opt", "rate", "mine.toml"]
    run = subprocess.run(
        [*command, "--width", "0"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.returncode, len(run.stdout.splitlines())) == (1, 2)  # no bracket with sqrt(2) is a point
    assert run.stderr.splitlines()[-1] == "error: mine: the ends do not meet as asked; try a wider --width"
    for error in ("3/2", "-1/10"):
        asked = [*command, f"--error={error}"]
        run = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout) == (2, "")
        assert f"error: --error: '{error}': a probability in [0, 1/2] is needed" in run.stderr


def inverse(bits: float) -> Fraction:
    """The error whose binary entropy is so many bits."""
    low, high = 0.0, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if plogp(middle, 1 - middle) < bits else (low, middle)
    return Fraction(low).limit_denominator(10**12)


def test_where_a_key_begins_both_ends_are_certified() -> None:
    # H = S / 2 - 1 with S = 2 sqrt 2 v, less h(Q): zero at v = (1 + h(Q)) / sqrt 2
    exact = (1 + plogp(0.02, 0.98)) / sqrt(2)
    found = key_threshold(classical("1"), "observed.visibility", ("3/4", "1"), error="1/50", width="1/10000")
    assert found.none is not None
    assert float(found.none.place) < exact < float(found.some.place)
    assert found.width <= Fraction(1, 10000)
    assert found.some.rate.lower > 0 >= (found.none.rate.most or 1)
    assert check(json.loads(found.none.result.certificate)).upper is not None
    with pytest.raises(InputError, match="at one of them alone"):
        key_threshold(classical("1"), "observed.visibility", ("9/10", "1"), error="1/50")


def test_a_key_ends_with_worse_bits() -> None:
    # the linear program over extreme boxes gave H(A|00, W) = .233413 at visibility .99, epsilon .05
    asked = classical("99/100").to_dict()
    asked["test"] = [{"keep": "behaviour", "tolerance": "1e-9"}]
    asked["source"] = {"kind": "santha-vazirani", "epsilon": "0"}
    found = key_threshold(
        Question.from_dict(asked), "source.epsilon", ("0", "1/10"), error=inverse(0.233413), width="1/1000"
    )
    assert found.none is not None
    assert found.some.place - Fraction(1, 10**5) < Fraction(1, 20) < found.none.place + Fraction(1, 10**5)
    assert found.width <= Fraction(1, 1000)


def test_the_verb_finds_where_a_key_begins(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(classical("1").to_toml())
    command = [sys.executable, "-m", "freerand_opt", "rate", "mine.toml", "--error", "1/50", "--json"]
    over = ["--threshold", "observed.visibility=3/4:1:1/10000"]
    run = subprocess.run([*command, *over], cwd=tmp_path, capture_output=True, text=True, check=True)
    some, none = json.loads(run.stdout)
    assert (some["key"], none["key"]) == ("some", "none")
    assert none["most"] <= 0 < some["rate"] <= some["most"]
    exact = (1 + plogp(0.02, 0.98)) / sqrt(2)
    assert float(Fraction(none["observed.visibility"])) < exact < float(Fraction(some["observed.visibility"]))
    (tmp_path / "guess.toml").write_text(
        classical("1").to_toml().replace('"entropy"', '"guessing-probability"')
    )
    run = subprocess.run(
        [*command[:4], "guess.toml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "guess.toml: ask.quantity: is guessing-probability" in run.stderr


def test_the_figure_lies_above_the_score_alone_and_below_what_is_left() -> None:
    body = (KEY.parents[1] / "figures" / "efficiency.csv").read_text()
    rows = from_csv(body, "efficiency.csv")
    drawn = [row for row in rows if row.kind == "bracket"]
    assert len(drawn) == 22
    for row in drawn:
        eta, noise = float(row.position), 0.1 if "flipped" in row.series else 0.0
        assert row.low is not None
        score = 2 * sqrt(2) * eta**2 + 2 * (1 - eta) ** 2
        p, mixed = (1 + sqrt(score**2 / 4 - 1)) / 2, 1 - noise * (1 - noise) * (8 - score**2)
        m = (1 + sqrt(max(mixed, 0))) / 2
        alone = 1 - plogp(p, 1 - p) + plogp(m, 1 - m) - lost(eta, noise)
        # more is known than the score, and three lines are no curve
        assert alone - 0.03 < row.low <= 1 - lost(eta, noise)
    at = {round(100 * row.position, 1): row.low for row in drawn if "flipped" not in row.series}
    assert (at[92] or 0) < 0.01 < (at[93] or 0)
