"""Sweeps: processes that die, interrupts, shards, refinement, and tables that others read."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from fractions import Fraction

import pytest

from freerand_opt.catalogue import claims
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.formulas.questions import chained_leakage
from freerand_opt.numbers.exact import compare
from freerand_opt.numbers.parse import parse
from freerand_opt.reporting.rows import table
from freerand_opt.spec.file import read
from freerand_opt.spec.shards import Shard
from freerand_opt.sweeps import work
from freerand_opt.sweeps.answers import Watch
from freerand_opt.sweeps.engine import Here, Local
from freerand_opt.sweeps.refining import between
from freerand_opt.sweeps.running import ProcessDiedError, run
from freerand_opt.sweeps.store import Store, certificate_of
from freerand_opt.sweeps.sweep import sweep

LEAKAGE = next(path for path in claims() if path.stem == "chained_leakage_fixed_sv")
LOCAL = next(path for path in claims() if path.stem == "chained_local_threshold_sv")
SMALL = {"scenario.N": "2,4", "source.epsilon": "0:1/10:1/50"}


def stored(folder):
    """The certificates of a store by address."""
    return {p.stem: certificate_of(json.loads(p.read_text())) for p in Store(folder).paths()}


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    answers = sweep(LEAKAGE, SMALL, store=folder, jobs=1)
    assert not answers.failed
    return stored(folder)


# ------------------------------------------------------------------ jobs on executors


def settled(executor, function, jobs):
    found = {}
    run(executor, function, jobs, begin=lambda k: None, done=found.__setitem__)
    return [found[k] for k in range(len(jobs))]


def left_over():
    """Return the processes that are still there after they had time to end."""
    for child in multiprocessing.active_children():
        child.join(10)
    return multiprocessing.active_children()


@pytest.fixture
def pool():
    executor = Local(2, patient=False)
    executor.expect(9, 99.0)
    yield executor
    executor.stop()
    assert left_over() == []


def test_a_job_that_fails_does_not_stop_the_others():
    found = settled(Here(), int, ["1", "x", "3"])
    assert (found[0], found[2]) == (1, 3)
    assert isinstance(found[1], ValueError)


def test_a_job_that_kills_its_process_is_found_and_the_others_are_done(pool):
    harmless, deadly = signal.SIGCONT, signal.SIGKILL
    found = settled(pool, signal.raise_signal, [harmless, harmless, deadly, *[harmless] * 6])
    assert isinstance(found[2], ProcessDiedError)
    assert [one for k, one in enumerate(found) if k != 2] == [None] * 8


def test_large_jobs_come_first_and_results_in_order(tmp_path):
    begun = []
    answers = sweep(LEAKAGE, {"scenario.N": "2,8,4"}, store=tmp_path, jobs=1, watch=Watch(begin=begun.append))
    sizes = [int(words.split("N=")[1].split()[0]) for words in begun]
    assert sizes == sorted(sizes, reverse=True)
    assert [dict(found.instance.at)["scenario.N"] for found in answers] == [2] * 13 + [8] * 13 + [4] * 13


def test_processes_give_what_one_process_gives_and_one_that_dies_costs_nothing(tmp_path, serial):
    seen = []

    def end(seconds):
        seen.append(seconds)
        if len(seen) == 3:
            multiprocessing.active_children()[0].kill()

    answers = sweep(LEAKAGE, SMALL, store=tmp_path, jobs=2, watch=Watch(end=end))
    assert not answers.failed
    assert len(seen) == len(answers) == 12
    assert {found.result.how for found in answers} == {"solved"}
    assert stored(tmp_path) == serial
    assert left_over() == []


def test_a_cell_that_fails_is_marked_and_the_others_are_answered(tmp_path, monkeypatch):
    true = work.answer

    def answer(file, instance, **options):
        if "epsilon=1/50" in instance.name:
            raise TooLargeError("too many columns") if "N=2" in instance.name else KeyError("a defect")
        return true(file, instance, **options)

    monkeypatch.setattr(work, "answer", answer)
    rows = table(sweep(LEAKAGE, SMALL, store=tmp_path, jobs=1))
    notes = [row["note"] for row in rows]
    assert (notes[1], notes[7]) == ("too large", "failed")
    assert [note for k, note in enumerate(notes) if k not in (1, 7)] == [None] * 10
    assert all((row["upper"] is None) == (row["note"] is not None) for row in rows)
    monkeypatch.undo()
    again = table(sweep(LEAKAGE, SMALL, store=tmp_path, jobs=1))
    assert [row["how"] for row in again] == ["solved" if k in (1, 7) else "checked" for k in range(12)]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_sweep_goes_on_where_it_was(freerand, tmp_path, jobs):
    arguments = [
        "bound",
        LEAKAGE,
        "scenario.N=2,4,8",
        "source.epsilon=0:1/10:1/100",
        "--json",
        "--store",
        tmp_path,
    ]
    running = subprocess.Popen(
        [sys.executable, "-m", "freerand_opt", *map(str, arguments), "--jobs", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 120
        while running.poll() is None and len(list(Store(tmp_path).paths())) < 4:
            assert time.monotonic() < until
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: the workers are interrupted too
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert (running.returncode, out) == (130, "")
    assert err == "error: interrupted; what was written is complete\n"
    count = len(list(Store(tmp_path).paths()))
    assert 4 <= count < 33
    assert freerand("check", "--store", tmp_path).code == 0
    rows = freerand(*arguments).data
    assert sorted(row["how"] for row in rows) == ["checked"] * count + ["solved"] * (33 - count)


def test_a_solver_that_is_not_here_ends_a_sweep_with_code_3(freerand, monkeypatch):
    from freerand_opt.errors import SolverUnavailableError

    def gone(*arguments, **options):
        raise SolverUnavailableError("HiGHS is not installed on that machine")

    monkeypatch.setattr(work, "answer", gone)
    assert freerand("bound", LEAKAGE, "scenario.N=2", "--jobs", "1").code == 3


# ------------------------------------------------------------------ shards


@pytest.mark.parametrize(("sizes", "total"), [([12], 5), ([7, 1, 30], 4), ([3], 8), ([1000], 41)])
def test_shards_are_disjoint_equally_large_and_together_everything(sizes, total):
    parts = [Shard(number, total).of(sizes, 10**6) for number in range(1, total + 1)]
    for place, size in enumerate(sizes):
        assert sorted(k for part in parts for k in part[place]) == list(range(size))
    counts = [sum(map(len, part)) for part in parts]
    assert max(counts) - min(counts) <= 1


def test_no_shard_gets_all_large_values():
    """With four values of the last axis and 4, 5 or 40 shards each has several of every value."""
    for total in (3, 4, 5, 40):
        for number in range(1, total + 1):
            (mine,) = Shard(number, total).of([40_000], 10**6)
            shares = [sum(k % 4 == rest for k in mine) / len(mine) for rest in range(4)]
            assert min(shares) > 0.2


def test_all_shards_together_are_the_sweep(freerand, tmp_path, serial):
    fields = [f"{field}={values}" for field, values in SMALL.items()]
    rows = []
    for number in (3, 1, 2):
        shard = f"{number}/3"
        run = freerand(
            "bound", LEAKAGE, *fields, "--shard", shard, "--store", tmp_path, "--json", "--jobs", "1"
        )
        assert run.code == 0
        rows += run.data
    assert len(rows) == 12
    assert {row["how"] for row in rows} == {"solved"}
    assert stored(tmp_path) == serial
    whole = freerand("bound", LEAKAGE, *fields, "--store", tmp_path, "--json").data
    assert {row["how"] for row in whole} == {"checked"}
    key = {row["instance"]: row["certificate"] for row in rows}
    assert {row["instance"]: row["certificate"] for row in whole} == key


def test_a_million_cells_are_read_by_shards(tmp_path):
    fields = {"scenario.N": "2", "source.epsilon": "0:49/100:1/20000", "source.order": "interleaved"}
    with pytest.raises(InputError, match=r"9801 cells|take --shard"):
        read(LEAKAGE, {**fields, "scenario.N": ",".join(["2"] * 103)})
    part = read(LEAKAGE, {**fields, "scenario.N": ",".join(["2"] * 103)}, shard=Shard(7, 100_000))
    assert len(part.instances) in (10, 11)


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
    answers = list(
        sweep(LEAKAGE, fields, store=tmp_path, refine="source.epsilon=1/500", crosses="2/5", jobs=1)
    )
    assert len(answers) > 10
    for n in (2, 4):
        row = [found for found in answers if dict(found.instance.at)["scenario.N"] == n]
        values = [parse(dict(found.instance.at)["source.epsilon"]) for found in row]
        assert values == sorted(set(values))
        assert {Fraction(k, 20) for k in range(5)} <= set(values)
        over = [compare(chained_leakage(found.instance.question), level) > 0 for found in row]
        crossing = over.index(True)
        assert not any(over[:crossing])
        assert all(over[crossing:])
        assert values[crossing] - values[crossing - 1] <= spacing
        # away from the crossing the first grid is left alone: not more cells than the rule can ask for
        assert len(values) <= 5 + 10
    again = sweep(LEAKAGE, fields, store=tmp_path, refine="source.epsilon=1/500", crosses="2/5", jobs=1)
    assert {found.result.how for found in again} == {"checked"}


def test_cells_near_the_end_of_local_models(freerand, tmp_path):
    """The critical epsilon of N = 2 is (1 - (2 - sqrt 2)^(1/2))/2 = 0.11732.. (docs/proofs)."""
    text = LOCAL.read_text()
    asked = tmp_path / "local.toml"
    asked.write_text(text[: text.index("[threshold]")])
    run = freerand(
        "bound",
        asked,
        "source.epsilon=0:1/5:1/10",
        "--refine",
        "source.epsilon=1/100",
        "--as",
        "csv",
        "--jobs",
        "1",
    )
    assert run.code == 0, run.err
    rows = list(csv.DictReader(io.StringIO(run.out)))
    without = [Fraction(row["source.epsilon"]) for row in rows if row["upper"] == "0"]
    with_model = [Fraction(row["source.epsilon"]) for row in rows if row["lower"] == "1"]
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


def test_simplest_fractions_between():
    randomly = random.Random(3)
    for _ in range(300):
        low, high = sorted(Fraction(randomly.randint(-40, 40), randomly.randint(1, 60)) for _ in range(2))
        found = between(low, high)
        assert low <= found <= high
        assert not any(
            low <= Fraction(p, q) <= high
            for q in range(1, found.denominator)
            for p in range(-41 * q, 41 * q + 1)
        )
        if found.denominator > 8:
            break


# ------------------------------------------------------------------ tables


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return sweep(LEAKAGE, SMALL, store=tmp_path_factory.mktemp("rows"), jobs=1)


def test_rows_are_exact_and_rounded_outward(answers):
    rows = table(answers)
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


def test_a_table_of_results_alone_has_rows_too(answers):
    rows = table([found.result for found in answers])
    assert rows[0]["verdict"] is None
    assert rows[0]["upper"] == table(answers)[0]["upper"]


def test_pandas_and_polars_accept_rows(answers):
    rows = table(answers)
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
        assert (run.code, run.out, run.err) == (0, "", "")
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
    """Named alternatives, cells without an answer, impossible ones: one schema for all."""
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
    assert (run.code, run.err) == (0, "")  # that a cell is impossible is an answer
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
    monkeypatch.setattr(work, "answer", lambda *a, **k: pytest.fail("computed"))
    run = freerand("bound", LEAKAGE, "scenario.N=2", *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert run.err.count("\n") == 1


def test_without_polars_it_is_said_how_to_install_it(freerand, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "polars", None)
    run = freerand("bound", LEAKAGE, "scenario.N=2", "-o", tmp_path / "t.parquet")
    assert (run.code, run.out) == (3, "")
    assert run.err == "error: parquet needs polars: pip install 'freerand_opt[frames]'\n"


# ------------------------------------------------------------------ what people see


def test_the_bar_tells_how_far_a_sweep_is(tmp_path):
    """On a terminal a sweep of three seconds or more shows its bar; stdout stays clean."""
    pty = pytest.importorskip("pty")
    script = (
        "import time\nfrom freerand_opt.reporting.terminal import progress\n"
        "with progress(False) as watch:\n"
        "    watch.total(40, 4.0)\n"
        "    for k in range(40):\n"
        "        watch.begin(f'cell {k}')\n        time.sleep(0.08)\n        watch.end(0.1)\n"
        "    watch.say('store: damaged; computed anew')\n"
    )
    mine, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", script],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm"},
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
    assert b"30/40" in seen or b"31/40" in seen
    assert b"0:00:0" in seen
    assert b"store: damaged; computed anew" in seen
