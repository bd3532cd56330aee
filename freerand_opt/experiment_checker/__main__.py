"""Check certificates about counts: ``python -m freerand_opt.experiment_checker FILE .. [--counts FILE]``.

It says CHECKED and never OK or proved: what follows from the arithmetic rests on the theorem that it names.
Exit codes as the kernel's: 0 CHECKED, 1 something does not follow, 2 unreadable, 3 more work than the limit.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence

from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.reading import MOST_BYTES, load
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
    codes = {0}
    for path in files:
        code, lines = checked(path, digest)
        codes.add(code)
        print("\n".join(lines))
    return next(code for code in (2, 3, 1, 0) if code in codes)


def digest_of(path: str) -> str | None:
    """Return the SHA-256 of a file, None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def checked(path: str, digest: str | None = None, limit: int = 10**8) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it."""
    name = "".join(c if c.isprintable() else "?" for c in path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        return 2, [f"UNREADABLE {name}: no such text file"]
    try:
        report = check(load(text), Work(limit), digest)
    except Unreadable as fault:
        return 2, [f"UNREADABLE {name}: {fault}"]
    except TooMuch as fault:
        return 3, [f"TOO MUCH WORK {name}: {fault}"]
    except Rejected as fault:
        return 1, [f"REJECTED {name}: {fault}"]
    said = (*report.lines, f"checked: {report.statement}", f"theorem: {report.theorem}")
    return 0, [f"CHECKED {name}", *(f"  {line}" for line in said)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
