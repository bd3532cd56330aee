"""Run a page as a reader would: `python page.py PAGE EXTRAS` runs its cells and shell lines, in their order.

The standard library alone, so that an environment with nothing but the wheel runs it. The folder it runs in
holds at first the files that the page links to. Each fault is a line of JSON on stdout.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

#: Shell lines are these programs', unless they need the checkout (make), a cluster or somebody's machine.
PROGRAMS = ("freerand", "python", "pip", "echo")
#: Packages that come with an extra.
EXTRA_OF = {
    **dict.fromkeys(("cvxpy", "picos", "cvxopt", "mosek", "ncpol2sdpa", "scs", "sympy"), "crosscheck"),
    **dict.fromkeys(("polars", "pandas"), "frames"),
    "matplotlib": "plot",
    "distributed": "cluster",
    "qics": "sdp",
}
_FENCE = re.compile(r"^```\s*(\S*)")
#: In a sentence; a verb alone is a name and no line.
_INLINE = re.compile(r"`((?:\.venv/bin/)?freerand (?!(?:store )?\w+`)[^`]+)`")
#: What stands for a reader's own: these are no lines to paste.
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b(?!=)|\.\.( |$)|NAME|yours\.toml|tcp://|\$|\[--")
_LINK = re.compile(r"\]\(([^)#:]+\.(?:toml|csv|txt|dat))\)")
_NAMED = re.compile(r"`([\w.-]+\.(?:toml|txt))`")


class Item(NamedTuple):
    """A piece of a page: `kind` is cell, shell or file (then `name` is the file's)."""

    kind: str
    text: str
    line: int
    name: str = ""


def items(page: str) -> list[Item]:
    """Return what a page has to run, in order: cells, files that it shows, shell lines."""
    found: list[Item] = []
    fence, held, begun, said = None, [], 0, ""
    for number, line in enumerate(page.splitlines(), 1):
        mark = _FENCE.match(line)
        if mark and fence is None:
            fence, held, begun = mark[1], [], number
        elif mark:
            named = _NAMED.findall(said)
            body = "\n".join(held) + "\n"
            if fence in ("{code-cell}", "python"):
                found.append(Item("cell", body, begun))
            elif fence == "toml" and named:
                found.append(Item("file", body, begun, named[-1]))
            fence, said = None, ""
        elif fence is not None:
            held.append(line)
        elif line.startswith("    "):
            found += [Item("shell", words, number) for words in [_shell(line.strip())] if words]
        else:
            said = line or said
            found += [
                Item("shell", words, number) for each in _INLINE.findall(line) if (words := _shell(each))
            ]
    return found


def _shell(line: str) -> str:
    """Return a line to paste, with its comment; nothing for what is none."""
    line = line.removeprefix(".venv/bin/")
    return "" if line.split(" ")[0] not in PROGRAMS or _PLACEHOLDER.search(line.partition("  #")[0]) else line


def linked(page: Path) -> list[Path]:
    """Return the files that a page links to and that a reader would save beside it."""
    body = page.read_text(encoding="utf-8")
    return [page.parent / unquote(link) for link in dict.fromkeys(_LINK.findall(body))]


def needed(said: str) -> str:
    """Return the extra that an error is about; an empty text if it is about none."""
    found = re.search(r"pip install '?freerand_opt\[(\w+)\]", said)
    if found:
        return found[1]
    package = re.search(r"pip install (\w+)|No module named '(\w+)", said)
    return "" if package is None else EXTRA_OF.get((package[1] or package[2]).lower(), "")


def run(page: Path, *, extras: bool, skipped: list[str], seconds: float) -> list[str]:
    """Return the faults of a page, run in this folder; without `extras` what it names may be missing."""
    body = page.read_text(encoding="utf-8")
    for path in linked(page):
        shutil.copy(path, path.name)
    names: dict[str, object] = {"__name__": "page"}
    faults, missing = [], False
    for item in items(body):
        if item.kind == "file":
            Path(item.name).write_text(item.text, encoding="utf-8")
            continue
        if item.text.startswith(tuple(skipped)) or (missing and item.kind == "cell"):
            continue
        said = _cell(item.text, names) if item.kind == "cell" else _line(item.text, seconds)
        if not said:
            continue
        extra = needed(said)
        if (
            extra
            and not extras
            and (f"[{extra}]" in body or f"extra: {extra}" in body or f"`{extra}`" in body)
        ):
            missing = missing or item.kind == "cell"  # what follows may need what this cell made
            continue
        faults.append(f"{page.name}:{item.line}: {item.text.splitlines()[0][:90]}: {said[-400:]}")
    return faults


def _cell(code: str, names: dict[str, object]) -> str:
    try:
        exec(compile(code, "cell", "exec"), names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _line(line: str, seconds: float) -> str:
    bin_ = Path(sys.executable).parent
    try:
        done = subprocess.run(
            ["bash", "-c", f"ulimit -t {seconds:.0f}\n{line}"],
            env={**_environment(), "PATH": f"{bin_}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=10 * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {10 * seconds:.0f} s"
    return "" if done.returncode == 0 else f"exit {done.returncode}: {done.stderr or done.stdout}"


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    for fault in run(Path(sys.argv[1]), **given):
        print(f"FAULT {json.dumps(fault)}", flush=True)
