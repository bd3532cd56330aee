r"""Whether a source can show the observed settings, decided exactly before any program is built.

Averaged over W the settings are a mixture of the source's distributions,

.. math:: P(s) = \sum_w P(w)\, P(s|w),

so they lie in its convex hull, whatever the devices do. Bits, limits and rows of one's own are
convex themselves, and the inequality that is broken is named; parties with independent sources are
not, and what separates the settings from all products is found in fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Uniform,
    leaf_settings,
    party_leaves,
)
from freerand_opt.programs.simplex import best_point
from freerand_opt.programs.vertices import source_vertices

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Unshown:
    """Observed settings that a source cannot show: `gains` is positive on them and on no product.

    `words` name the inequality of the source that they break; `gains` are integers by joint setting.
    """

    words: str
    gains: tuple[int, ...]


def unshown(question: Question) -> Unshown | None:
    """Return why the source cannot show the observed settings, None if it can or if that is open.

    It is open only for independent parties with too many extreme distributions.
    """
    seen = question.setting_weights()
    if seen is None or question.relations is not None:
        return None
    source = question.source
    if question.settings == "uniform" and not isinstance(source, Inequalities):
        return None  # every other source can be uniform
    broken = list(_broken(question, seen))
    if broken:
        _, words, gains = max(broken, key=lambda one: one[0])
        return Unshown(words, _whole(gains))
    return _separated(question, seen) if isinstance(source, PerParty) else None


#: By how much an inequality is broken, its words, and its gains: left side less right side.
_Broken = tuple[Fraction, str, list[Fraction]]


def _broken(question: Question, seen: Sequence[Fraction]) -> Iterator[_Broken]:
    """Yield the inequalities of the source that the settings break."""
    source, scenario = question.source, question.scenario
    if isinstance(source, Uniform):
        even = Fraction(1, len(seen))
        words = f"a uniform source shows {_share(even)} at every joint setting"
        yield from _beyond(scenario, seen, (even, words), (even, words))
    elif isinstance(source, MeasurementDependence):
        yield from _beyond(
            scenario, seen, (source.lower, "the lower limit"), (source.upper, "the upper limit")
        )
    elif isinstance(source, Inequalities):
        for place, (terms, limit) in enumerate(source.rows):
            gains = [-limit] * len(seen)
            for s, factor in terms:
                gains[s] += factor
            excess = sum((g * p for g, p in zip(gains, seen, strict=True)), Fraction(0))
            if excess > 0:
                words = f"row {place} of the source gives {excess + limit}, more than its bound {limit}"
                yield excess, f"source.rows[{place}]: {words}", gains
    elif isinstance(source, SanthaVazirani):
        count = len(seen).bit_length() - 1
        low, high = HALF - source.epsilon, HALF + source.epsilon
        least, most = (f"it is ({x})^{count}, for {count} bits in [{low}, {high}]" for x in (low, high))
        found = list(_beyond(scenario, seen, (low**count, least), (high**count, most)))
        yield from found or _tree(question, seen, source.epsilon, leaf_settings(scenario, source), "")
    else:
        for party in range(len(scenario.settings)):
            part = source if isinstance(source, Mutual) else source.parts[party]
            yield from _own_bits(question, seen, party, part)


def _beyond(
    scenario: Scenario, seen: Sequence[Fraction], least: tuple[Fraction, str], most: tuple[Fraction, str]
) -> Iterator[_Broken]:
    """Yield the joint settings whose probability is outside of limits, which are given with their words."""
    for s, p in enumerate(seen):
        for (limit, words), sign, side in ((most, 1, "more"), (least, -1, "less")):
            if (p - limit) * sign > 0:
                gains = [-limit * sign] * len(seen)
                gains[s] += sign
                held = f"P(settings {scenario.setting_label(s)}) = {_share(p)}"
                yield (p - limit) * sign, f"{held} is {side} than {_share(limit)}; {words}", gains


def _own_bits(
    question: Question, seen: Sequence[Fraction], party: int, part: Uniform | SanthaVazirani | Mutual
) -> Iterator[_Broken]:
    """Yield what one party's settings break, given the settings of all others."""
    scenario, size = question.scenario, question.scenario.settings[party]
    order = tuple(range(size)) if isinstance(part, Uniform) else party_leaves(size, part.bits)
    for settings in scenario.joint_settings:
        if settings[party]:
            continue
        line = [scenario.setting_index((*settings[:party], x, *settings[party + 1 :])) for x in order]
        held = zip(scenario.parties, settings, strict=True)
        others = ", ".join(f"{letter}={x}" for p, (letter, x) in enumerate(held) if p != party)
        given = f" given {others}" if others else ""
        if isinstance(part, Uniform):
            yield from _uneven(seen, line, f"of {scenario.parties[party]}{given}")
        else:
            yield from _tree(question, seen, part.epsilon, line, given)


