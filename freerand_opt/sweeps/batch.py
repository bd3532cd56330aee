"""Certificates in files, one after the other or at once: written under names, found again, checked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from freerand_opt.answers.verification import Verification, check_certificate, load
from freerand_opt.catalogue import claims, find
from freerand_opt.certificates.check import CertificateError, trusted_ends
from freerand_opt.errors import InputError, nearest
from freerand_opt.files import file_name, write_whole
from freerand_opt.spec.file import Instance, QuestionFile, read
from freerand_opt.spec.shards import Shard
from freerand_opt.sweeps.asked import about, address
from freerand_opt.sweeps.engine import Here
from freerand_opt.sweeps.running import run
from freerand_opt.sweeps.store import DamagedError, Store, entry, entry_from
from freerand_opt.sweeps.work import Way


@dataclass(frozen=True)
class Checked:
    """What became of one certificate file: what it proves, or why it does not.

    `trusted`: what it proves rests on a program that the checker has not derived from the question.
    """

    path: Path
    status: Literal["ok", "rejected", "unreadable"]
    lines: tuple[str, ...]
    seconds: float
    trusted: bool = False


class Shelf:
    """Copies of certificates under names that people recognise: `folder/file/instance.json`.

    If only the `corners` of grids are wanted, other cells have no copy.
    """

    def __init__(self, folder: Path, *, corners: bool) -> None:
        self.folder = folder
        self.corners = corners
        self._places: dict[tuple[Path, int, str], Path] = {}

    def place(self, file: QuestionFile, instance: Instance) -> Path:
        """Return where the copy of a cell's certificate goes; another cell of the same name has another."""
        cell = (file.path, instance.variant, instance.name)
        if cell not in self._places:
            path = place = certificate_path(self.folder, file.name, instance.name)
            count = 1
            while path in self._places.values():
                count += 1
                path = place.with_name(f"{place.stem}__{count}.json")
            self._places[cell] = path
        return self._places[cell]

    def restore(self, cells: Iterable[tuple[QuestionFile, Instance]], store: Store, way: Way) -> None:
        """Put the certificates that are here and answer the questions of some cells into a store."""
        for file, instance in cells:
            path, known = self.place(file, instance), address(instance, way.solver)
            try:
                body = load(path) if path.exists() else {}
            except InputError:
                continue
            if about(body, file, instance):
                store.write(known, entry(body, known, "from its certificate", "none", 0.0, [way.text]))

    def keep(self, found: Verification) -> None:
        """Write the certificate of an answer whole or not at all."""
        if found.instance.corner or not self.corners:
            body = json.dumps(found.result.certificate, separators=(",", ":"))
            write_whole(self.place(found.file, found.instance), body)


def certificate_path(folder: Path, name: str, instance: str) -> Path:
    """Return where the certificate of an instance of a file is kept below a folder."""
    return folder / file_name(name) / f"{file_name(instance)}.json"


def check_all(paths: Sequence[Path], executor: Here | None = None) -> list[Checked]:
    """Check certificate files exactly, without any solver; return what became of each, in order."""
    found: dict[int, Checked] = {}

    def done(k: int, checked: Checked | Exception) -> None:
        if isinstance(checked, Exception):
            checked = Checked(paths[k], "unreadable", (f"{type(checked).__name__}: {checked}",), 0.0)
        found[k] = checked

    executor = executor or Here()
    executor.expect(len(paths), 0.0)  # a few are checked here, sooner than a process starts
    run(executor, check_one, paths, begin=lambda k: None, done=done)
    return [found[k] for k in range(len(paths))]


def check_one(path: Path) -> Checked:
    """Check one certificate file, and if it is of a store also that it is as it was written."""
    begun = time.perf_counter()
    status: Literal["ok", "rejected", "unreadable"] = "ok"
    trusted = False
    try:
        body = load(path)
        if "stored" in body:
            entry_from(json.dumps(body), path.stem)
        lines = check_certificate(body)
        trusted = bool(trusted_ends(body))
    except (CertificateError, DamagedError) as error:
        status, lines = "rejected", (str(error),)
    except InputError as error:
        status, lines = "unreadable", (error.message,)
    return Checked(path, status, lines, time.perf_counter() - begun, trusted)


def files_named(
    names: Sequence[str],
    overrides: dict[str, str],
    threshold: str | None = None,
    shard: Shard | None = None,
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
        files.append(read(known or name, overrides, threshold=threshold, shard=shard))
    return files
