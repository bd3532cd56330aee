"""Entropies asked by a user: brackets, against closed forms, explicit strategies and each other."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from math import cos, log, log2, sin, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from freerand_opt import (
    Adversary,
    Ask,
    Behaviour,
    InputError,
    Keep,
    Observed,
    Question,
    Result,
    Uniform,
    bound,
    chsh,
    curve,
    key_rate,
    positive_up_to,
    tradeoff,
)
from freerand_opt.bounds.methods.entropies import program_of
from freerand_opt.bounds.methods.leaks import leaks
from freerand_opt.bounds.methods.nodes import even_nodes
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.chords import nodes_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.duals import exact_dual
from freerand_opt.reporting.figures.row import from_csv
from freerand_opt.solvers.clarabel import solve


def asked(score: str, *, of: Any = "A", at: Any = (0, 0), source: Any = None, **adversary: Any) -> Question:
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": source or {"kind": "uniform"},
            "adversary": {"devices": "quantum", "level": "1 + A B", **adversary},
            "test": [{"functional": "chsh", "relation": ">=", "score": score}],
            "ask": {"quantity": "entropy", "of": of, "at": at if at == "average" else list(at)},
        }
    )


def closed_form(score: float) -> float:
    p = (1 + sqrt(score**2 / 4 - 1)) / 2
    return 1 + p * log2(p) + (1 - p) * log2(1 - p)


def ends(found: Result) -> tuple[float, float]:
    assert found.lower is not None
    assert found.upper is not None
    return float(found.lower), float(found.upper)


def test_the_bracket_holds_the_closed_form() -> None:
    lower, upper = ends(bound(asked("27/10"), width="1/1000"))
    assert lower <= closed_form(2.7) <= upper
    assert upper - lower < 1e-3


def test_a_narrow_bracket_comes_by_quadrature() -> None:
    # the design's 3e-5; 113 nodes of chords are 1.1e-5 short, 41 nodes 1e-4
    found = bound(asked("27/10"), width="3/100000")
    lower, upper = ends(found)
    assert closed_form(2.7) - 3e-5 < lower < closed_form(2.7) < upper < lower + 3e-5
    assert "quadrature of 8 nodes" in dict(found.how)["upper"]


def test_a_local_score_leaves_nothing() -> None:
    assert ends(bound(asked("2"))) == (0, 0)


def test_both_outcomes_at_one_setting() -> None:
    # two-qubit strategies reach 1.37397; without moments that nodes share 1.3378 is the most
    lower, upper = ends(bound(asked("14/5", of=["A", "B"]), width="1/50"))
    assert 1.355 < lower < 1.37397 < upper < 1.38


@pytest.mark.parametrize(("epsilon", "low", "high"), [("1/100", 0.7217, 0.7246), ("1/20", 0.5723, 0.5847)])
def test_imperfect_settings(epsilon: str, low: float, high: float) -> None:
    # what chords of 32 nodes and strategies with other programs gave
    lower, upper = ends(
        bound(asked("27/10", source={"kind": "santha-vazirani", "epsilon": epsilon}), width="1/200")
    )
    assert upper - lower < 5e-3
    assert lower < high + 1e-4
    assert upper > low
    assert upper < high + 1e-4


@pytest.mark.parametrize(
    ("source", "corners"),
    [
        ({"kind": "product", "largest": {"A": "11/20", "B": "1/2"}}, (Fraction(11, 20), Fraction(1, 2))),
        ({"kind": "product", "largest": {"A": "11/20", "B": "11/20"}}, (Fraction(11, 20), Fraction(11, 20))),
        ({"kind": "product", "joint": "3/10"}, (Fraction(1, 2), Fraction(3, 5))),
    ],
)
def test_settings_that_are_a_product(source: dict[str, Any], corners: tuple[Fraction, Fraction]) -> None:
    # of deterministic boxes each is wrong at one pair of settings; best is the one that W makes least likely,
    # P(s|w) = m, and costs 4 m of the score 2 - S/2 where she knows 4 P(00|w): so 1 - H is the score and, on
    # average over which values of the settings are the likely ones, 4 P(00|w) - 4 m (docs/proofs/products.md
    # has the extreme sources). Uniform settings of one party with 3/5 of the other are those of joint 3/10.
    one, other = ((c, 1 - c) for c in corners)
    gain = sum((p * q - one[1] * other[1] for p in one for q in other), Fraction(0))
    question = asked("13/5", source=source, devices="no-signalling", level=None, side_information="classical")
    score = 2 - Fraction("13/5") / 2
    lower, upper = ends(bound(question.changed(observed=Observed(settings="uniform"))))
    assert lower == pytest.approx(float(1 - score - gain), abs=1e-9)
    assert upper == pytest.approx(lower, abs=1e-9)


def test_nothing_told_and_settings_that_are_a_product() -> None:
    # CHSH 2.008 and settings that W makes likelier leave one guess that is always right: no entropy then
    question = asked(
        "251/125",
        at="average",
        source={"kind": "product", "largest": {"A": "27/50", "B": "57/100"}},
        devices="no-signalling",
        level=None,
        side_information="classical",
        told="nothing",
    ).changed(observed=Observed(settings="uniform"))
    guess = question.changed(ask=Ask("guessing-probability", of="A", at="average"))
    assert bound(guess).lower == 1
    assert ends(bound(question, width="1/100")) == (0, 0)
    # where no guess is, Fano's inequality and the min-entropy hold
    sharp = {"tests": question.changed(tests=asked("13/5").tests).tests}
    least = float(bound(guess.changed(**sharp)).upper)
    lower, upper = ends(bound(question.changed(**sharp), width="1/100"))
    assert -log2(least) - 1e-9 <= lower <= upper <= lower + 1e-6
    assert upper <= -least * log2(least) - (1 - least) * log2(1 - least) + 1e-9


def with_losses(efficiency: float) -> Question:
    """A state cos .519 |00> + sin .519 |11>; a detector that does not click says 0."""
    state = np.array([cos(0.519), 0, 0, sin(0.519)])
    chances = np.zeros((2, 2, 2, 2))
    for x, y, a, b in product((0, 1), repeat=4):
        effects = []
        for angle, o in (((-1.769, 0.041)[x], a), ((-0.670, 0.875)[y], b)):
            ahead = np.array([[cos(angle), sin(angle)], [sin(angle), -cos(angle)]])
            clicked = (np.eye(2) + (1 - 2 * o) * ahead) / 2
            effects.append(efficiency * clicked + (1 - efficiency) * (o == 0) * np.eye(2))
        chances[x, y, a, b] = state @ np.kron(*effects) @ state
    seen = Behaviour.from_array(chances, axes="xyab", nearest=True)
    return Question(
        chsh(),
        Uniform(),
        observed=Observed(behaviour=seen, settings="uniform"),
        adversary=Adversary("quantum", level="1 + A B"),
        tests=[Keep("behaviour")],
        ask=Ask("entropy", of=["A", "B"], at=[0, 0]),
    )


@pytest.mark.parametrize("of", [["A"], ["A", "B"]])
def test_operators_that_are_crossed_tell_more_of_a_whole_behaviour(of: list[str]) -> None:
    problem = with_losses(0.96).changed(ask=Ask("entropy", of=of, at=[0, 0])).problem()
    shown = []
    for cross in (False, True):
        pool, places = Pool(problem), even_nodes(8, problem.ask.count)
        made = program_of(problem, "1 + A B", places, cross=cross)
        form = {"claim": "bound", "nodes": nodes_form(made, exact_dual(made.program, solve(made.program)))}
        assert pool.offer_upper(form, "test"), pool.failures
        shown.append(-float(pool.height))
    # of both outcomes rational quadrature, another formula, of 4 nodes in floats shows 1.0212
    assert shown[1] > shown[0] + 0.02
    assert of == ["A"] or shown[0] < 1.0212 < shown[1]
    # explicit strategies leave this much
    assert shown[1] < (0.7190 if of == ["A"] else 1.1862)


def test_detectors_that_do_not_always_click() -> None:
    # rational quadrature: 1.01060 certified by 4 nodes, 1.03776 in floats by 12
    problem = with_losses(0.96).problem()
    pool = Pool(problem)
    made = program_of(problem, "1 + A B", even_nodes(16, 4))
    nodes = nodes_form(made, exact_dual(made.program, solve(made.program)))
    assert pool.offer_upper({"claim": "bound", "nodes": nodes}, "test"), pool.failures
    assert 1.0106 < -pool.height < 1.05


def kept(first: str, second: str) -> Question:
    """Unbiased outcomes with correlators c, c, d, -d, kept exactly: CHSH is 2 (c + d)."""
    c = [Fraction(first), Fraction(second)]
    rows = [
        [[[str((1 + c[x] * (-1) ** (a ^ b ^ (x & y))) / 4) for b in (0, 1)] for a in (0, 1)] for y in (0, 1)]
        for x in (0, 1)
    ]
    return Question(
        chsh(),
        Uniform(),
        observed=Observed(behaviour=Behaviour.from_array(rows, axes="xyab"), settings="uniform"),
        adversary=Adversary("quantum", level="1 + A B"),
        tests=[Keep("behaviour")],
        ask=Ask("entropy", of="A", at=[0, 0]),
    )


def test_a_table_that_is_kept_exactly_has_both_ends() -> None:
    # the best strategy at S = 2 sqrt(1 + C^2) has the correlators 1/sqrt(1 + C^2) and C^2/sqrt(1 + C^2)
    found = bound(kept("4/5", "9/20"), width="1/20")
    lower, upper = ends(found)
    assert lower <= closed_form(2.5) <= upper
    assert upper - lower < 0.05


def test_a_table_near_the_edge_is_met_exactly() -> None:
    # with one price for what is violated, 16 bits a unit, 24 rounds found no mixture
    pool = Pool(with_losses(0.9).problem())
    for _ in leaks(pool, Options(width=Fraction(4)), {}):
        if pool.attack is not None:
            break
    # what seven nodes of chords show from below
    assert 0.4624 < -pool.top < 1


def test_averages_lie_where_they_must() -> None:
    # by symmetry of the test all settings of A are alike; told nothing she knows no more
    fixed, told, untold = (
        ends(bound(asked("27/10", at=at, told=told), width="1/500"))
        for at, told in (((0, 0), "settings"), ("average", "settings"), ("average", "nothing"))
    )
    assert told[1] >= fixed[0]
    assert untold[1] >= told[0]
    assert told[0] <= told[1]
    assert untold[0] <= untold[1] <= 1


def without_signalling(
    score: str | None = None, source: Any = None, *, at: Any = (0, 0), **more: Any
) -> Question:
    adversary = {"devices": "no-signalling", "side_information": "classical", **more.pop("adversary", {})}
    tested = {"functional": "chsh", "relation": ">=", "score": score}
    return Question.from_dict(
        {
            "scenario": {"family": "chsh"},
            "source": source or {"kind": "uniform"},
            "adversary": adversary,
            "test": [tested if score else {"keep": "behaviour", "tolerance": "1e-9"}],
            "ask": {
                "quantity": "entropy",
                "of": more.pop("of", "A"),
                "at": at if at == "average" else list(at),
            },
            **more,
        }
    )


@pytest.mark.parametrize("score", ["2", "5/2", "14/5", "4"])
def test_without_signalling_the_entropy_is_linear_in_the_score(score: str) -> None:
    lower, upper = ends(bound(without_signalling(score)))
    assert lower == pytest.approx(float(Fraction(score)) / 2 - 1, abs=1e-12)
    assert upper == pytest.approx(lower, abs=1e-12)


@pytest.mark.parametrize(
    ("visibility", "epsilon", "average", "fixed"),
    [
        ("1", "0", 0.414214, 0.414214),
        ("1", "1/100", 0.390060, 0.383839),
        ("99/100", "1/100", 0.375335, 0.368963),
        ("99/100", "1/20", 0.259347, 0.233413),
    ],
)
def test_a_whole_behaviour_without_signalling(
    visibility: str, epsilon: str, average: float, fixed: float
) -> None:
    # a linear program over extreme boxes and vertices of the source, in floats
    for of, at, value in ((["A", "B"], "average", average), ("A", (0, 0), fixed)):
        observed = {"behaviour": "quantum", "settings": "uniform", "visibility": visibility}
        source = {"kind": "santha-vazirani", "epsilon": epsilon}
        told = {"told": "settings"} if at == "average" else {}
        found = bound(without_signalling(None, source, at=at, of=of, observed=observed, adversary=told))
        assert ends(found) == pytest.approx((value, value), abs=1e-6)


@pytest.mark.parametrize(
    ("field", "between", "given", "values"),
    [
        ("source.epsilon", ("1/100", "1/20"), ("99/100", "0"), (0.375335, 0.259347)),
        ("observed.visibility", ("99/100", "1"), ("1", "1/100"), (0.375335, 0.390060)),
    ],
)
def test_curves_without_signalling(
    field: str, between: tuple[str, str], given: tuple[str, str], values: tuple[float, float]
) -> None:
    # the same linear program at both ends
    observed = {"behaviour": "quantum", "settings": "uniform", "visibility": given[0]}
    source = {"kind": "santha-vazirani", "epsilon": given[1]}
    asked = without_signalling(
        None, source, at="average", of=["A", "B"], observed=observed, adversary={"told": "settings"}
    )
    found = curve(asked, field, between)
    for place, value in zip(between, values, strict=True):
        assert (float(found(place).lower), float(found(place).upper)) == pytest.approx((value,) * 2, abs=1e-6)
    middle = found((Fraction(between[0]) + Fraction(between[1])) / 2)
    assert min(values) < float(middle.lower) <= float(middle.upper) < max(values)


def test_a_curve_against_the_score() -> None:
    found = curve(asked("2"), "test.score", ("2", "14/5"), width="1/20")
    for k in range(41):
        here = found(2 + Fraction(k, 50))
        exact = closed_form(2 + k / 50)
        assert float(here.lower) <= exact + 1e-12 <= float(here.upper) + 2e-12
        assert here.width < Fraction(1, 20)
    assert float(found.root("1/2").width) < 0.05
    assert "(" in found.formula(found.formulas - 1)
    assert found.formula(found.formulas - 1).startswith("-")


def test_local_devices_hide_nothing() -> None:
    found = bound(without_signalling("2", adversary={"devices": "local"}))
    assert ends(found) == (0, 0)


@pytest.fixture(scope="module")
def answer() -> Result:
    return bound(asked("27/10"), width="1/500")


def test_a_line_is_below_the_closed_form_at_every_score(answer: Result) -> None:
    line = tradeoff(answer)
    for k in range(-100, 101):
        score = Fraction(28284 * k, 10**6)
        wanted = closed_form(float(score)) if score >= 2 else 0
        assert float(line.at(score)) <= wanted + 1e-12
    assert float(line.at("27/10")) == pytest.approx(float(answer.lower or 0), abs=1e-15)
    # the slope of the closed form there is 1.621261
    assert float(line.prices[0]) / log(2) == pytest.approx(-1.621261, abs=1e-2)
    assert line.to_dict()["prices"] == [str(line.prices[0])]
    with pytest.raises(InputError, match="tests"):
        line.at("2", "2")


def test_rates_of_keys(answer: Result) -> None:
    line = tradeoff(answer)
    rate = key_rate(line.at("9/5*sqrt(2)"), "1/20")
    # the closed forms: 1 - h((1 + sqrt(S^2/4 - 1))/2) - h(Q), .2249505 at Q = .05, zero at .0714918
    exact = closed_form(1.8 * sqrt(2)) + 0.05 * log2(0.05) + 0.95 * log2(0.95)
    assert exact == pytest.approx(0.2249505, abs=1e-7)
    assert 0.19 < float(rate.lower) <= exact
    low, high = positive_up_to(
        lambda q: key_rate(line.at(f"2*sqrt(2)*(1-2*{q})"), q), "1/100", "1/10", width="1/10000"
    )
    assert 0.06 < low < high < 0.0715918
    assert high - low <= Fraction(1, 10000)
    for error in ("3/5", "-1/10"):
        with pytest.raises(InputError, match="1/2"):
            key_rate(answer, error)


def test_other_answers_have_no_line() -> None:
    with pytest.raises(InputError, match="extreme boxes"):
        tradeoff(bound(without_signalling("5/2")))


@pytest.mark.parametrize("seed", range(6))
def test_an_entropy_lies_between_its_logarithm_and_that_of_the_guess(seed: int) -> None:
    rng = random.Random(seed)
    of = rng.choice(["A", "B", ["A", "B"]])
    devices = "quantum" if seed % 3 == 0 else "no-signalling"
    score = str(Fraction(rng.randrange(200, 282), 100))
    source = {"kind": "santha-vazirani", "epsilon": str(Fraction(rng.randrange(0, 6), 100))}
    at = [rng.randrange(2), rng.randrange(2)]
    if devices == "quantum":
        question = asked(score, of=of, at=at)
    else:
        question = without_signalling(score, source, of=of, at=at)
    found = bound(question, width="1/10")
    least = bound(
        Question.from_dict({**question.to_dict(), "ask": {"quantity": "min-entropy", "of": of, "at": at}})
    )
    lower, upper = ends(found)
    assert lower <= upper <= len(of)
    assert least.upper is not None
    assert least.lower is not None
    # H is at least the min-entropy: no upper end of H lies below a certified min-entropy
    assert upper >= float(least.lower) - 1e-9


def test_the_figure_holds_the_closed_forms() -> None:
    body = (Path(__file__).parents[2] / "docs" / "figures" / "entropy.csv").read_text()
    drawn = [row for row in from_csv(body, "entropy.csv") if row.kind == "bracket"]
    assert {row.panel for row in drawn} == {"", "epsilon", "key"}
    for row in drawn:
        assert row.low is not None
        assert row.high is not None
        x = row.position
        if row.panel == "key":
            exact = closed_form(2 * sqrt(2) * (1 - 2 * x)) + x * log2(x) + (1 - x) * log2(1 - x)
            assert exact - 1e-3 < row.low <= exact
        elif row.panel == "":
            exact = x / 2 - 1 if "signalling" in row.series else closed_form(x) if x > 2 else 0
            assert row.low - 1e-12 <= exact <= row.high + 1e-12
            assert row.high - row.low < 1e-3


def test_what_is_missing_of_the_width_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freerand_opt.bounds.methods.entropies.MOST", 8)
    found = bound(asked("27/10"), width="1/1000")
    (missing,) = [note for note in found.notes if "nodes lose" in note]
    lost = float(missing.split("at most ")[1].split()[0])
    # by the closed form these nodes lose what is missing from below; nothing else is missing there
    lower, _ = ends(found)
    assert closed_form(2.7) - lower <= 1.1 * lost
    assert "solver" in missing
    assert "level" in missing
    # what is open is called as a user sees it: the program's upper end is the entropy's lower one
    monkeypatch.setattr("freerand_opt.bounds.methods.leaks.ROUNDS", 0)
    assert "no upper end" in bound(asked("27/10"), width="1/4").notes[0]
