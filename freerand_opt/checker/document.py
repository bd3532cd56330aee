"""A certificate: one question, or one in which a field varies, and proofs of the ends of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.checker.asked import GUESSES, Question, split
from freerand_opt.checker.attack import check_attack
from freerand_opt.checker.bound import check_upper
from freerand_opt.checker.curve import Curve, read_curve
from freerand_opt.checker.describe import describe
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import Number, largest, show
from freerand_opt.checker.question import MOST_JOINT, read_question
from freerand_opt.checker.reading import (
    choice,
    closed,
    common_denominator,
    fraction,
    get,
    integers,
    items,
    tag,
)
from freerand_opt.checker.varied import Varied

FORMAT = "freerand-certificate"


@dataclass(frozen=True)
class Report:
    """What was proved: the answer lies between `lower` and `upper` (None: open); or nothing passes.

    For a threshold they are the ends between which the claim changes.
    """

    question: tuple[str, ...]
    lower: Number | None
    upper: Number | None
    impossible: bool
    statement: str
    curve: Curve | None = None


def check(raw: Any, work: Work | None = None) -> Report:
    """Return what a certificate proves; raise Unreadable, Rejected or TooMuch."""
    work = work or Work()
    common_denominator(raw, work)
    keys = {
        "bracket": ("upper", "attack"),
        "worst": ("parts",),
        "threshold": ("crosses", "below", "above"),
        "curve": ("upper", "lower", "points"),
    }
    kind = tag(raw, "kind", "certificate", list(keys))
    closed(
        raw,
        "certificate",
        ("format", "version", "kind", "question", *keys[kind]),
        ("honest", "path") if kind in ("threshold", "curve") else (),
    )
    if raw["format"] != FORMAT or raw["version"] != 2 or type(raw["version"]) is not int:
        raise Unreadable(f"certificate: the format is {FORMAT!r}, version 2")
    if kind == "threshold":
        return _threshold(raw, work)
    if kind == "curve":
        return _curve(raw, work)
    if kind == "worst":
        return _worst(raw, work)
    q = read_question(raw["question"], work)
    ends = _ends(raw, q, work)
    return _report(q, *ends, work)


def _ends(raw: Any, q: Question, work: Work) -> tuple[Number | None, Number | None, bool]:
    """Return (attained, bound, impossible), of the negative score if the smallest is asked for."""
    bound = reached = None
    impossible = False
    if raw["upper"] is not None:
        bound = check_upper(raw["upper"], q, work)
        impossible = bound is None
    if raw["attack"] is not None:
        reached = check_attack(raw["attack"], q, work)
        if impossible:
            raise Rejected("an attack passes, and it is claimed that none does")
    if raw["upper"] is None and raw["attack"] is None:
        raise Unreadable("certificate: it has neither an upper end nor an attack")
    return reached, bound, impossible


def _report(
    q: Question, reached: Number | None, bound: Number | None, impossible: bool, work: Work
) -> Report:
    lines = tuple(describe(q, work))
    if impossible:
        return Report(lines, None, None, True, "no strategy passes the tests")
    if q.ask.quantity == "strategy":
        return Report(lines, Fraction(1), None, False, "a strategy exists")
    lower, upper = reached, bound
    if q.ask.sign < 0:
        lower, upper = (None if bound is None else -bound), reached
    return Report(lines, lower, upper, False, f"{q.ask.quantity} in {_ends_shown(lower, upper, work)}")


def _ends_shown(lower: Number | None, upper: Number | None, work: Work) -> str:
    first, last = ("open" if x is None else show(x, work) for x in (lower, upper))
    return f"[{first}, {last}]"


def _worst(raw: Any, work: Work) -> Report:
    """Return the report of a guess at every joint setting, in order: `at` is "?" in the question."""
    asked = get(raw["question"], "ask")
    if type(asked) is not dict or asked.get("at") != "?":
        raise Unreadable("certificate: of the worst settings the question asks at '?'")
    choice(asked.get("quantity"), "question: ask: quantity", GUESSES)
    count = None
    lower: list[Number | None] = []
    upper: list[Number | None] = []
    lines: tuple[str, ...] = ()
    parts = items(raw["parts"], "certificate: parts")
    settings = tuple(integers(raw["question"].get("settings"), "question: settings", 1, MOST_JOINT))
    if len(settings) > 256 or len(parts) > prod(settings):
        raise Unreadable("certificate: there are more parts than joint settings")
    for k, part in enumerate(parts):
        closed(part, f"part {k}", ("upper", "attack"))
        held = {**raw["question"], "ask": {**asked, "at": split(k, settings)}}
        q = read_question(held, work)
        count = q.shape[0]
        reached, bound, impossible = _ends(part, q, work)
        if impossible:
            return _report(q, None, None, True, work)
        lower.append(reached)
        upper.append(bound)
        lines = lines or (*describe(q, work)[:-1], f"asked: {q.ask.quantity} at the worst settings")
    if not parts or len(parts) != count:
        raise Unreadable("certificate: the worst of all settings needs a part for each")
    low, high = largest(x for x in lower if x is not None), None if None in upper else largest(upper)
    return Report(lines, low, high, False, f"at the worst settings in {_ends_shown(low, high, work)}")


def _threshold(raw: Any, work: Work) -> Report:
    """At one end the claim is proved, at the other an attack shows that it fails."""
    varied = Varied(raw, work)
    places, signs = [], []
    lines: list[str] = []
    for side in ("below", "above"):
        held = closed(raw[side], side, ("at", "upper", "attack"))
        place = fraction(held["at"], f"{side}: at")
        if (held["upper"] is None) == (held["attack"] is None):
            raise Unreadable(f"{side}: exactly one of a proof and an attack stands at an end")
        q = varied.question(place)
        told = describe(q, work)
        lines += [f"at {show(place)}: {line}" for line in told if line not in lines] if lines else told
        reached, bound, impossible = _ends(held, q, work)
        signs.append(varied.side(reached, bound, impossible, place, q))
        places.append(place)
    if places[0] >= places[1] or signs[0] == signs[1]:
        raise Rejected("the claim must hold at one end and fail at the other")
    if varied.monotone and signs[0] != varied.direction:
        raise Rejected("the claim holds at the end where the adversary can do more")
    said = f"{varied.name} in [{show(places[0])}, {show(places[1])}]: {varied.statement}"
    lines.append(f"varied: {varied.name}, first at {show(places[0])}")
    return Report(tuple(lines), places[0], places[1], False, said)


def _curve(raw: Any, work: Work) -> Report:
    """Return the report of the answer as a function; what is printed are its ends at nine places."""
    found = read_curve(raw, work)
    low, high = found.domain
    shown = []
    for x in dict.fromkeys(low + (high - low) * k / 8 for k in range(9)):
        shown.append(f"{show(x)}: {_ends_shown(*found.at(x, work), work)}")
    counts = f"{len(found.upper)} functions above, {len(found.lower)} below, {len(found.points)} attacks"
    said = (
        f"{found.name} in [{show(low)}, {show(high)}]: the answer lies between {counts}; {'; '.join(shown)}"
    )
    return Report(found.question, None, None, False, said, found)