def _uneven(seen: Sequence[Fraction], line: Sequence[int], whose: str) -> Iterator[_Broken]:
    """Yield the settings of a party that has a uniform source which are not equally likely."""
    total = sum((seen[s] for s in line), Fraction(0))
    for x, place in enumerate(line):
        excess = seen[place] * len(line) - total
        if excess > 0:
            gains = [Fraction(0)] * len(seen)
            for other in line:
                gains[other] -= 1
            gains[place] += len(line)
            even = _share(Fraction(1, len(line)))
            yield (
                excess,
                f"setting {x} {whose} has {_share(seen[place] / total)}; a uniform source shows {even}",
                gains,
            )


def _tree(
    question: Question, seen: Sequence[Fraction], epsilon: Fraction, leaves: Sequence[int], given: str
) -> Iterator[_Broken]:
    """Yield the nodes of a tree of bits that hold more of their parent's probability than 1/2 + epsilon."""
    most = HALF + epsilon
    spans: list[tuple[int, ...]] = [(s,) for s in leaves]
    while len(spans) > 1:
        nodes = [a + b for a, b in zip(spans[::2], spans[1::2], strict=True)]
        for k, span in enumerate(spans):
            inner, outer = (sum((seen[s] for s in part), Fraction(0)) for part in (span, nodes[k // 2]))
            if inner > most * outer:
                gains = [Fraction(0)] * len(seen)
                for s in nodes[k // 2]:
                    gains[s] -= most
                for s in span:
                    gains[s] += 1
                named = ", ".join(map(question.scenario.setting_label, span[:4])) + ", .." * (len(span) > 4)
                words = f"a bit{given} prefers settings {named} with {_share(inner / outer)}"
                yield inner - most * outer, f"{words}, more than 1/2 + epsilon = {_share(most)}", gains
        spans = nodes


def _separated(question: Question, seen: Sequence[Fraction]) -> Unshown | None:
    """Return what separates the settings from all products of the parties' distributions, if they are few.

    The largest z.P over z >= 0 with z.v <= 1 on every product v is more than 1 just outside their hull.
    """
    try:
        products = source_vertices(question.source, question.scenario)
    except TooLargeError:
        return None
    count = len(seen)
    rows = [({s: t / count for s, t in enumerate(v) if t}, Fraction(1)) for v in products]
    total = sum((count / v for v in products[0]), Fraction(0))  # every bit has two values, so v > 0
    point = best_point(rows, total, [*seen, Fraction(0)])
    assert point is not None
    gains = [z - 1 for z in point[:count]]
    excess = sum((g * p for g, p in zip(gains, seen, strict=True)), Fraction(0))
    if excess <= 0:
        return None
    whole = _whole(gains)
    terms = " + ".join(
        f"{g} P({question.scenario.setting_label(s)})" for s, g in enumerate(whole) if g
    ).replace("+ -", "- ")
    words = f"{terms} is at most 0 if the parties' sources are independent given W, and is positive here"
    return Unshown(words, whole)


def _whole(gains: Sequence[Fraction]) -> tuple[int, ...]:
    unit = lcm(*(x.denominator for x in gains))
    return tuple(int(x * unit) for x in gains)


def _share(p: Fraction) -> str:
    """Return a probability as a fraction and in per cent."""
    percent = float(100 * p)
    return f"{p} ({percent:.4g} %)" if p.denominator != 1 else f"{p}"
