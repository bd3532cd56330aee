"""The paper, statement by statement: what it says, and the claims of the catalogue that cover it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


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
