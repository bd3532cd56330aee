"""Attacks as data: strategies replayed in exact arithmetic, against the question and the proved value."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction as F

import numpy as np
import pytest

from freerand_opt.bounds.answers.attack import read_attack
from freerand_opt.bounds.bound import bound
from freerand_opt.checker.document import check
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.model import (
    Adversary,
    Ask,
    Keep,
    Observed,
    Question,
    Relations,
    SanthaVazirani,
    Test,
    Uniform,
    chained,
    chsh,
    ghz,
)
from freerand_opt.model.problem import Bits, Kept, Limits
from freerand_opt.model.sources import MeasurementDependence
from freerand_opt.numbers.exact import compare, sqrt
from freerand_opt.numbers.kernel import exact

EVE, LOCAL = Adversary("no-signalling"), Adversary("local")
GUESS = Ask("guessing-probability", of="A", at=(0, 0))
LEAKAGE = Ask("trace-distance", of="A", at="average")
SEEN = Observed(behaviour="quantum")
ERRORS = [Keep("errors")]

#: {name: (question, closed form of its answer)}; eps = 1/10 where bits are biased.
CASES = {
    # 3/2 - S/4 at S = 27/10: Pironio et al., arXiv:0911.3427, no-signalling devices
    "no-signalling guess": (
        Question(chsh(), Uniform(), adversary=EVE, tests=[Test("chsh", ">=", "2.7")], ask=GUESS),
        F(3, 2) - F(27, 10) / 4,
    ),
    # 4 - 8 (1/2 - eps)^2
    "local score": (
        Question(chsh(), SanthaVazirani("1/10"), adversary=LOCAL, ask=Ask("score", functional="chsh")),
        4 - 8 * F(4, 10) ** 2,
    ),
    # one setting is lost by each deterministic box, arXiv:1407.5634
    "local score, limits": (
        Question(chsh(), MeasurementDependence("1/10"), adversary=LOCAL, ask=Ask("score", functional="chsh")),
        4 - 8 * F(1, 10),
    ),
    # Tsirelson
    "quantum score": (
        Question(
            chsh(),
            Uniform(),
            adversary=Adversary("quantum", level="1 + A B"),
            ask=Ask("score", functional="chsh"),
        ),
        2 * sqrt(F(2)),
    ),
}


def share(given, leaves, ranges):
    """The conditional chances of bits, from P(s|w) alone: all within their ranges."""
    level = [given[s] for s in leaves]
    for low, high in reversed(ranges):
        pairs = list(zip(level[::2], level[1::2], strict=True))
        assert all(low * sum(pair) <= pair[0] <= high * sum(pair) for pair in pairs)
        level = [sum(pair) for pair in pairs]
    assert level == [1]


def allowed(source, given):
    """P(s|w) is one of the source's distributions."""
    values = list(given)
    assert sum(values) == 1 and min(values) >= 0
    if isinstance(source, Bits):
        share(given, source.leaves, source.ranges)
    elif isinstance(source, Limits):
        assert all(low <= x <= high for low, x, high in zip(source.lower, values, source.upper, strict=True))
    else:
        assert set(values) == {F(1, len(values))}


def total(numbers):
    found = F(0)
    for x in numbers:
        found = found + x
    return found


def replayed(result):
    """What a question's attack reaches, by sums over w alone; every test and the source are looked at."""
    problem, attack = result.question.problem(), result.attack
    assert total(one.weight for one in attack) == 1
    for one in attack:
        allowed(problem.source, one.settings)
    count = problem.shape[0]
    for s in range(count):
        assert total(one.weight * one.settings[s] for one in attack) == problem.observed[s]
        for one in attack:
            assert compare(total(one.row(s).values()), F(1)) == 0
    seen = [attack.behaviour(s) for s in range(count)]

    def score(f):
        assert f.on == "conditional"
        return total(seen[s].get(o, F(0)) * factor for s, o, factor in f.terms)

    for test in problem.tests:
        assert not isinstance(test, Kept)
        assert (
            compare(score(test.functional), test.score)
            in {">=": (0, 1), "<=": (-1, 0), "=": (0,)}[test.relation]
        )
    ask = problem.ask
    if ask.score is not None:
        return score(ask.score)
    value = F(0)
    for one in attack:
        for s in range(count) if ask.at is None else (ask.at,):
            chances = [F(0)] * ask.count
            for o, chance in one.row(s).items():
                chances[problem.outputs()[o]] += chance
            best = max(chances) - (F(1, 2) if ask.quantity == "trace-distance" else 0)
            value += one.weight * one.settings[s] * best / (1 if ask.at is None else problem.observed[s])
    return value


