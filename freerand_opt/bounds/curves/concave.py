"""Curves in a score, a tolerance or a visibility: few lines above, a few attacks below, by concavity."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result
from freerand_opt.checker.curve import read_part
from freerand_opt.checker.curve_ends import Part
from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import enclose
from freerand_opt.errors import InputError
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.numbers.rounding import simplest

#: Places at which the question is asked at most.
MOST_PLACES = 65
#: How near a rational place is taken to where two lines meet, in parts of the interval.
NEAR = Fraction(1, 10**9)
#: Two lines that meet at a fraction with a shorter denominator are followed exactly.
MOST_DENOMINATOR = 10**24
WORK = 10**9


def lines_and_points(
    answer: Callable[[Fraction], Result],
    raw: dict[str, Any],
    ends: tuple[Fraction, Fraction],
    width: Fraction,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return upper ends and points of a curve, asked where the lines of two neighbours meet.

    It ends where the chord below is as near as `width`, or after 65 places; an attack may be lacking of an
    entropy: then the line at its own place stands for it.
    """
    lines: dict[Fraction, tuple[dict[str, Any], Part]] = {}
    points: dict[Fraction, tuple[dict[str, Any], float]] = {}

    def ask(x: Fraction) -> None:
        found = answer(x)
        document = found.document
        # of an entropy one end alone is worth having
        reached = bool(document) and (document["attack"] or found.question.ask.quantity == ENTROPY)
        if found.impossible or not reached or document["upper"] is None:
            said = "no strategy passes the tests" if found.impossible else "an end of the answer is open"
            raise InputError("between", f"at {x} {said}; choose ends between which there is an answer")
        part = {"from": str(ends[0]), "to": str(ends[1]), "proof": document["upper"]}
        line = read_part("upper", part, raw, ends, Work(WORK))
        lines[x] = part, line
        turn = question_turn(document)
        shown = found.bracket.lower if turn > 0 else found.bracket.upper
        height = _float(line.at(x)) if shown is None else turn * _float(shown)
        points[x] = {"at": str(x), "upper": None, "attack": document["attack"]}, height

    for x in ends:
        ask(x)
    open_pairs = [ends]
    while open_pairs and len(points) < MOST_PLACES:
        # the widest pair first, so that a band is even where there is no end
        a, b = open_pairs.pop(0)
        meet = _meeting(lines[a][1], lines[b][1], a, b)
        if meet is None:
            continue
        share = float((meet - a) / (b - a))
        chord = points[a][1] * (1 - share) + points[b][1] * share
        if min(_float(lines[k][1].at(meet)) for k in (a, b)) - chord <= float(width):
            continue
        ask(meet)
        open_pairs += [(a, meet), (meet, b)]
    kept = {repr(part): part for _, (part, _) in sorted(lines.items())}
    return list(kept.values()), [part for _, (part, _) in sorted(points.items()) if part["attack"]]


def question_turn(document: dict[str, Any]) -> int:
    """Return -1 if the smallest score or an entropy is asked for."""
    ask = document["question"]["ask"]
    return -1 if ask.get("extreme") == "smallest" or ask["quantity"] == ENTROPY else 1


def _float(x: Any) -> float:
    return float(enclose(x, 80)[0]) if not isinstance(x, float) else x


def _meeting(one: Part, other: Part, a: Fraction, b: Fraction) -> Fraction | None:
    """Return a short fraction near where two lines meet, well inside (a, b); None if they do not."""
    gaps: list[Any] = []
    for x in (a, b):
        first, second = one.at(x), other.at(x)
        assert first is not None
        assert second is not None
        gaps.append(first - second)
    known = all(isinstance(gap, Fraction) for gap in gaps)
    f, g = gaps if known else map(_float, gaps)
    if f >= 0 or g <= 0:
        return None
    meet = a + (b - a) * Fraction(f / (f - g))
    if known and a < meet < b and meet.denominator < MOST_DENOMINATOR:
        return meet
    near = (b - a) * NEAR
    if not a + near < meet < b - near:
        return None
    return simplest(meet - near, meet + near) if meet - near >= 0 else meet
