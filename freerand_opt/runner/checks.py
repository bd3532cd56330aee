"""One certificate, and which of the three checkers it belongs to; a job that imports little else."""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path

from freerand_opt.checker.__main__ import checked, judged, proved

#: Certificates handed to a process at once: handing over costs as much as checking a small one.
BATCH = 16
#: Formats that have a checker of their own, which never says OK.
_COMPUTATION, _EXPERIMENT = "freerand-computation", "freerand-experiment"
_FORMAT = re.compile(r'\s*\{\s*"format"\s*:\s*"([a-z-]{1,40})"')


def _format(head: str) -> str:
    found = _FORMAT.match(head)
    return found[1] if found else ""


def check_file(job: tuple[str, int, str | None]) -> tuple[int, list[str]]:
    """Return the exit code of one certificate file and the lines about it."""
    path, limit, digest = job
    form = ""
    with suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
        form = _format(file.read(200))
    if form == _EXPERIMENT:
        from freerand_opt.experiment_checker.__main__ import checked as counted

        return counted(path, digest, limit)
    if digest is not None and Path(path).is_file():
        return 2, [f"UNREADABLE {path}: --counts belongs to certificates about counts, which this is not"]
    if form == _COMPUTATION:
        from freerand_opt.claims.conjecture.checker.__main__ import checked as computed

        return computed(path)
    return checked(path, limit)


def check_files(jobs: list[tuple[str, int, str | None]]) -> list[tuple[int, list[str]]]:
    """Return what is found of each of some files."""
    return [check_file(job) for job in jobs]


def check_text(job: tuple[str, str, int]) -> tuple[int, list[str]]:
    """Return the exit code of a certificate and the lines about it."""
    name, text, limit = job
    if _format(text[:200]) != _COMPUTATION:
        return judged(name, text, lambda raw: proved(raw, limit))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "computation.json"
        path.write_text(text, encoding="utf-8")
        code, (head, *rest) = check_file((str(path), limit, None))
    return code, [head.replace(str(path), name), *rest]
