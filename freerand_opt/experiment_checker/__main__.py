"""Check certificates about counts: ``python -m freerand_opt.experiment_checker FILE .. [--counts FILE]``.

It says CHECKED and never OK or proved: what follows from the arithmetic rests on the theorem that it names.
Exit codes as the kernel's: 0 CHECKED, 1 something does not follow, 2 unreadable, 3 more work than the limit.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from typing import Any

from freerand_opt.checker.__main__ import printed, told
from freerand_opt.checker.failures import Work
from freerand_opt.experiment_checker.document import check


def main(arguments: Sequence[str]) -> int:
    """Check files, print what each states, and return the exit code."""
    files = list(arguments)
    digest = None
    if "--counts" in files:
        place = files.index("--counts")
        named = files[place + 1 : place + 2]
        del files[place : place + 2]
        digest = digest_of(named[0]) if named else None
        if digest is None:
            print("UNREADABLE --counts: no such file")
            return 2
    if not files:
        print(__doc__)
        return 2
    return printed(checked(path, digest) for path in files)


def digest_of(path: str) -> str | None:
    """Return the SHA-256 of a file, None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def checked(path: str, digest: str | None = None, limit: int = 10**8) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it."""
    return told(path, lambda raw: _says(raw, digest, limit))


def _says(raw: Any, digest: str | None, limit: int) -> list[str]:
    report = check(raw, Work(limit), digest)
    return ["CHECKED", *report.lines, f"checked: {report.statement}", f"theorem: {report.theorem}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
