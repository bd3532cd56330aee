"""Parts of the runner: jobs on executors, shards, refinement, rows, stores."""

from __future__ import annotations

import concurrent.futures
import csv
import io
import json
import multiprocessing
import random
import signal
import threading
from fractions import Fraction

import pytest

from freerand_opt.errors import InputError, UnavailableError
from freerand_opt.numbers.rounding import simplest
from freerand_opt.runner.dispatch import ProcessDiedError, run
from freerand_opt.runner.executor import Here, Local, executor_of
from freerand_opt.runner.shard import BLOCK, Block, Shard, whole
from freerand_opt.runner.table import Text


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


def test_any_executor_will_do_and_stays_open():
    with concurrent.futures.ThreadPoolExecutor(3) as given:
        with executor_of(given) as executor:
            assert settled(executor, str, range(50)) == [str(k) for k in range(50)]
        assert given.submit(int, "7").result() == 7

    class Mine:
        """Only `submit`, as an MPI or a Slurm executor may have."""

        def submit(self, fn, *args):
            future = concurrent.futures.Future()
            threading.Thread(target=lambda: future.set_result(fn(*args))).start()
            return future

    with executor_of(Mine()) as executor:
        assert settled(executor, abs, [-1, 2]) == [1, 2]


def test_what_is_no_executor_is_refused():
    for wrong in (0, "many", object()):
        with pytest.raises(InputError, match="executor"), executor_of(wrong):
            pass


def test_an_executor_that_breaks_down_is_said():
    class Broken:
        def submit(self, fn, *args):
            raise concurrent.futures.BrokenExecutor

    with executor_of(Broken()) as executor, pytest.raises(UnavailableError, match="broken down"):
        settled(executor, int, ["1"])


# ------------------------------------------------------------------ shards


@pytest.mark.parametrize(("sizes", "total"), [([12], 5), ([7, 1, 30], 4), ([3], 8), ([1000], 41)])
def test_shards_are_disjoint_equally_large_and_together_everything(sizes, total):
    parts = [Shard(number, total)(sizes) for number in range(1, total + 1)]
    for place, size in enumerate(sizes):
        assert sorted(k for part in parts for k in part[place]) == list(range(size))
    counts = [sum(map(len, part)) for part in parts]
    assert max(counts) - min(counts) <= 1


def test_no_shard_gets_all_large_values():
    """With four values of the last axis and 4, 5 or 40 shards each has several of every value."""
    for total in (3, 4, 5, 40):
        for number in range(1, total + 1):
            (mine,) = Shard(number, total)([9_000])
            shares = [sum(k % 4 == rest for k in mine) / len(mine) for rest in range(4)]
            assert min(shares) > 0.15


def test_billions_of_cells_are_read_by_shards():
    with pytest.raises(InputError, match=r"1000000000 cells.*take --shard 1/100"):
        whole([10**9])
    (part,) = Shard(7, 100_000)([10**6])
    assert len(part) == 10


@pytest.mark.parametrize("choose", [whole, Shard(2, 3)])
def test_blocks_are_disjoint_and_together_everything(choose):
    sizes = [7, 3 * BLOCK + 1, 1, 2 * BLOCK]
    count = sum(map(len, choose(sizes)))
    parts = [Block(choose, number)(sizes) for number in range(count // BLOCK + 2)]
    assert [list(cells) for cells in choose(sizes)] == [
        [k for part in parts for k in part[place]] for place in range(4)
    ]
    assert [sum(map(len, part)) for part in parts] == [BLOCK] * (count // BLOCK) + [count % BLOCK, 0]


# ------------------------------------------------------------------ refinement and rows


def test_simplest_fractions_between():
    randomly = random.Random(3)
    for _ in range(100):
        low, high = sorted(Fraction(randomly.randint(-40, 40), randomly.randint(1, 60)) for _ in range(2))
        found = simplest(low, high)
        assert low <= found <= high
        smaller = range(1, found.denominator)
        assert not any(-(-low * q // 1) <= high * q // 1 for q in smaller)


def test_a_missing_cell_is_empty_or_null():
    rows = [{"a": 1, "b": None}, {"a": "x,y", "b": 0.5}]
    found = {}
    for form in ("csv", "json"):
        out = io.StringIO()
        text = Text(form, out.write)
        text.add(rows)
        text.end()
        found[form] = out.getvalue()
    assert list(csv.reader(io.StringIO(found["csv"]))) == [["a", "b"], ["1", ""], ["x,y", "0.5"]]
    assert json.loads(found["json"]) == rows
