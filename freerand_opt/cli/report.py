"""The verb `freerand report`."""

from __future__ import annotations

from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt

if TYPE_CHECKING:
    from freerand_opt.cli.plot import Asking
    from freerand_opt.reporting.cell import Cell
    from freerand_opt.reporting.figures.frame import Frame
    from freerand_opt.reporting.figures.row import Row


def report(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete.claims,
            help="Claims or files, and field=value as for bound; else the core tier.",
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="Folder of the report.")
    ] = Path("report"),
    figures: Annotated[
        bool, typer.Option(rich_help_panel=opt.PUT, help="Draw figures: the gallery's, or of what is named.")
    ] = True,
    store: opt.Kept = None,
    jobs: opt.Jobs = None,
    quiet: opt.Quiet = False,
) -> None:
    """Write claims.md, claims.tex and index.html, one page that works offline, with its certificates.

    What the catalogue has certificates of is checked, not found anew; `freerand verify` does that.
    """
    from freerand_opt.cli import running, screen
    from freerand_opt.cli.bound import compared
    from freerand_opt.cli.plot import Asking, require_matplotlib
    from freerand_opt.cli.verify import chosen
    from freerand_opt.files import require_writable, write_whole
    from freerand_opt.reporting import latex, tables
    from freerand_opt.reporting.page.html import page
    from freerand_opt.runner.executor import local
    from freerand_opt.runner.job import way_of
    from freerand_opt.runner.shelf import Shelf, committed

    if figures:
        require_matplotlib()
    names, fields = opt.split(arguments or [])
    asked = running.Asked(chosen(names, everything=False), fields)
    require_writable(output, "-o")
    shelf = Shelf(output / "certificates")
    with screen.progress(quiet) as watch, local(jobs) as executor:
        way = way_of()
        there = None if fields else committed  # with another value a question may have the same name
        found = running.answered(asked, way, watch, executor, store=store, shelf=shelf, found=there)
        drawn = _drawn(Asking(store, executor, watch), quiet) if figures and not names else []
    lines, failed = compared(found)
    cells = [line.cell for line in lines]
    drawn += _own(cells) if figures and names else []
    answered = [(k, cell) for k, cell in enumerate(cells) if cell.result is not None]
    places = {k: shelf.place(cell.file, cell.instance) for k, cell in answered}
    links = {k: place.relative_to(output).as_posix() for k, place in places.items()}
    written = {"claims.md": tables.markdown(cells), "claims.tex": latex.claims(cells)}
    written["index.html"] = page(cells, drawn, links, fields)
    for name, body in written.items():
        write_whole(output / name, body)
        screen.put(str(output / name))
    for words in (*found.failed, *failed):
        screen.error(words)
    codes = {line.answer.code for line in lines} | ({2} if failed else set())
    raise typer.Exit(opt.worst(codes | {int(not cell.as_expected) for cell in cells}))


def _own(cells: list[Cell]) -> list[tuple[Frame, list[Row]]]:
    """Return a figure of each file whose answers have a number to plot."""
    from freerand_opt.errors import InputError
    from freerand_opt.reporting.figures.grid import frame_and_rows

    found = []
    for _, group in groupby(cells, key=lambda cell: cell.file.path):
        answered: list[Any] = [cell for cell in group if cell.result is not None and not cell.impossible]
        with suppress(InputError):  # no number differs between them
            found += [frame_and_rows(answered)] if answered else []
    return found


def _drawn(asking: Asking, quiet: bool) -> list[tuple[Frame, list[Row]]]:
    """Return the gallery's figures, each told when it is begun: some take minutes."""
    from freerand_opt.cli.plot import gallery_rows
    from freerand_opt.reporting.figures.gallery import ANSWERED, drawing

    found = []
    for number, name in enumerate(ANSWERED, 1):
        if not quiet:
            asking.watch.say(f"figure {number} of {len(ANSWERED)}: {name}")
        found.append((drawing(name).frame, gallery_rows(name, asking)))
    return found
