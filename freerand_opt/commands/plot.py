"""The verb `freerand plot`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.commands.options import Jobs, Kept, Quiet
from freerand_opt.errors import FreerandError, InputError, UnavailableError

if TYPE_CHECKING:
    from freerand_opt.answers.verification import Verification
    from freerand_opt.reporting.figures.frame import Frame, Width
    from freerand_opt.reporting.figures.row import Row
    from freerand_opt.spec.file import QuestionFile
    from freerand_opt.sweeps.answers import Watch


def plot(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="A figure's name, or question files and claims with field=value as for bound."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="figure.pdf, .svg, .png, .pgf")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Draw this table; nothing is computed.")] = None,
    columns: Annotated[int | None, typer.Option(min=1, max=2, help="Width: one or two columns.")] = None,
    store: Kept = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Draw a figure from certified answers, with its data and caption beside it; no name lists them."""
    from freerand_opt.reporting.figures.gallery import NAMES, drawing, table
    from freerand_opt.reporting.terminal import progress, put

    if not arguments:
        for name in NAMES:
            put(f"{name:12} {drawing(name).frame.title}")
        return
    path = output or Path(f"{Path(arguments[0]).stem}.pdf")
    _require(path)
    from freerand_opt.reporting.figures.draw import figure
    from freerand_opt.reporting.figures.save import save

    with progress(quiet) as watch:
        if arguments == [arguments[0]] and arguments[0] in NAMES:
            chosen = drawing(arguments[0])
            frame = chosen.frame
            if data is not None:
                rows = table(chosen, data)
            elif chosen.answered is None:
                raise InputError(
                    "--data", f"{arguments[0]} draws measurements; make them by: {chosen.source}"
                )
            else:
                rows = chosen.answered(lambda name, fields: answers_of([name], fields, store, jobs, watch))
        else:
            frame, rows = _own(arguments, data, store, jobs, watch)
    widths: dict[int, Width] = {1: "one-column", 2: "two-column"}
    width = None if columns is None else widths[columns]
    table_of = [] if data is None else ["--data", str(data)]
    command = shlex.join(["freerand", "plot", *arguments, *table_of, "-o", path.name])
    for written in save(figure(frame, rows, width=width), frame, rows, path, command):
        put(str(written))


def _require(path: Path) -> None:
    """Raise before anything is computed if matplotlib is not here or the figure cannot be written."""
    from freerand_opt.files import require_writable
    from freerand_opt.reporting.figures.save import require_suffix

    require_matplotlib()
    require_suffix(path)
    require_writable(path.parent, "-o")


def require_matplotlib() -> None:
    """Raise UnavailableError if matplotlib is not installed."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise UnavailableError("figures need matplotlib: pip install 'freerand_opt[plot]'")


def _own(
    arguments: list[str], data: Path | None, store: Path | None, jobs: int | None, watch: Watch
) -> tuple[Frame, list[Row]]:
    """Return the figure of question files, answered over the ranges given."""
    from freerand_opt.catalogue import find
    from freerand_opt.reporting.figures import grid
    from freerand_opt.reporting.figures.gallery import drawing
    from freerand_opt.spec.grids import assignments

    names = [word for word in arguments if "=" not in word or Path(word).exists()]
    if data is not None:
        raise InputError("--data", "goes with a figure's name; a question's own answers are drawn otherwise")
    for name in names:
        if find(name) is None and not Path(name).exists():
            drawing(name)  # says what names there are
    fields = assignments([word for word in arguments if word not in names])
    return grid.frame_and_rows(list(answers_of(names, fields, store, jobs, watch)))


def answers_of(
    names: Sequence[str | Path | QuestionFile],
    fields: Mapping[str, str],
    store: Path | None,
    jobs: int | None,
    watch: Watch,
) -> Iterator[Verification]:
    """Yield the answers to claims and files over some ranges; raise FreerandError if one fails."""
    from freerand_opt.sweeps.sweep import sweep

    answers = sweep(names, fields, store=store, jobs=jobs, recheck=False, watch=watch)
    yield from (found for found in answers if not found.result.notes)
    if answers.failed:
        raise FreerandError(answers.failed[0])
