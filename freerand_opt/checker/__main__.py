"""Check certificates: ``python -m freerand_opt.checker FILE ..``.

Exit code 0 if every file is OK, 1 if something does not follow, 2 if a file is unreadable, 3 if one needs
more work than the limit; the worst of them, 2 before 3 before 1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.reading import MOST_BYTES, load, shown


def main(arguments: Sequence[str]) -> int:
    """Check files, print what each proves, and return the exit code."""
    codes = {0}
    if not arguments:
        print(f"{__doc__}")
        return 2
    for path in arguments:
        code, lines = checked(path)
        codes.add(code)
        print("\n".join(lines))
    return next(code for code in (2, 3, 1, 0) if code in codes)


def checked(path: str, limit: int = 10**8) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it."""
    name = shown(path)[1:-1]
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        return 2, [f"UNREADABLE {name}: no such text file"]
    try:
        report = check(load(text), Work(limit))
    except Unreadable as fault:
        return 2, [f"UNREADABLE {name}: {fault}"]
    except TooMuch as fault:
        return 3, [f"TOO MUCH WORK {name}: {fault}"]
    except Rejected as fault:
        return 1, [f"REJECTED {name}: {fault}"]
    return 0, [f"OK {name}", *(f"  {line}" for line in report.question), f"  proved: {report.statement}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
