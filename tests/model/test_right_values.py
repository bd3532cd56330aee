"""Questions built in Python, through programs and the kernel, against values of the literature."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt.bounds.bound import bound
from freerand_opt.model import (
    QUANTITIES,
    Adversary,
    Ask,
    Free,
    Independent,
    Keep,
    MeasurementDependence,
    MinEntropy,
    Mutual,
    Observed,
    Question,
    SanthaVazirani,
    Scenario,
    Test,
    Uniform,
    chained,
    chsh,
    ghz,
)

LOCAL, EVE = Adversary("local"), Adversary("no-signalling")
CHSH = Ask("score", functional="chsh")
GUESS = Ask("guessing-probability", of="A", at=(0, 0))
#: Collins and Gisin, arXiv:quant-ph/0306129, by marginals; local models reach 0.
I3322 = {"PA(0|0)": -1, "PB(0|0)": -2, "PB(0|1)": -1, "P(00|12)": -1, "P(00|21)": -1}
I3322 |= {f"P(00|{x}{y})": 1 for x in range(3) for y in range(3) if x + y < 3}
UNEVEN = Observed(settings={"00": "3/10", "01": "1/5", "10": "3/10", "11": "1/5"})

#: {name: (question, its answer)}.
CASES = {
    # 4 - 8 (1/2 - eps)^2, arXiv:1105.3195 and docs/proofs/thresholds.md
    "local, interleaved bits": (
        Question(chsh(), SanthaVazirani(0.05), adversary=LOCAL, ask=CHSH),
        F(119, 50),
    ),
    "local, independent bits": (Question(chsh(), Independent(0.05), adversary=LOCAL, ask=CHSH), F(119, 50)),
    # neighbours of the losing setting weigh at most rho = (1 + 2 eps)/(1 - 2 eps) times as much
    "local, mutual bits": (
        Question(chsh(), Mutual("1/10"), adversary=LOCAL, ask=CHSH),
        4 - 8 / (1 + 2 * F(3, 2) + F(3, 2) ** 2),
    ),
    # one setting is lost by each deterministic box, arXiv:1407.5634
    "local, bounds": (
        Question(chsh(), MeasurementDependence("1/10"), adversary=LOCAL, ask=CHSH),
        4 - 8 * F(1, 10),
    ),
    "local, no min-entropy": (Question(chsh(), MinEntropy(0), adversary=LOCAL, ask=CHSH), 4),
    "local, free settings that are uneven": (
        Question(chsh(), Free(), observed=UNEVEN, adversary=LOCAL, ask=CHSH),
        2,
    ),
    "local, by marginals": (
        Question(Scenario((3, 3), (2, 2)), Uniform(), adversary=LOCAL, ask=Ask("score", functional=I3322)),
        0,
    ),
    # two perfectly correlated pairs of settings out of four: a shared bit
    "local, a part of a table": (
        Question(
            chsh(),
            Uniform(),
            observed=Observed(table={f"P({a}{a}|{x}{x})": "1/2" for a in (0, 1) for x in (0, 1)}),
            adversary=LOCAL,
            tests=[Keep("behaviour")],
            ask=Ask("strategy"),
        ),
        1,
    ),
    # 3/2 - S/4, arXiv:0911.3427
    "guess at CHSH 2.7": (
        Question(chsh(), Uniform(), adversary=EVE, tests=[Test("chsh", ">=", 2.7)], ask=GUESS),
        F(33, 40),
    ),
    "guess at CHSH 2.7, free settings": (
        Question(chsh(), Free(), observed=UNEVEN, adversary=EVE, tests=[Test("chsh", ">=", 2.7)], ask=GUESS),
        F(33, 40),
    ),
    # 1/2 + I_N/2 for I_N <= 1
    "guess at a chained score": (
        Question(chained(3), Uniform(), adversary=EVE, tests=[Test("chained", "<=", "1/4")], ask=GUESS),
        F(5, 8),
    ),
    # (1/2 - eps)^3 over 3 bits, settings' joint error, model/local_errors.py
    "joint errors of local models": (
        Question(
            ghz(3),
            SanthaVazirani("1/10"),
            observed=Observed(settings="unconstrained"),
            adversary=LOCAL,
            ask=Ask("score", functional={"functional": "mermin-errors", "on": "joint"}, extreme="smallest"),
        ),
        F(2, 5) ** 3,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_right_value(name):
    question, value = CASES[name]
    found = bound(question)
    assert not found.impossible
    assert question.ask.quantity == "strategy" or found.bracket.exact == value


def test_ends_of_quantities():
    """An upper end of the guess is a lower end of min-entropy; no end leaves the range of its quantity."""
    guess, entropy = QUANTITIES["guessing-probability"], QUANTITIES["min-entropy"]
    assert guess.ends(F(2, 5), F(11, 10), 2) == (F(1, 2), 1)
    assert guess.ends(F(1, 3), F(3, 4), 4) == (F(1, 3), F(3, 4))
    assert entropy.ends(F(1, 2), F(1), 4) == (0, 1)
    assert entropy.ends(F(1, 4), F(1, 4), 4) == (2, 2)
    assert entropy.ends(F(1, 8), F(9, 8), 4) == (0, 2)
    assert QUANTITIES["trace-distance"].ends(F(-1), F(3, 4), 2) == (0, F(1, 2))
    assert QUANTITIES["score"].ends(F(-1), F(3), 0) == (-1, 3)
    assert entropy.unit == "bits"
