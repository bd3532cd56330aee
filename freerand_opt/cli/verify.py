"""The verb `freerand verify`."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.cli.words import Line

Optional = Annotated[
    Path | None,
    typer.Option("--store", rich_help_panel=opt.KEPT, help="Use and keep answers in this folder."),
]


def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Claims or files; else the core tier.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", rich_help_panel=opt.QUESTION, help="Also solve the long tier.")
    ] = False,
    time_limit: opt.TimeLimit = None,
    solver: opt.Solver = "auto",
    certificates: opt.Folder = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", rich_help_panel=opt.KEPT, help="Only check what --certificates has already."
        ),
    ] = False,
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
    from freerand_opt.runner.shelf import Shelf

    begun = time.perf_counter()
    opt.require_file(report, "--report")
    if resume and certificates is None:
        raise InputError("--resume", "needs --certificates, the folder of the run that was interrupted")
    chosen = _chosen(names or [], everything)
    if cross_check:
        from freerand_opt.cli.crosscheck import cross_checked

        raise typer.Exit(cross_checked(chosen, as_json=as_json, quiet=quiet))
    shelf = None if certificates is None else Shelf(certificates, corners=not resume)
    way = running.way(solver, time_limit, None, ())
    with (
        screen.progress(quiet) as watch,
        running.place(jobs, cluster) as executor,
        _folder(store) as folder,
    ):
        asked = running.Asked(chosen)
        found = running.answered(asked, way, watch, executor, store=folder, shelf=shelf, resume=resume)
    lines, failed = compared(found)
    codes = {line.answer.code for line in lines} | ({2} if failed else set())
    if as_json:
        screen.put_json([words.record(line) for line in lines])
    else:
        running.show(lines, alone=False)
        screen.put(_summary(lines, time.perf_counter() - begun))
    if report is not None:
        write_whole(report, _markdown(lines, report.stem.capitalize()))
    for reason in (*found.failed, *failed):
        screen.error(reason)
    raise typer.Exit(opt.worst(codes | {int(not line.as_expected) for line in lines}))


def _chosen(names: Sequence[str], everything: bool) -> list[str]:
    """Return the files with claims that are named, else those of the catalogue, or of its core."""
    from freerand_opt.claims.catalogue import claims
    from freerand_opt.model.head import load

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


def _summary(lines: Sequence[Line], seconds: float) -> str:
    """Return one line that counts verdicts."""
    counts = Counter(
        (line.verdict or "without a claim") + ("" if line.as_expected else " (not as expected)")
        if line.as_expected is False or "(as expected)" not in line.said
        else line.said
        for line in lines
    )
    parts = ", ".join(f"{count} {words}" for words, count in sorted(counts.items()))
    return f"{len(lines)} instances: {parts}; {seconds:.1f} s"


def _markdown(lines: Sequence[Line], heading: str) -> str:
    """Return a table for each file; seconds are left out, they are not reproducible."""
    from freerand_opt.cli.words import answer

    written = [
        f"# {heading}",
        "",
        "Written by `freerand verify --report`; every bracket is certified, ends rounded outward.",
        "",
    ]
    name = None
    for line in lines:
        one = line.answer
        if one.file.name != name:
            name = one.file.name
            written += ["", f"## {name}", "", one.file.title, "", f"*Claim:* {one.file.claim}", ""]
            written += [
                f"*Reference:* {one.file.reference}",
                "",
                "| instance | expected | bracket | verdict |",
            ]
            written.append("|---|---|---|---|")
        cells = (one.instance.name or "-", line.expected or "-", answer(one), line.said)
        written.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(written).rstrip() + "\n"
