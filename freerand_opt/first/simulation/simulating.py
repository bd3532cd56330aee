"""Run a protocol many times, beside its exact recursion and the analytic bounds: `simulate`."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context

from freerand_opt.errors import InputError
from freerand_opt.first.model.protocol import HeldBits, Protocol, ReplayedBits, Sampling
from freerand_opt.first.simulation import counts, rounds
from freerand_opt.first.simulation.analysis import Analysis, analyse
from freerand_opt.first.simulation.comparison import Line, compared
from freerand_opt.first.simulation.law import RoundLaw, round_law
from freerand_opt.first.simulation.prediction import predict
from freerand_opt.first.simulation.replay import BitFile, replayed_rounds, replayed_run
from freerand_opt.first.simulation.tally import Tally

#: Rounds, or rounds of T looked at, beyond which a simulation is refused (about a day).
MOST_WORK = 10**13


@dataclass(frozen=True)
class Simulation:
    """What was run and what came out: `tally.runs` runs finished, which may be fewer than asked for."""

    protocol: Protocol
    sampling: Sampling
    law: RoundLaw | None
    tally: Tally
    lines: tuple[Line, ...]
    analysis: Analysis | None
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Return whether not all runs were finished."""
        return self.tally.runs < self.sampling.runs

    def line(self, quantity: str) -> Line:
        """Return the line of one quantity."""
        return next(line for line in self.lines if line.quantity == quantity)


def simulate(
    protocol: Protocol,
    sampling: Sampling | None = None,
    *,
    jobs: int = 1,
    advance: Callable[[int], None] = lambda runs: None,
) -> Simulation:
    """Return estimates with exact binomial intervals; the same for every number of processes.

    `advance` is told the number of runs finished. An interrupt (Ctrl-C) ends the simulation after
    the runs of a beginning that is complete; none raises KeyboardInterrupt. Raise InputError for a
    combination that cannot be sampled, and for a file of bits that is too short.
    """
    sampling = Sampling(1000) if sampling is None else sampling
    check(protocol, sampling)
    begun = time.perf_counter()
    law = round_law(protocol)
    tally = Tally()
    try:
        if isinstance(protocol.source, ReplayedBits):
            pieces = _replayed(protocol, sampling)
        else:
            pieces = _batches(protocol, sampling, jobs)
        for piece in pieces:
            tally += piece
            advance(tally.runs)
    except KeyboardInterrupt:
        if not tally.runs:
            raise
    analysis = analyse(protocol, law)
    lines = compared(protocol, sampling, law, tally, predict(protocol, law), analysis)
    return Simulation(protocol, sampling, law, tally, lines, analysis, time.perf_counter() - begun)


def check(protocol: Protocol, sampling: Sampling) -> None:
    """Raise InputError if the protocol cannot be sampled in the way that is asked."""
    low, high = protocol.window
    if isinstance(protocol.source, ReplayedBits | HeldBits) and protocol.size > 1024:
        raise InputError(
            "protocol.N", f"{protocol.size} is beyond 1024, the largest N of this kind of source"
        )
    if protocol.devices.first > low:
        raise InputError(
            "devices.first",
            f"{protocol.devices.first} is more than {low}, the least |T| that lets a run go on",
        )
    if sampling.route != "rounds" and isinstance(protocol.source, ReplayedBits):
        raise InputError(
            "sampling.route", f'"{sampling.route}" needs a source with a law; replayed bits take "rounds"'
        )
    if sampling.route == "rounds" and protocol.size > 2**16:
        raise InputError("protocol.N", f'{protocol.size} is beyond 65536; use sampling.route = "counts"')
    each = protocol.rounds if sampling.route == "rounds" else protocol.tests or high
    plain = not protocol.devices.cheat and protocol.selection == "common-cause"
    if sampling.runs * each > MOST_WORK and not (plain and sampling.route != "rounds"):
        raise InputError(
            "sampling.runs",
            f"{sampling.runs} runs of {each} rounds each are more than {MOST_WORK:.0e} rounds; take fewer "
            'runs, a smaller N or m, or sampling.route = "counts"',
        )


def _replayed(protocol: Protocol, sampling: Sampling) -> Iterator[Tally]:
    assert isinstance(protocol.source, ReplayedBits)
    with BitFile(protocol.source.path, protocol.source.form) as file:
        read = replayed_rounds(protocol, file)
        for place in range(sampling.runs):
            yield replayed_run(protocol, read, sampling.seed, place)


# ------------------------------------------------------------------ batches, here or in processes


def _batches(protocol: Protocol, sampling: Sampling, jobs: int) -> Iterator[Tally]:
    """Yield the batches' tallies in order."""
    size = rounds.runs_per_batch(protocol) if sampling.route == "rounds" else counts.RUNS
    places = range(-(-sampling.runs // size))
    tasks = ((protocol, sampling, place, min(size, sampling.runs - place * size)) for place in places)
    if jobs == 1 or len(places) == 1:
        yield from (_batch(*task) for task in tasks)
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
    try:
        waiting: list[Future[Tally]] = []
        for task in tasks:
            waiting.append(pool.submit(_batch, *task))
            if len(waiting) >= 4 * jobs:
                wait(waiting[:1], return_when=FIRST_COMPLETED)
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and stops in order


def _batch(protocol: Protocol, sampling: Sampling, place: int, runs: int) -> Tally:
    if sampling.route == "rounds":
        return rounds.batch(protocol, _drawn(protocol), sampling.seed, place, runs)
    law = _law(protocol)
    assert law is not None
    conditional = sampling.route == "conditional"
    return counts.batch(protocol, law, sampling.seed, place, runs, conditional=conditional)


@lru_cache(maxsize=1)
def _drawn(protocol: Protocol) -> rounds.Rounds:
    return rounds.source_rounds(protocol)


@lru_cache(maxsize=1)
def _law(protocol: Protocol) -> RoundLaw | None:
    return round_law(protocol)
