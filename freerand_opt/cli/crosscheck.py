"""Cross-checks with other software, as `freerand verify --cross-check` runs and shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from freerand_opt.claims.conjecture.file import ComputationFile
from freerand_opt.claims.verify import File, read
from freerand_opt.cli import screen
from freerand_opt.crosscheck.compare import CrossCheck, crosscheck, require
from freerand_opt.reporting import peers
from freerand_opt.runner.sweep import path_of


def cross_checked(names: Sequence[str | Path | File], *, as_json: bool, quiet: bool) -> int:
    """Cross-check all instances, print them, and return the exit code: 1 if a peer disagrees.

    Raise SolverUnavailableError if a peer is not installed.
    """
    require()
    files = [read(path_of(name)) if isinstance(name, str | Path) else name for name in names]
    count = sum(len(file.instances) for file in files)
    found: list[CrossCheck] = []
    with screen.progress(quiet) as watch:
        watch.total(count, count)
        for file in files:
            for instance in file.instances:
                watch.begin(f"{file.name} {instance.name}")
                if isinstance(file, ComputationFile):
                    why = "a computation, not a program"
                    found.append(CrossCheck(file.name, instance.name, None, (), why))
                else:
                    found.append(crosscheck(file, instance))  # type: ignore[arg-type]
                watch.end(1)
    if as_json:
        screen.put_json([peers.record(one) for one in found])
    else:
        screen.put("\n".join(peers.lines(found)))
    return 1 if any(one.disagreeing for one in found) else 0