@pytest.mark.parametrize("name", CASES)
def test_strategies_reach_the_closed_form(name):
    question, expected = CASES[name]
    result = bound(question)
    reached = replayed(result)
    assert compare(reached, result.bracket.lower) == 0
    gap = float(expected - reached)
    assert abs(gap) <= (1e-6 if question.adversary.devices == "quantum" else 0)


def test_a_state_that_is_written_out_reaches_the_mermin_score():
    """GHZ state of three parties, x and y: all four correlators are certain (Mermin 1990)."""
    result = bound(
        Question(
            ghz(3),
            Uniform(),
            adversary=Adversary("quantum", level="local 1"),
            ask=Ask("score", functional="mermin-errors", extreme="smallest"),
        )
    )
    assert result.attack.heaviest[0].devices.form["kind"] == "quantum"
    assert replayed(result) == 0 == result.bracket.upper


@pytest.mark.parametrize("devices", [EVE, LOCAL])
@pytest.mark.parametrize("size", [2, 4])
def test_written_out_boxes_of_a_cycle_are_accepted_by_the_kernel(size, devices):
    """The boxes as this page of data says them, as tables and answers in place of columns of the cycle."""
    ask = LEAKAGE if devices == EVE else Ask("score", functional="chained", extreme="smallest")
    tests = ERRORS if devices == EVE else ()
    asked = Question(
        chained(size), SanthaVazirani("1/20"), observed=SEEN, adversary=devices, tests=tests, ask=ask
    )
    result = bound(asked)
    document, attack = result.document, result.attack
    strategies = []
    for one, node in zip(attack, document["attack"]["nodes"], strict=True):
        answers = one.devices.answers
        box = {"kind": "deterministic", "outcomes": answers and [list(own) for own in answers]}
        if answers is None:
            cells = [one.row(s).get(o, F(0)) for s in range(size**2) for o in range(4)]
            box = {"kind": "table", "denominator": 4, "numerators": [int(4 * x) for x in cells]}
        strategies.append({"weight": str(one.weight), "node": node, "box": box})
    written = {"flow": document["attack"]["flow"], "strategies": strategies}
    rewritten = document | {"upper": None, "attack": written}
    report = check(rewritten)
    reached = report.lower if asked.ask.extreme == "largest" else report.upper
    end = result.bracket.lower if asked.ask.extreme == "largest" else result.bracket.upper
    assert compare(exact(reached), end) == 0
    again = read_attack(rewritten)
    assert [list(one.settings) for one in again] == [list(one.settings) for one in attack]
    assert [[one.row(s) for s in range(size**2)] for one in again] == [
        [one.row(s) for s in range(size**2)] for one in attack
    ]


def test_of_a_threshold_the_attack_stands_at_its_end():
    """Local devices win CHSH with S = 4 - 8 (1/2 - eps)^2: 27/10 from eps = 1/2 - sqrt(13/80) on."""
    asked = Question(
        chsh(), SanthaVazirani(0), adversary=LOCAL, tests=[Test("chsh", ">=", "2.7")], ask=Ask("strategy")
    )
    attack = bound(asked, threshold={"of": "source.epsilon", "between": [0, "1/4"]}).attack
    assert 0 <= float(attack.at) - (0.5 - (13 / 80) ** 0.5) < 1e-6
    source = asked.changed(source=SanthaVazirani(attack.at)).problem().source
    seen = [attack.behaviour(s) for s in range(4)]
    for one in attack:
        allowed(source, one.settings)
    score = sum((-1) ** ((o >> 1) ^ (o & 1) ^ (s == 3)) * p for s in range(4) for o, p in seen[s].items())
    assert score >= F(27, 10)


@pytest.mark.parametrize("size", [2, 4, 8])
def test_boxes_of_a_cycle_reach_the_leakage_that_is_proved(size):
    """Chained games, biased bits: columns of the cycle and a flow graph, written out and summed."""
    question = Question(
        chained(size), SanthaVazirani("1/20"), observed=SEEN, adversary=EVE, tests=ERRORS, ask=LEAKAGE
    )
    result = bound(question)
    assert "edges" in result.document["attack"]
    assert compare(replayed(result), result.bracket.lower) == 0
    assert len(result.attack) > 1


