"""Probabilities by joint setting, made when they are asked for: sums, mixtures, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from freerand_opt.model.problem import Functional
from freerand_opt.model.scenario import Rows
from freerand_opt.numbers.exact import Exact


def total(values: Iterable[Exact]) -> Exact:
    """Return a sum."""
    found: Exact = Fraction(0)
    for value in values:
        found = found + value
    return found


def mixed(first: Rows, second: Rows, weight: Exact) -> Rows:
    """Return weight * first + (1 - weight) * second."""
    known: dict[tuple[int, int], Exact] = {}
    kept: list[Exact] = []  # keeps the objects alive whose identities are keys

    def mix(p: Exact, q: Exact) -> Exact:
        key = (id(p), id(q))
        if key not in known:
            known[key] = weight * p + (1 - weight) * q
            kept.extend((p, q))
        return known[key]

    def row(s: int) -> tuple[Exact, ...] | None:
        p, q = first(s), second(s)
        return None if p is None or q is None else tuple(map(mix, p, q))

    return row


def score(functional: Functional, rows: Rows, label: Callable[[int], str]) -> Exact:
    """Return the value of a conditional functional; raise ValueError where the rows say nothing."""
    shares: dict[int, tuple[Exact, Fraction]] = {}  # factors of equal objects are added first
    unknown = []
    row, last = None, -1
    for s, o, factor in functional.terms:
        if s != last:
            row, last = rows(s), s
            unknown += [label(s)] if row is None else []
        if row is not None:
            held = shares.get(id(row[o]), (row[o], Fraction(0)))
            shares[id(row[o])] = (row[o], held[1] + factor)
    if unknown:
        raise ValueError(
            f"the table says nothing of settings {', '.join(unknown[:4])}, which this score needs"
        )
    return total(p * factor for p, factor in shares.values())
