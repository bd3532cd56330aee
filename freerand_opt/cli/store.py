"""The verbs `freerand store ..`: what is kept, put together, and thrown away."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.runner.store import Entry, Store

app = typer.Typer(no_args_is_help=True, help="List, merge and tidy the answers that are kept.")
#: Entries of which columns are as wide as the widest.
PART = 1000
Place = Annotated[Path | None, typer.Argument(help="Folder of a store; else the user's cache.")]


def _store(folder: Path | None) -> Store:
    from freerand_opt.runner.store import Store, default_folder, holds_answers

    place = folder or default_folder()
    if not holds_answers(place):
        raise InputError("store", f"no answer is stored in {place}")
    return Store(place)


@app.command("list")
def list_answers(folder: Place = None, as_json: opt.AsJson = False) -> None:
    """List the answers of a store; ends are as they were stored, not checked here."""
    from freerand_opt.cli.screen import Put, columns, put

    kept, names = _store(folder), ("address", "name", "quantity", "lower", "upper", "checker", "seconds")
    rows, count = kept.rows(", ".join(names)), 0
    with Put(None, None, as_json, quiet=True).json() as records:
        while (part := list(islice(rows, PART))) or not count:
            if as_json:
                records([dict(zip(names, row, strict=True)) for row in part])
            else:
                lines = columns([names[:5], *([_short(word) for word in row[:5]] for row in part)], (1, 2))
                put("\n".join(lines[bool(count) :]))
            count += len(part)
            if len(part) < PART:
                break
    kept.close()
    if not as_json:
        put(f"{count} answers in {kept.folder}")


def _short(value: object) -> str:
    words = "-" if value is None else str(value)
    return words if len(words) <= 24 else f"{words[:14]}.."


@app.command()
def merge(
    folder: Annotated[Path, typer.Argument(help="Folder that takes the answers.")],
    sources: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders of answers; else the folder's own shards.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Leave the shards' files where they are.")] = False,
) -> None:
    """Put answers of shards or other stores into one file; of two answers the narrower one stays."""
    from freerand_opt.cli.screen import put
    from freerand_opt.files import require_writable
    from freerand_opt.runner.store import Store, files_below

    require_writable(folder, "store")
    kept = Store(folder)
    paths = [path for source in sources for path in files_below(source)] if sources else kept.parts()
    if not paths:
        raise InputError("store", f"nothing to merge: {folder} has no shards, and no other store is named")
    new = kept.merge(paths, better)
    if not sources and not keep:
        for path in kept.parts():
            path.unlink()
    put(f"{new} new answers from {len(paths)} file{'' if len(paths) == 1 else 's'} in {kept.path}")
    kept.close()


def better(one: Entry, other: Entry) -> Entry:
    """Return the entry with the narrower bracket, the first if they are equal; nothing is checked here."""
    return other if _openness(other) < _openness(one) else one


def _openness(entry: Entry) -> tuple[int, float]:
    from freerand_opt.numbers.exact import enclose
    from freerand_opt.numbers.parse import parse

    ends = (entry.lower, entry.upper)
    if "none" in ends:
        return 0, 0.0
    if None in ends:
        return ends.count(None), 0.0
    low, high = (parse(str(end)) for end in ends)
    return 0, float(enclose(high - low, 80)[1])


@app.command()
def gc(folder: Place = None) -> None:
    """Delete what other versions of the checker accepted; nothing of it would be served."""
    from freerand_opt.cli.screen import put

    kept = _store(folder)
    gone = kept.forget()
    kept.close()
    put(f"{gone} answers of other versions of the checker deleted from {kept.path}")
