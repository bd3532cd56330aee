"""Sweeps: processes that die, interrupts, shards, refinement, and tables that others read."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from fractions import Fraction
from importlib.util import find_spec

import pytest

from freerand_opt.claims.formulas import value
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.model import Ask, Question, SanthaVazirani, chsh
from freerand_opt.model import Test as Check
from freerand_opt.model.files.catalogue import claims
from freerand_opt.model.files.file import read
from freerand_opt.numbers.exact import compare
from freerand_opt.numbers.parse import parse
from freerand_opt.runner import job, reading, shard
from freerand_opt.runner.answers import Run, answer_all
from freerand_opt.runner.executor import Here
from freerand_opt.runner.reading import cells_of
from freerand_opt.runner.refine import Refinement
from freerand_opt.runner.store import Store
from freerand_opt.runner.sweep import stream, sweep
from freerand_opt.runner.watch import Watch

LEAKAGE = next(path for path in claims() if path.stem == "chained_leakage_fixed_sv")
LOCAL = next(path for path in claims() if path.stem == "chained_local_threshold_sv")
SMALL = {"scenario.N": "2,4", "source.epsilon": "0:1/10:1/50"}
EPSILONS = {"source.epsilon": "0:2/25:1/50"}


def stored(folder):
    """The certificates of a store by address."""
    with closing(Store(folder)) as store:
        return {entry.address: entry.kept.certificate for entry in store.entries()}


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    assert not sweep(LEAKAGE, SMALL, store=folder, executor=1).failed
    return stored(folder)


def chsh_question(score="2.7"):
    ask = Ask("guessing-probability", of="A", at=[0, 0])
    tests = [Check("chsh", ">=", score)]
    return Question(
        chsh(), SanthaVazirani("0.02"), adversary={"devices": "no-signalling"}, tests=tests, ask=ask
    )


# ------------------------------------------------------------------ in Python


def test_a_question_of_python_over_arrays():
    """Without bias P(guess) = 1/2 + (4 - S)/4 for no-signalling devices (a PR box and noise)."""
    numpy = pytest.importorskip("numpy")
    found = sweep(chsh_question(), {"test.score": numpy.linspace(2, 4, 5), "source.epsilon": [0]})
    for one in found:
        score = Fraction(dict(one.instance.at)["test.score"])
        assert one.result.bracket.exact == Fraction(1, 2) + (4 - score) / 4
    floats = sweep(
        chsh_question(), {"source.epsilon": [0.1]}
    )  # the shortest decimal, not the binary fraction
    assert floats[0].instance.question.source.epsilon == Fraction(1, 10)


def test_frames_have_numeric_axes():
    pandas = pytest.importorskip("pandas")
    found = sweep(chsh_question(), {"source.epsilon": ["0", "1/20"], "test.score": ["5/2", 3]})
    frame = found.to_pandas()
    assert pandas.api.types.is_float_dtype(frame["source.epsilon"])
    assert frame["source.epsilon"].tolist() == [0.0, 0.0, 0.05, 0.05]
    assert frame["source.epsilon_exact"].tolist() == ["0", "0", "1/20", "1/20"]
    assert (frame["lower_float"] <= frame["upper_float"]).all()
    assert frame["upper"].tolist()[0] == "7/8"


def test_datasets_have_the_axes_as_dimensions():
    pytest.importorskip("xarray")
    found = sweep(chsh_question(), {"source.epsilon": ["0", "1/20"], "test.score": ["5/2", 3]}).to_xarray()
    assert dict(found.sizes) == {"source.epsilon": 2, "test.score": 2}
    assert found["upper"].sel({"source.epsilon": 0.0, "test.score": 3.0}) == 0.75


def test_brackets_are_drawn():
    pytest.importorskip("matplotlib").use("Agg")
    ax = sweep(chsh_question(), {"source.epsilon": ["0", "1/20"], "test.score": ["5/2", 3]}).plot()
    assert ax.get_xlabel() == r"$\epsilon$"
    entropy = chsh_question().changed(ask={"quantity": "min-entropy", "of": "A", "at": [0, 0]})
    assert sweep(entropy, {"source.epsilon": ["0", "1/20"]}).plot().get_ylabel() == "min-entropy (bits)"
    assert len(ax.get_legend().get_texts()) == 2
    with pytest.raises(InputError, match="no axis"):
        sweep(chsh_question()).plot()


def test_a_critical_value_of_a_question_of_python():
    """Local models of S = 2.5 begin at epsilon = 1/2 - sqrt(3)/4 (S = 4 - 8 (1/2 - eps)^2)."""
    question = Question(
        chsh(),
        SanthaVazirani(0),
        adversary={"devices": "local"},
        tests=[Check("chsh", ">=", "5/2")],
        ask=Ask("strategy"),
    )
    (found,) = sweep(question, threshold="source.epsilon=0:1/4")
    critical = parse("1/2 - sqrt(3)/4")
    assert compare(found.result.lower.value, critical) <= 0 <= compare(found.result.upper.value, critical)
    assert found.result.bracket.width <= Fraction(1, 10**6)


def test_options_that_are_none_are_refused():
    with pytest.raises(InputError, match="solver, time_limit, width, symmetry"):
        sweep(chsh_question(), solvr="highs")
    with pytest.raises(InputError, match=r"source.epsilom|did you mean"):
        sweep(chsh_question(), {"source.epsilom": [0]})
    with pytest.raises(InputError, match="neither a file nor a claim"):
        sweep("no_such_claim")


def test_a_plain_script_needs_no_guard(tmp_path):
    """Processes are started although the script has no ``if __name__ == "__main__":``."""
    (tmp_path / "plain.py").write_text(
        "from freerand_opt.runner.sweep import sweep\n"
        f"found = sweep({str(LEAKAGE)!r}, {{'scenario.N': '2', 'source.epsilon': '0,1/20'}}, executor=2)\n"
        "print(len(found), sum(one.result is not None for one in found))\n"
    )
    run = subprocess.run(
        [sys.executable, "plain.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.stdout, run.stderr) == ("2 2\n", "")


# ------------------------------------------------------------------ jobs


def test_large_jobs_come_first_and_results_in_order(tmp_path):
    begun = []
    with closing(Store(tmp_path)) as store:
        cells = cells_of([read(LEAKAGE, {"scenario.N": "2,8,4"})])
        answers = answer_all(cells, Run(store, watch=Watch(begin=begun.append)))
    sizes = [int(words.split("N=")[1].split()[0]) for words in begun]
    assert sizes == sorted(sizes, reverse=True)
    assert [dict(found.instance.at)["scenario.N"] for found in answers] == [2] * 13 + [8] * 13 + [4] * 13


def test_processes_give_what_one_process_gives_and_one_that_dies_costs_nothing(tmp_path, serial):
    from freerand_opt.runner.executor import Local

    seen = []

    def end(seconds):
        seen.append(seconds)
        if len(seen) == 3:
            multiprocessing.active_children()[0].kill()

    executor = Local(2, patient=False)
    try:
        with closing(Store(tmp_path)) as store:
            cells = cells_of([read(LEAKAGE, SMALL)])
            answers = answer_all(cells, Run(store, executor, watch=Watch(end=end)))
    finally:
        executor.stop()
    assert not answers.failed
    assert len(seen) == len(answers) == 12
    assert {found.origin for found in answers} == {"solved"}
    assert stored(tmp_path) == serial


def test_a_cell_that_fails_is_marked_and_the_others_are_answered(tmp_path, monkeypatch):
    true = job.bound

    def bound(instance, **options):
        if "epsilon=1/50" in instance.name:
            raise TooLargeError("too many columns") if "N=2" in instance.name else KeyError("a defect")
        return true(instance, **options)

    monkeypatch.setattr(job, "bound", bound)
    rows = sweep(LEAKAGE, SMALL, store=tmp_path, executor=1).to_rows()
    notes = [row["note"] for row in rows]
    assert (notes[1], notes[7]) == ("too large", "failed")
    assert [note for k, note in enumerate(notes) if k not in (1, 7)] == [None] * 10
    assert all((row["upper"] is None) == (row["note"] is not None) for row in rows)
    monkeypatch.undo()
    again = sweep(LEAKAGE, SMALL, store=tmp_path, executor=1)
    assert [one.origin for one in again] == ["solved" if k in (1, 7) else "stored" for k in range(12)]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_sweep_goes_on_where_it_was(freerand, tmp_path, jobs):
    asked = [
        "bound",
        LEAKAGE,
        "scenario.N=8,16,32",
        "source.epsilon=0:1/10:1/500",
        "--json",
        "--store",
        tmp_path,
    ]
    running = subprocess.Popen(
        [sys.executable, "-m", "freerand_opt", *map(str, asked), "--jobs", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 120
        while not (tmp_path / "answers.db").exists() or len(stored(tmp_path)) < 4:
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: the workers are interrupted too
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert (running.returncode, out) == (130, "")
    assert err == "error: interrupted; what was written is complete\n"
    count = len(stored(tmp_path))
    assert 4 <= count < 153
    assert freerand("check", "--store", tmp_path).code == 0
    rows = freerand(*asked).data
    assert sorted(row["how"] for row in rows) == ["solved"] * (153 - count) + ["stored"] * count


def test_all_shards_together_are_the_sweep(freerand, tmp_path, serial):
    fields = [f"{field}={values}" for field, values in SMALL.items()]
    rows = []
    for number in (3, 1, 2):
        kept = ("--shard", f"{number}/3", "--store", tmp_path, "--json", "--jobs", "1")
        run = freerand("bound", LEAKAGE, *fields, *kept)
        assert run.code == 0
        rows += run.data
    assert len(rows) == 12
    assert {row["how"] for row in rows} == {"solved"}
    whole = freerand("bound", LEAKAGE, *fields, "--store", tmp_path, "--json").data
    assert stored(tmp_path) == serial
    assert {row["how"] for row in whole} == {"stored"}
    key = {row["instance"]: row["certificate"] for row in rows}
    assert {row["instance"]: row["certificate"] for row in whole} == key


def test_block_by_block_a_sweep_is_the_same(freerand, tmp_path, monkeypatch):
    """Blocks of one cell; the first alone would have a column of integers."""
    fields = ["source.epsilon=0,1/50,1/25", "scenario.N=2,4"]
    held = ("--store", tmp_path / "store", "--jobs", "1")
    files = [tmp_path / name for name in ("t.csv", "t.json", "t.parquet")[: 3 if find_spec("polars") else 2]]
    kinds = [("--json",), ("--as", "csv"), *(("-o", path) for path in files)]
    assert freerand("bound", LEAKAGE, *fields, *held).code == 0
    before = [freerand("bound", LEAKAGE, *fields, *held, *kind).out for kind in kinds]
    bodies = [path.read_bytes() for path in files]
    monkeypatch.setattr(shard, "BLOCK", 1)
    monkeypatch.setattr(reading, "BLOCK", 1)
    after = [freerand("bound", LEAKAGE, *fields, *held, *kind) for kind in kinds]
    assert [run.out for run in after] == before
    assert [path.read_bytes() for path in files[:2]] == bodies[:2]
    for path in files[2:]:
        polars = pytest.importorskip("polars")
        assert polars.read_parquet(path).equals(polars.read_parquet(io.BytesIO(bodies[2])))
    assert after[-1].err == f"wrote {files[-1]} (6 rows)\n"
    parts = [freerand("bound", LEAKAGE, *fields, *held, "--json", "--shard", f"{k}/2").data for k in (1, 2)]
    key = {row["instance"]: row for part in parts for row in part}
    assert [key[row["instance"]] for row in json.loads(before[0])] == json.loads(before[0])


def test_answers_are_yielded_block_by_block(tmp_path, monkeypatch):
    """No cell of the second block is handed over too early, but all are read."""
    monkeypatch.setattr(shard, "BLOCK", 2)
    monkeypatch.setattr(reading, "BLOCK", 2)
    handed = []
    held = Here()
    monkeypatch.setattr(held, "submit", lambda *a: handed.append(a) or Here.submit(held, *a))
    found = stream(LEAKAGE, {"scenario.N": "2", **EPSILONS}, executor=held, store=tmp_path)
    assert str(next(found)) and len(handed) == 2
    assert len(list(found)) == 4 and len(handed) == 5
    with pytest.raises(InputError, match=r"source\.epsilon: 7"):
        next(stream(LEAKAGE, {"scenario.N": "2", "source.epsilon": "0,1/50,1/25,7"}, executor=held))
    assert len(handed) == 5


@pytest.mark.parametrize("words", ["0/4", "5/4", "3", "a/b", "1/0", "-1/4", "1/4/2"])
def test_shards_that_are_none(freerand, words):
    run = freerand("bound", LEAKAGE, "--shard", words)
    assert run.code == 2
    assert run.err.startswith("error: --shard: ")


# ------------------------------------------------------------------ refinement


def test_cells_near_a_threshold_close_in_on_it(tmp_path):
    """Neighbours around the crossing, known in closed form, come within the spacing; others stay."""
    fields = {"scenario.N": "2,4", "source.epsilon": "0:1/5:1/20"}
    level, spacing = Fraction(2, 5), Fraction(1, 500)
    rule = Refinement("source.epsilon", spacing, "2/5")
    answers = sweep(LEAKAGE, fields, store=tmp_path, refine=rule, executor=1)
    assert len(answers) > 10
    for n in (2, 4):
        row = [found for found in answers if dict(found.instance.at)["scenario.N"] == n]
        values = [parse(dict(found.instance.at)["source.epsilon"]) for found in row]
        assert values == sorted(set(values))
        assert {Fraction(k, 20) for k in range(5)} <= set(values)
        over = [compare(value("chained-leakage", found.instance.question), level) > 0 for found in row]
        crossing = over.index(True)
        assert not any(over[:crossing])
        assert all(over[crossing:])
        assert values[crossing] - values[crossing - 1] <= spacing
        # away from the crossing the first grid is left alone: not more cells than the rule can ask for
        assert len(values) <= 5 + 10
    again = sweep(LEAKAGE, fields, store=tmp_path, refine=rule, executor=1)
    assert {found.origin for found in again} == {"stored"}


def test_cells_near_the_end_of_local_models(freerand, tmp_path):
    """The critical epsilon of N = 2 is (1 - (2 - sqrt 2)^(1/2))/2 = 0.11732.. (docs/proofs)."""
    text = LOCAL.read_text()
    asked = tmp_path / "local.toml"
    asked.write_text(text[: text.index("[threshold]")])
    rule = ("--refine", "source.epsilon=1/100", "--as", "csv", "--jobs", "1")
    run = freerand("bound", asked, "source.epsilon=0:1/5:1/10", *rule)
    assert run.code == 0, run.err
    rows = list(csv.DictReader(io.StringIO(run.out)))
    without = [Fraction(row["source.epsilon"]) for row in rows if row["exists"] == "False"]
    with_model = [Fraction(row["source.epsilon"]) for row in rows if row["exists"] == "True"]
    assert len(without) + len(with_model) == len(rows)
    assert max(without) < Fraction("0.11732") < min(with_model)
    assert min(with_model) - max(without) <= Fraction(1, 100)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--refine", "source.epsilon=1/100"), "--crosses: is needed"),
        (("--refine", "source.epsilon"), "--refine: "),
        (("--refine", "source.epsilon=-1"), "--refine: "),
        (("--refine", "source.lower=1/100", "--crosses", "1/4"), "no axis source.lower"),
        (
            ("--refine", "source.epsilon=1/9", "--crosses", "1/4", "--shard", "1/2"),
            "--refine: needs all cells",
        ),
        (("--crosses", "1/4"), "--crosses: "),
        (("--refine", "source.epsilon=1/9", "--crosses", "x"), "crosses: "),
    ],
)
def test_refinements_that_are_none(freerand, arguments, words):
    run = freerand("bound", LEAKAGE, "scenario.N=2", *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert run.err.count("\n") == 1


# ------------------------------------------------------------------ tables


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return sweep(LEAKAGE, SMALL, store=tmp_path_factory.mktemp("rows"), executor=1)


def test_rows_are_exact_and_rounded_outward(answers):
    rows = answers.to_rows()
    assert len({tuple(row) for row in rows}) == 1
    for row, found in zip(rows, answers, strict=True):
        for end, outward in (("lower", 1), ("upper", -1)):
            exact = parse(row[end])
            assert exact == getattr(found.result.bracket, end)
            for rounded in (Fraction(row[f"{end}_decimal"]), Fraction(row[f"{end}_float"])):
                assert compare(exact, rounded) * outward >= 0
                assert abs(float(exact) - float(rounded)) < 1e-9
        assert type(row["scenario.N"]) is int
        assert row["source.epsilon_float"] == float(Fraction(row["source.epsilon"]))


def test_pandas_and_polars_accept_rows(answers):
    rows = answers.to_rows()
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame, other = pandas.DataFrame(rows), polars.DataFrame(rows)
    assert frame.shape == other.shape == (12, len(rows[0]))
    assert other["upper"].to_list() == frame["upper"].to_list() == [row["upper"] for row in rows]
    assert other.schema["scenario.N"] == polars.Int64
    assert other.schema["upper_float"] == polars.Float64


def test_files_of_every_form_hold_the_same_table(freerand, tmp_path):
    polars = pytest.importorskip("polars")
    fields = [f"{field}={values}" for field, values in SMALL.items()]
    freerand("bound", LEAKAGE, *fields, "--jobs", "1")  # from here on all is stored
    for form in ("csv", "json", "parquet"):
        run = freerand("bound", LEAKAGE, *fields, "--jobs", "1", "-o", tmp_path / f"t.{form}")
        assert (run.code, run.out) == (0, "")
        assert run.err == f"wrote {tmp_path / f't.{form}'} (12 rows)\n"
    rows = json.loads((tmp_path / "t.json").read_text())
    assert polars.read_parquet(tmp_path / "t.parquet").to_dicts() == rows
    plain = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))
    words = [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]
    assert plain == words
    assert freerand("bound", LEAKAGE, *fields, "--as", "csv").out == (tmp_path / "t.csv").read_text()
    assert freerand("bound", LEAKAGE, *fields, "--as", "json", "-o", tmp_path / "x.txt").code == 0
    assert json.loads((tmp_path / "x.txt").read_text()) == rows
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "t.json", "t.parquet", "x.txt"}


def test_a_table_with_cells_of_every_sort(freerand, tmp_path):
    """Named alternatives, impossible cells: one schema for all."""
    polars = pytest.importorskip("polars")
    asked = tmp_path / "asked.toml"
    asked.write_text(
        """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "local"
