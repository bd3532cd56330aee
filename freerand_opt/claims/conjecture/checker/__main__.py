"""Check certificates of computations: ``python -m freerand_opt.claims.conjecture.checker FILE ..``.

Exit code 0 if every file is COMPUTED or PROVED*, 1 if something does not follow, 2 if a file is unreadable, 3
if one needs more work than the limit; the worst of them, 2 before 3 before 1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable
from freerand_opt.checker.reading import MOST_BYTES, load
from freerand_opt.claims.conjecture.checker.document import check


def main(paths: Sequence[str]) -> int:
    """Check files, print what each says, and return the exit code."""
    if not paths:
        print(f"{__doc__}")
        return 2
    codes = {0}
    for path in paths:
        code, lines = checked(path)
        codes.add(code)
        print("\n".join(lines))
    return next(code for code in (2, 3, 1, 0) if code in codes)


def checked(path: str) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it."""
    name = "".join(c if c.isprintable() else "?" for c in path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
        report = check(load(text))
    except Unreadable as fault:
        return 2, [f"UNREADABLE {name}: {fault}"]
    except TooMuch as fault:
        return 3, [f"TOO MUCH WORK {name}: {fault}"]
    except Rejected as fault:
        return 1, [f"REJECTED {name}: {fault}"]
    except (OSError, ValueError):
        return 2, [f"UNREADABLE {name}: no such text file"]
    return 0, [f"{report.status} {name}", f"  {report.computation}", f"  {report.statement}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
