"""The verb `freerand report`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.first.commands.options import Jobs, Kept, Quiet

if TYPE_CHECKING:
    from freerand_opt.first.answers.verification import Verification
    from freerand_opt.first.reporting.figures.frame import Frame
    from freerand_opt.first.reporting.figures.row import Row
    from freerand_opt.first.sweeps.answers import Watch


def report(
    names: Annotated[list[str] | None, typer.Argument(help="Claims or files; else the core tier.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the report.")] = Path("report"),
    figures: Annotated[bool, typer.Option(help="Draw the figures of the gallery too.")] = True,
    store: Kept = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Write claims.md, claims.tex and index.html, one page that works offline, with its certificates."""
    from freerand_opt.claims.catalogue import claims
    from freerand_opt.files import require_writable, write_whole
    from freerand_opt.first.commands.plot import require_matplotlib
    from freerand_opt.first.reporting import latex, tables
    from freerand_opt.first.reporting.page.html import page
    from freerand_opt.first.reporting.terminal import progress, put, say
    from freerand_opt.first.sweeps.batch import Shelf, files_named
    from freerand_opt.first.sweeps.sweep import sweep

    if figures:
        require_matplotlib()
    files = files_named(list(names) if names else [str(path) for path in claims()], {})
    if not names:
        files = [file for file in files if file.tier == "core"]
    require_writable(output, "-o")
    shelf = Shelf(output / "certificates", corners=False)
    with progress(quiet) as watch:
        answers = sweep(files, store=store, jobs=jobs, shelf=shelf, watch=watch)
        results = list(answers)
        drawn = _drawn(store, jobs, watch) if figures else []
    links = {
        k: shelf.place(found.file, found.instance).relative_to(output).as_posix()
        for k, found in enumerate(results)
        if found.result.digest
    }
    written = {
        "claims.md": tables.markdown(results),
        "claims.tex": latex.claims(results),
        "index.html": page(results, drawn, links),
    }
    for name, body in written.items():
        write_whole(output / name, body)
        put(str(output / name))
    for words in answers.failed:
        say(f"error: {words}")
    raise typer.Exit(2 if answers.failed else 0 if all(found.as_expected for found in results) else 1)


def _drawn(store: Path | None, jobs: int | None, watch: Watch) -> list[tuple[Frame, list[Row]]]:
    from freerand_opt.first.commands.plot import answers_of
    from freerand_opt.first.reporting.figures.gallery import ANSWERED, drawing
    from freerand_opt.first.spec.file import QuestionFile

    def ask(name: str | QuestionFile, fields: Mapping[str, str]) -> list[Verification]:
        return list(answers_of([name], fields, store, jobs, watch))

    found = []
    for name in ANSWERED:
        chosen = drawing(name)
        assert chosen.answered is not None
        found.append((chosen.frame, chosen.answered(ask)))
    return found
