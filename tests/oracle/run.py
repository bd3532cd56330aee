"""Many questions, one after another or on several processes, within a budget of time."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import count, takewhile
from multiprocessing import get_context
from pathlib import Path

from tests.oracle.record import LEFT_OUT, Record, record, summary

#: Faults that are printed with their question.
SHOWN = 5


@dataclass(frozen=True)
class Plan:
    """How many questions are asked, from which seed; `budget` in seconds, None for as long as it takes."""

    seed: int
    linear: int
    quantum: int
    processes: int = 1
    budget: float | None = None


def run(plan: Plan) -> list[Record]:
    """Return what came of a plan's questions; those that are too large for the oracle are drawn anew."""
    begun = time.perf_counter()
    found: list[Record] = []
    for quantum, wanted in ((False, plan.linear), (True, plan.quantum)):
        held: list[Record] = []
        for made in _answers(plan, quantum, begun):
            held += [made] if made.kind != LEFT_OUT else []
            if len(held) == wanted:
                break
        found += held
    return found


def _answers(plan: Plan, quantum: bool, begun: float) -> Iterator[Record]:
    """Yield records from the plan's seed on, until nobody asks or the budget is spent."""
    if (plan.quantum if quantum else plan.linear) == 0:
        return
    seeds = takewhile(
        lambda _: plan.budget is None or time.perf_counter() - begun < plan.budget, count(plan.seed)
    )
    if plan.processes == 1:
        yield from (record(seed, quantum) for seed in seeds)
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(plan.processes, mp_context=get_context("spawn")) as pool:
        asked: dict[Future[Record], int] = {}
        try:
            while True:
                while len(asked) < 2 * plan.processes and (seed := next(seeds, None)) is not None:
                    asked[pool.submit(record, seed, quantum)] = seed
                if not asked:
                    return
                for future in wait(asked, return_when=FIRST_COMPLETED).done:
                    yield future.result()
                    del asked[future]
        except BrokenProcessPool:
            # nobody knows which question it was
            yield from (Record(seed, quantum, "wrong", "the process died") for seed in asked.values())
        finally:
            pool.shutdown(cancel_futures=True)


def report(plan: Plan, found: list[Record], folder: Path | None = None) -> list[str]:
    """Return the lines of a run; the question of every fault is written into a folder."""
    lines = [f"oracle: seed {plan.seed}", *summary(found)]
    faults = [made for made in found if made.fault]
    if not faults:
        return lines
    folder = folder or Path(tempfile.mkdtemp(prefix="freerand-oracle-"))
    folder.mkdir(parents=True, exist_ok=True)
    for place, made in enumerate(faults):
        path = folder / f"{'quantum' if made.quantum else 'linear'}_{made.seed}.toml"
        path.write_text(f"# {made.fault}\n# {made.again}\n{made.text}", encoding="utf-8")
        lines.append(f"FAULT {made.fault}\n  {made.again}")
        lines += [f"    {line}" for line in made.text.splitlines()] if place < SHOWN else []
    return [*lines, f"{len(faults)} faults; their questions are in {folder}"]
