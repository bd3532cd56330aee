"""Streams of cell numbers from files and arrays, in blocks; each says where a value that it refuses
stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from freerand_opt.data.columns import Columns
from freerand_opt.errors import InputError, imported
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.text import shown

Block = npt.NDArray[Any]
#: Different lines of a text file that are remembered, so that a line is read once and looked up later.
MOST_LINES = 1 << 16
#: Lines of a text file that are held together.
LINES = 1 << 18


def opened(path: Path) -> BinaryIO:
    """Open an ordinary file; raise InputError naming it."""
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise InputError(str(path), "is no ordinary file")
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None


def of_bytes(path: Path, cells: int, size: int) -> Iterator[Block]:
    """Yield blocks of a file of one byte a trial."""
    if cells > 256:
        raise InputError(
            str(path), f"the scenario has {cells} cells, a byte names 256; use a text or Parquet file"
        )
    done = 0
    with opened(path) as file:
        while held := file.read(size):
            block = np.frombuffer(held, dtype=np.uint8)
            _refuse(block, cells, str(path), done)
            done += len(block)
            yield block
    if not done:
        raise InputError(str(path), "is empty")


def _refuse(block: Block, cells: int, where: str, done: int) -> None:
    wrong = (
        np.flatnonzero((block < 0) | (block >= cells))
        if block.dtype.kind == "i"
        else np.flatnonzero(block >= cells)
    )
    if len(wrong):
        k = int(wrong[0])
        raise InputError(
            f"{where}, trial {done + k + 1}",
            f"{int(block[k])} is no cell; the scenario has cells 0..{cells - 1}",
        )


def of_text(path: Path, scenario: AnyScenario, columns: Columns, size: int) -> Iterator[Block]:
    """Yield blocks of a text file; the few different lines there are, are read once."""
    where = str(path)
    with opened(path) as file:
        first = file.readline(1 << 16)
        header = [name.strip() for name in _text(first, f"{where}, line 1").lstrip("\ufeff").split(",")]
        places = columns.places(header, where, counted=False)
        cell = columns.reader(scenario)
        known: dict[bytes, int] = {}
        done = 0
        while lines := list(islice(file, LINES)):
            try:
                block = np.fromiter(map(known.__getitem__, lines), dtype=np.intp, count=len(lines))
            except KeyError:
                block = _slowly(lines, known, len(header), places, cell, where, done + 2)
            done += len(lines)
            yield from (block[k : k + size] for k in range(0, len(block), size))
    if not done:
        raise InputError(where, "has no row of trials")


def _slowly(
    lines: list[bytes],
    known: dict[bytes, int],
    width: int,
    places: list[int],
    cell: Any,
    where: str,
    start: int,
) -> Block:
    """Return the cells of lines some of which are new; empty lines are passed over."""
    found = []
    for k, line in enumerate(lines):
        index = known.get(line)
        if index is None:
            at = f"{where}, line {start + k}"
            row = _text(line, at).rstrip("\r\n").split(",")
            if row == [""]:
                continue
            if len(row) != width:
                raise InputError(at, f"{len(row)} cells instead of {width}; the file may have been cut off")
            index = cell([row[place] for place in places], at)
            if len(known) < MOST_LINES:
                known[line] = index
        found.append(index)
    return np.array(found, dtype=np.intp)


def _text(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(where, "is not UTF-8 text") from None


def of_array(array: Block, scenario: AnyScenario, size: int) -> Iterator[Block]:
    """Yield blocks of an integer array: cell numbers, or rows of settings and outcomes by party."""
    sizes = (*scenario.settings, *scenario.outcomes)
    if (
        array.dtype.kind not in "iu"
        or array.ndim not in (1, 2)
        or (array.ndim == 2 and array.shape[1] != len(sizes))
    ):
        raise InputError(
            "trials",
            f"an integer array of cell numbers, or with a row of {len(sizes)} settings and outcomes for "
            f"each trial, "
            f"is needed, not {array.dtype} of shape {array.shape}",
        )
    cells = scenario.shape[0] * scenario.shape[1]
    for start in range(0, len(array), size):
        block = array[start : start + size].astype(np.int64)
        if array.ndim == 2:
            for k, most in enumerate(sizes):
                wrong = np.flatnonzero((block[:, k] < 0) | (block[:, k] >= most))
                if len(wrong):
                    place, what = int(wrong[0]), "setting" if k < len(scenario.settings) else "outcome"
                    raise InputError(
                        f"trials, row {start + place}, column {k}",
                        f"{int(block[place, k])} is no {what}; allowed: 0..{most - 1}",
                    )
            held = np.zeros(len(block), dtype=np.int64)
            for k, most in enumerate(sizes):
                held = held * most + block[:, k]
            block = held
        _refuse(block, cells, "trials", start)
        yield block


def of_frame(frame: Any, scenario: AnyScenario, columns: Columns, size: int, done: int) -> Iterator[Block]:
    """Yield blocks of a data frame; `done` is the number of trials before it."""
    names = [*columns.settings, *columns.outcomes]
    columns.places([str(name) for name in frame.columns], "frame", counted=False)
    cell = columns.reader(scenario)
    known: dict[tuple[str, ...], int] = {}
    for start in range(0, len(frame), size):
        rows = zip(*(list(frame[name][start : start + size]) for name in names), strict=True)
        block = []
        for k, row in enumerate(rows):
            index = known.get(row)
            if index is None:
                index = cell([str(x) for x in row], f"frame, row {done + start + k}")
                if len(known) < MOST_LINES:
                    known[row] = index
            block.append(index)
        yield np.array(block, dtype=np.intp)


def of_parquet(path: Path, scenario: AnyScenario, columns: Columns, size: int) -> Iterator[Block]:
    """Yield blocks of a Parquet file, read by pyarrow or polars in slices."""
    opened(path).close()
    done = 0
    for frame in _slices(path, [*columns.settings, *columns.outcomes], size):
        yield from of_frame(frame, scenario, columns, size, done)
        done += len(frame)
    if not done:
        raise InputError(str(path), "has no row of trials")


def _slices(path: Path, names: list[str], size: int) -> Iterator[Any]:
    advice = "Parquet needs polars (or write raw bytes or CSV)"
    polars = imported("polars", advice, "'freerand_opt[frames]'")
    try:
        frame = polars.scan_parquet(path)
        missing = [name for name in names if name not in frame.collect_schema().names()]
        if missing:
            raise InputError(str(path), f"has no column {missing[0]!r}")
        held = frame.select(names)
        start = 0
        while len(part := held.slice(start, size).collect()):
            yield part
            start += size
    except polars.exceptions.PolarsError as error:
        raise InputError(str(path), f"cannot be read: {shown(str(error))}") from None
