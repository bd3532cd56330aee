"""The oracle: quantum strategies, faults that are planted and found; then the library's answers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from random import Random

import numpy as np
import pytest

from tests.oracle import boxes, quantum
from tests.oracle.answer import Answer, ask
from tests.oracle.draw import question as drawn
from tests.oracle.number import exactly
from tests.oracle.question import Ask, Functional, Question, toml
from tests.oracle.question import Test as Demand
from tests.oracle.record import Record, record, summary, too_few
from tests.oracle.run import Plan, report, run
from tests.oracle.scenario import named, of_family
from tests.oracle.source import Source
from tests.oracle.states import measured_box
from tests.oracle.truth import Truth, truth
from tests.oracle.verdict import judge, judge_inside

CHSH = of_family("chsh")
S_CHSH = Functional(name="chsh")
UNIFORM = Source("uniform")


def asked(source, devices, ask, *tests, **more):
    return Question(CHSH, source, "uniform", devices, tests, ask, **more)


def guess(at, quantity="guessing-probability"):
    return Ask(quantity, '"A"', tuple(a[0] for a in CHSH.joint_outcomes), 2, at)


# ------------------------------------------------------------------ quantum strategies


def test_a_seesaw_reaches_the_quantum_maximum_of_chsh():
    wanted = np.zeros(CHSH.shape)
    for (o, s), factor in named(CHSH, "chsh").items():
        wanted[o, s] = float(factor)
    floats = np.random.default_rng(0)
    box = measured_box(Random(0), floats, CHSH, wanted, tries=4)
    assert (box * wanted).sum() == pytest.approx(8**0.5, abs=1e-9)


def test_quantum_strategies_do_not_signal_and_stay_below_the_closed_form():
    """Guess of one outcome at most 1/2 + sqrt(2 - S^2/4)/2 (arXiv:0911.3427), for boxes drawn at random."""
    rows = np.array(boxes.no_signalling_rows(CHSH))
    wanted, floats = np.zeros(CHSH.shape), np.random.default_rng(1)
    for (o, s), factor in named(CHSH, "chsh").items():
        wanted[o, s] = float(factor)
    for k in range(30):
        box = measured_box(Random(k), floats, CHSH, wanted, tries=k % 2)
        assert np.abs(rows @ box.ravel()).max() < 1e-12
        seen, known = (box * wanted).sum(), max(box[:2, 0].sum(), box[2:, 0].sum())
        assert known <= 0.5 + max(2 - seen**2 / 4, 0) ** 0.5 / 2 + 1e-9 or seen < 2


# ------------------------------------------------------------------ faults are found

EXAMPLE = asked(Source("santha-vazirani", (exactly("1/20"),)), "local", Ask("score", functional=S_CHSH))
RIGHT = 4 - 8 * F(81, 400)
TINY = F(1, 10**25)


def bracket(low, high):
    return Answer("bracket", None if low is None else (low, low), None if high is None else (high, high))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (bracket(None, RIGHT - TINY), "false upper end"),
        (bracket(RIGHT + TINY, None), "false lower end"),
        (bracket(None, F(5)), "beyond the range"),
        (Answer("none"), "there is one"),
        (Answer("crashed", words="KeyError"), "crashed"),
        (Answer("refused", words="InputError: exact coefficients exceed 2^50"), "refused"),
    ],
)
def test_a_wrong_answer_is_noticed(answer, words):
    verdict = judge(EXAMPLE, answer, truth(EXAMPLE))
    assert verdict.kind == "wrong"
    assert words in verdict.fault


def test_what_is_not_answered_is_counted_apart():
    right = truth(EXAMPLE)
    assert judge(EXAMPLE, Answer("slow"), right).kind == "slow"
    assert judge(EXAMPLE, Answer("refused", words="TooLargeError: more than 4096"), right).kind == "too large"
    kinds = ["two-ended"] * 17 + ["too large"] * 2
    found = [Record(seed, False, kind) for seed, kind in enumerate(kinds)]
    assert too_few(found) == ["89.5 % of rational data two-ended or decided"]
    assert too_few([*found, Record(20, False, "none")]) == []
    assert summary(found)[-1].endswith("not answered, too large: " + found[-1].again)


def test_a_right_answer_passes():
    right = truth(EXAMPLE)
    assert [judge(EXAMPLE, made, right).kind for made in (bracket(RIGHT, RIGHT), bracket(None, RIGHT))] == [
        "two-ended",
        "one-ended",
    ]
    assert judge(EXAMPLE, ask(toml(EXAMPLE)), right).kind == "two-ended"


def test_an_answer_where_no_strategy_passes_is_noticed():
    nobody = Truth(None, None, False)
    assert "no strategy passes" in judge(EXAMPLE, bracket(RIGHT, RIGHT), nobody).fault
    assert judge(EXAMPLE, Answer("none"), nobody).kind == "none"
    assert judge_inside(EXAMPLE, bracket(None, RIGHT), None, None).fault


def test_a_quantum_end_below_what_a_strategy_reaches_is_noticed():
    question = replace(EXAMPLE, devices="quantum", level="1 + A B", source=UNIFORM)
    assert judge_inside(question, bracket(None, F(28, 10)), 8**0.5, None).fault
    assert not judge_inside(question, bracket(None, F(2829, 1000)), 8**0.5, None).fault


def test_min_entropies_are_compared_as_logarithms():
    test = Demand(S_CHSH, ">=", exactly(4))
    question = asked(UNIFORM, "no-signalling", guess((0, 0), quantity="min-entropy"), test)
    assert not judge(question, bracket(F(1), F(1)), truth(question)).fault
    assert "false lower end" in judge(question, bracket(1 + TINY, None), truth(question)).fault


# ------------------------------------------------------------------ the library


def test_the_same_seed_asks_the_same_question():
    assert toml(drawn(7)) == toml(drawn(7)) != toml(drawn(8))
    assert toml(quantum.inside(7).question) == toml(quantum.inside(7).question)


def test_a_fault_is_written_down_with_its_command(tmp_path):
    made = replace(record(7, False), fault="planted", kind="wrong")
    lines = report(Plan(7, 1, 0), [made], tmp_path)
    assert "--seed 7 --count 1" in "\n".join(lines)
    assert (tmp_path / "linear_7.toml").read_text().endswith(made.text)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_ends_when_its_budget_is_spent(processes):
    assert run(Plan(1, linear=10**6, quantum=10**6, processes=processes, budget=0)) == []


def test_two_hundred_questions(capsys):
    """The same in every run; `make long` asks many more, new ones each time."""
    plan = Plan(20261129, linear=190, quantum=10, budget=150)
    found = run(plan)
    lines = report(plan, found)
    with capsys.disabled():
        print("\n" + "\n".join(lines[:4]))
    assert [made.fault for made in found if made.fault] == [], "\n".join(lines)
    assert too_few(found) == []
