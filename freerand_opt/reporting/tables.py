"""Tables of claims in Markdown, with a column for each named alternative; seconds are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby

from freerand_opt.claims.verify import Verification
from freerand_opt.numbers.rounding import decimal_above, decimal_below
from freerand_opt.reporting.cell import Cell, cells

COLUMNS = ("instance", "expected", "certified bracket", "verdict")
_MEANINGS = {
    "not run": "the file does not ask it",
    "undecided": "at an end neither a proof nor an attack was found",
    "too large": "no program fits",
}


def row(found: Cell) -> tuple[str, ...]:
    """Return one answer as the texts of `COLUMNS`."""
    return found.instance.name or "-", found.expected or "-", found.answer, found.said


def markdown(results: Iterable[Verification | Cell], heading: str = "Claims") -> str:
    """Return one Markdown table for each file; every bracket is certified, its ends are rounded outward."""
    lines = [
        f"# {heading}",
        "",
        "Written by `freerand verify --report`; every bracket is certified, ends rounded outward.",
        "",
    ]
    for _, group in groupby(cells(results), key=lambda found: found.file.name):
        rows = list(group)
        file = rows[0].file
        lines += [f"## {file.name}", "", file.title, ""]
        lines += [f"*Claim:* {file.claim}", ""] if file.claim else []
        lines += [f"*Reference:* {file.reference}", ""] if file.reference else []
        lines += _pivot([found for found in rows if found.instance.column])
        flat = [found for found in rows if not found.instance.column]
        if flat:
            lines += [_line(COLUMNS), "|---" * len(COLUMNS) + "|", *(_line(row(found)) for found in flat)]
        proofs = {found.instance.expect.rests_on for found in rows if found.instance.expect is not None}
        lines += [""] + [
            f"`PROVED*` rests on [{proof}](../{proof})." for proof in sorted(filter(None, proofs))
        ]
        lines += [""] * (lines[-1] != "")
    return "\n".join(lines).rstrip() + "\n"


def _pivot(results: Sequence[Cell]) -> list[str]:
    """Return a table with a column for each named alternative, six places a cell, rounded outward."""
    if not results:
        return []
    columns = list(dict.fromkeys(found.instance.column for found in results))
    places = {(found.instance.row, found.instance.column): found for found in results}
    lines = [_line(["", *columns]), "|---" * (len(columns) + 1) + "|"]
    for name in dict.fromkeys(found.instance.row for found in results):
        shown = [
            _short(places[name, column]) if (name, column) in places else "not run" for column in columns
        ]
        lines.append(_line([name or "-", *shown]))
    proved = [found for found in results if found.verdict in ("PROVED", "PROVED*")]
    claimed = dict.fromkeys(f"`{found.expected}`" for found in proved)
    note = "A bracket a cell: first proved, then reached by an explicit attack (or the other way round)."
    if claimed:
        note += f" **Bold**: the closed form is proved to lie in it ({', '.join(claimed)})."
    meant = [
        f"*{word}*: {words}." for word, words in _MEANINGS.items() if any(word in line for line in lines)
    ]
    return [*lines, "", " ".join([note, *meant]), ""]


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in texts) + " |"


def _short(found: Cell) -> str:
    bracket = found.bracket
    if bracket.lower is None or bracket.upper is None:
        return found.answer
    width = bracket.width
    assert width is not None
    digits = 6 if width >= Fraction(1, 10**8) else 8
    words = f"{decimal_below(bracket.lower, digits)} .. {decimal_above(bracket.upper, digits)}"
    if isinstance(bracket.exact, Fraction):
        words = str(bracket.exact)
    if found.verdict in ("PROVED", "PROVED*"):
        return f"**{words}**"
    return words if found.verdict is None else f"{words} {found.verdict}"


def summary(results: Iterable[Verification | Cell]) -> str:
    """Return one line that counts verdicts."""
    found = cells(results)
    counts = Counter(
        ("without a claim" if one.verdict is None else one.said)
        + ("" if one.as_expected else " (not as expected)")
        for one in found
    )
    return f"{len(found)} instances: " + ", ".join(
        f"{count} {words}" for words, count in sorted(counts.items())
    )
