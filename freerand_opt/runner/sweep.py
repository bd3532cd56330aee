"""Sweeps: a question over the values of some of its numbers, answered where jobs run and kept in a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from freerand_opt.bounds.questions import question_of
from freerand_opt.claims.conjecture import file as computations
from freerand_opt.claims.verify import File
from freerand_opt.claims.verify import Instance as Claimed
from freerand_opt.errors import InputError, nearest
from freerand_opt.model import catalogue
from freerand_opt.model.file import Choose, Instance, QuestionFile, in_memory, read
from freerand_opt.model.grid import Place
from freerand_opt.model.head import kind_of, load
from freerand_opt.model.question import Question
from freerand_opt.model.text import shown
from freerand_opt.model.threshold import Threshold
from freerand_opt.runner.answers import Answers, Run, answer_all
from freerand_opt.runner.executor import Executing, executor_of
from freerand_opt.runner.job import way_of
from freerand_opt.runner.refine import Refinement, is_wanted, merged
from freerand_opt.runner.shard import whole
from freerand_opt.runner.store import opened

Asked: TypeAlias = Question | Instance | File | Mapping[str, Any] | str | Path
_SINGLE = (Question, Instance, QuestionFile, computations.ComputationFile, Mapping, str, Path)
#: Reads a file again with other axes, and of its cells those for which a function of (variant, place) holds.
Reader: TypeAlias = Callable[[Mapping[str, Any], Callable[[int, Place], bool] | None], File]


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
    the answer crosses a number. `how` are the options of `bound`: solver, time_limit, width, symmetry. Raise
    InputError for what cannot be read, SolverUnavailableError if `solver` cannot run.
    """
    try:
        way = way_of(**how)
    except TypeError as error:
        raise InputError("sweep", f"{error}; allowed: solver, time_limit, width, symmetry") from None
    asked = [question] if isinstance(question, _SINGLE) else question
    readers = [reader(one, threshold) for one in asked]
    kept = opened(store)
    try:
        with executor_of(executor) as found:
            run = Run(kept, found, way, fresh)
            files = [read_again(axes or {}, None) for read_again in readers]
            return swept(files, readers, axes or {}, run, refine)
    finally:
        kept.close()


def swept(
    files: Sequence[File],
    readers: Sequence[Reader],
    axes: Mapping[str, Any],
    run: Run,
    refine: Refinement | None = None,
) -> Answers:
    """Answer all cells of some files, and then, with `refine`, those that it asks for beside them."""
    files = list(files)
    if refine is not None:
        for file in files:
            refine.require(file)
    answers = answer_all(cells_of(files), run)
    while refine is not None and (cells := refine.wanted(answers)):
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


def cells_of(files: Sequence[File]) -> list[tuple[File, Claimed]]:
    """Return every instance of some files, with its file."""
    return [(file, instance) for file in files for instance in file.instances]


def reader(asked: Asked, threshold: str | Threshold | None = None, choose: Choose = whole) -> Reader:
    """Return what reads a question, or the file of a path or claim, over some axes."""
    if isinstance(asked, str | Path):
        if isinstance(threshold, Threshold):
            raise InputError("threshold", "of a file is a text, as source.epsilon=0:1/4")
        path = path_of(asked)
        if kind_of(load(path)) == "computation":
            if threshold is not None:
                raise InputError("threshold", f"{path} is a computation; it has no critical value")
            return lambda axes, keep: computations.read(path, axes, choose=choose, keep=keep)
        return lambda axes, keep: read(path, axes, threshold=threshold, choose=choose, keep=keep)
    if isinstance(asked, QuestionFile | computations.ComputationFile):
        return lambda axes, keep: asked
    question, own = question_of(asked)
    sought = own if threshold is None else threshold
    body = question.to_dict() | _sought(sought)
    return lambda axes, keep: in_memory(body, axes, choose, keep)


def path_of(name: str | Path) -> Path:
    """Return the path of a question file or claim; raise InputError for a name that is neither."""
    path = Path(name)
    known = None if path.suffix else catalogue.find(str(name))
    if known is None and not path.suffix and not path.is_file():
        near = nearest(str(name), [claim.stem for claim in catalogue.claims()])
        raise InputError(
            shown(str(name))[1:-1],
            f"is neither a file nor a claim; `freerand list` names the claims{near}",
        )
    return known or path


def _sought(threshold: str | Threshold | None) -> dict[str, Any]:
    """Return the table of a threshold in a question's tables."""
    if threshold is None:
        return {}
    if isinstance(threshold, Threshold):
        return {"threshold": threshold.to_dict()}
    field, equals, ends = (part.strip() for part in threshold.partition("="))
    if not equals or ends.count(":") != 1:
        raise InputError("threshold", f"{shown(threshold)}: write field=first:last, as source.epsilon=0:1/4")
    return {"threshold": {"of": field, "between": [end.strip() for end in ends.split(":")]}}
