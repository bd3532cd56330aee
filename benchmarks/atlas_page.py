"""The atlas as one page: cells to sort and filter, certificates inside, figures; nothing from elsewhere."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from atlas_cells import CROSSES, DEVICES, FAMILIES, QUANTITIES, SETTINGS, SOURCES, Cell, source_of
from atlas_lines import Line


def page(lines: Sequence[Line], figures: Sequence[tuple[str, str, str]]) -> str:
    """Return the page; `figures` are name, SVG and caption each."""
    words = [list(FAMILIES), list(SOURCES), list(DEVICES), list(QUANTITIES), list(SETTINGS)]
    packs: dict[str, list[str]] = {}
    rows: list[list[object]] = []
    for line in lines:
        place = [known.index(name) for known, name in zip(words, line.cell, strict=True)]
        row: list[object] = [*place, line.lower, line.upper, line.words, line.digest]
        if line.certificate:
            name = f"{place[0]}.{place[2]}.{place[3]}"
            held = packs.setdefault(name, [])
            row += [name, len(held)]
            held.append(line.certificate)
        rows.append(row)
    data = {
        "words": words,
        "families": {name: _family(name) for name in FAMILIES},
        "sources": {name: _source(name) for name in SOURCES},
        "rows": rows,
    }
    packed = {name: _packed("\n".join(held)) for name, held in packs.items()}
    drawn = "".join(
        f"<figure><div>{svg}</div><figcaption>{escape(caption)}</figcaption></figure>"
        for _, svg, caption in figures
    )
    return Template(Path(__file__).with_name("atlas.html").read_text(encoding="utf-8")).substitute(
        counts=counted(lines), crosses=CROSSES, figures=drawn, data=_script(data), packs=_script(packed)
    )


def counted(lines: Sequence[Line]) -> str:
    """Return in words how many cells have what."""
    whole = sum(bool(line.lower and line.upper) for line in lines)
    proved = sum(line.words.startswith("no strategy") for line in lines)
    half = sum(bool(line.certificate) for line in lines) - whole - proved
    rest = len(lines) - whole - proved - half
    return (
        f"{len(lines)} cells: {whole} certified brackets, {proved} proofs that no strategy passes, "
        f"{half} with one end, {rest} with the reason why there is none"
    )


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _script(data: object) -> str:
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _family(name: str) -> str:
    family = FAMILIES[name]
    function = family.functional
    if not isinstance(function, str):
        function = " ".join(f"{x} {label}" for label, x in function.items())
    return f"{function}, score at least {family.score}"


def _source(name: str) -> str:
    """Return a source's table as it is for two parties."""
    table, number, between = source_of(Cell("CHSH", name, "local", "score", "uniform"))
    words = ", ".join(f"{key} = {value}" for key, value in table.items()).replace("'", "")
    return words + (f"; {number} varies in [{between[0]}, {between[1]}]" if number else "")
