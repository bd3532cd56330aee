"""Protocol files and `freerand simulate`: what is read, what is refused, what is printed."""

from __future__ import annotations

import csv
import pickle
import re
import tomllib
from fractions import Fraction as F
from pathlib import Path

import jsonschema
import pytest

import freerand_opt as fr
from freerand_opt.errors import InputError
from freerand_opt.protocols import counts
from freerand_opt.protocols.file import protocol_schema, read_protocol
from freerand_opt.protocols.protocol import Devices, Protocol, Rounds
from freerand_opt.protocols.sources import HeldBits, ReplayedBits, UniformBits

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "protocols").glob("*.toml"))
BASE = '[protocol]\nN = 16\nm = "5/2"\n'
HELD = '[source]\nkind = "santha-vazirani"\nepsilon = "1/20"\nhold = "most-tests"\n'


@pytest.fixture
def mine(tmp_path):
    """A function that writes a protocol file and returns its path."""

    def write(body):
        path = tmp_path / "mine.toml"
        path.write_text(body)
        return path

    return write


def read_one(path, **overrides):
    (case,) = read_protocol(path, overrides).cases
    return case


# ------------------------------------------------------------------ reading


def test_a_short_file_has_the_usual_values(mine):
    case = read_one(mine(BASE))
    protocol, sampling = case.protocol, case.protocol.sampling
    assert (protocol.size, protocol.rounds, protocol.tests, protocol.window) == (16, 1024, None, (64, 192))
    assert (protocol.source, protocol.devices, protocol.selection.model) == (
        UniformBits(),
        Devices(),
        "common-cause",
    )
    assert (protocol.protocol.i, sampling.runs, protocol.route) == (F(1, 100), 1000, "counts")


def test_everything_is_read(mine, tmp_path):
    body = (
        'schema = 1\ntitle = "t"\n[protocol]\nvariant = "repaired"\nN = 16\nl = "3/2"\n'
        + 'rounds = 5000\ni = "1/10"\n'
        + '[source]\nkind = "replayed"\nfile = "b"\nform = "bytes"\norder = "A first"\nbits = "gray"\n'
        + '[devices]\nhonest = "zero-error"\nfraction = 0.25\n[selection]\nmodel = "outcome-dependent"\n'
        + '[sampling]\nruns = 7\nseed = 3\nroute = "rounds"\nconfidence = 0.9\n'
    )
    case = read_one(mine(body))
    protocol = case.protocol
    assert (protocol.tests, protocol.rounds, protocol.protocol.i) == (64, 5000, F(1, 10))
    assert protocol.source == ReplayedBits(str(tmp_path / "b"), form="bytes", order="A first", bits="gray")
    assert protocol.devices == Devices("zero-error", fraction=F(1, 4))
    assert protocol.selection.model == "outcome-dependent"
    assert (protocol.sampling.runs, protocol.sampling.seed, protocol.sampling.confidence) == (7, 3, F(9, 10))


def test_fields_are_overridden_and_ranges_make_cases(mine):
    path = mine(BASE + HELD)
    assert read_one(path, **{"source.epsilon": "1/10"}).protocol.source == HeldBits(
        F(1, 10), hold="most-tests"
    )
    cases = read_protocol(path, {"source.epsilon": "0:1/10:1/20", "sampling.route": "counts, rounds"}).cases
    assert [case.name for case in cases][:2] == ["epsilon=0 route=counts", "epsilon=0 route=rounds"]
    assert len(cases) == 6


