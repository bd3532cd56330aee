"""Sweeps: a question over the values of some of its numbers, answered where jobs run and kept in a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from freerand_opt.claims.verify import File
from freerand_opt.errors import InputError
from freerand_opt.model.threshold import Threshold
from freerand_opt.runner.answer import Answer
from freerand_opt.runner.answers import Answers, Run, answer_all
from freerand_opt.runner.executor import Executing, executor_of
from freerand_opt.runner.job import Way, way_of
from freerand_opt.runner.reading import Asked, Blocks, Reader, cells_of, listed, reader
from freerand_opt.runner.refine import Refinement, is_wanted, merged
from freerand_opt.runner.store import opened


def sweep(
    question: Asked | Sequence[Asked],
    axes: Mapping[str, Any] | None = None,
    *,
    threshold: str | Threshold | None = None,
    executor: Executing = None,
    store: str | Path | None = None,
    fresh: bool = False,
    refine: Refinement | None = None,
    **how: Any,
) -> Answers:
    """Answer a question, or all of some files, at every combination of the values of some fields.

    `axes` maps key paths (``source.epsilon``, ``test[0].score``) to lists, arrays, or texts such as
    ``0:1/5:1/100``; floats count as their shortest decimals. `executor` is None (a process for each core), a
    number of processes, or anything with `submit`: a `concurrent.futures.Executor`, a Dask client. `store` is
    a folder (None: the user's cache); what is there is checked by the kernel and not solved again, unless
    `fresh`. `threshold`, as ``source.epsilon=0:1/4``, asks for a critical value; `refine` adds cells where
    the answer crosses a number. `how` are the options of `bound`: solver, time_limit, width, symmetry. All
    answers are held: `stream` yields them. Raise InputError for what cannot be read,
    SolverUnavailableError if `solver` cannot run.
    """
    if refine is None:
        return Answers(
            tuple(
                stream(
                    question, axes, threshold=threshold, executor=executor, store=store, fresh=fresh, **how
                )
            )
        )
    way, readers = _way(how), _readers(question, threshold)
    kept = opened(store)
    try:
        with executor_of(executor) as found:
            return refined(readers, axes or {}, Run(kept, found, way, fresh), refine)
    finally:
        kept.close()


def stream(
    question: Asked | Sequence[Asked],
    axes: Mapping[str, Any] | None = None,
    *,
    threshold: str | Threshold | None = None,
    executor: Executing = None,
    store: str | Path | None = None,
    fresh: bool = False,
    **how: Any,
) -> Iterator[Answer]:
    """Yield the answers of a sweep in order, of millions of cells no more than some thousands held at once.

    Arguments and errors are those of `sweep`; all cells are read before the first is answered.
    """
    way, readers = _way(how), _readers(question, threshold)
    kept = opened(store)
    try:
        with executor_of(executor) as found:
            run = Run(kept, found, way, fresh)
            yield from chain.from_iterable(streamed(Blocks(readers, axes or {}), run))
    finally:
        kept.close()


def _way(how: Mapping[str, Any]) -> Way:
    try:
        return way_of(**how)
    except TypeError as error:
        raise InputError("sweep", f"{error}; allowed: solver, time_limit, width, symmetry") from None


def _readers(question: Asked | Sequence[Asked], threshold: str | Threshold | None) -> list[Reader]:
    return [reader(one, threshold) for one in listed(question)]


def streamed(blocks: Blocks, run: Run) -> Iterator[Answers]:
    """Yield the answers of each block of cells, in order."""
    if not blocks.single:
        run.watch.total(blocks.cells, blocks.seconds)
        run = replace(run, watch=replace(run.watch, total=lambda jobs, seconds: None))
    for files in blocks:
        yield answer_all(cells_of(files), run)


def refined(
    readers: Sequence[Reader],
    axes: Mapping[str, Any],
    run: Run,
    refine: Refinement,
) -> Answers:
    """Answer all cells of some files, and then those that are asked for beside them; all are held at once."""
    files = [read_again(axes) for read_again in readers]
    for file in files:
        refine.require(file)
    answers = answer_all(cells_of(files), run)
    while cells := refine.wanted(answers):
        for k, read_again in enumerate(readers):
            files[k] = _finer(files[k], read_again, axes, refine, cells)
        answers = answer_all(cells_of(files), run, answers)
    return answers


def _finer(
    file: File,
    read_again: Reader,
    axes: Mapping[str, Any],
    refine: Refinement,
    cells: set[Any],
) -> File:
    """Return a file with those of some cells that are its own, beside the ones it has."""
    values = sorted({value for row, value in cells if row[0] == str(file.path)})
    if not values:
        return file
    more = read_again({**axes, refine.field: values}, partial(is_wanted, cells, file.path, refine.field))
    return merged(file, more, refine.field)
