"""How verbs run questions: from names, fields and options to answers, and answers to the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from freerand_opt.claims.verify import File
from freerand_opt.cli import screen, words
from freerand_opt.cli.words import Line
from freerand_opt.errors import InputError
from freerand_opt.files import require_writable
from freerand_opt.model.question import Question
from freerand_opt.runner.answers import Answers, Finding, Run
from freerand_opt.runner.executor import Here, cluster, local
from freerand_opt.runner.job import Way
from freerand_opt.runner.reading import Blocks, cells_of, reader
from freerand_opt.runner.refine import Refinement
from freerand_opt.runner.shard import Shard, whole
from freerand_opt.runner.shelf import Shelf
from freerand_opt.runner.store import Store, opened
from freerand_opt.runner.sweep import refined, streamed
from freerand_opt.runner.table import Columns, Row
from freerand_opt.runner.table import rows as plain_rows
from freerand_opt.runner.watch import Watch


@dataclass(frozen=True)
class Asked:
    """What is asked on a command line: files or claims, values of fields, and which cells."""

    names: Sequence[str | File | Question]
    fields: dict[str, str] = field(default_factory=dict)
    threshold: str | None = None
    shard: str | None = None
    refine: str | None = None
    crosses: str | None = None

    @property
    def part(self) -> Shard | None:
        """Return the shard; raise InputError for what is none."""
        return None if self.shard is None else Shard.named(self.shard)

    @property
    def rule(self) -> Refinement | None:
        """Return where cells are to be added; raise InputError for what is no rule."""
        if self.crosses is not None and self.refine is None and self.threshold is None:
            raise InputError("--crosses", "is what a curve, --threshold or --refine seeks; none is given")
        if self.refine is not None and self.shard is not None:
            raise InputError(
                "--refine", "needs all cells; run all shards first, and --refine without --shard then"
            )
        return None if self.refine is None else Refinement.named(self.refine, self.crosses)

    def blocks(self, watch: Watch) -> Blocks:
        """Read everything, before anything is made or computed; raise InputError for what cannot be read."""
        if not self.names:
            raise InputError("arguments", "at least one question file or claim is needed")
        fields = self.fields
        if self.crosses is not None and self.threshold is not None and self.refine is None:
            if "threshold.crosses" in fields:
                raise InputError("--crosses", "threshold.crosses is given too; leave one of them out")
            fields = {**fields, "threshold.crosses": self.crosses}
        found = Blocks([reader(name, self.threshold, self.part or whole) for name in self.names], fields)
        for file in found.files:
            for note in file.notes:
                watch.say(f"{file.path}: {note}")
            if self.rule is not None:
                self.rule.require(file)
        return found


@contextmanager
def shelf(folder: Path | None, quiet: bool, *, corners: bool = False) -> Iterator[Shelf | None]:
    """Yield the shelf of a folder, None without one; at the end, say what was written."""
    found = None if folder is None else Shelf(folder, corners=corners)
    yield found
    if found is not None:
        screen.kept(folder, found.written, quiet)


def place(jobs: int | None, address: str | None) -> AbstractContextManager[Here]:
    """Return what runs jobs: a cluster if one is named, else so many processes of this machine."""
    if address is None:
        return local(jobs)
    if jobs is not None:
        raise InputError("--cluster", "how many jobs run at once is the cluster's affair; leave --jobs out")
    return cluster(address)


def answered(
    asked: Asked,
    how: Way,
    watch: Watch,
    executor: Here,
    *,
    store: Path | None,
    fresh: bool = False,
    shelf: Shelf | None = None,
    found: Finding | None = None,
) -> Answers:
    """Answer what is asked; certificates go to a shelf as they come. Those `found` are only checked."""
    parts, _ = answering(asked, how, watch, executor, store=store, fresh=fresh, shelf=shelf, found=found)
    return Answers(tuple(chain.from_iterable(parts)))


def answering(
    asked: Asked,
    how: Way,
    watch: Watch,
    executor: Here,
    *,
    store: Path | None,
    fresh: bool = False,
    shelf: Shelf | None = None,
    found: Finding | None = None,
) -> tuple[Iterator[Answers], Columns | None]:
    """Read what is asked, and return its answers block by block, with the columns of a table of all blocks.

    Of a single block the columns are None.
    """
    blocks = asked.blocks(watch)
    if shelf is not None:
        require_writable(shelf.folder, "--certificates")
        for cell in cells_of(blocks.files):
            shelf.place(*cell)  # in this order, whatever is answered first

    def run(kept: Store) -> Run:
        return Run(kept, executor, how, fresh, watch, None if shelf is None else shelf.keep, found)

    return _answering(asked, blocks, run, store), None if blocks.single else blocks.columns


def _answering(
    asked: Asked, blocks: Blocks, how: Callable[[Store], Run], store: Path | None
) -> Iterator[Answers]:
    kept = opened(store, asked.part)
    try:
        run = how(kept)
        if asked.rule is None:
            yield from streamed(blocks, run)
        else:
            yield refined(blocks.readers, asked.fields, run, asked.rule)
    finally:
        kept.close()


def rows(lines: Sequence[Line], columns: Columns | None = None) -> list[Row]:
    """Return answers as rows of a table, with what their files expect and the verdicts."""
    plain = plain_rows([line.answer for line in lines], columns)
    found = []
    for row, line in zip(plain, lines, strict=True):
        claim = {"expected": line.cell.expected or None, "verdict": line.cell.verdict}
        place = list(row).index("method")
        items = list(row.items())
        found.append(dict([*items[:place], *claim.items(), *items[place:]]))
    return found


def show(lines: Sequence[Line], *, alone: bool) -> None:
    """Write answers to stdout: a single one at length if it is `alone`, else a table."""
    if alone and len(lines) == 1 and lines[0].answer.result is not None:
        screen.put(words.at_length(lines[0]))
        return
    if not lines or all(line.answer.result is None and not line.answer.mark for line in lines):
        return
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line, style in words.table(lines):
        console.print(line, style=style)
