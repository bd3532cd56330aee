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
from dataclasses import replace
from pathlib import Path

from freerand_opt import sweep
from freerand_opt.claims.catalogue import find
from freerand_opt.first.spec.file import read
from freerand_opt.first.sweeps.asked import address
from freerand_opt.first.sweeps.store import Store
from freerand_opt.first.sweeps.work import Job, Way

CLAIM, SETTINGS = "chained_leakage_fixed_sv", 32


def seconds(fields: dict[str, str], folder: Path, jobs: int) -> float:
    """Return the wall seconds of a sweep into a store."""
    begun = time.perf_counter()
    answers = sweep(CLAIM, fields, store=folder, jobs=jobs)
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
        sizes = [path.stat().st_size for path in Store(root / "one").paths()]
    path = find(CLAIM)
    assert path is not None
    file = read(path, {**fields, "source.epsilon": "1/10"})
    job = Job(replace(file, instances=file.instances[:1]), address(file.instances[0]), Way())
    print(f"{cells} cells, N = {SETTINGS}: {one:.2f} s on one core, {one / cells * 1000:.1f} ms a cell")
    print(f"{processes} processes: {many:.2f} s, {one / many:.2f} times faster")
    print(f"from the store: {again:.2f} s, {again / cells * 1000:.2f} ms a cell")
    print(f"a job is {len(pickle.dumps(job))} bytes, an entry {sum(sizes) // len(sizes)} bytes")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [400, os.cpu_count() or 1][len(given) :]))