[[test]]
functional = "chsh"
relation = ">="
score = 2
[ask]
quantity = "guessing-probability"
of = "A"
at = [0, 0]
[grid.source]
"free" = { kind = "uniform" }
"biased" = { kind = "santha-vazirani", epsilon = "1/3" }
[[instances]]
name = "too much"
test = [{ functional = "chsh", relation = ">=", score = 3 }]
"""
    )
    run = freerand("bound", asked, "--jobs", "1", "-o", tmp_path / "t.parquet")
    assert run.code == 0  # that a cell is impossible is an answer
    frame = polars.read_parquet(tmp_path / "t.parquet")
    assert frame["source"].to_list() == ["free", "biased", "free", "biased"]
    assert frame["infeasible"].to_list() == [False, False, True, False]
    assert frame["upper"].null_count() == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "t.xls"), "its name ends in none of .csv, .json, .parquet"),
        (("--as", "cvs"), "did you mean 'csv'?"),
        (("--as", "parquet"), "name a file by -o"),
        (("-o", "/proc/none/t.csv"), "cannot be written"),
    ],
)
def test_tables_that_cannot_be_written(freerand, monkeypatch, arguments, words):
    monkeypatch.setattr(job, "bound", lambda *a, **k: pytest.fail("computed"))
    run = freerand("bound", LEAKAGE, "scenario.N=2", *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert run.err.count("\n") == 1


def test_without_polars_it_is_said_how_to_install_it(freerand, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "polars", None)
    run = freerand("bound", LEAKAGE, "scenario.N=2", "-o", tmp_path / "t.parquet")
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith("error: parquet needs polars: ")
    assert run.err.endswith("pip install 'freerand_opt[frames]'\n")
    assert run.err.count("\n") == 1


# ------------------------------------------------------------------ what people see


def watched(script):
    """What a script writes to a terminal on stderr."""
    pty = pytest.importorskip("pty")
    mine, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", script],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(mine, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(mine)
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, b"")
    return seen


def test_the_bar_tells_how_far_a_sweep_is():
    """On a terminal a sweep of three seconds or more shows its bar; stdout stays clean."""
    seen = watched(
        "import time\nfrom freerand_opt.cli.screen import progress\n"
        "with progress(False) as watch:\n"
        "    watch.total(40, 4.0)\n"
        "    for k in range(40):\n"
        "        watch.begin(f'cell {k}')\n        time.sleep(0.08)\n        watch.end(0.1)\n"
        "    watch.say('store: damaged; computed anew')\n"
    )
    assert b"30/40" in seen or b"31/40" in seen
    assert b"0:00:0" in seen
    assert b"store: damaged; computed anew" in seen


def test_a_single_long_program_shows_that_it_lives():
    seen = watched(
        "import time\nfrom freerand_opt.cli.screen import progress\n"
        "with progress(False) as watch:\n"
        "    watch.total(1, 0.1)\n    watch.begin('mine')\n    time.sleep(2.5)\n    watch.end(0.1)\n"
    )
    assert b"mine" in seen
    assert b"0:00:01" in seen
    assert b"0:00:02" in seen
