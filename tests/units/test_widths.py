"""How narrow an answer is to be, and how values are named."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt import Adversary, Ask, InputError, Question, Test, Uniform, chsh, sweep
from freerand_opt.certificates.pool import Pool

NS = Adversary("no-signalling")
LEAK = Ask("guessing-probability", of="A", at=(0, 0))


def test_a_small_entropy_is_sought_to_a_thousandth_of_itself():
    """An upper end 2e-7 above what is reached is no answer where only 1e-6 is left; with 1e-3 left it is."""
    problem = Question(chsh(), Uniform(), adversary=NS, tests=[Test("chsh", ">=", 3)], ask=LEAK).problem()
    for left, narrow in ((F(1, 10**6), False), (F(1, 10**3), True), (F(1, 10**8), True)):
        for relative, settled in ((False, True), (True, narrow)):
            ends = {"bound": 1 - left, "reached": 1 - left - F(2, 10**7)}
            assert Pool(problem, F(1, 10**6), relative, **ends).settled is settled


def test_a_small_score_is_sought_to_a_thousandth_of_itself():
    for asked in (Ask("score", functional="chsh"), Ask("trace-distance", of="A", at=(0, 0))):
        problem = Question(chsh(), Uniform(), adversary=NS, ask=asked).problem()
        # 2e-7 beside 1e-6 is wide; beside 1e-3, and beside what may be 0 or less, it is not
        for value, narrow in ((F(1, 10**6), False), (F(1, 10**3), True), (F(2, 10**7), True), (F(0), True)):
            for relative, settled in ((False, True), (True, narrow)):
                ends = {"bound": value, "reached": value - F(2, 10**7)}
                assert Pool(problem, F(1, 10**6), relative, **ends).settled is settled


def test_cells_are_named_by_their_values():
    question = Question(chsh(), Uniform(), adversary=NS, tests=[Test("chsh", ">=", 3)], ask=LEAK)
    axes = {
        "test.score": [F(5, 2), "3"],
        "ask.at": [(0, 0), (0, 1)],
        "ask.of": ["A", ["A", "B"]],
    }
    names = [row["instance"] for row in sweep(question, axes, executor=1).to_rows()]
    places = [(x, y, of) for x in ("5/2", "3") for y in (0, 1) for of in ("A", "[A, B]")]
    assert names == [f"score={x} at=[0, {y}] of={of}" for x, y, of in places]


def test_a_value_that_is_refused_is_shown_as_a_file_has_it():
    question = Question(chsh(), Uniform(), adversary=NS, ask=LEAK)
    with pytest.raises(InputError, match=r"\{ functional = 'chsh', score = 2 \} is a table"):
        Question.from_dict({**question.to_dict(), "test": {"functional": "chsh", "score": 2}})