def test_the_repaired_protocol_has_rounds_enough_for_the_worst_source(mine):
    body = '[protocol]\nvariant = "repaired"\nN = 16\ntests = 64\n' + HELD
    rounds = read_one(mine(body)).protocol.rounds
    assert rounds == -(-F(2 * 64 * 16) // F(9, 10) ** 3)  # four times 64 / ((2/16) (1 - 2e)^3)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_read_and_allowed_by_the_schema(path):
    assert read_protocol(path).cases
    jsonschema.validate(tomllib.loads(path.read_text()), protocol_schema())


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(protocol_schema())


BAD = [
    ("", "is empty"),
    ("protocol = [", "is not TOML"),
    ('[scenario]\nfamily = "chsh"\n', "`freerand bound` answers it"),
    ("[protocol]\nm = 2\n", "protocol.N: is missing"),
    ("[protocol]\nN = 12\nm = 2\n", "protocol.N: 12 is no power of two"),
    ("[protocol]\nN = 16\n", "protocol.m: one of m"),
    ("[protocol]\nN = 16\nm = 2\nrounds = 3\n", "protocol.m: one of m"),
    ("[protocol]\nN = 16\nm = 9\n", "protocol.m: 9 is not a rational number in (0, 6]"),
    ("[protocol]\nN = 16\nm = 2\nl = 1\n", 'protocol.l: is for variant = "repaired"'),
    ('[protocol]\nvariant = "repaired"\nN = 16\nm = 2\n', 'protocol.m: is for variant = "as-written"'),
    ('[protocol]\nvariant = "repaird"\nN = 16\nm = 2\n', "did you mean 'repaired'?"),
    (BASE + "i = 0\n", "protocol.i: 0 is not a rational number in (0, 2]"),
    (BASE + "rouns = 3\n", "protocol.rouns: unknown key"),
    (BASE + HELD.replace("1/20", "3/5"), "source.epsilon: '3/5' is not a rational number in [0, 1/2)"),
    (BASE + HELD.replace("most-tests", "most"), "source.hold: 'most' is not known; allowed: most-tests"),
    (BASE + '[source]\nkind = "santha-vazirani"\nepsilon = 0.1\n', "source.hold: is missing"),
    (BASE + '[source]\nkind = "uniform"\nepsilon = 0.1\n', "source.epsilon: unknown key"),
    (BASE + '[source]\nkind = "replayed"\n', "source.file: is missing"),
    (BASE + "[devices]\nfraction = 1.5\n", "devices.fraction: 1.5 is not a rational number in [0, 1]"),
    (BASE + "[devices]\nfraction = 0.5\nfirst = 2\n", "devices.first: and fraction are two ways"),
    (BASE + "[devices]\nfirst = -2\n", "devices.first: -2 is not an integer in"),
    (BASE + '[selection]\nmodel = "fair"\n', "selection.model: 'fair' is not known"),
    (BASE + "[sampling]\nruns = 0\n", "sampling.runs: 0 is not an integer in [1, 1000000000]"),
    (BASE + "[sampling]\nconfidence = 1\n", "sampling.confidence: 1 is not a rational number in [1/2, 1)"),
    (BASE + '[sampling]\nroute = "fast"\n', "allowed: counts, rounds, conditional"),
    (BASE + "[[instances]]\n", "instances[0].name: is missing"),
    (
        BASE + '[[instances]]\nname = "a"\nprotocol = { N = 3 }\n',
        "instances[0] (a): protocol.N: 3 is no power of two",
    ),
    ("schema = 2\n" + BASE, "schema: 2 is not an integer in [1, 1]"),
]


@pytest.mark.parametrize(("body", "words"), BAD, ids=range(len(BAD)))
def test_bad_files_get_one_clear_error(mine, freerand, body, words):
    path = mine(body)
    with pytest.raises(InputError) as error:
        read_protocol(path)
    assert words in str(error.value)
    assert str(error.value).startswith(str(path))
    run = freerand("simulate", path)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.startswith(f"error: {path}")


@pytest.mark.parametrize(
    "body",
    [
        body
        for body, words in BAD
        if ("unknown key" in words and "source" not in words) or "not known; " in words
    ],
)
def test_the_schema_refuses_unknown_words_too(body):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(body), protocol_schema())


# ------------------------------------------------------------------ the command


def test_json_has_each_quantity_with_interval_recursion_and_bound(mine, freerand):
    path = mine(BASE + HELD.replace("most-tests", "fewest-errors") + "[devices]\nfirst = 4\n")
    run = freerand("simulate", path, "sampling.runs=500", "--json")
    assert (run.code, run.err) == (0, "")
    (found,) = run.data
    assert (found["N"], found["M"], found["runs"], found["epsilon"]) == (16, 1024, 500, "1/20")
    assert F(found["deterministic_error"]) < F(1, 32)
    names = [line["quantity"] for line in found["quantities"]]
    assert names == [
        *("abort in step 2", "abort in step 3", "no abort", "no abort and f deterministic"),
        "R guessed, given no abort",
    ]
    for line in found["quantities"]:
        assert line["lower"] <= line["simulated"] == line["count"] / line["of"] <= line["upper"]
        assert line["computed_lower"] <= line["computed_upper"]
        assert line["bound"] is None or line["computed_lower"] <= line["bound"]