def test_arrays_say_what_the_strategies_say():
    attack = bound(CASES["no-signalling guess"][0]).attack
    weights, settings, boxes = attack.to_array()
    assert (weights.shape, settings.shape, boxes.shape) == ((2,), (2, 4), (2, 4, 4))
    observed = np.einsum("w,ws,wso->so", weights, settings, boxes)
    signs = np.array([1, -1, -1, 1])
    chsh_score = (4 * observed @ signs) @ np.array([1, 1, 1, -1])
    assert chsh_score == pytest.approx(2.7)
    assert np.einsum("w,wg->", weights, boxes[:, 0].reshape(2, 2, 2).sum(2).max(1)[:, None]) == pytest.approx(
        0.825
    )


def test_rounds_that_are_played_have_the_frequencies_of_the_attack():
    """40,000 rounds: every P(s, o) within 5 standard deviations; another seed, other rounds."""
    result = bound(CASES["local score"][0])
    played = result.attack.sample(40_000, seed=7)
    seen = np.bincount(4 * played.settings + played.outcomes, minlength=16)
    for s in range(4):
        row = result.attack.behaviour(s)
        for o in range(4):
            chance = float(row.get(o, 0)) / 4
            assert abs(seen[4 * s + o] - 40_000 * chance) <= 5 * (40_000 * chance * (1 - chance)) ** 0.5
    assert (played.w < len(result.attack)).all()
    assert (result.attack.sample(100, seed=8).settings != played.settings[:100]).any()


def test_lines_have_weight_devices_and_favoured_settings():
    lines = bound(CASES["local score"][0]).attack.table()
    assert total(line.weight for line in lines) == 1
    assert [line.weight for line in lines] == sorted((line.weight for line in lines), reverse=True)
    # on the setting that it loses, a deterministic box has (1/2 - eps)^2 = 4/25
    assert all("least (4/25)" in line.settings for line in lines)
    assert str(bound(CASES["local score"][0]).attack).count("\n") == len(lines) - 1


def test_large_attacks_are_read_one_by_one():
    """N = 128: 16,384 joint settings, 256 strategies; no array, and single numbers at once."""
    question = Question(
        chained(128),
        SanthaVazirani("1/100", bits="least-significant-first"),
        observed=Observed(settings="uniform"),
        adversary=LOCAL,
        ask=Ask("score", functional="chained", extreme="smallest"),
    )
    attack = bound(question).attack
    with pytest.raises(TooLargeError, match="read its strategies one by one"):
        attack.to_array()
    one = next(one for one in attack.heaviest if one.devices.answers is not None)
    (low, least), (high, most) = one.settings.ends
    assert one.settings[low] == least < most == one.settings[high]
    assert most <= F(51, 100) ** 14
    assert total(one.weight for one in attack) == 1
    edge = one.devices.error
    wrong = [
        s for s, parity in one.devices.cycle.edges if {(o >> 1) ^ (o & 1) for o in one.row(s)} != {parity}
    ]
    assert wrong == [edge]


def test_boxes_of_many_parties_are_moments():
    """The majority of 3 of 9 parties that satisfy the GHZ relations: one symmetric box for each guess."""
    question = Question(
        ghz(9),
        Uniform(),
        adversary=EVE,
        tests=[Relations("mermin")],
        ask=Ask("guessing-probability", of={"majority": ["A", "B", "C"]}, at=0),
    )
    attack = bound(question).attack
    assert total(one.weight for one in attack) == 1
    with pytest.raises(InputError, match="known by their moments alone"):
        attack.to_array()
    assert "symmetric box" in str(attack)


def test_of_a_worst_setting_the_attack_is_the_one_with_the_largest_answer():
    question = Question(
        chsh(),
        MeasurementDependence("1/5", "3/10"),
        adversary=EVE,
        tests=[Test("chsh", ">=", "2.9")],
        ask=Ask("guessing-probability", of="A", at="worst"),
    )
    result = bound(question)
    at = result.attack.question.ask.at
    value = total(
        one.weight
        * one.settings[at]
        * max(sum(p for o, p in one.row(at).items() if o >> 1 == a) for a in (0, 1))
        for one in result.attack
    ) / F(1, 4)
    assert value == result.bracket.lower


def test_what_is_impossible_has_no_attack_and_results_travel():
    none = bound(
        Question(chsh(), Uniform(), adversary=LOCAL, tests=[Test("chsh", ">=", "2.1")], ask=Ask("strategy"))
    )
    assert none.impossible and none.attack is None
    result = bound(CASES["local score"][0])
    assert str(result.attack) == str(pickle.loads(pickle.dumps(result)).attack)
    assert json.loads(result.certificate)["attack"] is not None
