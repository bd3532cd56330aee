"""Where jobs run: in this process, on the cores of this machine, on a Dask cluster, or on any executor.

All are `concurrent.futures` executors with one more method or two; `dispatch` uses them.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeAlias

from freerand_opt.errors import InputError, UnavailableError, unavailable
from freerand_opt.version import __version__

#: Jobs that wait at an executor that is not ours; more are handed over as some are done.
WINDOW = 1000
#: Seconds of work below which starting processes is not worth it.
PATIENCE = 2.0
CONNECT_SECONDS = 10
WORKER_SECONDS = 60
#: Seconds that a pool whose processes were ended may take to notice it.
STOP_SECONDS = 5.0


class Here(Executor):
    """Runs each job at once, in this process."""

    window = 1

    def expect(self, jobs: int, seconds: float) -> None:
        """Be told how many jobs come, and about how long they take on one core."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a job, which is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None:
        """Do nothing: this process has not died."""

    def stop(self) -> None:
        """Do nothing: no job is under way."""


class Local(Here):
    """Runs jobs in `processes` others; if `patient`, short work in this one, and what is left after it.

    Processes are spawned, not forked, so that threads of this one do no harm.
    """

    def __init__(self, processes: int, *, patient: bool) -> None:
        self.window = 3 * processes
        self._most = self._processes = processes
        self._patient = patient
        self._until = 0.0
        self._pool: Executor | None = None

    def expect(self, jobs: int, seconds: float) -> None:
        """Choose how many processes there are to be, and until when there are none."""
        self._processes = max(1, min(self._most, jobs))
        short = self._patient and (jobs == 1 or seconds < PATIENCE)
        self._until = time.perf_counter() + PATIENCE if short else 0.0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a job."""
        if self._pool is None and time.perf_counter() < self._until:
            return super().submit(fn, *args, **kwargs)
        if self._pool is None:
            self.renew()
        assert self._pool is not None
        with _bare_start():  # a process may be started here too
            return self._pool.submit(fn, *args, **kwargs)

    def renew(self) -> None:
        """Start new processes; raise UnavailableError if none can start."""
        from concurrent.futures.process import ProcessPoolExecutor  # a single question needs neither
        from multiprocessing import get_context

        self.stop()
        with _bare_start():
            self._pool = ProcessPoolExecutor(
                self._processes,
                get_context("spawn"),
                initializer=_begin,
                initargs=gc.get_threshold(),
            )
            try:
                # each is a process, started before the next line
                ready = [self._pool.submit(_hello) for _ in range(self._processes)]
                ready[0].result()
            except BrokenExecutor:
                self.stop()
                raise UnavailableError("worker processes cannot be started here; take --jobs 1") from None

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            # until Python 3.14 there is no public way to end a process that is busy
            processes = list((getattr(pool, "_processes", None) or {}).values())
            manager = getattr(pool, "_executor_manager_thread", None)
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()
            if manager is not None:  # else it may close its pipe while the interpreter, ending, writes to it
                manager.join(STOP_SECONDS)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; all jobs are done."""
        self.stop()


class Given(Here):
    """Hands jobs to anything that has the `submit` of `concurrent.futures`; only so many wait there."""

    window = WINDOW

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a job."""
        return self._executor.submit(fn, *args, **kwargs)  # type: ignore[no-any-return]

    def renew(self) -> None:
        """Raise UnavailableError: whoever made the executor starts its workers."""
        raise UnavailableError("the executor that was given has broken down; what was answered is stored")


class Cluster(Given):
    """Hands jobs to a Dask scheduler through its `Client.get_executor()`, which replaces workers that die."""

    def stop(self) -> None:
        """Cancel what waits at the scheduler."""
        self._executor.shutdown(wait=False)


#: None: one process for each core; a number of processes; or anything with `submit`, a Dask client as well.
Executing: TypeAlias = int | Executor | Any | None


@contextmanager
def executor_of(given: Executing) -> Iterator[Here]:
    """Yield what runs jobs; an executor that was given is not shut down. Raise InputError for others."""
    if given is None or isinstance(given, int):
        if given is not None and given < 1:
            raise InputError("executor", f"{given} processes; at least 1 is needed")
        with local(given) as found:
            yield found
    elif isinstance(given, Here):
        yield given
    elif hasattr(given, "get_executor"):
        yield Cluster(given.get_executor(pure=False))
    elif hasattr(given, "submit"):
        yield Given(given)
    else:
        raise InputError(
            "executor", f"{type(given).__name__} has no submit; take None, a number, or an Executor"
        )


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def local(processes: int | None) -> Iterator[Here]:
    """Yield an executor on so many processes; None: one for each core, and none for short work."""
    if (processes or cores()) == 1:
        yield Here()
        return
    executor = Local(processes or cores(), patient=processes is None)
    try:
        yield executor
    finally:
        executor.stop()


@contextmanager
def cluster(address: str) -> Iterator[Here]:
    """Yield an executor on the workers of the Dask scheduler at an address, as ``tcp://host:8786``.

    Raise UnavailableError without the package `distributed`, InputError if no scheduler answers or its
    workers run another version of this library.
    """
    why = unavailable("distributed", "--cluster: Dask", "'freerand_opt[cluster]'")
    if why:
        raise UnavailableError(why)
    from distributed import Client

    make: Any = Client  # its parts have no types
    try:
        client = make(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError("--cluster", f"no scheduler answers at {address!r} ({words[:100]})") from None
    try:
        _same_version(client, address)
        yield Cluster(client.get_executor(pure=False))
    finally:
        client.close()


def _same_version(client: Any, address: str) -> None:
    try:
        theirs = client.submit(_hello, pure=False).result(timeout=WORKER_SECONDS)
    except TimeoutError:
        raise InputError("--cluster", f"no worker of {address!r} answered in {WORKER_SECONDS} s") from None
    except Exception as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            "--cluster",
            f"the workers at {address!r} cannot run freerand_opt ({words[:200]}); install it there",
        ) from None
    if theirs != __version__:
        raise InputError(
            "--cluster", f"the workers at {address!r} have freerand_opt {theirs}, and here is {__version__}"
        )


def _hello() -> str:
    """Return the version of this library where the job runs."""
    return __version__


def _begin(*often: int) -> None:
    """Let an interrupt end a worker without a word: the parent has more to say, also of garbage."""
    gc.set_threshold(*often)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _bare_start() -> Iterator[None]:
    """Start processes with one thread of linear algebra each, and without the caller's script.

    A process that is spawned runs the script of its parent first, to find what the script defines; jobs
    are of this library alone, so a script needs no ``if __name__ == "__main__":``.
    """
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: old or "1" for name, old in before.items()})
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
