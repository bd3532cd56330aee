"""Simulations of all cases of protocol files, one after the other, with a bar on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from freerand_opt.errors import InputError
from freerand_opt.first.simulation.simulating import Simulation, check, simulate
from freerand_opt.first.spec.protocols import read_protocol


def run_all(
    names: Sequence[str], overrides: Mapping[str, str], jobs: int, quiet: bool
) -> tuple[list[tuple[str, Simulation]], bool]:
    """Return (case name, simulation) of each case, and whether an interrupt left some out.

    Every case is read and checked before the first one is run.
    """
    files = [read_protocol(name, overrides) for name in names]
    cases = []
    for file in files:
        for case in file.cases:
            try:
                check(case.protocol, case.sampling)
            except InputError as error:
                raise error.within(_place(file.path, case.name)) from None
            title = " ".join(word for word in (file.path.stem if len(files) > 1 else "", case.name) if word)
            cases.append((title, _place(file.path, case.name), case))
    done: list[tuple[str, Simulation]] = []
    with _bar(sum(case.sampling.runs for _, _, case in cases), quiet) as advance:
        for title, place, case in cases:
            before = sum(found.tally.runs for _, found in done)
            try:
                found = simulate(
                    case.protocol,
                    case.sampling,
                    jobs=jobs,
                    advance=lambda runs, title=title, before=before: advance(title, before + runs),  # type: ignore[misc]
                )
            except InputError as error:
                raise error.within(place) from None
            except KeyboardInterrupt:
                if not done:
                    raise
                return done, True
            done.append((title, found))
            if found.interrupted:
                return done, True
    return done, False


def _place(path: object, name: str) -> str:
    return f"{path} ({name})" if name else str(path)


@contextmanager
def _bar(total: int, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Show the runs finished on stderr from the third second on, if somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda words, runs: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    begun = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, visible=False)

        def advance(words: str, runs: int) -> None:
            bar.update(task, description=words[:50], completed=runs, visible=time.perf_counter() - begun > 2)

        yield advance
