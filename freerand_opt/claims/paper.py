"""The paper, statement by statement: what it says, and the claims of the catalogue that cover it."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files

from freerand_opt.claims.held import held
from freerand_opt.claims.verify import read
from freerand_opt.model.files.catalogue import find


@dataclass(frozen=True)
class Statement:
    """One equation, lemma, theorem, remark or number of arXiv:1105.3195, paraphrased.

    Without `claims` it is not computational, or open; `note` then says which.
    """

    part: str
    label: str
    says: str
    claims: tuple[str, ...]
    note: str


def statements() -> tuple[Statement, ...]:
    """Return the paper's statements in its order.

    >>> statements()[0].part
    'main text'
    """
    body = files("freerand_opt.claims").joinpath("paper.toml").read_text(encoding="utf-8")
    return tuple(
        Statement(
            part=raw["part"],
            label=raw["label"],
            says=raw["says"],
            claims=tuple(raw.get("claims", ())),
            note=raw.get("note", ""),
        )
        for raw in tomllib.loads(body)["statement"]
    )


@dataclass(frozen=True)
class Standing:
    """How one claim stands: instances by verdict, and how many have no certificate beside the file."""

    name: str
    verdicts: tuple[tuple[str, int], ...]
    uncertified: int
    as_expected: bool

    def __str__(self) -> str:
        parts = [f"{count} {verdict}" for verdict, count in self.verdicts]
        if self.uncertified:
            parts.append(f"{self.uncertified} without a certificate")
        return ", ".join(parts) + ("" if self.as_expected else ": NOT AS EXPECTED")


def standing(name: str) -> Standing:
    """Return how a claim stands by its certificates, each checked; ValueError if there is no such claim.

    Raise the checker's Rejected, Unreadable or TooMuch for a certificate that proves nothing.
    """
    path = find(name)
    if path is None:
        raise ValueError(f"{name} is no claim of the catalogue")
    file = read(path)
    counts: Counter[str] = Counter()
    missing, good = 0, True
    for instance in file.instances:
        found = held(file, instance)
        if found is None:
            missing += 1
            continue
        foreseen = instance.expect is not None and instance.expect.verdict != "PROVED" and found.as_expected
        counts[(found.verdict or "without a claim") + " as expected" * foreseen] += 1
        good = good and found.as_expected
    return Standing(name, tuple(sorted(counts.items())), missing, good)
