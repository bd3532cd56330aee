"""The committed atlas against closed forms, against itself, and against its certificates."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
from fractions import Fraction
from math import sqrt
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("family", "source", "devices", "quantity", "settings")


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, ...], dict[str, str]]:
    with (ROOT / "reports" / "atlas_cells.csv").open(encoding="utf-8") as lines:
        return {tuple(row[name] for name in NAMES): row for row in csv.DictReader(lines)}


@pytest.fixture
def lines() -> ModuleType:
    import atlas_lines  # type: ignore[import-not-found]

    return atlas_lines  # type: ignore[no-any-return]


def test_every_cell_has_an_answer_or_a_reason(rows: dict[tuple[str, ...], dict[str, str]]) -> None:
    assert len(rows) == 10 * 15 * 3 * 3 * 2
    for cell, row in rows.items():
        whole = bool(row["lower"] and row["upper"])
        assert whole or row["words"], cell
        assert bool(row["certificate"]) or not (row["lower"] or row["upper"]), cell
    assert sum(bool(row["lower"] and row["upper"]) for row in rows.values()) >= 600


q = Fraction(9, 20)
#: Closed forms: docs/proofs/thresholds.md, 3/2 - S/4, Tsirelson, arXiv:0911.3427, 3/2 - m/4, 4/3.
CLOSED = {
    ("CHSH", "uniform", "no-signalling", "guess", "uniform"): Fraction(3, 2) - Fraction(27, 40),
    ("CHSH", "uniform", "quantum", "score", "uniform"): 2 * sqrt(2),
    ("CHSH", "uniform", "quantum", "guess", "uniform"): 0.5 + sqrt(2 - 2.7**2 / 4) / 2,
    ("CHSH", "bits, A first", "local", "score", "uniform"): 4 - 8 * q**2,
    ("CHSH", "mutual", "local", "score", "uniform"): 4 - 8 * q**2,
    ("CHSH", "bits, A first", "local", "threshold", "uniform"): 0.5 - sqrt((4 - 2.7) / 8),
    ("CHSH", "distance", "local", "score", "uniform"): Fraction(23, 10),
    ("Mermin", "bits, A first", "local", "score", "uniform"): 4 - 2 * Fraction(9, 10) ** 3,
    ("Mermin", "independent", "local", "score", "uniform"): 4 - 2 * Fraction(9, 10) ** 2,
    ("Mermin", "uniform", "no-signalling", "guess", "uniform"): Fraction(3, 2) - Fraction(7, 8),
    ("neighbour's input", "uniform", "no-signalling", "score", "uniform"): Fraction(4, 3),
}


@pytest.mark.parametrize("cell", CLOSED)
def test_closed_forms(rows: dict[tuple[str, ...], dict[str, str]], cell: tuple[str, ...]) -> None:
    known, row = CLOSED[cell], rows[cell]
    lower, upper = Fraction(row["lower"]), Fraction(row["upper"])
    assert lower - Fraction(1, 10**9) <= known <= upper + Fraction(1, 10**9)
    assert upper - lower <= Fraction(1, 10**6)


def test_more_devices_and_more_sources_reach_more(rows: dict[tuple[str, ...], dict[str, str]]) -> None:
    """Local devices are quantum, quantum ones no-signalling; uniform settings are in every source.

    Bits independent given W are mutually free, and those are free in each time order.
    """
    wider = {"local": "quantum", "quantum": "no-signalling"}
    chain = {"independent": "mutual", "mutual": "bits, A first", "A alone leans": "independent"}
    compared = 0
    for (family, source, devices, quantity, settings), row in rows.items():
        if quantity == "threshold" or not row["lower"]:
            continue
        above = [(family, source, wider[devices], quantity, settings)] if devices in wider else []
        if source in chain:
            above.append((family, chain[source], devices, quantity, settings))
        if source == "uniform" and settings == "uniform":
            above += [(family, other, devices, quantity, settings) for other in {key[1] for key in rows}]
        for other in above:
            if rows[other]["upper"]:
                compared += 1
                assert Fraction(row["lower"]) <= Fraction(rows[other]["upper"]), (row, other)
    assert compared > 400


def test_the_table_is_what_the_certificates_say(
    rows: dict[tuple[str, ...], dict[str, str]], lines: ModuleType
) -> None:
    held = lines.kept(ROOT / "reports" / "certificates" / "atlas_cells.jsonl.xz")
    with_proof = [cell for cell, row in rows.items() if row["certificate"]]
    for cell in with_proof[:: len(with_proof) // 12]:
        found = lines.line(lines.Cell(*cell), held[" | ".join(cell)])
        row = rows[cell]
        assert (found.lower, found.upper, found.digest) == (row["lower"], row["upper"], row["certificate"])
    cell = lines.Cell("CHSH", "uniform", "local", "score", "uniform")
    other = held["Mermin | uniform | local | score | uniform"]
    with pytest.raises(Exception, match="another question"):
        lines.line(cell, other)


def test_the_page_holds_its_certificates_and_needs_no_network(lines: ModuleType) -> None:
    import atlas_page  # type: ignore[import-not-found]

    held = lines.kept(ROOT / "reports" / "certificates" / "atlas_cells.jsonl.xz")
    cell = lines.Cell("Hardy", "uniform", "local", "score", "uniform")
    page = atlas_page.page([lines.line(cell, held[cell.text])], [])
    assert not re.search(r'(?:src|href)="?https?:|@import|url\(', page)
    packs = json.loads(re.search(r"PACKS = (\{.*?\});", page)[1])  # type: ignore[index]
    (packed,) = packs.values()
    assert json.loads(gzip.decompress(base64.b64decode(packed))) == held[cell.text]["certificate"]
