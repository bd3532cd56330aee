r"""Bounds by boxes: every deterministic box suffices for local devices.

A functional is its values on these boxes, so a proof has no data but multipliers of a source's rows. For a
guess that is told the settings the best guess of each box counts at each setting.

Entropies given W alone, of two parties with two settings and outcomes: -H of an output is convex in the box,
so that at prices of the tests an extreme one is best: deterministic, or unbiased outcomes with a fixed parity
at each joint setting (Barrett et al., quant-ph/0404097); H is then 0 or 1 bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Any, TypeAlias

from freerand_opt.checker.asked import Question, split
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.guesses import outputs
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import items
from freerand_opt.checker.sources import Point
from freerand_opt.checker.support import Means
from freerand_opt.checker.varying import Swept
from freerand_opt.checker.vectors import Vector
from freerand_opt.checker.zeros import Zeros

#: h by joint setting and outcome, None where a zero of the question forbids the outcome.
Values: TypeAlias = list[list[Any]]


def by_deterministic(raw: Any, rest: Rest, means: Means | Swept) -> Iterator[Any]:
    """Yield the largest means of h over the source, box by box (of one distribution, the largest)."""
    q = rest.q
    if q.devices != "local" or rest.words:
        raise Rejected("deterministic: only local devices have deterministic boxes, and no moments")
    for table in _tables(rest, _forbidden(raw, q, rest.work)):
        if isinstance(q.source, Point):
            yield from [x] if (x := best_reply(q, table, q.source.values.values())) is not None else []
            continue
        for values in _values(q, table):
            yield from means.largest(Vector(len(values), None, dict(enumerate(values))))


def _forbidden(raw: Any, q: Question, work: Work) -> set[tuple[int, int]]:
    """Return the outcomes (s, o) that the listed zeros [test, s, o] forbid."""
    zeros, found = Zeros(q, work), set()
    for entry in items(raw.get("zeros", []), "zeros"):
        k, s, o = items(entry, "zeros", 3)
        zeros.demand(k, s, o, "zeros")
        found.add((s, o))
    return found


def _tables(rest: Rest, forbidden: set[tuple[int, int]]) -> Iterator[Values]:
    """Return h for each guess label; one table of the best guesses if the adversary is told the settings."""
    q, work, guesses = rest.q, rest.work, rest.guesses
    count, width = q.shape
    labels = [range(len(guesses.worths))] if q.ask.told else [[guess] for guess in range(guesses.labels)]
    boxes = prod(d**n for n, d in zip(q.settings, q.outcomes, strict=True))
    if isinstance(q.source, Point):  # one party replies best to each box of the others
        last = replying(q)
        boxes = boxes // q.outcomes[last] ** q.settings[last] * q.outcomes[last]
    for chosen in labels:
        work.spend(boxes * count, "deterministic boxes")
        work.spend(4 * count * width * len(chosen), "gains")
        table: Values = []
        for s in range(count):
            worths = [guesses.worth(guess, s) for guess in chosen]
            own = rest.cells.get(s, {})
            best = [max(worth.get(o, Fraction(0)) for worth in worths) for o in range(width)]
            row = [
                rest.constants[s] + own.get(o, 0) + (x * rest.scale.one if x else 0)
                for o, x in enumerate(best)
            ]
            table.append([None if (s, o) in forbidden else x for o, x in enumerate(row)])
        yield table


def _values(q: Question, table: Values) -> Iterator[list[Any]]:
    """Return the values of h at each setting, box by box, without boxes that break a zero."""
    # answers times their step in joint outcomes, so that those of a box are sums
    steps = [prod(q.outcomes[party + 1 :]) for party in range(len(q.outcomes))]
    sizes = zip(q.settings, q.outcomes, steps, strict=True)
    own = [list(product(range(0, d * step, step), repeat=n)) for n, d, step in sizes]
    digits = [split(s, q.settings) for s in range(q.shape[0])]
    for box in product(*own):
        values = [
            row[sum([answers[x] for answers, x in zip(box, at, strict=True)])]
            for row, at in zip(table, digits, strict=True)
        ]
        kept = [x for x in values if x is not None]
        if len(kept) == len(values):
            yield kept


def best_reply(q: Question, table: Values, point: list[Fraction]) -> Fraction | None:
    """Return the largest mean of h at one distribution: one party replies best to each box of the others.

    In integers over one denominator; for a forbidden outcome stands a value so low that no sum with it
    counts.
    """
    last = replying(q)
    others = [p for p in range(len(q.settings)) if p != last]
    shared = [
        [x if x is None else share * x for x in row] if share else [Fraction(0)] * len(row)
        for row, share in zip(table, point, strict=True)
    ]
    known = [x for row in shared for x in row if x is not None]
    unit = lcm(1, *(x.denominator for x in known))
    floor = -1 - sum(abs(int(x * unit)) for x in known)
    # by the others' joint setting and outcome: for each (setting, outcome) of the replying party its value
    columns: dict[tuple[int, ...], dict[tuple[int, ...], list[int]]] = {}
    n, d = q.settings[last], q.outcomes[last]
    for s, row in enumerate(shared):
        at = split(s, q.settings)
        own = columns.setdefault(tuple(at[p] for p in others), {})
        for o, x in enumerate(row):
            out = split(o, q.outcomes)
            place = own.setdefault(tuple(out[p] for p in others), [0] * (n * d))
            place[at[last] * d + out[last]] = 2 * floor if x is None else int(x * unit)
    best = None
    for box in product(*(list(product(range(q.outcomes[p]), repeat=q.settings[p])) for p in others)):
        rows = [own[tuple(a[x] for a, x in zip(box, at, strict=True))] for at, own in columns.items()]
        sums = [sum(each) for each in zip(*rows, strict=True)]
        replies = [max(sums[y * d : y * d + d]) for y in range(n)]
        if min(replies) > floor:
            best = sum(replies) if best is None else max(best, sum(replies))
    return None if best is None else Fraction(best, unit)


def replying(q: Question) -> int:
    """Return the party with the most deterministic boxes, the last of those."""
    sizes = [d**n for n, d in zip(q.settings, q.outcomes, strict=True)]
    return max(range(len(sizes)), key=lambda p: (sizes[p], p))


def require_extreme(rest: Rest) -> None:
    """Raise Rejected unless extreme boxes suffice."""
    q = rest.q
    if (q.settings, q.outcomes) != ((2, 2), (2, 2)) or q.devices == "local" or rest.words:
        raise Rejected("extreme: two parties with two settings and outcomes, no local devices, no moments")
    if q.ask.side != "classical" or q.observed is None or (q.ask.at is None and not q.ask.told):
        raise Rejected("extreme: side information is classical, and she knows the settings asked about")
    if q.ask.noise:
        raise Rejected("extreme: entropies of outputs that are flipped are not 0 or 1")


def by_extreme(raw: Any, rest: Rest, means: Means) -> Iterator[Fraction]:
    """Yield the largest means of h, in bits, over the source, box by box of the extreme ones."""
    q, values = rest.q, outputs(rest.q)
    for box in _extreme_boxes():
        rest.work.spend(64, "extreme boxes")
        row = []
        for s, shown in enumerate(box):
            own = rest.cells.get(s, {})
            h = rest.constants[s] + sum((own.get(o, Fraction(0)) for o in shown), Fraction(0)) / len(shown)
            if q.ask.at in (None, s) and len({values[o] for o in shown}) > 1:
                h -= 1 if q.ask.at is None else 1 / q.weight(s)
            row.append(h)
        yield from means.largest(Vector(4, None, dict(enumerate(row))))


def _extreme_boxes() -> Iterator[list[tuple[int, ...]]]:
    """Yield the outcomes, alike in probability, at each joint setting: deterministic boxes, then parities.

    The parities that are no extreme box (of the sum of two functions) are means of others, and do no harm.
    """
    for a, b in product(product((0, 1), repeat=2), repeat=2):
        yield [(2 * a[x] + b[y],) for x, y in product((0, 1), repeat=2)]
    for parities in product((0, 1), repeat=4):
        yield [((0, 3), (1, 2))[parity] for parity in parities]
