r"""What is left of the objective, :math:`h_g(o, s)`, as functionals of the box."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.orders import Cells, Squares
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.sources import Point
from freerand_opt.checker.vectors import dot, over

#: Factors of P(o|s) by setting and outcome.
Factors = dict[int, dict[int, Fraction]]


def gain(
    order: Cells | Squares,
    words: dict[Any, Fraction],
    constant: Fraction,
    rows: Iterable[tuple[int, dict[int, Fraction]]],
) -> dict[Any, Fraction]:
    """Return words + constant + sum of factors times P(o|s), by rows (s, {o: factor}), as a functional."""
    rows = list(rows)
    unit = lcm(*(x.denominator for _, factors in rows for x in factors.values()))
    total: dict[Any, int] = {}
    for s, factors in rows:
        for o, factor in factors.items():
            cell = order.cell(s, o)
            order.work.spend(len(cell), "gains")
            share = over(factor, unit)
            for key, value in cell.items():
                total[key] = total.get(key, 0) + share * value
    found = {key: Fraction(value, unit) for key, value in total.items()}
    for key, x in (*words.items(), (order.one, constant * order.unit)):
        found[key] = found.get(key, Fraction(0)) + x
    return found


def gains(
    order: Cells | Squares, q: Question, rest: Rest, guesses: Guesses, label: int
) -> list[dict[Any, Fraction]]:
    """Return h at each setting, for one guess label."""
    order.work.spend(4 * q.shape[0] * (2 + len(rest.words)), "gains")
    rows, words = _factors_of(order, q, rest, guesses, label), order.words(rest.words)
    return [gain(order, words, rest.constants[s], [(s, rows.get(s, {}))]) for s in range(q.shape[0])]


def mean_gain(
    order: Cells | Squares, q: Question, rest: Rest, guesses: Guesses, label: int
) -> dict[Any, Fraction]:
    """Return the mean of h over the source's one distribution; settings that are alike are not visited."""
    assert isinstance(q.source, Point)
    share = q.source.values
    rows = _factors_of(order, q, rest, guesses, label)
    shared = [(s, {o: x * share[s] for o, x in factors.items()}) for s, factors in rows.items()]
    return gain(order, order.words(rest.words), dot(share, rest.constants), shared)


def _factors_of(order: Cells | Squares, q: Question, rest: Rest, guesses: Guesses, label: int) -> Factors:
    every = guesses.guessed and q.ask.at is None
    asked = range(q.shape[0]) if every else [] if q.ask.at is None else [q.ask.at]
    rows = {s: dict(factors) for s, factors in rest.cells.items()}
    order.work.spend(4 * (len(rows) + len(asked)) * q.shape[1], "gains")
    for s in asked:
        row = rows.setdefault(s, {})
        for o, worth in guesses.worth(guesses.at(label, s), s).items():
            row[o] = row.get(o, Fraction(0)) + worth
    return rows
