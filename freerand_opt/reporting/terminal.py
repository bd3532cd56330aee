"""What the command line prints: data on stdout, progress on stderr."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from freerand_opt.answers.beyond import beyond
from freerand_opt.answers.impossible import reason, to_do
from freerand_opt.answers.verification import TRUSTED, Verification
from freerand_opt.certificates.check import safe, trusted_ends
from freerand_opt.reporting import refutations, tables, words
from freerand_opt.reporting.units import alongside
from freerand_opt.sweeps.answers import Watch

#: Controls, and marks that turn the direction of writing.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_HOW = {"solved": "checked", "checked": "checked again", "stored": "checked when it was stored"}


def put(text: str, end: str = "\n") -> None:
    """Write text to stdout, without the characters that a terminal obeys, line ends and tabs apart."""
    sys.stdout.write(_OBEYED.sub(lambda found: safe(found[0]), text) + end)


def put_json(data: object) -> None:
    """Write data as JSON to stdout."""
    put(json.dumps(data, indent=1))


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
    if found.result.infeasible and asked is not None:
        why = reason(asked) or beyond(asked, result.certificate)
        lines += [f"because     {why[0]}: {why[1]}"] if why is not None else []
        lines += [f"to do       {to_do(asked)}"] if found.impossible or why is not None else []
    if found.verdict is not None:
        lines.append(
            f"verdict     {found.verdict} ({found.instance.expect.shown if found.instance.expect else ''})"
        )
    trusted = TRUSTED if trusted_ends(result.certificate) else ""
    lines += [
        f"method      {result.method}",
        f"certificate {result.digest}, {_HOW[result.how]}{trusted}; {result.seconds:.2f} s",
    ]
    lines += refutations.lines(found)
    if result.attack and asked is not None:
        lines += words.attack(result.attack, asked)
    put("\n".join(map(safe, lines)))


def put_table(results: Sequence[Verification]) -> None:
    """Write one table, a section for each claim; colours only for people."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line, style in tables.lines(results):
        console.print(safe(line), style=style)


@contextmanager
def progress(quiet: bool) -> Iterator[Watch]:
    """Show on stderr, if somebody watches, how far a run is and how long it may still take.

    The bar appears from the third second on, and goes by expected seconds, not by jobs. What is said is
    written even if nobody watches.
    """
    if quiet or not sys.stderr.isatty():
        yield Watch(say=say)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    begun = time.perf_counter()
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[jobs]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, speed_estimate_period=300) as bar:
        task = bar.add_task("", total=0, visible=False, done=0, jobs=0)
        row = bar.tasks[0]

        def total(jobs: int, seconds: float) -> None:
            bar.update(task, total=(row.total or 0) + seconds, jobs=row.fields["jobs"] + jobs)

        def begin(words: str) -> None:
            late = time.perf_counter() - begun > 2
            bar.update(task, description=words[:50], visible=late or row.fields["jobs"] == 1)

        def end(seconds: float) -> None:
            late = time.perf_counter() - begun > 2
            bar.update(task, advance=seconds, done=row.fields["done"] + 1, visible=late)

        yield Watch(total, begin, end, lambda words: console.print(words, markup=False, highlight=False))


def say(words: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{safe(words)}\n")
