"""Sweep 400 cells on one core and on all of them, in one run; print times, the ratio, and what travels.

    python benchmarks/sweeps.py [cells] [processes]           (400 cells, one process a core if not given)

The cells are leakages at fixed settings, N = 32, epsilon on a grid: linear programs with certificates.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
from pathlib import Path

from freerand_opt import sweep
from freerand_opt.model.files.catalogue import find
from freerand_opt.model.files.file import read
from freerand_opt.runner.address import address
from freerand_opt.runner.job import Job, Way
from freerand_opt.runner.store import MAIN

CLAIM, SETTINGS = "chained_leakage_fixed_sv", 32


def seconds(fields: dict[str, str], folder: Path, jobs: int) -> float:
    """Return the wall seconds of a sweep into a store."""
    begun = time.perf_counter()
    answers = sweep(CLAIM, fields, store=folder, executor=jobs)
    assert not answers.failed
    return time.perf_counter() - begun


def main(cells: int, processes: int) -> None:
    """Measure and print."""
    fields = {"scenario.N": str(SETTINGS), "source.epsilon": f"0:{cells - 1}/4000:1/4000"}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        seconds({**fields, "source.epsilon": "1/10"}, root / "first", 1)
        one = seconds(fields, root / "one", 1)
        many = seconds(fields, root / "many", processes)
        again = seconds(fields, root / "many", processes)
        stored = (root / "one" / MAIN).stat().st_size
    path = find(CLAIM)
    assert path is not None
    (instance,) = read(path, {**fields, "source.epsilon": "1/10"}).instances
    job = Job(instance, address(instance), Way())
    print(f"{cells} cells, N = {SETTINGS}: {one:.2f} s on one core, {one / cells * 1000:.1f} ms a cell")
    print(f"{processes} processes: {many:.2f} s, {one / many:.2f} times faster")
    print(f"from the store: {again:.2f} s, {again / cells * 1000:.2f} ms a cell")
    print(f"a job is {len(pickle.dumps(job))} bytes, an entry {stored // cells} bytes")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [400, os.cpu_count() or 1][len(given) :]))
