"""Files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from freerand_opt.errors import InputError

MAX_NAME_BYTES = 120


def require_writable(folder: Path, option: str) -> None:
    """Raise InputError, before any work is done, if no file can be written in a folder.

    The folder is made; if that fails, no folder above it is left behind.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        for place in missing:
            with suppress(OSError):
                place.rmdir()
        raise InputError(
            option, f"{folder} cannot be written: {error.strerror}; nothing was computed"
        ) from None


def write_whole(path: Path, body: str | bytes) -> None:
    """Write a file whole or not at all; raise InputError if it cannot be written."""
    with new_file(path) as name:
        Path(name).write_bytes(body.encode() if isinstance(body, str) else body)


@contextmanager
def new_file(path: Path) -> Iterator[str]:
    """Yield the name of a file that becomes `path` at the end; raise InputError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path) as name:
            os.chmod(name, 0o644)
            yield name
            os.replace(name, path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from None


@contextmanager
def _temporary(path: Path) -> Iterator[str]:
    """Yield the name of a new file beside `path`, and remove it if it is still there afterwards."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}"[:40])
    try:
        os.close(handle)
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def file_name(words: str) -> str:
    """Return a file name without suffix that people recognise; long ones end in a digest."""
    plain = "".join(c if c.isalnum() or c in "=.-" else "_" for c in words).lstrip(".") or "main"
    if len(plain.encode()) <= MAX_NAME_BYTES:
        return plain
    kept = plain.encode()[: MAX_NAME_BYTES - 20].decode(errors="ignore")
    return f"{kept}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
