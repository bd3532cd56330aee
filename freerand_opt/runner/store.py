"""Answers that are kept: one SQLite file a folder, a row for each question, named by what was asked.

An entry holds the certificate, compressed, and what is said of how it was found. Nothing in it is believed:
whoever takes an answer from here has its certificate checked by the kernel (`job.recalled`). The ends beside
it are for lists. `docs/sweeps.md` describes the format.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge as merged
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
from platformdirs import user_cache_path

from freerand_opt.errors import InputError
from freerand_opt.files import require_writable
from freerand_opt.numbers.exact import text
from freerand_opt.runner.address import checker_version
from freerand_opt.runner.job import DamagedError, Found, Kept, is_impossible
from freerand_opt.runner.shard import Shard

MAIN = "answers.db"
#: Seconds and entries after which what was handed in is written.
WAIT, BATCH = 0.2, 10_000
#: Seconds to wait for another process that is writing.
PATIENCE = 60.0
#: Kilobytes of the file that are held in memory while addresses, which are random, are written.
CACHE = 64_000
_COLUMNS = "address, checker, name, quantity, lower, upper, how, notes, ways, seconds, digest, certificate"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS answers (address TEXT PRIMARY KEY, checker TEXT, name TEXT, quantity TEXT, "
    "lower TEXT, upper TEXT, how TEXT, notes TEXT, ways TEXT, seconds REAL, digest TEXT, certificate BLOB)"
)


@dataclass(frozen=True)
class Entry:
    """One row: the answer's ends as exact texts (None: open; both "none" where no strategy passes)."""

    address: str
    checker: str
    name: str
    quantity: str
    lower: str | None
    upper: str | None
    kept: Kept

    @property
    def row(self) -> tuple[Any, ...]:
        """Return the row of the table."""
        kept = self.kept
        lists = (msgspec.json.encode(part).decode() for part in (kept.how, kept.notes, kept.ways))
        body = zlib.compress(kept.certificate.encode(), 6)
        head = (self.address, self.checker, self.name, self.quantity, self.lower, self.upper)
        return (*head, *lists, round(kept.seconds, 4), _digest(kept.certificate), body)


def entry_of(result: Found, address: str, name: str, ways: Sequence[str]) -> Entry:
    """Return the entry of a result; `ways` are the ways in which the question was attacked."""
    ends = (result.bracket.lower, result.bracket.upper)
    lower, upper = (
        ("none", "none") if is_impossible(result) else (None if x is None else text(x) for x in ends)
    )
    kept = Kept(result.certificate, result.how, result.notes, result.seconds, tuple(sorted(set(ways))))
    return Entry(address, checker_version(), name, result.quantity, lower, upper, kept)


class Store:
    """The answers of a folder. One process writes to a file; others that want to wait, and any may read.

    A `shard` writes to a file of its own, ``3-of-40.db``; every reader of the folder sees all files, and
    `merge` puts them into one. The folder may be deleted at any time.
    """

    def __init__(self, folder: str | Path, shard: Shard | None = None) -> None:
        self.folder = Path(folder)
        name = MAIN if shard is None else f"{shard.number}-of-{shard.total}.db"
        self.path = self.folder / name
        self.said: list[str] = []
        self._waiting: dict[str, Entry] = {}
        self._written = time.monotonic()
        self._files = [self._opened(self.path)]
        self._files += [_connection(path) for path in self.parts()]

    def parts(self) -> list[Path]:
        """Return the other files of answers in the folder."""
        found = [self.folder / MAIN, *sorted(self.folder.glob("*-of-*.db"))]
        return [path for path in found if path != self.path and path.is_file()]

    def _opened(self, path: Path) -> sqlite3.Connection:
        """Open the file that is written to; one that is no database is put aside."""
        try:
            return _made(path)
        except sqlite3.OperationalError as error:
            raise InputError("--store", f"{path} cannot be used: {error}") from None
        except sqlite3.DatabaseError as error:
            return self._put_aside(error)

    def _put_aside(self, why: Exception) -> sqlite3.Connection:
        """Begin a new file in place of one that is damaged, which is kept beside it."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        os.replace(self.path, aside)
        self.said.append(f"{self.path} is damaged ({why}); it is now {aside.name}, and a new one is begun")
        return _made(self.path)

    def read(self, address: str) -> Kept | None:
        """Return what is kept at an address, None if nothing is; raise DamagedError if it was changed."""
        if address in self._waiting:
            return self._waiting[address].kept
        for k, file in enumerate(self._files):
            try:
                row = file.execute(f"SELECT {_COLUMNS} FROM answers WHERE address = ?", (address,)).fetchone()
            except sqlite3.DatabaseError as error:
                if k == 0 and not isinstance(error, sqlite3.OperationalError):
                    file.close()
                    self._files[0] = self._put_aside(error)
                continue
            if row is not None:
                return _entry(row).kept
        return None

    def write(self, entry: Entry) -> None:
        """Hand in an entry, in place of the one with its address; it is written soon, or by `flush`."""
        self._waiting[entry.address] = entry
        if len(self._waiting) >= BATCH or time.monotonic() - self._written > WAIT:
            self.flush()

    def flush(self) -> None:
        """Write what was handed in, all of it or nothing; raise InputError if that cannot be."""
        if self._waiting:
            marks = ", ".join("?" * 12)
            rows = [entry.row for entry in self._waiting.values()]
            try:
                with self._files[0] as file:
                    file.executemany(f"INSERT OR REPLACE INTO answers VALUES ({marks})", rows)
            except sqlite3.Error as error:
                raise InputError("--store", f"{self.path} cannot be written: {error}") from None
            self._waiting.clear()
        self._written = time.monotonic()

    def entries(self) -> Iterator[Entry | DamagedError]:
        """Yield all entries by address, and an error in place of one that was changed."""
        for row in self.rows(_COLUMNS):
            try:
                yield _entry(row)
            except DamagedError as error:
                yield error

    def rows(self, columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield columns of all files by address, of several at one address the first file's.

        The address is the first column. Nothing is held in memory but a row of each file.
        """
        self.flush()
        files = [file.execute(f"SELECT {columns} FROM answers ORDER BY address") for file in self._files]
        last = None
        for row in merged(*files, key=itemgetter(0)):
            if row[0] != last:
                yield row
            last = row[0]

    def merge(self, paths: Sequence[Path], better: Callable[[Entry, Entry], Entry]) -> int:
        """Take over the entries of other files; return how many were not here."""
        self.flush()
        own, new = self._files[0], 0
        theirs = ", ".join(f"other.{name}" for name in _COLUMNS.split(", "))
        for path in paths:
            own.execute("ATTACH DATABASE ? AS source", (str(path),))
            differ = own.execute(
                f"SELECT {theirs} FROM source.answers AS other JOIN main.answers AS own USING (address) "
                "WHERE own.digest <> other.digest"
            ).fetchall()
            with own:
                new += own.execute(
                    f"INSERT OR IGNORE INTO main.answers SELECT {theirs} FROM source.answers AS other"
                ).rowcount
            own.execute("DETACH DATABASE source")
            for row in differ:
                held = own.execute(f"SELECT {_COLUMNS} FROM answers WHERE address = ?", row[:1]).fetchone()
                self.write(better(_entry(held), _entry(row)))
        self.flush()
        return new

    def forget(self) -> int:
        """Delete what other versions of the checker accepted; return how many entries that were."""
        with self._files[0] as file:
            gone = file.execute("DELETE FROM answers WHERE checker <> ?", (checker_version(),)).rowcount
        self._files[0].execute("VACUUM")
        return gone

    def close(self) -> None:
        """Write what was handed in, and close all files."""
        try:
            self.flush()
        finally:
            for file in self._files:
                file.close()


