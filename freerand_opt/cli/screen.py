"""What the command line prints: data on stdout, progress and everything said on stderr, in 80 columns."""

from __future__ import annotations

import json
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from freerand_opt.runner.watch import Watch

WIDTH = 80
#: Controls, and marks that turn the direction of writing.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_LONG = re.compile(r"[0-9]{25,}")


def safe(words: object) -> str:
    """Return a text on one line, with escapes for what is not printable, as files may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(words))


def put(words: str, end: str = "\n") -> None:
    """Write text to stdout, without the characters that a terminal obeys, line ends and tabs apart."""
    sys.stdout.write(_OBEYED.sub(lambda found: safe(found[0]), words) + end)


def put_json(data: object) -> None:
    """Write data as JSON to stdout."""
    put(json.dumps(data, indent=1))


def say(words: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{safe(words)}\n")


def kept(folder: Path | None, count: int, quiet: bool) -> None:
    """Say where certificates were written, if they were."""
    if folder is not None and count and not quiet:
        say(f"wrote {folder} ({count} certificate{'' if count == 1 else 's'})")


def error(words: str) -> None:
    """Write an error to stderr, in one line."""
    say(f"error: {words}")


def cut(words: str) -> str:
    """Return a text with numbers of 25 digits and more cut; they are whole in JSON and files."""
    return _LONG.sub(lambda found: f"{found[0][:10]}..({len(found[0])} digits)", words)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return (name, words) in two columns."""
    lines = []
    for name, words in pairs:
        head = f"{name:<12}"
        lines += textwrap.wrap(
            head + cut(safe(words)),
            WIDTH,
            subsequent_indent=" " * 12,
            break_long_words=True,
            break_on_hyphens=False,
            drop_whitespace=True,
        ) or [head.rstrip()]
    return "\n".join(lines)


def wrapped(line: str, indent: int = 4) -> list[str]:
    """Return a line in 80 columns, the rest of it indented."""
    return textwrap.wrap(safe(line), WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def fact(line: str) -> tuple[str, str]:
    """Return a line of the kernel's, such as ``source: 2 bits``, as (name, words)."""
    name, colon, rest = line.partition(": ")
    return (name, rest) if colon and len(name) < 12 else ("", line)


def columns(rows: Sequence[Sequence[str]], first: Sequence[int] = (0,), *, right: bool = False) -> list[str]:
    """Return rows as aligned lines; to fit 80 columns those named `first` are cut, in that order."""
    rows = [[cut(safe(cell)) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for i in first:
        over = sum(widths) + 2 * (len(widths) - 1) - WIDTH
        widths[i] = max(min(widths[i], 14), widths[i] - max(over, 0))
    lines = []
    for row in rows:
        cells = [_middle(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True)]
        if right:
            cells[-1] = row[-1].rjust(widths[-1])
        lines.append("  ".join(cells).rstrip())
    return lines


def _middle(cell: str, size: int) -> str:
    if len(cell) <= size:
        return cell
    half = (size - 2) // 2
    return f"{cell[: size - 2 - half]}..{cell[len(cell) - half :]}"


@dataclass(frozen=True)
class Put:
    """What is printed and written: a table and its form, JSON, progress."""

    output: Path | None
    form: str | None
    as_json: bool
    quiet: bool

    @contextmanager
    def table(self) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
        """Yield what takes the rows of a table, and writes them where one is wanted."""
        from freerand_opt.runner.table import Text, written

        if self.form is None or (self.as_json and self.output is None):
            yield lambda rows: None
        elif self.output is None:
            text = Text(self.form, partial(put, end=""))
            yield text.add
            text.end()
        else:
            count = 0

            def add(rows: list[dict[str, Any]]) -> None:
                nonlocal count
                count += len(rows)
                more(rows)

            with written(self.output, self.form) as more:
                yield add
            say(f"wrote {self.output} ({count} row{'' if count == 1 else 's'})")

    @contextmanager
    def json(self) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
        """Yield what takes records, and writes them as JSON if that is wanted."""
        from freerand_opt.runner.table import Text

        text = Text("json", partial(put, end="") if self.as_json else lambda words: None)
        yield text.add
        text.end()


def wanted(output: Path | None, form: str | None, as_json: bool, quiet: bool) -> Put:
    """Return what a command prints and writes; raise InputError if a file cannot be written."""
    from freerand_opt.cli.options import require_file
    from freerand_opt.runner.table import form_of

    if output is not None or form is not None:
        form = form_of(output, form)
        require_file(output, "-o")
    return Put(output, form, as_json, quiet)


@contextmanager
def progress(quiet: bool) -> Iterator[Watch]:
    """Show on stderr, if somebody watches, how far a run is and how long it may still take.

    The bar appears from the third second on, and goes by expected seconds, not by jobs; a single question
    shows the time that has passed. What is said is written even if nobody watches.
    """
    if quiet or not sys.stderr.isatty():
        yield Watch(say=say)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    begun = time.perf_counter()
    console = Console(stderr=True)
    shown = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}/{task.fields[jobs]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *shown,
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # data that goes elsewhere stays data
        speed_estimate_period=300,
    ) as bar:
        task = bar.add_task("", total=0, visible=False, done=0, jobs=0)
        row = bar.tasks[0]

        expected = 0.0

        def total(jobs: int, seconds: float) -> None:
            nonlocal expected
            expected += seconds
            alone = jobs == 1 and not row.fields["jobs"]  # it has no measure, and only shows that it lives
            row.total = None if alone else expected
            bar.update(task, jobs=row.fields["jobs"] + jobs)

        def begin(words: str) -> None:
            late = time.perf_counter() - begun > 2
            bar.update(task, description=safe(words)[:40], visible=late or row.fields["jobs"] == 1)

        def end(seconds: float) -> None:
            late = time.perf_counter() - begun > 2
            bar.update(task, advance=seconds, done=row.fields["done"] + 1, visible=late)

        yield Watch(
            total, begin, end, lambda words: console.print(safe(words), markup=False, highlight=False)
        )


@contextmanager
def counting(quiet: bool, total: int | None) -> Iterator[Callable[[str, int], None]]:
    """Show on stderr, if somebody watches, how many of `total` (None: unknown) are done, and of what."""
    if quiet or not sys.stderr.isatty():
        yield lambda name, runs: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    shown = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda name, runs: bar.update(task, description=safe(name)[:40], completed=runs)
