"""The verb `freerand paper`."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.reporting.cell import Cell
    from freerand_opt.runner.shelf import Shelf


def paper(
    arguments: Annotated[
        list[str],
        typer.Argument(
            autocompletion=complete.claims, help="One question file or claim, and field=value as for bound."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="Folder of the files.")
    ] = Path("paper"),
    instance: Annotated[
        str | None,
        typer.Option(rich_help_panel=opt.PUT, help="Whose attack is tabulated; else the middle one's."),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(rich_help_panel=opt.QUESTION, help="Critical value of a field: source.epsilon=0:1/4."),
    ] = None,
    store: opt.Kept = None,
    jobs: opt.Jobs = None,
    quiet: opt.Quiet = False,
) -> None:
    """Write what a paper needs: figure, tables, caption, certificates for the referee, what to cite.

    main.tex puts all of it on a page: pdflatex main, bibtex main, pdflatex main twice.
    """
    from freerand_opt.claims.conjecture.file import ComputationFile
    from freerand_opt.cli import running, screen, words
    from freerand_opt.cli.bound import compared
    from freerand_opt.cli.plot import require_matplotlib
    from freerand_opt.files import require_writable
    from freerand_opt.runner.executor import local
    from freerand_opt.runner.job import way_of
    from freerand_opt.runner.reading import reader
    from freerand_opt.runner.shelf import Shelf

    names, fields = opt.split(arguments)
    if len(names) != 1:
        raise InputError("arguments", f"one question file or claim is needed; these are {len(names)}")
    require_matplotlib()
    if isinstance(reader(names[0], threshold)(fields), ComputationFile):
        raise InputError(names[0], "is a computation; a paper is written about a question")
    require_writable(output, "-o")
    shelf = Shelf(output / "certificates")
    with screen.progress(quiet) as watch, local(jobs) as executor:
        asked = running.Asked(names, fields, threshold)
        found = running.answered(asked, way_of(), watch, executor, store=store, shelf=shelf)
    lines, failed = compared(found)
    cells = [line.cell for line in lines]
    for words_of in (*found.failed, *failed):
        screen.error(words_of)
    if not any(cell.result is not None for cell in cells):
        raise typer.Exit(opt.worst({line.answer.code for line in lines} | {2 if failed else 1}))
    _write(cells, shelf, arguments, output, instance)
    short = [said for line in lines if (said := words.shortcoming(line.answer, None))]
    for said in short:
        screen.say(said)
    raise typer.Exit(opt.worst({line.answer.code for line in lines} | ({1} if short else set())))


def _write(cells: list[Cell], shelf: Shelf, arguments: list[str], output: Path, instance: str | None) -> None:
    """Write all files but the certificates, which are there, and say which."""
    from freerand_opt.cli import screen
    from freerand_opt.files import write_whole
    from freerand_opt.reporting.paper.folder import texts

    links = {
        k: shelf.place(cell.file, cell.instance).relative_to(output).as_posix()
        for k, cell in enumerate(cells)
        if cell.result is not None and cell.result.certificate
    }
    command = shlex.join(["freerand", "paper", *arguments, "-o", output.name])
    figures = _figures(cells, output, command) if len(cells) > 1 else []
    made = texts(cells, links, command, figure=bool(figures), instance=instance)
    for name, body in made.items():
        write_whole(output / name, body)
    for path in [*figures, *(output / name for name in made)]:
        screen.put(str(path))
    screen.put(f"{output / 'certificates'} ({len(links)} certificates)")


def _figures(cells: list[Cell], output: Path, command: str) -> list[Path]:
    """Write the figure of a sweep at the width of a column in each form that can be had; return the files."""
    from freerand_opt.cli.screen import say
    from freerand_opt.reporting.figures.draw import figure
    from freerand_opt.reporting.figures.grid import frame_and_rows
    from freerand_opt.reporting.figures.save import save

    answered: list[Any] = [cell for cell in cells if cell.result is not None and not cell.impossible]
    try:
        frame, rows = frame_and_rows(answered)
    except InputError as error:
        say(f"no figure: {error.message}")
        return []
    endings = [".pdf", ".svg", *([".pgf"] if shutil.which("pdflatex") else [])]
    if ".pgf" not in endings:
        say("figure.pgf is not written: pdflatex, which measures its letters, is not here")
    made = [
        save(figure(frame, rows, width="one-column"), frame, rows, output / f"figure{ending}", command)
        for ending in endings
    ]
    return list(dict.fromkeys(path for paths in made for path in paths))