def _connection(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE)


def _made(path: Path) -> sqlite3.Connection:
    _require_whole(path)
    file = _connection(path)
    with file:
        file.execute("PRAGMA synchronous = NORMAL")
        file.execute(f"PRAGMA cache_size = -{CACHE}")
        file.execute(_TABLE)
    return file


def _require_whole(path: Path) -> None:
    """Raise DatabaseError if a file is shorter than its own header says; SQLite would read zeros."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError("--store", f"{path} cannot be read: {error.strerror}") from None
    page, pages = int.from_bytes(header[16:18]), int.from_bytes(header[28:32])
    if header.startswith(b"SQLite format 3") and path.stat().st_size < pages * (page if page > 1 else 65536):
        raise sqlite3.DatabaseError("it was cut off")


def _entry(row: Sequence[Any]) -> Entry:
    """Return the entry of a row; raise DamagedError if its certificate is not as it was written."""
    address, checker, name, quantity, lower, upper, how, notes, ways, seconds, digest, body = row
    try:
        certificate = zlib.decompress(body).decode()
        same = _digest(certificate) == digest
        lists = [json.loads(part) for part in (how, notes, ways)]
        pairs = tuple((str(key), str(value)) for key, value in lists[0])
        kept = Kept(certificate, pairs, tuple(lists[1]), float(seconds), tuple(lists[2]))
    except (zlib.error, ValueError, TypeError):
        raise DamagedError(f"{str(address)[:64]}: is no stored answer") from None
    if not same:
        raise DamagedError(f"{str(address)[:64]}: has changed since it was written (digest)")
    return Entry(address, checker, name, quantity, lower, upper, kept)


def _digest(certificate: str) -> str:
    return hashlib.sha256(certificate.encode()).hexdigest()


def default_folder() -> Path:
    """Return where answers are kept if no folder is named: XDG_CACHE_HOME, or the system's cache."""
    named = os.environ.get("XDG_CACHE_HOME")
    return Path(named) / "freerand" if named else user_cache_path("freerand", appauthor=False)


def opened(folder: str | Path | None, shard: Shard | None = None) -> Store:
    """Return the store in a folder, made if it is new; raise InputError if a named one cannot be written.

    Without a name it is in the user's cache, or, if that cannot be written, in a new folder; `said` tells.
    """
    if folder is not None:
        require_writable(Path(folder), "--store")
        return Store(folder, shard)
    try:
        require_writable(default_folder(), "store")
        return Store(default_folder(), shard)
    except InputError:
        store = Store(tempfile.mkdtemp(prefix="freerand-"), shard)
        store.said.append(
            f"{default_folder()} cannot be written, so answers are kept in {store.folder} "
            "(--store names another)"
        )
        return store


def holds_answers(folder: Path) -> bool:
    """Return whether a folder has a file of answers."""
    return (folder / MAIN).is_file() or any(folder.glob("*-of-*.db"))


def files_below(source: Path) -> list[Path]:
    """Return the files of answers that a path names: itself, or a folder's; raise InputError for none."""
    found = [source] if source.is_file() else [source / MAIN, *sorted(source.glob("*-of-*.db"))]
    found = [path for path in found if path.is_file()]
    if not found:
        raise InputError("store", f"no answer is stored in {source}")
    return found
