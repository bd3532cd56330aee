"""Sweeps as they are asked for: which questions, where their answers are kept, where jobs run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import partial
from pathlib import Path

from freerand_opt.errors import InputError
from freerand_opt.files import require_writable
from freerand_opt.solvers.choose import solver_named
from freerand_opt.spec.file import Instance, QuestionFile, read
from freerand_opt.spec.shards import Shard
from freerand_opt.sweeps import engine
from freerand_opt.sweeps.answers import Answers, Watch, answer_all
from freerand_opt.sweeps.batch import Shelf, files_named
from freerand_opt.sweeps.engine import Here
from freerand_opt.sweeps.refining import Refinement, Row, is_wanted, merged, wanted
from freerand_opt.sweeps.store import Store, default_folder
from freerand_opt.sweeps.work import Way


def sweep(
    files: str | Path | Sequence[str | Path | QuestionFile],
    overrides: Mapping[str, str] | None = None,
    *,
    store: str | Path | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    shard: str | None = None,
    refine: str | None = None,
    crosses: str | None = None,
    threshold: str | None = None,
    solver: str = "auto",
    time_limit: float | None = None,
    symmetry: Sequence[str] = (),
    recheck: bool = True,
    fresh: bool = False,
    shelf: Shelf | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Answers:
    """Answer every cell of question files (all named, or all read) and return the answers in order.

    `overrides` and `threshold` as for `read`; `store` is a folder (None: the user's cache); `jobs`
    the number of processes here (None: one for each core), `cluster` the address of a Dask scheduler
    instead; `shard`, as ``3/40``, one part of the cells; `refine`, as ``source.epsilon=1/1000``, adds
    cells between neighbours on different sides of `crosses`. Stored certificates are checked exactly
    before they are used (`recheck`), or not used at all (`fresh`); `shelf` keeps copies of
    certificates, and with `resume` those that are there are taken over if they answer the questions.
    `solver`, `time_limit` and `symmetry` as for `bound`. Raise InputError for what cannot be read or
    written, UnavailableError for what is not here.
    """
    solver_named(solver)
    watch = watch or Watch()
    part = None if shard is None else Shard.named(shard)
    rule = _rule(refine, crosses, part)
    found = _read(files, overrides or {}, threshold, part)
    if rule is not None:
        for file in found:
            rule.require(file)
    if shelf is not None:
        require_writable(shelf.folder, "--certificates")
        for file, instance in cells_of(found):
            shelf.place(file, instance)  # in this order, whatever is answered first
    way = Way(solver, time_limit, tuple(symmetry))
    kept_in = opened(store, watch)
    if shelf is not None and resume:
        shelf.restore(cells_of(found), kept_in, way)
    keep = None if shelf is None else shelf.keep
    ask = partial(answer_all, store=kept_in, way=way, recheck=recheck, fresh=fresh, keep=keep, watch=watch)
    with executor_for(jobs, cluster) as executor:
        answers: Answers = ask(cells_of(found), executor=executor)
        while rule is not None and (cells := wanted(answers, rule)):
            found = [_finer(file, cells, rule, overrides or {}, threshold) for file in found]
            answers = ask(cells_of(found), executor=executor, known=answers)
    return answers


def _rule(refine: str | None, crosses: str | None, part: Shard | None) -> Refinement | None:
    if crosses is not None and refine is None:
        raise InputError("--crosses", "says at what number --refine adds cells, which is not given")
    if refine is not None and part is not None:
        raise InputError(
            "--refine", "needs all cells; run all shards first, and --refine without --shard then"
        )
    return None if refine is None else Refinement.named(refine, crosses)


def _read(
    files: str | Path | Sequence[str | Path | QuestionFile],
    overrides: Mapping[str, str],
    threshold: str | None,
    shard: Shard | None,
) -> list[QuestionFile]:
    given = [files] if isinstance(files, str | Path) else list(files)
    if given and all(isinstance(one, QuestionFile) for one in given):
        return [one for one in given if isinstance(one, QuestionFile)]
    return files_named([str(one) for one in given], dict(overrides), threshold, shard)


def _finer(
    file: QuestionFile,
    cells: set[tuple[Row, Fraction]],
    rule: Refinement,
    overrides: Mapping[str, str],
    threshold: str | None,
) -> QuestionFile:
    """Return a file with those of some cells that are its own, beside the ones it has."""
    values = sorted({value for row, value in cells if row[0] == str(file.path)})
    if not values:
        return file
    more = {**overrides, rule.field: ",".join(map(str, values))}
    keep = partial(is_wanted, cells, file.path, rule.field)
    return merged(file, read(file.path, more, threshold=threshold, keep=keep), rule.field)


def cells_of(files: Sequence[QuestionFile]) -> list[tuple[QuestionFile, Instance]]:
    """Return every instance of some files, with its file."""
    return [(file, instance) for file in files for instance in file.instances]


def executor_for(jobs: int | None, cluster: str | None) -> AbstractContextManager[Here]:
    """Return what runs jobs: a cluster if one is named, else so many processes of this machine."""
    if cluster is None:
        return engine.local(jobs)
    if jobs is not None:
        raise InputError("--cluster", "how many jobs run at once is the cluster's affair; leave --jobs out")
    return engine.cluster(cluster)


def opened(folder: str | Path | None, watch: Watch) -> Store:
    """Return the store in a folder, made if it is new; raise InputError if a named one cannot be written."""
    if folder is not None:
        require_writable(Path(folder), "--store")
        return Store(Path(folder))
    try:
        require_writable(default_folder(), "store")
        return Store(default_folder())
    except InputError:
        place = Path(tempfile.mkdtemp(prefix="freerand-"))
        watch.say(
            f"{default_folder()} cannot be written, so answers are kept in {place} (--store names another)"
        )
        return Store(place)
