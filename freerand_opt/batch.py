"""Many instances or certificates, one after the other: one that fails does not stop the others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from freerand_opt.answering import InfeasibleError
from freerand_opt.catalogue import claims, find
from freerand_opt.certificates.check import CertificateError
from freerand_opt.errors import FreerandError, InputError, SolverUnavailableError, TooLargeError, nearest
from freerand_opt.kept import kept
from freerand_opt.spec.file import Instance, QuestionFile, read
from freerand_opt.store import file_name, write_whole
from freerand_opt.threshold import NoChangeError
from freerand_opt.verification import Verification, check_certificate, compared, load, unanswered, verify


@dataclass(frozen=True)
class Checked:
    """What became of one certificate file: what it proves, or why it does not."""

    path: Path
    status: Literal["ok", "rejected", "unreadable"]
    lines: tuple[str, ...]
    seconds: float


class Shelf:
    """Where certificates are kept: `folder/file/instance.json`, written whole or not at all."""

    def __init__(self, folder: Path, *, corners: bool, resume: bool = False) -> None:
        self.folder = folder
        self.corners = corners
        self.resume = resume
        self._taken: set[Path] = set()

    def place(self, file: QuestionFile, instance: Instance) -> Path | None:
        """Return where a certificate goes; None if only the corners of grids are wanted and it is none."""
        if self.corners and not instance.corner:
            return None
        path = place = certificate_path(self.folder, file.name, instance.name)
        count = 1
        while path in self._taken:  # another question of the same name
            count += 1
            path = place.with_name(f"{place.stem}__{count}.json")
        self._taken.add(path)
        return path


def certificate_path(folder: Path, name: str, instance: str) -> Path:
    """Return where the certificate of an instance of a file is kept below a folder."""
    return folder / file_name(name) / f"{file_name(instance)}.json"


def verify_all(
    jobs: Iterable[tuple[QuestionFile, Instance]],
    *,
    shelf: Shelf | None,
    advance: Callable[[str], None],
    **how: Any,
) -> tuple[list[Verification], list[str]]:
    """Return the results, and what to say about the instances that could not be answered.

    `how` are the options of `bound`: solver, time_limit, symmetry.
    """
    results: list[Verification] = []
    failed: list[str] = []
    for file, instance in jobs:
        advance(f"{file.name} {instance.name}")
        where = f"{file.path}{f' ({instance.name})' if instance.name else ''}"
        path = None if shelf is None else shelf.place(file, instance)
        known = (
            kept(path, file, instance) if path is not None and shelf is not None and shelf.resume else None
        )
        if known is not None:
            results.append(known)
            continue
        try:
            found = verify(file, instance, **how)
        except InfeasibleError as error:
            failed.append(str(error.within(where)))
            found = compared(file, instance, error.result)
        except SolverUnavailableError:
            raise
        except FreerandError as error:
            mark = _mark(error, instance) if len(file.instances) > 1 else None
            if mark is None:
                failed.append(f"{where}: {error}")
            else:
                results.append(unanswered(file, instance, mark, f"{where}: {error}"))
            continue
        results.append(found)
        if path is not None:
            write_whole(path, json.dumps(found.result.certificate, separators=(",", ":")))
    return results, failed


def _mark(error: FreerandError, instance: Instance) -> str | None:
    """Return what a table says in place of an answer, or None if the question itself is wrong."""
    if isinstance(error, TooLargeError):
        return "too large"
    if isinstance(error, NoChangeError) and instance.threshold is not None:
        ends = ", ".join(map(str, instance.threshold.between))
        return "undecided" if error.found == "undecided" else f"{error.found} at both ends of [{ends}]"
    return None


def check_all(paths: Iterable[Path]) -> Iterator[Checked]:
    """Check certificate files exactly, without any solver."""
    for path in paths:
        begun = time.perf_counter()
        status: Literal["ok", "rejected", "unreadable"] = "ok"
        try:
            lines = check_certificate(load(path))
        except CertificateError as error:
            status, lines = "rejected", (str(error),)
        except InputError as error:
            status, lines = "unreadable", (error.message,)
        yield Checked(path, status, lines, time.perf_counter() - begun)


def files_named(
    names: Sequence[str], overrides: dict[str, str], threshold: str | None = None
) -> list[QuestionFile]:
    """Return the question files with these names, of claims or of files; raise InputError for others."""
    if not names:
        raise InputError("arguments", "at least one question file or claim is needed")
    files = []
    for name in names:
        known = None if Path(name).suffix else find(name)
        if known is None and not Path(name).exists() and not Path(name).suffix:
            stems = [path.stem for path in claims()]
            raise InputError(
                name, f"is neither a file nor a claim; `freerand list` names the claims{nearest(name, stems)}"
            )
        files.append(read(known or name, overrides, threshold=threshold))
    return files
