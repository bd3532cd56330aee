"""The guessing error: complement of the guessing probability, also of many parties and in thresholds."""

from fractions import Fraction as F
from pathlib import Path

import pytest

import freerand_opt as fr
from freerand_opt.model.files.reference import field_reference
from freerand_opt.model.files.schema import question_schema


def asked(quantity, score="3", source=None, **ask):
    ask = {"of": "A", "at": (0, 0)} | ask
    return fr.Question(
        fr.chsh(),
        source or fr.Uniform(),
        adversary=fr.Adversary("no-signalling"),
        tests=[fr.Test("chsh", ">=", score)],
        ask=fr.Ask(quantity, **ask),
    )


# no-signalling devices of score S are guessed with 3/2 - S/4 (Barrett, Kent and Pironio, quant-ph/0608081,
# for S = 4 and 2; the lines between them)
for score in (F(2), F(3), F(7, 2), F(4)):
    found = fr.bound(asked("guessing-error", score)).bracket
    exact = score / 4 - F(1, 2)
    assert found.lower <= exact <= found.upper, (score, found)
    assert found.width <= F(1, 10**9)

# the worst settings are those at which it is least
worst = fr.bound(asked("guessing-error", at="worst")).bracket
assert worst.lower <= F(1, 4) <= worst.upper

# a guess of both outcomes, cut to the range
both = fr.bound(asked("guessing-error", 4, of="all")).bracket
assert both.lower <= F(1, 2) <= both.upper <= F(3, 4)

# the field at which 1/8 is crossed: the same as for a guessing probability of 7/8
places = []
for quantity, number in (("guessing-probability", "7/8"), ("guessing-error", "1/8")):
    threshold = {"of": "source.epsilon", "between": ["0", "1/4"], "width": "1e-4", "crosses": number}
    question = asked(quantity, "7/2", fr.SanthaVazirani("0.1"))
    places.append(fr.bound(question, threshold=threshold).bracket)
assert places[0].lower <= places[1].upper
assert places[1].lower <= places[0].upper
assert places[1].width <= F(1, 10**4)
assert places[1].lower > 0

# many parties: perfect GHZ relations leave a single outcome free, as do four written out
many = fr.Question(
    fr.ghz(10),
    fr.Uniform(),
    adversary=fr.Adversary("no-signalling"),
    tests=[fr.Relations("mermin")],
    ask=fr.Ask("guessing-error", of="A", at=0),
)
probability = fr.bound(many.changed(ask=fr.Ask("guessing-probability", of="A", at=0))).bracket
error = fr.bound(many).bracket
assert (1 - error.upper, 1 - error.lower) == (probability.lower, probability.upper)

Path("question.toml").write_text(
    """schema = 1
scenario = { family = "chsh" }
source = { kind = "uniform" }
adversary = { devices = "no-signalling" }
test = [{ functional = "chsh", relation = ">=", score = 3 }]
ask = { quantity = "guessing-error", of = "A", at = [0, 0] }
"""
)
assert fr.read(Path("question.toml")).instances[0].question == asked("guessing-error")
assert "guessing-error" in str(question_schema())
assert "guessing-error" in field_reference()
with pytest.raises(fr.InputError, match="of"):
    fr.Ask("guessing-error")
