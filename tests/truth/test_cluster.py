"""A real Dask scheduler and real workers: separate processes that talk over TCP on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from freerand_opt.errors import UnavailableError, install
from freerand_opt.model.files.file import read
from freerand_opt.runner import executor as executors
from freerand_opt.runner.answers import Run, answer_all
from freerand_opt.runner.reading import cells_of
from freerand_opt.runner.store import Store, opened
from freerand_opt.runner.sweep import sweep
from freerand_opt.runner.watch import Watch

ROOT = Path(__file__).parents[2]
FILE = ROOT / "lps" / "chained_leakage_fixed_sv.toml"
RANGES = {"scenario.N": "2,4,8", "source.epsilon": "0:11/100:1/100"}


def started(*arguments):
    """Start a process of Dask that can import this library."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    quiet = {"DASK_DISTRIBUTED__WORKER__DAEMON": "False", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *map(str, arguments[1:])],
        env={**os.environ, **quiet, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def ended(process):
    process.kill()
    process.wait()


@contextmanager
def cluster(folder, workers):
    """Yield (address, its process, worker processes) of a scheduler with some workers of one thread each."""
    note = folder / "scheduler.json"
    running = [
        started(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", note
        )
    ]
    try:
        until = time.monotonic() + 60
        while not note.exists() or not note.read_text().strip():
            assert running[0].poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        address = json.loads(note.read_text())["address"]
        for _ in range(workers):
            running.append(
                started(
                    "dask_worker",
                    address,
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    "--no-dashboard",
                    "--host",
                    "127.0.0.1",
                )
            )
        yield address, running[0], running[1:]
    finally:
        for process in reversed(running):
            ended(process)


def stored(folder):
    """The certificates of a store by address."""
    with closing(Store(folder)) as store:
        return {entry.address: entry.kept.certificate for entry in store.entries()}


def swept(folder, address, end):
    """The answers of the workers of a cluster."""
    with closing(opened(folder)) as store, executors.cluster(address) as executor:
        return answer_all(cells_of([read(FILE, RANGES)]), Run(store, executor, watch=Watch(end=end)))


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The answers of one process, which does one cell after the other."""
    folder = tmp_path_factory.mktemp("serial")
    answers = sweep(FILE, RANGES, store=folder, executor=1)
    assert answers.failed == ()
    assert {found.origin for found in answers} == {"solved"}
    return stored(folder)


def test_one_of_two_workers_is_killed_and_nothing_is_lost(tmp_path, serial):
    pytest.importorskip("distributed", reason="not run: needs distributed")
    with cluster(tmp_path, 2) as (address, _, workers):
        seen = []

        def end(seconds):
            seen.append(time.monotonic())
            if len(seen) == 8:
                workers[0].send_signal(signal.SIGKILL)

        answers = swept(tmp_path / "store", address, end)
        assert workers[0].wait(10) == -signal.SIGKILL
        assert workers[1].poll() is None
    assert answers.failed == ()
    assert len(seen) == len(answers) == len(serial) == 36
    assert {found.origin for found in answers} == {"solved"}
    assert stored(tmp_path / "store") == serial


def test_a_client_of_dask_is_an_executor(tmp_path, serial):
    distributed = pytest.importorskip("distributed", reason="not run: needs distributed")
    with cluster(tmp_path, 1) as (address, _, _):
        with distributed.Client(address, set_as_default=False) as client:
            found = sweep(
                FILE, {"scenario.N": "2", "source.epsilon": "0,1/50"}, executor=client, store=tmp_path / "s"
            )
        assert [one.origin for one in found] == ["solved"] * 2
    assert stored(tmp_path / "s").items() <= serial.items()


def test_a_scheduler_that_goes_away_is_one_line(tmp_path, serial):
    pytest.importorskip("distributed", reason="not run: needs distributed")
    with cluster(tmp_path, 1) as (address, scheduler, _):
        count = []

        def end(seconds):
            count.append(seconds)
            if len(count) == 3:
                scheduler.kill()

        with pytest.raises(UnavailableError, match="scheduler has gone"):
            swept(tmp_path / "store", address, end)
    left = stored(tmp_path / "store")
    assert 3 <= len(left) < 36
    assert left.items() <= serial.items()


def test_clusters_that_are_none(freerand, monkeypatch):
    pytest.importorskip("distributed", reason="not run: needs distributed")
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 1)
    run = freerand("bound", FILE, "--cluster", "tcp://127.0.0.1:9")
    assert run.code == 2
    assert run.err.startswith("error: --cluster: no scheduler answers at 'tcp://127.0.0.1:9'")
    assert run.err.count("\n") == 1


def test_without_dask_it_is_said_how_to_install_it(freerand, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    run = freerand("bound", FILE, "--cluster", "tcp://127.0.0.1:8786")
    assert (run.code, run.out) == (3, "")
    assert run.err == "error: --cluster: Dask is not installed: " + install("'freerand_opt[cluster]'") + "\n"
