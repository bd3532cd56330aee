"""How narrow an answer is to be, and how values are named."""

from __future__ import annotations

import json
from fractions import Fraction as F

import pytest

from freerand_opt import Adversary, Ask, InputError, Question, Test, Uniform, bound, chsh, sweep
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.shorter import shortened

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


def _unit(question, width):
    return json.loads(bound(question, width=width).certificate)["upper"]["proof"]["unit"]


def test_squares_are_no_longer_than_the_width_asked_needs():
    question = Question(
        chsh(),
        Uniform(),
        adversary=Adversary("quantum", level="1 + A B"),
        tests=[Test("chsh", ">=", "27/10")],
        ask=LEAK,
    )
    assert _unit(question, F(1, 10**6)) == 2**48
    assert _unit(question, F(1, 10**12)) > 2**48  # rounding them would cost more than a thousandth of that
    report = bound(question, width=F(1, 10**6))
    value = F(1, 2) + F(1, 2) * F.from_float((2 - 2.7**2 / 4) ** 0.5)  # Pironio et al., arXiv:0911.3427
    assert 0 <= report.bracket.upper - value < F(1, 10**8)


def test_squares_over_a_denominator_of_the_source_are_not_rounded():
    """At an end that is exact a rounded list would be repaired, and the end lost."""
    upper = {"proof": {"way": "squares", "unit": 3 * 2**64, "words": ["1"], "labels": [{"last": []}]}}
    assert shortened(upper) is None
    assert shortened({**upper, "proof": {**upper["proof"], "unit": 2**48}}) is None
    held = {"way": "squares", "unit": 2**64, "words": ["1", "A0"]}
    listed = {"terms": [[[0, 1], [[2**40, 0], [0, 3]]]], "zeros": [[0, 0, 0, "1", 2**70]]}
    found = shortened({"proof": {**held, "labels": [{"last": listed}, {"level": [1, 2**33]}]}})
    last = {"zeros": [[0, 0, 0, "1", 2**38]], "terms": [[[0], [[2**24]]]]}
    assert found == {"proof": {**held, "unit": 2**48, "labels": [{"last": last}, {"level": [1, 2]}]}}
