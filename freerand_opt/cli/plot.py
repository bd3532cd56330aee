"""The verb `freerand plot`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt
from freerand_opt.errors import FreerandError, InputError, imported

if TYPE_CHECKING:
    from freerand_opt.claims.verify import File, Verification
    from freerand_opt.model.question import Question
    from freerand_opt.reporting.figures.frame import Frame, Width
    from freerand_opt.reporting.figures.row import Row
    from freerand_opt.runner.executor import Here
    from freerand_opt.runner.interval import Interval
    from freerand_opt.runner.watch import Watch


def plot(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete.drawn,
            help="A figure's name, a certificate, or files and claims as for bound.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="figure.pdf, .svg, .png, .pgf"),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Draw this table; nothing is computed.")] = None,
    columns: Annotated[
        int | None, typer.Option(min=1, max=2, rich_help_panel=opt.PUT, help="Width: one or two columns.")
    ] = None,
    store: opt.Kept = None,
    jobs: opt.Jobs = None,
    quiet: opt.Quiet = False,
) -> None:
    """Draw a figure from certified answers, with its data and caption beside it; no name lists them."""
    from freerand_opt.cli.screen import progress, put
    from freerand_opt.reporting.figures.gallery import NAMES, drawing, table
    from freerand_opt.runner.executor import local

    if not arguments:
        for name in NAMES:
            put(f"{name:12} {drawing(name).frame.title}")
        return
    path = output or Path(f"{Path(arguments[0]).stem}.pdf")
    _require(path)
    if len(arguments) == 1 and arguments[0].endswith(".json"):
        _attack(arguments[0], path)
        return
    from freerand_opt.reporting.figures.draw import figure
    from freerand_opt.reporting.figures.save import save

    with progress(quiet) as watch, local(jobs) as executor:
        asking = Asking(store, executor, watch)
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
                rows = gallery_rows(arguments[0], asking)
        else:
            frame, rows = _own(arguments, data, asking)
    widths: dict[int, Width] = {1: "one-column", 2: "two-column"}
    width = None if columns is None else widths[columns]
    table_of = [] if data is None else ["--data", str(data)]
    command = shlex.join(["freerand", "plot", *arguments, *table_of, "-o", path.name])
    for written in save(figure(frame, rows, width=width), frame, rows, path, command):
        put(str(written))


def _attack(name: str, path: Path) -> None:
    """Draw the attack of a certificate, after the kernel has checked it."""
    import json
    from hashlib import sha256

    from freerand_opt.bounds.answers.attack import read_attack
    from freerand_opt.cli.screen import error, put
    from freerand_opt.reporting.figures.attack import attack_figure, attack_frame, attack_rows
    from freerand_opt.reporting.figures.save import save
    from freerand_opt.runner.checks import check_file

    code, lines = check_file((name, 10**9, None))
    if code:
        error(lines[0])
        raise typer.Exit(code)
    text = Path(name).read_text(encoding="utf-8")
    document = json.loads(text)
    attack = read_attack(document) if document["format"] == "freerand-certificate" else None
    if attack is None:
        raise InputError(name, "this certificate has no attack to be drawn")
    rows = attack_rows(attack, sha256(text.rstrip("\n").encode()).hexdigest()[:16])
    command = shlex.join(["freerand", "plot", Path(name).name, "-o", path.name])
    for written in save(attack_figure(attack), attack_frame(attack), rows, path, command):
        put(str(written))


class Asking:
    """Answers claims and files for figures over some ranges; raise FreerandError if one has no answer."""

    def __init__(self, store: Path | None, executor: Here, watch: Watch) -> None:
        self.store, self.executor, self.watch = store, executor, watch

    def __call__(self, name: str | File | Question, fields: Mapping[str, str]) -> Iterator[Verification]:
        """Yield the answers to the instances of one file."""
        from freerand_opt.claims.verify import compared
        from freerand_opt.cli import running
        from freerand_opt.runner.job import way_of

        found = running.answered(
            running.Asked([name], dict(fields)),
            way_of(),
            self.watch,
            self.executor,
            store=self.store,
        )
        bad = [one for one in found if one.result is None and not one.mark]
        if bad:
            raise FreerandError(f"{bad[0].title}: {bad[0].why}")
        for one in found:
            if one.result is not None:
                yield compared(one.file, one.instance, one.result)


def gallery_rows(name: str, asking: Asking) -> list[Row]:
    """Return the rows of a figure of the gallery; who watches sees its name until it asks a question."""
    from freerand_opt.reporting.figures.gallery import drawing

    answered = drawing(name).answered
    assert answered is not None
    asking.watch.total(1, 0)
    asking.watch.begin(name)
    rows = answered(asking)
    asking.watch.end(0)
    return rows


def _require(path: Path) -> None:
    """Raise before anything is computed if matplotlib is not here or the figure cannot be written."""
    from freerand_opt.reporting.figures.save import require_suffix

    require_matplotlib()
    require_suffix(path)
    opt.require_file(path, "-o")


def require_matplotlib() -> None:
    """Raise UnavailableError if matplotlib is not installed; of its fonts it is not to speak."""
    import logging

    imported("matplotlib", "figures need matplotlib", "'freerand_opt[plot]'")
    # its first run lists them, and the line on stderr that says so is not ours
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def _own(arguments: Sequence[str], data: Path | None, asking: Asking) -> tuple[Frame, list[Row]]:
    """Return the figure of question files, answered over the ranges given."""
    from freerand_opt.model.files.catalogue import find
    from freerand_opt.reporting.figures.gallery import drawing
    from freerand_opt.reporting.figures.grid import frame_and_rows
    from freerand_opt.runner.interval import interval_of

    names, fields = opt.split(list(arguments))
    if data is not None:
        raise InputError("--data", "goes with a figure's name; a question's own answers are drawn otherwise")
    for name in names:
        if find(name) is None and not Path(name).exists():
            drawing(name)  # says what names there are
    over = interval_of(fields)
    if over is not None:
        return _curves(names, fields, over)
    found: list[Any] = [one for name in names for one in asking(name, fields)]
    return frame_and_rows(found)


def _curves(names: Sequence[str], fields: Mapping[str, str], over: Interval) -> tuple[Frame, list[Row]]:
    """Return the figure of the curves of question files."""
    from freerand_opt.reporting.figures.curve import frame_of, rows_of
    from freerand_opt.runner.curves import curves, label_of

    rest = {key: value for key, value in fields.items() if key != over.field}
    found = [one for name in names for one in curves(name, over, rest)]
    title = found[0].file.title or found[0].file.name
    series = [label_of(one.instance, over.field) or one.file.name for one in found]
    rows = [row for one, name in zip(found, series, strict=True) for row in rows_of(one.curve, name)]
    return frame_of([one.curve for one in found], title), rows
