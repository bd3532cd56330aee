"""The verb `freerand report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.cli import options as opt

if TYPE_CHECKING:
    from freerand_opt.cli.plot import Asking
    from freerand_opt.reporting.figures.frame import Frame
    from freerand_opt.reporting.figures.row import Row


def report(
    names: Annotated[list[str] | None, typer.Argument(help="Claims or files; else the core tier.")] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="Folder of the report.")
    ] = Path("report"),
    figures: Annotated[
        bool, typer.Option(rich_help_panel=opt.PUT, help="Draw the figures of the gallery too.")
    ] = True,
    store: opt.Kept = None,
    jobs: opt.Jobs = None,
    quiet: opt.Quiet = False,
) -> None:
    """Write claims.md, claims.tex and index.html, one page that works offline, with its certificates."""
    from freerand_opt.cli import running, screen
    from freerand_opt.cli.bound import compared
    from freerand_opt.cli.plot import Asking, require_matplotlib
    from freerand_opt.cli.verify import chosen
    from freerand_opt.files import require_writable, write_whole
    from freerand_opt.reporting import latex, tables
    from freerand_opt.reporting.page.html import page
    from freerand_opt.runner.executor import local
    from freerand_opt.runner.job import way_of
    from freerand_opt.runner.shelf import Shelf

    if figures:
        require_matplotlib()
    asked = running.Asked(chosen(names or [], everything=False))
    require_writable(output, "-o")
    shelf = Shelf(output / "certificates")
    with screen.progress(quiet) as watch, local(jobs) as executor:
        way = way_of()
        found = running.answered(asked, way, watch, executor, store=store, shelf=shelf)
        drawn = _drawn(Asking(store, executor, watch)) if figures else []
    lines, failed = compared(found)
    cells = [line.cell for line in lines]
    links = {
        k: shelf.place(cell.file, cell.instance).relative_to(output).as_posix()
        for k, cell in enumerate(cells)
        if cell.result is not None
    }
    written = {
        "claims.md": tables.markdown(cells),
        "claims.tex": latex.claims(cells),
        "index.html": page(cells, drawn, links),
    }
    for name, body in written.items():
        write_whole(output / name, body)
        screen.put(str(output / name))
    for words in (*found.failed, *failed):
        screen.error(words)
    codes = {line.answer.code for line in lines} | ({2} if failed else set())
    raise typer.Exit(opt.worst(codes | {int(not cell.as_expected) for cell in cells}))


def _drawn(asking: Asking) -> list[tuple[Frame, list[Row]]]:
    from freerand_opt.reporting.figures.gallery import ANSWERED, drawing

    found = []
    for name in ANSWERED:
        one = drawing(name)
        assert one.answered is not None
        found.append((one.frame, one.answered(asking)))
    return found
