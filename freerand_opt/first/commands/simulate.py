"""The verb `freerand simulate`."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from freerand_opt.errors import InputError


def simulate(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Protocol files, and field=value: source.epsilon=0:1/5:1/20")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes; the result is the same.")] = 1,
    csv: Annotated[Path | None, typer.Option(help="Also write the rows, the data of figures, here.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the protocols' JSON schema.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Run a protocol many times: confidence intervals beside exact recursions, never brackets."""
    from freerand_opt.files import require_writable, write_whole
    from freerand_opt.first.reporting.terminal import put, put_json
    from freerand_opt.first.spec.grids import assignments
    from freerand_opt.protocols import rows
    from freerand_opt.protocols import words as spoken
    from freerand_opt.protocols.batch import all_cases, simulate_all
    from freerand_opt.protocols.file import protocol_schema

    if schema:

        put_json(protocol_schema())
        return
    words = arguments or []
    names = [word for word in words if "=" not in word or Path(word).exists()]
    if not names:
        raise InputError("simulate", "no protocol file; examples are in docs/protocols/ (docs/simulation.md)")
    if csv is not None:
        if csv.is_dir():
            raise InputError("--csv", f"{csv} is a directory; a file is needed")
        require_writable(csv.parent, "--csv")
    overrides = assignments([word for word in words if word not in names])
    cases = all_cases(names, overrides)
    with _pool(jobs) as pool, _bar(sum(case.protocol.sampling.runs for _, case in cases), quiet) as advance:
        done, interrupted = simulate_all(cases, executor=pool, advance=advance)
    if as_json:
        put_json([rows.record(name, found) for name, found in done])
    else:
        put("\n".join(spoken.lines(done)))
    if csv is not None:
        write_whole(csv, rows.as_csv(done))
    if interrupted:
        raise KeyboardInterrupt


@contextmanager
def _pool(jobs: int) -> Iterator[Executor | None]:
    if jobs == 1:
        yield None
        return
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_deaf)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and stops in order


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
