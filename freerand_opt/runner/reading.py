"""Questions, files and claims as what can be read again and again: over other axes, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from msgspec.structs import replace

from freerand_opt.claims.verify import File
from freerand_opt.claims.verify import Instance as Claimed
from freerand_opt.errors import InputError
from freerand_opt.model.files import catalogue
from freerand_opt.model.files.asked import question_of
from freerand_opt.model.files.file import Choose, Instance, all_cells, in_memory, read, seeking
from freerand_opt.model.files.head import kind_of, load
from freerand_opt.model.question import Question
from freerand_opt.model.tables.grid import Place
from freerand_opt.model.threshold import Threshold
from freerand_opt.runner.cost import expected_seconds
from freerand_opt.runner.shard import BLOCK, Block, whole
from freerand_opt.runner.table import Columns

Asked: TypeAlias = "Question | Instance | File | Mapping[str, Any] | str | Path"
#: Whether a cell, by the number of its instance and its place, is wanted.
Keep: TypeAlias = Callable[[int, Place], bool]


@dataclass(frozen=True)
class Reader:
    """Reads what is asked again; `read` takes axes, which cells are chosen, and which of them are kept."""

    read: Callable[[Mapping[str, Any], Choose, Keep | None], File]
    choose: Choose = whole

    def __call__(self, axes: Mapping[str, Any], keep: Keep | None = None, block: int | None = None) -> File:
        """Return a file with the cells of a block, or with all, as many as are held at once."""
        return self.read(axes, self._all if block is None else Block(self.choose, block), keep)

    def _all(self, sizes: Sequence[int]) -> Sequence[Sequence[int]]:
        found = self.choose(sizes)
        all_cells([len(cells) for cells in found])
        return found

    def blocks(self, axes: Mapping[str, Any]) -> Iterator[File]:
        """Yield the file with its cells block by block; the first may have none."""
        for block in count():
            file = self(axes, None, block)
            if file.instances or not block:
                yield file
            if len(file.instances) < BLOCK:
                return


@dataclass
class Blocks:
    """What was read of some files, each over the same axes: the cells of large ones are read again.

    `columns` are those of a table of all cells, `cells` their number, `seconds` what they may take.
    """

    readers: Sequence[Reader]
    axes: Mapping[str, Any]
    files: list[File] = field(default_factory=list)
    columns: Columns = field(default_factory=Columns)
    cells: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        for reader in self.readers:
            for place, file in enumerate(reader.blocks(self.axes)):
                if not place:
                    self.files.append(file)
                self.columns.see(instance.at for instance in file.instances)
                self.cells += len(file.instances)
                self.seconds += sum(map(expected_seconds, file.instances))

    @property
    def single(self) -> bool:
        """Return whether everything is held at once, in `files`."""
        return self.cells == sum(len(file.instances) for file in self.files)

    def __iter__(self) -> Iterator[list[File]]:
        """Yield files whose cells are answered together: all, or block after block of one after the other."""
        if self.single:
            yield self.files
            return
        for reader in self.readers:
            for file in reader.blocks(self.axes):
                yield [file]


def cells_of(files: Sequence[File]) -> list[tuple[File, Claimed]]:
    """Return every instance of some files, with its file."""
    return [(file, instance) for file in files for instance in file.instances]


def reader(asked: Asked, threshold: str | Threshold | None = None, choose: Choose = whole) -> Reader:
    """Return what reads a question, or the file of a path or claim, over some axes."""
    if isinstance(asked, str | Path):
        if isinstance(threshold, Threshold):
            raise InputError("threshold", "of a file is a text, as source.epsilon=0:1/4")
        path = catalogue.path_of(asked)
        if kind_of(load(path)) == "computation":
            if threshold is not None:
                raise InputError("threshold", f"{path} is a computation; it has no critical value")
            from freerand_opt.claims.conjecture import file as computations

            return Reader(
                lambda axes, choose, keep: computations.read(path, axes, choose=choose, keep=keep), choose
            )
        return Reader(
            lambda axes, choose, keep: read(path, axes, threshold=threshold, choose=choose, keep=keep), choose
        )
    if _is_file(asked):
        return Reader(lambda axes, choose, keep: _picked(asked, choose), choose)
    given: Any = asked
    question, own = question_of(given)
    sought = own if threshold is None else threshold
    body = question.to_dict() | _sought(sought)
    return Reader(lambda axes, choose, keep: in_memory(body, axes, choose, keep), choose)


def listed(asked: Any) -> list[Any]:
    """Return one thing that is asked, or a list of them, as a list."""
    single = isinstance(asked, Question | Instance | Mapping | str | Path) or _is_file(asked)
    return [asked] if single else list(asked)


def _is_file(asked: Any) -> TypeGuard[File]:
    return hasattr(asked, "instances")


def _picked(file: File, choose: Choose) -> File:
    (places,) = choose([len(file.instances)])
    return replace(file, instances=tuple(file.instances[k] for k in places))


def _sought(threshold: str | Threshold | None) -> dict[str, Any]:
    """Return the table of a threshold in a question's tables."""
    if threshold is None:
        return {}
    if isinstance(threshold, Threshold):
        return {"threshold": threshold.to_dict()}
    return {"threshold": seeking(threshold, "threshold")}
