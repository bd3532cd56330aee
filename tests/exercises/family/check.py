"""The leaning family (arXiv:1107.2754): local, quantum and no-signalling values, and honest behaviour."""

from fractions import Fraction as F
from pathlib import Path

import pytest

import freerand_opt as fr
from freerand_opt.model.files.reference import field_reference
from freerand_opt.model.files.schema import question_schema
from freerand_opt.numbers.exact import compare, sqrt

SCORE = fr.Ask("score", functional="leaning")


def bracket(scenario, devices, **more):
    adversary = fr.Adversary(devices, level="1 + A B") if devices == "quantum" else fr.Adversary(devices)
    return fr.bound(fr.Question(scenario, fr.Uniform(), adversary=adversary, ask=SCORE, **more)).bracket


for alpha in (F(0), F(1, 2), F(3, 2)):
    scenario = fr.Leaning(alpha)
    best = sqrt(8 + 2 * alpha**2)
    for devices, value in (("local", 2 + alpha), ("no-signalling", F(4)), ("quantum", best)):
        found = bracket(scenario, devices)
        assert compare(found.upper, value) >= 0, (devices, found)
        assert compare(found.upper, value + F(1, 10**5)) <= 0, (devices, found)
        assert found.lower is None or compare(found.lower, value) <= 0, (devices, found)

    # the honest behaviour is one, has the quantum value, and no signals
    rows = [scenario.behaviours["quantum"](scenario)(s) for s in range(4)]
    assert all(compare(sum(row[1:], row[0]), F(1)) == 0 for row in rows)
    assert all(compare(x, F(0)) >= 0 for row in rows for x in row)
    for s in (0, 1):  # P(x = 0) at A's setting s, P(y = 0) at B's
        assert compare(rows[2 * s][0] + rows[2 * s][1], rows[2 * s + 1][0] + rows[2 * s + 1][1]) == 0
        assert compare(rows[s][0] + rows[s][2], rows[2 + s][0] + rows[2 + s][2]) == 0
    kept = bracket(
        scenario,
        "no-signalling",
        observed=fr.Observed("quantum"),
        tests=[fr.Keep("behaviour", tolerance="1e-6")],
    )
    # within the tolerance, times the sum of the coefficients' sizes
    assert compare(kept.upper, best) >= 0
    assert compare(kept.lower, best + F(2 * (8 + 4), 10**6)) <= 0
    assert compare(kept.upper - kept.lower, F(1, 10**6)) <= 0

# at alpha = 0 it is CHSH
assert compare(bracket(fr.Leaning(0), "local").upper, F(2)) == 0

Path("question.toml").write_text(
    """schema = 1
scenario = { family = "leaning", alpha = "1/2" }
source = { kind = "uniform" }
observed = { behaviour = "quantum", settings = "uniform" }
adversary = { devices = "no-signalling" }
test = [{ functional = "leaning", relation = ">=", score = "observed" }]
ask = { quantity = "guessing-probability", of = "A", at = [0, 0] }
"""
)
question = fr.read(Path("question.toml")).instances[0].question
assert question.scenario == fr.Leaning("1/2")
guess = fr.bound(question).bracket
assert compare(guess.upper, F(1)) < 0
assert "leaning" in str(question_schema())
assert "leaning" in field_reference()
with pytest.raises(fr.InputError, match="alpha"):  # where nothing beats local devices
    fr.Leaning(2)
