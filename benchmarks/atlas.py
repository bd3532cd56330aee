"""The atlas: every cell a certified bracket or the reason why there is none; one table, one page, figures.

    make atlas        or        python benchmarks/atlas.py [--solve] [--seconds 12] [--only WORDS]

Certificates are lines of `reports/certificates/atlas_cells.jsonl.xz`, each read by the kernel and compared
with its question before it counts. `--solve` first answers the cells that are not there, each within so many
CPU seconds, beside the store; a cell that is not answered within them says so.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atlas_cells import Cell, Untold, asked, by_cost, cells
from atlas_figures import drawn
from atlas_lines import Line, kept, line
from atlas_page import counted, page

import freerand_opt as fr
from freerand_opt.errors import FreerandError, InputError

REPORTS = Path(__file__).parents[1] / "reports"
FIGURES = Path(__file__).parents[1] / "docs" / "figures"
STORE = REPORTS / "certificates" / "atlas_cells.jsonl.xz"
#: Width that is sought: of brackets of local and no-signalling devices, and of quantum ones.
WIDTH, QUANTUM_WIDTH = "1/1000000000", "1/10000"
#: A clock on the wall runs this much faster than that of a busy processor; the CPU seconds are the limit.
LOAD = 30
COLUMNS = (*Cell._fields, "lower", "upper", "words", "certificate")


class Late(BaseException):
    """A cell that took its time; no library's `except Exception` catches it."""


def solved(cell: Cell, seconds: int) -> dict[str, Any]:
    """Answer one cell within so many CPU seconds; return its certificate, or why there is none."""
    question, sought = asked(cell)
    width = QUANTUM_WIDTH if cell.devices == "quantum" else WIDTH
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        found = fr.bound(question, threshold=sought, width=width, time_limit=LOAD * seconds)
    except Late:
        return {"reason": late_words(seconds)}
    except FreerandError as error:
        return {"reason": str(error)}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if not found.certificate:
        words = "; ".join(found.notes) or "neither a proof nor an attack was found"
        return {"reason": late_words(seconds) if "time limit" in words else words}
    alone = found.bracket.lower is None or found.bracket.upper is None
    why = {"why": "; ".join(found.notes[1:] or found.notes)} if alone and not found.impossible else {}
    return {"certificate": found.document, **why}


def late_words(seconds: int) -> str:
    """Return the reason of a cell that took its time."""
    return f"not computed: more than {seconds} s of one core"


def late(number: int, frame: object) -> None:
    """Stop a cell."""
    raise Late


def fill(path: Path, seconds: int, only: str) -> None:
    """Answer the cells that a plain store lacks, and append each as it comes."""
    signal.signal(signal.SIGPROF, late)
    held = kept(STORE) | kept(path)
    with path.open("a", encoding="utf-8") as out:
        for cell in sorted(cells(), key=by_cost):
            if cell.text in held or not all(word in cell.text for word in only.split(",")):
                continue
            try:
                asked(cell)
            except (Untold, InputError):
                continue
            found = {"cell": cell.text, **solved(cell, seconds)}
            out.write(json.dumps(found, separators=(",", ":")) + "\n")
            out.flush()


def pack(beside: Path) -> None:
    """Put what was answered beside the store into it, in the order of the cells."""
    held = kept(STORE) | kept(beside)
    with lzma.open(STORE, "wt", encoding="utf-8", preset=9 | lzma.PRESET_EXTREME) as out:
        for cell in cells():
            if cell.text in held:
                out.write(json.dumps(held[cell.text], separators=(",", ":")) + "\n")


def table(lines: Sequence[Line]) -> None:
    """Write the numbers, one cell a line."""
    with (REPORTS / "atlas_cells.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for found in lines:
            writer.writerow([*found.cell, found.lower, found.upper, found.words, found.digest])


def main() -> None:
    """Read the command line and do what it says."""
    read = argparse.ArgumentParser(description="Check, or compute, the atlas.")
    read.add_argument("--solve", action="store_true", help="first answer what the store lacks")
    read.add_argument("--beside", type=Path, help="plain file (.jsonl) of what was answered")
    read.add_argument("--seconds", type=int, default=12, help="CPU seconds for each cell")
    read.add_argument("--only", default="", help="words, with commas, that a cell's names hold")
    read.add_argument("--page", type=Path, default=REPORTS / "atlas.html", help="where the page is written")
    given = read.parse_args()
    beside = given.beside or STORE.with_name("atlas_cells.jsonl")
    if given.solve:
        fill(beside, given.seconds, given.only)
    if beside.exists():
        pack(beside)
        if given.beside is None:
            beside.unlink()
    held = kept(STORE)
    lines = [line(cell, held.get(cell.text)) for cell in cells()]
    table(lines)
    figures = drawn(lines)
    for name, svg, _ in figures:
        (FIGURES / f"atlas_{name}.svg").write_text(svg, encoding="utf-8")
    given.page.write_text(page(lines, figures), encoding="utf-8")
    print(counted(lines))


if __name__ == "__main__":
    main()
