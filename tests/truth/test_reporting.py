"""Tables with a column for each named alternative, cells without an answer, and units of a guess."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.bounds.threshold import NoChangeError
from freerand_opt.claims.verify import read, verify
from freerand_opt.numbers.exact import compare, enclose, log2
from freerand_opt.numbers.parse import parse
from freerand_opt.reporting.cell import Cell
from freerand_opt.reporting.tables import markdown
from freerand_opt.reporting.units import alongside

PIVOT = """
[scenario]
family = "chained"
N = 2
[source]
kind = "santha-vazirani"
epsilon = 0
[observed]
behaviour = "quantum"
[adversary]
devices = "local"
[[test]]
functional = "chained"
relation = "<="
score = "observed"
[ask]
quantity = "strategy"
[threshold]
of = "source.epsilon"
between = [0, "1/5"]
width = 1e-4
[grid]
"scenario.N" = [2, 4]
[grid.source]
"one order" = { kind = "santha-vazirani", epsilon = 0 }
"B is free" = { kind = "mixture", A = { kind = "santha-vazirani", epsilon = 0 }, B = { kind = "uniform" } }
"box" = { kind = "santha-vazirani", epsilon = 0, bits = "gray" }
[[instances]]
name = "claimed"
grid = { source = { "one order" = { kind = "santha-vazirani", epsilon = 0 } } }
expect = { value = { formula = "chained-local-threshold" } }
"""

GUESS = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chsh"
relation = ">="
score = "{score}"
[ask]
quantity = "{quantity}"
of = {of}
at = [0, 0]
"""


def answered(tmp_path, text):
    path = tmp_path / "asked.toml"
    path.write_text(text)
    file = read(path)
    found = []
    for instance in file.instances:
        try:
            found.append(verify(file, instance))
        except NoChangeError as error:
            found.append(Cell(file, instance, None, mark=str(error).split(": ", 1)[-1].split(";")[0]))
    return found


def test_sources_are_columns(tmp_path):
    """The critical value (1 - I_N^(1/2r))/2: (sqrt 2 - 1)/2 > 1/5 if B is free."""
    results = answered(tmp_path, PIVOT)
    assert all(found.as_expected for found in results)
    rows = [line.split(" | ") for line in markdown(results, "Atlas").splitlines() if line.startswith("| ")]
    header, two, four, claimed = ([cell.strip("| ") for cell in row] for row in rows)
    assert header == ["", "one order", "B is free", "box"]
    assert two[0] == "N=2"
    assert ".." not in two[2] and "0.2" not in two[2]
    assert claimed[1].startswith("**")
    assert claimed[2:] == ["not run", "not run"]
    for cell, critical in ((two[1], "0.117316"), (four[1], "0.128584")):
        low, high = cell.split(" .. ")
        assert low <= critical <= high


def test_named_alternatives_are_labels(tmp_path):
    path = tmp_path / "asked.toml"
    path.write_text(PIVOT)
    names = [instance.name for instance in read(path).instances]
    assert names[:4] == ["N=2 one order", "N=2 B is free", "N=2 box", "N=4 one order"]
    assert names[-1] == "claimed one order"


# ------------------------------------------------------------------ units


@pytest.mark.parametrize("score", ["5/2", "2*sqrt(2)", 3])
def test_units_of_a_bit_agree(tmp_path, score):
    """P = 3/2 - S/4 (arXiv:0911.3427); entropy -log2 P and distance P - 1/2 whatever was asked."""
    guess = F(3, 2) - parse(score) / 4
    expected = {"guessing-probability": guess, "min-entropy": -log2(guess), "trace-distance": guess - F(1, 2)}
    for quantity in expected:
        (found,) = answered(tmp_path, GUESS.format(score=score, quantity=quantity, of='"A"'))
        units = alongside(found.instance.question, found.result.bracket)
        assert set(units) == set(expected) - {quantity}
        for name, ends in units.items():
            assert compare(ends.lower, expected[name]) <= 0 <= compare(ends.upper, expected[name])
            assert enclose(ends.upper - ends.lower, 80)[1] < F(1, 10**9)


def test_units_of_more_values(tmp_path):
    """A pair has a guess and a min-entropy, but its trace distance is another question."""
    for quantity, others in (
        ("guessing-probability", {"min-entropy"}),
        ("min-entropy", {"guessing-probability"}),
        ("trace-distance", set()),
    ):
        text = GUESS.format(score="5/2", quantity=quantity, of='["A", "B"]')
        (found,) = answered(tmp_path, text)
        assert set(alongside(found.instance.question, found.result.bracket)) == others


def test_units_round_outward(tmp_path):
    (found,) = answered(tmp_path, GUESS.format(score=3, quantity="min-entropy", of='"A"'))
    asked = found.instance.question
    for bits in (parse("log2(3) - 1"), parse("sqrt(2)/2"), F(1, 3)):
        ends = alongside(asked, Bracket(bits, bits))["guessing-probability"]
        assert compare(-log2(ends.upper), bits) <= 0 <= compare(-log2(ends.lower), bits)
        assert ends.upper - ends.lower < F(1, 10**14)
    ends = alongside(asked, Bracket(F(0), F(1)))
    assert (ends["guessing-probability"].lower, ends["guessing-probability"].upper) == (F(1, 2), 1)
    assert alongside(asked, Bracket(None, F(1)))["guessing-probability"].upper is None
