"""Published numbers beside our certified brackets; each row's verdict is worked out from certificates."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from freerand_opt.bounds.answers.bracket import Bracket
from freerand_opt.claims.held import held
from freerand_opt.claims.paper import standing
from freerand_opt.claims.verify import File, Verification, read
from freerand_opt.model.files.catalogue import claims, find
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.parse import parse

Verdict: TypeAlias = Literal["agree", "corrected", "not seen", "ours", "open", "out"]
#: How a number was read, and the word for it; one that is remembered is neither confirmed nor corrected, and
#: one that is derived is in no paper that was at hand.
SEEN = {
    "body": "printed",
    "abstract": "printed",
    "elsewhere": "printed",
    "memory": "remembered",
    "derived": "derived",
}
#: What a closed expression, which has no last printed digit, has to meet.
_CLOSE = Fraction(1, 10**6)


@dataclass(frozen=True)
class Number:
    """A printed number, and the instance of a claim that it is compared with.

    `end` is both, or lower or upper where one end of the bracket is what is published, or bound for an upper
    bound that need not be sharp.
    """

    printed: str
    claim: str
    instance: str = ""
    end: str = "both"

    def meets(self, bracket: Bracket) -> bool | None:
        """Return whether a bracket shows this number to its last printed digit; None if it is too wide."""
        least, most = _printed(self.printed)
        if self.end == "bound":
            return False if _above(bracket.lower, most) else (not _above(bracket.upper, most)) or None
        low = bracket.upper if self.end == "upper" else bracket.lower
        high = bracket.lower if self.end == "lower" else bracket.upper
        if _above(low, most) or _above(least, high):
            return False
        ends = (low, high)
        near = all(end is not None and not _above(end, most) and not _above(least, end) for end in ends)
        return True if near else None


def _printed(number: str) -> tuple[Exact, Exact]:
    """Return between what a printed number is: its last digit may be rounded, or the rest cut."""
    value = parse(number)
    whole, point, digits = number.partition(".")
    if not point or not (whole + digits).lstrip("-").isdigit():
        return value - _CLOSE, value + _CLOSE
    unit = Fraction(1, 10 ** len(digits))
    return (value - unit, value + unit / 2) if whole.startswith("-") else (value - unit / 2, value + unit)


def _above(x: Exact | None, y: Exact | None) -> bool:
    return x is not None and y is not None and compare(x, y) > 0


@dataclass(frozen=True)
class Row:
    """What a paper states, how it was read, and what of the catalogue meets it.

    `refuted` is an instance that states what is printed; `corrected` says what holds in its place; `out`
    why nothing can be asked.
    """

    section: str
    source: str
    says: str
    seen: str
    numbers: tuple[Number, ...] = ()
    claims: tuple[str, ...] = ()
    refuted: tuple[str, str] | None = None
    corrected: str = ""
    ours: tuple[tuple[str, str], ...] = ()
    note: str = ""
    out: str = ""


@dataclass(frozen=True)
class Judged:
    """A row with its verdict, and what was proved, in words, one for each number, claim or counterpart."""

    row: Row
    verdict: Verdict
    found: tuple[str, ...]
    sound: bool = True


def rows() -> tuple[Row, ...]:
    """Return the published statements, by section.

    >>> rows()[0].source
    'arXiv:1105.3195, Theorem 1'
    """
    body = files("freerand_opt.claims").joinpath("literature.toml").read_text(encoding="utf-8")
    made: list[Row] = []
    for raw in tomllib.loads(body)["row"]:
        raw["numbers"] = tuple(
            Number(one["is"], one["claim"], one.get("instance", ""), one.get("end", "both"))
            for one in raw.get("numbers", ())
        )
        raw.setdefault("section", made[-1].section if made else "")
        for key in ("claims", "refuted"):
            raw.update({key: tuple(raw[key])} if key in raw else {})
        made.append(Row(**(raw | {"ours": tuple((name, which) for name, which in raw.get("ours", ()))})))
    return tuple(made)


def judged(row: Row) -> Judged:
    """Return a row's verdict by the certificates in the catalogue, each checked; nothing is solved."""
    if row.out:
        return Judged(row, "out", (row.out,))
    found: list[str] = []
    met: list[bool | None] = []
    for number in row.numbers:
        bracket = _bracket(number.claim, number.instance)
        met.append(None if bracket is None else number.meets(bracket))
        found.append(f"{number.printed} {SEEN[row.seen]}; {_words(number, bracket, met[-1])}")
    stands = [standing(name) for name in row.claims]
    found += [f"{one.name}: {one}" for one in stands]
    found += [f"ours, {_named(*one)}: {_own(*one)}" for one in row.ours]
    refuted = row.refuted is not None and _refuted(*row.refuted)
    if row.refuted is not None:
        found.append(f"{_named(*row.refuted)}: {'REFUTED' if refuted else 'not refuted'}")
    found += [f"holds: {row.corrected}"] * bool(row.corrected)
    sound = all(one.as_expected for one in stands) and refuted == (row.refuted is not None)
    return Judged(row, _verdict(row, met, refuted), tuple(found), sound)


def _verdict(row: Row, met: Sequence[bool | None], refuted: bool) -> Verdict:
    if row.seen == "memory" or (row.ours and not refuted):
        return "not seen"
    if row.seen == "derived":
        return "ours" if all(met) else "open"
    if refuted or row.corrected or False in met:
        return "corrected"
    return "open" if None in met else "agree"


def _words(number: Number, bracket: Bracket | None, met: bool | None) -> str:
    where = _named(number.claim, number.instance)
    if bracket is None:
        return f"no certificate of {where}"
    kept = {"lower": replace(bracket, upper=None), "upper": replace(bracket, lower=None)}
    says = {True: "the same", False: "NOT THE SAME", None: "not decided by this bracket"}[met]
    if number.end == "bound" and met:
        says = "which it bounds"
    return f"{kept.get(number.end, bracket)} proved, {says} ({where})"


def _own(claim: str, instance: str) -> str:
    """Return the bracket of a counterpart, or whether it is proved where it has none."""
    found = _held(claim, instance)
    if found is None:
        return "no certificate"
    bracket = found.result.bracket
    shown = bracket.lower is not None or bracket.upper is not None
    return str(bracket) if shown or not found.verdict else found.verdict


def _named(claim: str, instance: str) -> str:
    return f"{claim}, {instance}" if instance else claim


def _refuted(claim: str, instance: str) -> bool:
    found = _held(claim, instance)
    return found is not None and found.verdict == "REFUTED"


def _bracket(claim: str, instance: str) -> Bracket | None:
    found = _held(claim, instance)
    return None if found is None else found.result.bracket


def _held(claim: str, instance: str) -> Verification | None:
    """Return the verdict by a certificate; raise ValueError for a claim or an instance that is not there."""
    file = _file(claim)
    for one in file.instances:
        if one.name == instance:
            return held(file, one)
    raise ValueError(f"{claim} has no instance {instance!r}")


@cache
def _file(claim: str) -> File:
    path = find(claim)
    if "/" in claim:  # one name, local or no-signalling devices in lps, quantum ones in sdps
        path = next((one for one in claims() if f"{one.parent.name}/{one.stem}" == claim), None)
    if path is None:
        raise ValueError(f"{claim} is no claim of the catalogue")
    return read(path)
