r"""What is left of the objective, :math:`h_g(o, s)`, as functionals of the box."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

from freerand_opt.checker.asked import Question
from freerand_opt.checker.orders import Cells, Squares
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.sources import Point
from freerand_opt.checker.vectors import add, dot, over
from freerand_opt.checker.words import Word

#: What is added to the objective at a joint setting: factors of P(o|s), and of words.
Added: TypeAlias = tuple[dict[int, Fraction], dict[Word, Fraction]]
#: What a label adds, at the settings where it adds anything.
Worth: TypeAlias = Callable[[int], dict[int, Added]]


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
            add(total, cell, over(factor, unit))
    found = {key: Fraction(value, unit) for key, value in total.items()}
    add(found, words)
    add(found, {order.one: constant * order.unit})
    return found


def gains(
    order: Cells | Squares, q: Question, rest: Rest, added: dict[int, Added]
) -> list[dict[Any, Fraction]]:
    """Return h at each setting, for what one label adds."""
    order.work.spend(4 * q.shape[0] * (2 + len(rest.words)), "gains")
    rows, shared = _factors_of(order, q, rest, added), order.words(rest.words)
    found = []
    for s in range(q.shape[0]):
        own = order.words(added[s][1]) if s in added else {}
        found.append(gain(order, _sum((shared, own)), rest.constants[s], [(s, rows.get(s, {}))]))
    return found


def mean_gain(
    order: Cells | Squares, q: Question, rest: Rest, added: dict[int, Added]
) -> dict[Any, Fraction]:
    """Return the mean of h over the source's one distribution; settings that are alike are not visited."""
    assert isinstance(q.source, Point)
    share = q.source.values
    rows = _factors_of(order, q, rest, added)
    shared = [(s, {o: x * share[s] for o, x in factors.items()}) for s, factors in rows.items()]
    own = ({word: x * share[s] for word, x in words.items()} for s, (_, words) in added.items())
    return gain(order, order.words(_sum((rest.words, *own))), dot(share, rest.constants), shared)


def _sum(parts: Iterable[dict[Any, Fraction]]) -> dict[Any, Fraction]:
    total: dict[Any, Fraction] = {}
    for part in parts:
        add(total, part)
    return total


def _factors_of(
    order: Cells | Squares, q: Question, rest: Rest, added: dict[int, Added]
) -> dict[int, dict[int, Fraction]]:
    """Return the factors of P(o|s) by setting, the work of words included."""
    rows = {s: dict(factors) for s, factors in rest.cells.items()}
    order.work.spend(4 * (len(rows) + len(added)) * q.shape[1], "gains")
    for s, (cells, words) in added.items():
        order.work.spend(len(words), "gains")
        add(rows.setdefault(s, {}), cells)
    return rows
