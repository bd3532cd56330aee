"""The verb `freerand list`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from freerand_opt.cli.options import AsJson


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
    as_json: AsJson = False,
) -> None:
    """List the claims of the catalogue, or the paper's statements with the claims that cover them."""
    from freerand_opt.cli.screen import facts, put, put_json
    from freerand_opt.model.catalogue import claims

    if paper:
        raise typer.Exit(_paper(as_json))
    found = [_claim(path) for path in claims()]
    if as_json:
        put_json([vars(one) for one in found])
        return
    for one in found:
        put(f"{one.name}  ({one.count} instance{'' if one.count == 1 else 's'}, {one.tier})")
        put(facts([("  title", one.title), ("  claim", one.claim), ("  reference", one.reference)]))


def _claim(path: Path) -> Claim:
    """Return a claim's own words; its cells are counted, not made."""
    from freerand_opt.model.file import read
    from freerand_opt.model.head import HEADER, Head, kind_of, load

    tables = load(path)
    head = Head.from_dict({key: tables[key] for key in HEADER if key in tables})
    counted = [1 + len(tables.get("instances", []))]
    if kind_of(tables) == "question":
        read(path, choose=lambda sizes: _count(sizes, counted))
    return Claim(path.stem, head.title, head.claim, str(head.reference or ""), head.tier, counted[-1])


def _count(sizes: Sequence[int], counted: list[int]) -> list[list[int]]:
    counted.append(sum(sizes))
    return [[] for _ in sizes]


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
    return int(not all(good for _, good in known.values()))
