"""Jobs on an executor: one that fails does not stop the others, and a process that dies costs little."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import suppress
from typing import Any, Generic, TypeVar

from freerand_opt.errors import FreerandError, UnavailableError
from freerand_opt.runner.executor import Here

Job = TypeVar("Job")
Made = TypeVar("Made")
#: How often the process that works on a job alone may die before the job is given up.
MAX_DEATHS = 2


class ProcessDiedError(FreerandError):
    """The process that worked on a job ended, twice, while it worked on nothing else."""


def run(
    executor: Here,
    function: Callable[[Job], Made],
    jobs: Sequence[Job],
    *,
    begin: Callable[[int], None],
    done: Callable[[int, Made | Exception], None],
) -> None:
    """Call `done(k, function(jobs[k]))`, or `done(k, error)`, for every job, in any order.

    `begin(k)` is called when a job is handed over. If processes die, what they worked on is computed
    again, one job at a time, so that a job that kills its process is found and costs nobody else.
    On an interrupt all that is finished is passed to `done` first.
    """
    flight = _Flight(executor, function, jobs, begin, done)
    try:
        while flight.launch():
            flight.land()
    except BaseException:
        flight.harvest()
        executor.stop()
        raise


class _Flight(Generic[Job, Made]):
    """Jobs that wait, that may have killed their process, and that are under way."""

    def __init__(
        self,
        executor: Here,
        function: Callable[[Job], Made],
        jobs: Sequence[Job],
        begin: Callable[[int], None],
        done: Callable[[int, Made | Exception], None],
    ) -> None:
        self.executor, self.function, self.jobs, self.begin, self.done = executor, function, jobs, begin, done
        self.waiting, self.suspects = deque(range(len(jobs))), deque[int]()
        self.flying: dict[Future[Made], int] = {}
        self.deaths: Counter[int] = Counter()

    def launch(self) -> bool:
        """Hand over as many jobs as the executor takes, a suspect alone; return whether any is under way."""
        queue, most = (self.suspects, 1) if self.suspects else (self.waiting, self.executor.window)
        while queue and len(self.flying) < most:
            self.begin(queue[0])
            try:
                future = self.executor.submit(self.function, self.jobs[queue[0]])
            except BrokenExecutor:  # a process died since; what is under way says so, if anything is
                if not self.flying:
                    self.executor.renew()
                    continue
                break
            self.flying[future] = queue.popleft()
        return bool(self.flying)

    def land(self) -> None:
        """Wait until some jobs are finished and settle them."""
        alone = len(self.flying) == 1
        finished, _ = wait(self.flying, return_when=FIRST_COMPLETED)
        if any(_died(future) for future in finished):  # and then all that is under way is lost
            finished, _ = wait(self.flying)
        for future in finished:
            k = self.flying.pop(future)
            if not _died(future):
                self._settle(future, k)
                continue
            self.deaths[k] += alone
            if self.deaths[k] < MAX_DEATHS:
                self.suspects.append(k)
            else:
                self.done(k, ProcessDiedError("the process that computed it ended, twice; out of memory?"))
        if any(_died(future) for future in finished):
            self.executor.renew()

    def _settle(self, future: Future[Made], k: int) -> None:
        if future.cancelled():
            raise UnavailableError(
                "the cluster's scheduler has gone; what was answered is stored, so run the same command again"
            )
        error = future.exception()
        if isinstance(error, BaseException) and not isinstance(error, Exception):
            raise error
        self.done(k, future.result() if error is None else error)

    def harvest(self) -> None:
        """Settle what is finished, and nothing else."""
        for future, k in self.flying.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                with suppress(Exception):
                    self.done(k, future.result())


def _died(future: Future[Any]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def every(
    executor: Here,
    function: Callable[[Job], Made],
    jobs: Sequence[Job],
    failed: Callable[[Exception], Made],
) -> list[Made]:
    """Return what a function makes of every job, in their order; `failed` says what an error counts as."""
    found: dict[int, Made] = {}

    def done(k: int, made: Made | Exception) -> None:
        found[k] = failed(made) if isinstance(made, Exception) else made

    executor.expect(len(jobs), 0.0)  # a few are done here, sooner than a process starts
    run(executor, function, jobs, begin=lambda k: None, done=done)
    return [found[k] for k in range(len(jobs))]
