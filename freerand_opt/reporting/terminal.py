"""What the command line prints: data on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from freerand_opt.reporting import refutations, tables, words
from freerand_opt.reporting.units import alongside
from freerand_opt.verification import Verification


def put(text: str, end: str = "\n") -> None:
    """Write text to stdout."""
    sys.stdout.write(text + end)


def put_json(data: object) -> None:
    """Write data as JSON to stdout."""
    put(json.dumps(data, indent=1))


def put_results(results: Sequence[Verification], *, as_json: bool, alone: bool) -> None:
    """Write results as JSON, as a table, or, if a single one is `alone`, at length."""
    if as_json:
        put_json([tables.record(found) for found in results])
    elif alone and len(results) == 1:
        put_answer(results[0])
    elif results:
        put_table(results)


def put_answer(found: Verification) -> None:
    """Write one answer with its ends, proofs and attack."""
    result, asked = found.result, found.instance.question
    lines = [f"{result.name} {result.instance}".strip()]
    if asked is not None:
        lines += words.question(asked)
    seeks = found.instance.threshold
    if seeks is not None:
        what = (
            "a strategy begins or ceases to exist" if seeks.crosses is None else f"it crosses {seeks.crosses}"
        )
        lines.append(f"threshold   the {seeks.field} at which {what} (its value above is not used)")
    lines.append(f"answer      {tables.row(found)[2]}")
    numeric = result.quantity not in ("strategy", "threshold")
    if numeric and result.bracket.exact is None and result.bracket.upper is not None:
        lines.append(f"            <= {result.bracket.upper}")
    if asked is not None and result.quantity == asked.ask.quantity and not found.impossible:
        for place, (quantity, ends) in enumerate(alongside(asked, result.bracket).items()):
            bits = " bits" if quantity == "min-entropy" else ""
            exact = f" = {ends.upper}" if ends.exact is None and ends.lower == ends.upper else ""
            lines.append(f"{'' if place else 'that is':<12}{quantity} {ends}{exact}{bits}")
    if found.verdict is not None:
        lines.append(
            f"verdict     {found.verdict} ({found.instance.expect.shown if found.instance.expect else ''})"
        )
    lines += [f"method      {result.method}", f"certificate {result.digest}, checked; {result.seconds:.2f} s"]
    lines += refutations.lines(found)
    if result.attack and asked is not None:
        lines += words.attack(result.attack, asked)
    put("\n".join(lines))


def put_table(results: Sequence[Verification]) -> None:
    """Write one table, a section for each claim; colours only for people."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line, style in tables.lines(results):
        console.print(line, style=style)


@contextmanager
def progress(total: int, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show a bar on stderr from the third second on, if somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda words: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    begun = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, visible=False)
        started = 0

        def advance(words: str) -> None:
            nonlocal started
            late = time.perf_counter() - begun > 2
            # what is being worked on is not done yet
            bar.update(task, description=words[:50], completed=started, visible=late or total == 1)
            started += 1

        yield advance
