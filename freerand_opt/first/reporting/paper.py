"""The paper, line by line, with the claims that cover it and the verdicts of their certificates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freerand_opt.claims.catalogue import find
from freerand_opt.errors import FreerandError
from freerand_opt.first.answers.verification import load
from freerand_opt.first.reporting.terminal import put, put_json
from freerand_opt.first.spec.file import QuestionFile, read
from freerand_opt.first.sweeps.asked import about
from freerand_opt.first.sweeps.batch import certificate_path
from freerand_opt.first.sweeps.store import recorded
from freerand_opt.claims.paper import Statement, statements

#: What is said of the verdicts: nothing is solved or checked for a list.
ORIGIN = (
    "Verdicts as the committed certificates state them; `freerand check --all` checks these exactly, "
    "`freerand verify` derives the claims anew."
)


@dataclass(frozen=True)
class Standing:
    """How one claim stands: instances by verdict, and how many have no committed certificate."""

    name: str
    verdicts: tuple[tuple[str, int], ...]
    uncertified: int
    as_expected: bool

    def __str__(self) -> str:
        parts = [f"{count} {verdict}" for verdict, count in self.verdicts]
        if self.uncertified:
            parts.append(f"{self.uncertified} without a committed certificate")
        return ", ".join(parts) + ("" if self.as_expected else ": NOT AS EXPECTED")


def standing(name: str) -> Standing:
    """Return how a claim stands, from its committed certificates; ValueError if there is no such claim."""
    path = find(name)
    if path is None:
        raise ValueError(f"{name} is no claim of the catalogue")
    file = read(path)
    counts: Counter[str] = Counter()
    missing, good = 0, True
    for instance, place in zip(file.instances, _places(path, file), strict=True):
        body = load(place) if place.exists() else {}
        if not about(body, file, instance):
            missing += 1
            continue
        found = recorded(body, file, instance, "as its certificate states")
        words = found.verdict or "without a claim"
        expect = instance.expect
        if expect is not None and expect.verdict is not None and found.as_expected:
            words += " as expected"
        good = good and found.as_expected
        counts[words] += 1
    return Standing(name, tuple(sorted(counts.items())), missing, good)


def _places(path: Path, file: QuestionFile) -> Iterable[Path]:
    """Yield where each instance's certificate is; equal names are numbered, as when they were written."""
    taken: set[Path] = set()
    for instance in file.instances:
        place = certificate_path(path.parent / "certificates", file.name, instance.name)
        first, count = place, 1
        while instance.corner and place in taken:
            count += 1
            place = first.with_name(f"{first.stem}__{count}.json")
        if instance.corner:
            taken.add(place)
        yield place


def record(statement: Statement, standings: dict[str, Standing]) -> dict[str, Any]:
    """Return one statement as a flat dict."""
    return {
        "part": statement.part,
        "label": statement.label,
        "says": statement.says,
        "claims": {
            name: {
                "verdicts": dict(standings[name].verdicts),
                "without_certificate": standings[name].uncertified,
                "as_expected": standings[name].as_expected,
            }
            for name in statement.claims
        },
        "note": statement.note,
    }


def put_paper(*, as_json: bool) -> None:
    """Write every statement of the paper with its claims and their verdicts."""
    found = statements()
    try:
        standings = {name: standing(name) for name in {name for one in found for name in one.claims}}
    except ValueError as error:
        raise FreerandError(f"paper.toml: {error}") from None
    if as_json:
        put_json([record(one, standings) for one in found])
        return
    part = ""
    for one in found:
        if one.part != part:
            part = one.part
            put(f"{part}\n{'=' * len(part)}")
        put(f"{one.label}: {one.says}")
        for name in one.claims:
            put(f"    {name}: {standings[name]}")
        if one.note:
            put(f"    ({one.note})")
    covered = sum(bool(one.claims) for one in found)
    put(
        f"\n{len(found)} statements, {covered} with claims, {len(found) - covered} not computational or open."
    )
    put(ORIGIN)
