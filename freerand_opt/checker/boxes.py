r"""Bounds by boxes: every deterministic box suffices for local devices.

A functional is its values on these boxes, so a proof has no data but multipliers of a source's rows. For a
guess that is told the settings the best guess of each box counts at each setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, TypeAlias

from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.question import Question, joint, split
from freerand_opt.checker.reading import Vector, closed, integers, items
from freerand_opt.checker.sources import Point
from freerand_opt.checker.support import Means
from freerand_opt.checker.zeros import Zeros

#: h by joint setting and outcome, None where a zero of the question forbids the outcome.
Table: TypeAlias = list[list[Fraction | None]]


def by_deterministic(raw: Any, q: Question, rest: Rest, work: Work, *, empty: bool) -> Fraction:
    """Return the largest mean of h over all deterministic boxes and the source."""
    if q.devices != "local" or rest.words:
        raise Rejected("deterministic: only local devices have deterministic boxes, and no moments")
    closed(raw, "proof", ("way", *Means.keys(q.source, raw)), ("zeros",))
    means = Means(q.source, raw, work)
    found: list[Fraction] = []
    for table in _tables(q, rest, _forbidden(raw, q, work), work, empty=empty):
        if isinstance(q.source, Point):
            found += [x] if (x := best_reply(q, table, q.source.values.values(), work)) is not None else []
            continue
        for values in _values(q, table, work):
            found.append(means.largest(Vector(len(values), None, dict(enumerate(values)))))
    means.done()
    if not found:
        raise Rejected("deterministic: every box breaks a zero; prove that no strategy exists instead")
    return max(found)


def _forbidden(raw: Any, q: Question, work: Work) -> set[tuple[int, int]]:
    """Return the outcomes (s, o) that the listed zeros [test, s, o] forbid."""
    zeros, found = Zeros(q, work), set()
    for entry in items(raw.get("zeros", []), "zeros"):
        k, s, o = integers(entry, "zeros", 0, None, 3)
        if k >= len(q.tests) or s >= q.shape[0] or o >= q.shape[1] or not zeros.holds(k, s, o):
            raise Rejected(f"zeros: test {k} does not force outcome {o} at setting {s} to be 0")
        found.add((s, o))
    return found


def _tables(
    q: Question, rest: Rest, forbidden: set[tuple[int, int]], work: Work, *, empty: bool
) -> Iterator[Table]:
    """Return h for each guess label; one table of the best guesses if the adversary is told the settings."""
    guesses = Guesses(q, empty=empty)
    count, width = q.shape
    labels = [range(len(guesses.worths))] if q.ask.told else [[guess] for guess in range(guesses.labels)]
    for chosen in labels:
        work.spend(count * width * len(chosen), "gains")
        table: Table = []
        for s in range(count):
            worths = [guesses.worth(guess, s) for guess in chosen]
            own = rest.cells.get(s, {})
            row = [
                rest.constants[s] + own.get(o, 0) + max(worth.get(o, Fraction(0)) for worth in worths)
                for o in range(width)
            ]
            table.append([None if (s, o) in forbidden else x for o, x in enumerate(row)])
        yield table


def _values(q: Question, table: Table, work: Work) -> Iterator[list[Fraction]]:
    """Return the values of h at each setting, box by box, without boxes that break a zero."""
    sizes = list(zip(q.settings, q.outcomes, strict=True))
    work.spend(prod(d**n for n, d in sizes) * q.shape[0], "deterministic boxes")
    own = [list(product(range(d), repeat=n)) for n, d in sizes]
    digits = [split(s, q.settings) for s in range(q.shape[0])]
    for box in product(*own):
        values = [
            row[joint([answers[x] for answers, x in zip(box, at, strict=True)], q.outcomes)]
            for row, at in zip(table, digits, strict=True)
        ]
        kept = [x for x in values if x is not None]
        if len(kept) == len(values):
            yield kept


def best_reply(q: Question, table: Table, point: list[Fraction], work: Work) -> Fraction | None:
    """Return the largest mean of h at one distribution: the last party replies best to each box of the others."""
    sizes = list(zip(q.settings[:-1], q.outcomes[:-1], strict=True))
    last_n, last_d = q.settings[-1], q.outcomes[-1]
    work.spend(prod(d**n for n, d in sizes) * q.shape[0] * last_d, "deterministic boxes")
    others = [list(product(range(d), repeat=n)) for n, d in sizes]
    digits = [split(s, q.settings[:-1]) for s in range(q.shape[0] // last_n)]
    shared = [
        [None if x is None else share * x for x in row] if share else [Fraction(0)] * len(row)
        for row, share in zip(table, point, strict=True)
    ]
    best = None
    for box in product(*others):
        firsts = [
            joint([answers[x] for answers, x in zip(box, at, strict=True)], q.outcomes[:-1]) * last_d
            for at in digits
        ]
        total = Fraction(0)
        for y in range(last_n):
            replies = []
            for b in range(last_d):
                terms = [
                    x
                    for t, first in enumerate(firsts)
                    if (x := shared[t * last_n + y][first + b]) is not None
                ]
                replies += [sum(terms, Fraction(0))] if len(terms) == len(firsts) else []
            if not replies:
                break
            total += max(replies)
        else:
            best = total if best is None else max(best, total)
    return best
