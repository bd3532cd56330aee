"""Check certificates: ``python -m freerand_opt.checker FILE ..``.

Exit code 0 if every file is OK, 1 if something does not follow, 2 if a file is unreadable, 3 if one needs
more work than the limit; the worst of them, 2 before 3 before 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.reading import MOST_BYTES, load


def main(arguments: Sequence[str]) -> int:
    """Check files, print what each proves, and return the exit code."""
    if not arguments:
        print(f"{__doc__}")
        return 2
    return printed(map(checked, arguments))


def printed(found: Iterable[tuple[int, list[str]]]) -> int:
    """Print the lines about files, and return the worst of their exit codes."""
    codes = {0}
    for code, lines in found:
        codes.add(code)
        print("\n".join(lines))
    return next(code for code in (2, 3, 1, 0) if code in codes)


def checked(path: str, limit: int = 10**8) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it."""
    return told(path, lambda raw: proved(raw, limit))


def proved(raw: Any, limit: int) -> list[str]:
    """Return OK, the question and what is proved of it."""
    report = check(raw, Work(limit))
    return ["OK", *report.question, f"proved: {report.statement}"]


def told(path: str, says: Callable[[Any], list[str]]) -> tuple[int, list[str]]:
    """Return the exit code of one file and the lines about it: a word, and what `says` makes of its value."""
    name = "".join(c if c.isprintable() else "?" for c in path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        return 2, [f"UNREADABLE {name}: no such text file"]
    return judged(name, text, says)


def judged(name: str, text: str, says: Callable[[Any], list[str]]) -> tuple[int, list[str]]:
    """Return the exit code of a certificate's text and the lines about it."""
    try:
        word, *lines = says(load(text))
    except Unreadable as fault:
        return 2, [f"UNREADABLE {name}: {fault}"]
    except TooMuch as fault:
        return 3, [f"TOO MUCH WORK {name}: {fault}"]
    except Rejected as fault:
        return 1, [f"REJECTED {name}: {fault}"]
    return 0, [f"{word} {name}", *(f"  {line}" for line in lines)]


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # nobody has seen the verdicts
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
