"""Check certificates of computations: ``python -m freerand_opt.claims.conjecture.checker FILE ..``.

Exit code 0 if every file is COMPUTED or PROVED*, 1 if something does not follow, 2 if a file is unreadable, 3
if one needs more work than the limit; the worst of them, 2 before 3 before 1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from freerand_opt.checker.__main__ import printed, told
from freerand_opt.claims.conjecture.checker.document import check


def main(paths: Sequence[str]) -> int:
    """Check files, print what each says, and return the exit code."""
    if not paths:
        print(f"{__doc__}")
        return 2
    return printed(map(checked, paths))


def checked(path: str) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it."""
    return told(path, _says)


def _says(raw: Any) -> list[str]:
    report = check(raw)
    return [report.status, report.computation, report.statement]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
