"""What a box of an attack does, in a few numbers: means of outcomes, correlations, or chances."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import prod

from freerand_opt.bounds.devices import Devices, Moments, OnCycle
from freerand_opt.checker.asked import Question, joint, split
from freerand_opt.numbers.exact import Exact

#: Most joint settings of which correlations are told, and longest fraction that is written as such.
MOST_SETTINGS, SHORT = 9, 7


def told(devices: Devices, q: Question) -> str:
    """Return the numbers of a box; nothing for answers, large boxes and boxes on a cycle, which words tell.

    Outcomes 0, 1 count as +1, -1; correlations are in the order of joint settings.
    """
    if devices.answers is not None or isinstance(devices, Moments | OnCycle):
        return ""
    if prod(q.settings) > MOST_SETTINGS or len(q.settings) > 3:
        return ""
    return "; ".join(_means(devices, q) if set(q.outcomes) == {2} else _chances(devices, q))


def _means(devices: Devices, q: Question) -> Iterator[str]:
    parties = range(len(q.settings))
    for count in (1, len(q.settings)):
        for chosen in combinations(parties, count):
            sizes = [q.settings[p] for p in chosen]
            values = []
            for k in range(prod(sizes)):
                at = dict(zip(chosen, split(k, tuple(sizes)), strict=True))
                s = joint([at.get(p, 0) for p in parties], q.settings)
                signs = {o: (-1) ** sum(split(o, q.outcomes)[p] for p in chosen) for o in devices.at(s)}
                values.append(sum((x * signs[o] for o, x in devices.at(s).items()), Fraction(0)))
            name = "".join(chr(65 + p) for p in chosen)
            yield f"<{name}> = {', '.join(map(_short, values))}"


def _chances(devices: Devices, q: Question) -> Iterator[str]:
    for p, (size, outcomes) in enumerate(zip(q.settings, q.outcomes, strict=True)):
        rows = []
        for x in range(size):
            s = joint([x if other == p else 0 for other in range(len(q.settings))], q.settings)
            chances: list[Exact] = [Fraction(0)] * outcomes
            for o, value in devices.at(s).items():
                chances[split(o, q.outcomes)[p]] += value
            rows.append(f"({', '.join(map(_short, chances))})")
        yield f"P({chr(65 + p)}) = {', '.join(rows)}"


def _short(x: Exact) -> str:
    words = str(x) if isinstance(x, Fraction) else ""
    return words if words and len(words) <= SHORT else f"{float(x):.4f}"
