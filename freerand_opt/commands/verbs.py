"""The verbs of the command line that answer and check: bound, verify, check."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.commands.options import (
    AsJson,
    Cluster,
    Crosses,
    Finer,
    Folder,
    Form,
    Fresh,
    Jobs,
    Kept,
    Optional,
    Output,
    Part,
    Quiet,
    Solver,
    Symmetry,
    TimeLimit,
    Width,
)
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.sweeps.batch import Shelf


def bound(
    arguments: Annotated[
        list[str],
        typer.Argument(help="Question files or claims, and field=value: source.epsilon=0:1/5:1/100"),
    ],
    solver: Solver = "auto",
    time_limit: TimeLimit = None,
    certificates: Folder = None,
    threshold: Annotated[str | None, typer.Option(help="Critical value: source.epsilon=0:1/4.")] = None,
    symmetry: Symmetry = None,
    width: Width = None,
    store: Kept = None,
    fresh: Fresh = False,
    jobs: Jobs = None,
    cluster: Cluster = None,
    shard: Part = None,
    refine: Finer = None,
    crosses: Crosses = None,
    output: Output = None,
    form: Form = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer questions: certified brackets, with the explicit attack. Ranges and lists give a table."""
    from freerand_opt.reporting import advice, results
    from freerand_opt.reporting.terminal import progress, say
    from freerand_opt.spec.grids import assignments
    from freerand_opt.spec.symmetries import relabellings
    from freerand_opt.sweeps.sweep import sweep

    names = [argument for argument in arguments if "=" not in argument or Path(argument).exists()]
    overrides = assignments([argument for argument in arguments if argument not in names])
    target = results.target(output, form)
    with progress(quiet) as watch:
        answers = sweep(
            names,
            overrides,
            threshold=threshold,
            store=store,
            fresh=fresh,
            jobs=jobs,
            cluster=cluster,
            shard=shard,
            refine=refine,
            crosses=crosses,
            solver=solver,
            time_limit=time_limit,
            symmetry=relabellings(symmetry),
            shelf=_shelf(certificates, corners=False),
            watch=watch,
        )
    found, failed = results.put(answers, as_json=as_json, alone=True, target=target)
    failed += [one.result.notes[1] for one in found if one.result.notes]
    for words in failed:
        say(f"error: {words}")
    answered = [one for one in found if not one.result.notes]
    said = [words for one in answered if (words := advice.shortcoming(one, width, time_limit))]
    for words in said:
        say(words)
    sys.exit(2 if failed else 1 if said else 0)


def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Claims or files; else the core tier.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also solve the long tier.")] = False,
    solver: Solver = "auto",
    time_limit: TimeLimit = None,
    certificates: Folder = None,
    store: Optional = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    resume: Annotated[bool, typer.Option(help="Only check what --certificates has already.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the table as Markdown to this file.")] = None,
    cross_check: Annotated[bool, typer.Option(help="Put other software's values beside ours.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Re-derive claims and compare them with what their files expect; what is stored is checked exactly."""
    from freerand_opt.catalogue import claims
    from freerand_opt.files import require_writable, write_whole
    from freerand_opt.reporting import results, tables
    from freerand_opt.reporting.terminal import progress, put, say
    from freerand_opt.sweeps.batch import files_named
    from freerand_opt.sweeps.sweep import sweep

    begun = time.perf_counter()
    files = files_named(list(names), {}) if names else files_named([str(path) for path in claims()], {})
    if not names and not everything:
        files = [file for file in files if file.tier == "core"]
    if cross_check:
        from freerand_opt.reporting import peers

        sys.exit(0 if peers.run(files, as_json=as_json, quiet=quiet) else 1)
    if report is not None:
        if report.is_dir():
            raise InputError("--report", f"{report} is a directory; a file is needed")
        require_writable(report.parent, "--report")
    if resume and certificates is None:
        raise InputError("--resume", "needs --certificates, the folder of the run that was interrupted")
    with progress(quiet) as watch, _folder(store) as folder:
        answers = sweep(
            files,
            store=folder,
            jobs=jobs,
            cluster=cluster,
            solver=solver,
            time_limit=time_limit,
            shelf=_shelf(certificates, corners=not resume),
            resume=resume,
            watch=watch,
        )
        found, failed = results.put(answers, as_json=as_json, alone=False)
    if not as_json:
        put(tables.summary(found, time.perf_counter() - begun))
    if report is not None:
        write_whole(report, tables.markdown(found, report.stem.capitalize()))
    for words in failed:
        say(f"error: {words}")
    sys.exit(2 if failed else 0 if all(one.as_expected for one in found) else 1)


def _shelf(folder: Path | None, *, corners: bool) -> Shelf | None:
    """Return where copies of certificates go, if anywhere."""
    from freerand_opt.sweeps.batch import Shelf

    return None if folder is None else Shelf(folder, corners=corners)


@contextmanager
def _folder(store: Path | None) -> Iterator[Path]:
    """Yield the store that was named, or a new one for this run alone: claims are derived anew."""
    if store is not None:
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="freerand-") as folder:
        yield Path(folder)


def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Certificates.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All committed certificates.")] = False,
    store: Annotated[
        bool, typer.Option("--store", help="All answers of a store: the folders named, or the user's cache.")
    ] = False,
    jobs: Jobs = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check certificates exactly, without any solver."""
    from freerand_opt.catalogue import certificates
    from freerand_opt.reporting import tables
    from freerand_opt.reporting.terminal import put, put_json, say
    from freerand_opt.sweeps.batch import check_all
    from freerand_opt.sweeps.engine import local
    from freerand_opt.sweeps.store import Store, default_folder

    paths = [*(files or []), *(certificates() if everything else ())]
    if store:
        paths = [path for folder in files or [default_folder()] for path in Store(folder).paths()]
    if not paths:
        where = (
            f"; no answer is stored in {', '.join(map(str, files or [default_folder()]))}" if store else ""
        )
        raise InputError(
            "check", f"no certificate; name files, or use --all where the catalogue has some{where}"
        )
    with local(jobs) as executor:
        checked = check_all(paths, executor)
    for found in checked:
        if found.status == "unreadable":
            say(f"error: {found.path}: {found.lines[0]}")
        elif not as_json and (found.status == "rejected" or not (everything or store)):
            put("\n    ".join(tables.checked_lines(found)))
    if as_json:
        put_json([tables.checked_record(found) for found in checked])
    elif not quiet:
        put(tables.checked_summary(checked))
    statuses = {found.status for found in checked}
    sys.exit(2 if "unreadable" in statuses else 1 if "rejected" in statuses else 0)
