"""Cross-checks with other software, as `freerand verify --cross-check` runs and shows them."""

from __future__ import annotations

from collections.abc import Sequence

from freerand_opt.claims.verify import File
from freerand_opt.cli.screen import progress, put, put_json
from freerand_opt.crosscheck.compare import crosscheck, require
from freerand_opt.model.files.file import QuestionFile
from freerand_opt.reporting.peers import lines, record
from freerand_opt.runner.reading import reader


def cross_checked(names: Sequence[str | File], *, as_json: bool, quiet: bool) -> int:
    """Cross-check all questions of some files and print them; return 1 if a peer disagrees, else 0.

    Raise SolverUnavailableError if a peer is not installed.
    """
    require()
    files = [file for file in (reader(name)({}) for name in names) if isinstance(file, QuestionFile)]
    jobs = [(file, instance) for file in files for instance in file.instances]
    found = []
    with progress(quiet) as watch:
        watch.total(len(jobs), len(jobs))
        for file, instance in jobs:
            watch.begin(f"{file.name} {instance.name}")
            found.append(crosscheck(file, instance))
            watch.end(1)
    if as_json:
        put_json([record(one) for one in found])
    else:
        put("\n".join(lines(found)))
    return int(any(one.disagreeing for one in found))
