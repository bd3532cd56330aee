"""The verb `freerand verify`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

Optional = Annotated[
    Path | None,
    typer.Option("--store", rich_help_panel=opt.KEPT, help="Use and keep answers in this folder."),
]
Everything = Annotated[
    bool, typer.Option("--all", rich_help_panel=opt.QUESTION, help="Also solve the long tier.")
]
Resume = Annotated[
    bool,
    typer.Option("--resume", rich_help_panel=opt.KEPT, help="Only check what --certificates has already."),
]
Names = Annotated[
    list[str] | None,
    typer.Argument(autocompletion=complete.claims, help="Claims or files; else the core tier."),
]


def verify(
    names: Names = None,
    everything: Everything = False,
    time_limit: opt.TimeLimit = None,
    solver: opt.Solver = "auto",
    certificates: opt.Folder = None,
    resume: Resume = False,
    store: Optional = None,
    jobs: opt.Jobs = None,
    cluster: opt.Cluster = None,
    report: Annotated[
        Path | None, typer.Option(rich_help_panel=opt.PUT, help="Write the table as Markdown to this file.")
    ] = None,
    cross_check: Annotated[
        bool,
        typer.Option(
            "--cross-check", rich_help_panel=opt.GOOD, help="Put other software's values beside ours."
        ),
    ] = False,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Re-derive claims and compare them with what their files expect; what is stored is checked exactly."""
    from freerand_opt.cli import running, screen, words
    from freerand_opt.cli.bound import compared
    from freerand_opt.files import write_whole
    from freerand_opt.reporting import tables
    from freerand_opt.runner.job import way_of

    begun = time.perf_counter()
    opt.require_file(report, "--report")
    if resume and certificates is None:
        raise InputError("--resume", "needs --certificates, the folder of the run that was interrupted")
    asked = running.Asked(wanted := chosen(names or [], everything=everything))
    if cross_check:
        from freerand_opt.cli.crosscheck import cross_checked

        raise typer.Exit(cross_checked(wanted, as_json=as_json, quiet=quiet))
    way = way_of(solver=solver, time_limit=time_limit)
    with (
        running.shelf(certificates, quiet, corners=not resume) as shelf,
        screen.progress(quiet) as watch,
        running.place(jobs, cluster) as executor,
        _folder(store) as folder,
    ):
        there = shelf.found if shelf is not None and resume else None
        found = running.answered(asked, way, watch, executor, store=folder, shelf=shelf, found=there)
    lines, failed = compared(found)
    cells = [line.cell for line in lines]
    codes = {line.answer.code for line in lines} | ({2} if failed else set())
    if as_json:
        screen.put_json([words.record(line) for line in lines])
    else:
        running.show(lines, alone=False)
        screen.put(f"{tables.summary(cells)}; {time.perf_counter() - begun:.1f} s")
    if report is not None:
        write_whole(report, tables.markdown(cells, report.stem.capitalize()))
    for reason in (*found.failed, *failed):
        screen.error(reason)
    raise typer.Exit(opt.worst(codes | {int(not cell.as_expected) for cell in cells}))


def chosen(names: Sequence[str], *, everything: bool) -> list[str]:
    """Return the files with claims that are named, else those of the catalogue, or of its core."""
    from freerand_opt.model.files.catalogue import claims
    from freerand_opt.model.files.head import load

    if names:
        return list(names)
    return [str(path) for path in claims() if everything or load(path).get("tier", "core") == "core"]


@contextmanager
def _folder(store: Path | None) -> Iterator[Path]:
    """Yield the store that was named, or a new one for this run alone: claims are derived anew."""
    if store is not None:
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="freerand-") as folder:
        yield Path(folder)
