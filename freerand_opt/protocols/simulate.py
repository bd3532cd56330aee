"""Run a protocol many times, beside its exact recursion and the analytic bounds: `simulate`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import lru_cache

from freerand_opt.errors import InputError
from freerand_opt.model.tables.text import shown
from freerand_opt.protocols import counts, rounds
from freerand_opt.protocols.analysis import Analysis, analyse
from freerand_opt.protocols.comparison import Line, compared
from freerand_opt.protocols.law import RoundLaw, round_law
from freerand_opt.protocols.prediction import predict
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.replayed import BitFile, replayed_rounds, replayed_run
from freerand_opt.protocols.sources import ReplayedBits
from freerand_opt.protocols.tally import Tally

#: Batches that wait at an executor.
AHEAD = 64


@dataclass(frozen=True)
class Simulation:
    """What was run and what came out: `tally.runs` runs finished, which may be fewer than asked for."""

    protocol: Protocol
    law: RoundLaw | None
    tally: Tally
    lines: tuple[Line, ...]
    analysis: Analysis | None
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Return whether not all runs were finished."""
        return self.tally.runs < self.protocol.sampling.runs

    def line(self, quantity: str) -> Line:
        """Return the line of one quantity."""
        return next(line for line in self.lines if line.quantity == quantity)


def simulate(
    protocol: Protocol,
    *,
    executor: Executor | None = None,
    advance: Callable[[int], None] = lambda runs: None,
) -> Simulation:
    """Return estimates with exact binomial intervals; the same for every executor.

    `executor` is anything with the `submit` of `concurrent.futures`; None: this process. `advance` is told
    the number of runs finished. An interrupt (Ctrl-C) ends the simulation after the runs of a beginning
    that is complete; none raises KeyboardInterrupt. Raise InputError for a file of bits that is too short.
    """
    if not isinstance(protocol, Protocol):
        raise InputError(
            "protocol", f"{shown(protocol)} is none; a Protocol, or one of read_protocol(path).cases"
        )
    begun = time.perf_counter()
    law = round_law(protocol)
    tally = Tally()
    pieces = (
        _replayed(protocol) if isinstance(protocol.source, ReplayedBits) else _batches(protocol, executor)
    )
    try:
        for piece in pieces:
            tally += piece
            advance(tally.runs)
    except KeyboardInterrupt:
        if not tally.runs:
            raise
    analysis = analyse(protocol, law)
    lines = compared(protocol, law, tally, predict(protocol, law), analysis)
    return Simulation(protocol, law, tally, lines, analysis, time.perf_counter() - begun)


def _replayed(protocol: Protocol) -> Iterator[Tally]:
    assert isinstance(protocol.source, ReplayedBits)
    with BitFile(protocol.source.file, protocol.source.form) as file:
        read = replayed_rounds(protocol, file)
        for place in range(protocol.sampling.runs):
            yield replayed_run(protocol, read, protocol.sampling.seed, place)


def _batches(protocol: Protocol, executor: Executor | None) -> Iterator[Tally]:
    """Yield the batches' tallies in order."""
    runs = protocol.sampling.runs
    size = rounds.runs_per_batch(protocol) if protocol.route == "rounds" else counts.RUNS
    tasks = ((protocol, place, min(size, runs - place * size)) for place in range(-(-runs // size)))
    if executor is None:
        yield from (_batch(*task) for task in tasks)
        return
    waiting: deque[Future[Tally]] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(_batch, *task))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _batch(protocol: Protocol, place: int, runs: int) -> Tally:
    seed = protocol.sampling.seed
    if protocol.route == "rounds":
        return rounds.batch(protocol, _drawn(protocol), seed, place, runs)
    law = _law(protocol)
    assert law is not None
    return counts.batch(protocol, law, seed, place, runs, conditional=protocol.route == "conditional")


@lru_cache(maxsize=1)
def _drawn(protocol: Protocol) -> rounds.Draws:
    return rounds.source_rounds(protocol)


@lru_cache(maxsize=1)
def _law(protocol: Protocol) -> RoundLaw | None:
    return round_law(protocol)
