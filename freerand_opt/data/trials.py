"""Trials in order, as a stream of cell numbers that is read in blocks and never held whole.

A cell's number is its joint setting times the number of joint outcomes, plus its joint outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from freerand_opt.data.columns import Columns
from freerand_opt.data.counts import Counts
from freerand_opt.data.streams import Block, of_array, of_bytes, of_parquet, of_text
from freerand_opt.errors import InputError
from freerand_opt.model.scenario import AnyScenario

#: Trials of one block.
BLOCK = 1 << 22
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Trials:
    """A sequence of trials from number `first` on; `read()` starts the stream of all blocks anew.

    >>> from freerand_opt.model import chsh
    >>> trials = Trials.from_array([[0, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]], chsh())
    >>> trials.counts().total, next(trials.blocks()).tolist()
    (3, [0, 7, 0])
    """

    scenario: AnyScenario
    read: Callable[[], Iterator[Block]] = field(compare=False)
    first: int = 0
    path: Path | None = None

    @classmethod
    def from_bytes(cls, path: str | Path, scenario: AnyScenario) -> Trials:
        """Read a file of one byte a trial, the cell's number (at most 256 cells)."""
        cells = scenario.shape[0] * scenario.shape[1]
        return cls(scenario, lambda: of_bytes(Path(path), cells, BLOCK), 0, Path(path))

    @classmethod
    def from_csv(
        cls, path: str | Path, scenario: AnyScenario, columns: Columns | Mapping[str, Any] | None = None
    ) -> Trials:
        """Read a text file with one row a trial, by default x,y,a,b."""
        names = Columns.of(columns, scenario)
        return cls(scenario, lambda: of_text(Path(path), scenario, names, BLOCK), 0, Path(path))

    @classmethod
    def from_parquet(
        cls, path: str | Path, scenario: AnyScenario, columns: Columns | Mapping[str, Any] | None = None
    ) -> Trials:
        """Read a Parquet file with one row a trial; raise UnavailableError without pyarrow or polars."""
        names = Columns.of(columns, scenario)
        return cls(scenario, lambda: of_parquet(Path(path), scenario, names, BLOCK), 0, Path(path))

    @classmethod
    def from_array(cls, array: Any, scenario: AnyScenario) -> Trials:
        """Read an integer array: cell numbers, or a row a trial with settings, then outcomes, by party."""
        held = np.asarray(array)
        return cls(scenario, lambda: of_array(held, scenario, BLOCK))

    @classmethod
    def from_frame(
        cls, frame: Any, scenario: AnyScenario, columns: Columns | Mapping[str, Any] | None = None
    ) -> Trials:
        """Read a data frame (pandas, polars) with one row a trial."""
        from freerand_opt.data.streams import of_frame

        names = Columns.of(columns, scenario)
        return cls(scenario, lambda: of_frame(frame, scenario, names, BLOCK, 0))

    def blocks(self) -> Iterator[Block]:
        """Yield the cell numbers in order, block by block."""
        skip = self.first
        for block in self.read():
            if skip >= len(block):
                skip -= len(block)
                continue
            yield block[skip:]
            skip = 0

    def counts(self, progress: Progress | None = None, most: int | None = None) -> Counts:
        """Return counts of all trials, or of the first `most`; `progress` hears how many were read."""
        cells = self.scenario.shape[0] * self.scenario.shape[1]
        totals, done = [0] * cells, 0
        for block in self.blocks():
            held = block if most is None else block[: most - done]
            done += len(held)
            # a block has fewer than 2^31 trials, so that bincount's int64 cannot overflow
            totals = [
                n + int(more) for n, more in zip(totals, np.bincount(held, minlength=cells), strict=True)
            ]
            if progress is not None:
                progress(done)
            if done == most:
                break
        if most is not None and done < most:
            raise InputError(str(self.path or "trials"), f"has {done} trials; {most} were asked for")
        return Counts(self.scenario, tuple(totals), None, self.path.name if self.path else "")

    def digest(self) -> str | None:
        """Return the SHA-256 of the file, None for trials that are in memory."""
        if self.path is None:
            return None
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def split(self, share: Fraction | str | int, progress: Progress | None = None) -> tuple[Counts, Trials]:
        """Return counts of the first share (a fraction of 1, or a number of trials), and the trials after it.

        Later trials may be judged by earlier ones under any memory of the devices; a share picked at random
        may not (docs/proofs/experiments.md, section 2).
        """
        wanted = Fraction(share)
        if wanted <= 0 or (wanted < 1 and wanted.denominator > 10**9):
            raise InputError("training", f"{share} is no share; a fraction such as 1/10 is needed")
        number = int(wanted) if wanted >= 1 else int(wanted * self.counts(progress).total)
        if not number or (wanted >= 1 and wanted.denominator != 1):
            raise InputError("training", f"{share} of these trials is no trial at all")
        return self.counts(most=number), replace(self, first=self.first + number)

    def running(self, logs: npt.NDArray[np.float64], points: int = 1000) -> Running:
        """Return the running sum of log2 F by cell over the trials, in floats, for figures and the best
        stop.
        """
        level, done, best, at, stride = 0.0, 0, 0.0, 0, 1
        trace: list[tuple[int, float]] = [(0, 0.0)]
        for block in self.blocks():
            path = np.cumsum(logs[block])
            top = int(path.argmax()) if len(path) else 0
            if len(path) and level + path[top] > best:
                best, at = level + float(path[top]), done + top + 1
            while done + len(path) > 2 * points * stride:
                stride *= 2
            trace = [(n, held) for n, held in trace if n % stride == 0]
            first = stride - done % stride - 1
            trace += [(done + k + 1, level + float(path[k])) for k in range(first, len(path), stride)]
            level += float(path[-1]) if len(path) else 0.0
            done += len(path)
        trace += [(done, level)] if trace[-1][0] < done else []
        return Running(tuple(trace), at, best, level)


@dataclass(frozen=True)
class Running:
    """(number of trials, log2 of the product); the largest, `best`, stands after trial `at`; `last` at the
    end.
    """

    trace: tuple[tuple[int, float], ...]
    at: int
    best: float
    last: float
