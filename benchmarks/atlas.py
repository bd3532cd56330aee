"""The atlas: every cell a certified bracket or the reason why there is none; one table and one page.

    make atlas        or        python benchmarks/atlas.py [--solve] [--seconds 12] [--only WORDS]

Certificates are lines of `reports/certificates/atlas_cells.jsonl.xz`, each read by the kernel and compared
with its question before it counts. `--solve` answers the cells that are not there, each in a process of its
own with so many CPU seconds, and adds them; a cell that is not answered within them says so.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from atlas_cells import CROSSES, Cell, InputError, Untold, asked, cells

import freerand_opt as fr
from freerand_opt.bounds.about import require_about
from freerand_opt.bounds.result import Result, read_result
from freerand_opt.errors import FreerandError
from freerand_opt.numbers.exact import text
from freerand_opt.numbers.rounding import decimal_above, decimal_below

REPORTS = Path(__file__).parents[1] / "reports"
STORE = REPORTS / "certificates" / "atlas_cells.jsonl.xz"
#: Width that is sought: of brackets of local and no-signalling devices, and of quantum ones.
WIDTH, QUANTUM_WIDTH = "1/1000000000", "1/10000"


@dataclass(frozen=True)
class Line:
    """A cell's answer, or the reason why there is none; `certificate` is empty then."""

    cell: Cell
    lower: str = ""
    upper: str = ""
    words: str = ""
    certificate: str = ""
    digest: str = ""


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """Return what the store has by cell: a certificate, or the reason why a cell has none."""
    if not path.exists():
        return {}
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return {found["cell"]: found for found in map(json.loads, lines)}


def solved(cell: Cell, seconds: int) -> dict[str, Any]:
    """Answer one cell in a process of its own; return its certificate, or why there is none."""
    here, there = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os.close(here)
        with os.fdopen(there, "w") as out:
            json.dump(_answer(cell), out)
        os._exit(0)
    os.close(there)
    with os.fdopen(here) as read:
        said = read.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else {"reason": f"no answer within {seconds} s of one core"}


def _answer(cell: Cell) -> dict[str, Any]:
    question, sought = asked(cell)
    width = QUANTUM_WIDTH if cell.devices == "quantum" else WIDTH
    try:
        found = fr.bound(question, threshold=sought, width=width)
    except FreerandError as error:
        return {"reason": f"{error}"}
    if not found.certificate:
        return {"reason": "; ".join(found.notes) or "neither a proof nor an attack was found"}
    return {"certificate": found.document}


def line(cell: Cell, held: dict[str, Any] | None) -> Line:
    """Return what a cell says; its certificate is read by the kernel and is about its question."""
    try:
        question, sought = asked(cell)
    except (Untold, InputError) as error:
        return Line(cell, words=str(error))
    if held is None or "reason" in held:
        return Line(cell, words="not computed" if held is None else held["reason"])
    certificate = json.dumps(held["certificate"], separators=(",", ":"))
    found = read_result(question, certificate, threshold=sought)
    require_about(found.document, question, sought)
    return Line(cell, *_ends(found), certificate, found.digest)


def _ends(found: Result) -> tuple[str, str, str]:
    """Return both ends, exact where they are short, else ten decimals rounded outward, and what is special."""
    if found.impossible and found.quantity != "strategy":
        return "", "", "no strategy passes the tests (proved)"
    ends = found.bracket
    below = "" if ends.lower is None else _short(ends.lower) or decimal_below(ends.lower)
    above = "" if ends.upper is None else _short(ends.upper) or decimal_above(ends.upper)
    return below, above, "" if below and above else "one end alone"


def _short(value: Any) -> str:
    words = text(value)
    return words if isinstance(value, Fraction) and len(words) <= 12 else ""


def fill(path: Path, seconds: int, only: str) -> None:
    """Answer the cells that a plain store lacks, and append each as it comes."""
    import clarabel  # noqa: F401  (the children find it loaded)
    import flint  # noqa: F401
    import highspy  # noqa: F401

    held = kept(path)
    with path.open("a", encoding="utf-8") as out:
        for cell in cells():
            if cell.text in held or not all(word in cell.text for word in only.split(",")):
                continue
            try:
                asked(cell)
            except (Untold, InputError):
                continue
            found = {"cell": cell.text, **solved(cell, seconds)}
            out.write(json.dumps(found, separators=(",", ":")) + "\n")
            out.flush()


def main() -> None:
    """Read the command line and do what it says."""
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--solve", type=Path, help="answer what this plain store (.jsonl) lacks, and stop")
    read.add_argument("--seconds", type=int, default=12, help="CPU seconds for each cell")
    read.add_argument("--only", default="", help="words, with commas, that a cell's names hold")
    given = read.parse_args()
    if given.solve:
        fill(given.solve, given.seconds, given.only)
        return


if __name__ == "__main__":
    main()
