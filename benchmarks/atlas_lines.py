"""What a cell says: its certificate read by the kernel, or the reason why it has none."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from atlas_cells import Cell, Untold, asked

from freerand_opt.bounds.answers.about import require_about
from freerand_opt.bounds.answers.result import Result, read_result
from freerand_opt.errors import InputError
from freerand_opt.numbers.exact import text
from freerand_opt.numbers.rounding import decimal_above, decimal_below

UNTRIED = "not computed: the hours that were given did not reach it; benchmarks/atlas.py --solve goes on"


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


def line(cell: Cell, held: Mapping[str, Any] | None) -> Line:
    """Return what a cell says; its certificate is read by the kernel and is about its question."""
    try:
        question, sought = asked(cell)
    except (Untold, InputError) as error:
        return Line(cell, words=str(error))
    if held is None or "reason" in held:  # else "why" says why one end is missing
        return Line(cell, words=UNTRIED if held is None else held["reason"])
    certificate = json.dumps(held["certificate"], separators=(",", ":"))
    found = read_result(question, certificate, threshold=sought)
    require_about(found.document, question, sought)
    return Line(cell, *_ends(found, held.get("why", "one end alone")), certificate, found.digest)


def _ends(found: Result, alone: str) -> tuple[str, str, str]:
    """Return both ends, exact where they are short, else decimals rounded outward, and a remark."""
    if found.impossible and found.quantity != "strategy":
        return "", "", "no strategy passes the tests (proved)"
    ends = found.bracket
    below = "" if ends.lower is None else _short(ends.lower) or decimal_below(ends.lower)
    above = "" if ends.upper is None else _short(ends.upper) or decimal_above(ends.upper)
    return below, above, "" if below and above else alone


def _short(value: Any) -> str:
    words = text(value)
    return words if isinstance(value, Fraction) and len(words) <= 12 else ""
