"""Committed tables: an end that is missing, or a bracket that stays wide, is on a page with its reason."""

from __future__ import annotations

import json
import re
from fractions import Fraction as F
from pathlib import Path

import pytest

import freerand_opt as fr
from freerand_opt.bounds.answers.about import is_about
from freerand_opt.claims.held import place

ROOT = Path(__file__).parents[2]
#: What counts as two-ended, and what rounding outward to ten digits adds.
WIDTH, ROUNDING = F(1, 10**9), F(2, 10**10)


def open_claims(text):
    """Return the claims of a report that have a row without an end, or wider than WIDTH."""
    found, claim = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            claim = line[3:]
        bracket = re.search(r"\| \[([-\d.]+), ([-\d.]+)\] \|", line)
        if bracket:
            ends = [None if end == "-" else F(end) for end in bracket.groups()]
            if None in ends or ends[1] - ends[0] > WIDTH + ROUNDING:
                found.setdefault(claim, []).append(line)
    return found


def named(page, heading):
    """Return the claims in the first column of the table below a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    table = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    assert all(len(row) == 3 and row[2].strip(" |") for row in rows)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}


@pytest.mark.parametrize(
    ("report", "page", "heading"),
    [
        ("claims", "claims.md", "Ends that are missing, brackets that stay wide"),
        ("quantum", "levels.md", "Brackets that stay wider than 10⁻⁹"),
    ],
)
def test_what_is_open_has_a_reason_and_nothing_else_is_named(report, page, heading):
    text = (ROOT / "reports" / f"{report}.md").read_text(encoding="utf-8")
    assert named(page, heading) == set(open_claims(text))


def test_a_wide_row_and_a_missing_end_are_seen():
    rows = "## a\n| - | 1 | [0.5000000000, 0.5000000003] | PROVED |\n## b\n| - | 1 | [-, 0.5] | PROVED |\n"
    assert list(open_claims(rows + "## c\n| x | - | [-1.1, 2] | - |\n## d\n| x | 1 | 1/2 | - |\n")) == [
        "b",
        "c",
    ]


def test_cells_without_a_committed_certificate_are_named():
    """reports/adversaries.md: the file's claim says which certificates are not in the repository."""
    file = fr.read(ROOT / "reports" / "adversaries.toml")
    lost = {one.name for one in file.instances if not place(file, one).exists()}
    assert "quantum devices, epsilon > 0, N = 3 and N = 4" in file.claim
    assert lost == {
        *(f"N=4 epsilon=1/{n} quantum" for n in (100, 50, 20, 10)),
        *(f"N=3 measurement dependence epsilon=1/{n} quantum" for n in (100, 50, 20, 10)),
    }
    assert all(
        is_about(json.loads(place(file, one).read_text()), one.question, one.threshold)
        for one in file.instances
        if one.name not in lost
    )
