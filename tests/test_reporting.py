"""Tables with a column for each named alternative, cells without an answer, and units of a guess."""

from __future__ import annotations

import json
from fractions import Fraction as F

import pytest

from freerand_opt.first.proving.result import Bracket
from freerand_opt.first.reporting.tables import markdown, record
from freerand_opt.first.reporting.units import alongside
from freerand_opt.first.spec.file import read
from freerand_opt.first.sweeps.sweep import sweep
from freerand_opt.numbers.exact import compare, enclose, log2
from freerand_opt.numbers.parse import parse

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
    answers = sweep(path, solver="highs", store=tmp_path / "store")
    results = list(answers)
    return results, answers.failed


def test_sources_are_columns(tmp_path):
    results, failed = answered(tmp_path, PIVOT)
    assert not failed
    assert all(found.as_expected for found in results)
    rows = [line.split(" | ") for line in markdown(results, "Atlas").splitlines() if line.startswith("| ")]
    header, two, four, claimed = ([cell.strip("| ") for cell in row] for row in rows)
    assert header == ["", "one order", "B is free", "box"]
    assert two[0] == "N=2"
    assert two[2] == "fails at both ends of [0, 1/5]" or two[2] == "holds at both ends of [0, 1/5]"
    assert two[2].startswith("holds")  # the critical value is (sqrt 2 - 1)/2 > 1/5
    assert claimed[1].startswith("**")
    assert claimed[2:] == ["not run", "not run"]
    for cell, critical in ((two[1], "0.117316"), (four[1], "0.128584")):
        low, high = cell.split(" .. ")
        assert low <= critical <= high


def test_a_single_question_without_an_answer_is_an_error(tmp_path):
    text = PIVOT[: PIVOT.index("[grid]")].replace("1/5", "1/20")
    results, failed = answered(tmp_path, text)
    assert not results
    assert "hold at one end" in failed[0]


def test_a_cell_that_is_too_large_is_marked(tmp_path):
    text = GUESS.format(score="5/2", quantity="guessing-probability", of='"A"')
    text = text.replace('family = "chsh"', 'family = "ghz"\nM = 3').replace(
        'functional = "chsh"', 'functional = "mermin"'
    )
    text = (
        text.replace("at = [0, 0]", 'at = "average"').replace('of = "A"', 'of = ["A", "B", "C"]')
        + '[[instances]]\nname = "one"\nask = { of = "A" }\n'
    )
    results, failed = answered(tmp_path, text)
    assert not failed
    assert results[0].result.notes[0] == "too large"
    assert results[0].wider_than(1)
    assert results[1].result.bracket.upper is not None
    assert "| too large |" in markdown(results)
    assert record(results[0])["lower"] is None


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
        (found,), _ = answered(tmp_path, GUESS.format(score=score, quantity=quantity, of='"A"'))
        units = alongside(found.instance.question, found.result.bracket)
        assert set(units) == set(expected) - {quantity}
        for name, ends in units.items():
            assert compare(ends.lower, expected[name]) <= 0 <= compare(ends.upper, expected[name])
            assert enclose(ends.upper - ends.lower, 80)[1] < F(1, 10**9)
        assert set(record(found)["alongside"]) == set(units)


def test_units_of_more_values(tmp_path):
    """A pair has a guess and a min-entropy, but its trace distance is another question."""
    for quantity, others in (
        ("guessing-probability", {"min-entropy"}),
        ("min-entropy", {"guessing-probability"}),
        ("trace-distance", set()),
    ):
        text = GUESS.format(score="5/2", quantity=quantity, of='["A", "B"]')
        (found,), _ = answered(tmp_path, text)
        assert set(alongside(found.instance.question, found.result.bracket)) == others


def test_units_round_outward(tmp_path):
    (found,), _ = answered(tmp_path, GUESS.format(score=3, quantity="min-entropy", of='"A"'))
    asked = found.instance.question
    for bits in (parse("log2(3) - 1"), parse("sqrt(2)/2"), F(1, 3)):
        ends = alongside(asked, Bracket(bits, bits))["guessing-probability"]
        assert compare(-log2(ends.upper), bits) <= 0 <= compare(-log2(ends.lower), bits)
        assert ends.upper - ends.lower < F(1, 10**14)
    ends = alongside(asked, Bracket(F(0), F(1)))
    assert (ends["guessing-probability"].lower, ends["guessing-probability"].upper) == (F(1, 2), 1)
    assert alongside(asked, Bracket(None, F(1)))["guessing-probability"].upper is None


def test_units_are_printed(freerand, tmp_path):
    path = tmp_path / "asked.toml"
    path.write_text(GUESS.format(score="5/2", quantity="guessing-probability", of='"A"'))
    run = freerand("bound", path)
    assert "that is     min-entropy [0.1926450779, 0.1926450780] = -log2(7/8) bits" in run.out
    assert "            trace-distance 3/8" in run.out


# ------------------------------------------------------------------ resuming


def test_an_interrupted_run_is_resumed(freerand, tmp_path):
    path, folder, report = tmp_path / "asked.toml", tmp_path / "kept", tmp_path / "atlas.md"
    path.write_text(PIVOT)
    arguments = ("verify", path, "--store", folder)
    first = freerand(*arguments, "--report", report)
    assert first.code == 0
    table = report.read_text()
    assert table.startswith("# Atlas")
    files = sorted(folder.rglob("*.json"))
    assert len(files) == 4  # two cells without an answer have none, and two cells ask the same
    bodies = [file.read_text() for file in files]
    files[0].unlink()
    files[1].write_text(bodies[1][:-2])
    files[2].write_text(bodies[3])
    run = freerand(*arguments, "--json", "--report", report)
    assert sorted(record["how"] for record in run.data) in (
        ["checked"] * lone + ["solved"] * (7 - lone)
        for lone in (1, 2)  # 2 if the answer that two cells share was left alone
    )
    assert run.err.count("computed anew") == 2
    assert report.read_text() == table
    # all but who tried and how long it took is as before
    stored = [json.loads(file.read_text()) for file in sorted(folder.rglob("*.json"))]
    assert [{**entry, "stored": 0} for entry in stored] == [
        {**json.loads(body), "stored": 0} for body in bodies
    ]
    # another question is not answered by the old certificates
    path.write_text(PIVOT.replace("width = 1e-4", "width = 1e-5").replace("[2, 4]", "[2]"))
    assert all(record["how"] == "solved" for record in freerand(*arguments, "--json").data)


@pytest.mark.parametrize("of", ["source.bits", "observed.visibility"])
def test_other_fields_are_resumed(freerand, tmp_path, of):
    text = PIVOT[: PIVOT.index("[threshold]")]
    ends = "[0, 2]" if of == "source.bits" else '["1/2", 1]'
    if of == "source.bits":
        text = text.replace('kind = "santha-vazirani"\nepsilon = 0', 'kind = "min-entropy"\nbits = 0')
    path = tmp_path / "asked.toml"
    path.write_text(text + f'[threshold]\nof = "{of}"\nbetween = {ends}\nwidth = 1e-4\n')
    arguments = ("verify", path, "--store", tmp_path / "kept", "--json")
    assert [freerand(*arguments).data[0]["how"] for _ in range(2)] == ["solved", "checked"]
    path.write_text(path.read_text().replace("width = 1e-4", "width = 1e-5"))
    assert freerand(*arguments).data[0]["how"] == "solved"
