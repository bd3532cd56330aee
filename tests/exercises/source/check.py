"""A drifting source: closed form, the limit without drift, a file, the schema, an error."""

from fractions import Fraction as F
from pathlib import Path
from random import Random

import pytest

import freerand_opt as fr
from freerand_opt.checker import reading
from freerand_opt.checker.document import check
from freerand_opt.model.files.reference import field_reference
from freerand_opt.model.files.schema import question_schema


def asked(source, **more):
    devices = more.pop("devices", "local")
    ask = more.pop("ask", None) or fr.Ask("score", functional="chsh")
    return fr.Question(fr.chsh(), source, adversary=fr.Adversary(devices), ask=ask, **more)


# local devices lose at one joint setting; it has probability (1/2 - eps)(1/2 - eps - drift) at least
for eps, drift in ((F(1, 10), F(1, 20)), (F(0), F(1, 4)), (F(1, 20), F(0))):
    source = fr.Drifting(eps, drift)
    result = fr.bound(asked(source))
    exact = 4 - 8 * (F(1, 2) - eps) * (F(1, 2) - eps - drift)
    assert result.lower.value <= exact <= result.upper.value, (result.bracket, exact)
    assert result.bracket.width <= F(1, 10**6)
    assert not check(reading.load(result.certificate)).impossible

# without drift it is Santha and Vazirani's
guess = {
    "devices": "no-signalling",
    "ask": fr.Ask("guessing-probability", of="A", at=(0, 0)),
    "tests": [fr.Test("chsh", ">=", "3")],
}
plain, drifting = (
    fr.bound(asked(source, **guess)) for source in (fr.SanthaVazirani("0.1"), fr.Drifting("0.1", 0))
)
assert plain.lower.value <= drifting.upper.value
assert drifting.lower.value <= plain.upper.value
# and with drift it helps the adversary
assert fr.bound(asked(fr.Drifting("0.1", "0.1"), **guess)).lower.value > plain.upper.value

# samples obey every range
form = fr.Drifting("0.1", "0.05").form(fr.chsh(), None)
draw, masses = Random(1), [F(1)]
for ends in form.ranges:
    masses = [mass * part for mass in masses for x in (draw.choice(ends),) for part in (x, 1 - x)]
first = masses[0] + masses[1]
assert F(2, 5) <= first <= F(3, 5)
assert all(F(7, 20) * part <= masses[k] <= F(13, 20) * part for k, part in ((0, first), (2, 1 - first)))

# what is printed from the definition
Path("question.toml").write_text(
    """schema = 1
scenario = { family = "chsh" }
source = { kind = "drifting", epsilon = "1/10", drift = "1/20" }
adversary = { devices = "local" }
ask = { quantity = "score", functional = "chsh" }
"""
)
assert fr.read(Path("question.toml")).instances[0].question == asked(fr.Drifting("1/10", "1/20"))
assert "drifting" in str(question_schema())
assert "drifting" in field_reference()
with pytest.raises(fr.InputError, match=r"source\.drift.*within 2 bits"):
    asked(fr.Drifting("0.4", "0.2"))
