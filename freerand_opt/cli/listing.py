"""The verb `freerand list`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from freerand_opt.cli.options import AsJson
from freerand_opt.errors import InputError

#: How counts beside claims are read.
MEANS = """PROVED, REFUTED, UNDECIDED: how many instances have a stored certificate that shows it.
PROVED*: what the claim says beyond that rests on a written proof, which its file names.
as expected: the file foresees it (what is printed, or a change that must fail).
without a certificate: none is stored, freerand verify NAME derives it.
without a claim: a bracket alone, its file states no number."""
READ = """read: where their number was seen: body or abstract of the paper; elsewhere, data of a program or
another paper; memory alone; derived, in no paper that was at hand.
agree: our certified bracket shows it to its last printed digit. corrected: it cannot be right as printed.
not seen: theirs was not read, so it is neither confirmed nor corrected; what stands beside it is proved.
ours: derived, and proved. out: not asked, for the reason given."""


@dataclass(frozen=True)
class Claim:
    """What a file of the catalogue says of itself, and how many questions it asks."""

    name: str
    title: str
    claim: str
    reference: str
    tier: str
    count: int


def list_claims(
    paper: Annotated[bool, typer.Option("--paper", help="The paper's statements, with verdicts.")] = False,
    literature: Annotated[
        bool, typer.Option("--literature", help="Published numbers beside ours, with verdicts.")
    ] = False,
    solvers: Annotated[bool, typer.Option("--solvers", help="Solvers, and which cannot run here.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the claims, the statements of the paper, published numbers beside ours, or the solvers."""
    from freerand_opt.cli.screen import facts, put, put_json
    from freerand_opt.model.files.catalogue import claims

    if paper + literature + solvers > 1:
        raise InputError("list", "--paper, --literature and --solvers are lists of their own; ask for one")
    if solvers:
        raise typer.Exit(_solvers(as_json))
    if paper or literature:
        raise typer.Exit(_paper(as_json) if paper else _literature(as_json))
    found = [_claim(path) for path in claims()]
    if as_json:
        put_json([vars(one) for one in found])
        return
    for one in found:
        put(f"{one.name}  ({one.count} instance{'' if one.count == 1 else 's'}, {one.tier})")
        put(facts([("  title", one.title), ("  claim", one.claim), ("  reference", one.reference)]))


def _claim(path: Path) -> Claim:
    """Return a claim's own words; its cells are counted, not made."""
    from freerand_opt.model.files.file import read
    from freerand_opt.model.files.head import HEADER, Head, kind_of, load

    tables = load(path)
    head = Head.from_dict({key: tables[key] for key in HEADER if key in tables})
    counted = [1 + len(tables.get("instances", []))]
    if kind_of(tables) == "question":
        read(path, choose=lambda sizes: _count(sizes, counted))
    return Claim(path.stem, head.title, head.claim, str(head.reference or ""), head.tier, counted[-1])


def _count(sizes: Sequence[int], counted: list[int]) -> list[list[int]]:
    counted.append(sum(sizes))
    return [[] for _ in sizes]


def _solvers(as_json: bool) -> int:
    from freerand_opt.cli.screen import put, put_json, wrapped
    from freerand_opt.solvers.choose import faults

    found = faults()
    if as_json:
        put_json([{"name": name, "fault": why} for name, why in found.items()])
    else:
        lines = [f"{name:15} {why or 'can be used'}" for name, why in found.items()]
        put("\n".join(part for line in lines for part in wrapped(line, 16)))
    return 0


def _paper(as_json: bool) -> int:
    """Print the paper's statements with how their claims stand by certificates; return the exit code."""
    from freerand_opt.claims.paper import standing, statements
    from freerand_opt.cli.screen import facts, put, put_json

    known: dict[str, tuple[str, bool]] = {}
    for name in dict.fromkeys(name for one in statements() for name in one.claims):
        try:
            held = standing(name)
            known[name] = str(held), held.as_expected
        except ValueError as error:  # a certificate that is rejected, or none that this version reads
            known[name] = f"REJECTED: {error}", False
    found: list[dict[str, Any]] = [
        {**vars(one), "claims": {name: known[name][0] for name in one.claims}} for one in statements()
    ]
    if as_json:
        put_json(found)
    else:
        for one in found:
            pairs = [("  says", one["says"])]
            pairs += [("  claim", f"{name}: {words}") for name, words in one["claims"].items()]
            pairs.append(("  note", one["note"]))
            put(f"{one['part']}, {one['label']}\n{facts(pair for pair in pairs if pair[1])}")
        put("\n" + MEANS)
    return int(not all(good for _, good in known.values()))


def _literature(as_json: bool) -> int:
    """Print what is corrected, then each published statement beside ours; return the exit code."""
    from freerand_opt.claims.literature import Judged, judged, rows
    from freerand_opt.cli.screen import facts, put, put_json

    found = [judged(row) for row in rows()]
    if as_json:
        keys = ("section", "source", "says", "seen", "note")
        put_json(
            [
                {key: getattr(one.row, key) for key in keys} | {"verdict": one.verdict, "found": one.found}
                for one in found
            ]
        )
        return int(not all(one.sound for one in found))

    def shown(one: Judged, verdict: str) -> str:
        pairs = [("  says", one.row.says)]
        pairs += [("  reason" if one.verdict == "out" else "  found", words) for words in one.found]
        pairs += [("  read", one.row.seen), ("  note", one.row.note), ("  verdict", verdict)]
        return f"{one.row.source}\n{facts(pair for pair in pairs if pair[1])}"

    section = ""
    for one in found:
        if one.row.section != section:
            section = one.row.section
            put(f"\n{section.upper()}\n")
        put(shown(one, one.verdict.upper() if one.verdict == "corrected" else one.verdict))
    put("\nCORRECTED\n")
    for one in found:
        if one.verdict == "corrected":
            put(facts([(one.row.source, "")]) + "\n" + facts([("", words) for words in one.found]))
    verdicts = ("agree", "corrected", "not seen", "ours", "open", "out")
    counts = {word: sum(one.verdict == word for one in found) for word in verdicts}
    put("\n" + READ + "\n\n" + MEANS)
    put("\n" + f"{len(found)} rows: " + ", ".join(f"{n} {word}" for word, n in counts.items() if n))
    return int(not all(one.sound for one in found))