def test_the_table_says_what_was_done_and_what_failed(mine, freerand):
    path = mine(BASE.replace("16", "64").replace("5/2", "299/100") + HELD)
    run = freerand("simulate", path, "sampling.runs=200")
    assert run.code == 0
    assert all(len(line) <= 80 for line in run.out.splitlines())
    assert re.search(r"^abort in step 2 +200 +1 +\[0\.\d+, 1\]", run.out, re.M)
    for words in (
        *("as written, N = 64, M = 251465 = floor(N^299/100) rounds", "200 runs, seed 1: |T| and its"),
        *(
            "99 % interval",
            "the mean of |T| is 3.221 M/N, outside",
            "I*/2 = 0.959 is at least 1/2",
        ),
    ):
        assert words in run.out


def test_csv_has_a_row_for_each_quantity_of_each_case(mine, freerand, tmp_path):
    path, rows = mine(BASE + HELD), tmp_path / "out" / "rows.csv"
    run = freerand("simulate", path, "source.epsilon=0:1/10:1/20", "sampling.runs=100", "--csv", rows)
    assert run.code == 0
    with rows.open() as file:
        table = list(csv.DictReader(file))
    assert len(table) == 3 * 4
    assert {row["epsilon"] for row in table} == {"0", "1/20", "1/10"}
    assert all(float(row["lower"]) <= float(row["upper"]) for row in table if row["lower"])


def test_python_has_the_same_words(mine):
    case = fr.read_protocol(mine(BASE)).cases[0]
    made = Protocol(Rounds(16, m=2.5))
    assert case.protocol == made
    assert fr.simulate(case.protocol).tally == fr.simulate(made).tally
    assert pickle.loads(pickle.dumps(made)) == made
    assert Protocol.from_dict(made.to_dict()) == made


def test_a_replayed_file_that_runs_out_is_bad_input(mine, freerand, tmp_path):
    (tmp_path / "bits.txt").write_text("0110" * 10)
    path = mine('[protocol]\nN = 4\nrounds = 16\n[source]\nkind = "replayed"\nfile = "bits.txt"\n')
    run = freerand("simulate", path)
    assert (run.code, run.out) == (2, "")
    assert f"error: {path}: source.file ({tmp_path / 'bits.txt'}): ran out of bits: it has 40" in run.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "simulate: no protocol file"),
        (("source.epsilon=1/20",), "simulate: no protocol file"),
        (("none.toml",), "none.toml: cannot be read"),
        (("{path}", "--csv", "{folder}"), "is a directory"),
        (("{path}", "sampling.runs=x"), "sampling.runs: 'x' is not a number"),
        (("{path}", "devices.first=100"), "devices.first: 100 is more than 64"),
        (("{path}", "--jobs", "0"), "--jobs"),
    ],
)
def test_bad_arguments(mine, freerand, tmp_path, arguments, words):
    path = mine(BASE)
    run = freerand("simulate", *(word.format(path=path, folder=tmp_path) for word in arguments))
    assert (run.code, run.out) == (2, "")
    assert words in run.err and "Traceback" not in run.err


def test_the_schema_is_printed(freerand):
    assert freerand("simulate", "--schema").data == protocol_schema()


def test_an_interrupt_prints_what_is_finished_and_exits_130(mine, freerand, monkeypatch):
    """Ctrl-C in the third batch of 1024 runs."""
    batch = counts.batch

    def interrupted(protocol, law, seed, place, runs, **options):
        if place == 2:
            raise KeyboardInterrupt
        return batch(protocol, law, seed, place, runs, **options)

    monkeypatch.setattr(counts, "batch", interrupted)
    run = freerand("simulate", mine(BASE), "sampling.runs=10000", "--json")
    assert (run.code, run.err) == (130, "error: interrupted; what was written is complete\n")
    (found,) = run.data
    assert found["interrupted"] and found["runs"] == 2048
    assert (
        "interrupted: 2048 of 10000 runs are finished"
        in freerand("simulate", mine(BASE), "sampling.runs=10000").out
    )
    assert freerand("simulate", mine(BASE), "sampling.runs=2048", "--json").data[0]["interrupted"] is False
